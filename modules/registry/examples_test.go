package registry_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/modules/registry"
)

// example is one task of a module's documentation.
type example struct {
	Name      string
	Module    string
	Arguments map[string]any
}

// examples reads the documented tasks of a module.
func examples(t *testing.T, module ansible.Module) []example {
	t.Helper()
	document, err := ansible.ParseYAML([]byte("tasks:\n" + module.Examples))
	tasks, isList := document["tasks"].([]any)
	if err != nil || !isList {
		t.Fatalf("the examples are not a list of tasks: %v", err)
	}
	var out []example
	for _, one := range tasks {
		task, _ := one.(map[string]any)
		name, _ := task["name"].(string)
		for key, value := range task {
			if short, ours := strings.CutPrefix(key, "hostnet.linux."); ours {
				arguments, _ := value.(map[string]any)
				out = append(out, example{Name: name, Module: short, Arguments: arguments})
			}
		}
	}
	return out
}

func TestEveryModuleHasExamplesOfItself(t *testing.T) {
	for _, module := range registry.Modules() {
		found := false
		for _, one := range examples(t, module) {
			found = found || one.Module == module.Name
			if one.Name == "" || strings.ToUpper(one.Name[:1]) != one.Name[:1] {
				t.Errorf("%s: the example %q needs a name that starts with a capital letter", module.Name, one.Name)
			}
		}
		if !found {
			t.Errorf("%s: no example calls it", module.Name)
		}
	}
}

func TestUnknownOptionIsNamedWithItsNearest(t *testing.T) {
	for _, module := range registry.Modules() {
		known := module.Options()[0].Name
		wrong := known + "x"
		result := module.Run(context.Background(), ansible.Call{Module: module.Name, Arguments: map[string]any{wrong: "v"}})
		if result.Err == nil || !strings.Contains(result.Err.Error(), `did you mean "`+known+`"`) {
			t.Errorf("%s: %v", module.Name, result.Err)
		}
	}
}

func TestOrdinaryUserIsToldToBecomeRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("runs as root: the refusal is tested over SSH as an ordinary user")
	}
	module, err := registry.Find("dummy")
	if err != nil {
		t.Fatal(err)
	}
	result := module.Run(context.Background(), ansible.Call{Module: "dummy", Arguments: map[string]any{"name": "d0"}})
	if result.Err == nil || !strings.Contains(result.Err.Error(), "root") {
		t.Errorf("got %v", result.Err)
	}
}
