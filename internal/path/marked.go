package path

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// marked is a packet that is known wherever it is seen: by a text in it, or for TCP, whose first segment has none, by
// its sequence number.
type marked struct {
	question    Question
	destination netip.Addr
	token       []byte
	sequence    uint32
	source      uint16
}

func mark(question Question, destination netip.Addr) (*marked, error) {
	random := make([]byte, 22)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	if !destination.IsValid() {
		return nil, fmt.Errorf("there is no address to send to")
	}
	if question.Protocol != "icmp" && question.Port == 0 {
		return nil, fmt.Errorf("--prove needs the --port of %s", question.Protocol)
	}
	const privatePorts = 49152 // RFC 6335, 6
	return &marked{
		question: question, destination: destination.Unmap(), token: append([]byte("hostnet:"), random[:16]...),
		sequence: binary.BigEndian.Uint32(random[16:]), source: privatePorts + binary.BigEndian.Uint16(random[20:])%16384,
	}, nil
}

// send hands the packet to the kernel, which routes it and has it pass the firewall like any other.
func (m *marked) send() error {
	family, protocol := unix.AF_INET,
		map[string]int{"icmp": unix.IPPROTO_ICMP, "udp": unix.IPPROTO_UDP, "tcp": unix.IPPROTO_TCP}[m.question.Protocol]
	if m.destination.Is6() {
		family = unix.AF_INET6
		if protocol == unix.IPPROTO_ICMP {
			protocol = unix.IPPROTO_ICMPV6
		}
	}
	source, err := m.chosenSource(family)
	if err != nil {
		return err
	}
	socket, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return fmt.Errorf("cannot open a raw socket: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	if m.question.Size > 0 {
		// A packet of a certain size may not be fragmented.
		if family == unix.AF_INET {
			err = unix.SetsockoptInt(socket, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE)
		} else {
			err = unix.SetsockoptInt(socket, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE)
		}
		if err != nil {
			return err
		}
	}
	return unix.Sendto(socket, m.segment(source, byte(protocol)), 0, address(m.destination))
}

// chosenSource is the address that the kernel gives to what is sent there.
func (m *marked) chosenSource(family int) (netip.Addr, error) {
	socket, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = unix.Close(socket) }()
	if err := unix.Connect(socket, address(m.destination)); err != nil {
		return netip.Addr{}, err
	}
	own, err := unix.Getsockname(socket)
	if err != nil {
		return netip.Addr{}, err
	}
	switch own := own.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(own.Addr), nil
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(own.Addr), nil
	}
	return netip.Addr{}, fmt.Errorf("the kernel tells no source address")
}

// address is where to, as system calls take it; connecting a datagram socket needs some port (here discard, RFC 863).
func address(to netip.Addr) unix.Sockaddr {
	if to.Is4() {
		return &unix.SockaddrInet4{Addr: to.As4(), Port: 0}
	}
	return &unix.SockaddrInet6{Addr: to.As16(), Port: 0}
}

// segment is what follows the IP header.
func (m *marked) segment(source netip.Addr, protocol byte) []byte {
	text := m.token
	header, place := []byte{}, 0 // of the checksum
	switch protocol {
	case unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		kind := byte(8) // echo request (RFC 792)
		if protocol == unix.IPPROTO_ICMPV6 {
			kind = 128 // RFC 4443
		}
		header = binary.BigEndian.AppendUint16([]byte{kind, 0, 0, 0}, m.source)
		header, place = append(header, 0, 1), 2
	case unix.IPPROTO_UDP:
		header = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, m.source), m.question.Port)
		header, place = append(header, 0, 0, 0, 0), 6
	case unix.IPPROTO_TCP:
		header = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, m.source), m.question.Port)
		header = append(binary.BigEndian.AppendUint32(header, m.sequence), 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0)
		text, place = nil, 16
	}
	out := slices.Concat(header, text)
	outer := 20
	if m.destination.Is6() {
		outer = 40
	}
	if missing := int(m.question.Size) - outer - len(out); missing > 0 && protocol != unix.IPPROTO_TCP {
		out = append(out, make([]byte, missing)...)
	}
	if protocol == unix.IPPROTO_UDP {
		binary.BigEndian.PutUint16(out[4:], uint16(len(out)))
	}
	sum := checksum(pseudo(source, m.destination, protocol, len(out)), out)
	if protocol == unix.IPPROTO_ICMP {
		sum = checksum(out)
	}
	if sum == 0 && protocol == unix.IPPROTO_UDP {
		sum = 0xffff // 0 is "no checksum" (RFC 768)
	}
	binary.BigEndian.PutUint16(out[place:], sum)
	return out
}

// pseudo is the header that checksums count in (RFC 9293, 3.1; RFC 8200, 8.1).
func pseudo(source, destination netip.Addr, protocol byte, length int) []byte {
	out := append(source.AsSlice(), destination.AsSlice()...)
	return append(binary.BigEndian.AppendUint32(out, uint32(length)), 0, 0, 0, protocol)
}

// checksum is the Internet's (RFC 1071).
func checksum(parts ...[]byte) uint16 {
	sum := uint32(0)
	for _, part := range parts {
		for i := 0; i < len(part); i += 2 {
			word := uint32(part[i]) << 8
			if i+1 < len(part) {
				word |= uint32(part[i+1])
			}
			sum += word
		}
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// recognise is what a packet on a link is to us; nil is nothing.
func (m *marked) recognise(packet []byte) *Sighting {
	ip, isIP := readHeaders(packet)
	inside := bytes.Contains(packet, m.token) || bytes.Contains(packet, m.opening())
	if !isIP {
		if inside {
			return &Sighting{What: request, Tunnelled: true}
		}
		return nil
	}
	seen := &Sighting{What: request, Source: ip.source.String(), Destination: ip.destination.String()}
	ours := false
	switch ip.protocol {
	case unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		ours = len(ip.payload) >= 8 && (inside || m.quoted(ip.payload))
		if ours {
			seen.tellICMP(ip)
		}
	case unix.IPPROTO_TCP:
		ours = m.question.Protocol == "tcp" && len(ip.payload) >= 20 && m.isSegment(ip.payload, seen)
	case unix.IPPROTO_UDP:
		ours = m.question.Protocol == "udp" && len(ip.payload) >= 8 && bytes.HasPrefix(ip.payload[8:], m.token)
	}
	switch {
	case ours:
		return seen
	case inside:
		seen.Tunnelled = true
		return seen
	}
	return nil
}

// tellICMP notes whether a message that has to do with us is the request, the reply, or an error about it.
func (s *Sighting) tellICMP(ip headers) {
	switch kind := ip.payload[0]; {
	case kind == 0 || kind == 129 && ip.protocol == unix.IPPROTO_ICMPV6:
		s.What = reply
	case kind != 8 && kind != 128:
		s.What, s.Text = failure, errorText(ip.protocol, kind, ip.payload[1])
	}
}

// isSegment tells whether a segment of TCP is ours, or the answer to it.
func (m *marked) isSegment(segment []byte, seen *Sighting) bool {
	const acknowledges, resets = 0x10, 0x04 // RFC 9293, 3.1
	flags := segment[13]
	switch {
	case bytes.HasPrefix(segment[4:], m.opening()):
		return true
	case binary.BigEndian.Uint32(segment[8:]) != m.sequence+1 || flags&acknowledges == 0:
		return false
	}
	seen.What = reply
	if flags&resets != 0 {
		seen.Text = "refused: nothing listens on the port, or a firewall rejects it"
	}
	return true
}

// opening is what only our first segment of TCP has: sequence, no acknowledgement, length of the header, SYN.
func (m *marked) opening() []byte {
	return append(binary.BigEndian.AppendUint32(nil, m.sequence), 0, 0, 0, 0, 0x50, 0x02)
}

// quoted tells whether an error is about our segment of TCP or UDP, of which it may have the first 8 bytes alone (RFC
// 792).
func (m *marked) quoted(payload []byte) bool {
	if len(payload) < 8 {
		return false
	}
	inner, isIP := readHeaders(payload[8:])
	if !isIP || len(inner.payload) < 8 {
		return false
	}
	switch m.question.Protocol {
	case "tcp":
		return inner.protocol == unix.IPPROTO_TCP && binary.BigEndian.Uint32(inner.payload[4:]) == m.sequence
	case "udp":
		return inner.protocol == unix.IPPROTO_UDP && binary.BigEndian.Uint16(inner.payload) == m.source &&
			binary.BigEndian.Uint16(inner.payload[2:]) == m.question.Port
	}
	return false
}

// errorText is what an error of ICMP means (RFC 792, RFC 1812, RFC 4443).
func errorText(protocol, kind, code byte) string {
	key := [3]byte{4, kind, code}
	if protocol == unix.IPPROTO_ICMPV6 {
		key[0] = 6
	}
	if text, known := map[[3]byte]string{
		{4, 3, 0}: "the network cannot be reached", {4, 3, 1}: "the host does not answer to ARP",
		{4, 3, 2}: "the protocol is not spoken",
		{4, 3, 3}: "the port is closed", {4, 3, 4}: "the packet is too large, and may not be fragmented",
		{4, 3, 9}:  "the network is prohibited",
		{4, 3, 10}: "the host is prohibited", {4, 3, 13}: "a firewall rejects it",
		{4, 11, 0}: "it went in circles: its time to live is used up",
		{6, 1, 0}:  "there is no route", {6, 1, 1}: "a firewall rejects it",
		{6, 1, 3}: "the host does not answer to neighbour solicitation",
		{6, 1, 4}: "the port is closed", {6, 2, 0}: "the packet is too large",
		{6, 3, 0}: "it went in circles: its hop limit is used up",
	}[key]; known {
		return text
	}
	return fmt.Sprintf("ICMP type %d, code %d", kind, code)
}
