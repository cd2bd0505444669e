package registry_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/modules/containers"
	"hostnet.linux/modules/registry"
)

// TestRouting compares the modules that there are with those that Ansible finds: all run through the action plugin, are
// in the group of module_defaults, and have documentation.
func TestRouting(t *testing.T) {
	groups := actionGroups(t)
	var names []string
	for _, module := range slices.Concat(registry.Modules(), containers.Modules(nil)) {
		names = append(names, module.Name)
	}
	slices.Sort(names)
	if !slices.Equal(groups["all"], names) {
		t.Errorf("the group all has %v, modules are %v", groups["all"], names)
	}
	for _, kind := range []string{"modules", "action"} {
		files, err := filepath.Glob("../../plugins/" + kind + "/*.py")
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, file := range files {
			found = append(found, strings.TrimSuffix(filepath.Base(file), ".py"))
		}
		if !slices.Equal(found, names) {
			t.Errorf("plugins/%s has %v, modules are %v", kind, found, names)
		}
	}
}

// actionGroups are the groups of module_defaults.
func actionGroups(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../meta/runtime.yml")
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Groups map[string][]string `yaml:"action_groups"`
	}
	if err := yaml.Unmarshal(text, &meta); err != nil {
		t.Fatal(err)
	}
	return meta.Groups
}
