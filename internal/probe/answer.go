package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// patience is how long an answer on the same host may take.
const patience = 2 * time.Second

// Resolve asks a DNS server for the addresses of a name of one IP version. A name that does not exist is no error: the
// server answered.
func Resolve(server netip.Addr, name string, v6 bool) ([]netip.Addr, error) {
	kind := dnsmessage.TypeA
	if v6 {
		kind = dnsmessage.TypeAAAA
	}
	answers, err := query(server, name, kind)
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, answer := range answers {
		switch body := answer.Body.(type) {
		case *dnsmessage.AResource:
			out = append(out, netip.AddrFrom4(body.A))
		case *dnsmessage.AAAAResource:
			out = append(out, netip.AddrFrom16(body.AAAA))
		}
	}
	return out, nil
}

// Reverse asks a DNS server for the names of an IPv4 address.
func Reverse(server, address netip.Addr) ([]string, error) {
	b := address.As4()
	answers, err := query(server, fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0]), dnsmessage.TypePTR)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, answer := range answers {
		if body, ok := answer.Body.(*dnsmessage.PTRResource); ok {
			out = append(out, body.PTR.String())
		}
	}
	return out, nil
}

func query(server netip.Addr, name string, kind dnsmessage.Type) ([]dnsmessage.Resource, error) {
	question, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return nil, fmt.Errorf("%q is no DNS name: %w", name, err)
	}
	request := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: uint16(rand.Uint32()), RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: question, Type: kind, Class: dnsmessage.ClassINET}},
	}
	packed, err := request.Pack()
	if err != nil {
		return nil, fmt.Errorf("cannot ask for %s: %w", name, err)
	}
	const port, attempts = 53, 3
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(server, port)))
	if err != nil {
		return nil, fmt.Errorf("cannot reach the DNS server %s: %w", server, err)
	}
	defer func() { _ = conn.Close() }()
	for range attempts {
		var reply dnsmessage.Message
		if reply, err = ask(conn, packed); err == nil && reply.ID == request.ID {
			return reply.Answers, nil
		}
	}
	return nil, fmt.Errorf("the DNS server %s does not answer: %w", server, err)
}

func ask(conn *net.UDPConn, packed []byte) (reply dnsmessage.Message, err error) {
	buffer := make([]byte, 4096)
	if err = conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return reply, err
	}
	if _, err = conn.Write(packed); err != nil {
		return reply, err
	}
	n, err := conn.Read(buffer)
	if err != nil {
		return reply, err
	}
	return reply, reply.Unpack(buffer[:n])
}

// Ping sends echo requests until one is answered.
func Ping(target netip.Addr) error {
	network, echo, echoReply := "ip4:icmp", byte(8), byte(0)
	if target.Is6() {
		network, echo, echoReply = "ip6:ipv6-icmp", 128, 129
	}
	conn, err := net.DialIP(network, nil, &net.IPAddr{IP: target.AsSlice()})
	if err != nil {
		return fmt.Errorf("cannot reach %s: %w", target, err)
	}
	defer func() { _ = conn.Close() }()
	identifier := uint16(rand.Uint32())
	const attempts = 3
	for sequence := range uint16(attempts) {
		if err = pingOnce(conn, echo, echoReply, identifier, sequence); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s does not answer a ping: %w", target, err)
}

func pingOnce(conn *net.IPConn, echo, echoReply byte, identifier, sequence uint16) error {
	request := []byte{echo, 0, 0, 0}
	request = binary.BigEndian.AppendUint16(request, identifier)
	request = binary.BigEndian.AppendUint16(request, sequence)
	// The kernel fills in the checksum of ICMPv6 by itself (RFC 3542, 3.1).
	binary.BigEndian.PutUint16(request[2:], ^sum(request, 0))
	if err := conn.SetDeadline(time.Now().Add(patience / 2)); err != nil {
		return err
	}
	if _, err := conn.Write(request); err != nil {
		return err
	}
	buffer := make([]byte, 1500)
	for {
		// Read would leave the IPv4 header in front.
		n, _, err := conn.ReadFrom(buffer)
		if err != nil {
			return errors.New("no answer")
		}
		reply := buffer[:n]
		if len(reply) >= 8 && reply[0] == echoReply && binary.BigEndian.Uint16(reply[4:]) == identifier {
			return nil
		}
	}
}
