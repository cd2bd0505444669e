//go:build netns

package nft

import (
	"net/netip"
	"strings"
	"testing"

	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// site is a host between an inside with two neighbours and an outside.
type site struct {
	host, inside, neighbour, outside *netnstest.Namespace
	conn                             *nftables.Conn
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{netnstest.New(t), netnstest.New(t), netnstest.New(t), netnstest.New(t), nil}
	s.host.IP(t, "link", "add", "lxcbr0", "up", "type", "bridge")
	for _, address := range []string{"10.0.3.1/24", "fd05::1/64"} {
		s.host.IP(t, "address", "add", address, "dev", "lxcbr0", "nodad")
	}
	attach := func(inside *netnstest.Namespace, port, v4, v6 string) {
		s.host.IP(t, "link", "add", port, "up", "type", "veth", "peer", "name", "eth0", "netns", inside.Name)
		s.host.IP(t, "link", "set", port, "master", "lxcbr0")
		configure(t, inside, v4, v6)
		inside.IP(t, "route", "add", "default", "via", "10.0.3.1")
		inside.IP(t, "route", "add", "default", "via", "fd05::1")
	}
	attach(s.inside, "c1", "10.0.3.7/24", "fd05::7/64")
	attach(s.neighbour, "c2", "10.0.3.8/24", "fd05::8/64")
	s.host.IP(t, "link", "add", "wan", "up", "type", "veth", "peer", "name", "eth0", "netns", s.outside.Name)
	s.host.IP(t, "address", "add", "192.0.2.1/24", "dev", "wan")
	s.host.IP(t, "address", "add", "192.0.2.2/24", "dev", "wan")
	s.host.IP(t, "address", "add", "2001:db8::1/64", "dev", "wan", "nodad")
	configure(t, s.outside, "192.0.2.99/24", "2001:db8::99/64")
	s.host.Exec(t, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")
	conn, err := nftables.Open("/run/netns/" + s.host.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	s.conn = conn
	return s
}

func configure(t *testing.T, namespace *netnstest.Namespace, v4, v6 string) {
	t.Helper()
	namespace.IP(t, "link", "set", "eth0", "up")
	namespace.IP(t, "address", "add", v4, "dev", "eth0")
	namespace.IP(t, "address", "add", v6, "dev", "eth0", "nodad")
}

// apply makes the rules so, looks that a second run has nothing to do, and returns the warnings.
func (s *site) apply(t *testing.T, wanted ...*NAT) []string {
	t.Helper()
	result := s.plan(t, wanted...)
	plan.Order(result.Steps)
	if err := plan.Run(result.Steps, nil); err != nil {
		t.Fatal(err)
	}
	if again := s.plan(t, wanted...); len(again.Steps) > 0 {
		t.Fatalf("a second run would %+v", plan.Describe(again.Steps))
	}
	return result.Warnings
}

func (s *site) plan(t *testing.T, wanted ...*NAT) *Result {
	t.Helper()
	current, err := Observe(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	return Plan(s.conn, current, wanted)
}

// parse reads a NAT object as a playbook would write it.
func parse(t *testing.T, fields map[string]any) *NAT {
	t.Helper()
	var nat NAT
	var problems schema.Problems
	Options().Parse(&nat, fields, schema.At("", &problems))
	nat.Check(schema.At("", &problems))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return &nat
}

func lxcbr0(t *testing.T, more map[string]any) *NAT {
	t.Helper()
	fields := map[string]any{"name": "lxcbr0", "interface": "lxcbr0", "subnets": []any{"10.0.3.0/24", "fd05::/64"}}
	for key, value := range more {
		fields[key] = value
	}
	return parse(t, fields)
}

// seenSource is the address that the outside sees when a client asks it for it over TCP.
func (s *site) seenSource(t *testing.T, client *netnstest.Namespace, server string) string {
	t.Helper()
	return ask(t, s.outside, client, netip.MustParseAddrPort(server), netip.MustParseAddrPort(server))
}

func TestMasqueradeIsSeenOutside(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	if source := s.seenSource(t, s.inside, "192.0.2.99:7"); source != "192.0.2.1" {
		t.Errorf("the outside saw %s, want the host's address", source)
	}
	// IPv6 goes out untranslated, by a prefix that is routed here.
	s.outside.IP(t, "route", "add", "fd05::/64", "via", "2001:db8::1")
	if source := s.seenSource(t, s.inside, "[2001:db8::99]:7"); source != "fd05::7" {
		t.Errorf("the outside saw %s, want the inside address", source)
	}
	s.apply(t, lxcbr0(t, map[string]any{"nat": true, "nat6": true, "nat_address": "192.0.2.2"}))
	if source := s.seenSource(t, s.inside, "192.0.2.99:7"); source != "192.0.2.2" {
		t.Errorf("with nat_address, the outside saw %s", source)
	}
	if source := s.seenSource(t, s.inside, "[2001:db8::99]:7"); source != "2001:db8::1" {
		t.Errorf("with nat6, the outside saw %s", source)
	}
	s.outside.IP(t, "route", "add", "10.0.3.0/24", "via", "192.0.2.1")
	s.apply(t, lxcbr0(t, map[string]any{"nat_exclude": []any{"192.0.2.0/24"}}))
	if source := s.seenSource(t, s.inside, "192.0.2.99:7"); source != "10.0.3.7" {
		t.Errorf("excluded: the outside saw %s", source)
	}
	s.apply(t, lxcbr0(t, map[string]any{"nat_exclude": []any{"wan"}}))
	if source := s.seenSource(t, s.inside, "192.0.2.99:7"); source != "10.0.3.7" {
		t.Errorf("excluded by interface: the outside saw %s", source)
	}
}

func TestNATWithoutSubnets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, parse(t, map[string]any{"name": "any", "interface": "lxcbr0", "out_interface": "wan", "nat6": true}))
	for server, want := range map[string]string{"192.0.2.99:7": "192.0.2.1", "[2001:db8::99]:7": "2001:db8::1"} {
		if source := s.seenSource(t, s.inside, server); source != want {
			t.Errorf("the outside saw %s, want %s", source, want)
		}
	}
}

func TestPortForwards(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, map[string]any{"nat6": true, "port_forwards": []any{
		map[string]any{"port": 8080, "to": "10.0.3.7", "to_port": 80},
		map[string]any{"port": "9000-9002", "to": "10.0.3.7"},
		map[string]any{"port": 8080, "to": "fd05::7", "to_port": 80},
		map[string]any{"port": 7000, "to": "10.0.3.7", "to_port": 80, "hairpin": false},
		map[string]any{"port": 7001, "to": "10.0.3.7", "to_port": 80, "source": "198.51.100.0/24"},
	}}))
	for _, c := range []struct {
		name           string
		client         *netnstest.Namespace
		listen, target string
		want           string
	}{
		{"from outside", s.outside, "10.0.3.7:80", "192.0.2.1:8080", "192.0.2.99"},
		{"a range", s.outside, "10.0.3.7:9001", "192.0.2.1:9001", "192.0.2.99"},
		{"IPv6", s.outside, "[fd05::7]:80", "[2001:db8::1]:8080", "2001:db8::99"},
		{"hairpin", s.neighbour, "10.0.3.7:80", "192.0.2.1:8080", "10.0.3.1"},
		{"the host itself", s.host, "10.0.3.7:80", "192.0.2.1:8080", ""},
		{"no hairpin", s.neighbour, "10.0.3.7:80", "192.0.2.1:7000", refused},
		{"another source", s.outside, "10.0.3.7:80", "192.0.2.1:7001", refused},
	} {
		seen := ask(t, s.inside, c.client, netip.MustParseAddrPort(c.listen), netip.MustParseAddrPort(c.target))
		if seen != c.want && c.want != "" || seen == refused && c.want != refused {
			t.Errorf("%s: the container saw %s, want %s", c.name, seen, c.want)
		}
	}
}

func TestIsolationBetweenBridges(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	other := netnstest.New(t)
	s.host.IP(t, "link", "add", "br1", "up", "type", "bridge")
	s.host.IP(t, "address", "add", "10.0.4.1/24", "dev", "br1")
	s.host.IP(t, "link", "add", "d1", "up", "type", "veth", "peer", "name", "eth0", "netns", other.Name)
	s.host.IP(t, "link", "set", "d1", "master", "br1")
	configure(t, other, "10.0.4.7/24", "fd06::7/64")
	other.IP(t, "route", "add", "default", "via", "10.0.4.1")
	target, back := netip.MustParseAddrPort("10.0.4.7:7"), netip.MustParseAddrPort("10.0.3.7:7")
	s.apply(t, lxcbr0(t, nil))
	if seen := ask(t, other, s.inside, target, target); seen != "10.0.4.1" {
		t.Errorf("not isolated: saw %s", seen)
	}
	s.apply(t, lxcbr0(t, map[string]any{"isolated": true}))
	if seen := ask(t, other, s.inside, target, target); seen != refused {
		t.Errorf("isolated: saw %s", seen)
	}
	if seen := ask(t, s.inside, other, back, back); seen != refused {
		t.Errorf("isolated, the other way: saw %s", seen)
	}
	if seen := s.seenSource(t, s.inside, "192.0.2.99:7"); seen != "192.0.2.1" {
		t.Errorf("isolated, to the outside: saw %s", seen)
	}
}

func TestRepairAndRemoval(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.host.Exec(t, "nft",
		"add table inet mine; add chain inet mine c { type filter hook forward priority 5; }; add rule inet mine c counter")
	before := s.host.Exec(t, "nft", "-s", "list", "ruleset")
	s.apply(t, lxcbr0(t, nil))
	s.host.Exec(t, "nft", "flush", "chain", "inet", "hostnet_lxcbr0", "srcnat_24")
	result := s.plan(t, lxcbr0(t, nil))
	if len(result.Steps) != 1 || len(result.Steps[0].Changes) != 1 ||
		result.Steps[0].Changes[0].Option != "chain srcnat_24" {
		t.Errorf("after a flush: %+v", plan.Describe(result.Steps))
	}
	s.apply(t, lxcbr0(t, nil))
	rules := s.host.Exec(t, "nft", "-s", "list", "ruleset")
	for _, edit := range []string{
		`flush table inet hostnet_lxcbr0`, `delete table inet hostnet_lxcbr0`,
		`insert rule inet hostnet_lxcbr0 forward iifname "lxcbr0" drop`,
		`add chain inet hostnet_lxcbr0 more`, `add chain inet hostnet_lxcbr0 forward { policy drop; }`,
	} {
		s.host.Exec(t, "nft", edit)
		if changed := s.plan(t, lxcbr0(t, nil)); len(changed.Steps) != 1 {
			t.Errorf("after %s: %+v", edit, plan.Describe(changed.Steps))
		}
		s.apply(t, lxcbr0(t, nil))
		if after := s.host.Exec(t, "nft", "-s", "list", "ruleset"); after != rules {
			t.Errorf("after %s and a repair: %s", edit, after)
		}
	}
	s.apply(t, lxcbr0(t, map[string]any{"state": "absent"}))
	if after := s.host.Exec(t, "nft", "-s", "list", "ruleset"); after != before {
		t.Errorf("after absent: %s", after)
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	before, err := Observe(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	rules := s.host.Exec(t, "nft", "-s", "list", "ruleset")
	s.apply(t, lxcbr0(t, map[string]any{"isolated": true, "mss_clamp": "pmtu"}),
		parse(t, map[string]any{"name": "b", "interface": "wan"}))
	if err := Restore(s.conn, before); err != nil {
		t.Fatal(err)
	}
	if after := s.host.Exec(t, "nft", "-s", "list", "ruleset"); after != rules {
		t.Errorf("restored: %s\nwant %s", after, rules)
	}
}

// docker is what Docker 20 to 28 leaves in the tables of iptables-nft, cut to what decides.
const docker = `table ip filter {
	chain DOCKER-USER { counter return; }
	chain DOCKER { }
	chain FORWARD { type filter hook forward priority filter; policy drop;
		counter jump DOCKER-USER
		oifname "docker0" ct state established,related counter accept
		oifname "docker0" counter jump DOCKER
		iifname "docker0" oifname != "docker0" counter accept
	}
}`

func (s *site) load(t *testing.T, ruleset string) {
	t.Helper()
	// nft wants a line to end before a closing brace.
	s.host.Exec(t, "nft", strings.ReplaceAll(ruleset, "} }", "}\n}\n"))
}

func TestDockerIsHandled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.load(t, docker)
	foreign := s.host.Exec(t, "nft", "-s", "list", "ruleset")
	warnings := s.apply(t, lxcbr0(t, map[string]any{"firewall": "warn"}))
	if len(warnings) != 1 || !strings.Contains(warnings[0], "the policy of chain ip filter FORWARD") {
		t.Errorf("warnings: %q", warnings)
	}
	if warnings := s.apply(t, lxcbr0(t, map[string]any{"firewall": "ignore"})); len(warnings) != 0 {
		t.Errorf("ignored: %q", warnings)
	}
	if seen := s.seenSource(t, s.inside, "192.0.2.99:7"); seen != refused {
		t.Errorf("Docker's policy let through to %s: the test proves nothing", seen)
	}
	if warnings := s.apply(t, lxcbr0(t, nil)); len(warnings) != 0 {
		t.Errorf("warnings: %q", warnings)
	}
	if seen := s.seenSource(t, s.inside, "192.0.2.99:7"); seen != "192.0.2.1" {
		t.Errorf("with our rules in DOCKER-USER: saw %s", seen)
	}
	s.host.Exec(t, "nft", "flush", "chain", "ip", "filter", "DOCKER-USER")
	s.host.Exec(t, "nft", "add", "rule", "ip", "filter", "DOCKER-USER", "counter", "return")
	s.apply(t, lxcbr0(t, nil))
	s.apply(t, lxcbr0(t, map[string]any{"state": "absent"}))
	if after := s.host.Exec(t, "nft", "-s", "list", "ruleset"); after != foreign {
		t.Errorf("after absent: %s", after)
	}
}

func TestFirewallsInTheWay(t *testing.T) {
	t.Parallel()
	const guarded = `type filter hook input priority filter; policy drop; ct state established accept;`
	for name, c := range map[string]struct {
		ruleset string
		want    []string // parts of the warnings, in their order
	}{
		"none": {"table inet f { chain c { type filter hook forward priority 0; } }", nil},
		"policy": {"table inet f { chain c { type filter hook forward priority 0; policy drop; } }",
			[]string{"the policy of chain inet f c"}},
		"opened": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "lxcbr0" accept; } }`, nil},
		"wildcard": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "lxc*" accept; } }`, nil},
		"another bridge": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname "br0" accept; } }`,
			[]string{"iifname \"lxcbr0\" accept"}},
		"set": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname { "lxcbr0", "b" } accept; } }`,
			nil},
		"set of others": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname { "br0", "br1" } accept; ct state { established, related } accept; } }`,
			[]string{"the policy of chain inet f c"}},
		"map": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; ct state vmap { established : accept, related : accept, invalid : drop }; } }`,
			[]string{"the policy of chain inet f c"}},
		"map, jump": {`table inet f { chain d { accept; }
			chain c { type filter hook forward priority 0; policy drop; iifname vmap { "lxcbr0" : jump d }; } }`, nil},
		"subnets": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; ip saddr { 10.0.0.0/8, 192.168.0.0/16 } accept; } }`, nil},
		"two fields": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; ip saddr . ip daddr { 10.0.3.2 . 192.0.2.1 } accept; } }`, nil},
		"any but": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; iifname != { "br0", "br1" } accept; } }`,
			nil},
		"other subnets": {
			`table inet f { chain c { type filter hook forward priority 0; policy drop; ip saddr { 10.1.0.0/16, 192.168.0.0/16 } accept; } }`,
			[]string{"the policy of chain inet f c"}},
		"named set": {`table inet f { set s { type ipv4_addr; flags interval; elements = { 10.1.0.0/16 }; }
			chain c { type filter hook forward priority 0; policy drop; ip saddr @s accept; } }`, nil},
		"last rule": {
			`table inet f { chain c { type filter hook forward priority 0; ct state established accept; reject; } }`,
			[]string{"a rule in chain inet f c"}},
		"input": {"table inet f { chain c { " + guarded + " } }",
			[]string{"DHCP from lxcbr0", "DNS from lxcbr0"}},
		"input, DHCP open": {"table inet f { chain c { " + guarded + " udp dport 67 accept; } }",
			[]string{"DNS from lxcbr0"}},
		"input, subnet": {"table inet f { chain c { " + guarded + " ip saddr 10.0.3.0/24 accept; } }", nil},
		"ufw": {`table ip filter {
			chain ufw-user-forward { }
			chain ufw-before-forward { ct state established,related accept; ip protocol icmp accept; jump ufw-user-forward; }
			chain FORWARD { type filter hook forward priority 0; policy drop; jump ufw-before-forward; }
		}`, []string{"ufw route allow in on lxcbr0"}},
		"firewalld": {`table inet firewalld {
			chain filter_FORWARD { type filter hook forward priority 10; ct state established accept; iifname "lo" accept; reject with icmpx admin-prohibited; }
		}`, []string{"firewall-cmd --zone=trusted --add-interface=lxcbr0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := netnstest.New(t)
			conn, err := nftables.Open("/run/netns/" + host.Name)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			s := &site{host: host, conn: conn}
			s.load(t, c.ruleset)
			nat := lxcbr0(t, map[string]any{"services": []any{"dhcp", "dns"}, "subnets": []any{"10.0.3.0/24"}})
			warnings := s.plan(t, nat).Warnings
			if len(warnings) != len(c.want) {
				t.Fatalf("warnings: %q, want %q", warnings, c.want)
			}
			for i, want := range c.want {
				if !strings.Contains(warnings[i], want) {
					t.Errorf("warning %q, want %q in it", warnings[i], want)
				}
			}
		})
	}
}
