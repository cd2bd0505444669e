package dist

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/template"

	"hostnet.linux/internal/backend"
)

// nfpm makes packages without the tools of the distributions.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4"

// Packagers are the formats of packages.
var Packagers = []string{"deb", "rpm"}

//go:embed packaging
var packaging embed.FS

// packageValues are what the files of packaging are filled in with.
type packageValues struct {
	Architecture, Version, Homepage, Files string
}

// WritePackages writes packages of the command hostnet, which the folder bin has, for each architecture into the folder
// output. The same binary gives the same bytes.
func WritePackages(ctx context.Context, root, bin, output string) error {
	collection, err := readInfo(root)
	if err != nil {
		return err
	}
	companions, err := companionsOf(ctx, filepath.Join(bin, "linux_"+runtime.GOARCH, "hostnet"))
	if err != nil {
		return err
	}
	for _, architecture := range Architectures {
		values := packageValues{Architecture: architecture, Version: collection.Version, Homepage: collection.Homepage}
		if err := writePackages(ctx, root, filepath.Join(bin, "linux_"+architecture, "hostnet"), output, values,
			companions); err != nil {
			return err
		}
	}
	return nil
}

// companionsOf are the man page and the completions as the program itself makes them, by the names of their files.
func companionsOf(ctx context.Context, program string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for file, arguments := range map[string][]string{
		"hostnet.8": {"manual"}, "completion.bash": {"completion", "bash"}, "completion.zsh": {"completion", "zsh"},
		"completion.fish": {"completion", "fish"},
	} {
		text, err := exec.CommandContext(ctx, program, arguments...).Output()
		if err != nil {
			return nil, fmt.Errorf("hostnet %s: %w", strings.Join(arguments, " "), err)
		}
		out[file] = text
	}
	return out, nil
}

func writePackages(ctx context.Context, root, program, output string, values packageValues,
	companions map[string][]byte) error {
	folder, err := os.MkdirTemp("", "hostnet-package-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	values.Files = folder
	if err := fillPackaging(folder, values); err != nil {
		return err
	}
	if err := fillFiles(folder, root, program, companions); err != nil {
		return err
	}
	if err := os.MkdirAll(output, 0o755); err != nil {
		return err
	}
	for _, packager := range Packagers {
		command := exec.CommandContext(ctx, "go", "run", nfpm, "package", "--config", filepath.Join(folder, "nfpm.yaml"),
			"--packager", packager,
			"--target", output)
		if said, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("nfpm, %s for %s: %w\n%s", packager, values.Architecture, err, said)
		}
	}
	return nil
}

// fillFiles writes what else the packages hold into the folder.
func fillFiles(folder, root, program string, companions map[string][]byte) error {
	texts := maps.Clone(companions)
	texts[backend.Unit] = []byte(backend.UnitText(backend.PackagedProgram))
	for name, source := range map[string]string{
		"hostnet": program, "COPYING": filepath.Join(root, "COPYING"), "NOTICE": filepath.Join(root, NoticeFile),
		"changelog": filepath.Join(root, "CHANGELOG.md"), "changelog.Debian": filepath.Join(folder, "changelog.Debian"),
	} {
		text, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		texts[name] = text
	}
	for name, text := range texts {
		if slices.Contains([]string{"hostnet.8", "changelog", "changelog.Debian"}, name) {
			if err := writeZipped(filepath.Join(folder, name+".gz"), text); err != nil {
				return err
			}
		} else if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fillPackaging writes the files of packaging into the folder.
func fillPackaging(folder string, values packageValues) error {
	entries, err := packaging.ReadDir("packaging")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		text, err := template.ParseFS(packaging, "packaging/"+entry.Name())
		if err != nil {
			return err
		}
		var filled bytes.Buffer
		if err := text.Execute(&filled, values); err != nil {
			return err
		}
		target := filepath.Join(folder, strings.TrimSuffix(entry.Name(), ".tmpl"))
		if err := os.WriteFile(target, filled.Bytes(), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// writeZipped says neither when nor of which file it was made.
func writeZipped(path string, content []byte) error {
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zipped.Write(content); err != nil {
		return err
	}
	if err := zipped.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}
