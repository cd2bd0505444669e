package openstack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRecordedClouds: with the memory of a cloud that OpenStack-Ansible's own generator made, every host and container
// comes out as the generator had it, names and addresses with it; nothing is new, nothing is surplus.
func TestRecordedClouds(t *testing.T) {
	for _, cloud := range []string{"small", "zones"} {
		t.Run(cloud, func(t *testing.T) {
			t.Parallel()
			directory := filepath.Join("testdata", cloud)
			plan := replan(t, directory)
			good(t, plan)
			content, err := os.ReadFile(filepath.Join(directory, "expected.json"))
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]map[string]map[string]any
			if err := json.Unmarshal(content, &want); err != nil {
				t.Fatal(err)
			}
			for kind, got := range map[string]map[string]any{"hosts": decoded(t, plan.Hosts), "containers": decoded(t,
				plan.Containers)} {
				if len(got) != len(want[kind]) || len(got) == 0 {
					t.Errorf("%d %s, %d are right", len(got), kind, len(want[kind]))
				}
				for name, right := range want[kind] {
					vars, _ := got[name].(map[string]any)
					for key, value := range right {
						if diff := cmp.Diff(value, vars[key]); diff != "" {
							t.Errorf("%s %s:\n%s", name, key, diff)
						}
					}
				}
			}
			if changes := plan.Changes(); len(changes) > 0 {
				t.Errorf("no fixed point: %v", changes)
			}
		})
	}
}

// TestRecordedWithoutMemory: without its memory a cloud has as many containers with as many addresses, twice the same.
func TestRecordedWithoutMemory(t *testing.T) {
	for cloud, containers := range map[string]int{"small": 13, "zones": 60} {
		var plans [2]map[string]any
		for i := range plans {
			directory := t.TempDir()
			if err := os.CopyFS(directory, os.DirFS(filepath.Join("testdata", cloud))); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(directory, MemoryFile)); err != nil {
				t.Fatal(err)
			}
			plan := replan(t, directory)
			good(t, plan)
			if len(plan.Containers) != containers {
				t.Errorf("%s: %d containers", cloud, len(plan.Containers))
			}
			plans[i] = decoded(t, plan)
		}
		if diff := cmp.Diff(plans[0], plans[1]); diff != "" {
			t.Error(diff)
		}
	}
}

// TestInstalledEnvironment: the built-in table and the env.d of an installed OSA give the same cloud,
// whatever the order of its files.
func TestInstalledEnvironment(t *testing.T) {
	root := readYAML(BuiltIn, builtIn, &report{})
	directory := t.TempDir()
	for i, section := range root.pairs {
		text := section.key + ":\n"
		for j := len(section.value.pairs) - 1; j >= 0; j-- {
			content, err := json.Marshal(section.value.pairs[j].value.plain())
			if err != nil {
				t.Fatal(err)
			}
			text += "  " + section.value.pairs[j].key + ": " + string(content) + "\n"
		}
		write(t, directory, string(rune('z'-i))+".yml", text)
	}
	plain := replan(t, filepath.Join("testdata", "zones"))
	installed, err := Make(Source{Directory: filepath.Join("testdata", "zones"), Environment: directory})
	if err != nil {
		t.Fatal(err)
	}
	good(t, installed)
	if diff := cmp.Diff(decoded(t, plain), decoded(t, installed)); diff != "" {
		t.Error(diff)
	}
}
