package probe

import (
	"encoding/binary"
	"net"
	"net/netip"
)

// Lengths of the headers and the ports of DHCP.
const (
	ipHeader   = 20
	udpHeader  = 8
	clientPort = 68
	serverPort = 67
	protoUDP   = 17
)

// packet puts a payload into UDP and IPv4. A client without an address cannot leave that to the kernel.
func packet(from, to netip.Addr, payload []byte) []byte {
	out := make([]byte, ipHeader+udpHeader, ipHeader+udpHeader+len(payload))
	out[0], out[8], out[9] = 0x45, 64, protoUDP
	binary.BigEndian.PutUint16(out[2:], uint16(ipHeader+udpHeader+len(payload)))
	copy(out[12:], from.AsSlice())
	copy(out[16:], to.AsSlice())
	binary.BigEndian.PutUint16(out[10:], ^sum(out[:ipHeader], 0))
	udp := out[ipHeader:]
	binary.BigEndian.PutUint16(udp, clientPort)
	binary.BigEndian.PutUint16(udp[2:], serverPort)
	binary.BigEndian.PutUint16(udp[4:], uint16(udpHeader+len(payload)))
	out = append(out, payload...)
	checksum := ^udpSum(out)
	if checksum == 0 {
		checksum = 0xffff // zero means "none" (RFC 768)
	}
	binary.BigEndian.PutUint16(out[ipHeader+6:], checksum)
	return out
}

// unpack is the payload of a datagram from a DHCP server to a client, and whether its checksum is right as it arrived.
// A checksum that was left to the network card is wrong for whoever reads packets raw, as old DHCP clients do.
func unpack(data []byte) (payload []byte, sound, ok bool) {
	if len(data) < ipHeader || data[0]>>4 != 4 || data[9] != protoUDP {
		return nil, false, false
	}
	header, total := int(data[0]&15)*4, int(binary.BigEndian.Uint16(data[2:]))
	if header < ipHeader || total < header+udpHeader || total > len(data) {
		return nil, false, false
	}
	udp := data[header:total]
	length := int(binary.BigEndian.Uint16(udp[4:]))
	if binary.BigEndian.Uint16(udp[2:]) != clientPort || length < udpHeader || length > len(udp) {
		return nil, false, false
	}
	sound = binary.BigEndian.Uint16(udp[6:]) == 0 || udpSum(data[:total]) == 0xffff
	return udp[udpHeader:length], sound, true
}

// udpSum sums an IPv4 packet's datagram and its pseudo header (RFC 768).
func udpSum(data []byte) uint16 {
	header := int(data[0]&15) * 4
	var pseudo [12]byte
	copy(pseudo[:8], data[12:20])
	pseudo[9] = protoUDP
	binary.BigEndian.PutUint16(pseudo[10:], uint16(len(data)-header))
	return sum(data[header:], uint32(sum(pseudo[:], 0)))
}

// sum is the ones' complement sum of 16-bit words (RFC 1071).
func sum(data []byte, start uint32) uint16 {
	total := start
	for ; len(data) >= 2; data = data[2:] {
		total += uint32(binary.BigEndian.Uint16(data))
	}
	if len(data) == 1 {
		total += uint32(data[0]) << 8
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return uint16(total)
}

var everybody = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
