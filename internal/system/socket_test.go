package system

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// TestListeners: both ways of asking find each socket that waits on the port, no other one, and who has it open.
func TestListeners(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "::1", "::"} {
		stream, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			if host[0] == ':' {
				continue // a kernel without IPv6
			}
			t.Fatal(err)
		}
		defer func() { _ = stream.Close() }()
		connection, err := net.Dial("tcp", stream.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = connection.Close() }()
		datagram, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = datagram.Close() }()
		for protocol, address := range map[string]net.Addr{"tcp": stream.Addr(), "udp": datagram.LocalAddr()} {
			want := netip.MustParseAddrPort(address.String())
			found, err := Listeners(want.Port())
			if err != nil {
				t.Fatal(err)
			}
			found = slices.DeleteFunc(found, func(l Listener) bool { return l.Protocol != protocol })
			if len(found) != 1 || found[0].Address != want {
				t.Errorf("%s %s: found %v", protocol, want, found)
			}
			if !(Process{PID: os.Getpid()}).Holds(found) {
				t.Errorf("%s %s: it is not ours: %v", protocol, want, found)
			}
			var read []Listener
			for _, one := range transports {
				for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
					listed, err := listed(one, family, want.Port())
					if err != nil {
						t.Fatal(err)
					}
					read = append(read, listed...)
				}
			}
			read = slices.DeleteFunc(read, func(l Listener) bool { return l.Protocol != protocol })
			if !slices.Equal(found, read) {
				t.Errorf("%s %s: the kernel tells %v, /proc/net %v", protocol, want, found, read)
			}
		}
	}
}
