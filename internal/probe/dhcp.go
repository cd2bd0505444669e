package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Lease is what a DHCP server gave.
type Lease struct {
	Address netip.Prefix
	Server  netip.Addr
	Router  netip.Addr
	DNS     []netip.Addr
	Domain  string
	MTU     uint32
	// Routes take the place of Router where the server gives any (RFC 3442).
	Routes []Route
	Time   time.Duration
	// Sound tells that the checksums of the answers were right on arrival, as old clients insist on.
	Sound bool
}

// Client asks for a lease on one interface, for one hardware address.
type Client struct {
	socket      int
	index       int
	hardware    net.HardwareAddr
	name        string
	transaction uint32
	// sound stays true while every answer's checksum is right.
	sound bool
}

// unbound is the protocol of a raw socket that hears nothing before it is bound to an interface: the kernel takes some
// milliseconds to move one that hears all of them already (packet_do_bind in net/packet/af_packet.c).
const unbound = 0

// NewClient opens a raw socket on the interface. The hardware address may be another than the interface's. The name is
// told to the server; it may be empty.
func NewClient(index int, hardware net.HardwareAddr, name string) (*Client, error) {
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unbound)
	if err != nil {
		return nil, fmt.Errorf("cannot open a raw socket: %w", err)
	}
	client := &Client{socket: socket, index: index, hardware: hardware, name: name, transaction: rand.Uint32(),
		sound: true}
	address := &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_IP), Ifindex: index}
	if err := unix.Bind(socket, address); err != nil {
		client.Close()
		return nil, fmt.Errorf("cannot use the interface with number %d: %w", index, err)
	}
	return client, nil
}

// Close frees the socket.
func (c *Client) Close() { _ = unix.Close(c.socket) }

func networkOrder(n uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, n))
}

// answerTime is how long an answer may take: dnsmasq pings an address for three seconds before it offers it.
const answerTime = 4 * time.Second

// Acquire gets a lease. It asks again until the limit has passed.
func (c *Client) Acquire(limit time.Duration) (*Lease, error) {
	deadline := time.Now().Add(limit)
	err := errors.New("no time to ask")
	for time.Now().Before(deadline) {
		var lease *Lease
		if lease, err = c.attempt(min(answerTime, time.Until(deadline))); err == nil {
			return lease, nil
		}
	}
	return nil, err
}

// Remind asks the server for an address that the client says it had before, as one does after a reboot (INIT-REBOOT in
// RFC 2131, 4.3.2). An authoritative dnsmasq gives it at once if it is free, and from then on offers it without the
// three seconds that it waits for a ping's answer first. It does not look whether somebody else uses the address: see
// Taken.
func (c *Client) Remind(address netip.Addr, wait time.Duration) (*Lease, error) {
	options := c.wishes()
	options[optionType] = []byte{request}
	options[optionRequested] = address.AsSlice()
	got, err := c.exchange(netip.IPv4Unspecified(), options, ack, wait)
	if err != nil {
		return nil, fmt.Errorf("%s is not given once more: %w", address, err)
	}
	return c.lease(got), nil
}

// Taken tells whether somebody on the client's wire has the address, see AnswersBeside.
func (c *Client) Taken(address, witness netip.Addr, wait time.Duration) (bool, error) {
	return AnswersBeside(c.index, c.hardware, address, witness, wait)
}

func (c *Client) attempt(wait time.Duration) (*Lease, error) {
	options := c.wishes()
	options[optionType] = []byte{discover}
	offered, err := c.exchange(netip.IPv4Unspecified(), options, offer, wait)
	if err != nil {
		return nil, fmt.Errorf("no DHCP offer: %w", err)
	}
	options[optionType] = []byte{request}
	options[optionRequested] = offered.yourAddress.AsSlice()
	options[optionServer] = offered.options[optionServer]
	got, err := c.exchange(netip.IPv4Unspecified(), options, ack, wait)
	if err != nil {
		return nil, fmt.Errorf("%s was offered, but not given: %w", offered.yourAddress, err)
	}
	return c.lease(got), nil
}

func (c *Client) lease(got message) *Lease {
	return &Lease{
		Address: netip.PrefixFrom(got.yourAddress, got.prefixLength()),
		Server:  got.address(optionServer), Router: got.address(optionRouter), DNS: got.addresses(optionDNS),
		Domain: string(got.options[optionDomain]), MTU: got.number(optionMTU),
		Routes: decodeRoutes(got.options[optionRoutes]),
		Time:   time.Duration(got.number(optionLeaseTime)) * time.Second, Sound: c.sound,
	}
}

// exchange sends a message to everybody and waits for the answer of that kind. from is the address that the client has.
func (c *Client) exchange(from netip.Addr, options map[byte][]byte, want byte, wait time.Duration) (message, error) {
	sent := message{transaction: c.transaction, hardware: c.hardware, options: options}
	if !from.IsUnspecified() {
		sent.clientAddress = from
	}
	if err := c.send(from, sent); err != nil {
		return message{}, err
	}
	deadline := time.Now().Add(wait)
	buffer := make([]byte, 2048)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return message{}, fmt.Errorf("no answer in %s", wait.Round(time.Second/10))
		}
		timeout := unix.NsecToTimeval(int64(left))
		if err := unix.SetsockoptTimeval(c.socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
			return message{}, fmt.Errorf("cannot set a timeout: %w", err)
		}
		n, _, err := unix.Recvfrom(c.socket, buffer, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return message{}, fmt.Errorf("cannot receive: %w", err)
		}
		payload, sound, ok := unpack(buffer[:n])
		if !ok {
			continue
		}
		got, err := decode(payload)
		if err != nil || !got.reply || got.transaction != c.transaction {
			continue
		}
		c.sound = c.sound && sound
		switch got.kind() {
		case want:
			return got, nil
		case nak:
			return message{}, errors.New("the server refused")
		}
	}
}

func (c *Client) send(from netip.Addr, m message) error {
	to := &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_IP), Ifindex: c.index, Halen: uint8(len(everybody))}
	copy(to.Addr[:], everybody)
	data := packet(from, netip.AddrFrom4([4]byte{255, 255, 255, 255}), m.encode())
	if err := unix.Sendto(c.socket, data, 0, to); err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	return nil
}

// Release gives the lease back. There is no answer to it.
func (c *Client) Release(lease *Lease) error {
	return c.send(lease.Address.Addr(), message{
		transaction: c.transaction, hardware: c.hardware, clientAddress: lease.Address.Addr(),
		options: map[byte][]byte{optionType: {release}, optionServer: lease.Server.AsSlice()},
	})
}
