package openstack

import (
	"net/netip"
	"slices"
	"strings"
)

// routeKeys are the keys of [Route] in systemd.network(5) beside Destination and Gateway: OSA hands all of them on.
var routeKeys = []string{
	"FastOpenNoCookie", "GatewayOnLink", "IPv6Preference", "InitialAdvertisedReceiveWindow", "InitialCongestionWindow",
	"MTUBytes",
	"Metric", "MultiPathRoute", "NextHop", "PreferredSource", "Protocol", "QuickAck", "Scope", "Source",
	"TCPAdvertisedMaximumSegmentSize",
	"TCPCongestionControlAlgorithm", "TCPRetransmissionTimeoutSec", "TTLPropagate", "HopLimit", "Table", "Type",
}

// routeMeant also finds metric for Metric.
func routeMeant(key string) string {
	for _, known := range routeKeys {
		if strings.EqualFold(known, key) {
			return "; did you mean " + known + "?"
		}
	}
	return meant(key, append([]string{"cidr", "gateway"}, routeKeys...))
}

// router is a gateway that must be on the network.
func (c *config) router(v *value, path string, n *network, r *report) netip.Addr {
	address, err := netip.ParseAddr(v.str())
	if err != nil {
		r.problem(v.Place, path, "%q is no address", v.str())
		return netip.Addr{}
	}
	if pool := c.byCIDR[n.pool]; pool != nil && !pool.prefix.Contains(address) {
		r.problem(v.Place, path, "%s is in no network of %s (%s)", address, n.linkName(), pool.prefix)
	}
	c.checkOrdinary(address, v.Place, path, r)
	return address
}

func (n *network) linkName() string {
	if n.link != "" {
		return n.link
	}
	return n.bridge
}

func (c *config) readRoutes(v *value, n *network, r *report) {
	if v.isNull() {
		return
	}
	path := place(n.path, "static_routes")
	if v.kind != list {
		r.problem(v.Place, path, "must be a list of routes, each with cidr and gateway")
		return
	}
	for i, item := range v.items {
		at := index(path, i)
		target, gateway := first(item, "cidr", "Destination"), first(item, "gateway", "Gateway")
		if target.isNull() || gateway.isNull() {
			r.problem(item.Place, at, "needs both cidr and gateway")
			continue
		}
		router := c.router(gateway, place(at, "gateway"), n, r)
		prefix, err := netip.ParsePrefix(target.str())
		if err != nil {
			r.problem(target.Place, place(at, "cidr"), "%q is no network; write it as 10.0.0.0/8", target.str())
			continue
		}
		if prefix != prefix.Masked() {
			r.problem(target.Place, place(at, "cidr"), "%s has host bits; write %s", prefix, prefix.Masked())
		}
		if pool := c.byCIDR[n.pool]; pool != nil && pool.prefix == prefix.Masked() {
			r.warn(target.Place, place(at, "cidr"),
				"%s is the network of %s itself: the route is left out", prefix, n.linkName())
			continue
		}
		if router.Is4() && prefix.Addr().Is6() {
			r.problem(gateway.Place, place(at, "gateway"), "%s is no IPv6 address, and %s is an IPv6 network", router, prefix)
		}
		route := map[string]any{"cidr": target.str(), "gateway": gateway.str()}
		for _, p := range item.pairs {
			switch {
			case slices.Contains([]string{"cidr", "gateway", "Destination", "Gateway"}, p.key):
			case !slices.Contains(routeKeys, p.key):
				r.problem(p.Place, place(at, p.key), "is no key of networkd's [Route]%s", routeMeant(p.key))
			default:
				route[p.key] = p.value.plain()
			}
		}
		n.routes = append(n.routes, route)
		if router.IsValid() {
			n.routers = append(n.routers, router)
		}
	}
}

func first(v *value, keys ...string) *value {
	for _, key := range keys {
		if got := v.get(key); got != nil {
			return got
		}
	}
	return nil
}
