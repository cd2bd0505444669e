// Package route is the domain of routes: what is declared on a link or by itself, what the kernel has, and the way from
// one to the other.
package route

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// Route is a route as it is declared, on a link or by itself. What is nil is not managed.
type Route struct {
	// Path is where the route was declared.
	Path  string
	State *string
	// To is the destination; without bits it is the default route of its family.
	To     *netip.Prefix
	Family *string
	Type   *uint8
	Via    *netip.Addr
	// Dev is the link; routes that are declared on a link have it from there.
	Dev      *string
	OnLink   *bool
	NextHops *[]NextHop
	Table    *uint32
	Metric   *uint32
	TOS      *uint8
	Scope    *uint8
	// Source is the address that connections start from; the zero Addr is none.
	Source     *netip.Addr
	Preference *string

	MTU, AdvertisedMSS, Window, HopLimit, InitialCwnd, InitialRwnd, MinimumRTO *uint32
	QuickACK, FastOpenNoCookie                                                 *bool
	CongestionControl                                                          *string
}

// NextHop is one of several ways out of a declared route.
type NextHop struct {
	Via    *netip.Addr
	Dev    *string
	Weight *int
	OnLink *bool
}

// State is the routes of a namespace, in the kernel's order.
type State struct {
	Routes []kernel.Route
	// Scope is which of them were read; nil is all.
	Scope *kernel.RouteScope `json:",omitempty"`
}

// Observe reads the routes of all tables.
func Observe(k kernel.Routes) (*State, error) {
	routes, err := k.Routes()
	if err != nil {
		return nil, err
	}
	return &State{Routes: routes}, nil
}

// ObserveWithin reads the routes of a scope; nil is all.
func ObserveWithin(k kernel.Routes, scope *kernel.RouteScope) (*State, error) {
	if scope == nil {
		return Observe(k)
	}
	routes, err := k.RoutesWithin(*scope)
	if err != nil {
		return nil, err
	}
	return &State{Routes: routes, Scope: scope}, nil
}

// Declaration is the routes that are declared: of links, exactly the static ones that leave through that link alone,
// and routes one by one.
type Declaration struct {
	Links  map[string][]Route
	Routes []Route
}

// Declared is the static routes as a playbook would declare them.
func (s *State) Declared() Declaration {
	declared := Declaration{Links: map[string][]Route{}}
	seen := map[slot]bool{}
	for _, route := range s.Routes {
		// Of several IPv4 routes in one place the kernel uses the first.
		place := slotOf(route)
		shadowed := seen[place] && route.To.Addr().Is4()
		seen[place] = true
		if origin(route) != static || shadowed {
			continue
		}
		if link := soleLink(route); link != "" {
			declared.Links[link] = append(declared.Links[link], *linkBinding().Read(&route))
		} else {
			declared.Routes = append(declared.Routes, *binding().Read(&route))
		}
	}
	return declared
}

// maker is who a route belongs to.
type maker int

const (
	// static routes are those of the administrator, which a declaration manages.
	static maker = iota
	// foreign ones are those of DHCP clients and routing daemons, and those with more to them than can be declared.
	foreign
	// automatic ones are made by the kernel, from addresses and router advertisements: nobody needs to put them back. The
	// kernel asks for router advertisements by itself when a link comes up.
	automatic
)

func origin(route kernel.Route) maker {
	switch route.Protocol {
	case unix.RTPROT_KERNEL:
		if namesKernel(route) {
			return foreign
		}
		return automatic
	case unix.RTPROT_REDIRECT, unix.RTPROT_RA:
		return automatic
	case unix.RTPROT_STATIC, unix.RTPROT_BOOT:
	default:
		return foreign
	}
	if route.From.IsValid() || route.NextHopID != 0 || route.Expires != 0 || len(route.Extra) > 0 ||
		typeNames[route.Type] == "" {
		return foreign
	}
	for _, hop := range route.NextHops {
		if len(hop.Extra) > 0 {
			return foreign
		}
	}
	return static
}

// namesKernel tells the route to the network of an address that somebody made in the kernel's name, with a metric of
// his own, as NetworkManager does for all of its addresses (which have noprefixroute). The kernel does not make it
// again.
func namesKernel(route kernel.Route) bool {
	usual := uint32(0) // of fib_add_ifaddr
	if route.To.Addr().Is6() {
		usual = 256 // IP6_RT_PRIO_ADDRCONF
	}
	return route.Type == unix.RTN_UNICAST && route.Table != unix.RT_TABLE_LOCAL && route.Metric != usual &&
		!hasGateway(route)
}

// soleLink is the link through which the whole route leaves, or "".
func soleLink(route kernel.Route) string {
	if len(route.NextHops) == 0 {
		return ""
	}
	link := route.NextHops[0].Link
	for _, hop := range route.NextHops {
		if hop.Link != link {
			return ""
		}
	}
	return link
}

// slot is the place of a route in the kernel's tables. IPv4 uses the first route in a slot; IPv6 merges those with
// gateways into one route with several next hops and keeps the others beside it.
type slot struct {
	to, from netip.Prefix
	table    uint32
	metric   uint32
	tos      uint8
}

func slotOf(route kernel.Route) slot {
	return slot{to: route.To, from: route.From, table: route.Table, metric: route.Metric, tos: route.TOS}
}

// hasGateway tells whether IPv6 takes the route for a way out through gateways (rt6_qualify_for_ecmp).
func hasGateway(route kernel.Route) bool {
	return len(route.NextHops) > 0 && route.NextHops[0].Via.IsValid()
}

// describe names a route as steps and messages show it, much as `ip route` does.
func describe(route kernel.Route) string {
	var out strings.Builder
	out.WriteString("route ")
	if route.Type != unix.RTN_UNICAST {
		out.WriteString(typeNames[route.Type] + " ")
	}
	switch {
	case route.To.Bits() > 0:
		out.WriteString(route.To.String())
	case route.To.Addr().Is4():
		out.WriteString("default")
	default:
		out.WriteString("default (IPv6)")
	}
	for _, hop := range route.NextHops {
		if hop.Via.IsValid() {
			fmt.Fprintf(&out, " via %s", hop.Via)
		}
		if hop.Link != "" {
			fmt.Fprintf(&out, " dev %s", hop.Link)
		}
	}
	if route.Table != schema.TableMain {
		fmt.Fprintf(&out, " table %s", schema.RoutingTable().Format(route.Table))
	}
	if route.Metric != usualMetric(route.To.Addr()) {
		fmt.Fprintf(&out, " metric %d", route.Metric)
	}
	return out.String()
}

// usualMetric is what the kernel takes for a route without one: of IPv6, IP6_RT_PRIO_USER of linux/ipv6_route.h. It is
// part of what makes two routes the same one, so it must be known.
func usualMetric(address netip.Addr) uint32 {
	if address.Is4() {
		return 0
	}
	return 1024
}

// same tells whether nothing about two routes in one slot differs that anybody has set.
func same(a, b kernel.Route) bool {
	return a.Type == b.Type && a.Scope == b.Scope && a.Source == b.Source && a.Preference == b.Preference &&
		a.NextHopID == b.NextHopID && (a.Expires == 0) == (b.Expires == 0) &&
		sameAttributes(a.Metrics, b.Metrics) && sameAttributes(a.Extra, b.Extra) && sameHops(a.NextHops, b.NextHops)
}

func sameAttributes(a, b kernel.Attributes) bool {
	return slices.EqualFunc(a, b, func(x, y kernel.Attribute) bool {
		return x.Type == y.Type &&
			bytes.Equal(x.Data, y.Data)
	})
}

// sameHops pays no regard to the order, since traffic is spread over all.
func sameHops(a, b []kernel.NextHop) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x kernel.NextHop) bool {
		return !slices.ContainsFunc(b, func(y kernel.NextHop) bool { return sameHop(x, y) })
	})
}

func sameHop(a, b kernel.NextHop) bool {
	return a.Via == b.Via && a.Link == b.Link && a.OnLink == b.OnLink && a.Weight == b.Weight &&
		sameAttributes(a.Extra, b.Extra)
}

// linksOf are the links that a route leaves through, each once.
func linksOf(routes ...kernel.Route) []string {
	var links []string
	seen := map[string]bool{"": true}
	for _, route := range routes {
		for _, hop := range route.NextHops {
			if !seen[hop.Link] {
				seen[hop.Link] = true
				links = append(links, hop.Link)
			}
		}
	}
	return links
}
