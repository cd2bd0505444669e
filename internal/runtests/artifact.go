package main

import (
	"context"
	_ "embed" // the stand-in
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// complaint is a line of what galaxy-importer logs above INFO: it ends well even so.
var complaint = regexp.MustCompile(`(?m)^(WARNING|ERROR|CRITICAL): .*`)

// ofArtifact are the checks of what users install, binaries and all. The folder is theirs to use.
func ofArtifact(ctx context.Context, tools, folder string) ([]check, error) {
	bin := filepath.Join(folder, "bin")
	if err := dist.Build(ctx, ".", bin, os.Stdout); err != nil {
		return nil, err
	}
	artifact, err := dist.Pack(".", bin, folder)
	if err != nil {
		return nil, err
	}
	install := exec.CommandContext(ctx, "ansible-galaxy", "collection", "install", "--offline", "--force", "-p", folder,
		artifact)
	if said, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("ansible-galaxy: %w\n%s", err, said)
	}
	installed := filepath.Join(folder, "ansible_collections", "hostnet", "linux")
	sanity, err := sanity(ctx, tools, installed)
	return []check{
		sanity,
		{
			name: "bills of materials, signature", command: []string{"go", "test", "-count=1", "-run",
				"^(TestBillsOfMaterials|TestSignedCollection)$", "./internal/dist"},
			environment: []string{"HOSTNET_BINARIES=" + bin, "HOSTNET_ARTIFACT=" + artifact},
		},
		{
			name: "what the documentation shows, as it is written there", command: []string{"go", "test", "-count=1", "-run",
				"^TestDocumented|^TestFirstSteps$", "./internal/dist"},
			environment: []string{"HOSTNET_ARTIFACT=" + artifact},
		},
		{
			name: "galaxy-importer", command: []string{filepath.Join(tools, "python3"), "-m", "galaxy_importer.main", artifact},
			folder: folder, environment: []string{"GALAXY_IMPORTER_RUN_FLAKE8=True", "ANSIBLE_COLLECTIONS_PATH=" + folder},
			forbidden: complaint,
		},
		{
			name: "plays", command: []string{"ansible-playbook", "--inventory", "localhost,", "internal/runtests/plays.yml"},
			environment: []string{"ANSIBLE_COLLECTIONS_PATH=" + folder},
		},
		{
			name: "antsibull-docs", folder: installed, environment: []string{"ANSIBLE_COLLECTIONS_PATH=" + folder},
			command: []string{"antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=self",
				"--skip-rstcheck", "."},
		},
	}, err
}

// sanity is ansible-test over the installed collection.
func sanity(ctx context.Context, tools, installed string) (check, error) {
	home, err := cache.Folder(ctx, "ansible-test", filepath.Base(filepath.Dir(tools)),
		func(_ context.Context, folder string) error {
			script := filepath.Join(folder, pipScript)
			if err := os.MkdirAll(filepath.Dir(script), 0o755); err != nil {
				return err
			}
			return os.WriteFile(script, pipFromPython, 0o644)
		})
	if err != nil {
		return check{}, err
	}
	version, err := exec.CommandContext(ctx, filepath.Join(tools, "python3"), "-c",
		`import sys; print("%d.%d" % sys.version_info[:2])`).Output()
	if err != nil {
		return check{}, fmt.Errorf("python3: %w", err)
	}
	return check{
		name: "ansible-test sanity", command: []string{"ansible-test", "sanity", "--python",
			strings.TrimSpace(string(version))},
		folder: installed, environment: []string{"HOME=" + home, "LC_ALL=C.UTF-8"},
	}, nil
}
