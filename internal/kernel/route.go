package kernel

import (
	"net/netip"
	"slices"
)

// NextHop is one way out of a route.
type NextHop struct {
	Via    netip.Addr // the zero Addr is "directly connected"; may be IPv6 in an IPv4 route
	Link   string
	OnLink bool
	Weight int // from 1 to 256
	// Extra travels unread, such as an encapsulation.
	Extra Attributes
}

// Route is one route as the kernel reports it.
type Route struct {
	To netip.Prefix
	// From is of IPv6 routes by source (subtrees); the zero Prefix is any.
	From     netip.Prefix
	Table    uint32
	Metric   uint32
	TOS      uint8
	Protocol uint8 // RTPROT_*, who made the route
	Scope    uint8 // RT_SCOPE_*
	Type     uint8 // RTN_*
	Source   netip.Addr
	// Metrics are the RTAX_* values: MTU, advertised MSS and so on.
	Metrics Attributes
	// NextHops is empty in routes that lead nowhere, such as blackholes.
	NextHops []NextHop
	// NextHopID is the kernel's nexthop object that NextHops come from; 0 is none.
	NextHopID uint32
	// Expires is in seconds; 0 is never. Preference is that of an IPv6 router (RFC 4191), 0 is medium.
	Expires    uint32
	Preference uint8
	// Extra travels unread, such as realms.
	Extra Attributes
}

// RouteScope says which routes to list: those of one of the makers (RTPROT_*), those that leave by one of the links,
// those to one of the destinations or into one of the networks, and those with one of the sources. An empty scope has
// none.
type RouteScope struct {
	Protocols    []uint8       `json:",omitempty"`
	Links        []string      `json:",omitempty"`
	Destinations []Destination `json:",omitempty"`
	// Into are networks that the destination overlaps, but for default routes.
	Into    []netip.Prefix `json:",omitempty"`
	Sources []netip.Addr   `json:",omitempty"`
}

// Destination is where routes lead to. With Alone, only the first one of that metric counts, since it is the one that
// the kernel uses.
type Destination struct {
	To     netip.Prefix
	Table  uint32
	Metric uint32
	Alone  bool
}

// Empty tells whether no route is in the scope.
func (s *RouteScope) Empty() bool {
	return len(s.Protocols)+len(s.Links)+len(s.Destinations)+len(s.Into)+len(s.Sources) == 0
}

// Has tells whether a route is in the scope.
func (s *RouteScope) Has(route *Route) bool {
	return slices.Contains(s.Protocols, route.Protocol) || s.LeadsTo(route.To, route.Table) ||
		route.Source.IsValid() && slices.Contains(s.Sources, route.Source) ||
		slices.ContainsFunc(route.NextHops, func(hop NextHop) bool { return slices.Contains(s.Links, hop.Link) })
}

// LeadsTo tells whether routes to there are in the scope, whoever made them.
func (s *RouteScope) LeadsTo(to netip.Prefix, table uint32) bool {
	return slices.ContainsFunc(s.Destinations, func(d Destination) bool { return d.To == to && d.Table == table }) ||
		to.Bits() > 0 && slices.ContainsFunc(s.Into, to.Overlaps)
}

// Routes is what the route domain asks of the kernel.
type Routes interface {
	// Routes lists the routes of all tables, without what the kernel has put into the local one.
	Routes() ([]Route, error)
	// RoutesWithin lists those of a scope, in the same order where two are in one place.
	RoutesWithin(scope RouteScope) ([]Route, error)
	// AddRoute puts the route behind others with the same destination, table and metric. An IPv6 route with a gateway
	// becomes another next hop of these.
	AddRoute(Route) error
	// ReplaceRoute puts the route in the place of the first one with the same destination, table, metric and TOS in
	// one step, so that no packet meets a gap.
	ReplaceRoute(Route) error
	DeleteRoute(Route) error
}
