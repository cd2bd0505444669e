//go:build netns

package cli_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestContainersKilledAtRandom is what TestKilledAtRandom is for links: tasks about containers, their host and their
// bridge are killed at any moment. `make nightly` kills 1,000.
func TestContainersKilledAtRandom(t *testing.T) {
	t.Parallel()
	lxctest.Need(t)
	script, err := os.ReadFile("testdata/kill_containers.sh")
	if err != nil {
		t.Fatal(err)
	}
	folder, program := t.TempDir(), filepath.Join(t.TempDir(), "hostnet-lxc")
	if output, err := exec.Command("go", "build", "-o", program,
		"hostnet.linux/modules/hostnet-lxc").CombinedOutput(); err != nil {
		t.Skipf("this machine does not build what links LXC: %s", output)
	}
	for _, name := range []string{"runs", "stands"} {
		lxctest.Stopped(t, folder, name, "lxc.net.0.type = empty\n")
	}
	kills := cmp.Or(os.Getenv("HOSTNET_KILLS"), "2")
	said := apart(t, "export HOSTNET_NAMESPACE= containers="+folder+" lxc="+program+" kills="+kills+
		" seed="+cmp.Or(os.Getenv("HOSTNET_SEED"), "13")+"\nexec bash -s <<'END'\n"+
		string(script)+"END\n")
	t.Log(said)
	if strings.Contains(said, "WRONG") || !strings.Contains(said, kills+" killed") {
		t.Error(said)
	}
}
