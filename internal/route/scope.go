package route

import (
	"maps"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
)

// administrators are the makers whose routes a declaration manages.
var administrators = []uint8{unix.RTPROT_STATIC, unix.RTPROT_BOOT}

// ScopeOf says which routes it takes to plan what is declared, and to undo it: those in whose place a declared route is
// or will be, and those that the plans of links and addresses take. A routing daemon's are among them where it uses the
// same place, or a link that is touched.
func ScopeOf(declared Declaration, links plan.LinkEffects, addresses plan.Addressing) *kernel.RouteScope {
	touched := map[string]bool{}
	for link, loss := range links.Impacts {
		touched[link] = loss != plan.Preserved
	}
	for _, move := range addresses.Moves {
		touched[move.From], touched[move.To] = true, true
	}
	for _, more := range []map[string]bool{links.Deleted, addresses.Emptied, addresses.Filled, keys(links.Joins),
		keys(links.NoIPv6), keys(declared.Links)} {
		for link, is := range more {
			touched[link] = touched[link] || is
		}
	}
	scope := &kernel.RouteScope{}
	for _, link := range slices.Sorted(maps.Keys(touched)) {
		if touched[link] && link != "" {
			scope.Links = append(scope.Links, link)
		}
	}
	scope.Sources = append(sources(addresses.Interrupted), sources(addresses.Removed)...)
	declared.widen(scope)
	return scope
}

// ObserveLinks reads the routes of links as Declared shows them.
func ObserveLinks(k kernel.Routes, links []string) (*State, error) {
	scope := &kernel.RouteScope{Links: links}
	state, err := ObserveWithin(k, scope)
	if err != nil {
		return nil, err
	}
	// Whether the kernel uses an IPv4 route is told by the others in its place.
	for _, route := range state.Routes {
		if origin(route) == static && route.To.Addr().Is4() {
			scope.Destinations = append(scope.Destinations,
				kernel.Destination{To: route.To, Table: route.Table, Metric: route.Metric, Alone: true})
		}
	}
	if len(scope.Destinations) == 0 {
		return state, nil
	}
	scope.Protocols = administrators
	return ObserveWithin(k, scope)
}

// widen adds the places of declared routes, and what tells the links of their gateways. Whether a gateway can be
// reached by a declared link is mostly told by its addresses; where it is not, the plan asks for all routes.
func (d Declaration) widen(scope *kernel.RouteScope) {
	guessing := false
	for _, one := range d.all() {
		if one.To == nil {
			continue
		}
		route := fresh(one)
		scope.Destinations = append(scope.Destinations,
			kernel.Destination{To: route.To, Table: route.Table, Metric: route.Metric, Alone: !one.Absent() &&
				route.To.Addr().Is4()})
		for _, hop := range route.NextHops {
			guessing = guessing || hop.Link == "" && !one.Absent()
		}
	}
	if len(scope.Destinations) == 0 {
		return
	}
	if guessing {
		// The link of a gateway follows from all networks that are directly connected, whoever says so.
		scope.Protocols = append(slices.Clone(administrators), unix.RTPROT_KERNEL, unix.RTPROT_DHCP, unix.RTPROT_RA)
	}
}

func keys[V any](m map[string]V) map[string]bool {
	out := make(map[string]bool, len(m))
	for key := range m {
		out[key] = true
	}
	return out
}

func sources(addresses map[netip.Addr]bool) []netip.Addr {
	var out []netip.Addr
	for address, is := range addresses {
		if is {
			out = append(out, address)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}
