package route

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

type bound = schema.Bound[Route, kernel.Route]

// binding is every option of a route, with its place in what the kernel reports.
var binding = sync.OnceValue(func() schema.Binding[Route, kernel.Route] {
	return append(schema.Binding[Route, kernel.Route]{
		schema.Bind("to", destination(), func(r *Route) **netip.Prefix { return &r.To },
			func(k *kernel.Route) (netip.Prefix, bool) { return k.To, true },
			func(k *kernel.Route, v netip.Prefix) { k.To = v },
			"The destination: a network such as 10.1.0.0/16, an address, or V(default).").Require(),
		schema.Bind("via", schema.Address(), func(r *Route) **netip.Addr { return &r.Via },
			func(k *kernel.Route) (netip.Addr, bool) {
				if simple(*k) && k.NextHops[0].Via.IsValid() {
					return k.NextHops[0].Via, true
				}
				return netip.Addr{}, false
			},
			func(k *kernel.Route, v netip.Addr) { only(k).Via = v },
			"The gateway. Left out, the destination is directly connected."),
		schema.Bind("dev", schema.LinkName(), func(r *Route) **string { return &r.Dev },
			func(k *kernel.Route) (string, bool) {
				if simple(*k) && k.NextHops[0].Link != "" {
					return k.NextHops[0].Link, true
				}
				return "", false
			},
			func(k *kernel.Route, v string) { only(k).Link = v },
			"The link to leave through. Left out, the one in whose network the gateway is."),
		schema.Bind("onlink", schema.Bool(), func(r *Route) **bool { return &r.OnLink },
			func(k *kernel.Route) (bool, bool) {
				on := simple(*k) && k.NextHops[0].OnLink
				return on, on
			},
			func(k *kernel.Route, v bool) { only(k).OnLink = v },
			"Whether the gateway counts as directly connected although no address of the link is in its network."),
		schema.Bind("nexthops", schema.List(schema.Dict(hopBinding().Table(), "")),
			func(r *Route) **[]NextHop { return &r.NextHops },
			func(k *kernel.Route) ([]NextHop, bool) { return readHops(k), len(k.NextHops) > 0 && !simple(*k) },
			writeHops,
			"Several ways out, over which traffic is spread."),
		schema.Bind("family", schema.Choice("inet", "inet6"), func(r *Route) **string { return &r.Family },
			func(k *kernel.Route) (string, bool) {
				own := familyName(k.To.Addr())
				if hasGateway(*k) {
					return own, familyName(k.NextHops[0].Via) != own
				}
				return own, k.To.Bits() == 0
			},
			func(*kernel.Route, string) {},
			"The family of a default route that has no gateway to tell, and of an IPv4 route with an IPv6 gateway."),
		schema.Bind("type", routeType(), func(r *Route) **uint8 { return &r.Type },
			func(k *kernel.Route) (uint8, bool) { return k.Type, k.Type != unix.RTN_UNICAST },
			func(k *kernel.Route, v uint8) { k.Type = v },
			"What becomes of the traffic. V(blackhole), V(unreachable) and V(prohibit) discard it; V(throw) ends the look-up "+
				"in this table.").Assume(typeNames[unix.RTN_UNICAST]),
		schema.Bind("table", schema.RoutingTable(), func(r *Route) **uint32 { return &r.Table },
			func(k *kernel.Route) (uint32, bool) { return k.Table, k.Table != schema.TableMain },
			func(k *kernel.Route, v uint32) { k.Table = v },
			"The routing table.").Assume("main"),
		schema.Bind("metric", schema.Int[uint32](0, 1<<32-1), func(r *Route) **uint32 { return &r.Metric },
			func(k *kernel.Route) (uint32, bool) { return k.Metric, k.Metric != usualMetric(k.To.Addr()) },
			func(k *kernel.Route, v uint32) { k.Metric = v },
			"The metric; of routes to the same destination, the one with the lowest counts. Two routes to one destination "+
				"with different"+
				" metrics are two routes. Left out, it is the kernel's: 0 for IPv4, 1024 for IPv6."),
		schema.Bind("src", schema.AddressOrNone(), func(r *Route) **netip.Addr { return &r.Source },
			func(k *kernel.Route) (netip.Addr, bool) { return k.Source, k.Source.IsValid() },
			func(k *kernel.Route, v netip.Addr) { k.Source = v },
			"The address of this host that connections over the route start from, or V(none)."),
		schema.Bind("scope", schema.Scope(), func(r *Route) **uint8 { return &r.Scope },
			func(k *kernel.Route) (uint8, bool) { return k.Scope, k.To.Addr().Is4() && k.Scope != usualScope(*k) },
			func(k *kernel.Route, v uint8) { k.Scope = v },
			"How far the destination of an IPv4 route is. Left out, a new route gets V(global) through a gateway, V(host) if "+
				"it is of type"+
				" V(local), and V(link) otherwise."),
		schema.Bind("tos", schema.Int[uint8](0, 255), func(r *Route) **uint8 { return &r.TOS },
			func(k *kernel.Route) (uint8, bool) { return k.TOS, k.TOS != 0 },
			func(k *kernel.Route, v uint8) { k.TOS = v },
			"The type of service that an IPv4 packet must have to take the route; 0 is any."),
		schema.Bind("pref", schema.Choice("low", "medium", "high"), func(r *Route) **string { return &r.Preference },
			func(k *kernel.Route) (string, bool) { return preferenceName(k.Preference), k.Preference != 0 },
			func(k *kernel.Route, v string) { k.Preference = preferences[v] },
			"The preference of an IPv6 route among those with the same metric (RFC 4191)."),
	}, metricOptions()...)
})

// metricOptions travel in RTA_METRICS; 0 or false takes one off the route.
var metricOptions = sync.OnceValue(func() schema.Binding[Route, kernel.Route] {
	return schema.Binding[Route, kernel.Route]{
		number("mtu", unix.RTAX_MTU, 65535, func(r *Route) **uint32 { return &r.MTU },
			"The largest packet to send over the route, in bytes."),
		number("advmss", unix.RTAX_ADVMSS, 65535, func(r *Route) **uint32 { return &r.AdvertisedMSS },
			"The largest TCP segment to ask the other side for, in bytes."),
		number("window", unix.RTAX_WINDOW, 1<<30, func(r *Route) **uint32 { return &r.Window },
			"The largest TCP window to advertise, in bytes."),
		number("hoplimit", unix.RTAX_HOPLIMIT, 255, func(r *Route) **uint32 { return &r.HopLimit },
			"The hop limit or time to live of packets."),
		number("initcwnd", unix.RTAX_INITCWND, 65535, func(r *Route) **uint32 { return &r.InitialCwnd },
			"The initial TCP congestion window, in segments."),
		number("initrwnd", unix.RTAX_INITRWND, 65535, func(r *Route) **uint32 { return &r.InitialRwnd },
			"The initial TCP receive window, in segments."),
		number("rto_min", unix.RTAX_RTO_MIN, 1<<30, func(r *Route) **uint32 { return &r.MinimumRTO },
			"The smallest TCP retransmission timeout, in milliseconds."),
		switchable("quickack", unix.RTAX_QUICKACK, func(r *Route) **bool { return &r.QuickACK },
			"Whether TCP acknowledges at once."),
		switchable("fastopen_no_cookie", unix.RTAX_FASTOPEN_NO_COOKIE, func(r *Route) **bool { return &r.FastOpenNoCookie },
			"Whether TCP Fast Open works without a cookie."),
		schema.Bind("congctl", schema.String(), func(r *Route) **string { return &r.CongestionControl },
			func(k *kernel.Route) (string, bool) {
				name := k.Metrics.Get(unix.RTAX_CC_ALGO)
				return unix.ByteSliceToString(name), len(name) > 0
			},
			func(k *kernel.Route, v string) { setMetric(k, unix.RTAX_CC_ALGO, append([]byte(v), 0)) },
			"The TCP congestion control algorithm, such as V(cubic)."),
	}
})

// linkBinding is the options of a route that is declared on a link: it leaves through that link.
var linkBinding = sync.OnceValue(func() schema.Binding[Route, kernel.Route] {
	var out schema.Binding[Route, kernel.Route]
	for _, option := range binding() {
		switch option.Name {
		case "dev":
			continue
		case "nexthops":
			form := schema.List(schema.Dict(linkHopBinding().Table(), "via"))
			option = schema.Bind("nexthops", form, func(r *Route) **[]NextHop { return &r.NextHops },
				func(k *kernel.Route) ([]NextHop, bool) {
					hops := readHops(k)
					for i := range hops {
						hops[i].Dev = nil
					}
					return hops, len(k.NextHops) > 0 && !simple(*k)
				}, writeHops, option.Text+" All leave through this link; for several links, declare the route by itself.")
		}
		out = append(out, option)
	}
	return out
})

// Further is what a route can say besides its destination, its way out and its metric.
var Further = sync.OnceValue(func() schema.Binding[Route, kernel.Route] {
	elsewhere := []string{"to", "via", "dev", "onlink", "nexthops", "family", "type", "metric", "tos"}
	return slices.DeleteFunc(slices.Clone(binding()),
		func(option bound) bool { return slices.Contains(elsewhere, option.Name) })
})

// hopBinding is every option of one of several ways out.
var hopBinding = sync.OnceValue(func() schema.Binding[NextHop, kernel.NextHop] {
	return schema.Binding[NextHop, kernel.NextHop]{
		schema.Bind("via", schema.Address(), func(n *NextHop) **netip.Addr { return &n.Via },
			func(k *kernel.NextHop) (netip.Addr, bool) { return k.Via, k.Via.IsValid() },
			func(k *kernel.NextHop, v netip.Addr) { k.Via = v },
			"The gateway."),
		schema.Bind("dev", schema.LinkName(), func(n *NextHop) **string { return &n.Dev },
			func(k *kernel.NextHop) (string, bool) { return k.Link, k.Link != "" },
			func(k *kernel.NextHop, v string) { k.Link = v },
			"The link to leave through. Left out, the one in whose network the gateway is."),
		schema.Bind("weight", schema.Int(1, 256), func(n *NextHop) **int { return &n.Weight },
			func(k *kernel.NextHop) (int, bool) { return k.Weight, k.Weight != 1 },
			func(k *kernel.NextHop, v int) { k.Weight = v },
			"The share of the traffic.").Assume(1),
		schema.Bind("onlink", schema.Bool(), func(n *NextHop) **bool { return &n.OnLink },
			func(k *kernel.NextHop) (bool, bool) { return k.OnLink, k.OnLink },
			func(k *kernel.NextHop, v bool) { k.OnLink = v },
			"Whether the gateway counts as directly connected.").Assume(false),
	}
})

func linkHopBinding() schema.Binding[NextHop, kernel.NextHop] {
	return slices.DeleteFunc(slices.Clone(hopBinding()), func(option schema.Bound[NextHop, kernel.NextHop]) bool {
		return option.Name == "dev"
	})
}

// simple tells a route with one way out, which is written without `nexthops`.
func simple(route kernel.Route) bool {
	return len(route.NextHops) == 1 && route.NextHops[0].Weight <= 1
}

func readHops(k *kernel.Route) []NextHop {
	hops := make([]NextHop, len(k.NextHops))
	for i := range k.NextHops {
		hops[i] = *hopBinding().Read(&k.NextHops[i])
	}
	return hops
}

func writeHops(k *kernel.Route, hops []NextHop) {
	k.NextHops = make([]kernel.NextHop, len(hops))
	for i := range hops {
		k.NextHops[i] = kernel.NextHop{Weight: 1}
		hopBinding().Write(&hops[i], &k.NextHops[i])
	}
}

// number is an option that travels in RTA_METRICS as a number of 32 bits.
func number(name string, attribute uint16, highest uint32, field func(*Route) **uint32, text string) bound {
	return schema.Bind(name, schema.Int(0, highest), field,
		func(k *kernel.Route) (uint32, bool) {
			value := metricOf(k, attribute)
			return value, value != 0
		},
		func(k *kernel.Route, v uint32) { setNumber(k, attribute, v) }, text+" 0 is none.")
}

// switchable is an option that travels in RTA_METRICS as 0 or 1.
func switchable(name string, attribute uint16, field func(*Route) **bool, text string) bound {
	return schema.Bind(name, schema.Bool(), field,
		func(k *kernel.Route) (bool, bool) {
			on := metricOf(k, attribute) != 0
			return on, on
		},
		func(k *kernel.Route, on bool) {
			value := uint32(0)
			if on {
				value = 1
			}
			setNumber(k, attribute, value)
		}, text)
}

func metricOf(k *kernel.Route, attribute uint16) uint32 {
	data := k.Metrics.Get(attribute)
	if len(data) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(data)
}

func setNumber(k *kernel.Route, attribute uint16, value uint32) {
	if value == 0 {
		setMetric(k, attribute, nil)
		return
	}
	setMetric(k, attribute, binary.NativeEndian.AppendUint32(nil, value))
}

// setMetric keeps the kernel's order; no data takes the metric off.
func setMetric(k *kernel.Route, attribute uint16, data []byte) {
	metrics := slices.DeleteFunc(slices.Clone(k.Metrics), func(a kernel.Attribute) bool { return a.Type == attribute })
	if data != nil {
		metrics = append(metrics, kernel.Attribute{Type: attribute, Data: data})
	}
	slices.SortFunc(metrics, func(a, b kernel.Attribute) int { return cmp.Compare(a.Type, b.Type) })
	k.Metrics = metrics
}

// destination is the form of `to`. `default` is the zero Prefix until its family is known.
func destination() schema.Form[netip.Prefix] {
	parse := schema.HostOrNetwork().Parse
	return schema.Text(
		func(s string) (netip.Prefix, error) {
			if s == "default" {
				return netip.Prefix{}, nil
			}
			var problems schema.Problems
			prefix, _ := parse(s, schema.At("", &problems))
			return prefix, problems.Err()
		},
		func(prefix netip.Prefix) string {
			if prefix.Bits() <= 0 {
				return "default"
			}
			return prefix.String()
		})
}

// typeNames are the types of routes that can be declared (linux/rtnetlink.h).
var typeNames = map[uint8]string{
	unix.RTN_UNICAST: "unicast", unix.RTN_LOCAL: "local", unix.RTN_BLACKHOLE: "blackhole",
	unix.RTN_UNREACHABLE: "unreachable", unix.RTN_PROHIBIT: "prohibit", unix.RTN_THROW: "throw",
}

func routeType() schema.Form[uint8] {
	return schema.Numbered(typeNames, "unicast", "local", "blackhole", "unreachable", "prohibit", "throw")
}

// preferences are ICMPV6_ROUTER_PREF_* of linux/icmpv6.h.
var preferences = map[string]uint8{"medium": 0, "high": 1, "low": 3}

func preferenceName(number uint8) string {
	for name, known := range preferences {
		if known == number {
			return name
		}
	}
	return "medium"
}

func familyName(address netip.Addr) string {
	if address.Is4() {
		return "inet"
	}
	return "inet6"
}

// usualScope is what `ip route add` takes for an IPv4 route (iproute_modify in iproute2).
func usualScope(route kernel.Route) uint8 {
	switch {
	case route.Type == unix.RTN_LOCAL:
		return unix.RT_SCOPE_HOST
	case route.Type != unix.RTN_UNICAST, hasGateway(route), len(route.NextHops) > 1:
		return unix.RT_SCOPE_UNIVERSE
	}
	return unix.RT_SCOPE_LINK
}

// fresh is a declared route as it is added where there is none.
func fresh(declared *Route) kernel.Route {
	route := kernel.Route{Protocol: unix.RTPROT_STATIC, Type: unix.RTN_UNICAST, Table: schema.TableMain}
	write(declared, &route)
	if route.To.Addr().Is4() && declared.Scope == nil {
		route.Scope = usualScope(route)
	}
	return route
}

// overlay is a route that is there, with what is declared of it. Its ways out are always as declared.
func overlay(declared *Route, have kernel.Route) kernel.Route {
	want := have
	want.NextHopID, want.Expires, want.Extra = 0, 0, nil
	want.Type = unix.RTN_UNICAST
	write(declared, &want)
	if declared.OnLink == nil && simple(want) && simple(have) && have.NextHops[0].Via == want.NextHops[0].Via {
		want.NextHops[0].OnLink = have.NextHops[0].OnLink
	}
	if want.To.Addr().Is4() && declared.Scope == nil && usualScope(want) != usualScope(have) {
		want.Scope = usualScope(want)
	}
	return want
}

// only is the single way out that via, dev and onlink are of. A route that has none, as it leads nowhere or has
// several, is refused where it is read, and compared with others nevertheless.
func only(route *kernel.Route) *kernel.NextHop {
	if len(route.NextHops) == 0 {
		return &kernel.NextHop{}
	}
	return &route.NextHops[0]
}

func write(declared *Route, route *kernel.Route) {
	route.NextHops = nil
	if declared.NextHops == nil && leadsSomewhere(declared) {
		route.NextHops = []kernel.NextHop{{Weight: 1}}
	}
	route.Metric = usualMetric(declared.To.Addr())
	binding().Write(declared, route)
	if route.Metric == 0 {
		route.Metric = usualMetric(declared.To.Addr())
	}
}

func leadsSomewhere(declared *Route) bool {
	return declared.Type == nil || *declared.Type == unix.RTN_UNICAST || *declared.Type == unix.RTN_LOCAL
}
