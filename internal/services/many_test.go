package services

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hostnet.linux/internal/schema"
)

// TestManyWrongObjects: of objects that are all wrong, no more is told than a person reads, and looking for it ends
// soon.
func TestManyWrongObjects(t *testing.T) {
	t.Parallel()
	const count, most = 10_000, 1001
	for _, key := range []string{
		"interfaces", "dummies", "bonds", "vlans", "vxlans", "bridges", "veths", "macvlans", "vrfs", "routes", "rules",
		"nats", "dnsmasqs", "lxc_bridges",
	} {
		for what, element := range map[string]map[string]any{
			"empty": {}, "the same": {"name": "a", "interface": "a", "to": "10.0.0.0/24", "from": "10.0.0.0/24", "id": 1,
				"parent": "a"},
		} {
			t.Run(fmt.Sprintf("%s %s", what, key), func(t *testing.T) {
				t.Parallel()
				list := make([]any, count)
				for i := range list {
					list[i] = element
				}
				began := time.Now()
				_, _, err := ParseNetwork(map[string]any{key: list})
				var problems schema.Problems
				if !errors.As(err, &problems) || len(problems) == 0 || len(problems) > 2*most {
					t.Errorf("%d problems, want 1 to %d: %v", len(problems), 2*most, err != nil)
				}
				if took := time.Since(began); took > 20*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
	}
}
