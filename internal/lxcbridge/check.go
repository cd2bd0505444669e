package lxcbridge

import (
	"fmt"
	"net/netip"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// Check notes what does not fit together in one bridge.
func (b *Bridge) Check(at schema.Place) {
	b.DNSMasq.Check(at)
	if b.Absent() {
		return
	}
	b.NAT.Check(at)
	if b.Address6 != nil && b.MTU != nil && *b.MTU < smallestIPv6 {
		at.Key("mtu").Problem("%d is less than the %d bytes that IPv6 needs", *b.MTU, smallestIPv6)
	}
	if b.DNSMasq.Gateway.IsValid() && b.translates() {
		at.Key("gateway").Problem("another router needs nat: false, since translated connections end here")
	}
}

const smallestIPv6 = 1280 // RFC 8200, 5

// CheckTogether notes what does not fit between the declared bridges.
func CheckTogether(declared []*Bridge, problems *schema.Problems) {
	for i, one := range declared {
		if problems.Full() {
			return
		}
		at := schema.At(one.Path, problems)
		for _, other := range declared[:i] {
			if one.Name == other.Name {
				at.Key("name").Problem("%s is declared twice: it is also %s", one.Name, other.Path)
				continue
			}
			if one.Absent() || other.Absent() {
				continue
			}
			if one.Address.Overlaps(*other.Address) {
				at.Key("address").Problem("%s overlaps %s of %s", one.Address, other.Address, other.title())
			}
			if one.Address6 != nil && other.Address6 != nil && one.Address6.Overlaps(*other.Address6) {
				at.Key("address6").Problem("%s overlaps %s of %s", one.Address6, other.Address6, other.title())
			}
		}
	}
}

// title is how a problem of another bridge calls this one.
func (b *Bridge) title() string {
	if b.Path == "" {
		return b.Name
	}
	return fmt.Sprintf("%s (%s)", b.Name, b.Path)
}

// CheckRoutes notes overlaps with networks that the host reaches otherwise: its own on other links in any case, and
// routes to a part of the bridge's network, which would lead away what is meant for containers.
func (b *Bridge) CheckRoutes(routes []kernel.Route, at schema.Place) {
	if b.Absent() {
		return
	}
	for option, address := range map[string]*netip.Prefix{"address": b.Address, "address6": b.Address6} {
		if address == nil {
			continue
		}
		told := map[netip.Prefix]bool{}
		for _, route := range routes {
			if b.passes(route, *address) || told[route.To] {
				continue
			}
			told[route.To] = true
			at.Key(option).Problem("%s overlaps the host's route to %s%s", address, route.To, via(route))
		}
	}
}

// Numbers from linux/rtnetlink.h.
const (
	tableMain   = 254
	typeUnicast = 1
)

func (b *Bridge) passes(route kernel.Route, address netip.Prefix) bool {
	if route.Table != tableMain || route.Type != typeUnicast || route.To.Bits() <= 0 || !route.To.Overlaps(address) {
		return true
	}
	if route.To.Addr().IsLinkLocalUnicast() {
		return true
	}
	connected := false
	for _, hop := range route.NextHops {
		if hop.Link == b.Name {
			return true
		}
		connected = connected || !hop.Via.IsValid()
	}
	return !connected && route.To.Bits() < address.Bits()
}

func via(route kernel.Route) string {
	text := ""
	for _, hop := range route.NextHops {
		if hop.Via.IsValid() {
			text += fmt.Sprintf(" via %s", hop.Via)
		}
		text += fmt.Sprintf(" dev %s", hop.Link)
	}
	return text
}
