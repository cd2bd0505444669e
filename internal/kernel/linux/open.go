// Package linux asks the running kernel. It is the only importer of the netlink libraries, so that every call
// is bounded, retried when the kernel interrupts it, and explained when the kernel refuses it.
package linux

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// Handle asks the kernel about one network namespace.
type Handle struct {
	// namespace is "" for the namespace of this process, else a path.
	namespace string
	sockets   map[int]*nl.SocketHandle
	// indexes and names remember what was looked up; they are dropped when a link comes or goes.
	indexes map[string]int
	names   map[int]string
	files   []*os.File
	// current is what CurrentLinks knows; nil until it is asked.
	current *currentLinks
	// buffer is for the parts of lists.
	buffer []byte
	// readings counts the links that were read.
	readings uint64
	// kinds are those whose module need not be looked for again.
	kinds map[string]bool
	// possible is what CheckKind has found of kinds.
	possible map[string]error
}

// Open makes a handle for a namespace: "" is this process's, a name is one of /run/netns, a number a process.
func Open(namespace string) (*Handle, error) {
	path := NamespacePath(namespace)
	target := netns.None()
	if path != "" {
		file, err := kernel.OpenNamespace(path)
		if err != nil {
			return nil, fmt.Errorf("network namespace %q: cannot open %s (does it exist?): %w", namespace, path, err)
		}
		defer func() { _ = file.Close() }()
		target = netns.NsHandle(file.Fd())
	}
	socket, err := nl.GetNetlinkSocketAt(target, netns.None(), unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("network namespace %q: cannot open a netlink socket: %w", namespace, err)
	}
	if err := prepare(socket); err != nil {
		socket.Close()
		return nil, fmt.Errorf("cannot prepare the netlink socket: %w", err)
	}
	return &Handle{
		namespace: path,
		sockets:   map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: socket}},
		indexes:   map[string]int{}, names: map[int]string{}, kinds: map[string]bool{}, possible: map[string]error{},
	}, nil
}

// prepare bounds every call and asks for the kernel's explanation of errors.
func prepare(socket *nl.NetlinkSocket) error {
	// Creating a thousand links keeps the kernel's RTNL lock busy for seconds; a minute is never normal.
	timeout := unix.Timeval{Sec: 60}
	// A dump of 2000 links is about 4 MB; a small buffer makes the kernel interrupt the dump more often.
	const receiveBuffer = 4 << 20
	// Only root may go beyond the host's limit; others may still look.
	root := unix.Geteuid() == 0
	return errors.Join(
		socket.SetSendTimeout(&timeout),
		socket.SetReceiveTimeout(&timeout),
		socket.SetReceiveBufferSize(receiveBuffer, root),
		socket.SetExtAck(true),
	)
}

// NamespacePath is the file that stands for a namespace given by name, path or process number.
func NamespacePath(namespace string) string {
	switch {
	case namespace == "":
		return ""
	case strings.ContainsRune(namespace, '/'):
		return namespace
	case isNumber(namespace):
		return "/proc/" + namespace + "/ns/net"
	}
	return "/run/netns/" + namespace
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 31)
	return err == nil
}

// Close frees the sockets and files.
func (h *Handle) Close() {
	for _, file := range h.files {
		_ = file.Close()
	}
	for _, socket := range h.sockets {
		socket.Close()
	}
	if h.current != nil {
		h.current.news.Close()
	}
}

// request is sent to this handle's namespace.
func (h *Handle) request(messageType, flags int) *nl.NetlinkRequest {
	request := nl.NewNetlinkRequest(messageType, flags)
	request.Sockets = h.sockets
	return request
}

// change sends a request that alters something and waits for the kernel's answer.
func (h *Handle) change(request *nl.NetlinkRequest) error {
	// Of IPv6, the kernel tells of some changes only once duplicate address detection is done (addrconf_dad_completed).
	h.readAddressesAgain()
	request.Flags |= unix.NLM_F_ACK
	_, err := request.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// inside runs f in the handle's namespace: files under /proc/sys/net show the namespace of the thread that opens them.
func (h *Handle) inside(f func() error) error {
	if h.namespace == "" {
		return f()
	}
	return Inside(h.namespace, f)
}

// Inside runs f on a thread that is in a namespace, given by its path; so are the programs that f starts. The thread is
// never given back, so no other goroutine can end up in that namespace.
func Inside(path string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		target, err := kernel.OpenNamespace(path)
		if err != nil {
			done <- fmt.Errorf("cannot open namespace %s: %w", path, err)
			return
		}
		defer func() { _ = target.Close() }()
		if err := netns.Set(netns.NsHandle(target.Fd())); err != nil {
			done <- fmt.Errorf("cannot enter namespace %s: %w", path, err)
			return
		}
		done <- f()
	}()
	return <-done
}
