package dhcp

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// event is what happens to the wire that the interface is on, from nothing to the end.
type event int

const (
	nothing event = iota
	// doubted says that the bridge has other networks, or that the wire was interrupted.
	doubted
	// moved says that the wire, or the interface's own MAC address, is another.
	moved
	// ended says that the client is to end.
	ended
)

// inbox is where a loop finds what has happened.
type inbox struct {
	wake chan struct{}

	mutex  sync.Mutex
	event  event
	cancel context.CancelFunc
	// again are doubts that are still to come.
	again []*time.Timer
}

func (i *inbox) tell(what event) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.event = max(i.event, what)
	if i.cancel != nil {
		i.cancel()
	}
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// doubt tells of it again and again, in the place of earlier doubts: a bridge is renumbered before its DHCP server is.
func (i *inbox) doubt() {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	for _, timer := range i.again {
		timer.Stop()
	}
	i.again = nil
	for _, later := range []time.Duration{500 * time.Millisecond, 3 * time.Second, 10 * time.Second} {
		i.again = append(i.again, time.AfterFunc(later, func() { i.tell(doubted) }))
	}
}

// take is what has happened since the last time.
func (i *inbox) take() event {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	what := i.event
	i.event = nothing
	return what
}

// during is a context that ends when something happens.
func (i *inbox) during() (context.Context, context.CancelFunc) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	limit, cancel := context.WithCancel(context.Background())
	i.cancel = cancel
	if i.event != nothing {
		cancel()
	}
	return limit, cancel
}

// events watches the wire: the interface inside, its end on the host, and the bridge that this is a port of.
type events struct {
	*inbox
	// six is the inbox of the loop for IPv6.
	six *inbox
	// changed tells that something was said about a link that matters.
	changed chan struct{}

	mutex   sync.Mutex
	watched map[int32]bool
	wire    *wire
}

func newEvents() *events {
	fresh := func() *inbox { return &inbox{wake: make(chan struct{}, 1)} }
	return &events{inbox: fresh(), six: fresh(), changed: make(chan struct{}, 1), watched: map[int32]bool{}}
}

func (e *events) tellAll(what event) {
	e.tell(what)
	e.six.tell(what)
}

// listen hears the kernel's messages about the network that the calling thread is in.
func (e *events) listen() error {
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("cannot hear of changes: %w", err)
	}
	if err := unix.Bind(socket, &unix.SockaddrNetlink{Family: unix.AF_NETLINK,
		Groups: unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR}); err != nil {
		_ = unix.Close(socket)
		return fmt.Errorf("cannot hear of changes: %w", err)
	}
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, _, err := unix.Recvfrom(socket, buffer, 0)
			// What was lost (ENOBUFS) may have mattered.
			if err == unix.ENOBUFS || err == nil && e.matters(buffer[:n]) {
				select {
				case e.changed <- struct{}{}:
				default:
				}
			} else if err != nil && err != unix.EINTR {
				return
			}
		}
	}()
	return nil
}

// matters tells whether a message is about one of the watched links. ifinfomsg and ifaddrmsg both have the index four
// bytes in.
func (e *events) matters(data []byte) bool {
	const index = unix.SizeofNlMsghdr + 4
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for len(data) >= index+4 {
		if e.watched[int32(binary.NativeEndian.Uint32(data[index:]))] {
			return true
		}
		length := int(binary.NativeEndian.Uint32(data))
		const alignment = unix.NLMSG_ALIGNTO
		next := (length + alignment - 1) / alignment * alignment
		if next < unix.SizeofNlMsghdr || next > len(data) {
			return false
		}
		data = data[next:]
	}
	return false
}

// wire is what an interface is on.
type wire struct {
	hardware string
	carrier  bool
	// bridge is "" while the end on the host is a port of none.
	bridge string
	// networks are the bridge's of IPv4, networks6 those of IPv6.
	networks, networks6 string
}

// settling is how long several changes at once may take.
const settling = 200 * time.Millisecond

// now is the wire as it was last seen.
func (e *events) now() wire {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.wire == nil {
		return wire{}
	}
	return *e.wire
}

// follow tells the loops what becomes of the wire.
func (c *client) follow() {
	for range c.events.changed {
		time.Sleep(settling)
		before, now := c.look()
		if before == nil || now == nil {
			continue
		}
		if now.hardware != before.hardware || now.bridge != before.bridge {
			c.events.tellAll(moved)
			continue
		}
		again := now.carrier && !before.carrier
		if again || now.networks != before.networks {
			c.events.doubt()
		}
		if again || now.networks6 != before.networks6 {
			c.events.six.doubt()
		}
	}
}

// look reads the wire, and says what it was before.
func (c *client) look() (before, now *wire) {
	inside, err := c.link()
	if err != nil {
		return nil, nil
	}
	now = &wire{hardware: inside.Address, carrier: inside.Flags&unix.IFF_LOWER_UP != 0}
	watched := map[int32]bool{int32(c.job.Index): true}
	if inside.ParentNamespace >= 0 {
		watched[int32(inside.Parent)] = true
		c.lookOutside(inside, now, watched)
	}
	c.events.mutex.Lock()
	defer c.events.mutex.Unlock()
	before = c.events.wire
	if before != nil && now.bridge == "" {
		// On its way to another, or to the same one made again.
		now.bridge, now.networks, now.networks6 = before.bridge, before.networks, before.networks6
	}
	c.events.wire, c.events.watched = now, watched
	return before, now
}

// lookOutside finds the bridge, or the link that the interface stands on, and its networks.
func (c *client) lookOutside(inside kernel.Link, now *wire, watched map[int32]bool) {
	links, err := c.host.Links()
	if err != nil {
		return
	}
	find := func(index int) *kernel.Link {
		at := slices.IndexFunc(links, func(link kernel.Link) bool { return link.Index == index })
		if at < 0 {
			return nil
		}
		return &links[at]
	}
	end := find(inside.Parent)
	if end != nil && inside.Kind == "veth" {
		end = find(end.Controller)
	}
	if end == nil {
		return
	}
	watched[int32(end.Index)] = true
	now.bridge = end.Name
	addresses, err := c.host.Addresses()
	if err != nil {
		return
	}
	now.networks, now.networks6 = Networks(addresses, end.Name)
}

// Networks are those that a link has addresses of, in one text for each version of IP.
func Networks(addresses []kernel.Address, link string) (four, six string) {
	var networks, networks6 []string
	for _, address := range addresses {
		switch own := address.Prefix.Addr(); {
		case address.Link != link || own.IsLinkLocalUnicast() && own.Is6():
		case own.Is4():
			networks = append(networks, address.Prefix.String())
		default:
			networks6 = append(networks6, address.Prefix.String())
		}
	}
	slices.Sort(networks)
	slices.Sort(networks6)
	return strings.Join(networks, " "), strings.Join(networks6, " ")
}
