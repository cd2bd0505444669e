package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	// attempts bounds the retries of an interrupted dump: with changes going on all the time, none is ever whole. They
	// follow each other after twice as long each time, four seconds in all, as most bursts end.
	attempts   = 24
	firstPause = time.Millisecond
	mostPause  = 250 * time.Millisecond
	// largestAnswer is what the kernel puts into one part of a list at most (netlink_dump).
	largestAnswer = 64 << 10
	// mostPatience is for one part of a list, in milliseconds: a minute is never normal.
	mostPatience = 60_000
)

// tries are the attempts, each after its pause.
func tries(yield func(attempt int) bool) {
	for attempt := range attempts {
		if attempt > 0 {
			time.Sleep(min(firstPause<<(attempt-1), mostPause))
		}
		if !yield(attempt) {
			return
		}
	}
}

// dump sends a request for a list and calls each for every message in it, which is valid until each returns. A list
// that changed while it was being read is read again, so reset must empty what each has gathered.
func (h *Handle) dump(request *nl.NetlinkRequest, reset func(), each func(message []byte) error) error {
	request.Flags |= unix.NLM_F_DUMP
	for range tries {
		reset()
		whole, err := h.readList(request, each)
		if whole || err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	return fmt.Errorf("the list kept changing while it was read (%d attempts): %w", attempts, nl.ErrDumpInterrupted)
}

// readList asks once. One buffer does for the whole list: the library takes two new ones for every part of it, which is
// most of what reading ten thousand links costs. A list that changed meanwhile is not whole.
func (h *Handle) readList(request *nl.NetlinkRequest, each func(message []byte) error) (whole bool, err error) {
	handle := h.sockets[unix.NETLINK_ROUTE]
	socket := handle.Socket
	socket.Lock()
	defer socket.Unlock()
	request.Seq = atomic.AddUint32(&handle.Seq, 1)
	if err := socket.Send(request); err != nil {
		return false, err
	}
	port, err := socket.GetPid()
	if err != nil {
		return false, err
	}
	if h.buffer == nil {
		h.buffer = make([]byte, largestAnswer)
	}
	whole = true
	var inner error
	for {
		part, err := receive(socket.GetFd(), h.buffer)
		if err != nil {
			return false, err
		}
		for len(part) >= unix.NLMSG_HDRLEN {
			length := int(binary.NativeEndian.Uint32(part))
			if length < unix.NLMSG_HDRLEN || length > len(part) {
				return false, fmt.Errorf("the kernel sent a message of %d bytes in %d", length, len(part))
			}
			header, message := part[:unix.NLMSG_HDRLEN], part[unix.NLMSG_HDRLEN:length]
			part = part[min(len(part), (length+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1)):]
			kind, flags := binary.NativeEndian.Uint16(header[4:]), binary.NativeEndian.Uint16(header[6:])
			if binary.NativeEndian.Uint32(header[8:]) != request.Seq || binary.NativeEndian.Uint32(header[12:]) != port {
				continue // the answer to a question that was given up
			}
			whole = whole && flags&unix.NLM_F_DUMP_INTR == 0
			if kind == unix.NLMSG_DONE || kind == unix.NLMSG_ERROR {
				if code := int32(number32(message)); code != 0 && inner == nil {
					inner = syscall.Errno(-code)
				}
				return whole && inner == nil, inner
			}
			// The rest is read even after an error, lest it be in the way of the next question.
			if inner == nil {
				inner = each(message)
			}
			if flags&unix.NLM_F_MULTI == 0 {
				return whole && inner == nil, inner
			}
		}
	}
}

// receive waits for one part of a list from the kernel.
func receive(socket int, buffer []byte) ([]byte, error) {
	for {
		n, from, err := unix.Recvfrom(socket, buffer, unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			ready, err := unix.Poll([]unix.PollFd{{Fd: int32(socket), Events: unix.POLLIN}}, mostPatience)
			if err != nil && !errors.Is(err, unix.EINTR) {
				return nil, err
			}
			if err == nil && ready == 0 {
				return nil, fmt.Errorf("the kernel does not answer: %w", unix.ETIMEDOUT)
			}
		case err != nil:
			return nil, err
		default:
			if sender, is := from.(*unix.SockaddrNetlink); is && sender.Pid == 0 {
				return buffer[:n], nil
			}
		}
	}
}
