package nftables

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Part is a match or a statement of a rule: as nft writes it, and as the kernel runs it.
type Part struct {
	text  string
	exprs []expr.Any
}

// Register 1 is the one that every match here loads and compares.
const register = unix.NFT_REG_1

// longestComment is NFTNL_UDATA_COMMENT_MAXLEN of nft, which refuses to read back more.
const longestComment = 127

// NewRule puts the parts together. The comment says whose the rule is and what for.
func NewRule(comment string, parts ...Part) Rule {
	var texts []string
	var elements []netlink.Attribute
	for _, part := range parts {
		texts = append(texts, part.text)
		for _, e := range part.exprs {
			data, err := expr.Marshal(unix.NFPROTO_INET, e)
			if err != nil {
				// Only a string or a list of more than 64 KiB cannot be encoded; none of the parts has one.
				continue
			}
			elements = append(elements, netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_LIST_ELEM, Data: data})
		}
	}
	run, _ := netlink.MarshalAttributes(elements)
	comment = comment[:min(len(comment), longestComment)]
	texts = append(texts, fmt.Sprintf("comment %q", comment))
	return Rule{
		Text: strings.Join(texts, " "), Expressions: run,
		UserData: userdata.AppendString(nil, userdata.TypeComment, comment),
	}
}

func compare(op expr.CmpOp, data []byte) expr.Any {
	return &expr.Cmp{Op: op, Register: register, Data: data}
}

func meta(key expr.MetaKey) expr.Any { return &expr.Meta{Key: key, Register: register} }

// paddedName is a link's name as the kernel compares it: all IFNAMSIZ bytes.
func paddedName(name string) []byte {
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, name)
	return padded
}

// From matches packets that came in by the link.
func From(link string) Part {
	return Part{fmt.Sprintf("iifname %q", link),
		[]expr.Any{meta(expr.MetaKeyIIFNAME), compare(expr.CmpOpEq, paddedName(link))}}
}

// NotFrom matches packets that came in by another link.
func NotFrom(link string) Part {
	return Part{fmt.Sprintf("iifname != %q", link),
		[]expr.Any{meta(expr.MetaKeyIIFNAME), compare(expr.CmpOpNeq, paddedName(link))}}
}

// To matches packets that go out by the link.
func To(link string) Part {
	return Part{fmt.Sprintf("oifname %q", link),
		[]expr.Any{meta(expr.MetaKeyOIFNAME), compare(expr.CmpOpEq, paddedName(link))}}
}

// NotTo matches packets that go out by another link.
func NotTo(link string) Part {
	return Part{fmt.Sprintf("oifname != %q", link),
		[]expr.Any{meta(expr.MetaKeyOIFNAME), compare(expr.CmpOpNeq, paddedName(link))}}
}

// From linux/netfilter/nf_tables.h, Linux 5.6; the library has no names for them.
const (
	metaInputKind  expr.MetaKey = 26 // NFT_META_IIFKIND
	metaOutputKind expr.MetaKey = 27 // NFT_META_OIFKIND
)

// FromKind matches packets that came in by a link of the kind, such as "bridge".
func FromKind(kind string) Part {
	return Part{fmt.Sprintf("meta iifkind %q", kind),
		[]expr.Any{meta(metaInputKind), compare(expr.CmpOpEq, paddedName(kind))}}
}

// ToKind matches packets that go out by a link of the kind.
func ToKind(kind string) Part {
	return Part{fmt.Sprintf("meta oifkind %q", kind),
		[]expr.Any{meta(metaOutputKind), compare(expr.CmpOpEq, paddedName(kind))}}
}

// protocolOf matches the IP version of an address, which alone says at what offset addresses are.
func protocolOf(address netip.Addr) []expr.Any {
	protocol := byte(unix.NFPROTO_IPV4)
	if address.Is6() {
		protocol = unix.NFPROTO_IPV6
	}
	return []expr.Any{meta(expr.MetaKeyNFPROTO), compare(expr.CmpOpEq, []byte{protocol})}
}

func addressMatch(field string, v4, v6 uint32, prefix netip.Prefix, op expr.CmpOp) Part {
	prefix = prefix.Masked()
	address, family, offset := prefix.Addr(), "ip", v4
	if address.Is6() {
		family, offset = "ip6", v6
	}
	value := address.AsSlice()
	exprs := append(protocolOf(address), &expr.Payload{
		DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(len(value)),
	})
	text := address.String()
	if !prefix.IsSingleIP() {
		mask := make([]byte, len(value))
		for bit := range prefix.Bits() {
			mask[bit/8] |= 0x80 >> (bit % 8)
		}
		exprs = append(exprs, &expr.Bitwise{
			SourceRegister: register, DestRegister: register, Len: uint32(len(value)), Mask: mask, Xor: make([]byte, len(value)),
		})
		text = prefix.String()
	}
	negation := ""
	if op == expr.CmpOpNeq {
		negation = "!= "
	}
	return Part{fmt.Sprintf("%s %s %s%s", family, field, negation, text), append(exprs, compare(op, value))}
}

// Source matches the source address.
func Source(prefix netip.Prefix) Part { return addressMatch("saddr", 12, 8, prefix, expr.CmpOpEq) }

// Destination matches the destination address.
func Destination(prefix netip.Prefix) Part {
	return addressMatch("daddr", 16, 24, prefix, expr.CmpOpEq)
}

// NotDestination matches packets to addresses of the same IP version outside the prefix.
func NotDestination(prefix netip.Prefix) Part {
	return addressMatch("daddr", 16, 24, prefix, expr.CmpOpNeq)
}

// Version matches the IP version of the address.
func Version(address netip.Addr) Part {
	name := "ipv4"
	if address.Is6() {
		name = "ipv6"
	}
	return Part{"meta nfproto " + name, protocolOf(address)}
}

// protocols are those that have ports at the same place.
var protocols = map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "sctp": unix.IPPROTO_SCTP}

// Port matches a destination port, or a range of them. The protocol is tcp, udp or sctp.
func Port(protocol string, first, last uint16) Part {
	const offset, length = 2, 2
	exprs := []expr.Any{
		meta(expr.MetaKeyL4PROTO), compare(expr.CmpOpEq, []byte{protocols[protocol]}),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: offset, Len: length},
	}
	low, high := binary.BigEndian.AppendUint16(nil, first), binary.BigEndian.AppendUint16(nil, last)
	if bytes.Equal(low, high) {
		return Part{fmt.Sprintf("%s dport %d", protocol, first), append(exprs, compare(expr.CmpOpEq, low))}
	}
	return Part{fmt.Sprintf("%s dport %d-%d", protocol, first, last),
		append(exprs, compare(expr.CmpOpGte, low), compare(expr.CmpOpLte, high))}
}

// ICMPv6 matches one type of ICMPv6 message.
func ICMPv6(name string, typ byte) Part {
	return Part{"icmpv6 type " + name, []expr.Any{
		meta(expr.MetaKeyNFPROTO), compare(expr.CmpOpEq, []byte{unix.NFPROTO_IPV6}),
		meta(expr.MetaKeyL4PROTO), compare(expr.CmpOpEq, []byte{unix.IPPROTO_ICMPV6}),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Len: 1},
		compare(expr.CmpOpEq, []byte{typ}),
	}}
}

// bits matches when one of the bits of a value of connection tracking is set.
func bits(text string, key expr.CtKey, mask uint32) Part {
	return Part{text, []expr.Any{
		&expr.Ct{Key: key, Register: register},
		&expr.Bitwise{
			SourceRegister: register, DestRegister: register, Len: 4,
			Mask: binary.NativeEndian.AppendUint32(nil, mask), Xor: make([]byte, 4),
		},
		compare(expr.CmpOpNeq, make([]byte, 4)),
	}}
}

// Established matches packets of connections that were let through before.
func Established() Part {
	return bits("ct state established,related", expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED)
}

const statusDNAT = 1 << 5 // IPS_DST_NAT of linux/netfilter/nf_conntrack_common.h

// Redirected matches packets of connections whose destination was rewritten.
func Redirected() Part {
	return bits("ct status dnat", expr.CtKeySTATUS, statusDNAT)
}

// Local matches packets to any address of this host.
func Local() Part {
	return Part{"fib daddr type local", []expr.Any{
		&expr.Fib{Register: register, FlagDADDR: true, ResultADDRTYPE: true},
		compare(expr.CmpOpEq, binary.NativeEndian.AppendUint32(nil, unix.RTN_LOCAL)),
	}}
}
