//go:build netns

package nftables

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/netnstest"
)

// foreignRules are those of one table as the connection tells them, by chain.
func foreignRules(t *testing.T, conn *Conn, table string) map[string]int {
	t.Helper()
	tables, err := conn.Tables(func(_ Family, name string) Detail {
		if name == table {
			return Rules
		}
		return Nothing
	})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, one := range tables {
		for _, chain := range one.Chains {
			found[chain.Name] = len(chain.Rules)
		}
	}
	return found
}

// TestForeignChangesAreSeen: what is known of others' tables holds while nobody but this connection changes something.
func TestForeignChangesAreSeen(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	conn, own := open(t, namespace), everyPart()
	namespace.Exec(t, "nft", "add table ip others; add chain ip others input { type filter hook input priority 0; }; "+
		"add rule ip others input tcp dport 1 drop")
	look := func(when string, want int) {
		t.Helper()
		if found := foreignRules(t, conn, "others"); found["input"] != want || len(found) != 1 {
			t.Fatalf("%s: %v, want %d rules", when, found, want)
		}
	}
	look("at first", 1)
	table := conn.known.tables[tableName{IPv4, "others"}]
	if err := conn.Replace(own); err != nil {
		t.Fatal(err)
	}
	look("after a change of ours", 1)
	if table == nil || conn.known.tables[tableName{IPv4, "others"}] != table {
		t.Error("a change of ours has the rules of others read again")
	}
	namespace.Exec(t, "nft", "add rule ip others input tcp dport 2 drop")
	look("after a change of theirs", 2)
	namespace.Exec(t, "nft", "add rule ip others input tcp dport 3 drop")
	if err := conn.Delete(INet, own.Name); err != nil {
		t.Fatal(err)
	}
	look("after a change of theirs and one of ours", 3)
	if err := conn.InsertRules(IPv4, "others", "input", []Rule{NewRule("guest", From("lxcbr0"), Accept())}); err != nil {
		t.Fatal(err)
	}
	look("after a rule of ours in their chain", 4)
	namespace.Exec(t, "nft", "delete table ip others")
	if found := foreignRules(t, conn, "others"); len(found) != 0 {
		t.Errorf("a table that is gone: %v", found)
	}
}

// TestManyRulesAreReadWhole: a list that comes in many parts.
func TestManyRulesAreReadWhole(t *testing.T) {
	t.Parallel()
	const count = 3000
	namespace := netnstest.New(t)
	var lines strings.Builder
	lines.WriteString("add table inet many\nadd chain inet many one\nadd chain inet many two\n")
	for i := range count {
		fmt.Fprintf(&lines, "add rule inet many %s tcp dport %d counter drop comment \"%d\"\n", []string{"one", "two"}[i%2],
			i+1, i)
	}
	file := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	namespace.Exec(t, "nft", "-f", file)
	conn := open(t, namespace)
	table, err := conn.Table(INet, "many")
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		chain := table.Chain([]string{"one", "two"}[i%2])
		if comment := chain.Rules[i/2].Comment(); len(chain.Rules) != count/2 || comment != fmt.Sprint(i) {
			t.Fatalf("rule %d is %q, of %d", i, comment, len(chain.Rules))
		}
	}
}
