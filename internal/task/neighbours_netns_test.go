//go:build netns

package task_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/modules/registry"
)

// TestNeighbours: network_info says what it has heard of, and ends in time where nobody speaks.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	ns := netnstest.New(t)
	ns.IP(t, "link", "add", "name", "eth0", "type", "veth", "peer", "name", "far0")
	ns.IP(t, "link", "set", "dev", "eth0", "up")
	ns.IP(t, "link", "set", "dev", "far0", "up")
	module, err := registry.Find("network_info")
	if err != nil {
		t.Fatal(err)
	}
	for arguments, want := range map[string]string{`"lldp": true, "lldp_wait": 1`: `[]`, `"lldp": false`: "null"} {
		call, err := ansible.ReadCall(strings.NewReader(`{"netns": "`+ns.Name+`", `+arguments+`}`), "network_info")
		if err != nil {
			t.Fatal(err)
		}
		result := module.Run(t.Context(), call)
		found, _ := json.Marshal(result.Values.Get("neighbours"))
		if result.Err != nil || string(found) != want {
			t.Errorf("%s: %s, want %s: %v", arguments, found, want, result.Err)
		}
	}
}
