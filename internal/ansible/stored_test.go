package ansible

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStored: a program that others could have replaced is out of their reach from then on.
func TestStored(t *testing.T) {
	for name, exposed := range map[string]string{"the cache": "", "the program's folder": "digest.hostnet",
		"the program": "digest.hostnet/hostnet"} {
		t.Run(name, func(t *testing.T) {
			cache := t.TempDir()
			program := filepath.Join(cache, "digest.hostnet", "hostnet")
			for _, err := range []error{
				os.Mkdir(filepath.Dir(program), 0o700), os.WriteFile(program, nil, 0o700), os.Chmod(cache, 0o700),
				os.Chmod(filepath.Join(cache, exposed), 0o777), //nolint:gosec // what is to be put right
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			var output bytes.Buffer
			code := ServeStored(strings.NewReader("{}"), program, &output, func(Call) Result { return Result{Changed: true} })
			if code != 0 || !strings.Contains(output.String(), `"changed":true`) {
				t.Errorf("exit code %d, %s", code, output.String())
			}
			for _, path := range []string{cache, filepath.Dir(program), program} {
				info, err := os.Stat(path)
				if err != nil || info.Mode().Perm()&0o722 != 0o700 {
					t.Errorf("%s: %v, %v", path, info.Mode(), err)
				}
			}
		})
	}
	var output bytes.Buffer
	if code := ServeStored(strings.NewReader("{}"), "/nowhere/digest.hostnet/hostnet", &output, nil); code != 1 ||
		!strings.Contains(output.String(), "/nowhere") {
		t.Errorf("exit code %d, %s", code, output.String())
	}
}
