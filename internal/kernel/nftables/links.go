package nftables

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Links are those of the namespace, by name: rules ask for more of them than their names.
func (c *Conn) Links() (map[string]Link, error) {
	out := map[string]Link{}
	err := c.routeDump(unix.RTM_GETLINK, unix.SizeofIfInfomsg, func(head []byte, list expression) {
		link := Link{Name: unix.ByteSliceToString(list.get(unix.IFLA_IFNAME))}
		const indexAt = 4
		link.Index, link.MTU = native(head[indexAt:]), native(list.get(unix.IFLA_MTU))
		for _, a := range attributes(list.get(unix.IFLA_LINKINFO)) {
			if a.typ == unix.IFLA_INFO_KIND {
				link.Kind = unix.ByteSliceToString(a.data)
			}
		}
		out[link.Name] = link
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the links of this host: %w", err)
	}
	addresses, err := c.localAddresses()
	names := map[uint32]string{}
	for name, link := range out {
		names[link.Index] = name
	}
	for address, index := range addresses {
		if link, known := out[names[index]]; known {
			link.Addresses = append(link.Addresses, address)
			out[link.Name] = link
		}
	}
	return out, err
}

// localAddresses are those of the namespace's links, with the links' numbers.
func (c *Conn) localAddresses() (map[netip.Addr]uint32, error) {
	out := map[netip.Addr]uint32{}
	err := c.routeDump(unix.RTM_GETADDR, unix.SizeofIfAddrmsg, func(head []byte, list expression) {
		// Of a link with a peer, IFA_ADDRESS is that of the peer.
		for _, typ := range []uint16{unix.IFA_LOCAL, unix.IFA_ADDRESS} {
			if address, ok := netip.AddrFromSlice(list.get(typ)); ok {
				const indexAt = 4
				out[address] = native(head[indexAt:])
				break
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the addresses of this host: %w", err)
	}
	return out, nil
}

// native is a number in this machine's byte order, 0 where it is not there.
func native(data []byte) uint32 {
	if len(data) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(data)
}

// routeDump asks rtnetlink for everything of a kind, whose answers have a head of that size before their attributes.
func (c *Conn) routeDump(kind netlink.HeaderType, size int, each func(head []byte, list expression)) error {
	socket, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{NetNS: c.namespaceFD()})
	if err != nil {
		return explain(err)
	}
	defer func() { _ = socket.Close() }()
	request := netlink.Message{Header: netlink.Header{Type: kind, Flags: netlink.Request | netlink.Dump},
		Data: make([]byte, size)}
	err = stream(socket, request, func(_ netlink.HeaderType, data []byte) {
		if len(data) >= size {
			each(data[:size], expression{attributes: attributes(data[size:])})
		}
	})
	if err != nil {
		return explain(err)
	}
	return nil
}
