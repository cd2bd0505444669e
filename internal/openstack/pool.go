package openstack

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// span is a range of addresses, both ends in it.
type span struct{ first, last netip.Addr }

// pool hands out the lowest free address of a network. It never counts the addresses one by one: a /8 and an IPv6 /64
// are as quick as a /24.
type pool struct {
	name   string
	at     Place
	prefix netip.Prefix
	closed []span // sorted, apart from one another
	taken  map[netip.Addr]bool
	next   netip.Addr
	given  int
	// needed are the containers that got none.
	needed []string
}

func newPool(name string, at Place, prefix netip.Prefix, used []span, taken map[netip.Addr]bool) *pool {
	p := &pool{name: name, at: at, prefix: prefix, taken: taken, next: prefix.Addr()}
	closed := slices.Clone(used)
	if prefix.Bits() < prefix.Addr().BitLen()-1 {
		closed = append(closed, span{prefix.Addr(), prefix.Addr()})
		if prefix.Addr().Is4() {
			closed = append(closed, span{last(prefix), last(prefix)})
		}
	}
	slices.SortFunc(closed, func(a, b span) int { return a.first.Compare(b.first) })
	for _, one := range closed {
		if n := len(p.closed); n > 0 && one.first.Compare(p.closed[n-1].last) <= 0 {
			if one.last.Compare(p.closed[n-1].last) > 0 {
				p.closed[n-1].last = one.last
			}
			continue
		}
		p.closed = append(p.closed, one)
	}
	return p
}

// take is the lowest free address, or none when the pool is exhausted.
func (p *pool) take() (netip.Addr, bool) {
	for p.next.IsValid() && p.prefix.Contains(p.next) {
		address := p.next
		for len(p.closed) > 0 && p.closed[0].last.Less(address) {
			p.closed = p.closed[1:]
		}
		if len(p.closed) > 0 && p.closed[0].first.Compare(address) <= 0 {
			p.next = p.closed[0].last.Next()
			continue
		}
		p.next = address.Next()
		if !p.taken[address] {
			p.taken[address] = true
			p.given++
			return address, true
		}
	}
	return netip.Addr{}, false
}

func last(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Addr().AsSlice()
	for i := prefix.Bits(); i < len(bytes)*8; i++ {
		bytes[i/8] |= 0x80 >> (i % 8)
	}
	address, _ := netip.AddrFromSlice(bytes)
	return address
}

// netmask is 255.255.252.0 for IPv4 and the length of the prefix for IPv6, which has no netmask.
func netmask(prefix netip.Prefix) string {
	if !prefix.Addr().Is4() {
		return fmt.Sprint(prefix.Bits())
	}
	bits := ^uint32(0)
	if prefix.Bits() < 32 {
		bits = ^(^uint32(0) >> prefix.Bits())
	}
	return netip.AddrFrom4([4]byte{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}).String()
}

// parseSpan reads one entry of used_ips: an address, a network, "first,last" or "first-last", with or without spaces.
func parseSpan(text string) (span, error) {
	text = strings.TrimSpace(text)
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return span{prefix.Masked().Addr(), last(prefix.Masked())}, nil
	}
	parts := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == '-' })
	if len(parts) == 0 || len(parts) > 2 {
		return span{}, fmt.Errorf("%q is no address, no network and no range of two ends; write first,last", text)
	}
	var ends []netip.Addr
	for _, part := range parts {
		address, err := netip.ParseAddr(strings.TrimSpace(part))
		if err != nil || address.Zone() != "" {
			return span{}, fmt.Errorf("%q: %q is no address; write both ends of a range in full", text, strings.TrimSpace(part))
		}
		ends = append(ends, address)
	}
	one := span{ends[0], ends[len(ends)-1]}
	if one.first.Is4() != one.last.Is4() {
		return span{}, fmt.Errorf("%q: one end is IPv4, the other IPv6", text)
	}
	if one.last.Less(one.first) {
		return span{}, fmt.Errorf("%q runs backwards; write %s,%s", text, one.last, one.first)
	}
	return one, nil
}
