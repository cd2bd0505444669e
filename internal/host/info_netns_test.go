//go:build netns

package host

import (
	"encoding/json"
	"testing"

	"hostnet.linux/internal/netnstest"
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
			{"link", "add", "br0", "type", "bridge", "stp_state", "1", "priority", "4096"}, {"link", "set", "eth0", "master", "br0"},
			{"link", "set", "eth0", "type", "bridge_slave", "cost", "7"}, {"link", "set", "br0", "up"}, {"link", "set", "eth0", "up"},
			{"link", "add", "vx0", "type", "vxlan", "id", "7", "dstport", "4789", "remote", "192.0.2.9"}, {"link", "set", "vx0", "master", "br0"},
			{"address", "add", "192.0.2.1/24", "dev", "br0"}, {"address", "add", "192.0.2.2/24", "dev", "br0"},
			{"address", "add", "2001:db8::1/64", "dev", "br0", "nodad"}, {"route", "add", "default", "via", "192.0.2.254"},
			{"route", "add", "blackhole", "198.51.100.0/24"}, {"route", "add", "203.0.113.0/24", "via", "192.0.2.254", "metric", "7", "mtu", "1400"},
			{"rule", "add", "priority", "1000", "from", "192.0.2.0/24", "lookup", "100"},
		},
		"macvlans": {{"link", "add", "mv0", "link", "eth1", "type", "macvlan", "mode", "bridge"}, {"link", "set", "eth1", "up"}, {"link", "set", "mv0", "up"}},
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
		{"link", "add", "bond0", "type", "bond", "mode", "802.3ad", "miimon", "100", "lacp_rate", "fast"}, {"link", "set", "eth0", "master", "bond0"},
		{"link", "set", "bond0", "up"}, {"link", "add", "bond1", "type", "bond", "mode", "active-backup"},
		{"link", "add", "link", "bond0", "name", "bond0.7", "type", "vlan", "id", "7", "ingress-qos-map", "1:2"},
		{"link", "add", "link", "eth1", "name", "eth1.8", "type", "vlan", "protocol", "802.1ad", "id", "8", "reorder_hdr", "off"},
		{"link", "add", "br0", "type", "bridge", "vlan_filtering", "1"}, {"link", "set", "bond0.7", "master", "br0"},
		{"link", "add", "dm0", "type", "dummy"}, {"address", "add", "192.0.2.1/32", "dev", "dm0"},
	} {
		h.IP(t, command...)
	}
	h.Exec(t, "bridge", "vlan", "add", "vid", "20-22", "dev", "bond0.7")
	h.feedBack(t)
}

// feedBack declares what is observed.
func (h randomHost) feedBack(t *testing.T) {
	t.Helper()
	before := h.Snapshot(t)
	text, err := json.Marshal(observed(t, h.Host).Export())
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
