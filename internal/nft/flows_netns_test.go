//go:build netns

package nft

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/netnstest"
)

// answer serves UDP in a namespace until the test ends: it says its name and whom it sees.
func answer(t *testing.T, namespace *netnstest.Namespace, address, name string) {
	t.Helper()
	var conn *net.UDPConn
	namespace.Do(t, func() {
		var err error
		if conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address))); err != nil {
			t.Fatal(err)
		}
	})
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		buffer := make([]byte, 100)
		for {
			_, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(fmt.Appendf(nil, "%s sees %s", name, from.Addr().Unmap()), from)
		}
	}()
}

// talk sends from a port of the client's, again and again the same flow, and gives the answer.
func talk(t *testing.T, client *netnstest.Namespace, port int, target string) (answer string) {
	t.Helper()
	client.Do(t, func() {
		remote := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(target))
		conn, err := net.DialUDP("udp", &net.UDPAddr{Port: port}, remote)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		buffer := make([]byte, 100)
		_ = conn.SetDeadline(time.Now().Add(500 * time.Millisecond))
		_, _ = conn.Write([]byte("x"))
		n, err := conn.Read(buffer)
		if answer = string(buffer[:n]); err != nil {
			answer = refused
		}
	})
	return answer
}

func expectTalk(t *testing.T, s *site, when string, wants map[int]string) {
	t.Helper()
	for port, want := range wants {
		if got := talk(t, s.outside, port, "192.0.2.1:5060"); got != want {
			t.Errorf("%s, the flow from port %d: %q, want %q", when, port, got, want)
		}
	}
}

// TestFlowsFollowTheirForward as it comes, moves, and goes; those of others stay.
func TestFlowsFollowTheirForward(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	answer(t, s.inside, "10.0.3.7:5060", "one")
	answer(t, s.neighbour, "10.0.3.8:5060", "two")
	answer(t, s.neighbour, "10.0.3.8:5061", "other")
	sip := func(to string) *NAT {
		list := []map[string]any{{"port": 5061, "to": "10.0.3.8", "protocol": "udp"}}
		if to != "" {
			list = append(list, map[string]any{"port": 5060, "to": to, "protocol": "udp"})
		}
		return lxcbr0(t, forwards(list...))
	}
	s.apply(t, sip(""))
	if got := talk(t, s.outside, 41000, "192.0.2.1:5061"); got != "other sees 192.0.2.99" {
		t.Fatalf("another forward: %s", got)
	}
	expectTalk(t, s, "before", map[int]string{40005: refused})
	s.apply(t, sip("10.0.3.7"))
	expectTalk(t, s, "published", map[int]string{40005: "one sees 192.0.2.99", 40000: "one sees 192.0.2.99"})
	s.apply(t, sip("10.0.3.8"))
	expectTalk(t, s, "moved", map[int]string{40005: "two sees 192.0.2.99", 40001: "two sees 192.0.2.99"})
	s.apply(t, sip(""))
	expectTalk(t, s, "gone", map[int]string{40005: refused, 40000: refused, 40001: refused})
	s.apply(t, sip("10.0.3.7"))
	expectTalk(t, s, "back", map[int]string{40005: "one sees 192.0.2.99"})
	if !s.tracks(t, 5061) {
		t.Error("the flow of another forward was forgotten, too")
	}
	s.apply(t, lxcbr0(t, map[string]any{"state": "absent"}))
	expectTalk(t, s, "the object is gone", map[int]string{40005: refused})
	if s.tracks(t, 5061) {
		t.Error("a flow is left of an object that is gone")
	}
}

// tracks tells whether a flow to the port is still the one that it was. The kernel's own list of them,
// /proc/net/nf_conntrack, is not in every kernel.
func (s *site) tracks(t *testing.T, port uint16) bool {
	t.Helper()
	found := false
	if err := s.conn.Forget(func(flow nftables.Flow) bool {
		found = found || flow.DestinationPort == port
		return false
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestFlowsFollowTheirTranslation when it comes, becomes another one, and goes.
func TestFlowsFollowTheirTranslation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	answer(t, s.outside, "192.0.2.99:9", "outside")
	s.outside.IP(t, "route", "add", "10.0.3.0/24", "via", "192.0.2.1")
	off := false
	for _, c := range []struct {
		when string
		nat  *NAT
		want string
	}{
		{"without translation", func() *NAT { n := lxcbr0(t, nil); n.NAT = &off; return n }(), "10.0.3.7"},
		{"translated", lxcbr0(t, nil), "192.0.2.1"},
		{"to an address", lxcbr0(t, map[string]any{"nat_address": "192.0.2.2"}), "192.0.2.2"},
		{"masqueraded again", lxcbr0(t, map[string]any{"out_interface": []any{"wan"}}), "192.0.2.1"},
		{"excluded", lxcbr0(t, map[string]any{"nat_exclude": []any{"192.0.2.0/24"}}), "10.0.3.7"},
		{"something else excluded", lxcbr0(t, map[string]any{"nat_exclude": []any{"198.51.100.0/24"}}), "192.0.2.1"},
		{"gone", lxcbr0(t, map[string]any{"state": "absent"}), "10.0.3.7"},
	} {
		s.apply(t, c.nat)
		if got := talk(t, s.inside, 40000, "192.0.2.99:9"); got != "outside sees "+c.want {
			t.Errorf("%s: %s, want %s", c.when, got, c.want)
		}
	}
}

// TestASessionWithTheHostItselfGoesOn when its port is forwarded: only new connections are.
func TestASessionWithTheHostItselfGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	var listener net.Listener
	s.host.Do(t, func() {
		var err error
		if listener, err = net.Listen("tcp", "192.0.2.1:22"); err != nil {
			t.Fatal(err)
		}
	})
	defer func() { _ = listener.Close() }()
	var client net.Conn
	s.outside.Do(t, func() {
		var err error
		if client, err = net.Dial("tcp", "192.0.2.1:22"); err != nil {
			t.Fatal(err)
		}
	})
	defer func() { _ = client.Close() }()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	s.apply(t, lxcbr0(t, forwards(map[string]any{"port": 22, "to": "10.0.3.7"})))
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		buffer := make([]byte, 5)
		_ = pair[1].SetDeadline(time.Now().Add(2 * time.Second))
		if _, err := pair[0].Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := pair[1].Read(buffer); err != nil || string(buffer) != "hello" {
			t.Errorf("the session has broken: %q, %v", buffer, err)
		}
	}
	if seen := ask(t, s.inside, s.outside, netip.MustParseAddrPort("10.0.3.7:22"),
		netip.MustParseAddrPort("192.0.2.1:22")); seen != "192.0.2.99" {
		t.Errorf("a new connection: %s", seen)
	}
}
