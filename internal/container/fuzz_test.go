package container

import (
	"encoding/json"
	"io/fs"
	"slices"
	"testing"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/schema"
)

// memory is a reader of one file.
type memory string

func (m memory) ReadFile(path string) ([]byte, error) {
	if path != "/c/config" {
		return nil, fs.ErrNotExist
	}
	return []byte(m), nil
}

func (memory) ReadDir(string) ([]string, error) { return nil, fs.ErrNotExist }

// FuzzConfiguration: whatever is in a container's configuration, what nobody changes is written back as it was; an
// interface that is declared is read back, and the record is read or refused.
func FuzzConfiguration(f *testing.F) {
	f.Add("# by hand\nlxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n", "eth1",
		"br0")
	f.Add("lxc.net.0.type=vlan\nlxc.net.0.vlan.id=9999\nlxc.net.1 =\nlxc.net.0.ipv4.address = 10.0.0.1\r\n", "eth1", "br0")
	f.Add(recordNote+`{"container": "c", "interfaces": [{"name": "eth1", "dhcp": true}]}`+
		"\nlxc.net.3.veth.vlan.tagged.id = 7", "e", "b")
	f.Fuzz(func(t *testing.T, text, name, bridge string) {
		config, err := lxc.ReadConfig("/c/config", memory(text))
		if err != nil {
			return
		}
		record, err := readRecord(config, "/c/config")
		if err != nil {
			return
		}
		before := configured(config, record)
		if len(config.Changes()) > 0 {
			t.Fatalf("reading changes %q", text)
		}
		var one Interface
		var problems schema.Problems
		InterfaceTable().Parse(&one, map[string]any{"name": name, "type": "veth", "bridge": bridge}, schema.At("", &problems))
		if len(problems) > 0 || slices.ContainsFunc(before, func(c *Configured) bool { return c.Name == one.Name }) {
			return
		}
		index := config.FreeNet()
		writeNet(config, index, &one)
		changes := config.Changes()
		if len(changes) != 1 {
			t.Fatalf("%d files change", len(changes))
		}
		again, err := lxc.ReadConfig("/c/config", memory(changes[0].Now))
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(configured(again, record), func(c *Configured) bool {
			return c.Index == index && c.Name == one.Name && deref(c.Bridge) == *one.Bridge && c.kind() == Veth
		})
		if !found {
			t.Errorf("%q of %q is not read from %q", one.Name, bridge, changes[0].Now)
		}
	})
}

// FuzzArguments: a task's arguments are understood or refused.
func FuzzArguments(f *testing.F) {
	f.Add(
		`{"container": "c", "interfaces": [{"name": "eth1", "type": "veth", "bridge": "br0", "addresses": ["10.0.0.2/24"], "trunk": ["5-9"], "routes": [{"to": "default", "via": "10.0.0.1", "metric": 5}]}]}`)
	f.Add(
		`{"containers": [{"container": "c", "container_networks": {"a": {"interface": "eth1", "bridge": "br-mgmt", "address": "10.0.0.2", "netmask": "255.255.255.0"}}}]}`)
	f.Add(`{"name": "c", "config": ["lxc.idmap = u 0 1 2"], "wait_for": "gateway"}`)
	f.Fuzz(func(_ *testing.T, text string) {
		var arguments map[string]any
		if json.Unmarshal([]byte(text), &arguments) != nil {
			return
		}
		if _, wanted, err := ParseNetwork(arguments); err == nil {
			var problems schema.Problems
			checkDeclared(wanted, &problems)
		}
		_, _, _ = ParseInterface(arguments)
		_, _ = ParseLife(arguments)
		_, _ = ParseInfo(arguments)
	})
}
