//go:build netns

package nftables

import (
	"net/netip"
	"strings"
	"testing"

	"hostnet.linux/internal/netnstest"
)

// everyPart has each match and each statement at least once.
func everyPart() *Table {
	subnet, subnet6 := netip.MustParsePrefix("10.0.3.0/24"), netip.MustParsePrefix("fd05::/64")
	host, host6 := netip.MustParseAddr("10.0.3.7"), netip.MustParseAddr("fd05::7")
	return &Table{Family: INet, Name: "hostnet_lxcbr0", Chains: []Chain{
		{Name: "input", Type: "filter", Hook: "input", Rules: []Rule{
			NewRule("dhcp", From("lxcbr0"), Port("udp", 67, 67), Count(), Accept()),
			NewRule("range", NotFrom("lxcbr0"), Port("tcp", 8000, 8010), Accept()),
			NewRule("router solicitations", From("lxcbr0"), ICMPv6("nd-router-solicit", 133), Accept()),
		}},
		{Name: "forward", Type: "filter", Hook: "forward", Drop: true, Rules: []Rule{
			NewRule("answers", To("lxcbr0"), Established(), Accept()),
			NewRule("isolation", From("lxcbr0"), ToKind("bridge"), NotTo("lxcbr0"), Drop()),
			NewRule("isolation", FromKind("bridge"), NotFrom("lxcbr0"), To("lxcbr0"), Drop()),
			NewRule("v6", Version(host6), Accept()),
		}},
		{Name: "mangle", Type: "filter", Hook: "forward", Priority: -150, Rules: []Rule{
			NewRule("mss", To("lxcbr0"), ClampSegments(0)),
			NewRule("mss", From("lxcbr0"), ClampSegments(1360)),
		}},
		{Name: "dstnat", Type: "nat", Hook: "prerouting", Priority: -100, Rules: []Rule{
			NewRule("forward", Local(), Port("tcp", 8080, 8080), RewriteDestination(host, 80)),
			NewRule("forward", Version(host6), Local(), Port("udp", 53, 53), RewriteDestination(host6, 5353)),
			NewRule("forward", Destination(netip.PrefixFrom(host, 32)), Port("udp", 60, 70), RewriteDestination(host, 0)),
		}},
		{Name: "srcnat", Type: "nat", Hook: "postrouting", Priority: 100, Rules: []Rule{
			NewRule("hairpin", Source(subnet), Redirected(), Masquerade()),
			NewRule("nat", Source(subnet), NotDestination(subnet), RewriteSource(host)),
			NewRule("nat", Source(subnet6), NotDestination(subnet6), RewriteSource(host6)),
		}},
	}}
}

func open(t *testing.T, namespace *netnstest.Namespace) *Conn {
	t.Helper()
	conn, err := Open("/run/netns/" + namespace.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestReplaceIsReadBackEqual(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	conn, want := open(t, namespace), everyPart()
	if have, err := conn.Table(INet, want.Name); have != nil || err != nil {
		t.Fatalf("before: %v, %v", have, err)
	}
	for range 2 {
		if err := conn.Replace(want); err != nil {
			t.Fatal(err)
		}
	}
	have, err := conn.Table(INet, want.Name)
	if err != nil {
		t.Fatal(err)
	}
	if !have.Equal(want) {
		t.Errorf("the table that was read differs:\n%s", differences(want, have))
	}
	// What was read can be sent again, as an undo does.
	if err := conn.Delete(INet, want.Name); err != nil {
		t.Fatal(err)
	}
	if list := namespace.Exec(t, "nft", "list", "ruleset"); strings.TrimSpace(list) != "" {
		t.Errorf("after Delete: %s", list)
	}
	if err := conn.Replace(have); err != nil {
		t.Fatal(err)
	}
	if again, err := conn.Table(INet, want.Name); err != nil || !again.Equal(want) {
		t.Errorf("put back: %v, %v", again, err)
	}
}

func differences(want, have *Table) string {
	var out strings.Builder
	for _, chain := range want.Chains {
		other := have.Chain(chain.Name)
		if other == nil {
			out.WriteString("no chain " + chain.Name + "\n")
			continue
		}
		for i, rule := range chain.Rules {
			if i < len(other.Rules) && !rule.Equal(other.Rules[i]) {
				out.WriteString(rule.Text + "\nwant " + Canonical(rule.Expressions) + "have " +
					Canonical(other.Rules[i].Expressions))
			}
		}
	}
	return out.String()
}

// The witness is nft: it must show the rules as their own text does.
func TestTextIsWhatNftShows(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	want := everyPart()
	if err := open(t, namespace).Replace(want); err != nil {
		t.Fatal(err)
	}
	list := namespace.Exec(t, "nft", "-s", "list", "table", "inet", want.Name)
	for _, chain := range want.Chains {
		for _, rule := range chain.Rules {
			if !strings.Contains(list, rule.Text) {
				t.Errorf("nft does not show %q:\n%s", rule.Text, list)
			}
		}
	}
}

func TestEditsAreSeen(t *testing.T) {
	t.Parallel()
	edits := map[string][]string{
		"flushed":       {"flush", "table", "inet", "hostnet_lxcbr0"},
		"chain flushed": {"flush", "chain", "inet", "hostnet_lxcbr0", "srcnat"},
		"added":         {"add", "rule", "inet", "hostnet_lxcbr0", "input", "drop"},
		"unknown part":  {"add", "rule", "inet", "hostnet_lxcbr0", "forward", "rt", "ip", "nexthop", "10.0.0.1", "drop"},
		"chain added":   {"add", "chain", "inet", "hostnet_lxcbr0", "mine"},
		"policy":        {"chain", "inet", "hostnet_lxcbr0", "forward", "{ policy accept; }"},
		"deleted":       {"delete", "table", "inet", "hostnet_lxcbr0"},
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := netnstest.New(t)
			conn, want := open(t, namespace), everyPart()
			if err := conn.Replace(want); err != nil {
				t.Fatal(err)
			}
			namespace.Exec(t, "nft", edit...)
			have, err := conn.Table(INet, want.Name)
			if err != nil {
				t.Fatal(err)
			}
			if have.Equal(want) {
				t.Error("the edit went unseen")
			}
		})
	}
	t.Run("reordered", func(t *testing.T) {
		t.Parallel()
		namespace := netnstest.New(t)
		conn, want, swapped := open(t, namespace), everyPart(), everyPart()
		rules := swapped.Chains[0].Rules
		rules[0], rules[1] = rules[1], rules[0]
		if err := conn.Replace(swapped); err != nil {
			t.Fatal(err)
		}
		if have, err := conn.Table(INet, want.Name); err != nil || have.Equal(want) {
			t.Errorf("the order went unseen (%v)", err)
		}
	})
}

func TestInsertAndDeleteRules(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	conn := open(t, namespace)
	namespace.Exec(t, "nft",
		"add table ip filter; add chain ip filter DOCKER-USER; add rule ip filter DOCKER-USER counter return")
	ours := []Rule{NewRule("a", From("lxcbr0"), Accept()), NewRule("b", To("lxcbr0"), Accept())}
	if err := conn.InsertRules(IPv4, "filter", "DOCKER-USER", ours); err != nil {
		t.Fatal(err)
	}
	table, err := conn.Table(IPv4, "filter")
	if err != nil {
		t.Fatal(err)
	}
	rules := table.Chain("DOCKER-USER").Rules
	if len(rules) != 3 || !rules[0].Equal(ours[0]) || !rules[1].Equal(ours[1]) || rules[0].Comment() != "a" {
		t.Fatalf("rules: %+v", rules)
	}
	if err := conn.DeleteRules(IPv4, "filter", "DOCKER-USER", []uint64{rules[0].Handle, rules[1].Handle}); err != nil {
		t.Fatal(err)
	}
	if list := namespace.Exec(t, "nft", "list", "ruleset"); strings.Contains(list, "lxcbr0") ||
		!strings.Contains(list, "return") {
		t.Errorf("after DeleteRules: %s", list)
	}
}

// A transaction that fails at its last rule leaves the old table.
func TestReplaceIsAllOrNothing(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	conn, want := open(t, namespace), everyPart()
	if err := conn.Replace(want); err != nil {
		t.Fatal(err)
	}
	broken := everyPart()
	broken.Chains = broken.Chains[:1]
	broken.Chains[0].Rules = append(broken.Chains[0].Rules, NewRule("nat in a filter chain", Masquerade()))
	err := conn.Replace(broken)
	if err == nil || !strings.Contains(err.Error(), "inet hostnet_lxcbr0") {
		t.Errorf("error: %v", err)
	}
	if have, err := conn.Table(INet, want.Name); err != nil || !have.Equal(want) {
		t.Errorf("the old table is gone: %v", err)
	}
}
