//go:build netns

package services_test

import (
	"encoding/json"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/probe"
	"hostnet.linux/internal/services"
)

// TestWhatTheHostHasAlreadyIsNotContradicted, also where nothing is kept: rules and running servers are asked.
func TestWhatTheHostHasAlreadyIsNotContradicted(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	forward := func(list ...any) map[string]any { return map[string]any{"port_forwards": list} }
	m.apply(t,
		quick(forward(map[string]any{"port": 8080, "to": "10.0.3.7", "to_port": 80},
			map[string]any{"port": "9000-9010", "to": "10.0.3.7", "protocol": "udp"})))
	m.applyWith(t, services.ParseNAT,
		map[string]any{"name": "one", "subnets": []any{"10.0.3.7/32"}, "nat_address": "192.0.2.1"})
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
		"a port": {second(forward(map[string]any{"port": 8080, "to": "10.0.4.20"})), nil,
			"port_forwards[0]: tcp port 8080 is forwarded already by lxcbr0 (table inet hostnet_lxcbr0)"},
		"of a range": {nil, inside(forward(map[string]any{"port": 9010, "to": "10.0.3.8", "protocol": "udp"})),
			"port_forwards[0]: udp port 9010 is forwarded already by lxcbr0 (table inet hostnet_lxcbr0)"},
		"DNS": {nil, inside(forward(map[string]any{"port": 53, "to": "10.0.3.8", "protocol": "udp"})),
			"port_forwards[0]: udp port 53 of 10.0.3.1 is where dnsmasq (on lxcbr0) serves DNS: give the forward an address " +
				"that clients do not ask, or hairpin: false"},
		"a translation": {nil, map[string]any{"name": "two", "subnets": []any{"10.0.3.7/32"}},
			"10.0.3.7/32 becomes the address of the way out here and 192.0.2.1 in one (table inet hostnet_one)"},
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
	m.applyWith(t, services.ParseNAT,
		inside(forward(map[string]any{"port": 53, "to": "10.0.3.8", "protocol": "udp", "address": "192.0.2.1"})))
	// What comes later does not take a server away from the bridge, either.
	m.apply(t, map[string]any{"state": "absent"})
	m.applyWith(t, services.ParseNAT, map[string]any{"name": "dns", "subnets": []any{"10.0.3.0/24"}, "nat": false,
		"port_forwards": []any{map[string]any{"port": 53, "to": "10.0.3.8", "protocol": "udp"}}})
	if result := m.try(t, quick(nil), false); result.Err == nil ||
		!strings.Contains(result.Err.Error(),
			"DNS at 10.0.3.1 would not be reached: a forward of dns (table inet hostnet_dns) takes udp port 53") {
		t.Errorf("a bridge behind a forward of its DNS: %v", result.Err)
	}
	for _, name := range []string{"dns", "one"} {
		m.applyWith(t, services.ParseNAT, map[string]any{"name": name, "state": "absent", "interface": "lxcbr0"})
	}
}

// TestForwardsAreTriedFromOutside: the proof has a connection for each, tells of containers that are not there, and of
// a firewall that nobody could name.
func TestForwardsAreTriedFromOutside(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.host.Exec(t, "sh", "-c", "for f in ip ip6; do echo 0 >/proc/sys/net/bridge/bridge-nf-call-${f}tables; done")
	inside := netnstest.New(t)
	arguments := quick(map[string]any{"checksum_fix": false, "address6": "fd05::1/64", "port_forwards": []any{
		map[string]any{"port": 8080, "to": "10.0.3.7", "to_port": 80}, map[string]any{"port": 8081, "to": "10.0.3.99"},
		map[string]any{"port": "9000-9009", "to": "10.0.3.7", "to_port": 80, "address": "192.0.2.1"},
		map[string]any{"port": 8080, "to": "fd05::7", "to_port": 80},
		map[string]any{"port": 9999, "to": "10.0.3.7", "protocol": "udp"},
	}})
	m.apply(t, arguments)
	m.host.IP(t, "link", "add", "vethC1", "up", "type", "veth", "peer", "name", "eth0", "netns", inside.Name)
	m.host.IP(t, "link", "set", "vethC1", "master", "lxcbr0")
	inside.IP(t, "link", "set", "eth0", "up")
	inside.IP(t, "address", "add", "10.0.3.7/24", "dev", "eth0")
	inside.IP(t, "address", "add", "fd05::7/64", "dev", "eth0", "nodad")
	inside.IP(t, "route", "add", "default", "via", "10.0.3.1")
	inside.IP(t, "route", "add", "default", "via", "fd05::1")
	forwardsOf := func(result ansible.Result) string {
		text, err := json.Marshal(result.Values.Get("checks"))
		if err != nil || result.Err != nil {
			t.Fatal(err, result.Err)
		}
		_, list, _ := strings.Cut(string(text), `"forwards":`)
		return list
	}
	before := m.snapshot(t)
	result := m.try(t, arguments, false)
	got := forwardsOf(result)
	for _, want := range []string{
		`{"forward":"tcp port 8080","to":"10.0.3.7","container_answers":true,"reached":true}`,
		`{"forward":"tcp port 8081","to":"10.0.3.99","container_answers":false,"reached":false}`,
		`{"forward":"tcp port 9000-9009","to":"10.0.3.7","container_answers":true,"reached":true}`,
		`{"forward":"tcp port 8080","to":"fd05::7","container_answers":true,"reached":true}`,
		`{"forward":"udp port 9999","to":"10.0.3.7","container_answers":true,"reached":true}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not among %s", want, got)
		}
	}
	if len(result.Warnings) > 0 || result.Changed {
		t.Errorf("warnings: %q, changed: %v", result.Warnings, result.Changed)
	}
	if after := m.snapshot(t); after != before {
		t.Errorf("the proof left something:\n%s\nbefore:\n%s", after, before)
	}
	// A mark can be anything, so that the rules alone do not tell that this one drops.
	m.host.Exec(t, "nft", "add table inet f; add chain inet f c { type filter hook forward priority 0; }; add rule inet "+
		"f c meta mark 0 tcp dport 80 drop")
	result = m.try(t, arguments, false)
	if got := forwardsOf(result); strings.Count(got, `"container_answers":true,"reached":false`) != 3 {
		t.Errorf("behind a firewall: %s", got)
	}
	if len(result.Warnings) != 3 || !strings.Contains(result.Warnings[0], "the forward of tcp port 8080: a connection "+
		"from a throw-away namespace does not reach 10.0.3.7:80, though the host itself does") {
		t.Errorf("warnings: %q", result.Warnings)
	}
	m.host.Exec(t, "nft", "flush chain inet f c; add rule inet f c tcp dport 80 ct state new drop")
	if result = m.try(t, arguments, false); len(result.Warnings) != 3 ||
		!strings.Contains(result.Warnings[0], "is dropped by a rule in chain inet f c") {
		t.Errorf("warnings: %q", result.Warnings)
	}
	m.host.Exec(t, "nft", "delete table inet f")
	m.host.IP(t, "link", "delete", "vethC1")
}

// TestTheProofNamesTheIsolationThatBreaksIt, as does a run without it.
func TestTheProofNamesTheIsolationThatBreaksIt(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.host.IP(t, "link", "add", "vmbr0", "up", "type", "bridge", "forward_delay", "0")
	m.host.IP(t, "address", "flush", "dev", "wan")
	m.host.IP(t, "link", "set", "wan", "master", "vmbr0")
	m.host.IP(t, "address", "add", "192.0.2.1/24", "dev", "vmbr0")
	m.host.IP(t, "route", "add", "default", "via", "192.0.2.254")
	const want = "isolated drops this, as the way out is the bridge vmbr0: set out_interface: [vmbr0]"
	if proved := m.try(t, quick(map[string]any{"checksum_fix": false, "isolated": true}), false); proved.Err == nil ||
		!strings.Contains(proved.Err.Error(), want) {
		t.Errorf("with the proof: %v", proved.Err)
	}
	unproved := m.try(t, quick(map[string]any{"checksum_fix": false, "isolated": true, "verify": false}), false)
	if unproved.Err != nil || len(unproved.Warnings) != 1 || !strings.Contains(unproved.Warnings[0], want) {
		t.Errorf("without the proof: %v, %q", unproved.Err, unproved.Warnings)
	}
	if right := m.apply(t,
		quick(map[string]any{"checksum_fix": false, "isolated": true, "out_interface": []any{"vmbr0"}})); len(
		right.Warnings) > 0 {
		t.Errorf("as it says: %q", right.Warnings)
	}
}

// TestAContainerReachesItselfByItsForward in both settings of bridged frames, and its neighbour does; a run that fails
// takes the mode of the port back.
func TestAContainerReachesItselfByItsForward(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	containers := map[string]*netnstest.Namespace{"10.0.3.7": netnstest.New(t), "10.0.3.8": netnstest.New(t)}
	arguments := quick(map[string]any{"checksum_fix": false, "address6": "fd05::1/64", "verify": false,
		"port_forwards": []any{
			map[string]any{"port": 8080, "to": "10.0.3.7", "to_port": 80},
			map[string]any{"port": 8080, "to": "fd05::7", "to_port": 80},
			map[string]any{"port": 25, "to": "10.0.3.8", "hairpin": false},
		}})
	calls := func(value string) {
		m.host.Exec(t, "sh", "-c", "for f in ip ip6; do echo "+value+" >/proc/sys/net/bridge/bridge-nf-call-${f}tables; done")
	}
	calls("0")
	m.apply(t, arguments)
	for address, inside := range containers {
		port := "veth" + address[len(address)-1:]
		m.host.IP(t, "link", "add", port, "up", "type", "veth", "peer", "name", "eth0", "netns", inside.Name)
		m.host.IP(t, "link", "set", port, "master", "lxcbr0")
		inside.IP(t, "link", "set", "eth0", "up")
		inside.IP(t, "address", "add", address+"/24", "dev", "eth0")
		inside.IP(t, "address", "add", "fd05::"+address[len(address)-1:]+"/64", "dev", "eth0", "nodad")
		inside.IP(t, "route", "add", "default", "via", "10.0.3.1")
		inside.IP(t, "route", "add", "default", "via", "fd05::1")
		inside.Exec(t, "ping", "-c1", "-W2", "10.0.3.1")
		inside.Exec(t, "ping", "-c1", "-W2", "fd05::1")
	}
	hairpin := func(port string) bool {
		return strings.Contains(m.host.Exec(t, "bridge", "-d", "link", "show", "dev", port), "hairpin on")
	}
	reaches := func(from, public string) bool {
		listener := listen(t, containers["10.0.3.7"], "[::]:80")
		defer func() { _ = listener.Close() }()
		answered := false
		containers[from].Do(t, func() {
			answered = probe.Reach([]probe.Target{{Protocol: "tcp", Address: netip.MustParseAddrPort(public)}},
				1500*time.Millisecond)[0]
		})
		return answered
	}
	for _, setting := range []string{"0", "1"} {
		calls(setting)
		m.apply(t, arguments)
		for _, from := range []string{"10.0.3.7", "10.0.3.8"} {
			for _, public := range []string{"192.0.2.1:8080", "[fd05::1]:8080"} {
				if !reaches(from, public) {
					t.Errorf("bridge-nf-call-iptables=%s: %s does not reach %s", setting, from, public)
				}
			}
		}
		if hairpin("veth7") != (setting == "1") || hairpin("veth8") {
			t.Errorf("bridge-nf-call-iptables=%s: hairpin mode: %v, and of a port that needs none %v", setting, hairpin("veth7"),
				hairpin("veth8"))
		}
	}
	m.host.Exec(t, "bridge", "link", "set", "dev", "veth7", "hairpin", "off")
	if reaches("10.0.3.7", "192.0.2.1:8080") {
		t.Error("without hairpin mode it works: the test proves nothing")
	}
	before := m.snapshot(t)
	arguments["upstream_servers"], arguments["verify"] = []any{"192.0.2.53"}, true
	m.host.Exec(t, "nft",
		"add table inet f; add chain inet f c { type filter hook input priority 0; }; add rule inet f c udp dport 67 drop")
	if result := m.try(t, arguments, false); result.Err == nil {
		t.Error("the proof passes without DHCP")
	}
	m.host.Exec(t, "nft", "delete table inet f")
	if after := m.snapshot(t); after != before || hairpin("veth7") {
		t.Errorf("after a failure:\n%s\nbefore:\n%s", after, before)
	}
	// What is set for a forward goes with the last one; what somebody else has set stays.
	m.apply(t, arguments)
	m.host.Exec(t, "bridge", "link", "set", "dev", "veth8", "hairpin", "on")
	second := map[string]any{"name": "second", "subnets": []any{"10.0.3.0/24"}, "interface": "lxcbr0",
		"port_forwards": []any{
			map[string]any{"port": 9090, "to": "10.0.3.7", "to_port": 80},
			map[string]any{"port": 9091, "to": "10.0.3.8", "to_port": 80}}}
	m.applyWith(t, services.ParseNAT, second)
	arguments["port_forwards"] = []any{}
	for _, step := range []struct {
		what  string
		run   func()
		stays bool
	}{
		{"the second translation still needs it", func() { m.apply(t, arguments) }, true},
		{"no forward needs it",
			func() { m.applyWith(t, services.ParseNAT, map[string]any{"name": "second", "state": "absent"}) }, false},
	} {
		step.run()
		if hairpin("veth7") != step.stays || !hairpin("veth8") {
			t.Errorf("%s: hairpin mode: %v, and what somebody else has set: %v", step.what, hairpin("veth7"), hairpin("veth8"))
		}
	}
	for _, port := range []string{"veth7", "veth8"} {
		m.host.IP(t, "link", "delete", port)
	}
}

// listen waits for connections in a namespace.
func listen(t *testing.T, namespace *netnstest.Namespace, address string) net.Listener {
	t.Helper()
	var listener net.Listener
	namespace.Do(t, func() {
		var err error
		if listener, err = net.Listen("tcp", address); err != nil {
			t.Fatal(err)
		}
	})
	return listener
}
