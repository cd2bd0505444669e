package link

import (
	"fmt"
	"strings"
)

// checkCards finds bonds with two ports on one card: its failure would take both.
func (p *planner) checkCards() {
	for _, want := range p.wanted {
		if want.Kind != Bond || want.Ports == nil || want.Absent() || deref(want.SameCard) == "ignore" {
			continue
		}
		cards := map[string]string{}
		for i, port := range *want.Ports {
			for _, card := range p.cards(port.Name) {
				other, shared := cards[card]
				if !shared {
					cards[card] = port.Name
					continue
				}
				message := fmt.Sprintf("%s and %s are on one card (%s), whose failure takes both: pair ports of different cards, "+
					"or set same_card to ignore",
					other, port.Name, card)
				if deref(want.SameCard) == "fail" {
					p.problem(want, fmt.Sprintf("ports[%d]", i), "%s", message)
				} else {
					p.warn("bond %s: %s", want.Name, message)
				}
				break
			}
		}
	}
}

// cards names what a link shares with its neighbours: the PCI device without its function, and the port or
// switch that the driver tells of.
func (p *planner) cards(name string) []string {
	link := p.current.Find(name)
	if link == nil || link.Kind != Hardware {
		return nil
	}
	var cards []string
	// A link whose bus cannot be asked for has no card to compare: not every driver answers.
	if bus, err := p.kernel.BusAddress(name); err == nil {
		if device, function, isPCI := strings.Cut(bus, "."); isPCI && function != "" && strings.Count(device, ":") == 2 {
			cards = append(cards, "PCI device "+device)
		}
	}
	if link.Observed.PhysicalSwitch != "" {
		cards = append(cards, "switch "+link.Observed.PhysicalSwitch)
	}
	if link.Observed.PhysicalPort != "" {
		cards = append(cards, "physical port "+link.Observed.PhysicalPort)
	}
	return cards
}
