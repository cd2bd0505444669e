package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// mostAtStart is how many allocations the start of one package may take: each of them is memory that a task touches
// that has no need of it. A regular expression takes about a hundred, a table of options more (see internal/pattern).
const mostAtStart = 80

var initialised = regexp.MustCompile(`(?m)^init (hostnet\.linux/\S+) @\S+ ms, \S+ ms clock, \d+ bytes, (\d+) allocs$`)

// TestStartIsLazy: what only some tasks need is made when it is first asked for, so that every start is quick.
func TestStartIsLazy(t *testing.T) {
	command := exec.Command(os.Args[0], "-test.run=^$")
	command.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	found := initialised.FindAllSubmatch(output, -1)
	if len(found) < 10 {
		t.Fatalf("only %d packages are traced:\n%s", len(found), output)
	}
	for _, match := range found {
		if count, _ := strconv.Atoi(string(match[2])); count > mostAtStart {
			t.Errorf("the start of %s takes %d allocations", match[1], count)
		}
	}
}
