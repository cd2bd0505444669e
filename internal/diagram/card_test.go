package diagram

import (
	"strings"
	"testing"

	"hostnet.linux/internal/topology"
)

// TestCardFrames: ports of one physical card that stand side by side have one frame; where bonds draw them apart, each
// has one, and a line joins them. The legend has a line as well.
func TestCardFrames(t *testing.T) {
	t.Parallel()
	draw := func(links ...*topology.Link) int {
		host := &topology.Host{Name: "a", Namespaces: []*topology.Namespace{
			{Name: "a", Kind: topology.Machine, Links: links}}}
		var out strings.Builder
		if err := Draw(&out, "svg", []*topology.Host{host}, Options{}); err != nil {
			t.Fatal(err)
		}
		return strings.Count(out.String(), `class="card"`)
	}
	port := func(name, bus, bond string) *topology.Link {
		return &topology.Link{Name: name, State: topology.Up, MTU: 1500, Bus: bus, Controller: bond,
			Addresses: []string{"192.0.2.1/24"}}
	}
	bond := func(name string) *topology.Link {
		return &topology.Link{Name: name, Kind: "bond", State: topology.Up, MTU: 1500}
	}
	if got := draw(port("eth0", "0000:05:00.0", ""), port("eth1", "0000:05:00.1", ""),
		port("eth2", "0000:06:00.0", "")); got != 1+1 {
		t.Errorf("two ports of one card and another: %d frames", got)
	}
	if got := draw(port("eth0", "0000:05:00.0", ""), port("eth1", "0000:06:00.0", "")); got != 0 {
		t.Errorf("two cards: %d frames", got)
	}
	for _, addresses := range [][]string{nil, {"192.0.2.9/24"}} { // a bond's own lines push its ports down
		over := bond("bond0")
		over.Addresses = addresses
		if got := draw(
			over, bond("bond1"), port("eth0", "0000:05:00.0", "bond0"), port("eth2", "0000:06:00.0", "bond0"),
			port("eth1", "0000:05:00.1", "bond1"), port("eth3", "0000:06:00.1", "bond1"),
		); got != 4+2+1 {
			t.Errorf("bonds over two cards: %d frames and lines, want four frames, two lines and the legend", got)
		}
	}
	if got := draw(bond("bond0"), port("eth0", "0000:05:00.0", "bond0"), port("eth1", "0000:05:00.1", "bond0")); got != 1+1 {
		t.Errorf("a bond of one card alone: %d frames", got)
	}
}
