// Package pypi installs the Python tools of linting and testing, at fixed versions, apart from the system's own.
package pypi

import (
	"context"
	"crypto/sha256"
	_ "embed" // the list of tools
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"hostnet.linux/internal/cache"
)

//go:embed requirements.txt
var requirements []byte

// Tools returns the folder of the programs of requirements.txt, installed in the first call on this computer.
func Tools(ctx context.Context) (string, error) {
	folder, err := Environment(ctx, "pypi", requirements)
	return filepath.Join(folder, "bin"), err
}

// mkdocs and its theme build the documentation site.
const mkdocs = `mkdocs==1.6.1
mkdocs-material==9.6.14
`

// Site returns the folder of mkdocs, installed in the first call on this computer.
func Site(ctx context.Context) (string, error) {
	folder, err := Environment(ctx, "mkdocs", []byte(mkdocs))
	return filepath.Join(folder, "bin"), err
}

// Environment returns a Python environment with what is listed, made in the first call on this computer.
func Environment(ctx context.Context, kind string, list []byte) (string, error) {
	version, err := exec.CommandContext(ctx, "python3", "-c", "import sys; print(sys.version, sys.executable)").Output()
	if err != nil {
		return "", fmt.Errorf("python3: %w", err)
	}
	sum := sha256.Sum256(append(version, list...))
	return cache.Folder(ctx, kind, hex.EncodeToString(sum[:8]), func(ctx context.Context, folder string) error {
		file := filepath.Join(folder, "requirements.txt")
		if err := os.WriteFile(file, list, 0o644); err != nil {
			return err
		}
		if err := run(ctx, "python3", "-m", "venv", folder); err != nil {
			return err
		}
		return run(ctx, filepath.Join(folder, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check",
			"--requirement", file)
	})
}

// Install puts a package and what it needs into a folder, for another Python than this computer's, such as "3.13".
func Install(ctx context.Context, folder, python, requirement string) error {
	tools, err := Tools(ctx)
	if err != nil {
		return err
	}
	// pip compares the package's Python with its own, whatever --python-version says.
	return run(ctx, filepath.Join(tools, "pip"), "install", "--quiet", "--disable-pip-version-check", "--target", folder,
		"--python-version", python, "--only-binary=:all:", "--ignore-requires-python", requirement)
}

func run(ctx context.Context, program string, arguments ...string) error {
	if output, err := exec.CommandContext(ctx, program, arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, output)
	}
	return nil
}
