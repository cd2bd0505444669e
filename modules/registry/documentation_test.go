package registry_test

import (
	"slices"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/cli"
	"hostnet.linux/internal/schema"
	"hostnet.linux/modules/containers"
	"hostnet.linux/modules/registry"
)

// TestCheckKnowsModules: `hostnet check` takes every other name of this collection for a mistake.
func TestCheckKnowsModules(t *testing.T) {
	var names []string
	for _, module := range slices.Concat(registry.Modules(), containers.Modules(nil)) {
		names = append(names, module.Name)
	}
	slices.Sort(names)
	if names = slices.Compact(names); !slices.Equal(names, cli.ModuleNames) {
		t.Errorf("%q are known, and there are %q", cli.ModuleNames, names)
	}
}

// TestDocumentationIsWhole: everything that is returned has an example, also on failure, and every module leads to
// others.
func TestDocumentationIsWhole(t *testing.T) {
	modules := slices.Concat(registry.Modules(), containers.Modules(nil))
	for _, module := range modules {
		if len(module.SeeAlso) == 0 {
			t.Errorf("%s: no seealso", module.Name)
		}
		for _, other := range module.SeeAlso {
			known := slices.ContainsFunc(modules, func(one ansible.Module) bool { return one.Name == other })
			if !known || other == module.Name {
				t.Errorf("%s: seealso names %s", module.Name, other)
			}
		}
		for _, name := range []string{"msg", "problems"} {
			if !slices.ContainsFunc(module.Returns, func(one ansible.Return) bool { return one.Name == name }) {
				t.Errorf("%s: %s, which a failure returns, is not documented", module.Name, name)
			}
		}
		wantReturns(t, module.Name, module.Returns)
	}
}

func wantReturns(t *testing.T, where string, returns []ansible.Return) {
	t.Helper()
	for _, one := range returns {
		name := where + ": " + one.Name
		if one.Sample == nil || one.Text == "" || one.Returned == "" {
			t.Errorf("%s needs a text, a sample, and when it is returned", name)
		}
		if dictionary := one.Type == "dict" || one.Elements == "dict"; dictionary != (len(one.Contains) > 0) {
			t.Errorf("%s is a %s of %q and contains %d keys", name, one.Type, one.Elements, len(one.Contains))
		}
		wantReturns(t, name, one.Contains)
	}
}

// TestGroupsShareOptions: module_defaults for a group gives every member every option, so only what all take is of use.
func TestGroupsShareOptions(t *testing.T) {
	modules := map[string]ansible.Module{}
	for _, module := range slices.Concat(registry.Modules(), containers.Modules(nil)) {
		modules[module.Name] = module
	}
	groups := actionGroups(t)
	for group, options := range map[string][]string{
		"network": {"netns", "confirm", "probes", "persist", "manager"}, "container": {"lxc_path"}, "info": {"facts"},
	} {
		if len(groups[group]) < 2 {
			t.Errorf("the group %s has %v", group, groups[group])
		}
		for _, name := range groups[group] {
			for _, option := range options {
				if !slices.ContainsFunc(modules[name].Options(), func(doc schema.Doc) bool { return doc.Name == option }) {
					t.Errorf("%s of the group %s has no option %s", name, group, option)
				}
			}
		}
	}
}
