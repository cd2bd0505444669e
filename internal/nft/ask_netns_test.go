//go:build netns

package nft

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/netnstest"
)

// refused stands for "the connection did not come about".
const refused = "nobody"

// ask opens a TCP connection to target from the client's namespace while the server's listens, and returns the address
// from which the server sees it come.
func ask(t *testing.T, server, client *netnstest.Namespace, listen, target netip.AddrPort) string {
	t.Helper()
	var listener int
	server.Do(t, func() { listener = listenOn(t, listen) })
	defer func() { _ = unix.Close(listener) }()
	var connected error
	client.Do(t, func() { connected = connect(t, target) })
	if connected != nil {
		return refused
	}
	fd, from, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	if err != nil {
		t.Fatalf("the client is connected, but not to the server: %v", err)
	}
	_ = unix.Close(fd)
	return addressOf(from)
}

func socketFor(address netip.AddrPort) (int, unix.Sockaddr, error) {
	if address.Addr().Is4() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		return fd, &unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}, err
	}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	return fd, &unix.SockaddrInet6{Port: int(address.Port()), Addr: address.Addr().As16()}, err
}

func listenOn(t *testing.T, address netip.AddrPort) int {
	fd, local, err := socketFor(address)
	timeout := unix.NsecToTimeval(int64(time.Second))
	err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout))
	// A command that another test has just started holds the sockets of this process until it runs.
	for range 50 {
		if err = errors.Join(unix.Bind(fd, local), unix.Listen(fd, 1)); !errors.Is(err, unix.EADDRINUSE) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(fmt.Errorf("cannot listen on %s: %w", address, err))
	}
	return fd
}

func connect(t *testing.T, target netip.AddrPort) error {
	fd, remote, err := socketFor(target)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "client")
	defer func() { _ = file.Close() }()
	// A packet that is dropped is sent again after a second; whoever has not answered by then does not.
	timeout := unix.NsecToTimeval(int64(2500 * time.Millisecond))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &timeout); err != nil {
		t.Fatal(err)
	}
	if err := unix.Connect(fd, remote); err != nil {
		return err
	}
	// The server closes once it has seen who we are.
	_, err = io.WriteString(file, "hello")
	return err
}

func addressOf(from unix.Sockaddr) string {
	switch address := from.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(address.Addr).String()
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(address.Addr).String()
	}
	return "?"
}
