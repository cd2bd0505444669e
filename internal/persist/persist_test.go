package persist

import (
	"testing"

	"hostnet.linux/internal/system"
)

// TestWithoutAName keeps the object that needs no name, and finds it again.
func TestWithoutAName(t *testing.T) {
	s := &system.System{Root: t.TempDir()}
	object := Object{Group: "lxc_bridges", Arguments: map[string]any{"domain": "lxc.example"}}
	steps, paths, err := Plan(s, []Object{object}, "hostnet.linux.lxc_bridge")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if err := step.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) != 1 || paths[0] != Folder+"/lxc_bridges/lxcbr0.yml" {
		t.Errorf("paths: %q", paths)
	}
	kept, err := Load(s)
	if err != nil || len(kept) != 1 || kept[0].Arguments["domain"] != "lxc.example" {
		t.Errorf("kept: %+v, %v", kept, err)
	}
}
