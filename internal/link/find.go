package link

import "strings"

// find gives a link that is declared by its hardware the name that the kernel has for it.
func (p *planner) find(want *Link) bool {
	if want.Name != "" {
		return true
	}
	var found []string
	for _, link := range p.current.Links {
		if link.Kind == Hardware && !link.Observed.Loopback && p.matches(want, link) {
			found = append(found, link.Name)
		}
	}
	key, value := "match_mac_address", deref(want.MatchMAC)
	if want.MatchPCI != nil {
		key, value = "match_pci_address", *want.MatchPCI
	}
	switch len(found) {
	case 1:
		want.Name = found[0]
		return true
	case 0:
		p.problem(want, key, "no interface of this host has the address %s (there are: %s)", value, p.hardwareNames())
	default:
		p.problem(want, key, "several interfaces have the address %s: %s", value, strings.Join(found, ", "))
	}
	return false
}

// matches compares with the permanent address, since a port of a bond has the bond's. Not every driver tells one.
func (p *planner) matches(want, link *Link) bool {
	if want.MatchMAC != nil {
		mac := link.Observed.PermanentMAC
		if mac == "" {
			mac = deref(link.MAC)
		}
		if mac != *want.MatchMAC {
			return false
		}
	}
	if want.MatchPCI == nil {
		return true
	}
	bus, err := p.kernel.BusAddress(link.Name)
	return err == nil && strings.EqualFold(bus, *want.MatchPCI)
}
