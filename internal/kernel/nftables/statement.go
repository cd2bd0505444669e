package nftables

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Accept lets the packet through this chain; chains of others may still drop it.
func Accept() Part { return Part{"accept", []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}}} }

// Drop ends the packet.
func Drop() Part { return Part{"drop", []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}} }

// Count counts packets and bytes.
func Count() Part { return Part{"counter", []expr.Any{&expr.Counter{}}} }

// Masquerade rewrites the source address to that of the outgoing link.
func Masquerade() Part { return Part{"masquerade", []expr.Any{&expr.Masq{}}} }

func familyOf(address netip.Addr) (name string, protocol uint32) {
	if address.Is6() {
		return "ip6", unix.NFPROTO_IPV6
	}
	return "ip", unix.NFPROTO_IPV4
}

// RewriteSource rewrites the source address.
func RewriteSource(address netip.Addr) Part {
	name, protocol := familyOf(address)
	return Part{fmt.Sprintf("snat %s to %s", name, address), []expr.Any{
		&expr.Immediate{Register: register, Data: address.AsSlice()},
		&expr.NAT{Type: expr.NATTypeSourceNAT, Family: protocol, RegAddrMin: register, RegAddrMax: register},
	}}
}

// RewriteDestination rewrites the destination address, and the port unless that is 0.
func RewriteDestination(address netip.Addr, port uint16) Part {
	name, protocol := familyOf(address)
	nat := &expr.NAT{Type: expr.NATTypeDestNAT, Family: protocol, RegAddrMin: register, RegAddrMax: register}
	exprs := []expr.Any{&expr.Immediate{Register: register, Data: address.AsSlice()}}
	to := address.String()
	if port != 0 {
		const portRegister = unix.NFT_REG_2
		exprs = append(exprs, &expr.Immediate{Register: portRegister, Data: binary.BigEndian.AppendUint16(nil, port)})
		nat.RegProtoMin, nat.RegProtoMax = portRegister, portRegister
		to = netip.AddrPortFrom(address, port).String()
	}
	return Part{fmt.Sprintf("dnat %s to %s", name, to), append(exprs, nat)}
}

// synOnly matches the segments that open a TCP connection, the only ones with the option.
func synOnly() []expr.Any {
	const flagsOffset, syn, rst = 13, 0x02, 0x04
	return []expr.Any{
		meta(expr.MetaKeyL4PROTO), compare(expr.CmpOpEq, []byte{unix.IPPROTO_TCP}),
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: flagsOffset, Len: 1},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 1, Mask: []byte{syn | rst}, Xor: []byte{0}},
		compare(expr.CmpOpEq, []byte{syn}),
	}
}

// ClampSegments lowers the largest TCP segment that the ends agree on: to size, or with 0 to what the route takes.
func ClampSegments(size uint16) Part {
	const optionMSS, offset, length = 2, 2, 2
	write := &expr.Exthdr{
		SourceRegister: register, Type: optionMSS, Offset: offset, Len: length, Op: expr.ExthdrOpTcpopt,
	}
	if size == 0 {
		return Part{"tcp flags syn / syn,rst tcp option maxseg size set rt mtu",
			append(synOnly(), &expr.Rt{Register: register, Key: expr.RtTCPMSS},
				// The kernel loads the size in its own byte order (nft_rt_get_eval).
				&expr.Byteorder{SourceRegister: register, DestRegister: register, Op: expr.ByteorderHton, Len: length,
					Size: length}, write)}
	}
	return Part{fmt.Sprintf("tcp flags syn / syn,rst tcp option maxseg size set %d", size),
		append(synOnly(), &expr.Immediate{Register: register, Data: binary.BigEndian.AppendUint16(nil, size)}, write)}
}
