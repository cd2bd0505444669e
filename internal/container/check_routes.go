package container

import (
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/schema"
)

// checkReachable finds routers that are in none of the interface's networks: LXC would make up a route to them
// (lxc_ipv4_dest_add), and the kernel refuse ours.
func checkReachable(t *target, at schema.Place) {
	if deref(t.final.DHCP) {
		return
	}
	onLink := func(router netip.Addr) bool {
		return slices.ContainsFunc(deref(t.final.Routes), func(r Route) bool { return r.Via == nil && r.To.Contains(router) })
	}
	report := func(place schema.Place, router netip.Addr) {
		place.Problem("%s is outside of every network of %s (%s): if it is on the link all the same, say onlink: true",
			router, t.want.Name,
			list(deref(t.final.Addresses)))
	}
	for name, gateway := range map[string]*netip.Addr{"gateway": t.final.Gateway, "gateway6": t.final.Gateway6} {
		if gateway == nil || !gateway.IsValid() || !t.final.isElsewhere(*gateway) {
			continue
		}
		if !deref(t.final.OnLink) && !onLink(*gateway) && !t.final.isHost(*gateway) {
			report(at.Key(name), *gateway)
		}
	}
	for i, route := range deref(t.want.Routes) {
		if route.Via != nil && t.final.isElsewhere(*route.Via) && !deref(route.OnLink) && !onLink(*route.Via) &&
			deref(t.final.Gateway) != *route.Via &&
			deref(t.final.Gateway6) != *route.Via {
			report(at.Key("routes").Index(i).Key("via"), *route.Via)
		}
	}
}

// isHost tells whether the interface's addresses of the router's family are alone in their networks: then every router
// is elsewhere.
func (i *Interface) isHost(router netip.Addr) bool {
	found := false
	for _, prefix := range deref(i.Addresses) {
		if prefix.Addr().Is4() == router.Is4() {
			found = true
			if !prefix.IsSingleIP() {
				return false
			}
		}
	}
	return found
}

// checkDown finds what an interface cannot have that is declared to be down.
func checkDown(t *target, at schema.Place) {
	if !t.final.isDown() {
		return
	}
	for option, has := range map[string]bool{
		gatewayRow().Name: t.final.Gateway != nil && t.final.Gateway.IsValid(), gateway6Row().Name: t.final.Gateway6 != nil &&
			t.final.Gateway6.IsValid(),
		routesRow().Name: len(deref(t.final.Routes)) > 0, dhcpRow().Name: deref(t.final.DHCP),
		dhcp6Row().Name: deref(t.final.DHCP6),
	} {
		if has {
			at.Key(option).Problem("needs %s to be up, and up is false", t.want.Name)
		}
	}
}

func list(prefixes []netip.Prefix) string {
	if len(prefixes) == 0 {
		return "it has no address"
	}
	texts := make([]string, len(prefixes))
	for i, prefix := range prefixes {
		texts[i] = prefix.String()
	}
	return strings.Join(texts, ", ")
}
