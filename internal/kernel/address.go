package kernel

import "net/netip"

// Address is one IP address of a link, as the kernel reports it.
type Address struct {
	Link   string
	Prefix netip.Prefix
	// Peer is the far end of a point-to-point address, or the zero Addr.
	Peer      netip.Prefix
	Broadcast netip.Addr
	Label     string
	Scope     uint8
	Flags     uint32 // IFA_F_*
	Protocol  uint8  // IFAPROT_*, 0 where the kernel does not say
	// ValidLifetime and PreferredLifetime are in seconds; 4294967295 is for ever.
	ValidLifetime, PreferredLifetime uint32
	// Metric is that of the prefix route that the kernel makes; 0 is the kernel's own.
	Metric uint32
}

// Addresses is what the address domain asks of the kernel.
type Addresses interface {
	Addresses() ([]Address, error)
	AddAddress(Address) error
	DeleteAddress(Address) error
}

// NextHop is one way out of a route.
type NextHop struct {
	Via    netip.Addr // the zero Addr is "directly connected"
	Link   string
	OnLink bool
	Weight int // from 1 to 256
}

// Route is one route as the kernel reports it.
type Route struct {
	To       netip.Prefix
	Table    uint32
	Metric   uint32
	TOS      uint8
	Protocol uint8 // RTPROT_*
	Scope    uint8 // RT_SCOPE_*
	Type     uint8 // RTN_*
	Source   netip.Addr
	MTU      uint32
	// AdvertisedMSS, Window and so on travel unread, so that a route that is put back is the same.
	Metrics  Attributes
	NextHops []NextHop
	// Expires is in seconds; 0 is never. Preference is that of an IPv6 router (RFC 4191).
	Expires    uint32
	Preference uint8
}

// Routes is what the route domain asks of the kernel.
type Routes interface {
	Routes() ([]Route, error)
	AddRoute(Route) error
	// ReplaceRoute puts the route in the place of the one with the same destination, table, metric and TOS in one
	// step, so that no packet meets a gap.
	ReplaceRoute(Route) error
	DeleteRoute(Route) error
}

// Rule is one routing policy rule as the kernel reports it.
type Rule struct {
	Family   uint8 // AF_INET or AF_INET6
	Priority uint32
	Invert   bool
	From, To netip.Prefix
	Input    string
	Output   string
	Mark     uint32
	Mask     uint32
	TOS      uint8
	Action   uint8 // FR_ACT_*
	Table    uint32
	Goto     uint32
	// SuppressPrefixLength is -1 when the rule suppresses nothing.
	SuppressPrefixLength int
	IPProtocol           uint8
	SourcePorts          [2]uint16 // first and last; zeros are "any"
	DestinationPorts     [2]uint16
	UIDs                 *[2]uint32
	L3MDev               bool
	Protocol             uint8 // RTPROT_*, who made the rule
}

// Rules is what the rule domain asks of the kernel.
type Rules interface {
	Rules() ([]Rule, error)
	AddRule(Rule) error
	DeleteRule(Rule) error
}
