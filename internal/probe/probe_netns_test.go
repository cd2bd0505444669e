//go:build netns

package probe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
)

// lab is a server and a client on one wire.
type lab struct {
	server, client *netnstest.Namespace
	leases         string
}

// newLab starts a real dnsmasq, which serves 192.0.2.0/24 and a few names.
func newLab(t *testing.T) *lab {
	t.Helper()
	folder := t.TempDir()
	l := &lab{netnstest.New(t), netnstest.New(t), filepath.Join(folder, "leases")}
	l.server.IP(t, "link", "add", "name", "wire", "type", "veth", "peer", "name", "eth0", "netns", l.client.Name)
	for ns, link := range map[*netnstest.Namespace]string{l.server: "wire", l.client: "eth0"} {
		ns.IP(t, "link", "set", "dev", "lo", "up")
		ns.IP(t, "link", "set", "dev", link, "up")
	}
	l.server.IP(t, "address", "add", "192.0.2.1/24", "dev", "wire")
	l.server.IP(t, "address", "add", "fd00::1/64", "dev", "wire", "nodad")
	server := exec.Command("ip", "netns", "exec", l.server.Name, "dnsmasq", "--keep-in-foreground",
		"--conf-file=/dev/null", "--user=root", "--no-hosts",
		"--no-resolv", "--no-ping", "--bind-interfaces", "--interface=wire", "--except-interface=lo", "--pid-file",
		"--dhcp-authoritative",
		"--dhcp-range=192.0.2.50,192.0.2.60,1h", "--dhcp-leasefile="+l.leases, "--domain=example.test",
		"--dhcp-option=option:mtu,1400",
		"--dhcp-option=option:classless-static-route,198.51.100.0/24,192.0.2.9,0.0.0.0/0,192.0.2.1",
		"--host-record=web.example.test,192.0.2.80,fd00::80")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if listening, err := l.server.Try("ss", "-H", "-l", "-n", "-t", "-u", "sport = :53"); err == nil &&
			strings.Contains(listening, "udp") && strings.Contains(listening, "tcp") {
			return l
		}
		if time.Now().After(deadline) {
			t.Fatal("dnsmasq does not listen")
		}
	}
}

// open is a client of DHCP on the client's end of the wire.
func (l *lab) open(t *testing.T) *Client {
	t.Helper()
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(link.Index, somebody, "guest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// TestLease: a lease is had, renewed and given back, as the server's own file says.
func TestLease(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.client.Do(t, func() {
		client := l.open(t)
		lease, err := client.Acquire(20 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		address := lease.Address.Addr()
		want := fmt.Sprintf(
			"%s/24 192.0.2.1 [192.0.2.1] example.test 1400 [{198.51.100.0/24 192.0.2.9} {0.0.0.0/0 192.0.2.1}] 1h0m0s", address)
		if got := fmt.Sprint(lease.Address, lease.Server, lease.DNS, lease.Domain, lease.MTU, lease.Routes,
			lease.Time); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("want %s, got %s", want, got)
		}
		l.holds(t, address.String()+" guest", true)
		if renewed, err := client.Renew(lease); err != nil || renewed.Address != lease.Address {
			t.Errorf("%+v, %v", renewed, err)
		}
		if err := client.Release(lease); err != nil {
			t.Error(err)
		}
		l.holds(t, address.String(), false)
		l.reminds(t, client)
		// An address of another network is refused, not renewed.
		if _, err := client.Renew(&Lease{Address: netip.MustParsePrefix("203.0.113.9/24")}); err == nil ||
			!strings.Contains(err.Error(), "not renewed") {
			t.Errorf("%v", err)
		}
	})
}

// reminds: a client is given the address that it says it had, and is offered it from then on, unless somebody else has it.
func (l *lab) reminds(t *testing.T, client *Client) {
	t.Helper()
	const wait = 2 * time.Second
	free, other := netip.MustParseAddr("192.0.2.59"), netip.MustParseAddr("192.0.2.60")
	server := netip.MustParseAddr("192.0.2.1")
	for address, want := range map[netip.Addr]bool{free: false, server: true} {
		if taken, err := client.Taken(address, server, wait/4); err != nil || taken != want {
			t.Errorf("%s is taken: %t, %v", address, taken, err)
		}
	}
	if _, err := client.Taken(free, other, 0); err == nil || !strings.Contains(err.Error(), "192.0.2.60 does not answer") {
		t.Errorf("without the witness: %v", err)
	}
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewClient(link.Index, net.HardwareAddr{2, 0, 0, 0, 0, 9}, "second")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	theirs, err := second.Remind(other, wait)
	if err != nil || theirs.Address.Addr() != other {
		t.Fatalf("%+v, %v", theirs, err)
	}
	if lease, err := client.Remind(other, wait); err == nil {
		t.Errorf("the address of another client is given: %+v", lease)
	}
	if lease, err := client.Remind(free, wait); err != nil || lease.Address.Addr() != free {
		t.Errorf("%+v, %v", lease, err)
	}
	lease, err := client.Acquire(wait)
	if err != nil || lease.Address.Addr() != free {
		t.Fatalf("%+v, %v", lease, err)
	}
	if err := errors.Join(client.Release(lease), second.Release(theirs)); err != nil {
		t.Error(err)
	}
	l.holds(t, free.String(), false)
}

func (l *lab) holds(t *testing.T, text string, want bool) {
	t.Helper()
	var said []byte
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if said, _ = os.ReadFile(l.leases); strings.Contains(string(said), text) == want {
			return
		}
	}
	t.Errorf("the server's leases hold %s: want %t: %s", text, want, said)
}

// TestNobodyServes: without a server there is an error in time, no lease.
func TestNobodyServes(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.server.IP(t, "link", "set", "dev", "wire", "down")
	l.client.Do(t, func() {
		if lease, err := l.open(t).Acquire(time.Second); err == nil {
			t.Errorf("%+v", lease)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.client.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0")
	server := netip.MustParseAddr("192.0.2.1")
	l.client.Do(t, func() {
		for name, want := range map[string][2]string{
			"web.example.test": {"[192.0.2.80]", "[fd00::80]"}, "nobody.example.test": {"[]", "[]"},
		} {
			for i, v6 := range []bool{false, true} {
				if got, err := Resolve(server, name, v6); err != nil || fmt.Sprint(got) != want[i] {
					t.Errorf("%s: want %s, got %v, %v", name, want[i], got, err)
				}
			}
		}
		if names, err := Reverse(server, netip.MustParseAddr("192.0.2.80")); err != nil ||
			fmt.Sprint(names) != "[web.example.test.]" {
			t.Errorf("%v, %v", names, err)
		}
		if _, err := Resolve(server, strings.Repeat("x", 300), false); err == nil ||
			!strings.Contains(err.Error(), "no DNS name") {
			t.Errorf("a name that is too long: %v", err)
		}
		if _, err := Resolve(netip.MustParseAddr("203.0.113.1"), "web", false); err == nil ||
			!strings.Contains(err.Error(), "203.0.113.1") {
			t.Errorf("a server without a route to it: %v", err)
		}
	})
}

func TestWhoIsThere(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.client.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0")
	l.client.IP(t, "address", "add", "fd00::7/64", "dev", "eth0", "nodad")
	link := func(t *testing.T) (int, net.HardwareAddr) {
		t.Helper()
		found, err := net.InterfaceByName("eth0")
		if err != nil {
			t.Fatal(err)
		}
		return found.Index, found.HardwareAddr
	}
	l.client.Do(t, func() {
		index, hardware := link(t)
		for address, want := range map[string]bool{"192.0.2.1": true, "192.0.2.2": false, "fd00::1": true, "fd00::2": false} {
			asked := netip.MustParseAddr(address)
			answers := Answers
			if asked.Is6() {
				answers = AnswersIPv6
			}
			wait := 300 * time.Millisecond
			if want {
				wait = 5 * time.Second
			}
			if got, err := answers(index, hardware, asked, wait); err != nil || got != want {
				t.Errorf("%s answers: want %t, got %t, %v", address, want, got, err)
			}
			if err := Ping(asked); (err == nil) != want {
				t.Errorf("ping %s: %v", address, err)
			}
		}
		if _, err := Answers(9999, hardware, netip.MustParseAddr("192.0.2.1"), time.Second); err == nil ||
			!strings.Contains(err.Error(), "9999") {
			t.Errorf("an interface that is not there: %v", err)
		}
	})
}

// TestReach: an open port and one that refuses answer; one that drops does not.
func TestReach(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.client.IP(t, "address", "add", "192.0.2.7/24", "dev", "eth0")
	l.client.IP(t, "address", "add", "fd00::7/64", "dev", "eth0", "nodad")
	l.server.Exec(t, "nft", "add table inet f; add chain inet f in { type filter hook input priority 0; }; "+
		"add rule inet f in tcp dport 7 drop; add rule inet f in udp dport 7 drop")
	targets := []Target{
		{"tcp", netip.MustParseAddrPort("192.0.2.1:53")}, {"tcp", netip.MustParseAddrPort("192.0.2.1:9")},
		{"tcp", netip.MustParseAddrPort("192.0.2.1:7")},
		{"udp", netip.MustParseAddrPort("192.0.2.1:9")}, {"udp", netip.MustParseAddrPort("192.0.2.1:7")},
		{"tcp", netip.MustParseAddrPort("[fd00::1]:9")}, {"tcp", netip.MustParseAddrPort("203.0.113.1:9")},
	}
	l.client.Do(t, func() {
		began := time.Now()
		got := Reach(targets, time.Second)
		if fmt.Sprint(got) != "[true true false true false true false]" {
			t.Errorf("%v", got)
		}
		if took := time.Since(began); took < 900*time.Millisecond {
			t.Errorf("it gave up after %s", took)
		}
	})
}
