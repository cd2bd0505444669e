package path

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// wrapped is a segment in an IPv4 or IPv6 packet.
func wrapped(m *marked, source netip.Addr, protocol byte) []byte {
	segment := m.segment(source, protocol)
	if source.Is4() {
		header := make([]byte, 20)
		header[0], header[9] = 0x45, protocol
		copy(header[12:], source.AsSlice())
		copy(header[16:], m.destination.AsSlice())
		return append(header, segment...)
	}
	header := make([]byte, 40)
	header[0], header[6] = 0x60, protocol
	copy(header[8:], source.AsSlice())
	copy(header[24:], m.destination.AsSlice())
	return append(header, segment...)
}

func marking(t testing.TB, protocol string, to string) *marked {
	t.Helper()
	question := Question{Protocol: protocol}
	if protocol != "icmp" {
		question.Port = 443
	}
	m, err := mark(question, netip.MustParseAddr(to))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRecognise: a packet is known by its own mark alone, also inside of another packet.
func TestRecognise(t *testing.T) {
	for _, protocol := range []string{"icmp", "udp", "tcp"} {
		for _, ends := range [][2]string{{"192.0.2.1", "192.0.2.2"}, {"fd00::1", "fd00::2"}} {
			one, other := marking(t, protocol, ends[1]), marking(t, protocol, ends[1])
			number := map[string]byte{"icmp": unix.IPPROTO_ICMP, "udp": unix.IPPROTO_UDP, "tcp": unix.IPPROTO_TCP}[protocol]
			if protocol == "icmp" && ends[0][0] == 'f' {
				number = unix.IPPROTO_ICMPV6
			}
			packet := wrapped(one, netip.MustParseAddr(ends[0]), number)
			seen := one.recognise(packet)
			if seen == nil || seen.What != request || seen.Source != ends[0] || seen.Destination != ends[1] || seen.Tunnelled {
				t.Errorf("%s from %s: %+v", protocol, ends[0], seen)
			}
			if seen := other.recognise(packet); seen != nil {
				t.Errorf("%s from %s is taken for another: %+v", protocol, ends[0], seen)
			}
			outer := append([]byte{0x45, 0, 0, 0, 0, 0, 0, 0, 0, unix.IPPROTO_UDP, 0, 0, 198, 51, 100, 1, 198, 51, 100, 2},
				make([]byte, 8+8+14)...)
			if seen := one.recognise(append(outer, packet...)); seen == nil || !seen.Tunnelled || seen.Source != "198.51.100.1" {
				t.Errorf("%s from %s in a tunnel: %+v", protocol, ends[0], seen)
			}
		}
	}
}

// TestChecksum: what is sent has the checksum that a receiver asks for: summed up with it, a segment gives nothing.
func TestChecksum(t *testing.T) {
	source := netip.MustParseAddr("192.0.2.1")
	for protocol, number := range map[string]byte{"udp": unix.IPPROTO_UDP, "tcp": unix.IPPROTO_TCP} {
		m := marking(t, protocol, "192.0.2.2")
		segment := m.segment(source, number)
		if sum := checksum(pseudo(source, m.destination, number, len(segment)), segment); sum != 0 {
			t.Errorf("%s: %#04x is left", protocol, sum)
		}
	}
	if sum := checksum(marking(t, "icmp", "192.0.2.2").segment(source, unix.IPPROTO_ICMP)); sum != 0 {
		t.Errorf("icmp: %#04x is left", sum)
	}
}

// FuzzRecognise: whatever is on a wire, it is looked at without a fault.
func FuzzRecognise(f *testing.F) {
	for _, protocol := range []string{"icmp", "udp", "tcp"} {
		m := marking(f, protocol, "192.0.2.2")
		packet := wrapped(m, netip.MustParseAddr("192.0.2.1"), map[string]byte{"icmp": 1, "udp": 17, "tcp": 6}[protocol])
		f.Add(packet, protocol)
		f.Add(append([]byte{0x45, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 3, 1, 0, 0, 0, 0, 0, 0},
			packet...), protocol)
	}
	f.Add([]byte{0x4f}, "icmp")
	f.Add([]byte{0x60, 0}, "tcp")
	f.Fuzz(func(t *testing.T, packet []byte, protocol string) {
		m := &marked{question: Question{Protocol: protocol, Port: 443}, destination: netip.MustParseAddr("192.0.2.2"),
			token: []byte("hostnet:0123456789abcdef"), sequence: 7, source: 50000}
		if seen := m.recognise(packet); seen != nil && seen.What == "" {
			t.Errorf("%x: %+v", packet, seen)
		}
	})
}
