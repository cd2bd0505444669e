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
	text, err := os.ReadFile("../../meta/runtime.yml")
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Groups  map[string][]string `yaml:"action_groups"`
		Routing struct {
			Modules map[string]struct {
				Plugin string `yaml:"action_plugin"`
			}
			Action map[string]struct{ Redirect string }
		} `yaml:"plugin_routing"`
	}
	if err := yaml.Unmarshal(text, &meta); err != nil {
		t.Fatal(err)
	}
	stubs, err := filepath.Glob("../../plugins/modules/*.py")
	if err != nil {
		t.Fatal(err)
	}
	var documented, routed []string
	for _, stub := range stubs {
		documented = append(documented, strings.TrimSuffix(filepath.Base(stub), ".py"))
	}
	for name, route := range meta.Routing.Modules {
		routed = append(routed, name)
		if route.Plugin != "hostnet.linux.hostnet" {
			t.Errorf("%s runs through %q", name, route.Plugin)
		}
		if to := meta.Routing.Action[name].Redirect; to != "hostnet.linux.hostnet" {
			t.Errorf("the action %s is redirected to %q", name, to)
		}
	}
	slices.Sort(routed)
	for _, module := range slices.Concat(registry.Modules(), containers.Modules(nil)) {
		if !slices.Contains(routed, module.Name) {
			t.Errorf("meta/runtime.yml does not route %s", module.Name)
		}
	}
	if !slices.Equal(documented, routed) {
		t.Errorf("plugins/modules has %v, meta/runtime.yml routes %v", documented, routed)
	}
	if !slices.Equal(meta.Groups["all"], routed) {
		t.Errorf("the group all has %v, routed are %v", meta.Groups["all"], routed)
	}
}
