package nft

import (
	"strings"
	"testing"
)

// FuzzTableName: two objects never share a table, and nft takes every table's name without quotes.
func FuzzTableName(f *testing.F) {
	f.Add("a b", "a_b")
	f.Add("a*b", "a-b")
	f.Add("br0", "br0")
	f.Add(strings.Repeat("a", 300), strings.Repeat("a", 301))
	f.Add("é", "__")
	f.Fuzz(func(t *testing.T, one, other string) {
		a, b := TableName(one), TableName(other)
		if one != other && a == b {
			t.Errorf("%q and %q share the table %s", one, other, a)
		}
		plain := func(r rune) bool {
			return r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		}
		if strings.ContainsFunc(a, func(r rune) bool { return !plain(r) }) || len(a) > 255 {
			t.Errorf("%q gets the table %q", one, a)
		}
	})
}
