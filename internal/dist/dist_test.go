package dist

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkout copies the project's files, as they are now, to a folder of their own.
func checkout(t *testing.T) string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	list.Dir = "../.."
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, not yet in git
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestReproducible builds the artifact of two checkouts in different folders, and looks into it.
func TestReproducible(t *testing.T) {
	var artifacts, sums [2][]byte
	for i := range artifacts {
		root := checkout(t)
		bin, output := filepath.Join(root, Binaries), filepath.Join(root, "build")
		if err := Build(t.Context(), root, bin, t.Output()); err != nil {
			t.Fatal(err)
		}
		artifact, err := Pack(root, bin, output)
		if err != nil {
			t.Fatal(err)
		}
		if artifacts[i], err = os.ReadFile(artifact); err != nil {
			t.Fatal(err)
		}
		if sums[i], err = os.ReadFile(filepath.Join(output, "SHA256SUMS")); err != nil {
			t.Fatal(err)
		}
		check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
		check.Dir = output
		if said, err := check.CombinedOutput(); err != nil {
			t.Errorf("sha256sum: %v: %s", err, said)
		}
	}
	if !bytes.Equal(artifacts[0], artifacts[1]) || !bytes.Equal(sums[0], sums[1]) {
		t.Error("two folders give two artifacts")
	}
	if len(artifacts[0]) > mostBytes {
		t.Errorf("the artifact has %d bytes", len(artifacts[0]))
	}
	t.Logf("%.1f MB", float64(len(artifacts[0]))/1e6)
	inspect(t, unpack(t, artifacts[0]))
}

// unpack is the artifact's files by their names; folders have no content.
func unpack(t *testing.T, artifact []byte) map[string][]byte {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(artifact))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.ModTime.Unix() != 0 {
			t.Errorf("%s tells by whom or when it was made: %+v", header.Name, header)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = content
	}
}

// inspect compares the artifact with what it says of itself.
func inspect(t *testing.T, files map[string][]byte) {
	t.Helper()
	var listed struct{ Files []entry }
	if err := json.Unmarshal(files["FILES.json"], &listed); err != nil {
		t.Fatal(err)
	}
	for _, one := range listed.Files {
		content, found := files[one.Name]
		if one.Name != "." && !found {
			t.Errorf("FILES.json has %s, the artifact does not", one.Name)
		}
		if one.Sum != nil && *one.Sum != hashBytes(content) {
			t.Errorf("FILES.json has another sum of %s", one.Name)
		}
	}
	if want := len(files) - 2 + 1; len(listed.Files) != want { // without the two manifests, with the top
		t.Errorf("FILES.json has %d entries, the artifact %d", len(listed.Files), want)
	}
	var digests map[string]digest
	if err := json.Unmarshal(files[Binaries+"/digests.json"], &digests); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if strings.Contains(name, "_test.go") || strings.Contains(name, "__pycache__") ||
			strings.HasPrefix(name, "internal/") {
			t.Errorf("%s does not belong there", name)
		}
		if place, isBinary := strings.CutPrefix(name, Binaries+"/linux_"); isBinary && strings.Contains(place, "/") {
			if known := digests["linux_"+place]; known.SHA256 != hashBytes(content) || known.Size != int64(len(content)) {
				t.Errorf("digests.json has %+v for %s", known, name)
			}
		}
	}
	for _, architecture := range Architectures {
		for _, one := range programs {
			if len(files[Binaries+"/linux_"+architecture+"/"+one.name]) == 0 {
				t.Errorf("there is no %s for %s", one.name, architecture)
			}
		}
	}
}
