package nftables

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// Rewrite is what a rule does to the addresses of a packet.
type Rewrite struct {
	Family       Family
	Table, Chain string
	// Rule describes the rule, with its place in the chain.
	Rule string
	// Masquerade takes an address of the outgoing link as source.
	Masquerade bool
	// Source or Destination is the new one, with a Port that is 0 where that stays.
	Source, Destination netip.Addr
	Port                uint16
}

// Rewritten is what the nat chains of the packet's hook surely do to it, nil for nothing.
func Rewritten(tables []*Table, packet Packet) *Rewrite {
	var chains []located
	for _, table := range tables {
		if table.Family != INet && table.Family != IPv4 && table.Family != IPv6 || table.Family != INet &&
			(table.Family == IPv6) != packet.is6() {
			continue
		}
		for i := range table.Chains {
			if chain := &table.Chains[i]; chain.Type == "nat" && chain.Hook == packet.Hook {
				chains = append(chains, located{table, chain})
			}
		}
	}
	slices.SortStableFunc(chains, func(a, b located) int { return int(a.chain.Priority) - int(b.chain.Priority) })
	for _, one := range chains {
		if found, _ := one.translate(packet, 0); found != nil {
			return found
		}
	}
	return nil
}

type located struct {
	table *Table
	chain *Chain
}

func (l located) evaluate(packet Packet, rule Rule) (match, string, string) {
	w := walk{table: l.table, packet: &packet}
	return w.evaluate(rule)
}

// translate follows one chain; stop tells that a verdict ended it.
func (l located) translate(packet Packet, depth int) (found *Rewrite, stop bool) {
	if l.chain == nil || depth > deepest {
		return nil, false
	}
	for number, rule := range l.chain.Rules {
		if one := l.apply(packet, rule, number); one != nil {
			return one, true
		}
		matches, verdict, target := l.evaluate(packet, rule)
		if matches != yes {
			continue
		}
		switch verdict {
		case "accept", "drop":
			return nil, true
		case "return":
			return nil, false
		case "jump", "goto":
			found, stop := located{l.table, l.table.Chain(target)}.translate(packet, depth+1)
			if found != nil || stop || verdict == "goto" {
				return found, stop
			}
		}
	}
	return nil, false
}

// apply is what the rule's statement about addresses does, nil when it has none or does not surely match.
func (l located) apply(packet Packet, rule Rule, number int) *Rewrite {
	out := &Rewrite{Family: l.table.Family, Table: l.table.Name, Chain: l.chain.Name,
		Rule: rule.describe(number+1, l.table)}
	registers := map[uint32][]byte{}
	looked := false
	for _, e := range l.table.parsed(rule) {
		switch e.name {
		case "immediate":
			registers[e.number(unix.NFTA_IMMEDIATE_DREG)] = valueIn(e.get(unix.NFTA_IMMEDIATE_DATA))
		case "lookup":
			// In a map, which address it becomes; whether the rest matches is judged below.
			register := e.get(unix.NFTA_LOOKUP_DREG)
			if register == nil {
				continue
			}
			data := l.table.mapped(unix.ByteSliceToString(e.get(unix.NFTA_LOOKUP_SET)), packet)
			if data == nil {
				return nil
			}
			looked = true
			spread(registers, e.number(unix.NFTA_LOOKUP_DREG), data)
		case "masq":
			out.Masquerade = true
			if matches, _, _ := l.evaluate(packet, rule); matches == yes {
				return out
			}
		case "nat":
			matches, _, _ := l.evaluate(packet, rule)
			if matches == no || matches == perhaps && !looked {
				return nil
			}
			address, ok := netip.AddrFromSlice(cut(registers[e.number(unix.NFTA_NAT_REG_ADDR_MIN)],
				packet.Destination.BitLen()/8))
			if !ok {
				return nil
			}
			if port := registers[e.number(unix.NFTA_NAT_REG_PROTO_MIN)]; len(port) >= 2 &&
				e.get(unix.NFTA_NAT_REG_PROTO_MIN) != nil {
				out.Port = binary.BigEndian.Uint16(port)
			}
			const sourceNAT = 0 // NFT_NAT_SNAT
			if e.number(unix.NFTA_NAT_TYPE) == sourceNAT {
				out.Source = address
			} else {
				out.Destination = address
			}
			return out
		}
	}
	return nil
}

func cut(value []byte, length int) []byte {
	if len(value) < length {
		return nil
	}
	return value[:length]
}

// spread puts data into registers of four bytes, as the kernel numbers them (enum nft_registers): the old ones of 16
// bytes are 1 to 4, those of 4 bytes start at 8.
func spread(registers map[uint32][]byte, first uint32, data []byte) {
	const small = unix.NFT_REG32_00
	at := first
	if first < small {
		at = small + (first-1)*4
		registers[first] = data
	}
	for i := 0; i < len(data); i += 4 {
		registers[at+uint32(i/4)] = data[i:]
	}
}

// mapped is what a map has for the packet, nil for nothing or where that is not known.
func (t *Table) mapped(name string, packet Packet) []byte {
	at := slices.IndexFunc(t.Maps, func(one *Map) bool { return one.Name == name })
	if at < 0 {
		return nil
	}
	m := t.Maps[at]
	var key []byte
	for _, field := range m.Key {
		value := packet.field(field)
		if value == nil {
			return nil
		}
		key = append(key, value...)
		key = append(key, make([]byte, field.padded()-len(value))...)
	}
	for _, one := range m.Elements {
		if m.holds(one, key) {
			return one.Data
		}
	}
	return nil
}

// holds tells whether each field of a key is in the range of an element.
func (m *Map) holds(one Element, key []byte) bool {
	last := one.Last
	if len(last) != len(one.Key) {
		last = one.Key
	}
	at := 0
	for _, field := range m.Key {
		end := at + field.padded()
		if end > len(one.Key) || end > len(key) || bytes.Compare(key[at:end], one.Key[at:end]) < 0 ||
			bytes.Compare(key[at:end], last[at:end]) > 0 {
			return false
		}
		at = end
	}
	return at == len(key)
}

func (p Packet) field(field Field) []byte {
	switch {
	case field == SourceAddress4 && p.Source.Is4(), field == SourceAddress6 && p.Source.Is6():
		return p.Source.AsSlice()
	case field == DestinationAddress4 && p.Destination.Is4(), field == DestinationAddress6 && p.Destination.Is6():
		return p.Destination.AsSlice()
	case field == Protocol:
		return []byte{p.protocol()}
	case field == DestinationPort && p.Port != 0:
		return binary.BigEndian.AppendUint16(nil, p.Port)
	}
	return nil
}
