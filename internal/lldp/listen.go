package lldp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel/linux"
)

// group is the nearest bridge's address, which no bridge passes on (table 7-1 of IEEE 802.1AB-2016).
var group = [6]byte{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e}

// Listen hears the devices at the other end of links, by the links' indexes, in a namespace whose file is path ("" for
// that of the caller). It ends after the time, or when every link has been heard of. Devices mostly speak every 30
// seconds.
func Listen(path string, links []int, wait time.Duration) (map[int]*Neighbour, error) {
	socket := -1
	open := func() (err error) {
		socket, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(swapped(unix.ETH_P_LLDP)))
		return err
	}
	var err error
	if path == "" {
		err = open()
	} else {
		err = linux.Inside(path, open)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen for LLDP: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	wanted := map[int]bool{}
	for _, index := range links {
		// The card lets frames to the group through as long as the socket is open. What is not there any more is not heard.
		request := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_MULTICAST, Alen: uint16(len(group))}
		copy(request.Address[:], group[:])
		if err := unix.SetsockoptPacketMreq(socket, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &request); err == nil {
			wanted[index] = true
		}
	}
	return hear(socket, wanted, wait)
}

// swapped is a number in the order of the network.
func swapped(number uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, number))
}

func hear(socket int, wanted map[int]bool, wait time.Duration) (map[int]*Neighbour, error) {
	found := map[int]*Neighbour{}
	buffer := make([]byte, 9216)
	for deadline := time.Now().Add(wait); len(found) < len(wanted); {
		left := time.Until(deadline)
		if left <= 0 {
			break
		}
		polled := []unix.PollFd{{Fd: int32(socket), Events: unix.POLLIN}}
		ready, err := unix.Poll(polled, int(left/time.Millisecond)+1)
		if errors.Is(err, unix.EINTR) || err == nil && ready == 0 {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot listen for LLDP: %w", err)
		}
		n, from, err := unix.Recvfrom(socket, buffer, unix.MSG_DONTWAIT)
		link, isLink := from.(*unix.SockaddrLinklayer)
		if err != nil || !isLink || !wanted[link.Ifindex] || link.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		one, err := Parse(buffer[:n])
		switch {
		case err != nil:
		case one.TTL == 0:
			delete(found, link.Ifindex)
		default:
			found[link.Ifindex] = one
		}
	}
	return found, nil
}
