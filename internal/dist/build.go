// Package dist builds the collection: the binaries, and the artifact that `ansible-galaxy collection install` takes.
// The same sources give the same bytes.
package dist

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// Architectures are Go's names of what targets run on.
var Architectures = []string{"amd64", "arm64"}

// digest is what the action plugin knows of a binary without reading it.
type digest struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Build compiles the binaries of the collection in root into the folder bin, with their digests beside them.
func Build(ctx context.Context, root, bin string, progress io.Writer) error {
	release, err := collectionVersion(root)
	if err != nil {
		return err
	}
	for _, architecture := range Architectures {
		for _, one := range programs {
			fmt.Fprintf(progress, "building %s for linux/%s\n", one.name, architecture)
			output, err := filepath.Abs(filepath.Join(bin, "linux_"+architecture, one.name))
			if err != nil {
				return err
			}
			if err := one.compile(ctx, root, architecture, release, output); err != nil {
				return err
			}
		}
	}
	if err := writeSource(root, bin); err != nil {
		return err
	}
	return writeDigests(bin)
}

// writeSource says where the sources are, as the licence asks for beside a program.
func writeSource(root, bin string) error {
	collection, err := readInfo(root)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`hostnet and hostnet-lxc are free software under GPL-3.0-or-later: see COPYING.

Their whole source, and all that it takes to build them:
%[1]s/archive/refs/tags/v%[2]s.tar.gz

"make dist" makes the same bytes of it. What others wrote of them, and under which licence, is in NOTICE.
`, collection.Repository, collection.Version)
	return os.WriteFile(filepath.Join(bin, "SOURCE"), []byte(text), 0o644)
}

// compile makes a binary. What would differ between two machines (paths, build identifier) is left out.
func (p program) compile(ctx context.Context, root, architecture, release, output string) error {
	environment, err := p.environment(ctx, architecture)
	if err != nil {
		return err
	}
	version, err := toolchain(root)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X main.version="+release+p.linking, "-o", output, p.source)
	command.Dir, command.Env = root, slices.Concat(environment, []string{"GOTOOLCHAIN=" + version})
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build %s for %s: %w\n%s", p.name, architecture, err, text)
	}
	return nil
}

func writeDigests(folder string) error {
	digests := map[string]digest{}
	binaries, err := filepath.Glob(filepath.Join(folder, "linux_*", "*"))
	if err != nil {
		return err
	}
	for _, binary := range binaries {
		sum, size, err := hashFile(binary)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, binary)
		if err != nil {
			return err
		}
		digests[filepath.ToSlash(name)] = digest{SHA256: sum, Size: size}
	}
	text, err := json.MarshalIndent(digests, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "digests.json"), append(text, '\n'), 0o644)
}

func hashFile(path string) (sum string, size int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), size, err
}
