package dist

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// sbomTool writes CycloneDX; it reads what a binary was linked of, and the licences of that.
const sbomTool = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"

// sumsFile is what `sha256sum --check` takes.
const sumsFile = "SHA256SUMS"

// WriteSBOMs writes a software bill of materials for each binary of the folder bin into the folder output. The same
// binary gives the same bytes.
func WriteSBOMs(ctx context.Context, root, bin, output string) error {
	collection, err := readInfo(root)
	if err != nil {
		return err
	}
	for _, architecture := range Architectures {
		for _, one := range programs {
			name := fmt.Sprintf("%s-%s-linux_%s.cdx.json", one.name, collection.Version, architecture)
			if err := writeSBOM(ctx, filepath.Join(bin, "linux_"+architecture, one.name), collection.Version,
				filepath.Join(output, name)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func writeSBOM(ctx context.Context, binary, version, target string) error {
	command := exec.CommandContext(ctx, "go", "run", sbomTool, "bin", "-json", "-noserial", "-licenses", "-version",
		"v"+version,
		"-output", target, binary)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cyclonedx-gomod: %w\n%s", err, said)
	}
	text, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		return err
	}
	if metadata, has := document["metadata"].(map[string]any); has {
		delete(metadata, "timestamp") // when it was made says nothing of what is in it
	}
	return writeJSON(target, document)
}

// WriteProvenance says what the files in the folder output were made of, and how, as SLSA has it
// (https://slsa.dev/spec/v1.0/provenance). commit is that of the sources.
func WriteProvenance(ctx context.Context, root, output string) error {
	collection, err := readInfo(root)
	if err != nil {
		return err
	}
	files, err := releaseFiles(output)
	if err != nil {
		return err
	}
	var subjects []any
	for _, name := range files {
		sum, _, err := hashFile(filepath.Join(output, name))
		if err != nil {
			return err
		}
		subjects = append(subjects, map[string]any{"name": name, "digest": map[string]string{"sha256": sum}})
	}
	commit, err := inFolder(ctx, root, "git", "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	version, err := toolchain(root)
	if err != nil {
		return err
	}
	source := "git+" + collection.Repository
	return writeJSON(filepath.Join(output, fmt.Sprintf("provenance-%s.intoto.json", collection.Version)), map[string]any{
		"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1", "subject": subjects,
		"predicate": map[string]any{
			"buildDefinition": map[string]any{
				"buildType":          collection.Repository + "/blob/main/Makefile",
				"externalParameters": map[string]any{"target": "release", "source": source, "version": collection.Version},
				"resolvedDependencies": []any{
					map[string]any{"uri": source, "digest": map[string]string{"gitCommit": commit}},
					map[string]any{"uri": "https://go.dev/dl/", "name": version},
				},
			},
			"runDetails": map[string]any{"builder": map[string]any{"id": collection.Repository + "/blob/main/Makefile"}},
		},
	})
}

// WriteSums writes the SHA-256 sums of all that is released.
func WriteSums(output string) error {
	files, err := releaseFiles(output)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, name := range files {
		sum, _, err := hashFile(filepath.Join(output, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, name)
	}
	return os.WriteFile(filepath.Join(output, sumsFile), []byte(sums.String()), 0o644)
}

// releaseFiles are those in the folder that are neither sums nor signatures.
func releaseFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	var names []string
	for _, entry := range entries {
		name := entry.Name()
		released := slices.ContainsFunc([]string{".tar.gz", ".deb", ".rpm", ".json"},
			func(end string) bool { return strings.HasSuffix(name, end) })
		if entry.Type().IsRegular() && released {
			names = append(names, name)
		}
	}
	return names, err
}

func inFolder(ctx context.Context, folder, program string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, program, arguments...)
	command.Dir = folder
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", program, err)
	}
	return strings.TrimSpace(string(output)), nil
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
