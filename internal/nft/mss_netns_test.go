//go:build netns

package nft

import (
	"fmt"
	"net/netip"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestSegmentsAreClamped: the way out takes less than the bridge, and neither end of a connection knows it.
func TestSegmentsAreClamped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.host.IP(t, "link", "set", "wan", "mtu", "1300")
	// With timestamps a segment is smaller than what the ends agree on.
	s.inside.Exec(t, "sh", "-c", "echo 0 >/proc/sys/net/ipv4/tcp_timestamps")
	for _, c := range []struct {
		clamp, want4, want6 string
	}{
		{"", "asked for 1460, told 1460", "asked for 1440, told 1440"},
		{"pmtu", "asked for 1260, told 1260", "asked for 1240, told 1240"},
		{"1000", "asked for 1000, told 1000", "asked for 1000, told 1000"},
		{"65000", "asked for 1460, told 1460", "asked for 1440, told 1440"},
	} {
		arguments := map[string]any{"nat6": true}
		if c.clamp != "" {
			arguments["mss_clamp"] = c.clamp
		}
		s.apply(t, lxcbr0(t, arguments))
		for server, want := range map[string]string{"192.0.2.99:7": c.want4, "[2001:db8::99]:7": c.want6} {
			if got := s.segments(t, netip.MustParseAddrPort(server)); got != want {
				t.Errorf("mss_clamp %q, to %s: %s, want %s", c.clamp, server, got, want)
			}
		}
	}
}

// segments tells what the outside was asked for by the container's SYN, and the container was told in the answer.
func (s *site) segments(t *testing.T, target netip.AddrPort) string {
	t.Helper()
	var listener, client int
	s.outside.Do(t, func() { listener = listenOn(t, target) })
	defer func() { _ = unix.Close(listener) }()
	if err := unix.SetsockoptInt(listener, unix.IPPROTO_TCP, unix.TCP_SAVE_SYN, 1); err != nil {
		t.Fatal(err)
	}
	s.inside.Do(t, func() {
		fd, remote, err := socketFor(target)
		if err == nil {
			err = unix.Connect(fd, remote)
		}
		if err != nil {
			t.Fatal(err)
		}
		client = fd
	})
	defer func() { _ = unix.Close(client) }()
	server, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(server) }()
	told, err := unix.GetsockoptInt(client, unix.IPPROTO_TCP, unix.TCP_MAXSEG)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("asked for %d, told %d", segmentOf(t, savedSYN(t, server)), told)
}

// savedSYN is the TCP header of the SYN as it came in.
func savedSYN(t *testing.T, server int) []byte {
	t.Helper()
	packet := make([]byte, 256)
	size := uint32(len(packet))
	_, _, problem := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(server), unix.IPPROTO_TCP, unix.TCP_SAVED_SYN,
		uintptr(unsafe.Pointer(&packet[0])), uintptr(unsafe.Pointer(&size)), 0)
	if problem != 0 {
		t.Fatal(problem)
	}
	const header6 = 40
	header := header6
	if packet[0]>>4 == 4 {
		header = int(packet[0]&0xf) * 4
	}
	return packet[header:size]
}

// segmentOf finds the option for the largest segment (RFC 9293, 3.2) in a TCP header.
func segmentOf(t *testing.T, header []byte) int {
	t.Helper()
	const fixed, none, mss = 20, 1, 2
	for options := header[fixed:]; len(options) > 3; {
		switch options[0] {
		case none:
			options = options[1:]
		case mss:
			return int(options[2])<<8 | int(options[3])
		default:
			options = options[options[1]:]
		}
	}
	t.Fatalf("no segment size in % x", header)
	return 0
}
