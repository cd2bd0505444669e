//go:build netns

package host

import (
	"encoding/json"
	"strings"
	"testing"

	"hostnet.linux/internal/netnstest"
)

// TestEffectsAreInThePlan looks for what the kernel does by itself in the plan, then carries that out and repeats it.
func TestEffectsAreInThePlan(t *testing.T) {
	for _, one := range []struct {
		name, setup, task string
		kinds             []string
		// steps are lines of the plan; left is what the witness's answer must hold afterwards, gone what it must not.
		steps      []string
		left, gone []string
	}{
		{
			name:  "a MAC address and permanent neighbours",
			setup: "ip addr add 10.1.0.2/24 dev v0\nip neigh add 10.1.0.99 lladdr 02:00:00:00:00:99 dev v0 nud permanent",
			task:  `{"interfaces": [{"name": "v0", "mac_address": "02:00:00:00:11:11"}]}`,
			steps: []string{"restore neighbour 10.1.0.99 lladdr 02:00:00:00:00:99 on v0\n"},
			left:  []string{"10.1.0.99 dev v0 lladdr 02:00:00:00:00:99"},
		},
		{
			name: "an MTU below 1280",
			setup: "ip addr add 10.1.0.2/24 dev v0\nip addr add 2001:db8:1::2/64 dev v0\nip -6 route add 2001:db8:9::/48 via " +
				"2001:db8:1::1",
			task: `{"interfaces": [{"name": "v0", "mtu": 1200}]}`,
			steps: []string{
				"change veth v0 (connections lost)\n", "remove address 2001:db8:1::2/64 on v0 (connections lost)\n",
				"remove route 2001:db8:9::/48 via 2001:db8:1::1 dev v0 (connections lost)\n",
				"warning: veth v0: mtu 1200 is below 1280",
			},
			gone: []string{"2001:db8"},
		},
		{
			name:  "an MTU below 1280, and the IPv6 address taken out",
			setup: "ip addr add 10.1.0.2/24 dev v0\nip addr add 2001:db8:1::2/64 dev v0",
			task:  `{"interfaces": [{"name": "v0", "mtu": 1200, "addresses": ["10.1.0.2/24"]}]}`,
			steps: []string{"remove address 2001:db8:1::2/64 on v0 (connections lost)\n"},
			gone:  []string{"2001:db8"},
		},
		{
			name:  "an MTU below 1280 of a link that is made again",
			kinds: []string{"vxlan"},
			setup: "ip link add x0 type vxlan id 7 dstport 4789\necho 0 >/proc/sys/net/ipv6/conf/x0/accept_ra",
			task:  `{"vxlans": [{"name": "x0", "id": 8, "mtu": 1000}]}`,
			steps: []string{"warning: vxlan x0: mtu 1000 is below 1280"},
		},
		{
			name:  "a port that becomes a bridge",
			setup: "ip link add br0 type bridge\nip link set v0 master br0",
			task:  `{"bridges": [{"name": "v0"}]}`,
			steps: []string{"warning: bridge v0 leaves bridge br0: the kernel takes no bridge as a port of another"},
			left:  []string{`"ifname":"v0"`},
		},
		{
			name: "the MTU of a bridge",
			setup: "ip link add br0 type bridge\nip link set v0 master br0\nip link set v1 master br0\nip link set br0 up\nip " +
				"addr add 2001:db8:1::2/64 dev br0",
			task:  `{"interfaces": [{"name": "v0", "mtu": 1400}]}`,
			steps: []string{"change bridge br0\n  mtu: 1500 -> 1400\n"},
			left:  []string{"2001:db8:1::2/64"},
		},
		{
			name:  "the MTU of a bridge whose new port is small",
			setup: "ip link add br0 type bridge\nip link set br0 up\nip link set v0 mtu 1270",
			task:  `{"bridges": [{"name": "br0", "ports": ["v0"]}]}`,
			steps: []string{"change bridge br0 (connections lost)\n  mtu: 1500 -> 1270\n"},
		},
		{
			name:  "a macvlan on a link",
			kinds: []string{"macvlan"},
			setup: "ip link add mv0 link v0 type macvlan mode bridge\nip link set mv0 up\nip addr add 2001:db8:1::2/64 dev mv0",
			task:  `{"interfaces": [{"name": "v0", "mtu": 1200}]}`,
			steps: []string{"change macvlan mv0 (connections lost)\n  mtu: 1500 -> 1200\n",
				"remove address 2001:db8:1::2/64 on mv0 (connections lost)\n"},
			gone: []string{"2001:db8"},
		},
		{
			name:  "VLANs on a link",
			kinds: []string{"vlan"},
			setup: "ip link add link v0 name v0.7 type vlan id 7\nip link set v0.7 up\nip addr add 2001:db8:1::2/64 dev v0.7",
			task:  `{"interfaces": [{"name": "v0", "mtu": 1200}]}`,
			steps: []string{"change vlan v0.7 (connections lost)\n  mtu: 1500 -> 1200\n",
				"remove address 2001:db8:1::2/64 on v0.7 (connections lost)\n"},
			gone: []string{"2001:db8"},
		},
		{
			name:  "a route that goes",
			setup: "ip addr add 10.1.0.2/24 dev v0\nip route add 10.9.0.0/16 via 10.1.0.1",
			task:  `{"interfaces": [{"name": "v0", "routes": []}]}`,
			steps: []string{"remove route 10.9.0.0/16 via 10.1.0.1 dev v0 (connections lost)\n"},
			gone:  []string{"10.9.0.0"},
		},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range one.kinds {
				netnstest.NeedKind(t, kind)
			}
			h := newUndoHost(t, one.setup)
			found, wanted := h.planned(t, one.task)
			for _, step := range one.steps {
				if !strings.Contains(describe(found), step) {
					t.Errorf("no %q in the plan\n%s", step, describe(found))
				}
			}
			if err := h.Run(found, wanted); err != nil {
				t.Fatal(err)
			}
			witness := strings.Join(h.witness(t), "\n") + h.IP(t, "route") + h.IP(t, "-6", "route") + h.IP(t, "address")
			for _, text := range one.left {
				if !strings.Contains(witness, text) {
					t.Errorf("afterwards there is no %s", text)
				}
			}
			for _, text := range one.gone {
				if strings.Contains(witness, text) {
					t.Errorf("afterwards there is still %s", text)
				}
			}
			if again, _ := h.planned(t, one.task); len(again.Steps) > 0 {
				t.Errorf("a second run:\n%s", describe(again))
			}
		})
	}
}

// TestRefusedBeforehand looks for problems that only show against this host.
func TestRefusedBeforehand(t *testing.T) {
	for _, one := range []struct{ name, setup, task, problem string }{
		{
			"IPv6 below 1280", "",
			`{"interfaces": [{"name": "v0", "mtu": 1200, "addresses": ["10.1.0.1/24", "2001:db8:1::2/64"]}]}`,
			"interfaces[0].addresses[1]: 2001:db8:1::2/64 cannot be on v0: mtu 1200 of v0 is below 1280, the least of IPv6",
		},
		{
			"a route of a router advertisement",
			"ip addr add 2001:db8:1::2/64 dev v0\nip -6 route add default via 2001:db8:1::1 dev v0 proto ra metric 1024",
			`{"interfaces": [{"name": "v0", "routes": [{"to": "default", "family": "inet6", "via": "2001:db8:1::5"}]}]}`,
			"give a metric",
		},
		{
			"a route of a routing daemon",
			"ip addr add 2001:db8:1::2/64 dev v0\nip -6 route add 2001:db8:7::/48 via 2001:db8:1::1 dev v0 proto " +
				"zebra metric 20",
			`{"routes": [{"to": "2001:db8:7::/48", "via": "2001:db8:1::5", "metric": 20}]}`, "routes[0].metric",
		},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			h := newUndoHost(t, one.setup)
			var arguments map[string]any
			if err := json.Unmarshal([]byte(one.task), &arguments); err != nil {
				t.Fatal(err)
			}
			_, wanted, err := ParseNetwork(arguments)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = h.Plan(wanted); err == nil || !strings.Contains(err.Error(), one.problem) {
				t.Errorf("error %v, want %s", err, one.problem)
			}
		})
	}
}
