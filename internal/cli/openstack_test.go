package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallCloud = `cidr_networks: {management: 192.0.2.0/24}
global_overrides:
  provider_networks:
    - network:
        container_bridge: br-mgmt
        container_interface: eth1
        ip_from_q: management
        group_binds: [all_containers, hosts]
        is_management_address: true
image_hosts:
  one: {ip: 192.0.2.11}
`

// TestOpenStack: the exit codes, the form of the answers and that only allocate --write writes.
func TestOpenStack(t *testing.T) {
	directory := t.TempDir()
	config := filepath.Join(directory, "openstack_user_config.yml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(want int, arguments ...string) (string, string) {
		t.Helper()
		var output, complaints bytes.Buffer
		if got := runOpenStack(arguments, &output, &complaints); got != want {
			t.Errorf("%v: exit code %d instead of %d: %s%s", arguments, got, want, output.String(), complaints.String())
		}
		return output.String(), complaints.String()
	}
	write(smallCloud)
	output, _ := run(0, "plan", directory, "--json")
	var plan map[string]any
	if err := json.Unmarshal([]byte(output), &plan); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"containers", "hosts", "surplus", "warnings", "problems"} {
		if plan[key] == nil {
			t.Errorf("no %s in the plan", key)
		}
	}
	run(0, "check", directory)
	run(0, "show", directory)
	run(0, "allocate", directory)
	if _, err := os.Stat(filepath.Join(directory, "openstack_inventory.json")); err == nil {
		t.Error("planning wrote")
	}
	run(0, "allocate", "--write", directory)
	run(0, "check", directory)
	write(strings.Replace(smallCloud, "br-mgmt", "br-other", 1))
	if output, _ := run(1, "check", directory); !strings.Contains(output, "bridge: br-mgmt -> br-other") {
		t.Error(output)
	}
	write(strings.Replace(smallCloud, "group_binds", "groups_binds", 1))
	_, complaints := run(2, "check", directory)
	if !strings.Contains(complaints,
		"openstack_user_config.yml:8:9 provider_networks[0].network.groups_binds: unknown key; did you mean group_binds?") {
		t.Error(complaints)
	}
	run(2, "allocate", "--write", directory)
	run(1, "plan", filepath.Join(directory, "nowhere"))
	run(2, "plan", directory, "--write")
	run(2, "nothing", directory)
	run(0, "--help")
}
