package system

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sizes and places of what sock_diag(7) takes and gives: struct inet_diag_req_v2 and struct inet_diag_msg.
const (
	diagRequestLength = 56
	diagStates        = 4
	diagPort          = 8

	diagMessageLength = 72
	diagLocalPort     = 4
	diagLocalAddress  = 8
	diagInode         = 68
)

// noDiag tells that the kernel has no sock_diag for a protocol: each question would have it look for a module again.
var noDiag [1 << 8]atomic.Bool

// errNoDiag is of a kernel that has to be asked through /proc/net.
var errNoDiag = errors.New("the kernel has no sock_diag for the protocol")

// diagnose asks the kernel for the sockets of the thread's network namespace that are in the state and on the port. The
// list that waits is short, while each line of /proc/net/tcp is looked for in the whole host's table of connections.
func diagnose(protocol transport, family uint8, port uint16) ([]Listener, error) {
	if noDiag[protocol.number].Load() {
		return nil, errNoDiag
	}
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		noDiag[protocol.number].Store(true)
		return nil, errNoDiag
	}
	defer func() { _ = unix.Close(socket) }()
	const patience = 10 * time.Second
	timeout := unix.NsecToTimeval(int64(patience))
	if err := unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return nil, err
	}
	question := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+diagRequestLength)
	binary.NativeEndian.PutUint32(question, unix.NLMSG_HDRLEN+diagRequestLength)
	binary.NativeEndian.PutUint16(question[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(question[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	request := make([]byte, diagRequestLength)
	request[0], request[1] = family, protocol.number
	binary.NativeEndian.PutUint32(request[diagStates:], 1<<protocol.waits)
	binary.BigEndian.PutUint16(request[diagPort:], port)
	if err := unix.Sendto(socket, append(question, request...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	out, err := readDiag(socket, protocol)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		noDiag[protocol.number].Store(true)
		return nil, errNoDiag
	}
	return out, err
}

// readDiag reads the parts of an answer up to its end.
func readDiag(socket int, protocol transport) (out []Listener, err error) {
	buffer := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(socket, buffer, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(buffer[:n])
		if err != nil {
			return nil, fmt.Errorf("a damaged answer: %w", err)
		}
		for _, message := range messages {
			switch message.Header.Type {
			case unix.NLMSG_DONE, unix.NLMSG_ERROR:
				return out, diagError(message.Data)
			}
			if one, ok := decodeDiag(protocol, message.Data); ok {
				out = append(out, one)
			}
		}
	}
}

// diagError is what an end says, which is 0 after a whole list.
func diagError(end []byte) error {
	if len(end) < 4 {
		return nil
	}
	if number := int32(binary.NativeEndian.Uint32(end)); number < 0 {
		return unix.Errno(-number)
	}
	return nil
}

func decodeDiag(protocol transport, message []byte) (Listener, bool) {
	if len(message) < diagMessageLength {
		return Listener{}, false
	}
	length := 4
	if message[0] == unix.AF_INET6 {
		length = 16
	}
	address, ok := netip.AddrFromSlice(message[diagLocalAddress : diagLocalAddress+length])
	port := binary.BigEndian.Uint16(message[diagLocalPort:])
	inode := binary.NativeEndian.Uint32(message[diagInode:])
	return Listener{protocol.name, netip.AddrPortFrom(address, port), strconv.FormatUint(uint64(inode), 10)}, ok
}
