package plan

import "net/netip"

// LinkEffects is what addresses and routes stand on: the links, as their plan leaves them.
type LinkEffects struct {
	// Impacts are by link, of those that are there in the end.
	Impacts map[string]Impact
	// Deleted links do not come back; Down ones are not up in the end, so they take no routes.
	Deleted, Down map[string]bool
	// NoIPv6 holds why a link has no IPv6 in the end.
	NoIPv6 map[string]string
	// Readdressed links get another MAC address, which empties their neighbour tables; each with the reason.
	Readdressed map[string]string
	// Joins holds the new controller of each link that becomes a port.
	Joins map[string]string
}

// Addressing is what routes need to know of the addresses, as their plan leaves them.
type Addressing struct {
	// Networks are the directly connected networks of each link.
	Networks map[string][]netip.Prefix
	// Own holds every address of the host.
	Own map[netip.Addr]bool
	// Interrupted addresses are gone for a moment, Removed ones for good. The kernel drops routes with such a source.
	Interrupted, Removed map[netip.Addr]bool
	// Emptied links have no IPv4 address for a moment or for good. The kernel drops their IPv4 routes.
	Emptied map[string]bool
	// Filled links get their first IPv4 address, so that putting the host back empties them.
	Filled map[string]bool
	Moves  []Move
}

// Move is an address that goes from one link to another, with its network.
type Move struct {
	From, To string
	Address  netip.Addr
	Network  netip.Prefix
}
