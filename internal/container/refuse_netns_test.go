//go:build netns

package container

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestBadInput declares everything wrong that can be told, on a running container with an interface: each time all
// problems are listed and nothing changes.
func TestBadInput(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-b")
	lxctest.Must(t, "ip", "link", "add", "name", "lone0", "type", "veth", "peer", "name", "lone1")
	lxctest.Must(t, "ip", "link", "set", "lone1", "up")
	t.Cleanup(func() { _, _ = lxctest.Run("ip", "link", "delete", "lone0") })
	c, other := lxctest.New(t, folder, "bad"), lxctest.New(t, folder, "other")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-b", "addresses": []any{"10.1.0.2/24"},
		"gateway": "10.1.0.1"})
	apply(t, folder, args{"container": other.Name, "name": "eth1", "bridge": "br-b", "addresses": []any{"10.1.0.3/24"},
		"mac_address": "00:16:3e:00:00:42"})
	c.Enter(t, "ip", "link", "add", "name", "inner0", "type", "veth", "peer", "name", "inner1")
	one := func(options args) args {
		all := args{"container": c.Name, "name": "eth2", "bridge": "br-b"}
		for key, value := range options {
			all[key] = value
		}
		return all
	}
	for name, wrong := range map[string]struct {
		arguments args
		problems  []string
	}{
		"unknown container": {one(args{"container": "bda"}),
			[]string{"container: there is no container bda in " + folder + " (there are: bad, other)"}},
		"unknown bridge": {one(args{"bridge": "br-x"}),
			[]string{"bridge: there is no bridge br-x on this host (there are: br-b)"}},
		"no bridge":      {one(args{"bridge": "lone0"}), []string{"bridge: lone0 is no bridge but a veth"}},
		"bridge missing": {args{"container": c.Name, "name": "eth2"}, []string{"bridge: is required"}},
		"gateway outside": {
			one(args{"addresses": []any{"10.3.0.2/24"}, "routes": []any{args{"to": "10.9.0.0/16", "via": "10.4.0.1"}},
				"gateway": "10.2.0.1", "container": "other"}),
			[]string{"gateway: 10.2.0.1 is outside of every network of eth2 (10.3.0.2/24)",
				"routes[0].via: 10.4.0.1 is outside"}},
		"two gateways": {one(args{"addresses": []any{"10.3.0.2/24"}, "gateway": "10.3.0.1"}),
			[]string{"gateway: container bad would have a default route by each of eth1, eth2"}},
		"large mtu": {one(args{"mtu": 9000}), []string{"mtu: 9000 is above the 1500 of bridge br-b"}},
		"long name": {one(args{"name": "a234567890123456", "host_name": "b234567890123456"}),
			[]string{"name: interface name \"a234567890123456\" is 16 bytes", "host_name: interface name"}},
		"taken host name": {one(args{"host_name": "other_eth1"}),
			[]string{"host_name: other_eth1 is the name of container other's", "host_name: other_eth1 exists on this host: "}},
		"foreign link": {one(args{"host_name": "lone0"}),
			[]string{"host_name: lone0 exists on this host: it is the other end of lone1, which is in use"}},
		"bridge's name": {one(args{"host_name": "br-b"}), []string{"host_name: br-b exists on this host: it is a bridge"}},
		"taken addresses": {one(args{"addresses": []any{"10.1.0.3/24"}, "mac_address": "00:16:3e:00:00:42"}),
			[]string{"addresses[0]: 10.1.0.3 is the address of container other",
				"mac_address: 00:16:3e:00:00:42 is the address of container other"}},
		"inner link": {one(args{"name": "inner0"}),
			[]string{"name: inner0 is taken in container bad by a veth that neither LXC nor this collection made"}},
		"inner gone": {args{"container": c.Name, "name": "inner0", "state": "absent"}, []string{"it is not removed"}},
		"wrong type": {one(args{"type": "phys", "parent": "lone0", "vlan": 5}),
			[]string{"bridge: is of type veth only", "vlan: is of type veth only"}},
		"no parent": {args{"container": c.Name, "name": "p0", "type": "phys", "parent": "nic7"},
			[]string{"parent: there is no link nic7 on this host"}},
		"lo lent": {args{"container": c.Name, "name": "p0", "type": "phys", "parent": "lo"},
			[]string{"parent: the loopback cannot leave the host"}},
		"no filter": {one(args{"vlan": 10, "trunk": []any{"20-29"}}), []string{"vlan: bridge br-b does not filter VLANs"}},
		"duplicates": {
			args{"container": c.Name, "interfaces": []any{args{"name": "eth2", "bridge": "br-b"},
				args{"name": "eth2", "bridge": "br-b"}}},
			[]string{"interfaces[1].name: eth2 is declared twice: it is also interfaces[0].name"}},
		"two alike": {args{"containers": []any{
			args{"container": "bad", "interfaces": []any{
				args{"name": "eth1", "bridge": "br-b", "host_name": "same", "addresses": []any{"10.1.0.9/24"}}}},
			args{"container": "other", "interfaces": []any{
				args{"name": "eth1", "bridge": "br-b", "host_name": "same", "addresses": []any{"10.1.0.9/24"}}}},
		}}, []string{"containers[1].interfaces[0].host_name: same is the name of interface eth1 of container bad's",
			"containers[1].interfaces[0].addresses[0]: 10.1.0.9"}},
		"unknown option": {one(args{"brigde": "x"}), []string{`brigde: unknown option "brigde": did you mean "bridge"?`}},
		"everything": {one(args{"mtu": "big", "addresses": "10.0.0.1", "mac_address": "x", "state": "gone"}),
			[]string{"mtu", "addresses", "mac_address", "state"}},
	} {
		t.Run(name, func(t *testing.T) { wantProblem(t, folder, wrong.arguments, wrong.problems...) })
	}
}

// TestHostNamesStayUnique: names that end alike would give the same host end.
func TestHostNamesStayUnique(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-q")
	first, second := lxctest.New(t, folder, "one-container-a1"), lxctest.New(t, folder, "two-container-a1")
	for _, c := range []*lxctest.Container{first, second} {
		apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-q"})
	}
	ends := (*lxctest.Container)(nil).Links(t)
	if ends["ainera1_eth1"].Name == "" && ends["inera1_eth1"].Name == "" {
		t.Errorf("no usual name among %v", ends)
	}
	if len(ends) != 4 {
		t.Errorf("links are %v, want lo, the bridge and two host ends", ends)
	}
	for _, c := range []*lxctest.Container{first, second} {
		c.Restart(t)
	}
	if again := (*lxctest.Container)(nil).Links(t); len(again) != 4 {
		t.Errorf("after a restart: %v", again)
	}
}

func TestLeftovers(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-l")
	c := lxctest.New(t, folder, "left")
	declared := args{"container": c.Name, "name": "eth1", "bridge": "br-l", "addresses": []any{"10.1.0.2/24"},
		"routes": []any{args{"to": "10.9.0.0/16", "via": "10.1.0.1"}}}
	half := func() {
		lxctest.Must(t, "ip", "link", "add", "name", "left_eth1", "type", "veth", "peer", "name", "vethAbCdEf")
	}
	half()
	apply(t, folder, declared)
	if ends := (*lxctest.Container)(nil).Links(t); ends["vethAbCdEf"].Name != "" || ends["left_eth1"].Master != "br-l" {
		t.Errorf("half a pair was left: %v", ends)
	}
	gone := c.Ends(t)
	if err := syscall.Kill(c.PID(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if state, _ := (lxctest.Runtime{}).State(folder, c.Name); !state.Running() && state.Name == "STOPPED" {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the container does not stop: %v", state)
		}
	}
	gone()
	apply(t, folder, declared)
	_, _ = lxctest.Run("ip", "link", "delete", "left_eth1")
	half() // lxc-start alone would say "File exists": the hook clears the way
	c.Start(t)
	if routes := c.Enter(t, "ip", "route"); !strings.Contains(routes, "10.9.0.0/16 via 10.1.0.1") {
		t.Errorf("routes after a crash: %s", routes)
	}
	if again, err := task(t, folder, declared, false); err != nil || len(again.Steps) > 0 {
		t.Errorf("after a crash: %v %v", err, steps(again))
	}
}

// TestSharedNetwork: a container with the host's network must not be wired, or the host would be.
func TestSharedNetwork(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-h")
	c := lxctest.Stopped(t, folder, "shared", "lxc.net.0.type = none\n")
	c.Start(t)
	wantProblem(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-h"},
		"container shared shares the host's network")
}
