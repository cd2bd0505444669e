//go:build netns

package nft

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/plan"
)

func forwards(list ...map[string]any) map[string]any {
	out := make([]any, len(list))
	for i, one := range list {
		out[i] = one
	}
	return map[string]any{"nat6": true, "port_forwards": out}
}

// TestEveryShapeOfForward asks over real connections, from outside and from a neighbour.
func TestEveryShapeOfForward(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, address := range []string{"192.0.2.10/24", "192.0.2.11/24", "192.0.2.12/24", "2001:db8::10/64",
		"2001:db8::11/64"} {
		s.host.IP(t, "address", "add", address, "dev", "wan", "nodad")
	}
	s.outside.IP(t, "address", "add", "198.51.100.9/32", "dev", "lo")
	s.host.IP(t, "route", "add", "198.51.100.9/32", "via", "192.0.2.99")
	s.apply(t, lxcbr0(t, forwards(
		map[string]any{"port": 80, "to": "10.0.3.7"},
		map[string]any{"port": "9000-9010", "to": "10.0.3.7"},
		map[string]any{"port": "7000-7010", "to": "10.0.3.7", "to_port": 6000},
		map[string]any{"port": "8000-8003", "to": "fd05::7", "to_port": 5000,
			"address": []any{"2001:db8::10", "2001:db8::11"}},
		map[string]any{"port": 443, "to": "10.0.3.7", "to_port": 4430, "address": []any{"192.0.2.10", "192.0.2.11"}},
		map[string]any{"port": 443, "to": "10.0.3.8", "to_port": 4431, "address": "192.0.2.1"},
		map[string]any{"to": "10.0.3.7", "address": "192.0.2.12"},
		map[string]any{"port": 22, "to": "10.0.3.8", "address": "192.0.2.12"},
		map[string]any{"to": "fd05::7", "address": "2001:db8::10"},
		map[string]any{"to": "fd05::8", "address": "2001:db8::10", "protocol": "tcp", "source": "2001:db8:9::/64"},
		map[string]any{"port": 25, "to": "10.0.3.7", "source": "198.51.100.0/24"},
		map[string]any{"port": 25, "to": "10.0.3.8", "source": "192.0.2.64/26"},
		map[string]any{"port": "60-69", "to": "10.0.3.7", "source": "192.0.2.64/26", "address": "192.0.2.1"},
		map[string]any{"port": 81, "to": "10.0.3.7", "to_port": 80, "hairpin": false},
	)))
	for _, c := range []struct{ client, server, listen, target, want string }{
		{"outside", "inside", "10.0.3.7:80", "192.0.2.1:80", "192.0.2.99"},
		{"outside", "inside", "10.0.3.7:80", "192.0.2.10:80", "192.0.2.99"},
		{"neighbour", "inside", "10.0.3.7:80", "192.0.2.1:80", "10.0.3.1"},
		{"outside", "inside", "10.0.3.7:9010", "192.0.2.1:9010", "192.0.2.99"},
		{"outside", "inside", "10.0.3.7:9011", "192.0.2.1:9011", refused},
		{"outside", "inside", "10.0.3.7:6000", "192.0.2.1:7000", "192.0.2.99"},
		{"outside", "inside", "10.0.3.7:6010", "192.0.2.1:7010", "192.0.2.99"},
		{"outside", "inside", "[fd05::7]:5003", "[2001:db8::11]:8003", "2001:db8::99"},
		{"outside", "inside", "[fd05::7]:5003", "[2001:db8::1]:8003", refused},
		{"outside", "inside", "10.0.3.7:4430", "192.0.2.10:443", "192.0.2.99"},
		{"outside", "inside", "10.0.3.7:4430", "192.0.2.11:443", "192.0.2.99"},
		{"outside", "neighbour", "10.0.3.8:4431", "192.0.2.1:443", "192.0.2.99"},
		{"outside", "inside", "10.0.3.7:1234", "192.0.2.12:1234", "192.0.2.99"},
		{"neighbour", "inside", "10.0.3.7:1234", "192.0.2.12:1234", "10.0.3.1"},
		{"outside", "neighbour", "10.0.3.8:22", "192.0.2.12:22", "192.0.2.99"},
		{"outside", "inside", "[fd05::7]:99", "[2001:db8::10]:99", "2001:db8::99"},
		{"outside", "neighbour", "10.0.3.8:25", "192.0.2.1:25", "192.0.2.99"},
		{"outside", "inside", "10.0.3.7:69", "192.0.2.1:69", "192.0.2.99"},
		{"outside", "inside", "10.0.3.7:69", "192.0.2.10:69", refused},
		{"outside", "inside", "10.0.3.7:80", "192.0.2.1:81", "192.0.2.99"},
		{"neighbour", "inside", "10.0.3.7:80", "192.0.2.1:81", refused},
	} {
		places := map[string]*netnstest.Namespace{"outside": s.outside, "inside": s.inside, "neighbour": s.neighbour}
		client, server := places[c.client], places[c.server]
		if seen := ask(t, server, client, netip.MustParseAddrPort(c.listen),
			netip.MustParseAddrPort(c.target)); seen != c.want {
			t.Errorf("%s asks %s: %s saw %s, want %s", c.client, c.target, c.listen, seen, c.want)
		}
	}
	// A whole address answers pings, too: they reach the container and not the host.
	s.inside.Exec(t, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all")
	if output, err := s.outside.Try("ping", "-c1", "-W1", "192.0.2.12"); err == nil {
		t.Errorf("a ping to the whole address does not reach the container: %s", output)
	}
	s.outside.Exec(t, "ping", "-c1", "-W1", "192.0.2.11")
}

// nftMaps are the maps of our table, as nft reads them.
func (s *site) nftMaps(t *testing.T) map[string][]any {
	t.Helper()
	var listed struct {
		Nftables []struct {
			Map *struct {
				Name string
				Type any
				Elem []any
			}
		}
	}
	if err := json.Unmarshal([]byte(s.host.Exec(t, "nft", "-j", "list", "table", "inet", "hostnet_lxcbr0")),
		&listed); err != nil {
		t.Fatal(err)
	}
	out := map[string][]any{}
	for _, one := range listed.Nftables {
		if one.Map != nil {
			out[one.Map.Name] = one.Map.Elem
		}
	}
	return out
}

// TestForwardsOfEveryProtocolAreInMaps as nft reads them, and an edit by hand is seen and mended.
func TestForwardsOfEveryProtocolAreInMaps(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	wanted := lxcbr0(t, forwards(
		map[string]any{"port": 5060, "to": "10.0.3.7", "protocol": "udp"},
		map[string]any{"port": 5060, "to": "10.0.3.7", "protocol": "sctp", "to_port": 5061},
		map[string]any{"port": 5060, "to": "fd05::7", "protocol": "sctp"},
		map[string]any{"port": "100-200", "to": "10.0.3.7", "protocol": "sctp"},
		map[string]any{"to": "10.0.3.7", "protocol": "udp", "address": "192.0.2.2"},
	))
	s.apply(t, wanted)
	got := s.nftMaps(t)
	for name, want := range map[string][]string{
		"ports4": {`[{"concat":["udp",5060]},{"concat":["10.0.3.7",5060]}]`,
			`[{"concat":["sctp",5060]},{"concat":["10.0.3.7",5061]}]`},
		"ports6":           {`[{"concat":["sctp",5060]},{"concat":["fd05::7",5060]}]`},
		"ranges4":          {`[{"concat":["sctp",{"range":[100,200]}]},"10.0.3.7"]`},
		"protocols4_daddr": {`[{"concat":["192.0.2.2","udp"]},"10.0.3.7"]`},
	} {
		var texts []string
		for _, element := range got[name] {
			text, _ := json.Marshal(element)
			texts = append(texts, string(text))
		}
		slices.Sort(texts)
		slices.Sort(want)
		if !slices.Equal(texts, want) {
			t.Errorf("map %s holds %q, want %q", name, texts, want)
		}
	}
	rules := s.host.Exec(t, "nft", "-s", "list", "ruleset")
	for _, edit := range []string{
		"delete element inet hostnet_lxcbr0 ports4 { udp . 5060 }",
		"add element inet hostnet_lxcbr0 ports4 { tcp . 22 : 10.0.3.9 . 22 }",
		"delete element inet hostnet_lxcbr0 ranges4 { sctp . 100-200 }",
		"flush map inet hostnet_lxcbr0 protocols4_daddr",
	} {
		s.host.Exec(t, "nft", edit)
		result := s.plan(t, wanted)
		if len(result.Steps) != 1 || len(result.Steps[0].Changes) != 1 ||
			!strings.HasPrefix(result.Steps[0].Changes[0].Option, "map ") {
			t.Errorf("after %s: %+v", edit, plan.Describe(result.Steps))
		}
		s.apply(t, wanted)
		if after := s.host.Exec(t, "nft", "-s", "list", "ruleset"); sorted(after) != sorted(rules) {
			t.Errorf("after %s and a repair:\n%s\nbefore:\n%s", edit, after, rules)
		}
	}
	before, err := Observe(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	s.apply(t, lxcbr0(t, nil))
	var kept State
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if err := Restore(s.conn, &kept); err != nil {
		t.Fatal(err)
	}
	if after := s.host.Exec(t, "nft", "-s", "list", "ruleset"); sorted(after) != sorted(rules) {
		t.Errorf("restored through JSON:\n%s\nbefore:\n%s", after, rules)
	}
}

// sorted has the lines in an order: that of elements in a hash says nothing.
func sorted(rules string) string {
	words := strings.FieldsFunc(rules, func(r rune) bool { return strings.ContainsRune("\n\t,{} ", r) })
	slices.Sort(words)
	return strings.Join(words, " ")
}

// TestAThousandForwardsAreOneLookup: a rule for each chain, a map, and a change of one in no time.
func TestAThousandForwardsAreOneLookup(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	thousand := func(to string) *NAT {
		var list []map[string]any
		for i := range 1000 {
			list = append(list, map[string]any{"port": 10000 + i, "to": "10.0.3.7", "to_port": 80})
		}
		list[500]["to"] = to
		return lxcbr0(t, forwards(list...))
	}
	// The machine has other work as well: the shortest of some runs is what it takes.
	all, one, alone := time.Hour, time.Hour, time.Hour
	single := func(to string) *NAT { return lxcbr0(t, forwards(map[string]any{"port": 80, "to": to})) }
	took := func(wanted *NAT) (time.Duration, *Result) {
		began := time.Now()
		result := s.plan(t, wanted)
		if err := plan.Run(result.Steps, nil); err != nil {
			t.Fatal(err)
		}
		return time.Since(began), result
	}
	var changes string
	for range 5 {
		s.apply(t, lxcbr0(t, map[string]any{"state": "absent"}))
		s.apply(t, single("10.0.3.7"))
		baseline, _ := took(single("10.0.3.8"))
		alone = min(alone, baseline)
		wanted, changed := thousand("10.0.3.7"), thousand("10.0.3.8")
		began := time.Now()
		s.apply(t, wanted)
		all = min(all, time.Since(began))
		change, result := took(changed)
		one = min(one, change)
		changes = fmt.Sprint(result.Steps[0].Changes)
	}
	if all > time.Second || one > max(50*time.Millisecond, 20*alone) {
		t.Errorf("1,000 forwards, made and read back twice, take %v, and a change of one takes %v; of a single one %v", all,
			one, alone)
	}
	t.Logf("1,000 forwards, made and read back twice: %v; a change of one: %v; of a single one: %v", all, one, alone)
	if changes != "[{map ports4 [tcp . 10500 : 10.0.3.7 . 80] [tcp . 10500 : 10.0.3.8 . 80]}]" {
		t.Errorf("changes: %s", changes)
	}
	if rules := s.host.Exec(t, "nft", "list", "chain", "inet", "hostnet_lxcbr0", "dstnat"); strings.Count(rules,
		"dnat") != 1 {
		t.Errorf("rules: %s", rules)
	}
	if maps := s.nftMaps(t); len(maps) != 1 || len(maps["ports4"]) != 1000 {
		t.Errorf("maps: %d", len(maps))
	}
	if seen := ask(t, s.neighbour, s.outside, netip.MustParseAddrPort("10.0.3.8:80"),
		netip.MustParseAddrPort("192.0.2.1:10500")); seen != "192.0.2.99" {
		t.Errorf("the one that has changed: %s", seen)
	}
	if seen := ask(t, s.inside, s.outside, netip.MustParseAddrPort("10.0.3.7:80"),
		netip.MustParseAddrPort("192.0.2.1:10999")); seen != "192.0.2.99" {
		t.Errorf("another one: %s", seen)
	}
}
