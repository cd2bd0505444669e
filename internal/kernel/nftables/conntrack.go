package nftables

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Flow is a connection, or packets to and fro that look like one, as connection tracking keeps it. Its translation was
// chosen when it began, and stays until it is forgotten: a flow of UDP that never pauses keeps it for ever.
type Flow struct {
	Protocol                      string // tcp, udp, sctp, or "" for another one
	Source, Destination           netip.Addr
	DestinationPort               uint16
	Answerer                      netip.Addr // who gets it: the destination, unless that is rewritten
	AnswererPort                  uint16
	AnsweredTo                    netip.Addr // whom the answerer sees: the source, unless that is rewritten
	Assured                       bool       // packets have gone both ways
	ToHost, AnsweredToHost        bool       // the address is one of this host's
	original, reply, zone, serial []byte
}

// Message types and attributes of linux/netfilter/nfnetlink_conntrack.h.
const (
	conntrackNew       = 0
	conntrackGet       = 1
	conntrackDelete    = 2
	tupleOriginal      = 1
	tupleReply         = 2
	conntrackStatus    = 3
	conntrackID        = 12
	conntrackZone      = 18
	tupleIP            = 1
	tupleProtocol      = 2
	protocolNumber     = 1
	protocolSourcePort = 2
	protocolTargetPort = 3
	statusAssured      = 1 << 2 // IPS_ASSURED of linux/netfilter/nf_conntrack_common.h
)

// Forget ends the tracking of the flows that are stale: the next packet of one is looked at as if it were the first.
func (c *Conn) Forget(stale func(Flow) bool) error {
	socket, err := c.dial()
	if err != nil {
		return err
	}
	defer func() { _ = socket.Close() }()
	local, err := c.localAddresses()
	if err != nil {
		return err
	}
	const kind = unix.NFNL_SUBSYS_CTNETLINK << 8
	replies, err := socket.Execute(netlink.Message{
		Header: netlink.Header{Type: kind | conntrackGet, Flags: netlink.Request | netlink.Dump},
		Data:   header(unix.AF_UNSPEC, 0),
	})
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil // a kernel without nf_conntrack_netlink, where nobody can
	}
	if err != nil {
		return fmt.Errorf("cannot read the tracked connections: %w", explain(err))
	}
	for _, reply := range replies {
		flow, ok := flowOf(reply.Data, local)
		if !ok || !stale(flow) {
			continue
		}
		list := []netlink.Attribute{{Type: unix.NLA_F_NESTED | tupleOriginal, Data: flow.original},
			{Type: unix.NLA_F_NESTED | tupleReply, Data: flow.reply}}
		if flow.zone != nil {
			list = append(list, netlink.Attribute{Type: conntrackZone, Data: flow.zone})
		}
		if flow.serial != nil {
			list = append(list, netlink.Attribute{Type: conntrackID, Data: flow.serial})
		}
		data, err := netlink.MarshalAttributes(list)
		if err != nil {
			return err
		}
		_, err = socket.Execute(netlink.Message{
			Header: netlink.Header{Type: kind | conntrackDelete, Flags: netlink.Request | netlink.Acknowledge},
			Data:   append(header(reply.Data[0], 0), data...),
		})
		if err != nil && !errors.Is(err, unix.ENOENT) { // it may have ended by itself
			return fmt.Errorf("cannot forget a tracked connection from %s to %s: %w", flow.Source, flow.Destination,
				explain(err))
		}
	}
	return nil
}

func flowOf(message []byte, local map[netip.Addr]uint32) (flow Flow, ok bool) {
	if len(message) < 4 {
		return flow, false
	}
	entry := expression{attributes: attributes(message[4:])}
	flow.original, flow.reply, flow.zone, flow.serial = entry.get(tupleOriginal), entry.get(tupleReply),
		entry.get(conntrackZone), entry.get(conntrackID)
	there, back := tupleOf(flow.original), tupleOf(flow.reply)
	flow.Protocol = there.protocol
	flow.Source, flow.Destination, flow.DestinationPort = there.source, there.destination, there.destinationPort
	flow.Answerer, flow.AnswererPort, flow.AnsweredTo = back.source, back.sourcePort, back.destination
	flow.Assured = entry.number(conntrackStatus)&statusAssured != 0
	flow.ToHost, flow.AnsweredToHost = local[flow.Destination] != 0, local[flow.AnsweredTo] != 0
	return flow, flow.Source.IsValid() && flow.Answerer.IsValid()
}

// tuple is one direction of a flow.
type tuple struct {
	protocol                    string
	source, destination         netip.Addr
	sourcePort, destinationPort uint16
}

func tupleOf(run []byte) (out tuple) {
	nest := expression{attributes: attributes(run)}
	for _, a := range attributes(nest.get(tupleIP)) {
		address, _ := netip.AddrFromSlice(a.data)
		// CTA_IP_V4_SRC, V4_DST, V6_SRC and V6_DST.
		if a.typ%2 == 1 {
			out.source = address
		} else {
			out.destination = address
		}
	}
	protocol := expression{attributes: attributes(nest.get(tupleProtocol))}
	if one := protocol.get(protocolNumber); len(one) == 1 {
		out.protocol = ProtocolName(one)
	}
	port := func(typ uint16) uint16 {
		if data := protocol.get(typ); len(data) == 2 {
			return binary.BigEndian.Uint16(data)
		}
		return 0
	}
	out.sourcePort, out.destinationPort = port(protocolSourcePort), port(protocolTargetPort)
	return out
}
