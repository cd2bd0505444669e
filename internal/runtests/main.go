// Command runtests runs tiers of tests, shows progress, and ends with the counts of tests passed, failed and skipped.
//
//	runtests lint unit netns vm
//
// lint is a list of commands that must succeed, certify those of them that are about the built artifact. A tier of
// tests is told by the names of files: *_netns_test.go and *_vm_test.go with the build tag of that name, and all other
// tests. A skip shows its reason. A tier of which every test was skipped counts as failed.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// tier is one set of tests.
type tier struct {
	name string
	// arguments to go test beside the packages and the names of tests.
	arguments []string
	// realTime: the tests wait for a kernel, programs or machines, so a failure can be of the moment.
	realTime bool
}

var tiers = []tier{
	{"unit", []string{"-race", "-shuffle=on", "-timeout=10m"}, false},
	{"netns", []string{"-race", "-shuffle=on", "-timeout=15m", "-tags=netns"}, true},
	// Not a part of `make test`: a computer that does other work at the same time tells little.
	{"bench", []string{"-timeout=30m", "-tags=bench", "-p=1"}, false},
	// The lint tier runs its only test.
	{"browser", []string{"-timeout=10m", "-tags=browser"}, false},
	// Machines are large, and wait a lot: two packages at a time.
	{"vm", []string{"-shuffle=on", "-timeout=80m", "-tags=vm", "-p=2"}, true},
}

func main() {
	total, failed := counts{}, false
	for _, name := range os.Args[1:] {
		start := time.Now()
		found, err := runNamed(name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "tier %s: %v\n", name, err)
			failed = true
		}
		if found.passed+found.failed == 0 {
			fmt.Fprintf(os.Stderr, "tier %s: no test ran\n", name)
			failed = true
		}
		fmt.Printf("tier %s: %s in %s\n\n", name, found, time.Since(start).Round(time.Second))
		total = total.plus(found)
	}
	fmt.Println(total)
	if failed || total.failed > 0 {
		os.Exit(1)
	}
}

func runNamed(name string) (counts, error) {
	if name == "lint" || name == "certify" {
		return lint(name == "certify")
	}
	if name == "fuzz" {
		return fuzz()
	}
	tier, known := find(name)
	if !known {
		return counts{}, fmt.Errorf("there is no tier of that name: use lint, unit, netns, vm, bench, browser or fuzz")
	}
	return run(tier)
}

func find(name string) (tier, bool) {
	for _, tier := range tiers {
		if tier.name == name {
			return tier, true
		}
	}
	return tier{}, false
}

func run(t tier) (counts, error) {
	selected, err := selection(t.name)
	if err != nil || len(selected.packages) == 0 {
		return counts{}, err
	}
	arguments := append([]string{"test", "-json"}, t.arguments...)
	if selected.pattern != "" {
		arguments = append(arguments, "-run", selected.pattern)
	}
	found, err := follow(exec.Command("go", append(arguments, selected.packages...)...), os.Stdout)
	if err != nil {
		return found.counts, err
	}
	return t.again(found.counts, found.failures, os.Stdout), nil
}

// result is what became of the tests of one command.
type result struct {
	counts   counts
	failures []failure
}

// follow runs go test -json and reports what it does.
func follow(command *exec.Cmd, out io.Writer) (result, error) {
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	if err := command.Start(); err != nil {
		return result{}, err
	}
	found := report(output, out)
	err = command.Wait()
	if found.counts.failed > 0 {
		err = nil // the counts say it
	}
	return found, err
}
