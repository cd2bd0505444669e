package nftables

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Packet is what is known of a packet that opens a connection. Whatever is not here can be anything.
type Packet struct {
	Hook                string // prerouting, input, forward, output or postrouting
	From, To            Link   // the links that it comes in and goes out by
	Source, Destination netip.Addr
	Protocol            string // tcp, udp, sctp, or icmp for a ping
	Port                uint16 // destination
	// Redirected tells that its destination was rewritten, by a port forward.
	Redirected bool
}

// Link is what rules ask of a link. The zero Link is not known.
type Link struct {
	Name  string
	Index uint32
	Kind  string // such as bridge, "" for a card
	MTU   uint32
	// Addresses are those of the host there.
	Addresses []netip.Addr
}

func (p *Packet) is6() bool { return p.Destination.Is6() || p.Source.Is6() }

// meta is the value that a rule loads, or nil when it is not known.
func (p *Packet) meta(key expr.MetaKey) []byte {
	switch key {
	case expr.MetaKeyIIFNAME, expr.MetaKeyIIF, metaInputKind:
		if p.Hook == "output" {
			return make([]byte, len(Link{Name: "none", Index: 1, Kind: "none"}.value(key)))
		}
		return p.From.value(key)
	case expr.MetaKeyOIFNAME, expr.MetaKeyOIF, metaOutputKind:
		if p.Hook == "input" || p.Hook == "prerouting" {
			return make([]byte, len(Link{Name: "none", Index: 1, Kind: "none"}.value(key))) // there is none
		}
		return p.To.value(key)
	case expr.MetaKeyL4PROTO:
		if p.Protocol != "" {
			return []byte{p.protocol()}
		}
	case expr.MetaKeyNFPROTO:
		if p.is6() {
			return []byte{unix.NFPROTO_IPV6}
		}
		return []byte{unix.NFPROTO_IPV4}
	}
	return nil
}

// ping is the protocol of echo requests, that of IPv6 where the addresses are.
const ping = "icmp"

func (p *Packet) protocol() byte {
	switch {
	case p.Protocol == ping && p.is6():
		return unix.IPPROTO_ICMPV6
	case p.Protocol == ping:
		return unix.IPPROTO_ICMP
	}
	return protocols[p.Protocol]
}

// echoRequest is the type of a ping (RFC 792, RFC 4443).
func (p *Packet) echoRequest() byte {
	if p.is6() {
		return 128
	}
	return 8
}

// value is the link's as a rule loads it.
func (l Link) value(key expr.MetaKey) []byte {
	switch {
	case l.Name == "":
	case key == expr.MetaKeyIIFNAME, key == expr.MetaKeyOIFNAME:
		return paddedName(l.Name)
	case (key == expr.MetaKeyIIF || key == expr.MetaKeyOIF) && l.Index != 0:
		return binary.NativeEndian.AppendUint32(nil, l.Index)
	case (key == metaInputKind || key == metaOutputKind) && l.Index != 0:
		return paddedName(l.Kind)
	}
	return nil
}

// addressPlaces are where the addresses of an IP header are, by the version.
var addressPlaces = map[bool]struct{ source, destination uint32 }{false: {12, 16}, true: {8, 24}}

// payload is the part of the packet that a rule loads, or nil when it is not known.
func (p *Packet) payload(e expression) []byte {
	const protocolAt4, portAt = 9, 2
	base, offset, length := e.number(unix.NFTA_PAYLOAD_BASE), e.number(unix.NFTA_PAYLOAD_OFFSET),
		int(e.number(unix.NFTA_PAYLOAD_LEN))
	switch base {
	case unix.NFT_PAYLOAD_TRANSPORT_HEADER:
		if p.Protocol == ping && offset == 0 && length == 1 {
			return []byte{p.echoRequest()}
		}
		if p.Port != 0 && offset <= portAt && length >= 2 {
			ports := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, p.sourcePort()), p.Port)
			if int(offset)+length <= len(ports) {
				return ports[offset:][:length]
			}
		}
	case unix.NFT_PAYLOAD_NETWORK_HEADER:
		places := addressPlaces[p.is6()]
		address := map[uint32]netip.Addr{places.source: p.Source, places.destination: p.Destination}[offset]
		// A prefix of whole bytes is matched by loading only these.
		if value := address.AsSlice(); address.IsValid() && length <= len(value) {
			return value[:length]
		}
		if !p.is6() && offset == protocolAt4 && length == 1 && p.Protocol != "" {
			return []byte{p.protocol()}
		}
	}
	return nil
}

// sourcePort is the one that a client has by its protocol (RFC 2131, RFC 8415), or one of those for nothing in
// particular.
func (p *Packet) sourcePort() uint16 {
	const ephemeral = 49152
	if client, known := map[uint16]uint16{67: 68, 547: 546}[p.Port]; known {
		return client
	}
	return ephemeral
}

// connection is new: this is about packets that open one.
func (p *Packet) connection(e expression) []byte {
	switch expr.CtKey(e.number(unix.NFTA_CT_KEY)) {
	case expr.CtKeySTATE:
		return binary.NativeEndian.AppendUint32(nil, expr.CtStateBitNEW)
	case expr.CtKeySTATUS:
		status := uint32(0)
		if p.Redirected {
			status = statusDNAT
		}
		return binary.NativeEndian.AppendUint32(nil, status)
	}
	return nil
}
