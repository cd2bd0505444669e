package diagram

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
)

// info is what network_info and container_info return, registered and combined.
func info(name string) map[string]any {
	return map[string]any{
		"name": name, "changed": false, "failed": false,
		"network": map[string]any{
			"interfaces": []any{map[string]any{"name": "eth0", "up": true}},
			"bridges": []any{map[string]any{"name": "br0", "ports": []any{"eth0"},
				"addresses": []any{map[string]any{"address": "192.0.2.1/24"}}}},
		},
		"containers": []any{
			map[string]any{"container": "on", "state": "RUNNING",
				"interfaces": []any{map[string]any{"name": "eth1", "running": map[string]any{
					"inside":  map[string]any{"kind": "veth", "up": true, "carrier": true, "addresses": []any{"192.0.2.9/24"}},
					"outside": map[string]any{"name": "on_eth1", "bridge": "br0", "up": true, "carrier": true},
				}}}},
			map[string]any{"container": "off", "state": "STOPPED", "interfaces": []any{
				map[string]any{"name": "eth1", "configured": map[string]any{"bridge": "br0", "host_name": "off_eth1"}},
			}},
		},
	}
}

func TestModule(t *testing.T) {
	t.Parallel()
	dest := filepath.Join(t.TempDir(), "picture.svg")
	call := ansible.Call{Module: "network_diagram", Arguments: map[string]any{
		"hosts": []any{info("a"), info("b")}, "dest": dest, "traffic": map[string]any{"br0": "storage"}, "title": "Two",
	}}
	call.CheckMode = true
	if result := Run(context.Background(), call); result.Err != nil || !result.Changed {
		t.Fatalf("check mode: %+v", result)
	}
	if _, err := os.Stat(dest); err == nil {
		t.Error("check mode has written the file")
	}
	call.CheckMode = false
	if result := Run(context.Background(), call); result.Err != nil || !result.Changed {
		t.Fatalf("the run: %+v", result)
	}
	text, err := os.ReadFile(dest)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, string(text))
	for _, want := range []string{">on<", ">off<", "stopped", "192.0.2.9/24", "on_eth1", "off_eth1",
		`class="node storage"`, ">Two<"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the picture does not have %q", want)
		}
	}
	if strings.Count(string(text), "cloud storage") != 1 {
		t.Error("both hosts use 192.0.2.0/24: they share one network")
	}
	if result := Run(context.Background(), call); result.Err != nil || result.Changed {
		t.Errorf("the second run: %+v", result)
	}
}

func TestModuleRefuses(t *testing.T) {
	t.Parallel()
	for want, arguments := range map[string]map[string]any{
		"hosts: must not be empty":        {"hosts": []any{}},
		"hosts[0]: must be a result":      {"hosts": []any{"infra1"}},
		"hosts[1]: there is neither":      {"hosts": []any{info("a"), map[string]any{"failed": true}}},
		"topology.namespaces: the list":   {"hosts": []any{map[string]any{"topology": map[string]any{}}}},
		`did you mean "storage"`:          {"hosts": []any{info("a")}, "traffic": map[string]any{"br0": "storrage"}},
		"dest: \"x.svg\" must be a path":  {"hosts": []any{info("a")}, "dest": "x.svg"},
		"format: ":                        {"hosts": []any{info("a")}, "format": "png"},
		`did you mean "fold"`:             {"hosts": []any{info("a")}, "folds": 3},
		"traffic: must be a dictionary":   {"hosts": []any{info("a")}, "traffic": []any{}},
		"hosts[0]: this is no result of ": {"hosts": []any{map[string]any{"topology": "x"}}},
	} {
		result := Run(context.Background(), ansible.Call{Arguments: arguments})
		if result.Err == nil || !strings.Contains(result.Err.Error(), want) {
			t.Errorf("there is no %q in %v", want, result.Err)
		}
	}
}
