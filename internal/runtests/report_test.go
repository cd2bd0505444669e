package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// events are lines as go test -json writes them.
func events(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func ended(action, test string) string {
	return fmt.Sprintf(`{"Action":%q,"Package":"p","Test":%q,"Elapsed":0.1}`, action, test)
}

func said(test, text string) string {
	return fmt.Sprintf(`{"Action":"output","Package":"p","Test":%q,"Output":%q}`, test, text+"\n")
}

func began(test string) string { return fmt.Sprintf(`{"Action":"run","Package":"p","Test":%q}`, test) }

func TestCounts(t *testing.T) {
	for name, one := range map[string]struct {
		events string
		want   counts
		shows  string
	}{
		"a test without parts": {events(began("A"), ended("pass", "A")), counts{passed: 1}, ""},
		"a test counts as its parts": {
			events(began("A"), began("A/x"), began("A/y"), ended("pass", "A/x"), ended("skip", "A/y"), ended("pass", "A")),
			counts{passed: 1, skipped: 1}, ""},
		"a failed part is one failure": {
			events(began("A"), began("A/x"), ended("fail", "A/x"), ended("fail", "A")), counts{failed: 1}, "--- FAIL p A/x",
		},
		"a failure outside of the parts counts": {
			events(began("A"), began("A/x"), ended("pass", "A/x"), ended("fail", "A")), counts{passed: 1, failed: 1},
			"--- FAIL p A ",
		},
		"a skip shows its reason": {
			events(began("A"), said("A", "    a_test.go:12: this kernel has no bond"), ended("skip", "A")), counts{skipped: 1},
			"skipped A: this kernel has no bond",
		},
		"a long test shows that it has passed": {
			events(began("A"), `{"Action":"pass","Package":"p","Test":"A","Elapsed":12}`), counts{passed: 1}, "A (12s)",
		},
		"a package that does not build fails": {
			events(said("", "undefined: x"), ended("fail", "")), counts{failed: 1}, "undefined: x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var shown strings.Builder
			if got := report(strings.NewReader(one.events), &shown).counts; got != one.want {
				t.Errorf("counted %v, want %v", got, one.want)
			}
			if !strings.Contains(shown.String(), one.shows) {
				t.Errorf("shown %q, want %q in it", shown.String(), one.shows)
			}
		})
	}
}

// TestOnceMore: a failure counts until the test has passed alone, and is named then.
func TestOnceMore(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module sometimes\n\ngo 1.23\n")
	write("sometimes_test.go", `package sometimes

import (
	"os"
	"testing"
)

func TestFirst(t *testing.T) {
	t.Run("only the first time", func(t *testing.T) {
		if _, err := os.Stat("ran"); err != nil {
			_ = os.WriteFile("ran", nil, 0o600)
			t.Error("the first time")
		}
	})
}

func TestAlways(t *testing.T) { t.Error("always") }
`)
	first, err := follow(exec.Command("go", "test", "-json", "-count=1", "."), io.Discard)
	if err != nil || first.counts != (counts{failed: 2}) || len(first.failures) != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, one := range []struct {
		tier tier
		want counts
	}{
		{tier{}, counts{failed: 2}},
		{tier{realTime: true}, counts{passed: 1, failed: 1}},
	} {
		var shown strings.Builder
		if got := one.tier.again(first.counts, first.failures, &shown); got != one.want {
			t.Errorf("counted %v, want %v:\n%s", got, one.want, shown.String())
		}
		if named := strings.Contains(shown.String(),
			"passed at the second attempt only: sometimes TestFirst/only_the_first_time"); named != one.tier.realTime {
			t.Errorf("shown %q", shown.String())
		}
	}
}
