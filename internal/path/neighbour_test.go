package path

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/topology"
)

// tagged is a host with VLAN 20 on a card whose switch tells what is on its port.
func tagged(told *topology.Neighbour) *topology.Host {
	route := kernel.Route{
		To: netip.MustParsePrefix("198.51.100.0/24"), Table: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST,
		Scope:    unix.RT_SCOPE_LINK,
		NextHops: []kernel.NextHop{{Link: "v20"}},
	}
	return &topology.Host{Name: "a", Namespaces: []*topology.Namespace{{
		Name: "a", Kind: topology.Machine,
		Links: []*topology.Link{
			{Name: "eth0", Index: 2, State: topology.Up, MTU: 1500, Neighbour: told},
			{Name: "v20", Index: 3, Kind: "vlan", Parent: "eth0", VLAN: 20, State: topology.Up, MTU: 1500,
				Addresses: []string{"198.51.100.1/24"}},
		},
		Routing: &topology.Routing{
			Routes: []kernel.Route{route}, Rules: []kernel.Rule{
				{Family: unix.AF_INET, Priority: 32766, Action: unix.FR_ACT_TO_TBL, Table: unix.RT_TABLE_MAIN}},
		},
	}}}
}

// TestSwitchWithoutVLAN: a VLAN that the switch does not have on its port is named with switch and port; one that tells
// no VLANs is believed.
func TestSwitchWithoutVLAN(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		told    *topology.Neighbour
		outcome string
		says    string
	}{
		"no switch speaks": {nil, Leaves, "towards 198.51.100.2"},
		"without VLANs":    {&topology.Neighbour{System: "sw-1", Port: "eth1/1"}, Leaves, "towards 198.51.100.2"},
		"with it": {&topology.Neighbour{System: "sw-1", Port: "eth1/1", VLANs: []uint16{10, 20}}, Leaves,
			"towards 198.51.100.2"},
		"without it": {&topology.Neighbour{System: "sw-1", Port: "eth1/1", VLANs: []uint16{10, 30}}, Ends,
			"VLAN 20 is not on port eth1/1 of switch sw-1, where eth0 of a is plugged in"},
	} {
		found, err := Find(Question{Hosts: []*topology.Host{tagged(one.told)}, From: "a", To: "198.51.100.2",
			Protocol: "icmp"})
		if err != nil {
			t.Fatal(err)
		}
		if found.Outcome != one.outcome || !strings.Contains(found.Why, one.says) {
			t.Errorf("%s: %s: %s", name, found.Outcome, found.Why)
		}
	}
}
