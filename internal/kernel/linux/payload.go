package linux

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// appendAttribute adds one netlink attribute to a message, aligned as the kernel wants it.
func appendAttribute(message []byte, typ uint16, data []byte) []byte {
	message = binary.NativeEndian.AppendUint16(message, uint16(unix.SizeofRtAttr+len(data)))
	message = binary.NativeEndian.AppendUint16(message, typ)
	message = append(message, data...)
	for len(message)%unix.RTA_ALIGNTO != 0 {
		message = append(message, 0)
	}
	return message
}

func appendNumber(message []byte, typ uint16, number uint32) []byte {
	return appendAttribute(message, typ, binary.NativeEndian.AppendUint32(nil, number))
}

// appendAll adds attributes that travel unread.
func appendAll(message []byte, attributes kernel.Attributes) []byte {
	for _, attribute := range attributes {
		message = appendAttribute(message, attribute.Type, attribute.Data)
	}
	return message
}

// addressOf is the zero Addr for data that is no address.
func addressOf(data []byte) netip.Addr {
	address, _ := netip.AddrFromSlice(data)
	return address
}

// prefixOf is the network of a length; without an address it is the whole of the family.
func prefixOf(family uint8, address netip.Addr, length uint8) netip.Prefix {
	if !address.IsValid() {
		address = netip.IPv4Unspecified()
		if family == unix.AF_INET6 {
			address = netip.IPv6Unspecified()
		}
	}
	return netip.PrefixFrom(address, int(length))
}

func familyOf(address netip.Addr) uint8 {
	if address.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// knowLinks sees to it that the links of these numbers have names. One list of all links is cheaper than a question
// for each. A link that came or went in the meantime stays unknown.
func (h *Handle) knowLinks(indexes map[int]bool) error {
	for index := range indexes {
		if h.nameOf(index) == "" {
			_, err := h.Links()
			return err
		}
	}
	return nil
}
