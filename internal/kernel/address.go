package kernel

import "net/netip"

// Forever is the lifetime of an address that does not expire.
const Forever = 1<<32 - 1

// Address is one IP address of a link, as the kernel reports it.
type Address struct {
	Link string
	// Prefix is the address with the length of its network; with a Peer, that of the peer's network.
	Prefix netip.Prefix
	// Peer is the far end of a point-to-point address, or the zero Addr.
	Peer      netip.Addr
	Broadcast netip.Addr
	// Label is of IPv4 only; "" takes the link's name.
	Label string
	// Scope is an RT_SCOPE_*; that of an IPv6 address follows from the address.
	Scope uint8
	Flags uint32 // IFA_F_*
	// Protocol tells who made the address (IFAPROT_*); 0 is anyone but the kernel.
	Protocol uint8
	// ValidLifetime and PreferredLifetime are in seconds.
	ValidLifetime, PreferredLifetime uint32
	// Metric is that of the route to the network, which the kernel makes; 0 is the kernel's own.
	Metric uint32
}

// Addresses is what the address domain asks of the kernel.
type Addresses interface {
	// Addresses lists the addresses of all links in the kernel's order: of IPv4 the primary ones first.
	Addresses() ([]Address, error)
	// CurrentAddresses is Addresses for who asks again and again in the course of a change.
	CurrentAddresses() ([]Address, error)
	AddAddress(Address) error
	// ChangeAddress sets lifetimes, metric and protocol of an address; of an IPv6 one also peer and flags.
	ChangeAddress(Address) error
	// DeleteAddress removes one address. With a primary IPv4 address the kernel takes the secondary ones of the same
	// network, unless promote tells it to make one of these primary.
	DeleteAddress(address Address, promote bool) error
}
