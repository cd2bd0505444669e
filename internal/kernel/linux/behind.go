package linux

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// PortsBehind finds by which port of a bridge each of its neighbours was last heard, by the neighbour's address.
func (h *Handle) PortsBehind(bridge string) (map[netip.Addr]string, error) {
	index, err := h.index(bridge)
	if err != nil {
		return nil, err
	}
	ports, heard := map[string]int{}, map[int]bool{}
	err = h.neighbours(unix.AF_BRIDGE, func(at int, one neighbour) {
		if one.controller == index && at != index {
			ports[one.hardware], heard[at] = at, true
		}
	})
	if err != nil {
		return nil, err
	}
	if err := h.knowLinks(heard); err != nil {
		return nil, err
	}
	out := map[netip.Addr]string{}
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		err := h.neighbours(family, func(at int, one neighbour) {
			if port, known := ports[one.hardware]; known && at == index {
				out[one.address] = h.nameOf(port)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

type neighbour struct {
	hardware   string
	address    netip.Addr
	controller int // of a bridge's entry: the bridge
}

// neighbours lists what is known of others: their addresses, or with AF_BRIDGE the ports that frames to them leave by.
func (h *Handle) neighbours(family uint8, each func(at int, one neighbour)) error {
	type entry struct {
		at  int
		one neighbour
	}
	var entries []entry
	request := h.request(unix.RTM_GETNEIGH, 0)
	request.AddData(ndmsg(family, 0, 0, 0))
	err := h.dump(request, func() { entries = nil }, func(message []byte) error {
		if len(message) < unix.SizeofNdMsg {
			return fmt.Errorf("the kernel sent a neighbour message of %d bytes", len(message))
		}
		found := entry{at: int(int32(binary.NativeEndian.Uint32(message[4:8])))}
		entries = append(entries, found)
		last := &entries[len(entries)-1].one
		return eachAttribute(message[unix.SizeofNdMsg:], func(typ uint16, data []byte) error {
			switch typ {
			case unix.NDA_LLADDR:
				last.hardware = net.HardwareAddr(data).String()
			case unix.NDA_DST:
				last.address, _ = netip.AddrFromSlice(data)
			case unix.NDA_MASTER:
				last.controller = int(number32(data))
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("cannot list the neighbours: %w", err)
	}
	for _, found := range entries {
		if found.one.hardware != "" {
			each(found.at, found.one)
		}
	}
	return nil
}
