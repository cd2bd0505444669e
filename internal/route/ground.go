package route

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
)

// ground is what the plans of links and addresses leave for routes to stand on.
type ground struct {
	plan.LinkEffects
	plan.Addressing
	// direct are the networks that routes without a gateway lead to, by link.
	direct map[string][]netip.Prefix
}

// learn notes a route that makes gateways reachable.
func (g *ground) learn(route kernel.Route) {
	if route.Type != unix.RTN_UNICAST {
		return
	}
	for _, hop := range route.NextHops {
		if !hop.Via.IsValid() && hop.Link != "" {
			g.direct[hop.Link] = append(g.direct[hop.Link], route.To)
		}
	}
}

// takes tells whether the link takes routes in the end.
func (g *ground) takes(link string) bool {
	_, joins := g.Joins[link]
	return !joins && !g.Deleted[link] && !g.Down[link] && !g.missing(link)
}

// missing tells a link that is not there in the end. Nothing is known of links without a plan for any.
func (g *ground) missing(link string) bool {
	_, known := g.Down[link]
	return g.Deleted[link] || (g.Down != nil && !known)
}

// left is what remains of a route when routes have their turn; false is nothing.
//
// A link that goes down takes the routes that have no other way out (fib_sync_down_dev, fib6_ifdown). One that is
// deleted takes IPv4 routes as a whole, and its own next hops of IPv6 ones. An IPv4 address takes the routes that
// have it as source (fib_sync_down_addr), an IPv6 one leaves them without (fib6_remove_prefsrc).
func (g *ground) left(route kernel.Route) (kernel.Route, bool) {
	is4 := route.To.Addr().Is4()
	var hops []kernel.NextHop
	stopped := 0
	for _, hop := range route.NextHops {
		if !is4 && g.NoIPv6[hop.Link] != "" {
			continue
		}
		loss := g.Impacts[hop.Link]
		if g.Deleted[hop.Link] || loss == plan.Recreated {
			if is4 {
				return route, false
			}
			continue
		}
		if loss == plan.Flapped || (is4 && g.Emptied[hop.Link]) {
			stopped++
		}
		hops = append(hops, hop)
	}
	if len(route.NextHops) > 0 && stopped == len(hops) {
		return route, false
	}
	route.NextHops = hops
	if g.Interrupted[route.Source] || g.Removed[route.Source] {
		route.Source = netip.Addr{}
		return route, !is4
	}
	return route, true
}

// reachable tells whether a gateway is in a network of the link, or of any link if that is "".
func (g *ground) reachable(via netip.Addr, link string) bool {
	if link != "" {
		return isLinkLocal6(via) || contains(g.Networks[link], via) || contains(g.direct[link], via)
	}
	return g.linkTo(via) != ""
}

func isLinkLocal6(address netip.Addr) bool { return address.Is6() && address.IsLinkLocalUnicast() }

func contains(networks []netip.Prefix, address netip.Addr) bool {
	return longest(networks, address) >= 0
}

// longest is the length of the longest network that contains the address, or -1.
func longest(networks []netip.Prefix, address netip.Addr) int {
	bits := -1
	for _, network := range networks {
		if network.Contains(address) {
			bits = max(bits, network.Bits())
		}
	}
	return bits
}

// linkTo is the link in whose network the address is; the longest network counts, as it does in the kernel.
func (g *ground) linkTo(via netip.Addr) string {
	found, bits := "", -1
	for _, networks := range []map[string][]netip.Prefix{g.Networks, g.direct} {
		for link, own := range networks {
			if length := longest(own, via); g.takes(link) && (length > bits || length == bits && length >= 0 && link < found) {
				found, bits = link, length
			}
		}
	}
	return found
}

// carries tells whether one way out works in the end.
func (g *ground) carries(hop kernel.NextHop) bool {
	return g.takes(hop.Link) && (!hop.Via.IsValid() || hop.OnLink || g.reachable(hop.Via, hop.Link))
}

// rehome follows addresses that have moved: ways out through their networks go with them. The first result is the route
// as it becomes, the second tells whether it differs.
func (g *ground) rehome(route kernel.Route) (kernel.Route, bool) {
	moved := false
	hops := make([]kernel.NextHop, len(route.NextHops))
	for i, hop := range route.NextHops {
		if to := g.newHome(route, hop); to != "" {
			hop.Link, moved = to, true
		}
		hops[i] = hop
	}
	route.NextHops = hops
	if moved {
		route.NextHopID = 0
	}
	return route, moved
}

func (g *ground) newHome(route kernel.Route, hop kernel.NextHop) string {
	for _, move := range g.Moves {
		switch {
		case move.From != hop.Link:
		case hop.Via.IsValid() && move.Network.Contains(hop.Via),
			isLinkLocal6(hop.Via) && move.Address.Is6(),
			!hop.Via.IsValid() && (route.Source == move.Address || inside(route.To, move.Network)):
			return move.To
		}
	}
	return ""
}

func inside(inner, outer netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}
