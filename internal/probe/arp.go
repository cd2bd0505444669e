package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Lengths in a message of ARP for IPv4 over Ethernet (RFC 826).
const (
	arpMessage   = 28
	arpOperation = 6
	arpSender    = 14
	arpRequest   = 1
	arpReply     = 2
)

// Answers asks on an interface who has the address, and tells whether anybody answers in time. The question names no
// address of its own, so it needs none and teaches nobody anything (RFC 5227).
func Answers(index int, hardware net.HardwareAddr, address netip.Addr, wait time.Duration) (bool, error) {
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(networkOrder(unix.ETH_P_ARP)))
	if err != nil {
		return false, fmt.Errorf("cannot open a raw socket: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	if err := unix.Bind(socket, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ARP),
		Ifindex: index}); err != nil {
		return false, fmt.Errorf("cannot use the interface with number %d: %w", index, err)
	}
	to := &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ARP), Ifindex: index, Halen: uint8(len(everybody))}
	copy(to.Addr[:], everybody)
	if err := unix.Sendto(socket, question(hardware, address), 0, to); err != nil {
		return false, fmt.Errorf("cannot send: %w", err)
	}
	return hears(socket, wait, func(message []byte) bool {
		return len(message) >= arpMessage && binary.BigEndian.Uint16(message[arpOperation:]) == arpReply &&
			slices.Equal(message[arpSender:arpSender+4], address.AsSlice())
	})
}

// hears waits for a message that is the answer.
func hears(socket int, wait time.Duration, isAnswer func(message []byte) bool) (bool, error) {
	buffer := make([]byte, 1500)
	for deadline := time.Now().Add(wait); ; {
		left := time.Until(deadline)
		if left <= 0 {
			return false, nil
		}
		timeout := unix.NsecToTimeval(int64(left))
		if err := unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
			return false, fmt.Errorf("cannot set a timeout: %w", err)
		}
		n, _, err := unix.Recvfrom(socket, buffer, 0)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		case err != nil:
			return false, fmt.Errorf("cannot receive: %w", err)
		case isAnswer(buffer[:n]):
			return true, nil
		}
	}
}

func question(hardware net.HardwareAddr, address netip.Addr) []byte {
	out := []byte{0, 1, 8, 0, 6, 4, 0, arpRequest} // Ethernet, IPv4, and the lengths of their addresses
	out = append(out, hardware...)
	out = append(out, 0, 0, 0, 0)
	out = append(out, make([]byte, 6)...)
	return append(out, address.AsSlice()...)
}
