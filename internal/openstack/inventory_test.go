package openstack

import "testing"

// TestInventory: every member of a group is a host of the inventory, and every container hangs below its host's group.
func TestInventory(t *testing.T) {
	plan, _ := planOf(t, cloud)
	inventory := decoded(t, plan.Inventory())
	hostvars, _ := inventory["_meta"].(map[string]any)["hostvars"].(map[string]any)
	if len(hostvars) != len(plan.Hosts)+len(plan.Containers) {
		t.Errorf("%d hosts", len(hostvars))
	}
	groups, _ := inventory["groups"].(map[string]any)
	for name, raw := range groups {
		group, _ := raw.(map[string]any)
		hosts, ok := group["hosts"].([]any)
		if !ok {
			t.Errorf("%s has no list of hosts", name)
		}
		for _, host := range hosts {
			if text, _ := host.(string); hostvars[text] == nil {
				t.Errorf("%s has %v, which is no host", name, host)
			}
		}
		children, _ := group["children"].([]any)
		for _, child := range children {
			if text, _ := child.(string); groups[text] == nil {
				t.Errorf("%s has %v, which is no group", name, child)
			}
		}
	}
	members, _ := groups["one_host_containers"].(map[string]any)["hosts"].([]any)
	if len(members) != 3 {
		t.Errorf("one has %v", members)
	}
}
