package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"hostnet.linux/internal/pypi"
)

// check is one command that must succeed.
type check struct {
	name    string
	command []string
	// folder and environment are for those that do not run in the project's folder as everything else does.
	folder      string
	environment []string
}

// checks of the lint tier. Each counts as one test.
var checks = []check{
	{name: "golangci-lint", command: []string{"go", "run", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.5.0", "run", "./..."}},
	{name: "go.mod is tidy", command: []string{"go", "mod", "tidy", "-diff"}},
	{name: "yamllint", command: []string{"yamllint", "--strict", "."}},
	{name: "ruff", command: []string{"ruff", "check", "."}},
	{name: "ansible-lint, profile production", command: []string{"ansible-lint", "--offline", "--profile", "production"}},
	{name: "documentation matches the option tables", command: []string{"go", "run", "./internal/schema/docgen/cmd/docgen", "-check"}},
}

func lint() (counts, error) {
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
	scratch, err := os.MkdirTemp("", "hostnet-sanity-")
	if err != nil {
		return found, err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	ansibleTest, err := sanity(context.Background(), tools, scratch)
	if err != nil {
		return found, err
	}
	for _, check := range append(checks, ansibleTest) {
		start := time.Now()
		command := exec.Command(check.command[0], check.command[1:]...)
		command.Dir, command.Env = check.folder, append(os.Environ(), check.environment...)
		output, err := command.CombinedOutput()
		if err != nil {
			found.failed++
			fmt.Printf("--- FAIL %s: `%s`: %v\n%s\n", check.name, strings.Join(check.command, " "), err, output)
			continue
		}
		found.passed++
		fmt.Printf("ok   %s (%.1fs)\n", check.name, time.Since(start).Seconds())
	}
	return found, nil
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
	namespace := filepath.Join(folder, "ansible_collections", "hostnet")
	if err := os.MkdirAll(namespace, 0o755); err != nil {
		return folder, err
	}
	return folder, os.Symlink(root, filepath.Join(namespace, "linux"))
}
