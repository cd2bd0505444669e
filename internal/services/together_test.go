package services

import (
	"strings"
	"testing"
)

type fields = map[string]any

func forward(port any, to string, more fields) fields {
	out := fields{"port": port, "to": to}
	for key, value := range more {
		out[key] = value
	}
	return out
}

func forwards(list ...any) fields { return fields{"port_forwards": list} }

// named is an object with a name and these options.
func named(name string, more ...fields) fields {
	out := fields{"name": name}
	for _, one := range more {
		for key, value := range one {
			out[key] = value
		}
	}
	return out
}

var (
	lxcbr1    = fields{"address": "10.0.4.1/24"}
	masked    = fields{"interface": "lxcbr0", "subnets": []any{"10.0.3.0/24"}, "nat": false}
	web       = forward(8080, "10.0.3.7", nil)
	dns       = forward(53, "10.0.3.7", fields{"protocol": "udp"})
	dnsRange  = forward("50-60", "10.0.3.7", fields{"protocol": "udp"})
	dnsTCP    = forward(53, "10.0.3.7", nil)
	dnsPublic = forward(53, "10.0.3.7", fields{"protocol": "udp", "address": "192.0.2.1"})
	dnsOwn    = forward(53, "10.0.3.7", fields{"protocol": "udp", "address": "10.0.3.1"})
	dnsInside = forward(53, "10.0.3.7", fields{"protocol": "udp", "hairpin": false})
)

// contradictions are two objects each, and what is wrong with the second; "" is nothing.
var contradictions = map[string]struct {
	one, other       fields
	oneGroup, others string // the groups, lxc_bridges and nats where left out
	want             string
	within           string // what is wrong within one task, where it is told of another object
}{
	"one port twice": {
		named("lxcbr0", forwards(web)), named("lxcbr1", lxcbr1, forwards(forward(8080, "10.0.4.20", nil))), "lxc_bridges",
		"lxc_bridges",
		"port_forwards[0]: tcp port 8080 is forwarded already by port_forwards[0] of lxcbr0 (FIRST)",
		"",
	},
	"a port in a range": {
		named("lxcbr0", forwards(forward("8000-8100", "10.0.3.7", nil))),
		named("b", masked, forwards(forward(22, "10.0.3.8", nil), web)), "lxc_bridges", "nats",
		"port_forwards[1]: tcp port 8080 is forwarded already by port_forwards[0] of lxcbr0 (FIRST)",
		"",
	},
	"another protocol": {named("lxcbr0", forwards(web)),
		named("b", masked, forwards(forward(8080, "10.0.3.7", fields{"protocol": "udp"}))), "", "", "", ""},
	"another address": {named("lxcbr0", forwards(forward(8080, "10.0.3.7", fields{"address": "192.0.2.1"}))),
		named("b", masked, forwards(forward(8080, "10.0.3.8", fields{"address": "192.0.2.2"}))), "", "", "", ""},
	"another source": {named("lxcbr0", forwards(forward(8080, "10.0.3.7", fields{"source": "192.0.2.0/25"}))),
		named("b", masked, forwards(forward(8080, "10.0.3.8", fields{"source": "192.0.2.128/25"}))), "", "", "", ""},
	"one that goes": {named("lxcbr0", forwards(web)), named("b", masked, fields{"state": "absent"}, forwards(web)),
		"", "", "", ""},
	"the bridge's DNS": {named("lxcbr0"), named("b", masked, forwards(dns)), "", "", "udp port 53 of 10.0.3.1 is " +
		"where lxcbr0 (FIRST) serves DNS: give the forward an address that clients do not ask, or hairpin: false", ""},
	"its DNS over TCP": {named("lxcbr0"), named("b", masked, forwards(dnsTCP)), "", "",
		"tcp port 53 of 10.0.3.1 is where lxcbr0 (FIRST) serves DNS", ""},
	"its DNS in a range": {named("lxcbr0"), named("b", masked, forwards(dnsRange)), "", "", "udp port 53 of 10.0.3.1",
		""},
	"its DNS by address": {named("lxcbr0"), named("b", masked, forwards(dnsOwn)), "", "", "udp port 53 of 10.0.3.1",
		""},
	"DNS of a wider source": {named("lxcbr0"),
		named("b", masked, forwards(forward(53, "10.0.3.7", fields{"source": "10.0.0.0/8"}))), "", "",
		"tcp port 53 of 10.0.3.1", ""},
	"DNS of the outside": {named("lxcbr0"),
		named("b", masked, forwards(forward(53, "10.0.3.7", fields{"source": "192.0.2.0/24"}))), "", "", "", ""},
	"DNS in public":       {named("lxcbr0"), named("b", masked, forwards(dnsPublic)), "", "", "", ""},
	"DNS without hairpin": {named("lxcbr0"), named("b", masked, forwards(dnsInside)), "", "", "", ""},
	"DNS of another bridge": {named("lxcbr1", lxcbr1), named("b", masked, forwards(dnsInside)), "", "",
		"udp port 53 of 10.0.4.1 is where lxcbr1 (FIRST) serves DNS: give the forward an address that clients do not ask",
		""},
	"no DNS there": {named("lxcbr0", fields{"dns": false}), named("b", masked, forwards(dns)), "", "", "", ""},
	"the bridge's DHCP": {named("lxcbr0"),
		named("b", masked, forwards(forward(67, "10.0.3.7", fields{"protocol": "udp"}))), "", "",
		"udp port 67 of 10.0.3.1 is where lxcbr0 (FIRST) serves DHCP", ""},
	"a bridge comes after": {
		named("b", masked, forwards(dns)), named("lxcbr0"), "nats", "lxc_bridges",
		"DNS at 10.0.3.1 would not be reached: a forward of b (FIRST) takes udp port 53",
		"nats[0].port_forwards[0]: udp port 53 of 10.0.3.1 is where lxcbr0 (lxc_bridges[0]) serves DNS",
	},
	"dnsmasq comes after": {
		named("b", masked, forwards(dns)), fields{"interface": "br0", "address": "10.0.9.1/24"}, "nats", "dnsmasqs",
		"DNS at 10.0.9.1 would not be reached: a forward of b (FIRST) takes udp port 53",
		"nats[0].port_forwards[0]: udp port 53 of 10.0.9.1 is where br0 (dnsmasqs[0]) serves DNS",
	},
	"overlapping bridges": {
		named("lxcbr0"), named("lxcbr1", fields{"address": "10.0.3.129/25"}), "lxc_bridges", "lxc_bridges",
		"address: 10.0.3.129/25 overlaps 10.0.3.1/24 of lxcbr0 (FIRST)",
		"",
	},
	"overlapping subnets": {
		named("lxcbr0"), named("b", fields{"interface": "br0", "subnets": []any{"172.16.0.0/24", "10.0.0.0/16"}}), "", "",
		"subnets[1]: 10.0.0.0/16 on br0 overlaps 10.0.3.0/24 on lxcbr0, which is lxcbr0 (FIRST)",
		"",
	},
	"a bridge on a subnet": {
		named("b", fields{"interface": "br0", "subnets": []any{"10.0.0.0/16"}}), named("lxcbr0"), "nats", "lxc_bridges",
		"address: 10.0.3.0/24 on lxcbr0 overlaps 10.0.0.0/16 on br0, which is b (FIRST)",
		"nats[0].subnets[0]: 10.0.0.0/16 on br0 overlaps 10.0.3.0/24 on lxcbr0, which is lxcbr0 (lxc_bridges[0])",
	},
	"one to one": {named("lxcbr0"), named("b", fields{"subnets": []any{"10.0.3.7/32"}, "nat_address": "192.0.2.7"}), "",
		"", "", ""},
	"two addresses": {
		named("a", fields{"subnets": []any{"10.0.3.7/32"}, "nat_address": "192.0.2.7"}),
		named("b", fields{"subnets": []any{"10.0.3.7/32"}, "nat_address": "192.0.2.8"}), "nats", "nats",
		"10.0.3.7/32 becomes 192.0.2.8 here and 192.0.2.7 in a (FIRST)",
		"",
	},
	"an address or that of the way out": {
		named("lxcbr0"),
		named("b", fields{"interface": "lxcbr0", "subnets": []any{"10.0.3.0/24"}, "nat_address": "192.0.2.8"}), "", "",
		"10.0.3.0/24 becomes 192.0.2.8 here and the address of the way out in lxcbr0 (FIRST)",
		"",
	},
	"excluded by one": {
		named("lxcbr0", fields{"nat_exclude": []any{"10.0.9.0/24"}}), named("b", fields{"subnets": []any{"10.0.3.0/24"}}), "",
		"",
		"10.0.3.0/24 becomes the address of the way out here and the address of the way out but towards 10.0.9.0/24 in " +
			"lxcbr0 (FIRST)",
		"",
	},
	"the same twice": {named("lxcbr0"), named("b", fields{"subnets": []any{"10.0.3.0/24"}}), "", "", "", ""},
	"another way out": {named("lxcbr0"),
		named("b", fields{"subnets": []any{"10.0.3.0/24"}, "nat_address": "192.0.2.8", "out_interface": "vpn0"}), "", "", "",
		""},
	"interfaces alone": {named("a", fields{"interface": "br0", "nat_address": "192.0.2.8"}),
		named("b", fields{"interface": "br0"}), "nats", "nats",
		"br0 becomes the address of the way out here and 192.0.2.8 in a (FIRST)", ""},
	"of IPv6": {named("a", fields{"subnets": []any{"fd05::/64"}, "nat6": true, "nat6_address": "2001:db8::7"}),
		named("b", fields{"subnets": []any{"fd05::/64"}, "nat6": true}), "nats", "nats", "fd05::/64 becomes", ""},
	"one does not": {named("lxcbr0"), named("b", fields{"subnets": []any{"10.0.3.0/24"}, "nat": false}), "", "", "", ""},
}

func TestObjectsThatContradictEachOther(t *testing.T) {
	t.Parallel()
	for name, c := range contradictions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := c.oneGroup, c.others
			if one == "" {
				one, other = "lxc_bridges", "nats"
			}
			within := fields{}
			within[one] = []any{c.one}
			first := one + "[0]"
			if list, same := within[other].([]any); same {
				within[other] = append(list, c.other)
			} else {
				within[other] = []any{c.other}
			}
			_, _, err := ParseNetwork(within)
			if c.within == "" {
				c.within = strings.ReplaceAll(c.want, "FIRST", first)
			}
			expect(t, "in one task", err, c.within)
		})
	}
}

func expect(t *testing.T, where string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: refused: %v", where, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: error %v, want %s", where, err, want)
	case want != "" && strings.Count(err.Error(), "\n") > 0:
		t.Errorf("%s: more than one problem: %v", where, err)
	}
}

// TestOneTableForTwoObjects: a nat and an lxc_bridge of one name would replace each other's rules.
func TestOneTableForTwoObjects(t *testing.T) {
	t.Parallel()
	_, _, err := ParseNetwork(fields{"lxc_bridges": []any{named("lxcbr0")},
		"nats": []any{named("lxcbr0", fields{"subnets": []any{"172.16.0.0/24"}})}})
	expect(t, "nat", err, "the table of lxcbr0 is declared twice: it is also lxc_bridges[0]")
}
