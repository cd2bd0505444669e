package probe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Messages of neighbour discovery (RFC 4861, 4.1, 4.3 and 4.4).
const (
	routerSolicitation     = 133
	neighbourSolicitation  = 135
	neighbourAdvertisement = 136
	// neighbourTarget is where the address stands that they are about.
	neighbourTarget = 8
	// sourceLinkLayer is the option with the asker's own link-layer address; its length counts in units of 8 bytes.
	sourceLinkLayer = 1
	// hopLimit proves to the other side that no router has passed the message on.
	hopLimit = 255
)

// AnswersIPv6 asks on an interface who has the IPv6 address, and tells whether anybody answers in time. The interface
// needs an IPv6 address of its own, which the answer goes to.
func AnswersIPv6(index int, hardware net.HardwareAddr, address netip.Addr, wait time.Duration) (bool, error) {
	socket, err := discoverySocket(index)
	if err != nil {
		return false, err
	}
	defer func() { _ = unix.Close(socket) }()
	question := make([]byte, neighbourTarget, neighbourTarget+24)
	question[0] = neighbourSolicitation
	question = append(question, address.AsSlice()...)
	question = append(append(question, sourceLinkLayer, 1), hardware...)
	// Everybody whose address ends so listens there (RFC 4291, 2.7.1).
	to := &unix.SockaddrInet6{ZoneId: uint32(index), Addr: [16]byte{0: 0xff, 1: 2, 11: 1, 12: 0xff}}
	own := address.As16()
	copy(to.Addr[13:], own[13:])
	err = unix.Sendto(socket, question, 0, to)
	if errors.Is(err, unix.EADDRNOTAVAIL) {
		return false, nil // its own address is still on probation
	}
	if err != nil {
		return false, fmt.Errorf("cannot send: %w", err)
	}
	return hears(socket, wait, func(message []byte) bool {
		return len(message) >= neighbourTarget+16 && message[0] == neighbourAdvertisement &&
			[16]byte(message[neighbourTarget:]) == own
	})
}

// SolicitRouters asks the routers of an interface's link for their advertisements, which the kernel listens to.
func SolicitRouters(index int, hardware net.HardwareAddr) error {
	socket, err := discoverySocket(index)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(socket) }()
	question := append([]byte{routerSolicitation, 7: 0}, append([]byte{sourceLinkLayer, 1}, hardware...)...)
	routers := &unix.SockaddrInet6{ZoneId: uint32(index), Addr: [16]byte{0: 0xff, 1: 2, 15: 2}}
	err = unix.Sendto(socket, question, 0, routers)
	if err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) { // its own address is still on probation: the kernel asks later
		return fmt.Errorf("cannot ask for routers: %w", err)
	}
	return nil
}

// discoverySocket sends and hears neighbour discovery on an interface.
func discoverySocket(index int) (int, error) {
	socket, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMPV6)
	if err != nil {
		return -1, fmt.Errorf("cannot open a raw socket: %w", err)
	}
	for option, value := range map[int]int{unix.IPV6_MULTICAST_HOPS: hopLimit, unix.IPV6_MULTICAST_IF: index} {
		if err := unix.SetsockoptInt(socket, unix.IPPROTO_IPV6, option, value); err != nil {
			_ = unix.Close(socket)
			return -1, fmt.Errorf("cannot use the interface with number %d: %w", index, err)
		}
	}
	return socket, nil
}
