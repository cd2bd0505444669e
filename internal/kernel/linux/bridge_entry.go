package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// ntfSticky is NTF_STICKY of linux/neighbour.h.
const ntfSticky = 1 << 6

// BridgeEntries lists the entries of bridges that somebody has made, by the port that they lead to.
func (h *Handle) BridgeEntries(links map[string]bool) ([]kernel.BridgeEntry, error) {
	if len(links) > mostQuestions {
		return h.bridgeEntries(links, 0)
	}
	// The kernel is asked for one link alone (valid_fdb_dump_strict); one before 5.0 lists the entries of all.
	if h.strict(true) == nil {
		defer func() { _ = h.strict(false) }()
	}
	var all []kernel.BridgeEntry
	for _, name := range slices.Sorted(maps.Keys(links)) {
		index, err := h.index(name)
		if !links[name] || errors.Is(err, unix.ENODEV) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found, err := h.bridgeEntries(map[string]bool{name: true}, index)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// bridgeEntries asks for the entries of one link, or with 0 for those of all.
func (h *Handle) bridgeEntries(links map[string]bool, asked int) ([]kernel.BridgeEntry, error) {
	var found []kernel.BridgeEntry
	request := h.request(unix.RTM_GETNEIGH, 0)
	request.AddData(ndmsg(unix.AF_BRIDGE, asked, 0, 0))
	err := h.dump(request, func() { found = found[:0] }, func(message []byte) error {
		if len(message) < unix.SizeofNdMsg {
			return fmt.Errorf("the kernel sent a neighbour message of %d bytes", len(message))
		}
		index := int(int32(binary.NativeEndian.Uint32(message[4:8])))
		one := kernel.BridgeEntry{
			Link:  h.nameOf(index),
			State: binary.NativeEndian.Uint16(message[8:10]), Flags: message[10],
		}
		if !links[one.Link] {
			return nil
		}
		inBridge := false
		err := eachAttribute(message[unix.SizeofNdMsg:], func(typ uint16, data []byte) error {
			switch typ {
			case unix.NDA_LLADDR:
				one.MAC = net.HardwareAddr(data).String()
			case unix.NDA_VLAN:
				if len(data) >= 2 {
					one.VLAN = binary.NativeEndian.Uint16(data)
				}
			case unix.NDA_MASTER:
				inBridge, one.Self = true, int(number32(data)) == index
			}
			return nil
		})
		// The bridge's own are mostly those of its ports' addresses, which the caller knows.
		lasting := one.State&(unix.NUD_NOARP|unix.NUD_PERMANENT) != 0 || one.Flags&(unix.NTF_EXT_LEARNED|ntfSticky) != 0
		if inBridge && lasting {
			found = append(found, one)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the forwarding entries of bridges: %w", err)
	}
	return found, nil
}

// SetBridgeEntry makes an entry, or changes the one that there is.
func (h *Handle) SetBridgeEntry(one kernel.BridgeEntry) error {
	return h.changeBridgeEntry(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, one)
}

// DeleteBridgeEntry removes an entry.
func (h *Handle) DeleteBridgeEntry(one kernel.BridgeEntry) error {
	return h.changeBridgeEntry(unix.RTM_DELNEIGH, 0, one)
}

func (h *Handle) changeBridgeEntry(messageType, flags int, one kernel.BridgeEntry) error {
	index, err := h.index(one.Link)
	if err != nil {
		return err
	}
	address, err := net.ParseMAC(one.MAC)
	if err != nil {
		return fmt.Errorf("forwarding entry: %w", err)
	}
	target := uint8(unix.NTF_MASTER)
	if one.Self {
		target = unix.NTF_SELF
	}
	message := h.request(messageType, flags)
	message.AddData(ndmsg(unix.AF_BRIDGE, index, one.State, one.Flags&(unix.NTF_EXT_LEARNED|ntfSticky)|target))
	message.AddData(nl.NewRtAttr(unix.NDA_LLADDR, address))
	if one.VLAN != 0 {
		message.AddData(nl.NewRtAttr(unix.NDA_VLAN, nl.Uint16Attr(one.VLAN)))
	}
	return h.change(message)
}
