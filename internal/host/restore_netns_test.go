//go:build netns

package host

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/plan"
)

// undoCase is a host that somebody has set up, and a change of it that fails at its end.
type undoCase struct {
	name  string
	kinds []string
	// setup is one command of iproute2 a line, with the namespace left out; it has the pairs v0–p0 and v1–p1, all up.
	setup string
	// task is the arguments of the network module.
	task string
}

var undoCases = []undoCase{
	{
		name:  "a port that was put down",
		setup: "ip link add br0 type bridge\nip link set v0 master br0\nip link set v1 master br0\nip link set br0 up\nip link set v0 down",
		task:  `{"bridges": [{"name": "br0", "addresses": ["10.32.0.3/24"]}]}`,
	},
	{
		name:  "a port that was put down, of a bridge that is attached again",
		setup: "ip link add br0 type bridge\nip link set v0 master br0\nip link set br0 up\nip link set v0 down",
		task:  `{"bridges": [{"name": "br0", "ports": ["v0", "v1"], "mtu": 1400}]}`,
	},
	{
		name:  "a parent that was put down",
		kinds: []string{"macvlan"},
		setup: "ip link set v0 down\nip link add mv0 link v0 type macvlan mode bridge",
		task:  `{"macvlans": [{"name": "mv0", "mode": "private", "up": false}]}`,
	},
	{
		name:  "a bridge that follows its ports",
		setup: "ip link add br0 type bridge\nip link set v0 master br0\nip link set br0 up",
		task:  `{"interfaces": [{"name": "v0", "mtu": 1400}, {"name": "v1", "mtu": 1400}]}`,
	},
}

// TestFailedChangesAreUndone compares all that iproute2 and /proc tell of the host before and after.
func TestFailedChangesAreUndone(t *testing.T) {
	for _, one := range undoCases {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range one.kinds {
				netnstest.NeedKind(t, kind)
			}
			h := newUndoHost(t, one.setup)
			before := h.witness(t)
			err := h.fail(t, one.task)
			if err == nil || !strings.HasSuffix(err.Error(), "stopped by the test; the host is as it was") {
				t.Errorf("error: %v", err)
			}
			if diff := cmp.Diff(before, h.witness(t)); diff != "" {
				t.Errorf("the host differs (-before +after):\n%s", diff)
			}
		})
	}
}

type undoHost struct {
	*netnstest.Namespace
	*Host
}

func newUndoHost(t *testing.T, setup string) undoHost {
	t.Helper()
	n := netnstest.New(t)
	n.Exec(t, "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad")
	for _, number := range []string{"0", "1"} {
		n.IP(t, "link", "add", "name", "v"+number, "type", "veth", "peer", "name", "p"+number)
		n.IP(t, "link", "set", "v"+number, "up")
		n.IP(t, "link", "set", "p"+number, "up")
	}
	for line := range strings.Lines(setup) {
		n.Exec(t, "sh", "-c", line)
	}
	handle, err := linux.Open(n.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	return undoHost{n, &Host{Kernel: handle}}
}

// fail carries out a task, and then one step that fails.
func (h undoHost) fail(t *testing.T, task string) error {
	t.Helper()
	found, wanted := h.planned(t, task)
	if len(found.Steps) == 0 {
		t.Fatal("the task changes nothing")
	}
	found.Steps = append(found.Steps, plan.Step{Action: "stop", Object: "the test", Run: func() error { return errors.New("stopped by the test") }})
	return h.Run(found, wanted)
}

func (h undoHost) planned(t *testing.T, task string) (*Plan, *State) {
	t.Helper()
	var arguments map[string]any
	if err := json.Unmarshal([]byte(task), &arguments); err != nil {
		t.Fatal(err)
	}
	_, wanted, err := ParseNetwork(arguments)
	if err != nil {
		t.Fatal(err)
	}
	found, err := h.Plan(wanted)
	if err != nil {
		t.Fatal(err)
	}
	return found, wanted
}

// witness is what iproute2 and /proc tell, beyond what Snapshot has: what no option declares.
func (h undoHost) witness(t *testing.T) []string {
	t.Helper()
	lines := strings.Split(h.Snapshot(t), "\n")
	for _, command := range []string{
		"ip neigh show nud permanent", "ip neigh show proxy", "tc qdisc show", "bridge fdb show | grep -v permanent",
		"ip -o link show | sed 's/.* qdisc/qdisc/; s/ state .* group/ group/'",
		// The kernel gives each link a number of its own there.
		"cd /proc/sys/net && grep -s . ipv4/conf/*/* ipv6/conf/*/* | grep -v stable_secret",
	} {
		lines = append(lines, "# "+command)
		lines = append(lines, slices.Sorted(strings.Lines(h.Exec(t, "sh", "-c", command+" || true")))...)
	}
	return lines
}
