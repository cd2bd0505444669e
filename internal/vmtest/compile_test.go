//go:build vm || bench

package vmtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compile builds the test binary of a package with the tests of a tier.
func compile(t *testing.T, folder, tier string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), strings.ReplaceAll(folder, "/", "_")+".test")
	build := exec.Command("go", "test", "-c", "-tags", tier, "-o", binary, "hostnet.linux/"+folder)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", folder, err, output)
	}
	return binary
}
