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

// From linux/neighbour.h.
const (
	ndaProtocol      = 12 // NDA_PROTOCOL
	ndaExtendedFlags = 15 // NDA_FLAGS_EXT
)

// Neighbours lists the permanent entries and the proxy entries of the named links.
func (h *Handle) Neighbours(links map[string]bool) ([]kernel.Neighbour, error) {
	var all []kernel.Neighbour
	for _, flags := range []uint8{0, unix.NTF_PROXY} {
		var found []kernel.Neighbour
		request := h.request(unix.RTM_GETNEIGH, 0)
		request.AddData(ndmsg(unix.AF_UNSPEC, 0, 0, flags))
		err := h.dump(request, func() { found = found[:0] }, func(message []byte) error {
			if len(message) < unix.SizeofNdMsg {
				return fmt.Errorf("the kernel sent a neighbour message of %d bytes", len(message))
			}
			one, state, err := h.decodeNeighbour(message)
			if err == nil && links[one.Link] && one.Address.IsValid() && (one.Proxy || state&unix.NUD_PERMANENT != 0) {
				found = append(found, one)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("cannot list the neighbours: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func (h *Handle) decodeNeighbour(message []byte) (one kernel.Neighbour, state uint16, err error) {
	one.Link = h.nameOf(int(int32(binary.NativeEndian.Uint32(message[4:8]))))
	state, one.Flags = binary.NativeEndian.Uint16(message[8:10]), message[10]
	one.Proxy = one.Flags&unix.NTF_PROXY != 0
	one.Flags &^= unix.NTF_PROXY
	err = eachAttribute(message[unix.SizeofNdMsg:], func(typ uint16, data []byte) error {
		switch typ {
		case unix.NDA_DST:
			one.Address, _ = netip.AddrFromSlice(data)
		case unix.NDA_LLADDR:
			one.MAC = net.HardwareAddr(data).String()
		case ndaProtocol:
			if len(data) > 0 {
				one.Protocol = data[0]
			}
		case ndaExtendedFlags:
			one.ExtendedFlags = number32(data)
		}
		return nil
	})
	return one, state, err
}

// SetNeighbour makes an entry, or changes the one that there is.
func (h *Handle) SetNeighbour(one kernel.Neighbour) error {
	return h.changeNeighbour(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, one)
}

// DeleteNeighbour removes an entry.
func (h *Handle) DeleteNeighbour(one kernel.Neighbour) error {
	return h.changeNeighbour(unix.RTM_DELNEIGH, 0, one)
}

func (h *Handle) changeNeighbour(messageType, flags int, one kernel.Neighbour) error {
	index, err := h.index(one.Link)
	if err != nil {
		return err
	}
	family, state, kind := uint8(unix.AF_INET6), uint16(unix.NUD_PERMANENT), one.Flags
	if one.Address.Is4() {
		family = unix.AF_INET
	}
	if one.Proxy {
		state, kind = 0, kind|unix.NTF_PROXY
	}
	message := h.request(messageType, flags)
	message.AddData(ndmsg(family, index, state, kind))
	message.AddData(nl.NewRtAttr(unix.NDA_DST, one.Address.AsSlice()))
	if one.MAC != "" {
		address, err := net.ParseMAC(one.MAC)
		if err != nil {
			return fmt.Errorf("neighbour %s: %w", one.Address, err)
		}
		message.AddData(nl.NewRtAttr(unix.NDA_LLADDR, address))
	}
	if one.Protocol != 0 {
		message.AddData(nl.NewRtAttr(ndaProtocol, nl.Uint8Attr(one.Protocol)))
	}
	if one.ExtendedFlags != 0 {
		message.AddData(nl.NewRtAttr(ndaExtendedFlags, nl.Uint32Attr(one.ExtendedFlags)))
	}
	return h.change(message)
}
