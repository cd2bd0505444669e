//go:build netns

package task_test

import (
	"os"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// TestNamespacesAreApart: the lock and the journal belong to a namespace, whatever it is called. Those of two
// containers, given by their processes, must not be taken for one.
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

// TestWrongNamespace: a task for a namespace that is none says so, and does not take the host's own instead.
func TestWrongNamespace(t *testing.T) {
	t.Parallel()
	for wrong, why := range map[string]string{
		"hostnet-none": "hostnet-none", "/run/netns/hostnet-none": "/run/netns/hostnet-none",
		"/proc/self/status": "/proc/self/status", "2147483646": "2147483646",
	} {
		for _, check := range []bool{true, false} {
			result := task.RunServices(services.ParseNetwork)(t.Context(), ansible.Call{
				Module: "network", CheckMode: check,
				Arguments: map[string]any{"netns": wrong, "dummies": []any{map[string]any{"name": "hostnet-none"}}},
			})
			if result.Err == nil || !strings.Contains(result.Err.Error(), why) ||
				!strings.Contains(result.Err.Error(), "namespace") || result.Changed {
				t.Errorf("netns %s, check %t: changed %t, %v", wrong, check, result.Changed, result.Err)
			}
		}
	}
	if _, err := os.Stat("/sys/class/net/hostnet-none"); !os.IsNotExist(err) {
		t.Errorf("a link was made on the host: %v", err)
	}
}

// TestAllProblemsAtOnce: what is wrong with the arguments and what this host has against them come in one failure.
func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	ns := netnstest.New(t)
	before := ns.Snapshot(t)
	result := task.RunServices(services.ParseNetwork)(t.Context(),
		ansible.Call{Module: "network", Arguments: map[string]any{
			"netns": ns.Name, "dummies": []any{map[string]any{"name": "d0", "mtu": "large"}},
			"vlans": []any{map[string]any{"name": "v0", "parent": "eth7", "id": 5}},
		}})
	if result.Err == nil || !strings.Contains(result.Err.Error(), "dummies[0].mtu") ||
		!strings.Contains(result.Err.Error(), "vlans[0].parent: there is no link eth7") {
		t.Errorf("told %v", result.Err)
	}
	if after := ns.Snapshot(t); after != before {
		t.Errorf("the host differs:\n%s\n%s", before, after)
	}
}

func keyOf(t *testing.T, namespace string) string {
	t.Helper()
	site, done, err := task.OpenSite(namespace, &system.System{})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	return site.Namespace
}
