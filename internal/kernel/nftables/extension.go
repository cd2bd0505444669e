package nftables

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// States of a connection as iptables' matches have them (XT_CONNTRACK_STATE_BIT of linux/netfilter/xt_conntrack.h).
const (
	xtStateNew  = 1 << 3
	xtStateDNAT = 1 << 7
)

// extension is an iptables match, as iptables-nft and iptables-legacy hand it to the kernel. What is not understood
// here may match or not.
func (p *Packet) extension(e expression) match {
	name, revision, info := unix.ByteSliceToString(e.get(unix.NFTA_MATCH_NAME)), e.number(unix.NFTA_MATCH_REV),
		e.get(unix.NFTA_MATCH_INFO)
	switch name {
	case "comment":
		return yes
	case "conntrack":
		return p.conntrackMatch(revision, info)
	case "state":
		if len(info) >= 4 {
			return p.inState(binary.NativeEndian.Uint32(info), false)
		}
	case "tcp", "udp":
		return p.portsMatch(name, info)
	case "multiport":
		return p.multiportMatch(revision, info)
	case "addrtype":
		return p.typeMatch(revision, info)
	}
	return perhaps
}

func truth(is bool) match {
	if is {
		return yes
	}
	return no
}

func (p *Packet) inState(mask uint32, inverted bool) match {
	is := mask&xtStateNew != 0 || p.Redirected && mask&xtStateDNAT != 0
	return truth(is != inverted)
}

func (p *Packet) conntrackMatch(revision uint32, info []byte) match {
	// Of struct xt_conntrack_mtinfo2 and 3 in linux/netfilter/xt_conntrack.h: match_flags, invert_flags, state_mask.
	const flagsAt, invertedAt, statesAt, end = 146, 148, 150, 152
	if revision < 2 || revision > 3 || len(info) < end {
		return perhaps
	}
	number := func(at int) uint16 { return binary.NativeEndian.Uint16(info[at:]) }
	const byState, alias = 1 << 0, 1 << 13 // XT_CONNTRACK_STATE, XT_CONNTRACK_STATE_ALIAS ("-m state" in iptables' words)
	if number(flagsAt)&^alias != byState {
		return perhaps
	}
	return p.inState(uint32(number(statesAt)), number(invertedAt)&byState != 0)
}

// portsMatch is struct xt_tcp or xt_udp of linux/netfilter/xt_tcpudp.h: two source ports, two destination ports, more.
func (p *Packet) portsMatch(protocol string, info []byte) match {
	const targets, options, flags, invertedTCP, invertedUDP = 4, 8, 9, 11, 8
	inverted := map[string]int{"tcp": invertedTCP, "udp": invertedUDP}[protocol]
	switch {
	case len(info) <= inverted || p.Protocol == "":
		return perhaps
	case p.Protocol != protocol:
		return no
	}
	number := func(at int) uint16 { return binary.NativeEndian.Uint16(info[at:]) }
	const invertSource, invertTarget = 1, 2
	result := yes
	if number(0) != 0 || number(2) != 65535 || info[inverted]&invertSource != 0 ||
		protocol == "tcp" && (info[options] != 0 || info[flags] != 0) {
		result = perhaps // of source ports and TCP's flags nothing is known
	}
	first, last := number(targets), number(targets+2)
	switch {
	case first == 0 && last == 65535 && info[inverted]&invertTarget == 0:
		return result
	case p.Port == 0:
		return perhaps
	}
	return min(result, truth((first <= p.Port && p.Port <= last) != (info[inverted]&invertTarget != 0)))
}

// multiportMatch is struct xt_multiport_v1: which ports, how many, the ports, which of them begin a range, inversion.
func (p *Packet) multiportMatch(revision uint32, info []byte) match {
	const destination, most = 1, 15
	const portsAt, rangesAt, invertedAt, end = 2, 32, 47, 48
	if revision != 1 || len(info) < end || info[0] != destination || p.Port == 0 || info[1] > most {
		return perhaps
	}
	found := false
	for i := 0; i < int(info[1]); i++ {
		first := binary.NativeEndian.Uint16(info[portsAt+2*i:])
		last := first
		if info[rangesAt+i] != 0 && i+1 < int(info[1]) {
			i++
			last = binary.NativeEndian.Uint16(info[portsAt+2*i:])
		}
		found = found || first <= p.Port && p.Port <= last
	}
	return truth(found != (info[invertedAt] != 0))
}

// typeMatch is struct xt_addrtype_info_v1. What is forwarded goes to another host; what comes in may be a broadcast.
func (p *Packet) typeMatch(revision uint32, info []byte) match {
	const end, invertDestination, more = 8, 2, 4 | 8
	if revision != 1 || len(info) < end || p.Hook != "forward" {
		return perhaps
	}
	source, destination := binary.NativeEndian.Uint16(info), binary.NativeEndian.Uint16(info[2:])
	flags := binary.NativeEndian.Uint32(info[4:])
	if source != 0 || flags&more != 0 {
		return perhaps
	}
	const unicast = 1 << unix.RTN_UNICAST
	return truth((destination&unicast != 0) != (flags&invertDestination != 0))
}

// isReject tells whether a target of iptables ends the packet.
func isReject(name string) bool { return slices.Contains([]string{"REJECT", "DROP"}, name) }
