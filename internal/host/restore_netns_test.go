//go:build netns

package host

import (
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
		name:  "a pair, one end of which becomes a bridge",
		setup: "ip link add x0 type veth peer name y0\nip link set x0 up\nip link set y0 up",
		task:  `{"bridges": [{"name": "x0"}]}`,
	},
	{
		name:  "a pair, the other end of which becomes a bridge",
		setup: "ip link add x0 type veth peer name y0\nip link set x0 up\nip link set y0 up",
		task:  `{"bridges": [{"name": "y0"}]}`,
	},
	{
		name: "a port that was put down",
		setup: "ip link add br0 type bridge\nip link set v0 master br0\nip link set v1 master br0\nip link set br0 up\nip " +
			"link set v0 down",
		task: `{"bridges": [{"name": "br0", "addresses": ["10.32.0.3/24"]}]}`,
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
		name:  "links of a VRF",
		kinds: []string{"vrf"},
		setup: "ip link add blue type vrf table 7\nip link set blue up\nip link set v0 master blue\nip addr add " +
			"10.1.0.2/24 dev v0\n" +
			"ip addr add 2001:db8:1::2/64 dev v0\nip route add default via 10.1.0.1 table 7\nip -6 route add default via " +
			"2001:db8:1::1 table 7",
		task: `{"vrfs": [{"name": "blue", "table": 8, "ports": ["v1"]}]}`,
	},
	{
		name:  "a bridge that follows its ports",
		setup: "ip link add br0 type bridge\nip link set v0 master br0\nip link set br0 up",
		task:  `{"interfaces": [{"name": "v0", "mtu": 1400}, {"name": "v1", "mtu": 1400}]}`,
	},
	{
		name: "neighbours that a new MAC address flushes",
		setup: "ip addr add 10.1.0.2/24 dev v0\nip addr add 2001:db8:1::2/64 dev v0\nip neigh add 10.1.0.99 lladdr " +
			"02:00:00:00:00:99 dev v0 nud permanent\n" +
			"ip neigh add 2001:db8:1::99 lladdr 02:00:00:00:00:99 dev v0 nud permanent router\nip neigh add proxy 10.1.0.77 " +
			"dev v0",
		task: `{"interfaces": [{"name": "v0", "mac_address": "02:00:00:00:11:11"}]}`,
	},
	{
		name: "a link that goes down",
		setup: "ip addr add 10.1.0.2/24 dev v0\nip addr add 2001:db8:1::2/64 dev v0\nip neigh add 10.1.0.99 lladdr " +
			"02:00:00:00:00:99 dev v0 nud permanent\n" +
			"ip route add 10.9.0.0/16 via 10.1.0.1\nip -6 route add 2001:db8:9::/48 via 2001:db8:1::1\nip neigh add proxy " +
			"2001:db8:1::77 dev v0",
		task: `{"interfaces": [{"name": "v0", "up": false}]}`,
	},
	{
		name: "IPv6 below 1280, with its settings",
		setup: "ip addr add 10.1.0.2/24 dev v0\nip addr add 2001:db8:1::2/64 dev v0\nip -6 route add 2001:db8:9::/48 via " +
			"2001:db8:1::1\n" +
			"cd /proc/sys/net/ipv6/conf/v0; echo 2 >use_tempaddr; echo 1 >addr_gen_mode; echo 2 >accept_ra; echo 7 " +
			">router_solicitation_interval; echo 1400 >mtu\n" +
			"ip neigh add 2001:db8:1::99 lladdr 02:00:00:00:00:99 dev v0 nud permanent",
		task: `{"interfaces": [{"name": "v0", "mtu": 1200}]}`,
	},
	{
		name:  "routes of a link that had no address",
		setup: "ip route add 10.191.0.0/16 dev v0\nip route add 10.192.0.0/16 via 10.1.0.1 dev v0 onlink table 7",
		task:  `{"interfaces": [{"name": "v0", "addresses": ["10.1.0.2/24"]}]}`,
	},
	{
		name:  "a bond whose only port goes along",
		kinds: []string{"bond"},
		setup: "ip link add x0 type veth peer name y0\nip link add bond1 type bond\nip link set bond1 address " +
			"02:aa:00:00:00:01\nip link set y0 master bond1\nip link set bond1 up",
		task: `{"veths": [{"name": "x0", "peer": "z0"}]}`,
	},
	{
		name:  "times of a queueing discipline, which the kernel rounds",
		setup: "ip link add x0 type vxlan id 5 dstport 4789\nip link set x0 up\ntc qdisc add dev x0 root handle 7: fq_codel || true",
		task:  `{"vxlans": [{"name": "x0", "id": 6}]}`,
	},
	{
		name:  "an ipvlan that has followed its parent's MTU",
		kinds: []string{"ipvlan"},
		setup: "ip link add ip0 link v0 type ipvlan mode l2\nip link set v0 mtu 1400\nip link set ip0 up",
		task:  `{"interfaces": [{"name": "ip0", "addresses": ["10.1.0.2/24"]}]}`,
	},
	{
		name: "IPv6 that is off",
		setup: "ip addr add 10.1.0.2/24 dev v0\necho 1 >/proc/sys/net/ipv6/conf/v0/disable_ipv6\necho 1 " +
			">/proc/sys/net/ipv4/conf/v0/arp_ignore",
		task: `{"interfaces": [{"name": "v0", "mtu": 1200, "addresses": []}]}`,
	},
	{
		name: "a link that is made again",
		setup: "ip link add vx0 type vxlan id 5 dstport 4789 local 10.1.0.2\nip link property add dev vx0 altname overlay " +
			"altname second-name\n" +
			"ip link set vx0 group 7 alias uplink txqueuelen 333 arp off allmulticast on promisc on multicast off up\n" +
			"ip addr add 2001:db8:1::2/64 dev vx0\n" +
			"cd /proc/sys/net/ipv6/conf/vx0; echo 1 >addr_gen_mode; echo 2 >use_tempaddr; echo 1 " +
			">/proc/sys/net/ipv4/conf/vx0/arp_ignore\n" +
			"ip neigh add 2001:db8:1::99 lladdr 02:00:00:00:00:99 dev vx0 nud permanent\ntc qdisc add dev vx0 root handle 5: " +
			"pfifo limit 17\n" +
			"bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.1.0.9\nbridge fdb add 02:00:00:00:00:01 dev vx0 dst 10.1.0.8",
		task: `{"vxlans": [{"name": "vx0", "id": 6}]}`,
	},
	{
		name: "entries of a bridge",
		setup: "ip link add br0 type bridge\nip link set br0 up\nip link set v0 master br0\nip link set v1 master br0\n" +
			"bridge fdb add 02:00:00:00:00:01 dev v0 master static\nbridge fdb add 02:00:00:00:00:02 dev v1 master static " +
			"sticky\n" +
			"bridge fdb add 02:00:00:00:00:03 dev v0 master extern_learn",
		task: `{"bridges": [{"name": "br0", "ports": ["v1"], "exclusive_ports": true}]}`,
	},
	{
		name:  "a card that has never been up",
		setup: "ip link add x0 type veth peer name x1",
		task:  `{"interfaces": [{"name": "x0", "addresses": ["10.1.0.2/24"]}, {"name": "x1"}]}`,
	},
	{
		name:  "what stands on a link",
		kinds: []string{"macvlan"},
		setup: "ip link add mv0 link v0 type macvlan mode bridge\nip link set mv0 up\nip addr add 10.1.0.2/24 dev mv0\nip " +
			"addr add 2001:db8:1::2/64 dev mv0\n" +
			"ip neigh add 2001:db8:1::99 lladdr 02:00:00:00:00:99 dev mv0 nud permanent\necho 2 " +
			">/proc/sys/net/ipv6/conf/mv0/use_tempaddr",
		task: `{"interfaces": [{"name": "v0", "mtu": 1200}]}`,
	},
	{
		name:  "VLANs on a link",
		kinds: []string{"vlan"},
		setup: "ip link add link v0 name v0.7 type vlan id 7\nip link set v0.7 up\nip addr add 10.1.0.2/24 dev v0.7\nip " +
			"addr add 2001:db8:1::2/64 dev v0.7\n" +
			"ip neigh add 2001:db8:1::99 lladdr 02:00:00:00:00:99 dev v0.7 nud permanent\necho 2 " +
			">/proc/sys/net/ipv6/conf/v0.7/use_tempaddr",
		task: `{"interfaces": [{"name": "v0", "mtu": 1200, "mac_address": "02:00:00:00:11:11"}]}`,
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
	found.Steps = append(found.Steps,
		plan.Step{Action: "stop", Object: "the test", Run: func() error { return errors.New("stopped by the test") }})
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
		"ip neigh show nud permanent", "ip neigh show proxy", "tc qdisc show",
		"bridge fdb show | grep -E 'static|extern_learn|sticky'",
		"cd /proc/sys/net/ipv6/conf; for l in *; do ! grep -q 1 $l/addr_gen_mode || ip -6 -o address show dev $l | awk " +
			"'{print $2, $4}'; done",
		"ip -o link show | sed 's/.* qdisc/qdisc/; s/ state .* group/ group/'",
		// The kernel gives each link a number of its own there.
		"cd /proc/sys/net && grep -s . ipv4/conf/*/* ipv6/conf/*/* | grep -v stable_secret",
	} {
		lines = append(lines, "# "+command)
		lines = append(lines, slices.Sorted(strings.Lines(h.Exec(t, "sh", "-c", command+" || true")))...)
	}
	return lines
}

// TestUndoGoesPastWhatIsGone has a link vanish in the middle of a change: the rest is put back, and the link is named.
func TestUndoGoesPastWhatIsGone(t *testing.T) {
	t.Parallel()
	h := newUndoHost(t,
		"ip link add x0 type ifb\nip link add br0 type bridge\nip link set x0 master br0\nip link set v1 master br0\n"+
			"ip addr add 10.1.0.2/24 dev v0\nip addr add 10.2.0.2/24 dev x0\nip route add 10.9.0.0/16 via 10.2.0.1 dev x0 "+
			"onlink || true")
	found, wanted := h.planned(t,
		`{"interfaces": [{"name": "x0", "mtu": 1400}, {"name": "v0", "mtu": 1400, "addresses": ["10.1.0.3/24"]}],
		"bridges": [{"name": "br0", "mtu": 1400, "addresses": ["10.3.0.1/24"]}]}`)
	found.Steps = append(found.Steps, plan.Step{Action: "stop", Object: "the test", Run: func() error {
		h.IP(t, "link", "delete", "x0")
		return errors.New("stopped by the test")
	}})
	err := h.Run(found, wanted)
	var differs *NotRestoredError
	if !errors.As(err, &differs) ||
		!strings.Contains(err.Error(),
			"the host is not as it was: ifb x0: state was present, is absent (it is gone from this host)") {
		t.Errorf("error: %v", err)
	}
	for _, one := range differs.Differences {
		if !strings.Contains(one.Object, "x0") {
			t.Errorf("of what is there, %s", one)
		}
	}
	if addresses := h.IP(t, "-o", "address"); !strings.Contains(addresses, "10.1.0.2/24") ||
		strings.Contains(addresses, "10.1.0.3") ||
		strings.Contains(addresses, "10.3.0.1") {
		t.Errorf("addresses:\n%s", addresses)
	}
	if link := h.IP(t, "-o", "link", "show", "v0"); !strings.Contains(link, "mtu 1500") {
		t.Errorf("v0: %s", link)
	}
}

// TestUndoGoesPastAStoppedContainer: the pair of a container that stops in the middle of a change goes along with it,
// which is nothing to be told of an undo, unless the change itself has deleted it.
func TestUndoGoesPastAStoppedContainer(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct{ task, told string }{
		"stopped": {`{"bridges": [{"name": "br0", "mtu": 1400, "ageing_time": 60, "addresses": ["10.3.0.1/24"]}]}`, ""},
		"deleted": {`{"veths": [{"name": "x0", "state": "absent"}], "bridges": [{"name": "br0", "mtu": 1400}]}`, "veth x0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newUndoHost(t, "ip link add x0 type veth peer name y0\nip link add br0 type bridge\n"+
				"ip link set x0 up master br0\nip link set v1 master br0\nip addr add 10.1.0.2/24 dev br0")
			container := exec.Command("unshare", "-n", "sleep", "60")
			if err := container.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _, _ = container.Process.Kill(), container.Wait() })
			own, pid := h.Exec(t, "readlink", "/proc/self/ns/net"), strconv.Itoa(container.Process.Pid)
			for h.Exec(t, "readlink", "/proc/"+pid+"/ns/net") == own {
				time.Sleep(time.Millisecond)
			}
			h.IP(t, "link", "set", "y0", "netns", pid)
			found, wanted := h.planned(t, one.task)
			found.Steps = append(found.Steps, plan.Step{Action: "stop", Object: "the test", Run: func() error {
				_, _ = h.Try("ip", "link", "delete", "x0")
				return errors.New("stopped by the test")
			}})
			err := h.Run(found, wanted)
			if one.told == "" && !strings.Contains(err.Error(), "the host is as it was") ||
				one.told != "" && !strings.Contains(err.Error(), "the host is not as it was: "+one.told) {
				t.Errorf("error: %v", err)
			}
			bridge := h.IP(t, "-d", "link", "show", "br0") + h.IP(t, "address", "show", "br0") + h.IP(t, "link", "show", "v1")
			if strings.Contains(bridge, "1400") || strings.Contains(bridge, "10.3.0.1") || !strings.Contains(bridge, "10.1.0.2") ||
				!strings.Contains(bridge, "master br0") {
				t.Errorf("bridge:\n%s", bridge)
			}
		})
	}
}
