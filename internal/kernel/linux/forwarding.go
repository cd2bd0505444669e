package linux

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// ForwardingEntries lists the permanent entries that point to a far tunnel end, by link index.
func (h *Handle) ForwardingEntries() (map[int][]kernel.ForwardingEntry, error) {
	entries := map[int][]kernel.ForwardingEntry{}
	vias := map[int][]int{}
	request := h.request(unix.RTM_GETNEIGH, 0)
	// A whole ndmsg, lest the kernel take the request for an old one and read an ifinfomsg (rtnl_fdb_dump).
	request.AddData(ndmsg(unix.AF_BRIDGE, 0, 0, 0))
	reset := func() { clear(entries); clear(vias) }
	err := h.dump(request, reset, func(message []byte) error {
		if len(message) < unix.SizeofNdMsg {
			return fmt.Errorf("the kernel sent a neighbour message of %d bytes", len(message))
		}
		index := int(int32(binary.NativeEndian.Uint32(message[4:8])))
		state, flags := binary.NativeEndian.Uint16(message[8:10]), message[10]
		if state&unix.NUD_PERMANENT == 0 || flags&unix.NTF_SELF == 0 {
			return nil
		}
		entry, via, err := decodeForwarding(message[unix.SizeofNdMsg:])
		if err == nil && entry.Destination != "" {
			entries[index] = append(entries[index], entry)
			vias[index] = append(vias[index], via)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the forwarding entries: %w", err)
	}
	for index, list := range vias {
		for i, via := range list {
			entries[index][i].Via = h.nameOf(via)
		}
	}
	return entries, nil
}

func decodeForwarding(attributes []byte) (entry kernel.ForwardingEntry, via int, err error) {
	err = eachAttribute(attributes, func(typ uint16, data []byte) error {
		switch typ {
		case unix.NDA_LLADDR:
			entry.Address = net.HardwareAddr(data).String()
		case unix.NDA_DST:
			if address, ok := netip.AddrFromSlice(data); ok {
				entry.Destination = address.String()
			}
		case unix.NDA_PORT:
			if len(data) >= 2 {
				entry.Port = binary.BigEndian.Uint16(data)
			}
		case unix.NDA_VNI:
			entry.VNI = number32(data)
		case unix.NDA_IFINDEX:
			via = int(number32(data))
		}
		return nil
	})
	return entry, via, err
}

// AddForwardingEntry appends, since one address may have several destinations (head-end replication).
func (h *Handle) AddForwardingEntry(link string, entry kernel.ForwardingEntry) error {
	flags := unix.NLM_F_CREATE | unix.NLM_F_EXCL
	if isZeroMAC(entry.Address) {
		flags = unix.NLM_F_CREATE | unix.NLM_F_APPEND
	}
	return h.changeForwarding(unix.RTM_NEWNEIGH, flags, link, entry)
}

// DeleteForwardingEntry removes one destination of an address.
func (h *Handle) DeleteForwardingEntry(link string, entry kernel.ForwardingEntry) error {
	return h.changeForwarding(unix.RTM_DELNEIGH, 0, link, entry)
}

func isZeroMAC(address string) bool { return address == "00:00:00:00:00:00" }

func (h *Handle) changeForwarding(messageType, flags int, link string, entry kernel.ForwardingEntry) error {
	index, err := h.index(link)
	if err != nil {
		return err
	}
	address, err := net.ParseMAC(entry.Address)
	if err != nil {
		return fmt.Errorf("forwarding entry: %w", err)
	}
	destination, err := netip.ParseAddr(entry.Destination)
	if err != nil {
		return fmt.Errorf("forwarding entry %s: %w", entry.Address, err)
	}
	message := h.request(messageType, flags)
	message.AddData(ndmsg(unix.AF_BRIDGE, index, unix.NUD_PERMANENT|unix.NUD_NOARP, unix.NTF_SELF))
	message.AddData(nl.NewRtAttr(unix.NDA_LLADDR, address))
	message.AddData(nl.NewRtAttr(unix.NDA_DST, destination.AsSlice()))
	if entry.Port != 0 {
		message.AddData(nl.NewRtAttr(unix.NDA_PORT, nl.BEUint16Attr(entry.Port)))
	}
	if entry.VNI != 0 {
		message.AddData(nl.NewRtAttr(unix.NDA_VNI, nl.Uint32Attr(entry.VNI)))
	}
	if entry.Via != "" {
		via, err := h.index(entry.Via)
		if err != nil {
			return err
		}
		message.AddData(nl.NewRtAttr(unix.NDA_IFINDEX, nl.Uint32Attr(uint32(via))))
	}
	return h.change(message)
}

// ndmsg is struct ndmsg of linux/neighbour.h.
func ndmsg(family uint8, index int, state uint16, flags uint8) fixed {
	out := make(fixed, unix.SizeofNdMsg)
	out[0] = family
	binary.NativeEndian.PutUint32(out[4:], uint32(int32(index)))
	binary.NativeEndian.PutUint16(out[8:], state)
	out[10] = flags
	return out
}
