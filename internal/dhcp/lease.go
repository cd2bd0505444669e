package dhcp

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// route is one that a server gave. via is not valid where the network is on the link itself.
type route struct {
	to  netip.Prefix
	via netip.Addr
}

// lease is what a server gave.
type lease struct {
	address  netip.Prefix
	server   netip.Addr
	routes   []route
	dns, ntp []netip.Addr
	search   []string
	hostName string
	mtu      uint32
	// From renew on its server is asked for more time, from rebind on any; it ends at expires.
	renew, rebind, expires time.Time
}

// forever stands for a lease without an end.
const forever = 10 * 365 * 24 * time.Hour

func readLease(ack *dhcpv4.DHCPv4) (*lease, error) {
	address, ok := netip.AddrFromSlice(ack.YourIPAddr.To4())
	if !ok || address.IsUnspecified() {
		return nil, fmt.Errorf("the DHCP server gave no address")
	}
	mask := ack.SubnetMask()
	if mask == nil {
		mask = ack.YourIPAddr.DefaultMask()
	}
	bits, size := mask.Size()
	if size == 0 {
		return nil, fmt.Errorf("the DHCP server gave %s with the netmask %s, which is none", address, mask)
	}
	l := &lease{
		address: netip.PrefixFrom(address, bits), dns: addresses(ack.DNS()), ntp: addresses(ack.NTPServers()),
		hostName: ack.HostName(),
		mtu:      uint32(number16(ack.Options.Get(dhcpv4.OptionInterfaceMTU))),
	}
	l.server, _ = netip.AddrFromSlice(ack.ServerIdentifier().To4())
	l.routes = readRoutes(ack, l.address)
	l.search = searchList(ack)
	l.times(ack)
	return l, nil
}

func number16(data []byte) uint16 {
	if len(data) != 2 {
		return 0
	}
	return uint16(data[0])<<8 | uint16(data[1])
}

func addresses(list []net.IP) []netip.Addr {
	var out []netip.Addr
	for _, ip := range list {
		if address, ok := netip.AddrFromSlice(ip); ok && !address.Unmap().IsUnspecified() {
			out = append(out, address.Unmap())
		}
	}
	return out
}

// searchList is the domains of option 119, or the one of option 15.
func searchList(ack *dhcpv4.DHCPv4) []string {
	var domains []string
	if labels := ack.DomainSearch(); labels != nil {
		domains = labels.Labels
	}
	if len(domains) == 0 {
		domains = strings.Fields(ack.DomainName())
	}
	return slices.DeleteFunc(domains, func(name string) bool { return !isDomain(name) })
}

// times are those of options 51, 58 and 59, or the usual parts of the whole (RFC 2131, 4.4.5).
func (l *lease) times(ack *dhcpv4.DHCPv4) {
	whole := ack.IPAddressLeaseTime(0)
	const endless = (1<<32 - 1) * time.Second
	if whole <= 0 || whole >= endless {
		whole = forever
	}
	renew, rebind := ack.IPAddressRenewalTime(whole/2), ack.IPAddressRebindingTime(whole/8*7)
	if rebind <= 0 || rebind > whole {
		rebind = whole / 8 * 7
	}
	if renew <= 0 || renew > rebind {
		renew = min(whole/2, rebind)
	}
	now := time.Now()
	l.renew, l.rebind, l.expires = now.Add(renew), now.Add(rebind), now.Add(whole)
}

// readRoutes are those of option 121, which take the place of options 3 and 33 (RFC 3442). A router that is in no
// network of the link gets a route of its own first.
func readRoutes(ack *dhcpv4.DHCPv4, address netip.Prefix) []route {
	var given []route
	if ack.Options.Has(dhcpv4.OptionClasslessStaticRoute) {
		for _, one := range ack.ClasslessStaticRoute() {
			given = append(given, classless(one)...)
		}
	} else {
		given = classful(ack)
	}
	var onLink []route
	for _, one := range given {
		reached := func(r route) bool { return !r.via.IsValid() && r.to.Contains(one.via) }
		if one.via.IsValid() && !address.Masked().Contains(one.via) &&
			!slices.ContainsFunc(append(onLink, given...), reached) {
			onLink = append(onLink, route{to: netip.PrefixFrom(one.via, one.via.BitLen())})
		}
	}
	all := slices.Concat(onLink, given)
	slices.SortStableFunc(all, func(a, b route) int {
		switch {
		case a.via.IsValid() == b.via.IsValid():
			return 0
		case b.via.IsValid():
			return -1
		}
		return 1
	})
	return all
}

func classless(one *dhcpv4.Route) []route {
	if one.Dest == nil {
		return nil
	}
	to, ok := netip.AddrFromSlice(one.Dest.IP.To4())
	bits, _ := one.Dest.Mask.Size()
	via, _ := netip.AddrFromSlice(one.Router.To4())
	if !ok {
		return nil
	}
	if via.IsUnspecified() {
		via = netip.Addr{}
	}
	return []route{{to: netip.PrefixFrom(to, bits).Masked(), via: via}}
}

// classful are options 3, of which the first router counts, and 33, whose networks have the length of their class.
func classful(ack *dhcpv4.DHCPv4) []route {
	var given []route
	const pair, half = 8, 4
	for data := ack.Options.Get(dhcpv4.OptionStaticRoutingTable); len(data) >= pair; data = data[pair:] {
		to, via := net.IP(data[:half]), netip.AddrFrom4([half]byte(data[half:pair]))
		bits, _ := to.DefaultMask().Size()
		if network := netip.AddrFrom4([half]byte(to)); !network.IsUnspecified() {
			// A host's address has bits behind its class: it is meant alone.
			if prefix := netip.PrefixFrom(network, bits); prefix.Masked() != prefix {
				bits = network.BitLen()
			}
			given = append(given, route{to: netip.PrefixFrom(network, bits).Masked(), via: via})
		}
	}
	if routers := addresses(ack.Router()); len(routers) > 0 {
		given = append(given, route{to: netip.PrefixFrom(netip.IPv4Unspecified(), 0), via: routers[0]})
	}
	return given
}

// isDomain keeps what a server says from being more than a name.
func isDomain(name string) bool {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}
	return name != "" && strings.IndexFunc(name, other) < 0
}
