package main

import (
	"context"
	_ "embed" // the stand-in
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"hostnet.linux/internal/cache"
	"hostnet.linux/internal/dist"
)

// pipFromPython is what ansible-test finds where it would keep the script that it downloads to get pip: PyPI, which has
// the rest of what it needs, does not have that. Python has a pip of its own.
//
//go:embed get_pip.py
var pipFromPython []byte

// pipScript is for the pip that the ansible-test of internal/pypi/requirements.txt asks for.
const pipScript = ".ansible/test/cache/get_pip_24_2.py"

// sanity is ansible-test over the collection as users install it, in the folder. Its tests that repeat ruff's and
// yamllint's, with other settings, are left out, and so is bin, whose files it takes for Python.
func sanity(ctx context.Context, tools, folder string) (check, error) {
	home, err := cache.Folder(ctx, "ansible-test", filepath.Base(filepath.Dir(tools)), func(_ context.Context, folder string) error {
		script := filepath.Join(folder, pipScript)
		if err := os.MkdirAll(filepath.Dir(script), 0o755); err != nil {
			return err
		}
		return os.WriteFile(script, pipFromPython, 0o644)
	})
	if err != nil {
		return check{}, err
	}
	version, err := exec.CommandContext(ctx, filepath.Join(tools, "python3"), "-c", `import sys; print("%d.%d" % sys.version_info[:2])`).Output()
	if err != nil {
		return check{}, fmt.Errorf("python3: %w", err)
	}
	bin := filepath.Join(folder, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return check{}, err
	}
	artifact, err := dist.Pack(".", bin, folder)
	if err != nil {
		return check{}, err
	}
	if said, err := exec.CommandContext(ctx, "ansible-galaxy", "collection", "install", "--force", "-p", folder, artifact).CombinedOutput(); err != nil {
		return check{}, fmt.Errorf("ansible-galaxy: %w\n%s", err, said)
	}
	return check{
		name: "ansible-test sanity",
		command: []string{
			"ansible-test", "sanity", "--python", strings.TrimSpace(string(version)),
			"--skip-test", "pep8", "--skip-test", "pylint", "--skip-test", "yamllint",
		},
		folder:      filepath.Join(folder, "ansible_collections", "hostnet", "linux"),
		environment: []string{"HOME=" + home, "LC_ALL=C.UTF-8"},
	}, nil
}
