//go:build netns

package nft

import (
	"net/netip"
	"slices"
	"testing"

	"hostnet.linux/internal/netnstest"
)

// TestTheNarrowerTranslationCounts whatever was written last: one address before its network, a network before a whole
// interface, and what leaves by one interface before the rest.
func TestTheNarrowerTranslationCounts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.host.IP(t, "address", "add", "192.0.2.3/24", "dev", "wan")
	s.host.IP(t, "address", "add", "192.0.2.4/24", "dev", "wan")
	s.host.IP(t, "address", "add", "2001:db8::7/64", "dev", "wan", "nodad")
	objects := []*NAT{
		parse(t, map[string]any{"name": "interface", "interface": "lxcbr0", "nat_address": "192.0.2.4"}),
		lxcbr0(t, map[string]any{"nat6": true}),
		parse(t, map[string]any{"name": "wan", "subnets": []any{"10.0.3.0/29"}, "nat_address": "192.0.2.3",
			"out_interface": "wan"}),
		parse(t, map[string]any{"name": "wide", "subnets": []any{"10.0.3.0/29"}, "nat_address": "192.0.2.4"}),
		parse(t, map[string]any{"name": "one", "subnets": []any{"10.0.3.7/32", "fd05::7/128"}, "nat_address": "192.0.2.2",
			"nat6": true, "nat6_address": "2001:db8::7"}),
	}
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 4, 0, 3, 1}} {
		var wanted []*NAT
		for _, i := range order {
			wanted = append(wanted, objects[i])
			s.apply(t, objects[i])
		}
		for server, want := range map[string]string{"192.0.2.99:7": "192.0.2.2", "[2001:db8::99]:7": "2001:db8::7"} {
			if source := s.seenSource(t, s.inside, server); source != want {
				t.Errorf("written in the order %v: the outside saw %s, want %s", order, source, want)
			}
		}
		// Its neighbour has no translation of its own.
		if source := s.seenSource(t, s.neighbour, "192.0.2.99:7"); source != "192.0.2.1" {
			t.Errorf("written in the order %v: the outside saw %s of the neighbour", order, source)
		}
		s.apply(t, parse(t, map[string]any{"name": "one", "state": "absent", "interface": "lxcbr0"}))
		if source := s.seenSource(t, s.inside, "192.0.2.99:7"); source != "192.0.2.3" {
			t.Errorf("written in the order %v, without the narrowest: the outside saw %s", order, source)
		}
		for _, nat := range slices.Backward(wanted) {
			s.apply(t, parse(t, map[string]any{"name": nat.Name, "state": "absent", "interface": "lxcbr0"}))
		}
	}
}

// TestListsOfInterfaces: several ways out, and isolation from some interfaces only.
func TestListsOfInterfaces(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	vpn := netnstest.New(t)
	s.host.IP(t, "link", "add", "vpn0", "up", "type", "veth", "peer", "name", "eth0", "netns", vpn.Name)
	s.host.IP(t, "address", "add", "198.51.100.1/24", "dev", "vpn0")
	configure(t, vpn, "198.51.100.9/24", "fd09::9/64")
	// Whoever is not translated gets an answer all the same.
	vpn.IP(t, "route", "add", "10.0.3.0/24", "via", "198.51.100.1")
	s.outside.IP(t, "route", "add", "10.0.3.0/24", "via", "192.0.2.1")
	overVPN := func() string {
		target := netip.MustParseAddrPort("198.51.100.9:7")
		return ask(t, vpn, s.inside, target, target)
	}
	for name, c := range map[string]struct {
		fields   map[string]any
		wan, vpn string
	}{
		"one way out":               {map[string]any{"out_interface": "wan"}, "192.0.2.1", "10.0.3.7"},
		"two ways out":              {map[string]any{"out_interface": []any{"wan", "vpn0"}}, "192.0.2.1", "198.51.100.1"},
		"not translated there":      {map[string]any{"nat_exclude": []any{"vpn0", "172.16.0.0/12"}}, "192.0.2.1", "10.0.3.7"},
		"isolated":                  {map[string]any{"isolated": []any{"vpn0", "br9"}}, "192.0.2.1", refused},
		"isolated from another one": {map[string]any{"isolated": "br9"}, "192.0.2.1", "198.51.100.1"},
	} {
		s.apply(t, lxcbr0(t, c.fields))
		if seen := s.seenSource(t, s.inside, "192.0.2.99:7"); seen != c.wan {
			t.Errorf("%s: the outside saw %s, want %s", name, seen, c.wan)
		}
		if seen := overVPN(); seen != c.vpn {
			t.Errorf("%s: the far end of the VPN saw %s, want %s", name, seen, c.vpn)
		}
	}
}
