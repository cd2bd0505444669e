package store

import (
	"testing"

	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/system"
)

// TestEveryObjectIsKept: one for which no option is given as well.
func TestEveryObjectIsKept(t *testing.T) {
	t.Parallel()
	for module, arguments := range map[string]map[string]any{
		"lxc_bridge": {},
		"network":    {"lxc_bridges": []any{map[string]any{}}, "bridges": []any{map[string]any{"name": "br0"}}},
		"bridge":     {"name": "br0"},
		"dnsmasq":    {"interface": "br0"},
		"route":      {"to": "10.9.0.0/16", "via": "10.1.0.1"},
	} {
		files := &system.System{Root: t.TempDir()}
		kept, err := Load(files)
		if err != nil {
			t.Fatal(err)
		}
		edit := spec.NewEdit(module, arguments, nil)
		steps, paths, err := kept.Plan(files, kept.Set.Apply(edit).Set, "a test")
		if err != nil || len(steps) != len(edit.Changes) || len(paths) != len(steps) {
			t.Fatalf("%s: %d objects are in %d files: %v", module, len(edit.Changes), len(steps), err)
		}
		for _, step := range steps {
			if len(step.Changes) == 0 {
				t.Errorf("%s: %s shows nothing", module, step.Object)
			}
			if err := step.Run(); err != nil {
				t.Fatal(err)
			}
		}
		again, err := Load(files)
		if err != nil || len(again.Problems) > 0 || len(again.Set.Objects) != len(edit.Changes) {
			t.Fatalf("%s: read back %v: %v %v", module, again.Set.Objects, again.Problems, err)
		}
		if steps, _, err := again.Plan(files, again.Set.Apply(edit).Set, "a test"); err != nil || len(steps) > 0 {
			t.Errorf("%s: a second run has %d steps: %v", module, len(steps), err)
		}
	}
}
