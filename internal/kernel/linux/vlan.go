package linux

import (
	"encoding/binary"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// From linux/if_bridge.h and linux/rtnetlink.h.
const (
	bridgeFlags          = 0 // IFLA_BRIDGE_FLAGS
	bridgeVLANInfo       = 2 // IFLA_BRIDGE_VLAN_INFO
	bridgeFlagController = 1 // BRIDGE_FLAGS_MASTER: the bridge that the port belongs to
	bridgeFlagSelf       = 2 // BRIDGE_FLAGS_SELF: the device itself
	vlanPVID             = 1 << 1
	vlanUntagged         = 1 << 2
	vlanRangeBegin       = 1 << 3
	vlanRangeEnd         = 1 << 4
	compressedVLANs      = 1 << 2 // RTEXT_FILTER_BRVLAN_COMPRESSED
)

// BridgeVLANs lists the VLANs of every bridge and bridge port, by index.
func (h *Handle) BridgeVLANs() (map[int][]kernel.BridgeVLAN, error) {
	vlans := map[int][]kernel.BridgeVLAN{}
	request := h.request(unix.RTM_GETLINK, 0)
	request.AddData(nl.NewIfInfomsg(unix.AF_BRIDGE))
	request.AddData(nl.NewRtAttr(unix.IFLA_EXT_MASK, nl.Uint32Attr(compressedVLANs|skipStatistics)))
	err := h.dump(request, func() { clear(vlans) }, func(message []byte) error {
		if len(message) < unix.SizeofIfInfomsg {
			return fmt.Errorf("the kernel sent a bridge message of %d bytes", len(message))
		}
		index := int(int32(binary.NativeEndian.Uint32(message[4:8])))
		return eachAttribute(message[unix.SizeofIfInfomsg:], func(typ uint16, data []byte) error {
			if typ != unix.IFLA_AF_SPEC {
				return nil
			}
			found, err := decodeVLANs(data)
			vlans[index] = append(vlans[index], found...)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the VLANs of bridges: %w", err)
	}
	return vlans, nil
}

func decodeVLANs(spec []byte) ([]kernel.BridgeVLAN, error) {
	var vlans []kernel.BridgeVLAN
	first := uint16(0)
	err := eachAttribute(spec, func(typ uint16, data []byte) error {
		if typ != bridgeVLANInfo || len(data) < 4 {
			return nil
		}
		flags, id := binary.NativeEndian.Uint16(data), binary.NativeEndian.Uint16(data[2:])
		switch {
		case flags&vlanRangeBegin != 0:
			first = id
			return nil
		case flags&vlanRangeEnd == 0 || first == 0 || first > id:
			first = id
		}
		for ; first <= id; first++ {
			vlans = append(vlans, kernel.BridgeVLAN{ID: first, PVID: flags&vlanPVID != 0, Untagged: flags&vlanUntagged != 0})
		}
		return nil
	})
	return vlans, err
}

// AddBridgeVLANs adds VLANs to a port, or changes the flags of those that it has.
func (h *Handle) AddBridgeVLANs(name string, self bool, vlans []kernel.BridgeVLAN) error {
	return h.changeVLANs(unix.RTM_SETLINK, name, self, vlans)
}

// DeleteBridgeVLANs removes VLANs from a port.
func (h *Handle) DeleteBridgeVLANs(name string, self bool, vlans []kernel.BridgeVLAN) error {
	return h.changeVLANs(unix.RTM_DELLINK, name, self, vlans)
}

func (h *Handle) changeVLANs(messageType int, name string, self bool, vlans []kernel.BridgeVLAN) error {
	index, err := h.index(name)
	if err != nil {
		return err
	}
	message := h.request(messageType, 0)
	header := nl.NewIfInfomsg(unix.AF_BRIDGE)
	header.Index = int32(index)
	message.AddData(header)
	spec := nl.NewRtAttr(unix.IFLA_AF_SPEC, nil)
	flags := uint16(bridgeFlagController)
	if self {
		flags = bridgeFlagSelf
	}
	spec.AddRtAttr(bridgeFlags, nl.Uint16Attr(flags))
	for start := 0; start < len(vlans); {
		end := start
		// The kernel takes runs of numbers as a range, but a port has one PVID, so never a range of those.
		for end+1 < len(vlans) && !vlans[end].PVID && !vlans[end+1].PVID &&
			vlans[end+1].ID == vlans[end].ID+1 && vlans[end+1].Untagged == vlans[end].Untagged {
			end++
		}
		if start == end {
			spec.AddRtAttr(bridgeVLANInfo, vlanInfo(vlans[start], 0))
		} else {
			spec.AddRtAttr(bridgeVLANInfo, vlanInfo(vlans[start], vlanRangeBegin))
			spec.AddRtAttr(bridgeVLANInfo, vlanInfo(vlans[end], vlanRangeEnd))
		}
		start = end + 1
	}
	message.AddData(spec)
	return h.change(message)
}

func vlanInfo(vlan kernel.BridgeVLAN, flags uint16) []byte {
	if vlan.PVID {
		flags |= vlanPVID
	}
	if vlan.Untagged {
		flags |= vlanUntagged
	}
	info := binary.NativeEndian.AppendUint16(nil, flags)
	return binary.NativeEndian.AppendUint16(info, vlan.ID)
}
