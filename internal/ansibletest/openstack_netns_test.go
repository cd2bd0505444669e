//go:build netns

package ansibletest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// local is this computer's own Ansible with the collection, for plays whose target is a network namespace of their own.
type local struct{ collections, cloud string }

// newLocal lays the collection out with binaries of its own, and a cloud's configuration.
func newLocal(t *testing.T) *local {
	t.Helper()
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Fatal("ansible-playbook is missing: `make prepare` installs it")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	one := &local{t.TempDir(), t.TempDir()}
	collection := filepath.Join(one.collections, "ansible_collections/hostnet/linux")
	for _, part := range []string{"meta", "playbooks", "plugins", "roles"} {
		if err := os.CopyFS(filepath.Join(collection, part), os.DirFS(filepath.Join(root, part))); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(collection, "plugins/plugin_utils/_bin/linux_amd64")
	for program, source := range map[string]string{"hostnet": "./modules", "hostnet-lxc": "./modules/hostnet-lxc"} {
		build := exec.Command("go", "build", "-o", filepath.Join(bin, program), source)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if err := os.CopyFS(one.cloud, os.DirFS(filepath.Join(root, "internal/openstack/testdata/small"))); err != nil {
		t.Fatal(err)
	}
	one.write(t, "cloud.hostnet.yml", "plugin: hostnet.linux.openstack\ndirectory: .\n")
	return one
}

func (l *local) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(l.cloud, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// run is a shell script in a network namespace with one card, whose kept files go with it.
func (l *local) run(t *testing.T, script string) string {
	t.Helper()
	const setting = `set -e
mkdir -p /etc/hostnet /var/lib/hostnet /var/lib/lxc
for folder in /etc/hostnet /var/lib/hostnet /run /var/lib/lxc; do mount -t tmpfs tmpfs $folder; done
ip link set lo up
ip link add card0 type veth peer name far0
ip link set card0 up
ip link set far0 up
cd "$CLOUD"
`
	command := exec.CommandContext(context.Background(), "unshare", "--net", "--mount", "--propagation", "private", "bash",
		"-c", setting+script)
	command.Env = append(os.Environ(), "CLOUD="+l.cloud, "ANSIBLE_COLLECTIONS_PATHS="+l.collections,
		"ANSIBLE_COLLECTIONS_PATH="+l.collections,
		"ANSIBLE_LOCALHOST_WARNING=false", "ANSIBLE_PYTHON_INTERPRETER=auto_silent", "ANSIBLE_NOCOLOR=true",
		"ANSIBLE_DEPRECATION_WARNINGS=false",
		"HOME="+l.collections)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

const hostVariables = `openstack_hosts_systemd_networkd_devices:
  - NetDev: {Name: br-mgmt, Kind: bridge}
  - NetDev: {Name: br-storage, Kind: bridge}
  - NetDev: {Name: br-vxlan, Kind: bridge}
openstack_hosts_systemd_networkd_networks:
  - interface: br-mgmt
    address: "{{ management_address }}"
    netmask: 255.255.252.0
  - {interface: card0, bridge: br-storage}
`

var recap = regexp.MustCompile(`larch1 +: ok=\d+ +changed=(\d)`)

// TestOpenStackPlaybooks: the inventory plugin and OSA's own inventory lead to the same network, check says so before,
// and a second run is silent.
func TestOpenStackPlaybooks(t *testing.T) {
	l := newLocal(t)
	l.write(t, "variables.yml", hostVariables)
	// What an operator adds for some containers: it narrows itself, and one of its networks asks for nothing on the host.
	l.write(t, "group_vars/glance_api.yml",
		"container_extra_networks: {limit_container_types: glance, x_address: {bridge: lxcbr0, interface: eth9}}\n")
	const play = "ansible-playbook -c local -e @variables.yml --limit larch1 -i "
	for _, inventory := range []string{"cloud.hostnet.yml", "./dynamic_inventory.sh"} {
		t.Run(inventory, func(t *testing.T) {
			if strings.HasSuffix(inventory, ".sh") {
				// OSA's own inventory is a script, whose group of a host's containers has a dash in some releases.
				listed := l.run(t, "ansible-inventory -i cloud.hostnet.yml --list 2>/dev/null")
				l.write(t, "inventory.json", strings.ReplaceAll(listed, "larch1_host_containers", "larch1-host_containers"))
				l.write(t, "dynamic_inventory.sh", "#!/bin/sh\ncat "+filepath.Join(l.cloud, "inventory.json")+"\n")
			}
			out := l.run(t, play+inventory+" hostnet.linux.openstack_check\nip link show br-mgmt && exit 1\n"+play+inventory+
				" hostnet.linux.openstack_networks\n"+
				play+inventory+" hostnet.linux.openstack_networks\nip -br address; bridge link")
			var changed []string
			for _, one := range recap.FindAllStringSubmatch(out, -1) {
				changed = append(changed, one[1])
			}
			if !slices.Equal(changed, []string{"1", "1", "0"}) {
				t.Errorf("changed %v, want 1, 1, 0:\n%s", changed, out)
			}
			for _, want := range []string{"10.40.236.11/22", "master br-storage", "Not there yet, and so not wired: larch1-"} {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in:\n%s", want, out)
				}
			}
		})
	}
	t.Run("a bridge is missing", func(t *testing.T) {
		out := l.run(t, "ansible-playbook -c local --limit larch1 -i cloud.hostnet.yml hostnet.linux.openstack_networks || "+
			"echo refused\nip -br link")
		if !strings.Contains(out, "refused") ||
			!strings.Contains(out, "there is no br-mgmt on this host, and nothing declares it; add") {
			t.Error(out)
		}
	})
}

// TestOpenStackInventory: --limit and group_vars work as with OSA's inventory, and zones come one after the other.
func TestOpenStackInventory(t *testing.T) {
	l := newLocal(t)
	l.write(t, "group_vars/glance_api.yml", "of_the_group: yes\n")
	l.write(t, "host_vars/larch1.yml", "az_name: zone2\n")
	l.write(t, "host_vars/fern1.yml", "az_name: zone1\n")
	l.write(t, "host_vars/moss1.yml", "az_name: zone2\n")
	l.write(t, "variables.yml", hostVariables)
	out := l.run(t, "ansible-inventory -i cloud.hostnet.yml --list 2>/dev/null")
	// A relative directory begins at the inventory's file, wherever Ansible was started.
	if elsewhere := l.run(t,
		`cd /; ansible-inventory -i "$CLOUD/cloud.hostnet.yml" --list 2>/dev/null`); elsewhere != out {
		t.Errorf("started in another directory:\n%s", elsewhere)
	}
	var listed struct {
		Meta struct {
			Hosts map[string]map[string]any `json:"hostvars"`
		} `json:"_meta"`
	}
	if err := json.Unmarshal([]byte(out), &listed); err != nil {
		t.Fatal(err, out)
	}
	found := 0
	for name, vars := range listed.Meta.Hosts {
		if (vars["of_the_group"] == true) != strings.Contains(name, "-glance-") {
			t.Errorf("%s: of_the_group is %v", name, vars["of_the_group"])
		}
		if vars["container_networks"] != nil {
			found++
		}
	}
	if found != 16 {
		t.Errorf("%d hosts and containers have networks", found)
	}
	out = l.run(t,
		"ansible-playbook -c local -e @variables.yml --check -i cloud.hostnet.yml hostnet.linux.openstack_networks")
	plays, _, _ := strings.Cut(out, "PLAY RECAP")
	batches := strings.Split(plays, "PLAY [")
	has := func(batch int, host string) bool { return strings.Contains(batches[batch], ": ["+host+"]") }
	if len(batches) != 4 || !has(2, "fern1") || has(2, "larch1") || has(2, "moss1") || has(3, "fern1") ||
		!has(3, "larch1") || !has(3, "moss1") {
		t.Errorf("not zone1 and then zone2:\n%s", out)
	}
	// A configuration with problems is refused as a whole.
	l.write(t, "conf.d/wrong.yml", "image_hosts:\n  larch1:\n    ip: 10.40.236.99\n")
	out = l.run(t, "ansible-inventory -i cloud.hostnet.yml --list 2>&1 || true")
	if !strings.Contains(strings.Join(strings.Fields(out), " "), "image_hosts.larch1.ip: larch1 has 10.40.236.99 here") {
		t.Error(out)
	}
}
