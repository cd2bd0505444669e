package linux

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// currentLinks is the list of links as it was last read, with what may have changed since.
type currentLinks struct {
	// news tells of changes, into heard.
	news  *nl.NetlinkSocket
	heard []byte
	read  time.Time
	// links are in the order of their numbers. Whoever was given them keeps them, so they are replaced as a whole.
	links []kernel.Link
	// stale links are read again; with all, every one is.
	stale map[int]bool
	all   bool
	// addresses are those that were read last, while nothing has changed since.
	addresses     addressList
	addressesRead time.Time
	sameAddresses bool
}

// Bounds within which reading single links again does: the kernel does not tell of everything, such as what a bridge
// learns about its spanning tree.
const (
	freshFor   = 2 * time.Second
	mostSingle = 64
	// An address of IPv6 that somebody else adds is told once nobody else on the network has it, or never without a
	// carrier.
	addressesFreshFor = 200 * time.Millisecond
)

// CurrentLinks lists every link like Links, but asks only for those that have changed since it was last called: to read
// thousands takes as long as all else that a task does.
func (h *Handle) CurrentLinks() ([]kernel.Link, error) {
	if h.listen() != nil {
		return h.Links()
	}
	c := h.current
	if c.all || time.Since(c.read) > freshFor || len(c.stale) > mostSingle {
		return h.readAllCurrent()
	}
	if len(c.stale) > 0 {
		if err := h.readStale(); err != nil {
			c.all = true
			return nil, err
		}
	}
	return c.links, nil
}

// CurrentAddresses lists every address like Addresses, but asks only if the kernel has told of a change since it was
// last called: beside thousands of links, it takes long to say that these have none.
func (h *Handle) CurrentAddresses() ([]kernel.Address, error) {
	if h.listen() != nil {
		return h.Addresses()
	}
	c := h.current
	if !c.sameAddresses || time.Since(c.addressesRead) > addressesFreshFor {
		c.addressesRead, c.sameAddresses = time.Now(), true
		var err error
		if c.addresses, err = h.readAddresses(c.addresses); err != nil {
			c.sameAddresses = false
			return nil, err
		}
	}
	return h.namedAddresses(c.addresses)
}

// readAddressesAgain has the next look at the addresses ask the kernel.
func (h *Handle) readAddressesAgain() {
	if h.current != nil {
		h.current.sameAddresses = false
	}
}

// listen hears what the kernel has told since it was last called.
func (h *Handle) listen() error {
	if h.current == nil {
		news, err := h.subscribe()
		if err != nil {
			return err
		}
		h.current = &currentLinks{news: news, all: true}
	}
	h.current.hear()
	return nil
}

// readStale reads single links again.
func (h *Handle) readStale() error {
	c := h.current
	links := slices.Clone(c.links)
	for index := range c.stale {
		link, err := h.linkAt(index)
		at, known := slices.BinarySearchFunc(links, index,
			func(one kernel.Link, index int) int { return cmp.Compare(one.Index, index) })
		if known {
			h.forget(links[at].Name)
		}
		switch {
		case errors.Is(err, unix.ENODEV) && known:
			links = slices.Delete(links, at, at+1)
		case errors.Is(err, unix.ENODEV):
		case err != nil:
			return err
		default:
			h.remember(link.Name, index)
			if link.Reading = h.nextReading(); known {
				links[at] = link
			} else {
				links = slices.Insert(links, at, link)
			}
		}
	}
	clear(c.stale)
	c.links = links
	return nil
}

func (h *Handle) nextReading() uint64 {
	h.readings++
	return h.readings
}

func (h *Handle) readAllCurrent() ([]kernel.Link, error) {
	c := h.current
	c.read, c.all, c.stale = time.Now(), false, map[int]bool{}
	links, err := h.Links()
	if err != nil {
		c.all = true
		return nil, err
	}
	slices.SortFunc(links, func(a, b kernel.Link) int { return cmp.Compare(a.Index, b.Index) })
	c.links = links
	return links, nil
}

// subscribe has the kernel tell of links, of their IPv4 and IPv6 settings and of their addresses.
func (h *Handle) subscribe() (*nl.NetlinkSocket, error) {
	target := netns.None()
	if h.namespace != "" {
		handle, err := netns.GetFromPath(h.namespace)
		if err != nil {
			return nil, err
		}
		defer func() { _ = handle.Close() }()
		target = handle
	}
	return nl.SubscribeAt(target, netns.None(), unix.NETLINK_ROUTE,
		unix.RTNLGRP_LINK, unix.RTNLGRP_IPV6_IFINFO, unix.RTNLGRP_IPV4_NETCONF, unix.RTNLGRP_IPV6_NETCONF,
		unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
}

// hear notes what the kernel has told since.
func (c *currentLinks) hear() {
	if c.heard == nil {
		c.heard = make([]byte, 64<<10)
	}
	for {
		n, _, err := unix.Recvfrom(c.news.GetFd(), c.heard, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) {
			return
		}
		messages, parseErr := syscall.ParseNetlinkMessage(c.heard[:max(n, 0)])
		if err != nil || parseErr != nil {
			// There was more to tell than the socket takes (ENOBUFS).
			c.all, c.sameAddresses = true, false
			if !errors.Is(err, unix.ENOBUFS) {
				return
			}
		}
		for i := range messages {
			c.note(messages[i].Header.Type, messages[i].Data)
		}
	}
}

func (c *currentLinks) note(kind uint16, message []byte) {
	// A link that comes up gets an address of IPv6, of which the kernel tells only once nobody else has it.
	c.sameAddresses = false
	switch {
	case c.all:
	case (kind == unix.RTM_NEWLINK || kind == unix.RTM_DELLINK) && len(message) >= unix.SizeofIfInfomsg:
		c.stale[int(int32(binary.NativeEndian.Uint32(message[4:8])))] = true
	case kind == unix.RTM_NEWNETCONF || kind == unix.RTM_DELNETCONF:
		// struct netconfmsg is one byte, padded; its attribute NETCONFA_IFINDEX is negative for "all" and "default".
		const header, netconfIndex = 4, 1
		c.all = len(message) < header || eachAttribute(message[header:], func(typ uint16, data []byte) error {
			if index := int(int32(number32(data))); typ == netconfIndex {
				c.all = c.all || index < 0
				c.stale[index] = true
			}
			return nil
		}) != nil || c.all
	}
}

// changed notes that a link was changed by this handle, whether the kernel tells of it or not.
func (h *Handle) changed(index int) {
	if h.current != nil && !h.current.all {
		h.current.stale[index] = true
	}
}

// changedSetting notes whose setting was written: that of a link, or of who knows whom.
func (h *Handle) changedSetting(path string) {
	h.readAddressesAgain()
	if h.current == nil {
		return
	}
	if parts := strings.Split(path, "/"); len(parts) > 2 && parts[1] == "conf" {
		if index, known := h.indexes[parts[2]]; known {
			h.changed(index)
			return
		}
	}
	h.current.all = true
}

// linkAt reads one link.
func (h *Handle) linkAt(index int) (kernel.Link, error) {
	request := h.request(unix.RTM_GETLINK, 0)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(index)
	request.AddData(header)
	request.AddData(nl.NewRtAttr(unix.IFLA_EXT_MASK, nl.Uint32Attr(skipStatistics)))
	messages, err := request.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	if err == nil && len(messages) != 1 {
		err = unix.ENODEV
	}
	if err != nil {
		return kernel.Link{}, fmt.Errorf("cannot read the link with number %d: %w", index, err)
	}
	return decodeLink(messages[0], &settings{})
}
