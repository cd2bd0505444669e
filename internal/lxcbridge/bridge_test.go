package lxcbridge

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// declared reads bridges as a task gives them.
func declared(t *testing.T, all ...map[string]any) []*Bridge {
	t.Helper()
	var out []*Bridge
	for i, raw := range all {
		var problems schema.Problems
		bridge := &Bridge{Path: fmt.Sprintf("lxc_bridges[%d]", i)}
		Options().Parse(bridge, raw, schema.At(bridge.Path, &problems))
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		bridge.Complete()
		out = append(out, bridge)
	}
	return out
}

// TestComplete: a bridge without any option is what lxc-net makes, and its parts agree.
func TestComplete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options map[string]any
		// want are name, address, MAC address, subnets, and what clients may reach.
		want string
	}{
		"nothing": {map[string]any{}, "lxcbr0 10.0.3.1/24 00:16:3e:00:00:00 [10.0.3.0/24] [dhcp dns]"},
		"another": {map[string]any{"name": "br-a", "address": "192.0.2.65/26", "mac_address": "02:00:00:00:00:01"},
			"br-a 192.0.2.65/26 02:00:00:00:00:01 [192.0.2.64/26] [dhcp dns]"},
		"without DHCP": {map[string]any{"dhcp": false}, "lxcbr0 10.0.3.1/24 00:16:3e:00:00:00 [10.0.3.0/24] [dns]"},
		"without either": {map[string]any{"dhcp": false, "dns": false},
			"lxcbr0 10.0.3.1/24 00:16:3e:00:00:00 [10.0.3.0/24] []"},
		"IPv6 by itself": {map[string]any{"address6": "fd00::1/64", "ipv6_mode": "slaac"},
			"lxcbr0 10.0.3.1/24 00:16:3e:00:00:00 [10.0.3.0/24 fd00::/64] [dhcp dns ra]"},
		"IPv6 with leases": {map[string]any{"address6": "fd00::1/64", "ipv6_mode": "stateful"},
			"lxcbr0 10.0.3.1/24 00:16:3e:00:00:00 [10.0.3.0/24 fd00::/64] [dhcp dns dhcp6 ra]"},
		"IPv6 with settings": {map[string]any{"address6": "fd00::1/64", "ipv6_mode": "stateless"},
			"lxcbr0 10.0.3.1/24 00:16:3e:00:00:00 [10.0.3.0/24 fd00::/64] [dhcp dns dhcp6 ra]"},
	} {
		b := declared(t, test.options)[0]
		got := fmt.Sprint(b.Name, " ", *b.Address, " ", b.MAC, " ", *b.NAT.Subnets, " ", *b.NAT.Services)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if b.NAT.Interface != b.Name || b.DNSMasq.Interface != b.Name || *b.DNSMasq.Address != *b.Address || !b.NAT.OfBridge {
			t.Errorf("%s: the parts disagree: %+v", name, b)
		}
		if !b.Verified() || b.Forced() || b.Absent() {
			t.Errorf("%s: verified %t, forced %t, absent %t", name, b.Verified(), b.Forced(), b.Absent())
		}
	}
	gone := declared(t, map[string]any{"state": "absent", "force": true})[0]
	if gone.Verified() || !gone.Forced() || !gone.Absent() {
		t.Errorf("%+v", gone)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bridges []map[string]any
		want    string
	}{
		"all well": {[]map[string]any{{}, {"name": "br-b", "address": "10.0.4.1/24"}}, ""},
		"a small MTU": {[]map[string]any{{"mtu": 1279, "address6": "fd00::1/64"}},
			"lxc_bridges[0].mtu: 1279 is less than the 1280 bytes that IPv6 needs"},
		"a small MTU, as IPv4 takes it": {[]map[string]any{{"mtu": 1279}}, ""},
		"another router": {[]map[string]any{{"gateway": "10.0.3.2"}},
			"lxc_bridges[0].gateway: another router needs nat: false, since translated connections end here"},
		"another router without NAT": {[]map[string]any{{"gateway": "10.0.3.2", "nat": false}}, ""},
		"twice": {[]map[string]any{{}, {}},
			"lxc_bridges[1].name: lxcbr0 is declared twice: it is also lxc_bridges[0]"},
		"an overlap": {
			[]map[string]any{{}, {"name": "br-b", "address": "10.0.0.1/16"}},
			"lxc_bridges[1].address: 10.0.0.1/16 overlaps 10.0.3.1/24 of lxcbr0 (lxc_bridges[0])",
		},
		"an overlap of IPv6": {
			[]map[string]any{{"address6": "fd00::1/64"}, {"name": "br-b", "address": "10.0.4.1/24", "address6": "fd00::2/64"}},
			"lxc_bridges[1].address6: fd00::2/64 overlaps fd00::1/64 of lxcbr0 (lxc_bridges[0])",
		},
		"an overlap with one that goes": {[]map[string]any{{"state": "absent"}, {"name": "br-b", "address": "10.0.0.1/16"}},
			""},
	} {
		var problems schema.Problems
		bridges := declared(t, test.bridges...)
		for _, bridge := range bridges {
			bridge.Check(schema.At(bridge.Path, &problems))
		}
		CheckTogether(bridges, &problems)
		var said []string
		for _, problem := range problems {
			said = append(said, problem.String())
		}
		if diff := cmp.Diff(test.want, strings.Join(said, "\n")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestCheckRoutes: a network that the host reaches otherwise is no network for containers.
func TestCheckRoutes(t *testing.T) {
	t.Parallel()
	route := func(to string, hops ...kernel.NextHop) kernel.Route {
		return kernel.Route{To: netip.MustParsePrefix(to), Table: tableMain, Type: typeUnicast, NextHops: hops}
	}
	by := func(link, via string) kernel.NextHop {
		hop := kernel.NextHop{Link: link}
		if via != "" {
			hop.Via = netip.MustParseAddr(via)
		}
		return hop
	}
	other := route("10.0.3.0/24", by("eth0", ""))
	other.Table = 100
	for name, test := range map[string]struct {
		route kernel.Route
		want  string
	}{
		"the host's own network": {route("10.0.3.128/25", by("eth0", "")),
			"address: 10.0.3.1/24 overlaps the host's route to 10.0.3.128/25 dev eth0"},
		"a larger one of the host": {route("10.0.0.0/8", by("eth0", "")),
			"address: 10.0.3.1/24 overlaps the host's route to 10.0.0.0/8 dev eth0"},
		"a route to a part of it": {route("10.0.3.64/26", by("eth0", "192.0.2.9")),
			"address: 10.0.3.1/24 overlaps the host's route to 10.0.3.64/26 via 192.0.2.9 dev eth0"},
		"IPv6": {route("fd00::/60", by("eth0", "")),
			"address6: fd00::1/64 overlaps the host's route to fd00::/60 dev eth0"},
		"a route that is less narrow": {route("10.0.0.0/8", by("eth0", "192.0.2.9")), ""},
		"the default route":           {route("0.0.0.0/0", by("eth0", "192.0.2.9")), ""},
		"its own":                     {route("10.0.3.0/24", by("lxcbr0", "")), ""},
		"one of another table":        {other, ""},
		"link-local":                  {route("fe80::/64", by("eth0", "")), ""},
		"elsewhere":                   {route("192.0.2.0/24", by("eth0", "")), ""},
	} {
		var problems schema.Problems
		declared(t, map[string]any{"address6": "fd00::1/64"})[0].CheckRoutes([]kernel.Route{test.route, test.route},
			schema.At("", &problems))
		var said []string
		for _, problem := range problems {
			said = append(said, problem.String())
		}
		if diff := cmp.Diff(test.want, strings.Join(said, "\n")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestMemory: what there was before is written once, read again, and goes with the bridge.
func TestMemory(t *testing.T) {
	t.Parallel()
	s := &system.System{Root: t.TempDir()}
	b := declared(t, map[string]any{})[0]
	run := func(b *Bridge, want string) {
		t.Helper()
		have, err := b.Remembered(s)
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, step := range b.Remember(s, have,
			Memory{Existed: true, MTU: 1400, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.3.7/24")}}) {
			said += step.Action
			if err := step.Run(); err != nil {
				t.Fatal(err)
			}
		}
		if said != want {
			t.Errorf("want %q, got %q", want, said)
		}
	}
	run(b, "write")
	run(b, "")
	if memory, err := b.Remembered(s); err != nil || !memory.Existed || memory.MTU != 1400 || len(memory.Addresses) != 1 {
		t.Errorf("%+v, %v", memory, err)
	}
	path := filepath.Join(s.Root, b.memoryPath())
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Remembered(s); err == nil || !strings.Contains(err.Error(), "damaged") ||
		!strings.Contains(err.Error(), b.memoryPath()) {
		t.Errorf("a damaged file: %v", err)
	}
	if err := os.WriteFile(path, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := declared(t, map[string]any{"state": "absent"})[0]
	run(gone, "remove")
	run(gone, "")
	if left, err := filepath.Glob(filepath.Join(s.Root, "var/lib/hostnet/*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestForwardChecks: of a forward that cannot be tried nothing is said, and one that is not reached is named.
func TestForwardChecks(t *testing.T) {
	t.Parallel()
	b := declared(t, map[string]any{"port_forwards": []any{
		map[string]any{"port": 80, "to": "10.0.3.7", "to_port": 8080},
		map[string]any{"port": 53, "to": "10.0.3.7", "protocol": "udp"},
		map[string]any{"port": 99, "to": "10.0.3.7", "protocol": "sctp"},
		map[string]any{"port": 22, "to": "10.0.3.7", "source": "192.0.2.0/24"},
	}})[0]
	var said []string
	for _, check := range b.forwardChecks() {
		said = append(said, check.Forward.EffectiveProtocol()+" "+check.Forward.FirstTarget().String())
	}
	if diff := cmp.Diff("tcp 10.0.3.7:8080, udp 10.0.3.7:53", strings.Join(said, ", ")); diff != "" {
		t.Error(diff)
	}
	forward := b.forwardChecks()[0].Forward
	for check, warns := range map[*ForwardCheck]bool{{Forward: forward}: false, {Forward: forward, Alive: true}: true,
		{Forward: forward, Alive: true, Reached: true}: false} {
		if warning := check.Warning(); (warning != "") != warns || warns &&
			!strings.Contains(warning, "does not reach 10.0.3.7:8080") {
			t.Errorf("%+v: %q", check, warning)
		}
	}
	if (&Bridge{NAT: nft.NAT{}}).forwardChecks() != nil {
		t.Error("there is nothing to try")
	}
}

// TestOutsideNetworks: the network outside is one that the host has no route to.
func TestOutsideNetworks(t *testing.T) {
	t.Parallel()
	taken := func(all ...string) (routes []kernel.Route) {
		for _, to := range all {
			routes = append(routes, kernel.Route{To: netip.MustParsePrefix(to)})
		}
		return routes
	}
	for _, test := range []struct {
		routes []kernel.Route
		want   string
	}{
		{taken("0.0.0.0/0"), "198.18.0.1/30 fd68:6e00::1/126 true"},
		{taken("198.18.0.0/24", "198.18.1.0/32"), "198.18.2.1/30 fd68:6e00::2:1/126 true"},
		{taken("198.18.0.0/15"), "false"},
	} {
		v4, v6, found := outsideNetworks(test.routes)
		got := fmt.Sprint(v4, " ", v6, " ", found)
		if !found {
			got = "false"
		}
		if got != test.want {
			t.Errorf("%v: want %s, got %s", test.routes, test.want, got)
		}
	}
}
