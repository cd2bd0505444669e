package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// fuzzTime is how long each target runs: `make test` runs their seeds alone.
const fuzzTime = "60s"

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w*)\(`)

// fuzz runs every fuzz target of the project, one at a time, since each takes all processors.
func fuzz() (counts, error) {
	targets, err := fuzzTargets(".")
	if err != nil {
		return counts{}, err
	}
	var found counts
	var failures []error
	for _, target := range targets {
		folder, name, _ := strings.Cut(target, " ")
		fmt.Printf("%s %s\n", folder, name)
		command := exec.Command("go", "test", "-run=^$", "-fuzz=^"+name+"$", "-fuzztime="+fuzzTime, "./"+folder)
		var said bytes.Buffer
		command.Stdout, command.Stderr = io.MultiWriter(os.Stdout, &said), os.Stderr
		if err := command.Run(); err != nil && !ranOutOfTime(said.String()) {
			found.failed++
			failures = append(failures,
				fmt.Errorf("%s in %s: %w: the input is in its testdata/fuzz: commit it with what mends it", name, folder, err))
			continue
		}
		found.passed++
	}
	return found, errors.Join(failures...)
}

// ranOutOfTime tells a target whose last input was not done when its time was over: Go calls that a failure, which
// names no input.
func ranOutOfTime(said string) bool {
	return strings.Contains(said, "context deadline exceeded") && !strings.Contains(said, "Failing input written")
}

// fuzzTargets are the folder and the name of each.
func fuzzTargets(root string) ([]string, error) {
	var targets []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range fuzzTarget.FindAllSubmatch(text, -1) {
			targets = append(targets, filepath.Dir(path)+" "+string(match[1]))
		}
		return nil
	})
	slices.Sort(targets)
	return targets, err
}
