// Command docgen writes the documentation of all modules into plugins/modules, or with -check tells what is out of date.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"hostnet.linux/internal/schema/docgen"
	"hostnet.linux/modules/containers"
	"hostnet.linux/modules/registry"
)

func main() {
	folder := flag.String("o", "plugins/modules", "the folder to write to")
	check := flag.Bool("check", false, "only compare")
	flag.Parse()
	if err := run(*folder, *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string, check bool) error {
	expected := map[string]bool{}
	for _, module := range slices.Concat(registry.Modules(), containers.Modules(nil)) {
		text, err := docgen.Stub(module)
		if err != nil {
			return err
		}
		file := filepath.Join(folder, module.Name+".py")
		expected[file] = true
		if check {
			if old, err := os.ReadFile(file); err != nil || string(old) != text {
				return fmt.Errorf("%s does not match the option tables: run `make docs`", file)
			}
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return leftovers(folder, expected)
}

// leftovers finds documentation of modules that are no more.
func leftovers(folder string, expected map[string]bool) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.py"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if !expected[file] {
			return fmt.Errorf("%s documents a module that does not exist: remove it", file)
		}
	}
	return nil
}
