package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"hostnet.linux/internal/pypi"
)

// check is one command that must succeed.
type check struct {
	name    string
	command []string
	// folder and environment are for those that do not run in the project's folder as everything else does.
	folder      string
	environment []string
	// forbidden is what a command must not print that ends well whatever it finds.
	forbidden *regexp.Regexp
}

// collection is where a checkout is when Ansible's tools are to know it for a collection.
const collection = "ansible_collections/hostnet/linux"

// checks of the lint tier. Each counts as one test.
var checks = []check{
	{name: "golangci-lint", command: []string{"go", "run", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.5.0",
		"run", "--allow-parallel-runners", "./..."}},
	{name: "go.mod is tidy", command: []string{"go", "mod", "tidy", "-diff"}},
	{name: "yamllint", command: []string{"yamllint", "--strict", "."}},
	{name: "ruff", command: []string{"ruff", "check", "."}},
	{name: "ansible-lint, profile production", command: []string{"ansible-lint", "--offline", "--profile", "production"}},
	{name: "fragments of the changelog", command: []string{"antsibull-changelog", "lint"}, folder: collection},
	{name: "CHANGELOG.md is made of changelogs/changelog.yaml", folder: collection, command: []string{
		"sh", "-c", "mkdir -p build && antsibull-changelog generate --output build/CHANGELOG.md --output-format md && diff " +
			"CHANGELOG.md build/CHANGELOG.md",
	}},
	{name: "documentation site without dead links, in a browser", command: []string{"go", "test", "-count=1",
		"-tags=browser", "-run=^TestSiteInBrowser$", "./internal/schema/docgen/cmd/site"}},
	{name: "documentation matches the option tables",
		command: []string{"go", "run", "./internal/schema/docgen/cmd/docgen", "-check"}},
}

// lint runs the checks of the sources and those of the built artifact, or only the latter.
func lint(onlyArtifact bool) (counts, error) {
	var found counts
	// The Python tools have fixed versions of their own, ahead of the system's.
	tools, err := pypi.Tools(context.Background())
	if err != nil {
		return found, err
	}
	if err := os.Setenv("PATH", tools+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return found, err
	}
	collections, err := installed()
	if err != nil {
		return found, err
	}
	defer func() { _ = os.RemoveAll(collections) }()
	if err := os.Setenv("ANSIBLE_COLLECTIONS_PATH", collections); err != nil {
		return found, err
	}
	scratch, err := os.MkdirTemp("", "hostnet-artifact-")
	if err != nil {
		return found, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	more, err := ofArtifact(context.Background(), tools, scratch)
	if err != nil {
		return found, err
	}
	selected := slices.Concat(checks, more)
	if onlyArtifact {
		selected = more
	}
	for i := range selected {
		if selected[i].folder == collection {
			selected[i].folder = filepath.Join(collections, collection)
		}
	}
	return runChecks(selected), nil
}

// runChecks runs two at a time: most of them keep one processor busy.
func runChecks(list []check) counts {
	var passed atomic.Int32
	var group errgroup.Group
	group.SetLimit(2)
	for _, check := range list {
		group.Go(func() error {
			if check.run() {
				passed.Add(1)
			}
			return nil
		})
	}
	_ = group.Wait()
	return counts{passed: int(passed.Load()), failed: len(list) - int(passed.Load())}
}

// run runs the check, and shows what went wrong.
func (c check) run() bool {
	start := time.Now()
	command := exec.Command(c.command[0], c.command[1:]...)
	command.Dir, command.Env = c.folder, append(os.Environ(), c.environment...)
	output, err := command.CombinedOutput()
	if err == nil && c.forbidden != nil && c.forbidden.Match(output) {
		err = errors.New("it complains")
	}
	if err != nil {
		fmt.Printf("--- FAIL %s: `%s`: %v\n%s\n", c.name, strings.Join(c.command, " "), err, output)
		return false
	}
	fmt.Printf("ok   %s (%.1fs)\n", c.name, time.Since(start).Seconds())
	return true
}

// installed is a folder in which Ansible finds this collection, as it is in the sources.
func installed() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "hostnet-lint-")
	if err != nil {
		return "", err
	}
	place := filepath.Join(folder, collection)
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return folder, err
	}
	return folder, os.Symlink(root, place)
}
