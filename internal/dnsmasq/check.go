package dnsmasq

import (
	"net/netip"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/schema"
)

// plainName is what a systemd instance can be called without escapes (systemd.unit(5)).
var plainName = pattern.Of(`^[A-Za-z0-9:_.-]+$`)

// defaultLimit is lxc-net's LXC_DHCP_MAX.
const defaultLimit = 253

// Check notes what does not fit together in one instance.
func (i *Instance) Check(at schema.Place) {
	if !plainName().MatchString(i.Interface) {
		at.Key("interface").Problem("%q cannot name a service: use letters, digits, dashes, dots, colons and underscores",
			i.Interface)
	}
	if i.Absent() {
		return
	}
	if i.Address != nil && !i.Address.Addr().Is4() {
		at.Key("address").Problem("%s is no IPv4 address: that goes into address6", i.Address)
	}
	if i.Address6 != nil && !i.Address6.Addr().Is6() {
		at.Key("address6").Problem("%s is no IPv6 address: that goes into address", i.Address6)
	}
	if i.WantsDHCP() {
		i.checkDHCP(at)
	}
	i.checkIPv6(at)
	i.checkLeases(at.Key("static_leases"))
	if i.Gateway.IsValid() && i.Address != nil && (!i.Address.Contains(i.Gateway) || i.Gateway == i.Address.Addr()) {
		at.Key("gateway").Problem("%s must be another address in %s", i.Gateway, i.Address.Masked())
	}
	if !i.WantsDHCP() && !i.WantsDNS() && i.Mode() == "none" {
		at.Problem("there is nothing to serve: dhcp, dns and IPv6 are all off")
	}
}

func (i *Instance) checkDHCP(at schema.Place) {
	if i.Address == nil {
		at.Key("address").Problem("is required for DHCP")
		return
	}
	if !i.Address.Addr().Is4() {
		return
	}
	const narrowest = 30
	if i.Address.Bits() > narrowest {
		at.Key("address").Problem("%s leaves no address for clients", i.Address)
		return
	}
	pool := i.Pool()
	place := at.Key("dhcp_range")
	if !i.Address.Contains(pool.First) || !i.Address.Contains(pool.Last) {
		place.Problem("%s is not within %s", pool, i.Address.Masked())
		return
	}
	if pool.First == i.Address.Masked().Addr() {
		place.Problem("%s is the address of the network itself", pool.First)
	}
	if pool.Last == broadcast(*i.Address) {
		place.Problem("%s is the broadcast address", pool.Last)
	}
	if pool.Contains(i.Address.Addr()) {
		place.Problem("%s holds the host's own address %s", pool, i.Address.Addr())
	}
	if i.LeaseLimit != nil && pool.Size() > uint64(*i.LeaseLimit) {
		at.Key("lease_limit").Problem("%d leases are fewer than the %d addresses of the range %s", *i.LeaseLimit, pool.Size(),
			pool)
	}
}

func (i *Instance) checkIPv6(at schema.Place) {
	mode := i.Mode()
	if mode != "none" && i.Address6 == nil {
		at.Key("address6").Problem("is required for ipv6_mode %s", mode)
		return
	}
	i.checkOptions6(at.Key("dhcp_options"))
	const slaacBits = 64 // RFC 4862 with RFC 4291's interface identifiers
	if (mode == "slaac" || mode == "stateless") && i.Address6.Bits() != slaacBits {
		at.Key("address6").Problem("%s: hosts choose their own addresses only in a /64", i.Address6)
	}
	place := at.Key("dhcp_range6")
	switch {
	case mode == "stateful" && i.Range6 == nil:
		place.Problem("is required for ipv6_mode stateful")
	case i.Range6 != nil && mode != "stateful":
		place.Problem("has no meaning for ipv6_mode %s", mode)
	case i.Range6 != nil && (!i.Address6.Contains(i.Range6.First) || !i.Address6.Contains(i.Range6.Last)):
		place.Problem("%s is not within %s", i.Range6, i.Address6.Masked())
	case i.Range6 != nil && i.Range6.Contains(i.Address6.Addr()):
		place.Problem("%s holds the host's own address %s", i.Range6, i.Address6.Addr())
	}
}

func (i *Instance) checkOptions6(at schema.Place) {
	if i.Mode() != "none" || i.DHCPOptions == nil {
		return
	}
	for key := range names6 {
		for _, value := range (*i.DHCPOptions)[key] {
			if address, err := netip.ParseAddr(value); err == nil && address.Is6() {
				at.Key(key).Problem("%s is for IPv6 clients, and there are none: set address6", value)
			}
		}
	}
}

// Pool is the range of IPv4 addresses that are handed out. Without a declared one it is what lxc-net has for its
// subnet: 10.0.3.1/24 gives 10.0.3.2 to 10.0.3.253.
func (i *Instance) Pool() Range {
	if i.Range != nil {
		return *i.Range
	}
	own := i.Address.Addr()
	first, last := i.Address.Masked().Addr().Next(), broadcast(*i.Address).Prev()
	if before := last.Prev(); i.Address.Bits() <= 24 && first.Less(before) {
		last = before
	}
	switch {
	case own == first:
		first = own.Next()
	case own == last:
		last = own.Prev()
	case own.Less(last) && first.Less(own):
		// The longer of the two parts.
		below, above := Range{first, own.Prev()}, Range{own.Next(), last}
		if below.Size() > above.Size() {
			return below
		}
		return above
	}
	return Range{first, last}
}

// Limit is the largest number of leases.
func (i *Instance) Limit() uint32 {
	if i.LeaseLimit != nil {
		return *i.LeaseLimit
	}
	const most = 1 << 20
	return uint32(max(defaultLimit, min(i.Pool().Size(), most)))
}

func broadcast(prefix netip.Prefix) netip.Addr {
	address := prefix.Masked().Addr().As4()
	for bit := prefix.Bits(); bit < 32; bit++ {
		address[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(address)
}
