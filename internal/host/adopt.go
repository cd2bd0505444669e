package host

import "net/netip"

// adoptMACs lets a new bond or bridge take on the MAC address of the port whose IP addresses move to it or to what
// stands on it: switches, DHCP servers and neighbours know the host by that.
func (s *State) adoptMACs(current *Observed) {
	declared := map[netip.Addr]bool{}
	for _, one := range s.Interfaces {
		if one.Addresses == nil {
			continue
		}
		for _, address := range *one.Addresses {
			declared[address.Prefix.Addr()] = true
		}
	}
	carriers := map[string]bool{}
	for _, address := range current.Addresses.Addresses {
		if declared[address.Prefix.Addr()] {
			carriers[address.Link] = true
		}
	}
	for _, one := range s.Interfaces {
		if one.Link.Ports == nil {
			continue
		}
		for _, port := range *one.Link.Ports {
			if carriers[port.Name] && one.Link.MACFrom == "" {
				one.Link.MACFrom = port.Name
			}
		}
	}
}
