package system

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzTerminal: nothing that a name holds does anything to a terminal, and plain text stays as it is.
func FuzzTerminal(f *testing.F) {
	for _, seed := range []string{"br-a", "\x1b[2J", "\x1b]0;owned\x07", "a\u202eb", "\x9b31m", "\r", "\x1b[31mred\x1b[0m",
		"\xff", "é ├─"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var plain, coloured strings.Builder
		_, _ = (&Terminal{Output: &plain}).Write([]byte(text))
		_, _ = (&Terminal{Output: &coloured, Colours: []string{"\x1b[31m", "\x1b[0m"}}).Write([]byte(text))
		without := strings.NewReplacer("\x1b[31m", "", "\x1b[0m", "").Replace(coloured.String())
		for _, shown := range []string{plain.String(), without} {
			if strings.ContainsFunc(shown, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }) {
				t.Errorf("%q is shown as %q", text, shown)
			}
		}
		if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) &&
			plain.String() != text {
			t.Errorf("%q is shown as %q", text, plain.String())
		}
	})
}
