package path

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/topology"
)

// mostRouters a packet passes: the usual TTL.
const mostRouters = 64

// way is what a route lookup comes to.
type way struct {
	route kernel.Route
	link  string
	via   netip.Addr
	rule  uint32
	table uint32
}

// send is a packet that a namespace itself makes.
func (w *walker) send(at place, one *packet) error {
	if own := at.ns.Owns(one.destination); own != nil {
		one.source = one.destination
		w.hop(at, own.Name, "local", 0, "%s is an address of %s itself", one.destination, at.withHost())
		w.path.Outcome, w.path.Why = Reached, fmt.Sprintf("%s has the address itself", at.withHost())
		return nil
	}
	found, err := w.lookup(at, one, "")
	if err != nil {
		return err
	}
	if !one.source.IsValid() {
		if one.source = found.route.Source; !one.source.IsValid() {
			one.source = sourceOn(at.ns.Link(found.link), one.destination)
		}
		if !one.source.IsValid() {
			return w.end("%s has no address to send from by %s: give the link one", at.withHost(), found.link)
		}
	}
	w.tell(at, one, found)
	w.translate(at, one, "output", "", found.link)
	if err := w.firewall(at, one, "output", "", found.link); err != nil {
		return err
	}
	return w.leave(at, one, found)
}

// tell notes the route.
func (w *walker) tell(at place, one *packet, found *way) {
	to := "default"
	if found.route.To.IsValid() && found.route.To.Bits() > 0 {
		to = found.route.To.String()
	}
	text := fmt.Sprintf("route %s dev %s in table %s (rule %d)", to, found.link, tableName(found.table), found.rule)
	if found.via.IsValid() {
		text = fmt.Sprintf("route %s via %s dev %s in table %s (rule %d)", to, found.via, found.link, tableName(found.table),
			found.rule)
	}
	w.hop(at, found.link, "route", 0, "%s, from %s", text, one.source)
}

func tableName(table uint32) string {
	switch table {
	case unix.RT_TABLE_MAIN:
		return "main"
	case unix.RT_TABLE_DEFAULT:
		return "default"
	case unix.RT_TABLE_LOCAL:
		return "local"
	}
	return fmt.Sprint(table)
}

// lookup asks the rules one after the other, as the kernel does (fib_rules_lookup in net/core/fib_rules.c).
func (w *walker) lookup(at place, one *packet, in string) (*way, error) {
	var tables []string
	for _, rule := range at.ns.Routing.Rules {
		if !matches(rule, one, in) {
			continue
		}
		switch rule.Action {
		case unix.FR_ACT_BLACKHOLE, unix.FR_ACT_UNREACHABLE, unix.FR_ACT_PROHIBIT:
			return nil, w.end("rule %d of %s says that %s is %s", rule.Priority, at.withHost(), one.destination,
				actionName(rule.Action))
		case unix.FR_ACT_TO_TBL:
		default:
			continue
		}
		if rule.Table == unix.RT_TABLE_LOCAL {
			continue // what is local has been looked up
		}
		route := best(at.ns, rule, one.destination)
		if route == nil {
			tables = append(tables, tableName(rule.Table))
			continue
		}
		if nowhere := typeName(route.Type); nowhere != "" {
			return nil, w.end("the route %s in table %s of %s is %s", route.To, tableName(rule.Table), at.withHost(), nowhere)
		}
		if len(route.NextHops) == 0 {
			continue
		}
		if len(route.NextHops) > 1 {
			w.warn("the route %s of %s has %d next hops: the first is followed, a flow may take another", route.To, at.withHost(),
				len(route.NextHops))
		}
		hop := route.NextHops[0]
		return &way{route: *route, link: hop.Link, via: hop.Via, rule: rule.Priority, table: rule.Table}, nil
	}
	list := "any table"
	for i, table := range tables {
		if i == 0 {
			list = "table " + table
		} else {
			list += ", " + table
		}
	}
	return nil, w.end("%s has no route to %s in %s: add one, or a default route", at.withHost(), one.destination, list)
}

func actionName(action uint8) string {
	return map[uint8]string{
		unix.FR_ACT_BLACKHOLE: "a blackhole", unix.FR_ACT_UNREACHABLE: "unreachable", unix.FR_ACT_PROHIBIT: "prohibited",
	}[action]
}

func typeName(routeType uint8) string {
	return map[uint8]string{
		unix.RTN_BLACKHOLE: "a blackhole", unix.RTN_UNREACHABLE: "unreachable", unix.RTN_PROHIBIT: "prohibited",
	}[routeType]
}

func matches(rule kernel.Rule, one *packet, in string) bool {
	family := uint8(unix.AF_INET6)
	if one.destination.Is4() {
		family = unix.AF_INET
	}
	if rule.Family != family {
		return false
	}
	ok := (!rule.From.IsValid() || rule.From.Bits() == 0 || one.source.IsValid() && rule.From.Contains(one.source)) &&
		(!rule.To.IsValid() || rule.To.Contains(one.destination)) &&
		(rule.Input == "" || rule.Input == in || rule.Input == "lo" && in == "") && rule.Output == "" && rule.Mark == 0 &&
		(rule.DestinationPorts == nil || one.port != 0 && rule.DestinationPorts.First <= uint32(one.port) &&
			uint32(one.port) <= rule.DestinationPorts.Last)
	return ok != rule.Invert
}

// best is the longest route of a rule's table, of equal ones that of the lowest metric.
func best(ns *topology.Namespace, rule kernel.Rule, destination netip.Addr) *kernel.Route {
	var found *kernel.Route
	for i := range ns.Routing.Routes {
		route := &ns.Routing.Routes[i]
		if route.Table != rule.Table || !covers(route, destination) || int32(length(route)) <= rule.SuppressPrefixLength {
			continue
		}
		if len(route.NextHops) > 0 {
			if link := ns.Link(route.NextHops[0].Link); link == nil || link.State == topology.Down {
				continue
			}
		}
		if found == nil || length(route) > length(found) || length(route) == length(found) && route.Metric < found.Metric {
			found = route
		}
	}
	return found
}

func length(route *kernel.Route) int {
	if !route.To.IsValid() {
		return 0
	}
	return route.To.Bits()
}

func covers(route *kernel.Route, destination netip.Addr) bool {
	if !route.To.IsValid() {
		// A default route: its next hop tells the family.
		return len(route.NextHops) == 0 || !route.NextHops[0].Via.IsValid() ||
			route.NextHops[0].Via.Is4() == destination.Is4()
	}
	return route.To.Contains(destination)
}

// sourceOn is the address that a link's packets to a destination have: one in the same network, else the first.
func sourceOn(link *topology.Link, destination netip.Addr) netip.Addr {
	var first netip.Addr
	if link == nil {
		return first
	}
	for _, text := range link.Addresses {
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix.Addr().Is4() != destination.Is4() {
			continue
		}
		if prefix.Contains(destination) {
			return prefix.Addr()
		}
		if !first.IsValid() {
			first = prefix.Addr()
		}
	}
	return first
}

// leave sends a routed packet out of a link, to the next hop.
func (w *walker) leave(at place, one *packet, found *way) error {
	link := at.ns.Link(found.link)
	if link == nil {
		return w.end("%s has no link %s, which its route names", at.withHost(), found.link)
	}
	w.translate(at, one, "postrouting", "", found.link)
	if err := w.firewall(at, one, "postrouting", "", found.link); err != nil {
		return err
	}
	if err := w.fit(at, one, link, found); err != nil {
		return err
	}
	next := found.via
	if !next.IsValid() {
		next = one.destination
	}
	arrived, err := w.deliver(at, link, next)
	if err != nil || arrived == nil {
		return err
	}
	return w.receive(*arrived, one)
}

// fit compares the packet with what goes out of a link in one piece.
func (w *walker) fit(at place, one *packet, link *topology.Link, found *way) error {
	mtu := link.MTU
	for _, metric := range found.route.Metrics {
		if metric.Type == unix.RTAX_MTU && len(metric.Data) == 4 {
			if limit := uint32(metric.Data[0]) | uint32(metric.Data[1])<<8 | uint32(metric.Data[2])<<16 |
				uint32(metric.Data[3])<<24; limit > 0 && limit < mtu {
				mtu = limit
			}
		}
	}
	return w.limit(at, one.size, link.Name, mtu)
}

// limit notes an MTU on the way.
func (w *walker) limit(at place, size uint32, link string, mtu uint32) error {
	if mtu == 0 {
		return nil
	}
	inner := mtu - min(mtu, w.overhead)
	if w.path.MTU == 0 || inner < w.path.MTU {
		w.path.MTU = inner
	}
	if size > inner {
		w.hop(at, link, "mtu", mtu, "a packet of %d bytes does not fit into %d", size, inner)
		return w.end("MTU: a packet of %d bytes enters %s on %s, which takes %d, with DF: lower the sender's MTU, or raise "+
			"that of the link", size, link, at.withHost(), inner)
	}
	return nil
}

// arrival is a packet at a namespace's own link.
type arrival struct {
	place
	link *topology.Link
}

// receive is a packet that has come in by a link: for this namespace, or to be routed on.
func (w *walker) receive(at arrival, one *packet) error {
	w.routers++
	if w.routers > mostRouters {
		return w.end("the packet goes in a circle by way of %s", at.withHost())
	}
	if at.ns.Routing == nil {
		return w.end("%s has not been read with its routing", at.withHost())
	}
	w.translate(at.place, one, "prerouting", at.link.Name, "")
	if err := w.firewall(at.place, one, "prerouting", at.link.Name, ""); err != nil {
		return err
	}
	if err := w.filterSource(at, one); err != nil {
		return err
	}
	if own := at.ns.Owns(one.destination); own != nil {
		if err := w.firewall(at.place, one, "input", at.link.Name, ""); err != nil {
			return err
		}
		w.hop(at.place, at.link.Name, "local", at.link.MTU, "%s is here", one.destination)
		w.path.Outcome, w.path.Why = Reached, fmt.Sprintf("%s has %s", at.withHost(), one.destination)
		return nil
	}
	forwards, setting := at.ns.Routing.Forwarding4, "net.ipv4.ip_forward"
	if one.destination.Is6() {
		forwards, setting = at.ns.Routing.Forwarding6, "net.ipv6.conf.all.forwarding"
	}
	if !forwards {
		return w.end("%s does not route: %s is 0 there, and %s is not its own address", at.withHost(), setting,
			one.destination)
	}
	found, err := w.lookup(at.place, one, at.link.Name)
	if err != nil {
		return err
	}
	w.tell(at.place, one, found)
	if err := w.firewall(at.place, one, "forward", at.link.Name, found.link); err != nil {
		return err
	}
	return w.leave(at.place, one, found)
}

// filterSource is reverse path filtering (RFC 3704): strict is 1, loose 2.
func (w *walker) filterSource(at arrival, one *packet) error {
	filter := at.ns.Routing.RPFilter[at.link.Name]
	if filter == 0 || one.destination.Is6() {
		return nil
	}
	quiet := &walker{hosts: w.hosts, path: &Path{}}
	back := packet{destination: one.source, source: one.destination}
	if at.ns.Owns(one.source) != nil {
		return w.end("%s drops the packet: its source %s is an address of its own", at.withHost(), one.source)
	}
	found, err := quiet.lookup(at.place, &back, "")
	if err == nil && (filter == 2 || found.link == at.link.Name) {
		return nil
	}
	other := "there is no route back"
	if err == nil {
		other = "the route back leaves by " + found.link
	}
	return w.end(
		"rp_filter of %s on %s drops it: %s came in by %s, and %s: make the routes symmetric, or set rp_filter to 2",
		at.link.Name, at.withHost(), one.source, at.link.Name, other)
}
