package container

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/schema"
)

// parsed reads the options of one interface as a task gives them, and what is wrong with them.
func parsed(fields map[string]any) (*Interface, string) {
	var one Interface
	var problems schema.Problems
	at := schema.At("", &problems)
	InterfaceTable().Parse(&one, fields, at)
	checkOptions(&one, at)
	return &one, problems.Error()
}

// TestKindsOfLXC: an ipvlan and a VLAN are written as LXC reads them, and read as they are written.
func TestKindsOfLXC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		declared map[string]any
		lines    []string
		data     map[uint16][]byte
	}{
		{
			map[string]any{"name": "up0", "type": "ipvlan", "parent": "eth0", "ipvlan_mode": "l3s",
				"ipvlan_isolation": "private", "addresses": []any{"192.0.2.5/24"}},
			[]string{"type = ipvlan", "name = up0", "link = eth0", "ipvlan.mode = l3s", "ipvlan.isolation = private",
				"flags = up", "ipv4.address = 192.0.2.5/24"},
			map[uint16][]byte{unix.IFLA_IPVLAN_MODE: {2, 0}, unix.IFLA_IPVLAN_FLAGS: {1, 0}},
		},
		{
			map[string]any{"name": "up0", "type": "ipvlan", "parent": "eth0"},
			[]string{"type = ipvlan", "name = up0", "link = eth0", "flags = up"},
			map[uint16][]byte{unix.IFLA_IPVLAN_MODE: {1, 0}, unix.IFLA_IPVLAN_FLAGS: {0, 0}},
		},
		{
			map[string]any{"name": "v7", "type": "vlan", "parent": "eth0", "vlan_id": 263, "mtu": 1400},
			[]string{"type = vlan", "name = v7", "link = eth0", "vlan.id = 263", "flags = up", "mtu = 1400"},
			map[uint16][]byte{unix.IFLA_VLAN_ID: {7, 1}},
		},
	} {
		one, problems := parsed(c.declared)
		if problems != "" {
			t.Errorf("%v: %s", c.declared, problems)
			continue
		}
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := lxc.ReadConfig(file, lxc.Disk{})
		if err != nil {
			t.Fatal(err)
		}
		whole := unsetInterface
		optionRows().Overlay(&whole, one)
		whole.Name = one.Name
		writeNet(config, 3, &whole)
		if err := writeConfig(config); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), "lxc.net.3.", "")), "\n")
		slices.Sort(lines)
		slices.Sort(c.lines)
		if !slices.Equal(lines, c.lines) {
			t.Errorf("written: %q, want %q", lines, c.lines)
		}
		again, err := lxc.ReadConfig(file, lxc.Disk{})
		if err != nil {
			t.Fatal(err)
		}
		read := configured(again, Record{})
		if len(read) != 1 || !read[0].Supported() || len(optionRows().Diff(one, &read[0].Interface)) > 0 {
			t.Errorf("read: %+v", read)
		}
		target := &target{container: &Container{}, want: one, final: one}
		request := target.standingRequest()
		if request.Kind != *one.Type || request.Parent != "eth0" || request.Address != nil ||
			len(request.Data) != len(c.data) {
			t.Errorf("the kernel is asked for %+v", request)
		}
		for _, attribute := range request.Data {
			if !slices.Equal(attribute.Data, c.data[attribute.Type]) {
				t.Errorf("attribute %d is %v", attribute.Type, attribute.Data)
			}
		}
		live := &LiveInterface{}
		decodeStanding(live, &kernel.Link{Kind: request.Kind, Data: request.Data})
		if one.VLANID != nil && deref(live.VLANID) != *one.VLANID || one.IPVLANMode != nil &&
			deref(live.IPVLANMode) != *one.IPVLANMode ||
			one.IPVLANIsolation != nil && deref(live.IPVLANIsolation) != *one.IPVLANIsolation {
			t.Errorf("of the kernel's answer is read %+v", live.Interface)
		}
	}
}

func TestOptionsOfKinds(t *testing.T) {
	t.Parallel()
	for want, fields := range map[string]map[string]any{
		"vlan_id: is of type vlan only, and this is a veth":       {"name": "eth1", "type": "veth", "vlan_id": 5},
		"ipvlan_mode: is of type ipvlan only, and this is a vlan": {"name": "eth1", "type": "vlan", "ipvlan_mode": "l2"},
		"mac_address: an ipvlan has the MAC address": {
			"name": "eth1", "type": "ipvlan", "mac_address": "00:16:3e:00:00:01"},
		"bridge: is of type veth only, and this is a ipvlan": {"name": "eth1", "type": "ipvlan", "bridge": "br0"},
		"vlan_id: must be": {"name": "eth1", "type": "vlan", "vlan_id": 4095},
		"did you mean":     {"name": "eth1", "type": "ipvlam"},
	} {
		if _, problems := parsed(fields); !strings.Contains(problems, want) {
			t.Errorf("%v: want %q, got %q", fields, want, problems)
		}
	}
}
