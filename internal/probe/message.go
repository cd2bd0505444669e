// Package probe is a client for a bridge's services: it gets a DHCP lease, asks for a name and sends a ping, to prove
// that containers can. It works with the addresses of one interface, in the network namespace of the calling thread.
package probe

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Types of DHCP messages and numbers of options, from RFC 2131 and RFC 2132.
const (
	discover = 1
	offer    = 2
	request  = 3
	ack      = 5
	nak      = 6
	release  = 7

	optionMask       = 1
	optionRouter     = 3
	optionDNS        = 6
	optionHostName   = 12
	optionDomain     = 15
	optionMTU        = 26
	optionRequested  = 50
	optionLeaseTime  = 51
	optionType       = 53
	optionServer     = 54
	optionParameters = 55
	optionRoutes     = 121
	optionEnd        = 255
)

// bootp is the fixed part of a message, up to and with the magic cookie.
const bootp = 240

var cookie = []byte{99, 130, 83, 99}

// message is a DHCP message of or for this client.
type message struct {
	reply         bool
	transaction   uint32
	hardware      net.HardwareAddr
	clientAddress netip.Addr // what the client has already
	yourAddress   netip.Addr
	options       map[byte][]byte
}

func (m message) encode() []byte {
	out := make([]byte, bootp)
	out[0], out[1], out[2] = 1, 1, 6 // BOOTREQUEST, Ethernet, six bytes
	binary.BigEndian.PutUint32(out[4:], m.transaction)
	if m.clientAddress.IsValid() {
		copy(out[12:], m.clientAddress.AsSlice())
	}
	copy(out[28:], m.hardware)
	copy(out[236:], cookie)
	numbers := []byte{}
	for number := range m.options {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		out = append(append(out, number, byte(len(m.options[number]))), m.options[number]...)
	}
	out = append(out, optionEnd)
	const shortest = 300 // RFC 1542, 2.1: some relays drop shorter ones
	for len(out) < shortest {
		out = append(out, 0)
	}
	return out
}

func decode(data []byte) (message, error) {
	if len(data) < bootp || !slices.Equal(data[236:bootp], cookie) {
		return message{}, fmt.Errorf("not a DHCP message: %d bytes", len(data))
	}
	m := message{
		reply: data[0] == 2, transaction: binary.BigEndian.Uint32(data[4:]),
		hardware: net.HardwareAddr(slices.Clone(data[28:34])), options: map[byte][]byte{},
	}
	m.yourAddress = netip.AddrFrom4([4]byte(data[16:20]))
	rest := data[bootp:]
	for len(rest) > 0 && rest[0] != optionEnd {
		if rest[0] == 0 { // padding
			rest = rest[1:]
			continue
		}
		if len(rest) < 2 || len(rest) < 2+int(rest[1]) {
			return m, fmt.Errorf("DHCP option %d is cut off", rest[0])
		}
		length := int(rest[1])
		// An option may come in parts (RFC 3396).
		m.options[rest[0]] = append(m.options[rest[0]], rest[2:2+length]...)
		rest = rest[2+length:]
	}
	return m, nil
}

func (m message) kind() byte {
	if value := m.options[optionType]; len(value) == 1 {
		return value[0]
	}
	return 0
}

func (m message) addresses(option byte) []netip.Addr {
	var out []netip.Addr
	for value := m.options[option]; len(value) >= 4; value = value[4:] {
		out = append(out, netip.AddrFrom4([4]byte(value[:4])))
	}
	return out
}

func (m message) address(option byte) netip.Addr {
	if all := m.addresses(option); len(all) > 0 {
		return all[0]
	}
	return netip.Addr{}
}

func (m message) number(option byte) uint32 {
	var number uint32
	for _, b := range m.options[option] {
		number = number<<8 | uint32(b)
	}
	return number
}

// prefixLength counts the ones of the subnet mask.
func (m message) prefixLength() int {
	bits, _ := net.IPMask(m.options[optionMask]).Size()
	return bits
}
