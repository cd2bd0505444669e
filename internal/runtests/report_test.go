package main

import (
	"fmt"
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
		"a test without parts":       {events(began("A"), ended("pass", "A")), counts{passed: 1}, ""},
		"a test counts as its parts": {events(began("A"), began("A/x"), began("A/y"), ended("pass", "A/x"), ended("skip", "A/y"), ended("pass", "A")), counts{passed: 1, skipped: 1}, ""},
		"a failed part is one failure": {
			events(began("A"), began("A/x"), ended("fail", "A/x"), ended("fail", "A")), counts{failed: 1}, "--- FAIL p A/x",
		},
		"a failure outside of the parts counts": {
			events(began("A"), began("A/x"), ended("pass", "A/x"), ended("fail", "A")), counts{passed: 1, failed: 1}, "--- FAIL p A ",
		},
		"a skip shows its reason": {
			events(began("A"), said("A", "    a_test.go:12: this kernel has no bond"), ended("skip", "A")), counts{skipped: 1}, "skipped A: this kernel has no bond",
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
			if got := report(strings.NewReader(one.events), &shown); got != one.want {
				t.Errorf("counted %v, want %v", got, one.want)
			}
			if !strings.Contains(shown.String(), one.shows) {
				t.Errorf("shown %q, want %q in it", shown.String(), one.shows)
			}
		})
	}
}
