package hosttest

import (
	"strings"
	"testing"
)

// TestMissing: what a snapshot does not show, or shows otherwise, is named.
func TestMissing(t *testing.T) {
	t.Parallel()
	const snapshot = `address: {"ifname":"br0","mtu":1500,"addr_info":[],"linkinfo":{"info_kind":"bridge","info_data":{"vlan_filtering":0}}}
address: {"ifname":"vl0","link":"eth0","mtu":1400,"master":"br1","addr_info":[{"local":"10.1.0.1","prefixlen":24}],"linkinfo":{"info_data":{"id":5},"info_slave_data":{"cost":4}}}
route show table all: {"dst":"203.0.113.1","dev":"vl0"}
`
	network := map[string]any{
		"dummies": []any{map[string]any{"name": "dm0"}},
		"bridges": []any{map[string]any{"name": "br0", "vlan_filtering": true, "mtu": 1600,
			"ports": []any{map[string]any{"name": "vl0", "cost": 5}}}},
		"vlans": []any{map[string]any{
			"name": "vl0", "parent": "eth1", "id": 6, "mtu": 1400, "addresses": []any{"10.1.0.1/24", "10.2.0.1/24"},
			"routes": []any{map[string]any{"to": "203.0.113.1/32"}, map[string]any{"to": "203.0.113.2/32"}},
		}},
	}
	got := strings.Join(Missing(network, snapshot), "; ")
	const want = "address 10.2.0.1/24 of vl0; anything of dm0; cost 5 of br0; id 6 of vl0; mtu 1600 of br0; parent eth1 of vl0; " +
		"port vl0 of br0; route 203.0.113.2 of vl0; vlan_filtering true of br0"
	if got != want {
		t.Errorf("missing: %s\nwant: %s", got, want)
	}
}
