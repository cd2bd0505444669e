package nft

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/kernel/nftables"
)

// staleFlows are the tracked flows that have a translation which have gave them and want does not, or that began before
// want had one for them. It is nil where no translation changes.
func staleFlows(have, want *nftables.Table) func(nftables.Flow) bool {
	gone, come := forwardsOf(have, want), forwardsOf(want, have)
	sources := changedSources(have, want)
	if len(gone)+len(come)+len(sources) == 0 {
		return nil
	}
	wanted := translationsOf(want)
	fixed := map[netip.Addr]bool{}
	for _, old := range translationsOf(have) {
		fixed[old.Address] = true
	}
	return func(flow nftables.Flow) bool {
		for _, forward := range gone {
			if forward.matches(flow) && forward.leads(flow) && flow.Answerer != flow.Destination {
				return true
			}
		}
		for _, forward := range come {
			// A session with a server of the host goes on: a new one is what the forward takes.
			if forward.matches(flow) && !forward.leads(flow) && (flow.Protocol == "udp" || !flow.Assured) {
				return true
			}
		}
		if flow.ToHost ||
			!slices.ContainsFunc(sources, func(p netip.Prefix) bool {
				return p.Contains(flow.Source) &&
					!p.Contains(flow.Destination)
			}) {
			return false
		}
		return !translatedAs(flow, wanted, fixed)
	}
}

// forwarding is an element of a map, read back.
type forwarding struct {
	shape       shape
	first, last map[nftables.Field][]byte
	to          netip.Addr
	toPort      uint16
}

// forwardsOf are the elements of one table's maps that the other table does not have.
func forwardsOf(table, without *nftables.Table) []forwarding {
	if table == nil {
		return nil
	}
	var out []forwarding
	for _, one := range table.Maps {
		s, known := shapeNamed(one.Name)
		if !known {
			continue
		}
		key, data := s.fields()
		for _, element := range one.Without(without.Map(one.Name)) {
			target := nftables.Split(element.Data, data)
			forward := forwarding{shape: s, first: nftables.Split(element.Key, key), last: nftables.Split(element.Last, key)}
			forward.to, _ = netip.AddrFromSlice(target[data[0]])
			if port := target[nftables.DestinationPort]; len(port) == 2 {
				forward.toPort = binary.BigEndian.Uint16(port)
			}
			if !s.interval() {
				forward.last = forward.first
			}
			out = append(out, forward)
		}
	}
	return out
}

// matches tells whether the flow came for what is forwarded.
func (f forwarding) matches(flow nftables.Flow) bool {
	if !f.shape.address && !flow.ToHost || flow.Destination.Is6() != f.shape.v6 {
		return false
	}
	for field, first := range f.first {
		var value []byte
		switch field {
		case nftables.SourceAddress4, nftables.SourceAddress6:
			value = flow.Source.AsSlice()
		case nftables.DestinationAddress4, nftables.DestinationAddress6:
			value = flow.Destination.AsSlice()
		case nftables.Protocol:
			value = nftables.ProtocolValue(flow.Protocol)
		case nftables.DestinationPort:
			value = nftables.PortValue(flow.DestinationPort)
		}
		if bytes.Compare(value, first) < 0 || bytes.Compare(value, f.last[field]) > 0 {
			return false
		}
	}
	return true
}

// leads tells whether the flow goes where the forward leads.
func (f forwarding) leads(flow nftables.Flow) bool {
	return flow.Answerer == f.to && (f.toPort == 0 || flow.AnswererPort == f.toPort)
}

// sourceRulesOf are the rules about sources, by the chains that they are in.
func sourceRulesOf(table *nftables.Table) []nftables.Rule {
	var out []nftables.Rule
	if table == nil {
		return nil
	}
	for _, chain := range table.Chains {
		if strings.HasPrefix(chain.Name, "srcnat") {
			out = append(out, chain.Rules...)
		}
	}
	return out
}

func translationsOf(table *nftables.Table) []nftables.Translation {
	var out []nftables.Translation
	for _, rule := range sourceRulesOf(table) {
		if one, ok := rule.Translation(); ok {
			out = append(out, one)
		}
	}
	return out
}

// changedSources are the subnets about which the rules differ.
func changedSources(have, want *nftables.Table) []netip.Prefix {
	var out []netip.Prefix
	old, fresh := translationsOf(have), translationsOf(want)
	for _, pair := range [][2][]nftables.Translation{{old, fresh}, {fresh, old}} {
		for _, one := range pair[0] {
			if !slices.Contains(pair[1], one) && !slices.Contains(out, one.Source) {
				out = append(out, one.Source)
			}
		}
	}
	return out
}

// translatedAs tells whether the flow has a translation that the wanted ones can give it. One that others give, such as
// a wider object, is chosen anew.
func translatedAs(flow nftables.Flow, wanted []nftables.Translation, fixed map[netip.Addr]bool) bool {
	always := false
	for _, one := range wanted {
		if !one.Source.Contains(flow.Source) {
			continue
		}
		always = always || !one.Sometimes
		switch {
		case one.Destination.IsValid():
			if one.Destination.Contains(flow.Destination) {
				return flow.AnsweredTo == flow.Source
			}
		case one.Untranslated:
			if flow.AnsweredTo == flow.Source {
				return true
			}
		case one.Address.IsValid():
			if flow.AnsweredTo == one.Address {
				return true
			}
		case flow.AnsweredToHost && flow.AnsweredTo != flow.Source && !fixed[flow.AnsweredTo]:
			return true
		}
	}
	return !always && flow.AnsweredTo == flow.Source
}
