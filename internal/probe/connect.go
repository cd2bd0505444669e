package probe

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Target is a port that is tried. The protocol is tcp or udp.
type Target struct {
	Protocol string
	Address  netip.AddrPort
}

// Reach tries all targets at the same time, from the network namespace of the calling thread, and tells which answer.
// To refuse is to answer: the packet has come to somebody. A datagram that nobody answers tells nothing, so it counts
// as no answer.
func Reach(targets []Target, patience time.Duration) []bool {
	answered := make([]bool, len(targets))
	var polls []unix.PollFd
	var which []int
	for i, target := range targets {
		fd, done := start(target)
		if fd < 0 {
			answered[i] = done
			continue
		}
		defer func() { _ = unix.Close(fd) }()
		events := int16(unix.POLLOUT)
		if target.Protocol == "udp" {
			events = unix.POLLIN
		}
		polls, which = append(polls, unix.PollFd{Fd: int32(fd), Events: events}), append(which, i)
	}
	for limit := time.Now().Add(patience); len(polls) > 0; {
		left := time.Until(limit)
		if left <= 0 {
			break
		}
		if _, err := unix.Poll(polls, int(left.Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
			break
		}
		for i := len(polls) - 1; i >= 0; i-- {
			if polls[i].Revents == 0 {
				continue
			}
			problem, err := unix.GetsockoptInt(int(polls[i].Fd), unix.SOL_SOCKET, unix.SO_ERROR)
			answered[which[i]] = err == nil && (problem == 0 || unix.Errno(problem) == unix.ECONNREFUSED)
			polls, which = append(polls[:i], polls[i+1:]...), append(which[:i], which[i+1:]...)
		}
	}
	return answered
}

// start begins to connect. Without a socket it is over already, one way or the other.
func start(target Target) (fd int, answered bool) {
	kind := unix.SOCK_STREAM
	if target.Protocol == "udp" {
		kind = unix.SOCK_DGRAM
	}
	address := target.Address.Addr()
	family, remote := unix.AF_INET6,
		unix.Sockaddr(&unix.SockaddrInet6{Port: int(target.Address.Port()), Addr: address.As16()})
	if address.Is4() {
		family, remote = unix.AF_INET, &unix.SockaddrInet4{Port: int(target.Address.Port()), Addr: address.As4()}
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, false
	}
	err = unix.Connect(fd, remote)
	if err == nil && kind == unix.SOCK_DGRAM {
		_, err = unix.Write(fd, []byte{0})
	}
	if err == nil || errors.Is(err, unix.EINPROGRESS) {
		return fd, false
	}
	_ = unix.Close(fd)
	return -1, errors.Is(err, unix.ECONNREFUSED)
}
