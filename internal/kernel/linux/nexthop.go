package linux

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// nextHopDecoder gathers one way out of a route.
type nextHopDecoder struct {
	hop   kernel.NextHop
	link  int
	found bool
}

func (d *nextHopDecoder) read(typ uint16, data []byte) {
	switch typ {
	case unix.RTA_GATEWAY:
		d.hop.Via, d.found = addressOf(data), true
	case unix.RTA_VIA:
		// struct rtvia: the family, then an address of that family, which is not the route's.
		if len(data) > 2 {
			d.hop.Via, d.found = addressOf(data[2:]), true
		}
	default:
		d.hop.Extra = append(d.hop.Extra, kernel.Attribute{Type: typ, Data: slices.Clone(data)})
	}
}

// decodeNextHops reads RTA_MULTIPATH: a run of struct rtnexthop, each with attributes.
func decodeNextHops(run []byte) (hops []kernel.NextHop, links []int, err error) {
	for len(run) >= unix.SizeofRtNexthop {
		length := int(binary.NativeEndian.Uint16(run))
		if length < unix.SizeofRtNexthop || length > len(run) {
			return nil, nil, fmt.Errorf("the kernel sent a next hop of %d bytes in %d", length, len(run))
		}
		decoder := nextHopDecoder{
			hop:  kernel.NextHop{OnLink: run[2]&unix.RTNH_F_ONLINK != 0, Weight: int(run[3]) + 1},
			link: int(int32(number32(run[4:8]))),
		}
		err := eachAttribute(run[unix.SizeofRtNexthop:length], func(typ uint16, data []byte) error {
			decoder.read(typ, data)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		hops, links = append(hops, decoder.hop), append(links, decoder.link)
		run = run[min(len(run), (length+unix.RTNH_ALIGNTO-1)&^(unix.RTNH_ALIGNTO-1)):]
	}
	return hops, links, nil
}

// appendNextHops writes one way out into the route itself, as the kernel wants it, and more into RTA_MULTIPATH.
func appendNextHops(message []byte, route kernel.Route, index func(name string) (int, error)) ([]byte, error) {
	var run []byte
	for _, hop := range route.NextHops {
		link := 0
		if hop.Link != "" {
			var err error
			if link, err = index(hop.Link); err != nil {
				return nil, err
			}
		}
		attributes := appendVia(nil, route.To.Addr(), hop.Via)
		attributes = appendAll(attributes, hop.Extra)
		if len(route.NextHops) == 1 && hop.Weight <= 1 {
			if link != 0 {
				message = appendNumber(message, unix.RTA_OIF, uint32(link))
			}
			return append(message, attributes...), nil
		}
		flags := uint8(0)
		if hop.OnLink {
			flags = unix.RTNH_F_ONLINK
		}
		run = binary.NativeEndian.AppendUint16(run, uint16(unix.SizeofRtNexthop+len(attributes)))
		run = append(run, flags, uint8(max(1, hop.Weight)-1))
		run = binary.NativeEndian.AppendUint32(run, uint32(int32(link)))
		run = append(run, attributes...)
	}
	if run != nil {
		message = appendAttribute(message, unix.RTA_MULTIPATH, run)
	}
	return message, nil
}

func appendVia(message []byte, to, via netip.Addr) []byte {
	switch {
	case !via.IsValid():
		return message
	case via.Is4() == to.Is4():
		return appendAttribute(message, unix.RTA_GATEWAY, via.AsSlice())
	}
	family := binary.NativeEndian.AppendUint16(nil, uint16(familyOf(via)))
	return appendAttribute(message, unix.RTA_VIA, append(family, via.AsSlice()...))
}
