package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// routeList gathers routes from one or several answers of the kernel.
type routeList struct {
	routes []kernel.Route
	// links holds the numbers of the links of each route's next hops.
	links [][]int
}

// Routes lists the routes of both families and all tables, without what the kernel has put into the local one.
func (h *Handle) Routes() ([]kernel.Route, error) {
	var list routeList
	everything := func(*kernel.Route, []int) bool { return true }
	if err := h.dumpRoutes(&list, routeQuestion{}, wholeRoute(everything)); err != nil {
		return nil, err
	}
	return h.named(&list)
}

// routeQuestion is what the kernel itself can narrow a list of routes to (ip_valid_fib_dump_req); 0 is any.
type routeQuestion struct {
	family, protocol uint8
	link             int
	table            uint32
}

// keep tells from a message whether its route is wanted, and if so reads it.
type keep func(message []byte) (route kernel.Route, links []int, wanted bool, err error)

// wholeRoute reads each route to decide.
func wholeRoute(wanted func(*kernel.Route, []int) bool) keep {
	return func(message []byte) (kernel.Route, []int, bool, error) {
		route, links, err := decodeRoute(message)
		return route, links, err == nil && route.To.IsValid() && wanted(&route, links), err
	}
}

// dumpRoutes adds the routes that the kernel answers with.
func (h *Handle) dumpRoutes(list *routeList, question routeQuestion, keep keep) error {
	request := h.request(unix.RTM_GETROUTE, 0)
	request.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{Family: question.family, Protocol: question.protocol}})
	if question.link != 0 {
		request.AddData(nl.NewRtAttr(unix.RTA_OIF, nl.Uint32Attr(uint32(question.link))))
	}
	if question.table != 0 {
		request.AddData(nl.NewRtAttr(unix.RTA_TABLE, nl.Uint32Attr(question.table)))
	}
	before := len(list.routes)
	reset := func() { list.routes, list.links = list.routes[:before], list.links[:before] }
	each := func(message []byte) error {
		if isAutomatic(message) {
			return nil
		}
		route, links, wanted, err := keep(message)
		if wanted {
			list.routes, list.links = append(list.routes, route), append(list.links, links)
		}
		return err
	}
	// A kernel before 4.20 knows no such questions and lists all routes; keep drops what was not asked for.
	if question != (routeQuestion{}) && h.strict(true) == nil {
		defer func() { _ = h.strict(false) }()
	}
	err := h.dump(request, reset, each)
	if err != nil && (question.table == 0 || !errors.Is(err, unix.ENOENT)) {
		return fmt.Errorf("cannot list the routes: %w", err)
	}
	// A table is there once it has a route (fib_get_table).
	return nil
}

// strict has the kernel pay regard to what a list is asked to be narrowed to (NETLINK_GET_STRICT_CHK).
func (h *Handle) strict(on bool) error {
	value := 0
	if on {
		value = 1
	}
	return unix.SetsockoptInt(h.sockets[unix.NETLINK_ROUTE].Socket.GetFd(), unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK,
		value)
}

// isAutomatic tells what the kernel has put into the local table.
func isAutomatic(message []byte) bool {
	return len(message) >= unix.SizeofRtMsg && message[4] == unix.RT_TABLE_LOCAL && message[5] == unix.RTPROT_KERNEL
}

// named gives the next hops the names of their links.
func (h *Handle) named(list *routeList) ([]kernel.Route, error) {
	unknown := map[int]bool{}
	for _, hops := range list.links {
		for _, link := range hops {
			if link != 0 {
				unknown[link] = true
			}
		}
	}
	if err := h.knowLinks(unknown); err != nil {
		return nil, err
	}
	for i, hops := range list.links {
		for j, link := range hops {
			list.routes[i].NextHops[j].Link = h.nameOf(link)
		}
	}
	return list.routes, nil
}

// mostQuestions is how many narrowed lists are asked for before one list of all routes is cheaper: the kernel goes
// through all of its routes for each, which takes a fourth of the time of telling them.
const mostQuestions = 4

// RoutesWithin asks the kernel for narrow lists where that is enough, and else passes over what is not wanted while it
// reads, so that the routes of a routing daemon cost next to no memory.
func (h *Handle) RoutesWithin(scope kernel.RouteScope) ([]kernel.Route, error) {
	if scope.Empty() {
		return nil, nil
	}
	links := map[int]bool{}
	for _, name := range scope.Links {
		if index, err := h.index(name); err == nil {
			links[index] = true
		}
	}
	if list, err := h.routesTo(&scope); list != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return h.named(list)
	}
	families, narrow := h.families(&scope)
	if narrow && len(scope.Protocols)+len(links) <= mostQuestions {
		list, err := h.narrowLists(&scope, links, families)
		if err != nil {
			return nil, err
		}
		if !list.sharesPlaces() {
			return h.named(list)
		}
	}
	var list routeList
	for _, family := range families {
		if err := h.dumpRoutes(&list, routeQuestion{family: family}, within(&scope, links)); err != nil {
			return nil, err
		}
	}
	return h.named(&list)
}

// routesTo are the routes to some destinations, where the kernel can be asked for these alone; nil is where it cannot.
func (h *Handle) routesTo(scope *kernel.RouteScope) (*routeList, error) {
	if len(scope.Protocols)+len(scope.Links)+len(scope.Into)+len(scope.Sources) > 0 ||
		len(scope.Destinations) > mostQuestions {
		return nil, nil
	}
	list := &routeList{}
	asked := map[routeQuestion]bool{}
	for _, to := range scope.Destinations {
		if to.Table != unix.RT_TABLE_MAIN {
			question := routeQuestion{family: familyOf(to.To.Addr()), table: to.Table}
			if !asked[question] {
				asked[question] = true
				if err := h.dumpRoutes(list, question, within(scope, nil)); err != nil {
					return nil, err
				}
			}
			continue
		}
		found, hops, known := h.routeTo(to)
		switch {
		case !known:
			return nil, nil
		case found == nil:
		case !to.Alone || found.Metric != to.Metric:
			return nil, nil
		default:
			list.routes, list.links = append(list.routes, *found), append(list.links, hops)
		}
	}
	return list, nil
}

// families are those that a scope is about, and whether narrow lists show all of it: they do if each of its
// destinations has no route that they leave out.
func (h *Handle) families(scope *kernel.RouteScope) (families []uint8, narrow bool) {
	both := []uint8{unix.AF_INET, unix.AF_INET6}
	if len(scope.Sources) > 0 {
		return both, false
	}
	narrow = len(scope.Into) == 0
	for _, to := range scope.Into {
		families = append(families, familyOf(to.Addr()))
	}
	for _, one := range scope.Destinations {
		families = append(families, familyOf(one.To.Addr()))
		narrow = narrow && h.isFree(one, scope.Protocols)
	}
	slices.Sort(families)
	families = slices.Compact(families)
	if len(scope.Links) > 0 || families == nil {
		families = both
	}
	return families, narrow
}

// narrowLists asks once for each maker and each link. A route that is in two of the lists is taken from the first.
func (h *Handle) narrowLists(scope *kernel.RouteScope, links map[int]bool, families []uint8) (*routeList, error) {
	list := &routeList{}
	for _, family := range families {
		for _, protocol := range scope.Protocols {
			only := func(route *kernel.Route, _ []int) bool { return route.Protocol == protocol }
			if err := h.dumpRoutes(list, routeQuestion{family: family, protocol: protocol}, wholeRoute(only)); err != nil {
				return nil, err
			}
		}
		asked := map[int]bool{}
		for link := range links {
			only := func(route *kernel.Route, hops []int) bool {
				return !slices.Contains(scope.Protocols, route.Protocol) && slices.Contains(hops, link) &&
					!slices.ContainsFunc(hops, func(hop int) bool { return asked[hop] })
			}
			if err := h.dumpRoutes(list, routeQuestion{family: family, link: link}, wholeRoute(only)); err != nil {
				return nil, err
			}
			asked[link] = true
		}
	}
	return list, nil
}

// sharesPlaces tells whether two routes are in one place, where their order counts: lists that were asked for apart do
// not tell it.
func (l *routeList) sharesPlaces() bool {
	type place struct {
		to, from      netip.Prefix
		table, metric uint32
		tos           uint8
	}
	seen := make(map[place]bool, len(l.routes))
	for i := range l.routes {
		one := &l.routes[i]
		at := place{one.To, one.From, one.Table, one.Metric, one.TOS}
		if seen[at] {
			return true
		}
		seen[at] = true
	}
	return false
}

// within keeps the routes of a scope out of a list of all, and does not read the others.
func within(scope *kernel.RouteScope, links map[int]bool) keep {
	return func(message []byte) (kernel.Route, []int, bool, error) {
		if len(message) >= unix.SizeofRtMsg && !touches(message, scope, links) {
			return kernel.Route{}, nil, false, nil
		}
		route, hops, err := decodeRoute(message)
		return route, hops, err == nil && route.To.IsValid(), err
	}
}

// touches tells from the message alone whether its route is in the scope.
func touches(message []byte, scope *kernel.RouteScope, links map[int]bool) bool {
	if slices.Contains(scope.Protocols, message[5]) {
		return true
	}
	var to netip.Addr
	table, found := uint32(message[4]), false
	err := eachAttribute(message[unix.SizeofRtMsg:], func(typ uint16, data []byte) error {
		switch typ {
		case unix.RTA_DST:
			to = addressOf(data)
		case unix.RTA_TABLE:
			table = number32(data)
		case unix.RTA_PREFSRC:
			found = found || slices.Contains(scope.Sources, addressOf(data))
		case unix.RTA_OIF:
			found = found || links[int(int32(number32(data)))]
		case unix.RTA_MULTIPATH:
			// struct rtnexthop: its length is the first number, its link the second.
			for rest := data; len(rest) >= unix.SizeofRtNexthop && !found; {
				found = links[int(int32(number32(rest[4:])))]
				length := int(binary.NativeEndian.Uint16(rest))
				if length < unix.SizeofRtNexthop || length > len(rest) {
					break
				}
				rest = rest[min(len(rest), (length+3)&^3):]
			}
		}
		return nil
	})
	return err != nil || found || scope.LeadsTo(prefixOf(message[0], to, message[1]), table)
}

// isFree tells whether there is surely no route to a destination but those of the makers.
func (h *Handle) isFree(destination kernel.Destination, makers []uint8) bool {
	found, _, known := h.routeTo(destination)
	return known && (found == nil || destination.Alone && found.Metric == destination.Metric &&
		slices.Contains(makers, found.Protocol))
}

// routeTo is the first route to a destination in the main table, nil where there is none. The kernel says which route
// it would take (RTM_F_FIB_MATCH); one to a larger network means that there is none to this one. It is not known where
// the kernel would take another one.
func (h *Handle) routeTo(destination kernel.Destination) (route *kernel.Route, hops []int, known bool) {
	to := destination.To
	if to.Bits() == 0 || destination.Table != unix.RT_TABLE_MAIN {
		return nil, nil, false
	}
	request := h.request(unix.RTM_GETROUTE, 0)
	request.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{
		Family: familyOf(to.Addr()), Dst_len: uint8(to.Addr().BitLen()),
		Flags: unix.RTM_F_FIB_MATCH | unix.RTM_F_LOOKUP_TABLE,
	}})
	request.AddData(nl.NewRtAttr(unix.RTA_DST, to.Addr().AsSlice()))
	messages, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE)
	if errors.Is(err, unix.ENETUNREACH) {
		return nil, nil, h.asksMain(familyOf(to.Addr()))
	}
	if err != nil || len(messages) != 1 {
		return nil, nil, false
	}
	found, links, err := decodeRoute(messages[0])
	switch {
	case err != nil || !found.To.IsValid() || found.Table != destination.Table || !found.To.Contains(to.Addr()):
		return nil, nil, false
	case found.To == to:
		return &found, links, true
	}
	return nil, nil, found.To.Bits() < to.Bits()
}

// asksMain tells whether a route that was not found is in no case in the main table: a rule for all packets leads
// there, and none refuses packets by itself.
func (h *Handle) asksMain(family uint8) bool {
	rules, err := h.Rules()
	if err != nil {
		return false
	}
	asked := false
	for _, rule := range rules {
		switch {
		case rule.Family != family:
		case rule.Action != unix.FR_ACT_TO_TBL:
			return false
		case rule.Table == unix.RT_TABLE_MAIN:
			plain := kernel.Rule{
				Family: family, Priority: rule.Priority, Action: rule.Action, Table: rule.Table, Protocol: rule.Protocol,
				SuppressPrefixLength: -1,
			}
			asked = asked || reflect.DeepEqual(rule, plain)
		}
	}
	return asked
}
