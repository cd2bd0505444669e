//go:build netns

package task_test

import (
	"os/exec"
	"strconv"
	"testing"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// TestNamespacesAreApart: the lock and the journal belong to a namespace, whatever it is called. Those of two containers,
// given by their processes, must not be taken for one.
func TestNamespacesAreApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 2 {
		ns := netnstest.New(t)
		process := exec.Command("ip", "netns", "exec", ns.Name, "sleep", "60")
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = process.Process.Kill()
			_ = process.Wait()
		})
		waitUntilInside(t, process.Process.Pid, ns.Name)
		byProcess := keyOf(t, strconv.Itoa(process.Process.Pid))
		if byName := keyOf(t, ns.Name); byName != byProcess {
			t.Errorf("one namespace is %q by its name and %q by its process", byName, byProcess)
		}
		if seen[byProcess] {
			t.Errorf("two namespaces are both %q", byProcess)
		}
		seen[byProcess] = true
	}
}

func keyOf(t *testing.T, namespace string) string {
	t.Helper()
	site, done, err := task.OpenSite(namespace, &system.System{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	return site.Namespace
}

// waitUntilInside waits for `ip netns exec` to have entered the namespace.
func waitUntilInside(t *testing.T, pid int, name string) {
	t.Helper()
	want, err := system.NetworkNamespaceAt("/run/netns/" + name)
	for number := uint64(0); err == nil && number != want; {
		number, err = system.NetworkNamespaceOf(pid)
	}
	if err != nil {
		t.Fatal(err)
	}
}
