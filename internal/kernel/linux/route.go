package linux

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// rtaNextHopID is RTA_NH_ID of linux/rtnetlink.h.
const rtaNextHopID = 30

// AddRoute appends the route to those with the same destination, table and metric; the very same route is an error
// (EEXIST).
func (h *Handle) AddRoute(route kernel.Route) error {
	err := h.sendRoute(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_APPEND, route)
	if err != nil && route.NextHopID != 0 && !errors.Is(err, unix.EEXIST) {
		// The nexthop object went with its link, and whoever made it will make it again: until then the same way out
		// without the object.
		route.NextHopID = 0
		err = h.sendRoute(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_APPEND, route)
	}
	return err
}

// ReplaceRoute replaces the first route with the same destination, table, metric and TOS, or adds the route.
func (h *Handle) ReplaceRoute(route kernel.Route) error {
	return h.sendRoute(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, route)
}

// DeleteRoute removes the route; one that is not there is an error (ESRCH).
func (h *Handle) DeleteRoute(route kernel.Route) error {
	// What says nothing about which route is meant is left out: the kernel would compare it.
	route.Metrics, route.Expires, route.Extra = nil, 0, nil
	return h.sendRoute(unix.RTM_DELROUTE, 0, route)
}

func (h *Handle) sendRoute(messageType, flags int, route kernel.Route) error {
	payload, err := encodeRoute(route, h.index)
	if err != nil {
		return err
	}
	request := h.request(messageType, flags)
	request.AddRawData(payload)
	return h.change(request)
}

// decodeRoute reads a struct rtmsg and its attributes. Families other than IP, and what the kernel only remembers for
// a connection, give a route without destination.
func decodeRoute(message []byte) (route kernel.Route, links []int, err error) {
	if len(message) < unix.SizeofRtMsg {
		return route, nil, fmt.Errorf("the kernel sent a route message of %d bytes", len(message))
	}
	family, flags := message[0], number32(message[8:12])
	if (family != unix.AF_INET && family != unix.AF_INET6) || flags&unix.RTM_F_CLONED != 0 {
		return route, nil, nil
	}
	toLength, fromLength := message[1], message[2]
	route.TOS, route.Table, route.Protocol, route.Scope, route.Type = message[3], uint32(message[4]), message[5],
		message[6], message[7]
	var to, from netip.Addr
	single := nextHopDecoder{hop: kernel.NextHop{Weight: 1, OnLink: flags&unix.RTNH_F_ONLINK != 0}}
	err = eachAttribute(message[unix.SizeofRtMsg:], func(typ uint16, data []byte) error {
		switch typ {
		case unix.RTA_DST:
			to = addressOf(data)
		case unix.RTA_SRC:
			from = addressOf(data)
		case unix.RTA_MULTIPATH:
			route.NextHops, links, err = decodeNextHops(data)
			return err
		case unix.RTA_OIF:
			single.link, single.found = int(int32(number32(data))), true
		case unix.RTA_GATEWAY, unix.RTA_VIA, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE:
			single.read(typ, data)
		default:
			return decodeRouteAttribute(&route, typ, data)
		}
		return nil
	})
	// IPv6 names the loopback as the way out of routes that lead nowhere (ip6_route_info_create).
	if single.found && len(route.NextHops) == 0 && !leadsNowhere(route.Type) {
		route.NextHops, links = []kernel.NextHop{single.hop}, []int{single.link}
	}
	if leadsNowhere(route.Type) {
		route.NextHops, links = nil, nil
	}
	route.To = prefixOf(family, to, toLength)
	if from.IsValid() {
		route.From = netip.PrefixFrom(from, int(fromLength))
	}
	return route, links, err
}

func leadsNowhere(routeType uint8) bool {
	switch routeType {
	case unix.RTN_BLACKHOLE, unix.RTN_UNREACHABLE, unix.RTN_PROHIBIT, unix.RTN_THROW:
		return true
	}
	return false
}

// decodeRouteAttribute reads what belongs to the route as a whole.
func decodeRouteAttribute(route *kernel.Route, typ uint16, data []byte) (err error) {
	switch typ {
	case unix.RTA_TABLE:
		route.Table = number32(data)
	case unix.RTA_PRIORITY:
		route.Metric = number32(data)
	case unix.RTA_PREFSRC:
		route.Source = addressOf(data)
	case rtaNextHopID:
		route.NextHopID = number32(data)
	case unix.RTA_METRICS:
		route.Metrics, err = attributesOf(data)
	case unix.RTA_PREF:
		if len(data) > 0 {
			route.Preference = data[0]
		}
	case unix.RTA_CACHEINFO:
		// struct rta_cacheinfo: rta_expires, in hundredths of a second, is the third number.
		if len(data) >= 12 {
			route.Expires = uint32(max(0, int32(number32(data[8:])))) / 100
		}
	case unix.RTA_FLOW, unix.RTA_TTL_PROPAGATE:
		route.Extra = append(route.Extra, kernel.Attribute{Type: typ, Data: slices.Clone(data)})
	}
	return err
}

// encodeRoute is the inverse of decodeRoute.
func encodeRoute(route kernel.Route, index func(name string) (int, error)) ([]byte, error) {
	to := route.To.Addr()
	message := []byte{familyOf(to), uint8(route.To.Bits()), 0, route.TOS, unix.RT_TABLE_UNSPEC, route.Protocol,
		route.Scope, route.Type}
	if route.From.IsValid() {
		message[2] = uint8(route.From.Bits())
	}
	flags := uint32(0)
	if len(route.NextHops) == 1 && route.NextHops[0].OnLink {
		flags = unix.RTNH_F_ONLINK
	}
	message = append(message, nl.Uint32Attr(flags)...)
	if route.To.Bits() > 0 {
		message = appendAttribute(message, unix.RTA_DST, to.AsSlice())
	}
	if route.From.IsValid() {
		message = appendAttribute(message, unix.RTA_SRC, route.From.Addr().AsSlice())
	}
	message = appendNumber(message, unix.RTA_TABLE, route.Table)
	message = appendNumber(message, unix.RTA_PRIORITY, route.Metric)
	if route.Source.IsValid() {
		message = appendAttribute(message, unix.RTA_PREFSRC, route.Source.AsSlice())
	}
	if len(route.Metrics) > 0 {
		message = appendAttribute(message, unix.RTA_METRICS|unix.NLA_F_NESTED, appendAll(nil, route.Metrics))
	}
	if route.Expires != 0 {
		message = appendNumber(message, unix.RTA_EXPIRES, route.Expires)
	}
	if route.Preference != 0 {
		message = appendAttribute(message, unix.RTA_PREF, []byte{route.Preference})
	}
	message = appendAll(message, route.Extra)
	if route.NextHopID != 0 {
		return appendNumber(message, rtaNextHopID, route.NextHopID), nil
	}
	return appendNextHops(message, route, index)
}
