// Command docgen writes what Ansible needs of all modules beside the binaries, in plugins/modules and plugins/action,
// and the picture in the README, or
// with -check tells what is out of date.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/diagram"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/schema/docgen"
	"hostnet.linux/internal/task"
	"hostnet.linux/internal/topology"
	"hostnet.linux/modules/containers"
	"hostnet.linux/modules/registry"
)

func main() {
	folder := flag.String("o", "plugins", "the folder to write to")
	check := flag.Bool("check", false, "only compare")
	flag.Parse()
	if err := run(*folder, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string, check bool) error {
	expected := map[string]string{}
	for _, module := range slices.Concat(registry.Modules(), containers.Modules(nil)) {
		text, err := docgen.Stub(module)
		if err != nil {
			return err
		}
		expected[filepath.Join(folder, "modules", module.Name+".py")] = text
		expected[filepath.Join(folder, "action", module.Name+".py")] = docgen.Action
	}
	picture, err := draw()
	if err != nil {
		return err
	}
	expected[pictureFile] = picture
	for file, docs := range map[string][]schema.Doc{"docs/schema/network.json": task.NetworkDocs(),
		"docs/schema/kept.json": task.KeptDocs()} {
		text, err := json.MarshalIndent(schema.JSONSchema(docs, strings.HasSuffix(file, "network.json")), "", " ")
		if err != nil {
			return err
		}
		expected[file] = string(text) + "\n"
	}
	for file, text := range expected {
		if err := keep(file, text, check); err != nil {
			return err
		}
	}
	return leftovers(folder, expected)
}

// The picture in the README is of a host as `make demo` leaves it, which `go run ./internal/demo -record` has recorded.
const (
	recordFile  = "docs/host.json"
	pictureFile = "docs/host.svg"
)

// draw makes the picture of the recorded host.
func draw() (string, error) {
	text, err := os.ReadFile(recordFile)
	if err != nil {
		return "", err
	}
	var hosts []*topology.Host
	if err := json.Unmarshal(text, &hosts); err != nil {
		return "", fmt.Errorf("%s: %w", recordFile, err)
	}
	var picture strings.Builder
	err = diagram.Draw(&picture, "svg", hosts, diagram.Options{Fold: diagram.DefaultFold})
	return picture.String(), err
}

func keep(file, text string, check bool) error {
	if check {
		if old, err := os.ReadFile(file); err != nil || string(old) != text {
			return fmt.Errorf("%s is out of date: run `make docs`", file)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// leftovers finds files of modules that are no more.
func leftovers(folder string, expected map[string]string) error {
	for _, kind := range []string{"modules", "action"} {
		files, err := filepath.Glob(filepath.Join(folder, kind, "*.py"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if _, known := expected[file]; !known {
				return fmt.Errorf("%s is about a module that does not exist: remove it", file)
			}
		}
	}
	return nil
}
