package system

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
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
