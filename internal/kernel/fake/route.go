package fake

import (
	"cmp"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// Addresses lists the addresses of all links, the loopback's first.
func (k *Kernel) Addresses() ([]kernel.Address, error) { return slices.Clone(k.addresses), nil }

// CurrentAddresses is Addresses.
func (k *Kernel) CurrentAddresses() ([]kernel.Address, error) { return k.Addresses() }

func sameAddress(a, b kernel.Address) bool {
	return a.Link == b.Link && a.Prefix.Addr() == b.Prefix.Addr() && (a.Prefix.Addr().Is6() || a.Prefix == b.Prefix)
}

func (k *Kernel) addressPlace(address kernel.Address) int {
	return slices.IndexFunc(k.addresses, func(a kernel.Address) bool { return sameAddress(a, address) })
}

// AddAddress puts an address on a link. Of several in one network the first is the primary one.
func (k *Kernel) AddAddress(address kernel.Address) error {
	if _, err := k.mustFind(address.Link); err != nil {
		return err
	}
	if k.addressPlace(address) >= 0 {
		return refusal(unix.EEXIST, "address %s on %s", address.Prefix, address.Link)
	}
	if err := k.write(); err != nil {
		return err
	}
	address.Flags &^= unix.IFA_F_SECONDARY
	address.Flags |= unix.IFA_F_PERMANENT
	if address.Prefix.Addr().Is4() &&
		slices.ContainsFunc(k.addresses, func(a kernel.Address) bool { return sameNetwork(a, address) }) {
		address.Flags |= unix.IFA_F_SECONDARY
	}
	if address.Label == "" && address.Prefix.Addr().Is4() {
		address.Label = address.Link
	}
	k.addresses = append(k.addresses, address)
	return nil
}

func sameNetwork(a, b kernel.Address) bool {
	return a.Link == b.Link && a.Prefix.Masked() == b.Prefix.Masked()
}

// ChangeAddress alters an address in its place.
func (k *Kernel) ChangeAddress(address kernel.Address) error {
	place := k.addressPlace(address)
	if place < 0 {
		return refusal(unix.ENOENT, "address %s on %s", address.Prefix, address.Link)
	}
	if err := k.write(); err != nil {
		return err
	}
	address.Flags |= k.addresses[place].Flags & unix.IFA_F_SECONDARY
	k.addresses[place] = address
	return nil
}

// DeleteAddress removes an address. The secondary ones of its network follow it, unless one takes its place.
func (k *Kernel) DeleteAddress(address kernel.Address, promote bool) error {
	place := k.addressPlace(address)
	if place < 0 {
		return refusal(unix.EADDRNOTAVAIL, "address %s on %s", address.Prefix, address.Link)
	}
	if err := k.write(); err != nil {
		return err
	}
	gone := k.addresses[place]
	k.addresses = slices.Delete(k.addresses, place, place+1)
	k.forget(gone)
	if gone.Prefix.Addr().Is6() || gone.Flags&unix.IFA_F_SECONDARY != 0 {
		return nil
	}
	if promote {
		for i := range k.addresses {
			if sameNetwork(k.addresses[i], gone) {
				k.addresses[i].Flags &^= unix.IFA_F_SECONDARY
				break
			}
		}
		return nil
	}
	k.dropAddresses(gone.Link, func(a kernel.Address) bool { return a.Prefix.Addr().Is4() && sameNetwork(a, gone) })
	return nil
}

func (k *Kernel) dropAddresses(link string, drop func(kernel.Address) bool) {
	var gone []kernel.Address
	k.addresses = slices.DeleteFunc(k.addresses, func(a kernel.Address) bool {
		if a.Link != link || !drop(a) {
			return false
		}
		gone = append(gone, a)
		return true
	})
	for _, address := range gone {
		k.forget(address)
	}
}

// forget drops the routes that an address carried: those with it as their source, and with a link's last IPv4 address
// all IPv4 routes of the link (fib_del_ifaddr).
func (k *Kernel) forget(gone kernel.Address) {
	last := gone.Prefix.Addr().Is4() && !slices.ContainsFunc(k.addresses, func(a kernel.Address) bool {
		return a.Link == gone.Link && a.Prefix.Addr().Is4()
	})
	k.dropRoutes(func(route kernel.Route) bool {
		return route.Source == gone.Prefix.Addr() || (last && route.To.Addr().Is4() && leavesBy(route, gone.Link))
	})
}

func (k *Kernel) dropRoutes(drop func(kernel.Route) bool) {
	k.routes = slices.DeleteFunc(k.routes, drop)
}

func leavesBy(route kernel.Route, link string) bool {
	return slices.ContainsFunc(route.NextHops, func(hop kernel.NextHop) bool { return hop.Link == link })
}

// Routes lists what was added and the kernel's own to the networks of the links that are up.
func (k *Kernel) Routes() ([]kernel.Route, error) {
	return append(k.connected(), slices.Clone(k.routes)...), nil
}

// RoutesWithin lists the routes of a scope.
func (k *Kernel) RoutesWithin(scope kernel.RouteScope) ([]kernel.Route, error) {
	routes, err := k.Routes()
	return slices.DeleteFunc(routes, func(route kernel.Route) bool { return !scope.Has(&route) }), err
}

func (k *Kernel) connected() []kernel.Route {
	var routes []kernel.Route
	for _, address := range k.addresses {
		one := k.find(address.Link)
		if one.Flags&unix.IFF_UP == 0 || address.Flags&(unix.IFA_F_NOPREFIXROUTE|unix.IFA_F_SECONDARY) != 0 {
			continue
		}
		route := kernel.Route{
			To: address.Prefix.Masked(), Table: unix.RT_TABLE_MAIN, Protocol: unix.RTPROT_KERNEL, Scope: unix.RT_SCOPE_LINK,
			Type: unix.RTN_UNICAST, Metric: address.Metric, Source: address.Prefix.Addr(),
			NextHops: []kernel.NextHop{{Link: one.Name, Weight: 1}},
		}
		if address.Prefix.Addr().Is6() {
			route.Scope, route.Source, route.Metric = unix.RT_SCOPE_UNIVERSE, netip.Addr{}, cmp.Or(address.Metric, 256)
		}
		routes = append(routes, route)
	}
	return routes
}

func sameSlot(a, b kernel.Route) bool {
	return a.To == b.To && a.Table == b.Table && a.Metric == b.Metric && a.TOS == b.TOS
}

// AddRoute adds a route whose gateway can be reached.
func (k *Kernel) AddRoute(route kernel.Route) error {
	if err := k.refuseRoute(route); err != nil {
		return err
	}
	if route.To.Addr().Is4() && slices.ContainsFunc(k.routes, func(r kernel.Route) bool { return sameSlot(r, route) }) {
		return refusal(unix.EEXIST, "route to %s", route.To)
	}
	if err := k.write(); err != nil {
		return err
	}
	k.routes = append(k.routes, route)
	return nil
}

// ReplaceRoute puts a route into the place of another.
func (k *Kernel) ReplaceRoute(route kernel.Route) error {
	if err := k.refuseRoute(route); err != nil {
		return err
	}
	if err := k.write(); err != nil {
		return err
	}
	place := slices.IndexFunc(k.routes, func(r kernel.Route) bool { return sameSlot(r, route) })
	if place < 0 {
		k.routes = append(k.routes, route)
	} else {
		k.routes[place] = route
	}
	return nil
}

func (k *Kernel) refuseRoute(route kernel.Route) error {
	for _, hop := range route.NextHops {
		one, err := k.mustFind(hop.Link)
		if err != nil {
			return err
		}
		if one.Flags&unix.IFF_UP == 0 {
			return refusal(unix.ENETDOWN, "route to %s by %s", route.To, hop.Link)
		}
		reachable := slices.ContainsFunc(k.connected(),
			func(c kernel.Route) bool { return leavesBy(c, hop.Link) && c.To.Contains(hop.Via) })
		if hop.Via.IsValid() && !hop.OnLink && !reachable && !hop.Via.IsLinkLocalUnicast() {
			return refusal(unix.ENETUNREACH, "gateway %s of the route to %s", hop.Via, route.To)
		}
	}
	return nil
}

// DeleteRoute removes a route.
func (k *Kernel) DeleteRoute(route kernel.Route) error {
	place := slices.IndexFunc(k.routes, func(r kernel.Route) bool {
		return sameSlot(r, route) && slices.Equal(linksOf(r), linksOf(route))
	})
	if place < 0 {
		return refusal(unix.ESRCH, "route to %s", route.To)
	}
	if err := k.write(); err != nil {
		return err
	}
	k.routes = slices.Delete(k.routes, place, place+1)
	return nil
}

func linksOf(route kernel.Route) []string {
	var links []string
	for _, hop := range route.NextHops {
		links = append(links, hop.Link)
	}
	return links
}

// Rules lists the routing policy rules by priority.
func (k *Kernel) Rules() ([]kernel.Rule, error) { return slices.Clone(k.rules), nil }

// AddRule puts a rule behind others of its priority.
func (k *Kernel) AddRule(rule kernel.Rule) error {
	if err := k.write(); err != nil {
		return err
	}
	k.rules = append(k.rules, rule)
	slices.SortStableFunc(k.rules, func(a, b kernel.Rule) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.Priority, b.Priority))
	})
	return nil
}

// DeleteRule removes the first rule of that family, priority and table.
func (k *Kernel) DeleteRule(rule kernel.Rule) error {
	place := slices.IndexFunc(k.rules, func(r kernel.Rule) bool {
		return r.Family == rule.Family && r.Priority == rule.Priority && r.Table == rule.Table && r.From == rule.From &&
			r.To == rule.To
	})
	if place < 0 {
		return refusal(unix.ENOENT, "rule %d", rule.Priority)
	}
	if err := k.write(); err != nil {
		return err
	}
	k.rules = slices.Delete(k.rules, place, place+1)
	return nil
}
