package system

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestSweep: what a crash in the middle of a Put leaves goes, and nothing else of a like name does.
func TestSweep(t *testing.T) {
	s := &System{Root: t.TempDir()}
	stay := []string{".a.yaml.12b", ".a.yaml.", ".b.yaml.7", "a.yaml", "a.yaml.7"}
	for _, name := range append([]string{".a.yaml.123", ".a.yaml.4"}, stay...) {
		if err := s.Put(Text("/etc/"+name, "x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/etc/a.yaml", "/none/a.yaml"} {
		if err := s.Sweep(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(s.Root, "etc"))
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	slices.Sort(stay)
	if !slices.Equal(left, stay) {
		t.Errorf("left %v, want %v", left, stay)
	}
}

// TestPutLeavesWhatIsSo: a file that is so already keeps its time, and one that differs in anything does not.
func TestPutLeavesWhatIsSo(t *testing.T) {
	s := &System{Root: t.TempDir()}
	const path = "/etc/a.conf"
	was := Text(path, "a")
	if err := s.Put(was); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-time.Hour)
	for name, one := range map[string]struct {
		file   File
		writes bool
	}{
		"the same":        {was, false},
		"other content":   {Text(path, "b"), true},
		"another mode":    {File{Path: path, Present: true, Content: []byte("a"), Mode: 0o600}, true},
		"a link in place": {File{Path: path, Present: true, Content: []byte("a"), Mode: 0o644, Link: "a.real"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			_ = os.Remove(s.Path(path))
			if err := s.Put(was); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(s.Path(path), long, long); err != nil {
				t.Fatal(err)
			}
			if err := s.Put(one.file); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(s.Path(path))
			if err != nil {
				t.Fatal(err)
			}
			if written := info.ModTime().After(long.Add(time.Minute)); written != one.writes {
				t.Errorf("written: %v", written)
			}
		})
	}
}

// TestFoldersGoWithAnUndo: what a change has made a folder for goes with that folder, unless somebody else has put
// something there.
func TestFoldersGoWithAnUndo(t *testing.T) {
	t.Parallel()
	s := &System{Root: t.TempDir()}
	for _, others := range []bool{false, true} {
		before, err := s.File("/etc/hostnet/dnsmasq/lxcbr0/hosts")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Put(Text(before.Path, "10.0.3.77 web\n")); err != nil {
			t.Fatal(err)
		}
		if others {
			if err := s.Put(Text("/etc/hostnet/theirs", "")); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.PutBack(before); err != nil {
			t.Fatal(err)
		}
		if s.Exists("/etc/hostnet/dnsmasq") || s.Exists("/etc/hostnet") != others {
			t.Errorf("others %t: a folder is left or gone", others)
		}
	}
}
