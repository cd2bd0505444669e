package nftables

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// largestAnswer is more than the kernel puts into one part of a list (netlink_dump).
const largestAnswer = 64 << 10

// stream sends a request for a list and calls each with every answer, which is valid until each returns. One large
// buffer does for the whole list: the kernel makes the parts no larger than the buffers that it has met, and walks over
// what it has told already for each of them, so that ten thousand rules in parts of 4 KiB take three times as long.
func stream(socket *netlink.Conn, request netlink.Message, each func(kind netlink.HeaderType, data []byte)) error {
	sent, err := socket.Send(request)
	if err != nil {
		return err
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	buffer := make([]byte, largestAnswer)
	for {
		part, err := receive(raw, buffer)
		if err != nil {
			return err
		}
		done, err := answers(part, sent.Header.Sequence, each)
		if done || err != nil {
			return err
		}
	}
}

// answers calls each for those in one part of a list, and tells whether it was the last part.
func answers(part []byte, sequence uint32, each func(kind netlink.HeaderType, data []byte)) (done bool, err error) {
	for len(part) >= unix.NLMSG_HDRLEN {
		length := int(binary.NativeEndian.Uint32(part))
		if length < unix.NLMSG_HDRLEN || length > len(part) {
			return true, fmt.Errorf("the kernel sent a message of %d bytes in %d", length, len(part))
		}
		header, data := part[:unix.NLMSG_HDRLEN], part[unix.NLMSG_HDRLEN:length]
		part = part[min(len(part), (length+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1)):]
		if binary.NativeEndian.Uint32(header[8:]) != sequence {
			continue
		}
		kind := binary.NativeEndian.Uint16(header[4:])
		if kind == unix.NLMSG_DONE || kind == unix.NLMSG_ERROR {
			if code := int32(native(data)); code != 0 {
				return true, syscall.Errno(-code)
			}
			return true, nil
		}
		each(netlink.HeaderType(kind), data)
	}
	return false, nil
}

// receive waits for one part of a list from the kernel, until the socket's deadline.
func receive(raw syscall.RawConn, buffer []byte) ([]byte, error) {
	for {
		var n int
		var from unix.Sockaddr
		var problem error
		err := raw.Read(func(fd uintptr) bool {
			n, from, problem = unix.Recvfrom(int(fd), buffer, unix.MSG_DONTWAIT)
			return !errors.Is(problem, unix.EAGAIN)
		})
		switch sender, is := from.(*unix.SockaddrNetlink); {
		case err != nil:
			return nil, err
		case errors.Is(problem, unix.EINTR):
		case problem != nil:
			return nil, problem
		case is && sender.Pid == 0:
			return buffer[:n], nil
		}
	}
}
