package dist

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// Binaries is the folder of the binaries in a checkout and in the artifact. Collections must work with nothing but
// meta, plugins, roles and playbooks, and `ansible-test sanity` takes what is in a folder bin at the top for Python.
const Binaries = "plugins/plugin_utils/_bin"

// shipped is what users need. The sources of the binaries stay behind.
var shipped = []string{
	".ansible-lint", ".yamllint", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "COPYING", "MAINTAINERS.md",
	NoticeFile, "README.md",
	"SECURITY.md", "changelogs", "docs", "meta", "playbooks", "plugins", "roles",
}

// mostBytes keeps away from Galaxy's limit of 20 MB.
const mostBytes = 19 << 20

// item is one file or folder of the artifact.
type item struct {
	name    string
	folder  bool
	mode    int64
	content []byte
}

// Pack writes the artifact of the collection in root, with the binaries in the folder bin, and SHA256SUMS into the
// folder output and returns the artifact's path. Build must have run.
func Pack(root, bin, output string) (string, error) {
	collection, err := readInfo(root)
	if err != nil {
		return "", err
	}
	items, err := collect(root, bin)
	if err != nil {
		return "", err
	}
	entries := []entry{folderEntry(".")}
	for _, one := range items {
		if one.folder {
			entries = append(entries, folderEntry(one.name))
		} else {
			entries = append(entries, fileEntry(one.name, hashBytes(one.content)))
		}
	}
	files, manifest, err := manifests(collection, entries)
	if err != nil {
		return "", err
	}
	items = append([]item{{name: "MANIFEST.json", mode: 0o644, content: manifest},
		{name: "FILES.json", mode: 0o644, content: files}}, items...)
	packed, err := compress(items)
	if err != nil {
		return "", err
	}
	if len(packed) > mostBytes {
		return "", fmt.Errorf("the artifact has %d bytes, above the limit of %d", len(packed), mostBytes)
	}
	name := fmt.Sprintf("%s-%s-%s.tar.gz", collection.Namespace, collection.Name, collection.Version)
	return write(output, name, packed)
}

func write(folder, name string, packed []byte) (string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	artifact := filepath.Join(folder, name)
	if err := os.WriteFile(artifact, packed, 0o644); err != nil {
		return "", err
	}
	return artifact, WriteSums(folder)
}

// collect reads what is shipped, sorted by name. The binaries come from the folder bin, whatever the checkout has
// built.
func collect(root, bin string) ([]item, error) {
	items, err := walk(bin, Binaries, "")
	if err != nil {
		return nil, err
	}
	for _, top := range shipped {
		found, err := walk(filepath.Join(root, top), top, filepath.Join(root, Binaries))
		if err != nil {
			return nil, err
		}
		items = append(items, found...)
	}
	slices.SortFunc(items, func(a, b item) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return items, nil
}

// walk reads a file or a folder with all in it but what Python leaves behind, and the folder except. top is what it is
// called in the artifact.
func walk(source, top, except string) ([]item, error) {
	var items []item
	err := filepath.WalkDir(source, func(file string, dir fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if dir.Name() == "__pycache__" || file == except {
			return filepath.SkipDir
		}
		name, err := filepath.Rel(source, file)
		if err != nil {
			return err
		}
		one := item{name: path.Join(top, filepath.ToSlash(name)), folder: dir.IsDir(), mode: 0o755}
		if !one.folder {
			one.mode = fileMode(one.name)
			one.content, err = os.ReadFile(file)
		}
		items = append(items, one)
		return err
	})
	return items, err
}

// fileMode depends on the place only: a checkout's modes differ with the umask it was made with.
func fileMode(name string) int64 {
	if path.Dir(path.Dir(name)) == Binaries {
		return 0o755
	}
	return 0o644
}

// compress writes a tar.gz in which nothing tells when, where and by whom it was made.
func compress(items []item) ([]byte, error) {
	var plain bytes.Buffer
	archive := tar.NewWriter(&plain)
	for _, one := range items {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: one.name, Mode: one.mode, Size: int64(len(one.content)),
			ModTime: time.Unix(0, 0), Format: tar.FormatPAX,
		}
		if one.folder {
			header.Typeflag = tar.TypeDir
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(one.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	// Half a megabyte smaller than what Go's own package makes of it, and for thirty years the same.
	command := exec.Command("gzip", "--best", "--no-name")
	command.Stdin = &plain
	packed, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return packed, nil
}

func hashBytes(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
