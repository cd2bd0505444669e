//go:build netns

package nft

import (
	"net/netip"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"hostnet.linux/internal/plan"
)

// warned makes the rules so, and returns the warnings of a host whose default routes lead over a link.
func (s *site) warned(t *testing.T, uplink string, wanted *NAT) []string {
	t.Helper()
	current, err := Observe(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	current.Uplinks = map[bool][]string{false: {uplink}, true: {uplink}}
	result := Plan(s.conn, current, []*NAT{wanted})
	plan.Order(result.Steps)
	if err := plan.Run(result.Steps, nil); err != nil {
		t.Fatal(err)
	}
	return result.Warnings
}

var command = regexp.MustCompile("`(nft [^`]*)`")

// obey runs the command that the warning names.
func (s *site) obey(t *testing.T, warning string) {
	t.Helper()
	match := command.FindStringSubmatch(warning)
	if match == nil {
		t.Fatalf("no command in %q", warning)
	}
	if output, err := exec.Command("ip", "netns", "exec", s.host.Name, "sh", "-c", match[1]).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", match[1], err, output)
	}
}

// forwardsInTheWay are rules that may stop the forward of port 8080 to port 80 of the container, from the outside.
var forwardsInTheWay = map[string]struct {
	ruleset string
	want    string // a part of the warning; "" for a forward that works
}{
	"policy": {
		`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "lxcbr0" accept; ct state established,related accept; } }`, "the policy of chain inet f c"},
	"outwards only": {
		`table inet f { chain c { type filter hook forward priority 0; ct state established,related accept; iifname "lxcbr0" accept; oifname "lxcbr0" reject; } }`, `a rule in chain inet f c (rule 3, handle 4: oifname "lxcbr0" reject)`},
	"opened by interface": {
		`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "lxcbr0" accept; ct state established accept; oifname "lxcbr0" accept; } }`, ""},
	"opened by number": {
		`table inet f { chain c { type filter hook forward priority 0; policy drop; iif "lxcbr0" accept; ct state established accept; iif "wan" accept; } }`, ""},
	"another number": {
		`table inet f { chain c { type filter hook forward priority 0; policy drop; iif "lo" accept; iif "lxcbr0" accept; ct state established accept; } }`, "the policy of chain inet f c"},
	"opened by port": {
		`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "lxcbr0" accept; ct state established accept; ip daddr 10.0.3.7 tcp dport 80 accept; } }`, ""},
	"the wrong port": {
		`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "lxcbr0" accept; ct state established accept; tcp dport 8080 accept; } }`, "the policy of chain inet f c"},
	"ports": {
		`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "lxcbr0" accept; ct state established accept; tcp dport { 22, 80-90 } accept; } }`, ""},
	"a range": {
		`table inet f { chain c { type filter hook forward priority 0; iifname "lxcbr0" accept; ct state established accept; tcp dport != 1000-2000 drop; } }`, `a rule in chain inet f c (rule 3, handle 4: meta l4proto tcp …`},
	"dnat": {
		`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "lxcbr0" accept; ct state established accept; ct status dnat accept; } }`, ""},
	"a container": {
		`table inet f { chain c { type filter hook forward priority 0; iifname "lxcbr0" accept; ct state established accept; ip daddr 10.0.3.7 drop; } }`, `(rule 3, handle 4: ip daddr 10.0.3.7 drop)`},
	"its subnet": {
		`table inet f { chain c { type filter hook forward priority 0; iifname "lxcbr0" accept; ct state established accept; ip daddr 10.0.3.0/28 drop; } }`, `ip daddr 10.0.3.0/28 drop)`},
	"a chain of rules": {`table ip f { chain inside { tcp dport 25 accept; drop comment "not here"; }
		chain c { type filter hook forward priority 0; iifname "lxcbr0" accept; ct state established accept; oifname "lxc*" jump inside; } }`, `a rule in chain ip f inside (rule 2, handle 4: drop comment "not here")`},
	"a kind": {
		`table inet f { chain c { type filter hook forward priority 0; iifname "lxcbr0" accept; ct state established accept; meta oifkind "bridge" drop; } }`, `meta oifkind "bridge" drop`},
	"IPv6": {`table ip6 f { chain c { type filter hook forward priority 0; policy drop; iifname "lxcbr0" accept; } }`,
		""},
	"Docker": {docker, ""},
	"Docker behind a rule": {strings.Replace(docker, "counter jump DOCKER-USER", `iifname "lxcbr0" accept
		ct state established accept
		tcp dport 80 drop
		counter jump DOCKER-USER`, 1), "a rule in chain ip filter FORWARD (rule 3"},
	"a policy in DOCKER-USER": {strings.Replace(docker, "{ counter return; }", `{ iifname "wan" tcp dport 80 drop; }`, 1),
		""},
}

// TestForwardsThatFirewallsStop: what is warned of does not work, what is not does, and the command that is named opens
// it.
func TestForwardsThatFirewallsStop(t *testing.T) {
	t.Parallel()
	wanted := forwards(map[string]any{"port": 8080, "to": "10.0.3.7", "to_port": 80})
	reached := func(t *testing.T, s *site) bool {
		return ask(t, s.inside, s.outside, netip.MustParseAddrPort("10.0.3.7:80"),
			netip.MustParseAddrPort("192.0.2.1:8080")) != refused
	}
	for name, c := range forwardsInTheWay {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.load(t, c.ruleset)
			warnings := s.warned(t, "wan", lxcbr0(t, wanted))
			if works := reached(t, s); works != (c.want == "") {
				t.Errorf("the forward works: %v, and the warnings are %q", works, warnings)
			}
			if c.want == "" {
				if len(warnings) > 0 {
					t.Errorf("warnings: %q", warnings)
				}
				return
			}
			if len(warnings) != 1 ||
				!strings.HasPrefix(warnings[0], "the forward of tcp port 8080 to 10.0.3.7 is dropped by ") ||
				!strings.Contains(warnings[0], c.want) {
				t.Fatalf("warnings: %q, want %s", warnings, c.want)
			}
			if strings.Contains(warnings[0], "`iptables -I FORWARD -o lxcbr0 -d 10.0.3.7 -p tcp --dport 80 -j ACCEPT`") {
				return // there is no iptables here
			}
			s.obey(t, warnings[0])
			if !reached(t, s) {
				t.Errorf("after what %q says it does not work", warnings[0])
			}
			if warnings := s.warned(t, "wan", lxcbr0(t, wanted)); len(warnings) > 0 {
				t.Errorf("after the command: %q", warnings)
			}
		})
	}
}

// TestIsolationWhereTheWayOutIsABridge drops all that goes out and comes in by it, which is told, and what to set.
func TestIsolationWhereTheWayOutIsABridge(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.host.IP(t, "link", "add", "vmbr0", "up", "type", "bridge")
	for _, command := range []string{"link set wan master vmbr0", "address flush dev wan",
		"address add 192.0.2.1/24 dev vmbr0"} {
		s.host.IP(t, strings.Fields(command)...)
	}
	isolated := forwards(map[string]any{"port": 8080, "to": "10.0.3.7", "to_port": 80},
		map[string]any{"port": 8081, "to": "10.0.3.7", "to_port": 80})
	isolated["isolated"], isolated["subnets"] = true, []any{"10.0.3.0/24"}
	warnings := s.warned(t, "vmbr0", lxcbr0(t, isolated))
	const advice = ": isolated drops this, as the way out is the bridge vmbr0: set out_interface: [vmbr0], which stays open"
	if len(warnings) != 3 {
		t.Fatalf("warnings: %q", warnings)
	}
	for i, part := range []string{
		"traffic to the outside from lxcbr0 is dropped by a rule in chain inet hostnet_lxcbr0 forward",
		"the forward of tcp port 8080 to 10.0.3.7", "the forward of tcp port 8081 to 10.0.3.7"} {
		if !strings.HasPrefix(warnings[i], part) || !strings.HasSuffix(warnings[i], advice) {
			t.Errorf("warning %q, want %s … %s", warnings[i], part, advice)
		}
	}
	outwards := func() string { return s.seenSource(t, s.inside, "192.0.2.99:7") }
	inwards := func() string {
		return ask(t, s.inside, s.outside, netip.MustParseAddrPort("10.0.3.7:80"), netip.MustParseAddrPort("192.0.2.1:8080"))
	}
	if out, in := outwards(), inwards(); out != refused || in != refused {
		t.Errorf("it works: the test proves nothing (%s, %s)", out, in)
	}
	isolated["out_interface"] = []any{"vmbr0"}
	if warnings := s.warned(t, "vmbr0", lxcbr0(t, isolated)); len(warnings) > 0 {
		t.Errorf("with out_interface: %q", warnings)
	}
	if out, in := outwards(), inwards(); out != "192.0.2.1" || in != "192.0.2.99" {
		t.Errorf("with out_interface: %s, %s", out, in)
	}
}

// TestAnIsolatedNeighbourIsNamed: its rules drop what comes from this bridge, whichever of them is published.
func TestAnIsolatedNeighbourIsNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.host.IP(t, "link", "add", "br1", "up", "type", "bridge")
	s.apply(t,
		parse(t, map[string]any{"name": "br1", "interface": "br1", "isolated": true, "subnets": []any{"10.0.4.0/24"}}))
	warnings := s.warned(t, "br1", lxcbr0(t, map[string]any{"subnets": []any{"10.0.3.0/24"}}))
	if len(warnings) != 1 || !strings.HasSuffix(warnings[0], ": br1 is isolated: name lxcbr0 in its out_interface") {
		t.Errorf("warnings: %q", warnings)
	}
}
