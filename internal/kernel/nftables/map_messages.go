package nftables

import (
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Flags and attributes of linux/netfilter/nf_tables.h; the library for system calls has not got all of them.
const (
	setMap            = 0x8
	setConcatenation  = 0x80 // NFT_SET_CONCAT, Linux 5.6
	descConcatenation = 2    // NFTA_SET_DESC_CONCAT
	fieldLength       = 1    // NFTA_SET_FIELD_LEN
	elementKeyEnd     = 10   // NFTA_SET_ELEM_KEY_END
)

// typeBits is how far the types of several fields in a row are apart (TYPE_BITS of nft).
const typeBits = 6

func typeOf(fields []Field) (typ uint32) {
	for _, field := range fields {
		typ = typ<<typeBits | fieldKinds[field].typ
	}
	return typ
}

// addMap makes a map with its elements.
func (t *transaction) addMap(table *Table, m *Map, id uint32) {
	flags := uint32(setMap)
	if m.Interval {
		flags |= setInterval
	}
	list := []netlink.Attribute{
		text(unix.NFTA_SET_TABLE, table.Name), text(unix.NFTA_SET_NAME, m.Name), number(unix.NFTA_SET_ID, id),
		number(unix.NFTA_SET_KEY_TYPE, typeOf(m.Key)), number(unix.NFTA_SET_KEY_LEN, uint32(keyLength(m.Key))),
		number(unix.NFTA_SET_DATA_TYPE, typeOf(m.Data)), number(unix.NFTA_SET_DATA_LEN, uint32(keyLength(m.Data))),
	}
	if len(m.Key) > 1 {
		flags |= setConcatenation
		var fields []netlink.Attribute
		for _, field := range m.Key {
			fields = append(fields, t.nest(unix.NFTA_LIST_ELEM, number(fieldLength, fieldKinds[field].length)))
		}
		list = append(list, t.nest(unix.NFTA_SET_DESC, t.nest(descConcatenation, fields...)))
	}
	list = append(list, number(unix.NFTA_SET_FLAGS, flags))
	t.add(unix.NFT_MSG_NEWSET, netlink.Create, table.Family, list...)
	// The length of an attribute has 16 bits.
	const most = 500
	for chunk := range slices.Chunk(m.Elements, most) {
		t.addElements(table, m, chunk)
	}
}

func (t *transaction) addElements(table *Table, m *Map, chunk []Element) {
	var elements []netlink.Attribute
	value := func(typ uint16, data []byte) netlink.Attribute {
		return t.nest(typ, netlink.Attribute{Type: unix.NFTA_DATA_VALUE, Data: data})
	}
	for _, e := range chunk {
		list := []netlink.Attribute{value(unix.NFTA_SET_ELEM_KEY, e.Key[:keyLength(m.Key)])}
		if m.Interval {
			list = append(list, value(elementKeyEnd, e.Last[:keyLength(m.Key)]))
		}
		list = append(list, value(unix.NFTA_SET_ELEM_DATA, e.Data[:keyLength(m.Data)]))
		elements = append(elements, t.nest(unix.NFTA_LIST_ELEM, list...))
	}
	t.add(unix.NFT_MSG_NEWSETELEM, netlink.Create, table.Family,
		text(unix.NFTA_SET_ELEM_LIST_TABLE, table.Name), text(unix.NFTA_SET_ELEM_LIST_SET, m.Name),
		t.nest(unix.NFTA_SET_ELEM_LIST_ELEMENTS, elements...))
}

// keyLength is the size of a value: a single field is not filled up.
func keyLength(fields []Field) int {
	if len(fields) == 1 {
		return int(fieldKinds[fields[0]].length)
	}
	return widthOf(fields)
}

func (t *transaction) nest(typ uint16, list ...netlink.Attribute) netlink.Attribute {
	data, err := netlink.MarshalAttributes(list)
	if err != nil && t.err == nil {
		t.err = err
	}
	return netlink.Attribute{Type: unix.NLA_F_NESTED | typ, Data: data}
}

// mapOf reads a map of the kernel's, nil if it is none of the kind that is made here.
func (c *Conn) mapOf(family Family, table string, one expression) (*Map, error) {
	flags := one.number(unix.NFTA_SET_FLAGS)
	key, known := fieldsOf(one.number(unix.NFTA_SET_KEY_TYPE))
	data, knownData := fieldsOf(one.number(unix.NFTA_SET_DATA_TYPE))
	if flags&setMap == 0 || !known || !knownData {
		return nil, nil
	}
	out := &Map{Name: unix.ByteSliceToString(one.get(unix.NFTA_SET_NAME)), Key: key, Data: data,
		Interval: flags&setInterval != 0}
	lists, err := c.dump(unix.NFT_MSG_GETSETELEM, unix.NFT_MSG_NEWSETELEM, family,
		text(unix.NFTA_SET_ELEM_LIST_TABLE, table), text(unix.NFTA_SET_ELEM_LIST_SET, out.Name))
	if err != nil {
		return nil, err
	}
	for _, list := range lists {
		for _, a := range attributes(list.get(unix.NFTA_SET_ELEM_LIST_ELEMENTS)) {
			e := expression{attributes: attributes(a.data)}
			element := Element{Key: slices.Clone(valueIn(e.get(unix.NFTA_SET_ELEM_KEY))),
				Data: slices.Clone(valueIn(e.get(unix.NFTA_SET_ELEM_DATA)))}
			if out.Interval {
				element.Last = slices.Clone(valueIn(e.get(elementKeyEnd)))
				if element.Last == nil {
					element.Last = slices.Clone(element.Key) // the kernel leaves the end of a single value out
				}
			}
			out.Elements = append(out.Elements, element)
		}
	}
	out.Sort()
	return out, nil
}

// fieldsOf takes the type of a set apart. The fields are of the right types; whether an address is a source or a
// destination is for the rule to know.
func fieldsOf(typ uint32) ([]Field, bool) {
	byType := map[uint32]Field{7: DestinationAddress4, 8: DestinationAddress6, 12: Protocol, 13: DestinationPort}
	var out []Field
	for ; typ != 0; typ >>= typeBits {
		field, known := byType[typ&(1<<typeBits-1)]
		if !known {
			return nil, false
		}
		out = append(out, field)
	}
	slices.Reverse(out)
	return out, len(out) > 0
}
