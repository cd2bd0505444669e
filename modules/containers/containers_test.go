package containers_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/modules/containers"
)

// TestExamples reads the documented tasks of every module; the tests of internal/container run such tasks on
// containers.
func TestExamples(t *testing.T) {
	parsers := map[string]func(map[string]any) error{
		"container":           func(a map[string]any) error { _, err := container.ParseLife(a); return err },
		"container_info":      func(a map[string]any) error { _, err := container.ParseInfo(a); return err },
		"container_interface": func(a map[string]any) error { _, _, err := container.ParseInterface(a); return err },
		"container_network":   func(a map[string]any) error { _, _, err := container.ParseNetwork(a); return err },
	}
	for _, module := range containers.Modules(nil) {
		document, err := ansible.ParseYAML([]byte("tasks:\n" + module.Examples))
		tasks, _ := document["tasks"].([]any)
		if err != nil || len(tasks) == 0 {
			t.Fatalf("%s: the examples are not a list of tasks: %v", module.Name, err)
		}
		for _, one := range tasks {
			task, _ := one.(map[string]any)
			for name, parse := range parsers {
				arguments, called := task["hostnet.linux."+name].(map[string]any)
				if !called || templated(arguments) {
					continue
				}
				if err := parse(arguments); err != nil {
					t.Errorf("%s: %v: %v", module.Name, task["name"], err)
				}
			}
		}
	}
}

// templated arguments are known only when a playbook runs.
func templated(arguments map[string]any) bool {
	for _, value := range arguments {
		if text, isText := value.(string); isText && strings.Contains(text, "{{") {
			return true
		}
	}
	return false
}

func TestWithoutLXCTheyOnlyDocument(t *testing.T) {
	for _, module := range containers.Modules(nil) {
		result := module.Run(context.Background(), ansible.Call{Module: module.Name})
		if result.Err == nil || !strings.Contains(result.Err.Error(), "hostnet-lxc") {
			t.Errorf("%s: %v", module.Name, result.Err)
		}
	}
	if _, err := containers.Find("bond", nil); err == nil || !strings.Contains(err.Error(), "container_network") {
		t.Errorf("find: %v", err)
	}
	if !slices.IsSortedFunc(containers.Modules(nil),
		func(a, b ansible.Module) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the modules are not sorted")
	}
}
