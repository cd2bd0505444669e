package nft

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/kernel/nftables"
)

// Others are the objects of our tables that a task is not about, as far as rules tell: what a task must not contradict,
// also where nothing is kept.
func (s *State) Others(wanted []*NAT) []*NAT {
	var out []*NAT
	for _, table := range s.Own {
		if !slices.ContainsFunc(wanted, func(n *NAT) bool { return TableName(n.Name) == table.Name }) {
			out = append(out, objectsIn(table)...)
		}
	}
	return out
}

// objectsIn reads forwards and plain translations back. A translation that is about some destinations or ways out only
// may well stand beside another one.
func objectsIn(table *nftables.Table) []*NAT {
	off := false
	name := strings.TrimPrefix(table.Name, prefix)
	forwarding := &NAT{Name: name, NAT: &off, Path: "table inet " + table.Name, Interface: insideOf(table), observed: true}
	var forwards []PortForward
	for _, one := range forwardsOf(table, nil) {
		forwards = append(forwards, one.declared())
	}
	forwarding.PortForwards = &forwards
	out := []*NAT{forwarding}
	translations := translationsOf(table)
	if slices.ContainsFunc(translations, func(t nftables.Translation) bool { return t.Sometimes && t.Untranslated }) {
		return out
	}
	for _, one := range translations {
		if one.Sometimes {
			continue
		}
		on, v6 := true, one.Source.Addr().Is6()
		object := &NAT{Name: name, Path: forwarding.Path, Subnets: &[]netip.Prefix{one.Source}, NAT: &off, NAT6: &off}
		if v6 {
			object.NAT6, object.NAT6Address = &on, one.Address
		} else {
			object.NAT, object.NATAddress = &on, one.Address
		}
		out = append(out, object)
	}
	return out
}

// insideOf is the inside interface of an object, which the rules that let traffic through begin with.
func insideOf(table *nftables.Table) string {
	if chain := table.Chain("forward"); chain != nil && len(chain.Rules) > 0 {
		return chain.Rules[0].InputLink()
	}
	return ""
}

// declared is the element as an object would declare it.
func (f forwarding) declared() PortForward {
	out := PortForward{To: f.to, ToPort: f.toPort}
	if !f.shape.inside {
		off := false
		out.Hairpin = &off
	}
	for field, value := range f.first {
		switch field {
		case nftables.SourceAddress4, nftables.SourceAddress6:
			first, _ := netip.AddrFromSlice(value)
			last, _ := netip.AddrFromSlice(f.last[field])
			out.Source = subnetOf(first, last)
		case nftables.DestinationAddress4, nftables.DestinationAddress6:
			address, _ := netip.AddrFromSlice(value)
			out.Address = &[]netip.Addr{address}
		case nftables.Protocol:
			out.Protocol = nftables.ProtocolName(value)
		case nftables.DestinationPort:
			out.Port = PortRange{binary.BigEndian.Uint16(value), binary.BigEndian.Uint16(f.last[field])}
		}
	}
	return out
}

// subnetOf is the subnet with this first and last address.
func subnetOf(first, last netip.Addr) netip.Prefix {
	for bits := first.BitLen(); bits >= 0; bits-- {
		if one := netip.PrefixFrom(first, bits); lastOf(one) == last {
			return one
		}
	}
	return netip.Prefix{}
}
