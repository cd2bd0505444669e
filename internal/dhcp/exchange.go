package dhcp

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/probe"
)

// wishes are the options that the client asks for.
var wishes = []dhcpv4.OptionCode{
	dhcpv4.OptionSubnetMask, dhcpv4.OptionClasslessStaticRoute, dhcpv4.OptionRouter, dhcpv4.OptionStaticRoutingTable,
	dhcpv4.OptionDomainNameServer, dhcpv4.OptionHostName, dhcpv4.OptionDomainName, dhcpv4.OptionDNSDomainSearchList,
	dhcpv4.OptionInterfaceMTU, dhcpv4.OptionNTPServers, dhcpv4.OptionIPAddressLeaseTime, dhcpv4.OptionRenewTimeValue,
	dhcpv4.OptionRebindingTimeValue,
}

// optionRapidCommit of RFC 4039: a server that knows it gives the lease at once.
const optionRapidCommit = dhcpv4.GenericOptionCode(80)

// socket sends to everybody, also from an interface without an address.
type socket struct {
	*nclient4.Client
	conn net.PacketConn
}

// refusal is a server's no.
type refusal struct{ said string }

func (r *refusal) Error() string { return "the DHCP server refuses the address " + r.said }

// How long an answer may take at first, and how often it is asked for, each time with twice the patience: dnsmasq looks
// for three seconds whether anybody has an address before it offers it.
const (
	firstPatience = time.Second
	attempts      = 3
)

// open makes the socket. It must be called on the thread that is in the container's network.
func (c *client) open(link kernel.Link) error {
	if c.socket != nil {
		return nil
	}
	var err error
	if c.hardware, err = net.ParseMAC(link.Address); err != nil {
		return err
	}
	conn, err := nclient4.NewRawUDPConn(link.Name, nclient4.ClientPort)
	if err != nil {
		return fmt.Errorf("cannot open a raw socket: %w", err)
	}
	sender, err := nclient4.NewWithConn(conn, c.hardware, nclient4.WithTimeout(firstPatience),
		nclient4.WithRetry(attempts))
	if err != nil {
		return err
	}
	c.socket = &socket{sender, conn}
	return nil
}

func (c *client) close() {
	if c.socket != nil {
		_ = c.socket.Close()
		c.socket = nil
	}
}

// common is what every message says.
func (c *client) common(more ...dhcpv4.Modifier) []dhcpv4.Modifier {
	all := []dhcpv4.Modifier{
		dhcpv4.WithRequestedOptions(wishes...), dhcpv4.WithOption(dhcpv4.OptMaxMessageSize(nclient4.MaxMessageSize)),
		dhcpv4.WithOption(dhcpv4.OptHostName(c.job.Container)),
	}
	if id := clientID(c.job.ClientID, c.hardware); id != nil {
		all = append(all, dhcpv4.WithOption(dhcpv4.OptClientIdentifier(id)))
	}
	return append(all, more...)
}

// LongestClientID is how many bytes of text fit into option 61 behind the byte that says that it is one.
const LongestClientID = 254

// clientID is option 61 for what is declared: nothing, the MAC address, a DUID made of it (RFC 4361), bytes, or a text.
func clientID(declared string, hardware net.HardwareAddr) []byte {
	const ethernet, identifier = 1, 255
	switch declared {
	case "", "none":
		return nil
	case "mac":
		return append([]byte{ethernet}, hardware...)
	case "duid":
		id := append([]byte{identifier}, hardware[len(hardware)-4:]...)
		return append(append(id, 0, 3, 0, 1), hardware...)
	}
	if bytes, err := hex.DecodeString(strings.ReplaceAll(declared, ":", "")); err == nil &&
		strings.Contains(declared, ":") {
		return bytes
	}
	return append([]byte{0}, declared...)
}

func (c *client) message(kind dhcpv4.MessageType, more ...dhcpv4.Modifier) (*dhcpv4.DHCPv4, error) {
	all := append([]dhcpv4.Modifier{dhcpv4.WithMessageType(kind), dhcpv4.WithHwAddr(c.hardware)}, more...)
	return dhcpv4.New(all...)
}

// acquire gets a new lease.
func (c *client) acquire(limit context.Context) error {
	more := []dhcpv4.Modifier{dhcpv4.WithOption(dhcpv4.OptGeneric(optionRapidCommit, nil))}
	if c.wanted.IsValid() {
		more = append(more, dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(c.wanted.AsSlice())))
	}
	discover, err := c.message(dhcpv4.MessageTypeDiscover, c.common(more...)...)
	if err != nil {
		return err
	}
	answer, err := c.socket.SendAndRead(limit, nclient4.DefaultServers, discover, func(m *dhcpv4.DHCPv4) bool {
		return m.MessageType() == dhcpv4.MessageTypeOffer || m.MessageType() == dhcpv4.MessageTypeAck &&
			m.Options.Has(optionRapidCommit)
	})
	if err != nil {
		return fmt.Errorf("no DHCP offer: %w", err)
	}
	if answer.MessageType() == dhcpv4.MessageTypeOffer {
		request, err := dhcpv4.NewRequestFromOffer(answer, c.common()...)
		if err != nil {
			return err
		}
		offered := answer.YourIPAddr
		if answer, err = c.answered(c.socket.SendAndRead(limit, nclient4.DefaultServers, request, nclient4.IsAll(
			nclient4.IsCorrectServer(answer.ServerIdentifier()), isAnswer))); err != nil {
			return fmt.Errorf("%s was offered, but not given: %w", offered, err)
		}
	}
	fresh, err := readLease(answer)
	if err != nil {
		return err
	}
	if taken, err := probe.Answers(c.job.Index, c.hardware, fresh.address.Addr(), duplicateTime); err == nil && taken {
		c.decline(fresh)
		return fmt.Errorf("%s was given, but another has it", fresh.address.Addr())
	}
	return c.take(fresh)
}

// duplicateTime is how long another with the same address may take to say so.
const duplicateTime = 200 * time.Millisecond

var isAnswer = nclient4.IsMessageType(dhcpv4.MessageTypeAck, dhcpv4.MessageTypeNak)

func (c *client) answered(answer *dhcpv4.DHCPv4, err error) (*dhcpv4.DHCPv4, error) {
	if err == nil && answer.MessageType() == dhcpv4.MessageTypeNak {
		return nil, &refusal{answer.Message()}
	}
	return answer, err
}

func (c *client) decline(fresh *lease) {
	no, err := c.message(dhcpv4.MessageTypeDecline,
		dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(fresh.address.Addr().AsSlice())),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(fresh.server.AsSlice())), c.identified())
	if err == nil {
		_, _ = c.socket.conn.WriteTo(no.ToBytes(), nclient4.DefaultServers)
	}
	c.wanted = netip.Addr{}
}

func (c *client) identified() dhcpv4.Modifier {
	return func(m *dhcpv4.DHCPv4) {
		if id := clientID(c.job.ClientID, c.hardware); id != nil {
			m.UpdateOption(dhcpv4.OptClientIdentifier(id))
		}
	}
}

// extend lengthens the lease: first by asking its server alone, later anybody.
func (c *client) extend(limit context.Context, renewing bool) error {
	request, err := c.message(dhcpv4.MessageTypeRequest,
		c.common(dhcpv4.WithClientIP(c.lease.address.Addr().AsSlice()))...)
	if err != nil {
		return err
	}
	sender, to := c.socket.Client, nclient4.DefaultServers
	if renewing {
		conn, err := c.unicast(limit)
		if err != nil {
			return err
		}
		if sender, err = nclient4.NewWithConn(conn, c.hardware, nclient4.WithTimeout(firstPatience),
			nclient4.WithRetry(attempts)); err != nil {
			return err
		}
		defer func() { _ = sender.Close() }()
		to = &net.UDPAddr{IP: c.lease.server.AsSlice(), Port: nclient4.ServerPort}
	}
	answer, err := c.answered(sender.SendAndRead(limit, to, request, isAnswer))
	if err != nil {
		return fmt.Errorf("the lease of %s was not renewed: %w", c.lease.address.Addr(), err)
	}
	fresh, err := readLease(answer)
	if err != nil {
		return err
	}
	return c.take(fresh)
}

// unicast is a socket with the lease's address: only the kernel finds the way to a server behind a router.
func (c *client) unicast(limit context.Context) (net.PacketConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
				unix.BindToDevice(int(fd), c.name))
		})
		return errors.Join(err, failed)
	}}
	from := netip.AddrPortFrom(c.lease.address.Addr(), nclient4.ClientPort)
	return config.ListenPacket(limit, "udp4", from.String())
}

// reboot asks any server whether the lease still holds.
func (c *client) reboot(limit context.Context) error {
	request, err := c.message(dhcpv4.MessageTypeRequest,
		c.common(dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(c.lease.address.Addr().AsSlice())))...)
	if err != nil {
		return err
	}
	answer, err := c.answered(c.socket.SendAndRead(limit, nclient4.DefaultServers, request, isAnswer))
	if err != nil {
		return err
	}
	fresh, err := readLease(answer)
	if err != nil {
		return err
	}
	return c.take(fresh)
}

// release gives the lease back. There is no answer to it.
func (c *client) release() {
	bye, err := c.message(dhcpv4.MessageTypeRelease, dhcpv4.WithClientIP(c.lease.address.Addr().AsSlice()),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(c.lease.server.AsSlice())), c.identified())
	if err != nil {
		return
	}
	limit, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := c.unicast(limit)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.WriteTo(bye.ToBytes(), &net.UDPAddr{IP: c.lease.server.AsSlice(), Port: nclient4.ServerPort})
}
