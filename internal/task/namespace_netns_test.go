//go:build netns

package task_test

import (
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
		names := ns.Names(t)
		byProcess := keyOf(t, names[2])
		for _, name := range names[:2] {
			if key := keyOf(t, name); key != byProcess {
				t.Errorf("one namespace is %q as %s and %q by its process", key, name, byProcess)
			}
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
