//go:build netns

package container

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/netnstest"
)

// vlansOf are the VLANs of a port, by `bridge`: the untagged one first.
func vlansOf(t *testing.T, port string) (ids []int) {
	t.Helper()
	var list []struct {
		VLANs []struct {
			ID    int      `json:"vlan"`
			End   int      `json:"vlanEnd"`
			Flags []string `json:"flags"`
		} `json:"vlans"`
	}
	if err := json.Unmarshal([]byte(lxctest.Must(t, "bridge", "-j", "vlan", "show", "dev", port)), &list); err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		for _, vlan := range one.VLANs {
			for id := vlan.ID; id <= max(vlan.ID, vlan.End); id++ {
				if slices.Contains(vlan.Flags, "PVID") {
					ids = slices.Insert(ids, 0, id)
				} else {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids
}

// TestVLANs puts containers on VLANs of a filtering bridge: those on one VLAN talk, those on two do not.
func TestVLANs(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	if _, err := lxctest.Run("ip", "link", "add", "name", "br-v", "up", "type", "bridge", "vlan_filtering",
		"1"); err != nil {
		netnstest.Skip(t, "this kernel's bridges filter no VLANs")
	}
	t.Cleanup(func() { _, _ = lxctest.Run("ip", "link", "delete", "br-v") })
	first, second := lxctest.New(t, folder, "first"), lxctest.New(t, folder, "second")
	declare := func(c *lxctest.Container, number int, more args) {
		all := args{"container": c.Name, "name": "eth1", "bridge": "br-v",
			"addresses": []any{fmt.Sprintf("10.40.0.%d/24", number)}}
		for key, value := range more {
			all[key] = value
		}
		apply(t, folder, all)
	}
	port := func(name string, want ...int) {
		t.Helper()
		if ids := vlansOf(t, name); !slices.Equal(ids, want) {
			t.Errorf("%s has VLANs %v, want %v", name, ids, want)
		}
	}
	declare(first, 1, args{"vlan": 10, "trunk": []any{"20-22"}})
	port("first_eth1", 10, 20, 21, 22)
	declare(second, 2, args{"vlan": 10})
	port("second_eth1", 10)
	first.Ping(t, "10.40.0.2")
	index := first.Links(t)["eth1"].Index
	declare(second, 2, args{"vlan": 11})
	port("second_eth1", 11)
	if _, err := lxctest.Run("nsenter", "-t", fmt.Sprint(first.PID(t)), "-n", "ping", "-c", "1", "-W", "1",
		"10.40.0.2"); err == nil {
		t.Error("two VLANs talk to each other")
	}
	declare(first, 1, args{"vlan": 11, "trunk": []any{22, 30}})
	port("first_eth1", 11, 22, 30)
	first.Ping(t, "10.40.0.2")
	if now := first.Links(t)["eth1"].Index; now != index {
		t.Error("the interface was made again")
	}
	first.Restart(t)
	port("first_eth1", 11, 22, 30)
	first.Ping(t, "10.40.0.2")
	declare(first, 1, args{"trunk": []any{}, "vlan": 0})
	port("first_eth1")
}
