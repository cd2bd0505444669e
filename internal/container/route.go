package container

import (
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/schema"
)

// planRoutes brings the interface's static routes to what is wanted.
func (p *planner) planRoutes(t *target, loss plan.Impact) {
	want, have := t.want, Interface{Gateway: &netip.Addr{}, Gateway6: &netip.Addr{}, Routes: &[]Route{}}
	fresh := t.live == nil || t.live.Type == nil || loss == plan.Recreated
	switch {
	case fresh:
		want = t.final
	case loss == plan.Flapped:
		full := t.live.Interface
		schema.Table[Interface]{gatewayRow(), gateway6Row(), routesRow()}.Overlay(&full, t.want)
		// Those that nobody declares went with the link as well.
		declared := t.live.routesOfTables(deref(full.Routes))
		others := slices.DeleteFunc(slices.Clone(t.live.otherTables), func(r Route) bool {
			return slices.ContainsFunc(declared, func(o Route) bool { return o.table() == r.table() })
		})
		full.Routes = point(slices.Concat(deref(full.Routes), others))
		want = &full
	default:
		have = t.live.Interface
		have.Routes = point(slices.Concat(deref(have.Routes), t.live.routesOfTables(deref(want.Routes))))
	}
	p.planGateway(t, want.Gateway, have.Gateway, "gateway", netip.IPv4Unspecified())
	p.planGateway(t, want.Gateway6, have.Gateway6, "gateway6", netip.IPv6Unspecified())
	if want.Routes == nil {
		return
	}
	for _, route := range *want.Routes {
		if !slices.ContainsFunc(*have.Routes, func(r Route) bool { return compareRoutes(r, route) == 0 }) {
			p.putRoute(t, route)
		}
	}
	for _, route := range *have.Routes {
		replaced := slices.ContainsFunc(*want.Routes, func(r Route) bool { return samePlace(r, route) })
		if !replaced {
			p.dropRoute(t, route)
		}
	}
}

// planRoutesOf makes the routes of an interface with DHCP after its lease, whose network they may lead through.
func (p *planner) planRoutesOf(t *target, loss plan.Impact) {
	first := len(p.steps)
	if t.waits() || t.final.isDown() {
		return // a link that is down has no routes
	}
	p.planRoutes(t, loss)
	if !deref(t.final.DHCP) {
		return
	}
	for i := range p.steps[first:] {
		p.steps[first+i].Phase = plan.Serve
	}
}

// waits tells whether the client, which still has no lease, makes the routes when it has one.
func (t *target) waits() bool {
	if t.live == nil || t.have == nil || !deref(t.live.DHCP) || !deref(t.final.DHCP) || t.live.lease.Server.IsValid() {
		return false
	}
	return t.want.Routes == nil || routesRow().Equal(t.want, &t.have.Interface)
}

// isElsewhere tells whether a router is in none of the interface's networks, as beside an address with /32.
func (i *Interface) isElsewhere(router netip.Addr) bool {
	return (router.Is4() || !router.IsLinkLocalUnicast()) &&
		!slices.ContainsFunc(deref(i.Addresses), func(prefix netip.Prefix) bool { return prefix.Masked().Contains(router) })
}

// wayTo is the route to such a router, as LXC makes it too (lxc_ipv4_dest_add in lxc/network.c).
func wayTo(router netip.Addr) Route {
	return Route{To: point(netip.PrefixFrom(router, router.BitLen()))}
}

// dropWay removes the route to an earlier gateway, if nobody declared it.
func (p *planner) dropWay(t *target, gateway netip.Addr) {
	if t.live != nil && slices.Contains(t.live.hiddenWays, gateway) {
		p.dropRoute(t, wayTo(gateway))
	}
}

// samePlace tells whether one route takes the other's place.
func samePlace(a, b Route) bool {
	return *a.To == *b.To && deref(a.Metric) == deref(b.Metric) && a.table() == b.table()
}

// routesOfTables are those in tables of their own that are declared from now on.
func (l *LiveInterface) routesOfTables(declared []Route) []Route {
	var all []Route
	for _, one := range l.otherTables {
		if slices.ContainsFunc(declared, func(r Route) bool { return r.table() == one.table() }) {
			all = append(all, one)
		}
	}
	return all
}

func (p *planner) planGateway(t *target, want, have *netip.Addr, option string, everywhere netip.Addr) {
	if want == nil || deref(want) == deref(have) {
		return
	}
	route := Route{To: point(netip.PrefixFrom(everywhere, 0)), Via: have}
	if !want.IsValid() {
		p.dropRoute(t, route)
		p.dropWay(t, *have)
		return
	}
	if have.IsValid() {
		defer p.dropWay(t, *have)
	}
	if t.final.isElsewhere(*want) {
		p.putRoute(t, wayTo(*want))
	}
	change := schema.Change{Option: option, New: want.String()}
	if have.IsValid() {
		change.Old = have.String()
	}
	route.Via = want
	p.add(plan.Step{
		Phase: plan.Route, Depth: 1, Action: "change", Object: t.describe(), Changes: []schema.Change{change},
		Run: func() error { return p.replaceRoute(t, route) },
	})
}

func (p *planner) putRoute(t *target, route Route) {
	depth := 0 // what leads to routers comes first
	if route.Via != nil {
		depth = 1
	}
	p.add(plan.Step{
		Phase: plan.Route, Depth: depth, Action: "add", Object: describeRoute(t, route),
		Run: func() error { return p.replaceRoute(t, route) },
	})
}

// replaceRoute takes the place of a route with the same destination and metric in one step, whoever made that: a
// default route that the container's DHCP client took gives way to the declared one.
func (p *planner) replaceRoute(t *target, route Route) error {
	return t.container.kernel.ReplaceRoute(encodeRoute(route, t.want.Name))
}

func (p *planner) dropRoute(t *target, route Route) {
	const last = 2
	p.add(plan.Step{
		Phase: plan.Route, Depth: last, Action: "remove", Object: describeRoute(t, route),
		Run: func() error {
			found, err := t.findRoute(route)
			if err != nil || found == nil {
				return err // it went with the address that it needed
			}
			return t.container.kernel.DeleteRoute(*found)
		},
	})
}

// findRoute is the static route as it is in the kernel, whoever made it. Asked to delete one without a metric, the
// kernel would take any, such as that of a DHCP client (fib_nh_match in net/ipv4/fib_semantics.c, ip6_route_del in
// net/ipv6/route.c).
func (t *target) findRoute(route Route) (*kernel.Route, error) {
	routes, err := t.container.kernel.Routes()
	if err != nil {
		return nil, err
	}
	for i := range routes {
		if one := &routes[i]; isStatic(one) && one.NextHops[0].Link == t.want.Name {
			if have := decodeRoute(one); samePlace(have, route) && deref(have.Via) == deref(route.Via) {
				return one, nil
			}
		}
	}
	return nil, nil
}

func describeRoute(t *target, route Route) string {
	via := ""
	if route.Via != nil && route.Via.IsValid() {
		via = " via " + route.Via.String()
	}
	to := route.To.String()
	if route.To.Bits() == 0 {
		to = "default"
	}
	if route.table() != unix.RT_TABLE_MAIN {
		via += fmt.Sprintf(" in table %d", route.table())
	}
	return fmt.Sprintf("route %s%s of %s", to, via, t.describe())
}

func encodeRoute(one Route, link string) kernel.Route {
	scope := uint8(unix.RT_SCOPE_UNIVERSE)
	if one.Via == nil && one.To.Addr().Is4() {
		scope = unix.RT_SCOPE_LINK
	}
	encoded := kernel.Route{
		To: *one.To, Table: unix.RT_TABLE_MAIN, Metric: deref(one.Metric), Protocol: unix.RTPROT_STATIC, Scope: scope,
		Type: unix.RTN_UNICAST, NextHops: []kernel.NextHop{
			{Via: deref(one.Via), Link: link, Weight: 1, OnLink: deref(one.OnLink)}},
	}
	route.Further().Write(&one.Further, &encoded)
	return encoded
}

// isStatic tells the routes that a declaration manages: those that LXC, `ip route add` and this collection make.
func isStatic(route *kernel.Route) bool {
	return route.Table != unix.RT_TABLE_LOCAL && route.Type == unix.RTN_UNICAST && len(route.NextHops) == 1 &&
		(route.Protocol == unix.RTPROT_BOOT || route.Protocol == unix.RTPROT_STATIC)
}

func decodeRoute(reported *kernel.Route) Route {
	one := Route{
		To: point(reported.To), Metric: usualMetric(reported.To.Addr(), reported.Metric),
		Further: *route.Further().Read(reported),
	}
	if via := reported.NextHops[0].Via; via.IsValid() {
		one.Via = &via
		if reported.NextHops[0].OnLink {
			one.OnLink = point(true)
		}
	}
	return one
}
