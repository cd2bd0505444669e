package host

import "net/netip"

// Path is the links that a connection depends on: the one towards its other end, the one with our address, and all that
// these stand on.
func (o *Observed) Path(towards string, own netip.Addr) map[string]bool {
	path := map[string]bool{}
	if towards != "" {
		path[towards] = true
	}
	for link, addresses := range o.Addresses.Declared() {
		for _, address := range addresses {
			if address.Prefix != nil && address.Prefix.Addr() == own {
				path[link] = true
			}
		}
	}
	for grown := true; grown; {
		grown = false
		for _, one := range o.Links.Links {
			below := path[one.Observed.Controller]
			if path[one.Name] && one.Parent != nil && *one.Parent != "" && !path[*one.Parent] {
				path[*one.Parent], grown = true, true
			}
			if below && !path[one.Name] {
				path[one.Name], grown = true, true
			}
		}
	}
	return path
}
