//go:build netns

package container

import (
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/netnstest"
)

// TestIPVLANAndVLAN needs a kernel with both: made and changed as the container runs, and made by LXC at a start.
func TestIPVLANAndVLAN(t *testing.T) {
	lxctest.Need(t)
	netnstest.NeedKind(t, IPVLAN)
	netnstest.NeedKind(t, VLAN)
	folder := t.TempDir()
	lxctest.Must(t, "ip", "link", "add", "nic8", "up", "type", "veth", "peer", "name", "wire8")
	lxctest.Must(t, "ip", "link", "set", "wire8", "up")
	t.Cleanup(func() { _, _ = lxctest.Run("ip", "link", "delete", "wire8") })
	c := lxctest.New(t, folder, "standing")
	seen := func(name, want string) {
		t.Helper()
		if text := c.Enter(t, "ip", "-d", "address", "show", name); !strings.Contains(text, want) {
			t.Errorf("%s has no %q: %s", name, want, text)
		}
	}
	apply(t, folder, args{"container": c.Name, "name": "ip0", "type": "ipvlan", "parent": "nic8", "ipvlan_mode": "l2",
		"addresses": []any{"10.8.0.2/24"}})
	apply(t, folder, args{"container": c.Name, "name": "v8", "type": "vlan", "parent": "nic8", "vlan_id": 8,
		"addresses": []any{"10.9.0.2/24"}})
	seen("ip0", "ipvlan  mode l2")
	seen("v8", "id 8 ")
	apply(t, folder, args{"container": c.Name, "name": "ip0", "ipvlan_mode": "l3s"})
	apply(t, folder, args{"container": c.Name, "name": "v8", "vlan_id": 9})
	for range 2 {
		seen("ip0", "ipvlan  mode l3s")
		seen("ip0", "inet 10.8.0.2/24")
		seen("v8", "id 9 ")
		seen("v8", "inet 10.9.0.2/24")
		c.Restart(t)
	}
	apply(t, folder, args{"container": c.Name, "interfaces": []any{}})
	if links := c.Links(t); len(links) != 1 {
		t.Errorf("links stay: %v", links)
	}
}
