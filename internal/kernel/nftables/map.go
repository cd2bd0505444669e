package nftables

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Map leads from what a packet has to what is written into it. However many elements it has, a rule looks once.
type Map struct {
	Name string  `json:"name"`
	Key  []Field `json:"key"`
	Data []Field `json:"data"`
	// Interval tells that keys may be ranges: of addresses, or of ports.
	Interval bool `json:"interval,omitempty"`
	// Elements are sorted by their keys.
	Elements []Element `json:"elements"`
}

// Element is one entry of a Map. Its values are in the order of the fields, each filled up to four bytes.
type Element struct {
	Key  []byte `json:"key"`
	Last []byte `json:"last,omitempty"` // of an interval; as Key where it is a single value
	Data []byte `json:"data"`
}

// Field is a part of a key or of the data, by what it is read from or written to.
type Field string

// The fields that maps here have.
const (
	SourceAddress4      Field = "ip saddr"
	SourceAddress6      Field = "ip6 saddr"
	DestinationAddress4 Field = "ip daddr"
	DestinationAddress6 Field = "ip6 daddr"
	Protocol            Field = "meta l4proto"
	DestinationPort     Field = "th dport"
)

// fieldKind is how nft and the kernel know a field: the number of its type (enum datatypes of nft), its size, and where
// it is in a packet.
type fieldKind struct {
	typ, length uint32
	load        expr.Any
}

var fieldKinds = map[Field]fieldKind{
	SourceAddress4:      {7, 4, &expr.Payload{Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4}},
	SourceAddress6:      {8, 16, &expr.Payload{Base: expr.PayloadBaseNetworkHeader, Offset: 8, Len: 16}},
	DestinationAddress4: {7, 4, &expr.Payload{Base: expr.PayloadBaseNetworkHeader, Offset: 16, Len: 4}},
	DestinationAddress6: {8, 16, &expr.Payload{Base: expr.PayloadBaseNetworkHeader, Offset: 24, Len: 16}},
	Protocol:            {12, 1, &expr.Meta{Key: expr.MetaKeyL4PROTO}},
	DestinationPort:     {13, 2, &expr.Payload{Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2}},
}

// padded is the room that a field takes in a row of several: whole registers of four bytes.
func (f Field) padded() int { return int(fieldKinds[f].length+3) &^ 3 }

func widthOf(fields []Field) (width int) {
	for _, field := range fields {
		width += field.padded()
	}
	return width
}

// Value is fields in a row, as an element has them.
func Value(parts ...[]byte) []byte {
	var out []byte
	for _, part := range parts {
		out = append(out, part...)
		out = append(out, make([]byte, (4-len(part)%4)%4)...)
	}
	return out
}

// PortValue is a port as a part of a Value.
func PortValue(port uint16) []byte { return binary.BigEndian.AppendUint16(nil, port) }

// ProtocolValue is a protocol as a part of a Value.
func ProtocolValue(name string) []byte { return []byte{protocols[name]} }

// ProtocolName is a protocol's name, "" for one that has no ports.
func ProtocolName(value []byte) string {
	for name, number := range protocols {
		if bytes.Equal(value, []byte{number}) {
			return name
		}
	}
	return ""
}

// Split takes a value apart into those of its fields.
func Split(value []byte, fields []Field) map[Field][]byte {
	out := map[Field][]byte{}
	for _, field := range fields {
		if len(value) < field.padded() {
			return out
		}
		out[field], value = value[:fieldKinds[field].length], value[field.padded():]
	}
	return out
}

// Text is the element in nft's syntax.
func (m *Map) Text(e Element) string {
	return valueText(e.Key, e.Last, m.Key) + " : " + valueText(e.Data, nil, m.Data)
}

func valueText(value, last []byte, fields []Field) string {
	first, end := Split(value, fields), Split(last, fields)
	var parts []string
	for _, field := range fields {
		text := fieldText(field, first[field])
		if !bytes.Equal(first[field], end[field]) && len(end[field]) > 0 {
			text += "-" + fieldText(field, end[field])
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " . ")
}

func fieldText(field Field, value []byte) string {
	switch field {
	case Protocol:
		if name := ProtocolName(value); name != "" {
			return name
		}
	case DestinationPort:
		if len(value) == 2 {
			return strconv.Itoa(int(binary.BigEndian.Uint16(value)))
		}
	default:
		if address, ok := netip.AddrFromSlice(value); ok {
			return address.String()
		}
	}
	return fmt.Sprintf("%x", value)
}

// Sort brings the elements into the order in which they compare.
func (m *Map) Sort() {
	slices.SortFunc(m.Elements, func(a, b Element) int { return bytes.Compare(a.Key, b.Key) })
	m.Elements = slices.CompactFunc(m.Elements, Element.equal)
}

func (e Element) equal(other Element) bool {
	return bytes.Equal(e.Key, other.Key) && bytes.Equal(e.Data, other.Data) && bytes.Equal(e.Last, other.Last)
}

// Equal tells whether two maps are the same, with the same elements.
func (m *Map) Equal(other *Map) bool {
	return m.Name == other.Name && slices.EqualFunc(m.Key, other.Key, sameType) &&
		slices.EqualFunc(m.Data, other.Data, sameType) &&
		m.Interval == other.Interval && slices.EqualFunc(m.Elements, other.Elements, Element.equal)
}

// sameType tells whether two fields are the same to the kernel, which knows only their types.
func sameType(a, b Field) bool { return fieldKinds[a].typ == fieldKinds[b].typ }

// Without are the elements that the other map, which may be nil, does not have.
func (m *Map) Without(other *Map) []Element {
	if m == nil {
		return nil
	}
	known := map[string]bool{}
	if other != nil {
		for _, element := range other.Elements {
			known[string(element.Key)+"|"+string(element.Last)+"|"+string(element.Data)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(m.Elements), func(e Element) bool {
		return known[string(e.Key)+"|"+string(e.Last)+"|"+string(e.Data)]
	})
}

// registerAt is the kernel's number for the registers from a byte on: it calls one that begins every 16 bytes by the
// old name (nft_dump_register).
func registerAt(at int) uint32 {
	if at%16 == 0 {
		return uint32(unix.NFT_REG_1 + at/16)
	}
	return uint32(unix.NFT_REG32_00 + at/4)
}

// RewriteDestinationBy looks the packet up in the map and writes what it finds: an address, or an address and a port. A
// packet that is not in the map goes on to the next rule.
func RewriteDestinationBy(m *Map) Part {
	var exprs []expr.Any
	var names []string
	at := 0
	for _, field := range m.Key {
		switch load := fieldKinds[field].load.(type) {
		case *expr.Payload:
			exprs = append(exprs, &expr.Payload{DestRegister: registerAt(at), Base: load.Base, Offset: load.Offset,
				Len: load.Len})
		case *expr.Meta:
			exprs = append(exprs, &expr.Meta{Key: load.Key, Register: registerAt(at)})
		}
		names = append(names, string(field))
		at += field.padded()
	}
	family, name := uint32(unix.NFPROTO_IPV4), "ip"
	if m.Data[0] == DestinationAddress6 {
		family, name = unix.NFPROTO_IPV6, "ip6"
	}
	nat := &expr.NAT{Type: expr.NATTypeDestNAT, Family: family, RegAddrMin: registerAt(0), RegAddrMax: registerAt(0)}
	if len(m.Data) > 1 {
		port := registerAt(m.Data[0].padded())
		nat.RegProtoMin, nat.RegProtoMax = port, port
	}
	exprs = append(exprs, &expr.Lookup{SourceRegister: registerAt(0), DestRegister: registerAt(0), IsDestRegSet: true,
		SetName: m.Name}, nat)
	return Part{fmt.Sprintf("dnat %s to %s map @%s", name, strings.Join(names, " . "), m.Name), exprs}
}
