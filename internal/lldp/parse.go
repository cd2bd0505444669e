// Package lldp listens to what switches say of themselves and of their ports (IEEE 802.1AB). It never sends.
package lldp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"unicode"
)

// Neighbour is what a device says at the other end of a wire.
type Neighbour struct {
	// Chassis and Port are names or addresses, as the device chooses.
	Chassis string `json:"chassis_id"`
	Port    string `json:"port_id"`
	// TTL is for how many seconds it holds; 0 is that the device goes away.
	TTL               uint16   `json:"ttl"`
	PortDescription   string   `json:"port_description,omitempty"`
	System            string   `json:"system_name,omitempty"`
	SystemDescription string   `json:"system_description,omitempty"`
	Addresses         []string `json:"management_addresses,omitempty"`
	// PVID is the VLAN of untagged frames on the port, VLANs those that it names.
	PVID  uint16   `json:"pvid,omitempty"`
	VLANs []uint16 `json:"vlans,omitempty"`
	// MaxFrame is the largest frame in bytes, with its header and checksum.
	MaxFrame uint16 `json:"max_frame_size,omitempty"`
	// Aggregated tells that the port is one of an aggregation.
	Aggregated bool `json:"aggregated,omitempty"`
}

// The types of what a frame holds (8.4 to 8.5 of IEEE 802.1AB-2016), and of what organisations add.
const (
	typeEnd, typeChassis, typePort, typeTTL = 0, 1, 2, 3
	typePortDescription, typeSystem         = 4, 5
	typeSystemDescription                   = 6
	typeManagement, typeOrganisation        = 8, 127
)

var errDamaged = errors.New("the frame is damaged")

// Parse reads what follows the Ethernet header. Chassis, port and time to live come first, in this order; what is not
// known is passed over.
func Parse(frame []byte) (*Neighbour, error) {
	out := &Neighbour{}
	for position := 0; ; position++ {
		if len(frame) < 2 {
			if position > typeTTL {
				// Some devices leave the end out.
				return out, nil
			}
			return nil, errDamaged
		}
		head := binary.BigEndian.Uint16(frame)
		kind, length := int(head>>9), int(head&0x1ff)
		if frame = frame[2:]; length > len(frame) {
			return nil, errDamaged
		}
		value := frame[:length]
		frame = frame[length:]
		if wanted := position + 1; position < typeTTL && kind != wanted {
			return nil, fmt.Errorf("%w: type %d comes where %d has to be", errDamaged, kind, wanted)
		}
		if kind == typeEnd {
			return out, nil
		}
		if err := out.take(kind, value); err != nil {
			return nil, err
		}
	}
}

func (n *Neighbour) take(kind int, value []byte) error {
	switch kind {
	case typeChassis, typePort:
		if len(value) < 2 {
			return errDamaged
		}
		// The subtypes differ by one between the two (8.5.2.2 and 8.5.3.2).
		mac, address := byte(4), byte(5)
		if kind == typePort {
			mac, address = 3, 4
		}
		text := identifier(value[0], value[1:], mac, address)
		if kind == typeChassis {
			n.Chassis = text
		} else {
			n.Port = text
		}
	case typeTTL:
		if len(value) < 2 {
			return errDamaged
		}
		n.TTL = binary.BigEndian.Uint16(value)
	case typePortDescription:
		n.PortDescription = printable(value)
	case typeSystem:
		n.System = printable(value)
	case typeSystemDescription:
		n.SystemDescription = printable(value)
	case typeManagement:
		if len(value) > 1 && int(value[0]) < len(value) && value[0] > 1 {
			n.Addresses = append(n.Addresses, networkAddress(value[1:1+int(value[0])]))
		}
	case typeOrganisation:
		n.takeOrganisation(value)
	}
	return nil
}

// takeOrganisation reads what IEEE 802.1 (00-80-c2) and 802.3 (00-12-0f) add.
func (n *Neighbour) takeOrganisation(value []byte) {
	if len(value) < 4 {
		return
	}
	rest := value[4:]
	switch [4]byte(value[:4]) {
	case [4]byte{0x00, 0x80, 0xc2, 1}:
		if len(rest) >= 2 {
			n.PVID = binary.BigEndian.Uint16(rest)
		}
	case [4]byte{0x00, 0x80, 0xc2, 3}:
		if len(rest) >= 2 {
			n.VLANs = append(n.VLANs, binary.BigEndian.Uint16(rest))
		}
	case [4]byte{0x00, 0x80, 0xc2, 7}, [4]byte{0x00, 0x12, 0x0f, 3}:
		n.Aggregated = len(rest) >= 1 && rest[0]&2 != 0
	case [4]byte{0x00, 0x12, 0x0f, 4}:
		if len(rest) >= 2 {
			n.MaxFrame = binary.BigEndian.Uint16(rest)
		}
	}
}

func identifier(subtype byte, value []byte, mac, address byte) string {
	switch {
	case subtype == mac && len(value) == 6:
		return net.HardwareAddr(value).String()
	case subtype == address:
		return networkAddress(value)
	}
	return printable(value)
}

// networkAddress is a family of IANA's address family numbers and an address.
func networkAddress(value []byte) string {
	const ipv4, ipv6 = 1, 2
	if len(value) > 1 && (value[0] == ipv4 || value[0] == ipv6) {
		if address, ok := netip.AddrFromSlice(value[1:]); ok {
			return address.String()
		}
	}
	if len(value) == 7 {
		return net.HardwareAddr(value[1:]).String()
	}
	return fmt.Sprintf("%x", value)
}

// printable is a text that others have sent, without what would do something to a terminal.
func printable(value []byte) string {
	text := strings.ToValidUTF8(strings.TrimRight(string(value), "\x00"), "\uFFFD")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}
