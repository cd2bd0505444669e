// Command site builds the documentation site into build/site: the pages of docs with a generated reference, by mkdocs,
// which fails for a dead link.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"hostnet.linux/internal/pypi"
	"hostnet.linux/internal/schema/docgen"
	"hostnet.linux/modules/containers"
	"hostnet.linux/modules/registry"
)

// sources are what mkdocs.yml names as docs_dir.
const sources = "build/site-sources"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if err := os.RemoveAll(sources); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(sources), 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(sources, os.DirFS("docs")); err != nil {
		return err
	}
	plugins, err := docgen.PluginReference(".")
	if err != nil {
		return err
	}
	page := docgen.Reference(slices.Concat(registry.Modules(), containers.Modules(nil))) + plugins
	if err := os.WriteFile(filepath.Join(sources, "reference.md"), []byte(page), 0o644); err != nil {
		return err
	}
	tools, err := pypi.Site(ctx)
	if err != nil {
		return err
	}
	// With --quiet it would neither show nor count its warnings, and --strict be in vain.
	said, err := exec.CommandContext(ctx, filepath.Join(tools, "mkdocs"), "build", "--strict").CombinedOutput()
	if err != nil {
		return fmt.Errorf("mkdocs: %w\n%s", err, said)
	}
	fmt.Println("build/site/index.html")
	return nil
}
