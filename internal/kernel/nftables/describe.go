package nftables

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// describe is the rule for a person who looks for it: its place in the chain, its handle, and what it says, as far as
// nft's words for it are known here.
func (r Rule) describe(number int, table *Table) string {
	where := fmt.Sprintf("rule %d", number)
	if r.Handle != 0 {
		where += fmt.Sprintf(", handle %d", r.Handle)
	}
	text := r.Text
	if text == "" {
		d := description{table: table, loaded: map[uint32]string{}, masks: map[uint32]int{}}
		for _, e := range table.parsed(r) {
			d.add(e)
		}
		text = strings.Join(d.words, " ")
	}
	if comment := r.Comment(); comment != "" && r.Text == "" {
		text += fmt.Sprintf(" comment %q", comment)
	}
	return where + ": " + text
}

type description struct {
	table  *Table
	words  []string
	loaded map[uint32]string // what a register holds, in nft's words
	masks  map[uint32]int    // and how many bits of it
}

var metaNames = map[expr.MetaKey]string{
	expr.MetaKeyIIFNAME: "iifname", expr.MetaKeyOIFNAME: "oifname", expr.MetaKeyIIF: "iif", expr.MetaKeyOIF: "oif",
	expr.MetaKeyMARK:    "meta mark",
	expr.MetaKeyL4PROTO: "meta l4proto", expr.MetaKeyNFPROTO: "meta nfproto", metaInputKind: "meta iifkind",
	metaOutputKind: "meta oifkind",
}

const unknownWord = "…"

func (d *description) add(e expression) {
	switch e.name {
	case "meta":
		name, known := metaNames[expr.MetaKey(e.number(unix.NFTA_META_KEY))]
		if !known {
			name = unknownWord
		}
		d.load(e.number(unix.NFTA_META_DREG), name)
	case "payload":
		d.load(e.number(unix.NFTA_PAYLOAD_DREG), payloadName(e))
	case "ct":
		name := map[expr.CtKey]string{expr.CtKeySTATE: "ct state", expr.CtKeySTATUS: "ct status",
			expr.CtKeyMARK: "ct mark"}[expr.CtKey(e.number(unix.NFTA_CT_KEY))]
		d.load(e.number(unix.NFTA_CT_DREG), name)
	case "bitwise":
		register := e.number(unix.NFTA_BITWISE_DREG)
		d.masks[register] = prefixOf(make([]byte, len(valueIn(e.get(unix.NFTA_BITWISE_MASK)))),
			valueIn(e.get(unix.NFTA_BITWISE_MASK))).Bits()
	case "cmp":
		d.compare(e)
	case "lookup":
		name := unix.ByteSliceToString(e.get(unix.NFTA_LOOKUP_SET))
		d.words = append(d.words, d.loaded[e.number(unix.NFTA_LOOKUP_SREG)], "@"+name)
	case "match":
		d.words = append(d.words, "-m "+unix.ByteSliceToString(e.get(unix.NFTA_MATCH_NAME)))
	case "target":
		d.words = append(d.words, "-j "+unix.ByteSliceToString(e.get(unix.NFTA_TARGET_NAME)))
	case "immediate":
		if kind, chain := verdictOf(e.get(unix.NFTA_IMMEDIATE_DATA)); kind != "" {
			d.words = append(d.words, strings.TrimSpace(kind+" "+chain))
		}
	case "counter", "log":
	case "reject":
		d.words = append(d.words, "reject")
	default:
		d.words = append(d.words, unknownWord)
	}
}

func (d *description) load(register uint32, name string) {
	d.loaded[register] = name
	delete(d.masks, register)
}

func payloadName(e expression) string {
	base, offset, length := e.number(unix.NFTA_PAYLOAD_BASE), e.number(unix.NFTA_PAYLOAD_OFFSET),
		e.number(unix.NFTA_PAYLOAD_LEN)
	const ports = 2
	switch {
	case base == unix.NFT_PAYLOAD_TRANSPORT_HEADER && offset == 0 && length == ports:
		return "th sport"
	case base == unix.NFT_PAYLOAD_TRANSPORT_HEADER && offset == ports && length == ports:
		return "th dport"
	case base != unix.NFT_PAYLOAD_NETWORK_HEADER:
		return unknownWord
	case length == 16 && offset == addressPlaces[true].source:
		return "ip6 saddr"
	case length == 16 && offset == addressPlaces[true].destination:
		return "ip6 daddr"
	case length <= 4 && offset == addressPlaces[false].source:
		return "ip saddr"
	case length <= 4 && offset == addressPlaces[false].destination:
		return "ip daddr"
	}
	return unknownWord
}

func (d *description) compare(e expression) {
	register, value := e.number(unix.NFTA_CMP_SREG), valueIn(e.get(unix.NFTA_CMP_DATA))
	name := d.loaded[register]
	operator := map[expr.CmpOp]string{
		expr.CmpOpEq: "", expr.CmpOpNeq: "!= ", expr.CmpOpLt: "< ", expr.CmpOpLte: "<= ", expr.CmpOpGt: "> ",
		expr.CmpOpGte: ">= ",
	}[expr.CmpOp(e.number(unix.NFTA_CMP_OP))]
	if name == "meta nfproto" {
		return // what an address says as well
	}
	if _, isMasked := d.masks[register]; isMasked && strings.HasPrefix(name, "ct ") {
		operator = ""
		value = nil
	}
	d.words = append(d.words, strings.TrimSpace(name+" "+operator+d.valueText(name, register, value)))
}

func (d *description) valueText(name string, register uint32, value []byte) string {
	switch {
	case strings.HasSuffix(name, "name"), strings.HasSuffix(name, "kind"):
		if len(value) < unix.IFNAMSIZ {
			return fmt.Sprintf("%q", string(value)+"*")
		}
		return fmt.Sprintf("%q", unix.ByteSliceToString(value))
	case strings.HasSuffix(name, "port") && len(value) == 2:
		return fmt.Sprint(binary.BigEndian.Uint16(value))
	case name == "meta l4proto" && ProtocolName(value) != "":
		return ProtocolName(value)
	case strings.HasSuffix(name, "addr"):
		full := make([]byte, map[bool]int{false: 4, true: 16}[strings.HasPrefix(name, "ip6")])
		bits := 8 * copy(full, value)
		if mask, isMasked := d.masks[register]; isMasked {
			bits = mask
		}
		address, _ := netip.AddrFromSlice(full)
		if bits == address.BitLen() {
			return address.String()
		}
		return netip.PrefixFrom(address, bits).String()
	}
	return unknownWord
}
