package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// counts of tests; a test with parts counts as its parts.
type counts struct {
	passed, failed, skipped int
}

func (c counts) plus(other counts) counts {
	return counts{c.passed + other.passed, c.failed + other.failed, c.skipped + other.skipped}
}

func (c counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

// event is one line of go test -json (cmd/test2json).
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// longTest is from how many seconds on a test that passed is shown: whoever waits sees that something goes on.
const longTest = 10

// reporter follows the tests of all packages.
type reporter struct {
	out    io.Writer
	output map[string][]string
	groups map[string]bool
	broken map[string]bool // groups of which a part has failed
	counts map[string]counts
	total  counts
	// failures are the tests that count as failed.
	failures []failure
}

// report reads the events, shows what a person wants to see, and counts.
func report(input io.Reader, out io.Writer) result {
	r := &reporter{out: out, output: map[string][]string{}, groups: map[string]bool{}, broken: map[string]bool{},
		counts: map[string]counts{}}
	lines := bufio.NewReader(input)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil {
				r.take(e)
			} else {
				fmt.Fprint(out, line)
			}
		}
		if err != nil {
			return result{r.total, r.failures}
		}
	}
}

func (r *reporter) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "run":
		if parent, _, isPart := cutLast(e.Test, "/"); isPart {
			r.groups[e.Package+" "+parent] = true
		}
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "pass", "fail", "skip":
		r.end(e, key)
		delete(r.output, key)
	}
}

func (r *reporter) end(e event, key string) {
	if e.Test == "" {
		r.endPackage(e, key)
		return
	}
	var one counts
	switch e.Action {
	case "pass":
		one.passed = 1
		if e.Elapsed >= longTest {
			fmt.Fprintf(r.out, "     %s (%.0fs)\n", e.Test, e.Elapsed)
		}
	case "fail":
		one.failed = 1
		if parent, _, isPart := cutLast(e.Test, "/"); isPart {
			r.broken[e.Package+" "+parent] = true
		}
		fmt.Fprintf(r.out, "--- FAIL %s %s (%.1fs)\n%s", e.Package, e.Test, e.Elapsed, strings.Join(r.output[key], ""))
	case "skip":
		one.skipped = 1
		fmt.Fprintf(r.out, "    skipped %s: %s\n", e.Test, reason(r.output[key]))
	}
	// A test with parts is counted by them, unless it failed outside of them.
	if r.groups[key] && (e.Action != "fail" || r.broken[key]) {
		return
	}
	if e.Action == "fail" {
		r.failures = append(r.failures, failure{e.Package, e.Test})
	}
	r.counts[e.Package] = r.counts[e.Package].plus(one)
	r.total = r.total.plus(one)
}

func (r *reporter) endPackage(e event, key string) {
	found := r.counts[e.Package]
	if e.Action == "fail" && found.failed == 0 {
		// It did not build, or ended before its tests did.
		fmt.Fprintf(r.out, "--- FAIL %s\n%s", e.Package, strings.Join(r.output[key], ""))
		found.failed, r.total.failed = 1, r.total.failed+1
	}
	if found != (counts{}) {
		fmt.Fprintf(r.out, "%-4s %s: %s (%.1fs)\n", e.Action, e.Package, found, e.Elapsed)
	}
}

// reason is what the test said when it skipped, without the place in the source.
func reason(output []string) string {
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if _, text, found := strings.Cut(line, ": "); found {
			return text
		}
		return line
	}
	return "no reason given"
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
