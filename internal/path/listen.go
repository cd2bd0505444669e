package path

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/topology"
)

// listener hears every packet on every link of one namespace, at the links' own headers: the kernel strips these
// (SOCK_DGRAM in packet(7)).
type listener struct {
	at     place
	socket int
	names  map[int]string
}

// receiveBuffer is what a listener may fall behind, in bytes: a busy link needs it.
const receiveBuffer = 8 << 20

// listen opens a listener in each namespace. Those that were opened are returned with an error, too.
func listen(hosts []*topology.Host) ([]*listener, error) {
	var out []*listener
	for _, host := range hosts {
		for _, ns := range host.Namespaces {
			if ns.Stopped {
				continue
			}
			one := &listener{at: place{host, ns}, socket: -1, names: map[int]string{}}
			for _, link := range ns.Links {
				one.names[link.Index] = link.Name
			}
			err := within(ns, func() (err error) {
				one.socket, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC,
					int(swapped(unix.ETH_P_ALL)))
				return err
			})
			if err != nil {
				return out, fmt.Errorf("cannot listen in %s: %w", one.at.name(), err)
			}
			out = append(out, one)
			// Without the right to go beyond the host's limit, the limit it is.
			_ = unix.SetsockoptInt(one.socket, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer)
			if err := unix.SetsockoptInt(one.socket, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
				return out, fmt.Errorf("cannot have packets stamped in %s: %w", one.at.name(), err)
			}
		}
	}
	return out, nil
}

// swapped is a number in the order of the network.
func swapped(number uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, number))
}

// within runs f in a namespace.
func within(ns *topology.Namespace, f func() error) error {
	if ns.Path() == "" {
		return f()
	}
	return linux.Inside(ns.Path(), f)
}

func closeAll(listeners []*listener) {
	for _, one := range listeners {
		_ = unix.Close(one.socket)
	}
}

// missed are the packets that the kernel had no room for.
func (l *listener) missed() uint64 {
	statistics, err := unix.GetsockoptTpacketStats(l.socket, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0
	}
	return uint64(statistics.Drops)
}

// next waits for a packet with the mark on any link; nil is none in that time.
func next(listeners []*listener, marked *marked, wait time.Duration) (*Sighting, error) {
	polled := make([]unix.PollFd, len(listeners))
	for i, one := range listeners {
		polled[i] = unix.PollFd{Fd: int32(one.socket), Events: unix.POLLIN}
	}
	buffer := make([]byte, 2048)
	for deadline := time.Now().Add(wait); ; {
		left := time.Until(deadline)
		if left <= 0 {
			return nil, nil
		}
		if _, err := unix.Poll(polled, int(left/time.Millisecond)+1); err != nil && !errors.Is(err, unix.EINTR) {
			return nil, fmt.Errorf("cannot wait for packets: %w", err)
		}
		for i, one := range listeners {
			if polled[i].Revents == 0 {
				continue
			}
			if seen := one.read(buffer, marked); seen != nil {
				return seen, nil
			}
		}
	}
}

// read is the next packet, if it has the mark.
func (l *listener) read(buffer []byte, marked *marked) *Sighting {
	control := make([]byte, 64)
	n, stamped, _, from, err := unix.Recvmsg(l.socket, buffer, control, 0)
	link, isLink := from.(*unix.SockaddrLinklayer)
	if err != nil || !isLink {
		return nil
	}
	seen := marked.recognise(buffer[:n])
	if seen == nil {
		return nil
	}
	seen.Where, seen.Link, seen.Direction = l.at.name(), l.names[link.Ifindex], "in"
	if link.Pkttype == unix.PACKET_OUTGOING {
		seen.Direction = "out"
	}
	seen.at = stamp(control[:stamped])
	return seen
}

// stamp is when the kernel saw the packet: what is read of different sockets comes in any order.
func stamp(control []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(control)
	if err == nil {
		for _, message := range messages {
			if message.Header.Level == unix.SOL_SOCKET && message.Header.Type == unix.SCM_TIMESTAMPNS &&
				len(message.Data) >= 16 {
				return time.Unix(int64(binary.NativeEndian.Uint64(message.Data)),
					int64(binary.NativeEndian.Uint64(message.Data[8:])))
			}
		}
	}
	return time.Now()
}

// headers are what is read of an IP packet.
type headers struct {
	source, destination netip.Addr
	protocol            byte
	payload             []byte
}

// readHeaders takes IPv4 and IPv6 without extensions; false is neither.
func readHeaders(packet []byte) (headers, bool) {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		length := int(packet[0]&15) * 4
		if length < 20 || length > len(packet) {
			return headers{}, false
		}
		source, _ := netip.AddrFromSlice(packet[12:16])
		destination, _ := netip.AddrFromSlice(packet[16:20])
		return headers{source, destination, packet[9], packet[length:]}, true
	case len(packet) >= 40 && packet[0]>>4 == 6:
		source, _ := netip.AddrFromSlice(packet[8:24])
		destination, _ := netip.AddrFromSlice(packet[24:40])
		return headers{source, destination, packet[6], packet[40:]}, true
	}
	return headers{}, false
}
