package host

import (
	"encoding/json"
	"errors"
	"testing"

	"hostnet.linux/internal/kernel/fake"
	"hostnet.linux/internal/schema"
)

// FuzzArguments: whatever a task says, the answer is a plan or a list of problems.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{
		`{"bonds": [{"name": "bond0", "mode": "802.3ad", "miimon": 100, "ports": ["eth0", {"name": "eth1", "queue_id": 1}]}]}`,
		`{"vlans": [{"name": "v0", "parent": "eth0", "id": "7", "ingress_qos_map": {"1": 2}}], "interfaces": [{"name": "eth0", "addresses": "10.0.0.1/24"}]}`,
		`{"bridges": [{"name": "br0", "forward_delay": 1.5, "ports": [{"name": "eth0", "vlans": [{"vid": "10-20"}, 30]}], "routes": [{"to": "default", "via": "10.0.0.2"}]}]}`,
		`{"vxlans": [{"name": "vx0", "id": 1, "fdb": [{"mac_address": "00:00:00:00:00:00", "dst": "::1"}]}], "routes": [{"to": "::/0", "nexthops": [{"dev": "eth0"}]}], "rules": [{"from": "::1", "table": 7}]}`,
		`{"veths": [{"name": "a", "peer": "b"}, {"name": "b", "peer": "a"}], "macvlans": [{"name": "m", "parent": "m"}], "netns": 7, "bonds": null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var arguments map[string]any
		if json.Unmarshal(text, &arguments) != nil {
			return
		}
		_, wanted, err := ParseNetwork(arguments)
		k := fake.New("eth0", "eth1")
		var problems schema.Problems
		if errors.As(err, &problems) {
			if (&Host{Kernel: k}).MoreProblems(wanted, problems); k.Writes > 0 {
				t.Errorf("a look for problems wrote %d times", k.Writes)
			}
			return
		}
		if _, err := (&Host{Kernel: k}).Plan(wanted); err != nil && k.Writes > 0 {
			t.Errorf("a refused plan wrote %d times", k.Writes)
		}
	})
}
