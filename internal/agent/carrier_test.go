package agent

import (
	"testing"
	"time"

	"hostnet.linux/internal/kernel"
)

// TestCarriers: a change is dated when it is seen; of a link that was there before the agent, a least time is known.
func TestCarriers(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	later, last := begin.Add(time.Hour), begin.Add(2*time.Hour)
	first := carriers([]kernel.Link{{Name: "eth0", Index: 2, CarrierChanges: 1},
		{Name: "eth1", Index: 3, CarrierChanges: 4}}, nil, begin)
	if len(first) != 2 || first["eth0"] != (Carrier{2, 1, begin, true}) {
		t.Errorf("at first: %v", first)
	}
	second := carriers([]kernel.Link{{Name: "eth0", Index: 2, CarrierChanges: 1},
		{Name: "eth1", Index: 3, CarrierChanges: 5}}, first, later)
	if second["eth0"] != first["eth0"] || second["eth1"] != (Carrier{3, 5, later, false}) {
		t.Errorf("after a change: %v", second)
	}
	// Another link of the same name.
	other := kernel.Link{Name: "eth1", Index: 9, CarrierChanges: 5}
	third := carriers([]kernel.Link{{Name: "eth0", Index: 2, CarrierChanges: 1}, other}, second, last)
	if third["eth1"] != (Carrier{9, 5, last, true}) {
		t.Errorf("another link: %v", third)
	}
	if fourth := carriers([]kernel.Link{other}, third, last); len(fourth) != 1 {
		t.Errorf("a link that is gone: %v", fourth)
	}
}
