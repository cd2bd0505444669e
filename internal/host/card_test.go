package host

import (
	"strings"
	"testing"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/kernel/fake"
)

// parents is a kernel whose drivers tell what card or switch a port is of. No device of a virtual machine does.
type parents struct {
	*fake.Kernel
	ports, switches map[string]string
}

func (p parents) CurrentLinks() ([]kernel.Link, error) {
	links, err := p.Links()
	for i := range links {
		links[i].PhysicalPort, links[i].PhysicalSwitch = p.ports[links[i].Name], p.switches[links[i].Name]
	}
	return links, err
}

// TestPortsOfOneParent: two ports of a bond that share a physical port or a switch fail together.
func TestPortsOfOneParent(t *testing.T) {
	for name, one := range map[string]struct {
		ports, switches map[string]string
		want            string
	}{
		"one physical port": {map[string]string{"eth0": "aa", "eth1": "aa"}, nil,
			"eth0 and eth1 are on one card (physical port aa)"},
		"one switch": {map[string]string{"eth0": "p0", "eth1": "p1"}, map[string]string{"eth0": "ab", "eth1": "ab"},
			"eth0 and eth1 are on one card (switch ab)"},
		"two of each":     {map[string]string{"eth0": "p0", "eth1": "p1"}, map[string]string{"eth0": "ab", "eth1": "ac"}, ""},
		"nothing is told": {nil, nil, ""},
	} {
		for _, sameCard := range []string{"warn", "fail", "ignore"} {
			t.Run(name+", "+sameCard, func(t *testing.T) {
				h := &Host{Kernel: parents{fake.New("eth0", "eth1"), one.ports, one.switches}}
				_, wanted, err := ParseSingle("bond",
					map[string]any{"name": "bond0", "same_card": sameCard, "ports": []any{"eth0", "eth1"}})
				if err != nil {
					t.Fatal(err)
				}
				warned, failed := "", ""
				if found, err := h.Plan(wanted); err != nil {
					failed = err.Error()
				} else {
					warned = strings.Join(found.Warnings, "\n")
				}
				said := map[string]string{"warn": warned, "fail": failed, "ignore": ""}[sameCard]
				want := one.want
				if sameCard == "ignore" {
					want = ""
				}
				if warned+failed != said || !strings.Contains(said, want) || (want == "") != (said == "") {
					t.Errorf("warned %q, failed %q, want %q", warned, failed, want)
				}
			})
		}
	}
}
