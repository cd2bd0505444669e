package system

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// NamespaceKey names a network namespace, given by its file, "" for that of the calling thread. The host's own is "",
// whatever it is called, such as /proc/1/ns/net. Any other is called by its cookie, which the kernel gives to one
// namespace of a boot alone; the inode's number is reused at once.
func NamespaceKey(path string) (string, error) {
	if path == "" {
		path = threadNamespace
	}
	namespace, err := kernel.OpenNamespace(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = namespace.Close() }()
	var stat unix.Stat_t
	if err := unix.Fstat(int(namespace.Fd()), &stat); err != nil {
		return "", fmt.Errorf("cannot look at %s: %w", path, err)
	}
	if host, err := hostNamespace(); err != nil || host == stat.Ino {
		return "", err
	}
	cookie, err := cookieOf(namespace, path != threadNamespace)
	if errors.Is(err, unix.ENOPROTOOPT) {
		// Before Linux 5.14 there are no cookies.
		return "netns-inode-" + strconv.FormatUint(stat.Ino, 10), nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot tell which namespace %s is: %w", path, err)
	}
	return "netns-" + strconv.FormatUint(cookie, 10), nil
}

// cookieOf asks a socket in the namespace. Where that is another one, a thread goes there which ends afterwards.
func cookieOf(namespace *os.File, other bool) (cookie uint64, err error) {
	if !other {
		return ownCookie()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err == nil {
			cookie, err = ownCookie()
		}
	}()
	<-done
	return cookie, err
}

func ownCookie() (uint64, error) {
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(socket) }()
	return unix.GetsockoptUint64(socket, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
}

const threadNamespace = "/proc/thread-self/ns/net"

// hostNamespace is the number of the host's own namespace, which is that of this process's eldest ancestor: usually
// process 1, but some containers do not let it be looked at.
func hostNamespace() (uint64, error) {
	if first, err := NetworkNamespaceOf(1); err == nil {
		return first, nil
	}
	eldest, err := namespaceOf(filepath.Join("/proc", strconv.Itoa(os.Getpid()), "ns/net"))
	if err != nil {
		return 0, err
	}
	for pid := os.Getpid(); pid > 0; {
		if number, err := NetworkNamespaceOf(pid); err == nil {
			eldest = number
		}
		process, ok := FindProcess(pid)
		if !ok {
			break
		}
		pid = process.Parent
	}
	return eldest, nil
}

// InHostNamespace tells whether the calling thread is in the host's own network namespace.
func InHostNamespace() bool {
	own, err := OwnNetworkNamespace()
	if err != nil {
		return true
	}
	host, err := hostNamespace()
	return err != nil || own == host
}
