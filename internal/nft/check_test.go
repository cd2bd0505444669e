package nft

import (
	"strings"
	"testing"

	"hostnet.linux/internal/schema"
)

func TestBadForwardsAndListsAreToldByTheirPlace(t *testing.T) {
	t.Parallel()
	forward := func(more map[string]any) map[string]any {
		one := map[string]any{"to": "10.0.3.7"}
		for key, value := range more {
			one[key] = value
		}
		return map[string]any{"port_forwards": []any{one}}
	}
	for name, c := range map[string]struct {
		fields map[string]any
		want   string
	}{
		"nothing said": {forward(nil), "port_forwards[0].address: is required without port: every address of the " +
			"host, with all its ports, would lead inside"},
		"to_port without port": {forward(map[string]any{"address": "192.0.2.1", "to_port": 80}),
			"port_forwards[0].to_port: needs port"},
		"beyond the last port": {forward(map[string]any{"port": "8000-8010", "to_port": 65530}),
			"port_forwards[0].to_port: 65530 with the 11 ports of 8000-8010 goes beyond 65535"},
		"to itself": {forward(map[string]any{"address": []any{"192.0.2.1", "10.0.3.7"}}),
			"port_forwards[0].address[1]: 10.0.3.7 is forwarded to itself"},
		"another version": {forward(map[string]any{"port": 80, "address": []any{"192.0.2.1", "2001:db8::1"}}),
			"port_forwards[0].address[1]: 2001:db8::1 and 10.0.3.7 are of different IP versions"},
		"unknown protocol": {forward(map[string]any{"port": 80, "protocol": "sctpp"}),
			`port_forwards[0].protocol: unknown value "sctpp": did you mean "sctp"?`},
		"port zero": {forward(map[string]any{"port": 0}), "port_forwards[0].port: must be a port from 1 to 65535"},
		"outside": {map[string]any{"port_forwards": []any{map[string]any{"port": 80, "to": "10.0.4.7"}}},
			"port_forwards[0].to: 10.0.4.7 is in none of the inside subnets"},
		"out is in": {map[string]any{"out_interface": []any{"eth0", "lxcbr0"}},
			"out_interface[1]: lxcbr0 is the inside interface"},
		"isolated from out": {map[string]any{"out_interface": "eth0", "isolated": []any{"br0", "eth0"}},
			"isolated[1]: eth0 is the inside interface or out_interface, which stays open"},
		"isolated from what":   {map[string]any{"isolated": []any{"a name with spaces"}}, "isolated[0]: "},
		"isolated by a number": {map[string]any{"isolated": map[string]any{"a": 1}}, "isolated[0]: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := map[string]any{"name": "lxcbr0", "interface": "lxcbr0", "subnets": []any{"10.0.3.0/24", "fd05::/64"}}
			for key, value := range c.fields {
				fields[key] = value
			}
			var nat NAT
			var problems schema.Problems
			Options().Parse(&nat, fields, schema.At("", &problems))
			if len(problems) == 0 {
				nat.Check(schema.At("", &problems))
			}
			if err := problems.Err(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("problems: %v, want %s", err, c.want)
			}
		})
	}
}

// TestForwardsThatAreNarrowerMayBeBesideWiderOnes: a port beside its whole address, a protocol beside all of them.
func TestForwardsThatAreNarrowerMayBeBesideWiderOnes(t *testing.T) {
	t.Parallel()
	at := func(more map[string]any) any {
		one := map[string]any{"to": "10.0.3.7", "address": "192.0.2.7"}
		for key, value := range more {
			one[key] = value
		}
		return one
	}
	port, tcp, all := at(map[string]any{"port": 80}), at(map[string]any{"protocol": "tcp"}), at(nil)
	for name, c := range map[string]struct {
		forwards []any
		want     string
	}{
		"narrow and wide":  {[]any{port, tcp, all}, ""},
		"wide and narrow":  {[]any{all, tcp, port}, ""},
		"an address twice": {[]any{port, all, all}, "port_forwards[2]: 192.0.2.7 is forwarded already by port_forwards[1]"},
		"a protocol twice": {[]any{tcp, tcp},
			"port_forwards[1]: tcp to 192.0.2.7 is forwarded already by port_forwards[0]"},
		"one of many": {[]any{port, at(map[string]any{"port": "70-90", "address": []any{"192.0.2.8", "192.0.2.7"}})},
			"port_forwards[1]: tcp port 70-90 is forwarded already by port_forwards[0]"},
		"others of many": {[]any{port, at(map[string]any{"port": "70-90", "address": []any{"192.0.2.8", "192.0.2.9"}})},
			""},
		"of another version": {[]any{port, map[string]any{"port": 80, "to": "fd05::7"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nat := &NAT{}
			var problems schema.Problems
			Options().Parse(nat, map[string]any{"name": "a", "interface": "lxcbr0", "port_forwards": c.forwards},
				schema.At("", &problems))
			nat.Check(schema.At("", &problems))
			CheckTogether([]*NAT{nat}, nil, nil, nil, &problems)
			got := ""
			if err := problems.Err(); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("problems %q, want %q", got, c.want)
			}
		})
	}
}
