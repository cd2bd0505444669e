//go:build netns

package task_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestMTUFollowsParent: a link without an MTU of its own has its parent's after each change of that, as it would have
// it after a boot; one with an MTU of its own, declared or set by a person, keeps it.
func TestMTUFollowsParent(t *testing.T) {
	t.Parallel()
	m := &randomHost{machine: newMachine(t)}
	m.must("network", `{"bridges": [{"name": "br-f", "mtu": 1500}],
		"macvlans": [{"name": "mv-free", "parent": "br-f"}, {"name": "mv-own", "parent": "br-f", "mtu": 1400}, {"name": "mv-hand", "parent": "br-f"}]}`)
	m.ns.IP(t, "link", "set", "dev", "mv-hand", "mtu", "1300")
	for _, mtu := range []int{1450, 9000, 1500} {
		m.must("bridge", fmt.Sprintf(`{"name": "br-f", "mtu": %d}`, mtu))
		m.mtus(map[string]int{"br-f": mtu, "mv-free": mtu, "mv-own": 1400, "mv-hand": 1300})
	}
}

// mtus compares with what iproute2 says.
func (m *machine) mtus(want map[string]int) {
	m.Helper()
	for name, mtu := range want {
		if said := m.ns.IP(m.T, "link", "show", "dev", name); !strings.Contains(said, fmt.Sprintf(" mtu %d ", mtu)) {
			m.Errorf("want mtu %d: %s", mtu, said)
		}
	}
}
