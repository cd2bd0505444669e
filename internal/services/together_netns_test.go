//go:build netns

package services_test

import (
	"strings"
	"testing"

	"hostnet.linux/internal/services"
)

// TestWhatTheHostHasAlreadyIsNotContradicted, also where nothing is kept: rules and running servers are asked.
func TestWhatTheHostHasAlreadyIsNotContradicted(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	forward := func(list ...any) map[string]any { return map[string]any{"port_forwards": list} }
	m.apply(t, quick(forward(map[string]any{"port": 8080, "to": "10.0.3.7", "to_port": 80}, map[string]any{"port": "9000-9010", "to": "10.0.3.7", "protocol": "udp"})))
	m.applyWith(t, services.ParseNAT, map[string]any{"name": "one", "subnets": []any{"10.0.3.7/32"}, "nat_address": "192.0.2.1"})
	before := m.snapshot(t)
	second := func(more map[string]any) map[string]any {
		arguments := quick(map[string]any{"name": "lxcbr1", "address": "10.0.4.1/24"})
		for key, value := range more {
			arguments[key] = value
		}
		return arguments
	}
	inside := func(more map[string]any) map[string]any {
		arguments := map[string]any{"name": "dns", "interface": "lxcbr0", "subnets": []any{"10.0.3.0/24"}, "nat": false}
		for key, value := range more {
			arguments[key] = value
		}
		return arguments
	}
	for name, c := range map[string]struct {
		bridge, nat map[string]any
		want        string
	}{
		"a port":     {second(forward(map[string]any{"port": 8080, "to": "10.0.4.20"})), nil, "port_forwards[0]: tcp port 8080 is forwarded already by lxcbr0 (table inet hostnet_lxcbr0)"},
		"of a range": {nil, inside(forward(map[string]any{"port": 9010, "to": "10.0.3.8", "protocol": "udp"})), "port_forwards[0]: udp port 9010 is forwarded already by lxcbr0 (table inet hostnet_lxcbr0)"},
		"DNS": {nil, inside(forward(map[string]any{"port": 53, "to": "10.0.3.8", "protocol": "udp"})),
			"port_forwards[0]: udp port 53 of 10.0.3.1 is where dnsmasq (on lxcbr0) serves DNS: give the forward an address that clients do not ask, or hairpin: false"},
		"a translation": {nil, map[string]any{"name": "two", "subnets": []any{"10.0.3.7/32"}}, "10.0.3.7/32 becomes the address of the way out here and 192.0.2.1 in one (table inet hostnet_one)"},
	} {
		for _, check := range []bool{true, false} {
			result := m.run(t, services.ParseNAT, c.nat, check)
			if c.bridge != nil {
				result = m.run(t, services.ParseBridge, c.bridge, check)
			}
			if result.Err == nil || !strings.Contains(result.Err.Error(), c.want) {
				t.Errorf("%s: error %v, want %s", name, result.Err, c.want)
			}
		}
	}
	if after := m.snapshot(t); after != before {
		t.Errorf("it was touched:\n%s\nbefore:\n%s", after, before)
	}
	m.applyWith(t, services.ParseNAT, inside(forward(map[string]any{"port": 53, "to": "10.0.3.8", "protocol": "udp", "address": "192.0.2.1"})))
	// What comes later does not take a server away from the bridge, either.
	m.apply(t, map[string]any{"state": "absent"})
	m.applyWith(t, services.ParseNAT, map[string]any{"name": "dns", "subnets": []any{"10.0.3.0/24"}, "nat": false, "port_forwards": []any{map[string]any{"port": 53, "to": "10.0.3.8", "protocol": "udp"}}})
	if result := m.try(t, quick(nil), false); result.Err == nil || !strings.Contains(result.Err.Error(), "DNS at 10.0.3.1 would not be reached: a forward of dns (table inet hostnet_dns) takes udp port 53") {
		t.Errorf("a bridge behind a forward of its DNS: %v", result.Err)
	}
	for _, name := range []string{"dns", "one"} {
		m.applyWith(t, services.ParseNAT, map[string]any{"name": name, "state": "absent", "interface": "lxcbr0"})
	}
}
