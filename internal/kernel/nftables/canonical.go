package nftables

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// nested lists the attributes of expressions that hold attributes. The kernel dumps them without the flag that says
// so (nla_nest_start_noflag), so it has to be known.
var nested = map[string][]uint16{
	"cmp":       {unix.NFTA_CMP_DATA},
	"bitwise":   {unix.NFTA_BITWISE_MASK, unix.NFTA_BITWISE_XOR},
	"range":     {unix.NFTA_RANGE_FROM_DATA, unix.NFTA_RANGE_TO_DATA},
	"immediate": {unix.NFTA_IMMEDIATE_DATA},
}

type attribute struct {
	typ  uint16
	data []byte
}

func attributes(run []byte) []attribute {
	var out []attribute
	for len(run) >= unix.SizeofRtAttr {
		length := int(binary.NativeEndian.Uint16(run))
		if length < unix.SizeofRtAttr || length > len(run) {
			return append(out, attribute{data: run})
		}
		typ := binary.NativeEndian.Uint16(run[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
		out = append(out, attribute{typ: typ, data: run[unix.SizeofRtAttr:length]})
		run = run[min(len(run), (length+3)&^3):]
	}
	return out
}

// expression is one expression of a rule, such as a comparison.
type expression struct {
	name       string
	attributes []attribute
}

func (e expression) get(typ uint16) []byte {
	for _, attribute := range e.attributes {
		if attribute.typ == typ {
			return attribute.data
		}
	}
	return nil
}

func (e expression) number(typ uint16) uint32 {
	if data := e.get(typ); len(data) == 4 {
		return binary.BigEndian.Uint32(data)
	}
	return 0
}

func expressions(run []byte) []expression {
	var out []expression
	for _, element := range attributes(run) {
		var e expression
		for _, part := range attributes(element.data) {
			switch part.typ {
			case unix.NFTA_EXPR_NAME:
				e.name = string(bytes.TrimRight(part.data, "\x00"))
			case unix.NFTA_EXPR_DATA:
				e.attributes = attributes(part.data)
			}
		}
		out = append(out, e)
	}
	return out
}

// Canonical writes a rule's expressions so that what was sent and what the kernel says of it are equal: the order of
// attributes, zeros that may be left out and counts of packets are gone.
func Canonical(run []byte) string {
	var out strings.Builder
	for _, e := range expressions(run) {
		out.WriteString(e.canonical())
		out.WriteByte('\n')
	}
	return out.String()
}

func (e expression) canonical() string {
	if e.name == "counter" {
		return e.name
	}
	parts := make([]string, 0, len(e.attributes))
	for _, a := range e.attributes {
		data := a.data
		if e.name == "nat" && a.typ == unix.NFTA_NAT_FLAGS && len(data) == 4 {
			// The kernel sets these itself when an address or a port is given (nft_nat_init).
			const implied = 1 | 2 // NF_NAT_RANGE_MAP_IPS, NF_NAT_RANGE_PROTO_SPECIFIED of linux/netfilter/nf_nat.h
			data = binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(data)&^implied)
		}
		if len(data) == 4 && bytes.Equal(data, make([]byte, 4)) {
			continue
		}
		text := hex.EncodeToString(data)
		if slices.Contains(nested[e.name], a.typ) {
			text = canonicalTree(data)
		}
		parts = append(parts, fmt.Sprintf("%d=%s", a.typ, text))
	}
	slices.Sort(parts)
	return e.name + " " + strings.Join(parts, " ")
}

// canonicalTree writes NFTA_DATA_VALUE or NFTA_DATA_VERDICT, which holds attributes in its turn.
func canonicalTree(run []byte) string {
	var parts []string
	for _, a := range attributes(run) {
		text := hex.EncodeToString(a.data)
		if a.typ == unix.NFTA_DATA_VERDICT {
			text = canonicalTree(a.data)
		}
		parts = append(parts, fmt.Sprintf("%d:%s", a.typ, text))
	}
	return "(" + strings.Join(parts, ",") + ")"
}
