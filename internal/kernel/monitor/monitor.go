// Package monitor hears what changes in a network namespace: links, addresses, routes, rules, and nftables.
package monitor

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Monitor tells that something has changed. It says nothing of what: whoever listens compares the whole.
type Monitor struct {
	// Changed gets one message for any number of changes since the last one was taken.
	Changed <-chan struct{}
	changed chan struct{}
	sockets []*os.File
	// Seen counts the messages of the kernel that mattered.
	Seen atomic.Uint64
}

// The groups of linux/rtnetlink.h and linux/netfilter/nfnetlink.h, as bits.
const (
	routeGroups = 1<<(unix.RTNLGRP_LINK-1) | 1<<(unix.RTNLGRP_IPV4_IFADDR-1) | 1<<(unix.RTNLGRP_IPV6_IFADDR-1) |
		1<<(unix.RTNLGRP_IPV4_ROUTE-1) | 1<<(unix.RTNLGRP_IPV6_ROUTE-1) | 1<<(unix.RTNLGRP_IPV4_RULE-1)
	ip6RuleGroup     = unix.RTNLGRP_IPV6_RULE
	nftablesGroup    = unix.NFNLGRP_NFTABLES
	receiveBuffer    = 1 << 20
	longestMessage   = 64 << 10
	lengthOfHeader   = unix.SizeofNlMsghdr
	protocolInRtmsg  = 5 // struct rtmsg: family, dst_len, src_len, tos, table, protocol
	flagsInIfaddrmsg = 2
)

// Open listens in the namespace of the calling thread.
func Open() (*Monitor, error) {
	m := &Monitor{changed: make(chan struct{}, 1)}
	m.Changed = m.changed
	for _, one := range []struct{ protocol, groups, group int }{
		{unix.NETLINK_ROUTE, routeGroups, ip6RuleGroup}, {unix.NETLINK_NETFILTER, 0, nftablesGroup},
	} {
		socket, err := open(one.protocol, one.groups, one.group)
		if err != nil {
			m.Close()
			return nil, fmt.Errorf("cannot listen for changes of the network: %w", err)
		}
		m.sockets = append(m.sockets, socket)
		go m.listen(socket, one.protocol)
	}
	return m, nil
}

// open leaves waiting to the runtime's poller: closing a socket does not end a read that the kernel blocks, nor does
// shutting it down (sock_no_shutdown in net/netlink/af_netlink.c).
func open(protocol, groups, group int) (*os.File, error) {
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	err = errors.Join(
		unix.Bind(socket, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: uint32(groups)}),
		unix.SetsockoptInt(socket, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, group))
	if err != nil {
		_ = unix.Close(socket)
		return nil, err
	}
	return os.NewFile(uintptr(socket), "netlink"), nil
}

// listen reads until the socket is closed.
func (m *Monitor) listen(socket *os.File, protocol int) {
	buffer := make([]byte, longestMessage)
	for {
		n, err := socket.Read(buffer)
		switch {
		case errors.Is(err, unix.ENOBUFS):
			// More than the kernel could keep for us: whatever it was, it is compared now.
			m.tell()
			continue
		case err != nil:
			return
		}
		if protocol != unix.NETLINK_ROUTE || matters(buffer[:n]) {
			m.tell()
		}
	}
}

func (m *Monitor) tell() {
	m.Seen.Add(1)
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// matters leaves out what routing daemons and the kernel itself do all day long.
func matters(messages []byte) bool {
	for len(messages) >= lengthOfHeader {
		length := int(nativeUint32(messages))
		if length < lengthOfHeader || length > len(messages) {
			return true
		}
		kind, body := nativeUint16(messages[4:]), messages[lengthOfHeader:length]
		switch kind {
		case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
			if len(body) > protocolInRtmsg && administrators(body[protocolInRtmsg]) {
				return true
			}
		case unix.RTM_NEWADDR:
			// The kernel refreshes the lifetimes of addresses from router advertisements with each of them.
			if len(body) > flagsInIfaddrmsg && body[flagsInIfaddrmsg]&unix.IFA_F_PERMANENT != 0 {
				return true
			}
		default:
			return true
		}
		messages = messages[min((length+3)&^3, len(messages)):]
	}
	return false
}

func administrators(protocol byte) bool {
	return protocol == unix.RTPROT_STATIC || protocol == unix.RTPROT_BOOT || protocol == unix.RTPROT_UNSPEC
}

// Close stops listening.
func (m *Monitor) Close() {
	for _, socket := range m.sockets {
		_ = socket.Close()
	}
}
