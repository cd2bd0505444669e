//go:build netns

package host

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/schema"
)

// TestInfoFedBackChangesNothing observes hosts that others have set up, declares exactly that, and sees no step.
func TestInfoFedBackChangesNothing(t *testing.T) {
	for name, commands := range map[string][][]string{
		"nothing": {},
		"unnamed ends of pairs": {
			{"link", "add", "near", "type", "veth", "peer", "name", "inner"}, {"link", "set", "near", "up"},
		},
		"kinds that cannot be declared": {
			{"link", "add", "tap0", "type", "ifb"}, {"tuntap", "add", "tun0", "mode", "tun"}, {"link", "set", "tun0", "up"},
		},
		"bridges and tunnels": {
			{"link", "add", "br0", "type", "bridge", "stp_state", "1", "priority", "4096"},
			{"link", "set", "eth0", "master", "br0"},
			{"link", "set", "eth0", "type", "bridge_slave", "cost", "7"}, {"link", "set", "br0", "up"},
			{"link", "set", "eth0", "up"},
			{"link", "add", "vx0", "type", "vxlan", "id", "7", "dstport", "4789", "remote", "192.0.2.9"},
			{"link", "set", "vx0", "master", "br0"},
			{"address", "add", "192.0.2.1/24", "dev", "br0"}, {"address", "add", "192.0.2.2/24", "dev", "br0"},
			{"address", "add", "2001:db8::1/64", "dev", "br0", "nodad"}, {"route", "add", "default", "via", "192.0.2.254"},
			{"route", "add", "blackhole", "198.51.100.0/24"},
			{"route", "add", "203.0.113.0/24", "via", "192.0.2.254", "metric", "7", "mtu", "1400"},
			{"rule", "add", "priority", "1000", "from", "192.0.2.0/24", "lookup", "100"},
		},
		"macvlans": {{"link", "add", "mv0", "link", "eth1", "type", "macvlan", "mode", "bridge"},
			{"link", "set", "eth1", "up"}, {"link", "set", "mv0", "up"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newRandomHost(t)
			for _, command := range commands {
				h.IP(t, command...)
			}
			h.feedBack(t)
		})
	}
}

// TestInfoOfBondsAndVLANs is the same for what not every kernel has.
func TestInfoOfBondsAndVLANs(t *testing.T) {
	for _, kind := range []string{"bond", "vlan", "dummy"} {
		netnstest.NeedKind(t, kind)
	}
	t.Parallel()
	h := newRandomHost(t)
	for _, command := range [][]string{
		{"link", "add", "bond0", "type", "bond", "mode", "802.3ad", "miimon", "100", "lacp_rate", "fast"},
		{"link", "set", "eth0", "master", "bond0"},
		{"link", "set", "bond0", "up"}, {"link", "add", "bond1", "type", "bond", "mode", "active-backup"},
		{"link", "add", "link", "bond0", "name", "bond0.7", "type", "vlan", "id", "7", "ingress-qos-map", "1:2"},
		{"link", "add", "link", "eth1", "name", "eth1.8", "type", "vlan", "protocol", "802.1ad", "id", "8", "reorder_hdr",
			"off"},
		{"link", "add", "br0", "type", "bridge", "vlan_filtering", "1"}, {"link", "set", "bond0.7", "master", "br0"},
		{"link", "add", "dm0", "type", "dummy"}, {"address", "add", "192.0.2.1/32", "dev", "dm0"},
	} {
		h.IP(t, command...)
	}
	h.Exec(t, "bridge", "vlan", "add", "vid", "20-22", "dev", "bond0.7")
	h.feedBack(t)
}

// TestInfoIsWhatAPersonDeclares looks at all that is returned of links that were made with few words.
func TestInfoIsWhatAPersonDeclares(t *testing.T) {
	for _, one := range []struct {
		kind, setup string
		// want is the whole answer, in JSON.
		want string
	}{
		{"", "true", `{}`},
		{"", "ip link set v0 mtu 9000\nip addr add 10.1.0.2/24 dev v0\nip link set v1 address 02:00:00:00:11:11",
			`{"veths":[{"name":"v0","peer":"p0","mtu":9000,"addresses":["10.1.0.2/24"]},{"name":"v1","peer":"p1","mac_address":"02:00:00:00:11:11"}]}`},
		{"", "ip link add br0 type bridge forward_delay 0\nip link set v0 master br0\nip link set br0 up\nbridge link set " +
			"dev v0 cost 7",
			`{"bridges":[{"name":"br0","forward_delay":0,"ports":[{"name":"v0","cost":7}]}]}`},
		{"", "ip link add vx0 type vxlan id 7 dstport 4789 local 10.1.0.2\nip link set vx0 up",
			`{"vxlans":[{"name":"vx0","id":7,"local":"10.1.0.2","dst_port":4789}]}`},
		{"macvlan", "ip link add mv0 link v0 type macvlan mode bridge\nip link set mv0 up",
			`{"macvlans":[{"name":"mv0","parent":"v0","mode":"bridge"}]}`},
		{"bond", "ip link set v0 down\nip link add bond0 type bond mode active-backup miimon 100\nip link set v0 master " +
			"bond0\nip link set bond0 up",
			`{"bonds":[{"name":"bond0","mode":"active-backup","miimon":100,"ports":["v0"]}]}`},
		{"vlan", "ip link add link v0 name v0.7 type vlan id 7\nip link set v0.7 up",
			`{"vlans":[{"name":"v0.7","parent":"v0","id":7}]}`},
		{"dummy", "ip link add dm0 type dummy\nip link set dm0 up", `{"dummies":[{"name":"dm0"}]}`},
		{"vrf", "ip link add blue type vrf table 7\nip link set blue up\nip link set v0 master blue",
			`{"vrfs":[{"name":"blue","table":7,"ports":["v0"]}]}`},
		{"gre", "ip link add gre9 type gre local 10.0.0.1 remote 10.0.0.2\nip link set gre9 up", `{}`},
		{"ipvlan", "ip link add iv0 link v0 type ipvlan\nip link set iv0 up\nip addr add 10.1.0.2/24 dev iv0",
			`{"interfaces":[{"name":"iv0","addresses":["10.1.0.2/24"]}]}`},
	} {
		t.Run(one.kind+one.setup, func(t *testing.T) {
			t.Parallel()
			if one.kind != "" {
				netnstest.NeedKind(t, one.kind)
			}
			h := newUndoHost(t, one.setup)
			network := h.ExportDeclared(observed(t, h.Host))
			text, err := json.Marshal(network)
			if err != nil {
				t.Fatal(err)
			}
			// The unremarkable ends of pairs are how the test stands on something.
			got := strings.Replace(nothing.ReplaceAllString(strings.ReplaceAll(pairs.ReplaceAllString(string(text), ""), ",]",
				"]"), ""), "{,", "{", 1)
			if got != one.want {
				t.Errorf("got  %s\nwant %s", got, one.want)
			}
			randomHost{Namespace: h.Namespace, Host: h.Host}.feed(t, network)
		})
	}
}

var (
	pairs   = regexp.MustCompile(`\{"name":"[vp][01]","peer":"[vp][01]"\},?`)
	nothing = regexp.MustCompile(`,"veths":\[\]|"veths":\[\],?`)
)

// feedBack declares what is observed.
func (h randomHost) feedBack(t *testing.T) {
	t.Helper()
	seen := observed(t, h.Host)
	h.feed(t, seen.Export())
	h.feed(t, h.ExportDeclared(seen))
}

func (h randomHost) feed(t *testing.T, network schema.Object) {
	t.Helper()
	before := h.Snapshot(t)
	text, err := json.Marshal(network)
	if err != nil {
		t.Fatal(err)
	}
	var arguments map[string]any
	if err := json.Unmarshal(text, &arguments); err != nil {
		t.Fatal(err)
	}
	found, err := carryOut(t, h.Host, arguments)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(found.Steps) > 0 {
		t.Errorf("steps:\n%s\nfrom %s", describe(found), text)
	}
	h.same(t, before, "feeding back")
}
