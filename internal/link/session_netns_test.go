//go:build netns

package link_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/netnstest"
)

// TestAnOpenSessionSurvives: a card with the host's address and default route becomes a port of what is declared with
// that address, and a connection to it goes on. Routes and the MAC address move as well, unless another is declared.
func TestAnOpenSessionSurvives(t *testing.T) {
	const other = "02:00:00:00:00:aa"
	for name, one := range map[string]struct{ kind, options, mac string }{
		"a bond":           {link.Bond, `"mode": "active-backup", "miimon": 100`, ""},
		"a bond's own MAC": {link.Bond, `"mode": "active-backup", "miimon": 100, "mac_address": "` + other + `"`, other},
		"a bridge":         {link.Bridge, `"forward_delay": 0`, ""},
		"a bridge's own":   {link.Bridge, `"forward_delay": 0, "mac_address": "` + other + `"`, other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need(t, one.kind)
			near, far := lab{Namespace: netnstest.New(t)}, netnstest.New(t)
			near.IP(t, "link", "add", "w0", "type", "veth", "peer", "name", "w0", "netns", far.Name)
			for i, n := range []*netnstest.Namespace{near.Namespace, far} {
				n.IP(t, "link", "set", "w0", "up")
				n.IP(t, "address", "add", []string{"192.0.2.1/24", "192.0.2.2/24"}[i], "dev", "w0")
			}
			near.IP(t, "route", "add", "default", "via", "192.0.2.2")
			handle, err := linux.Open(near.Name)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(handle.Close)
			near.host = &host.Host{Kernel: handle}
			mac := strings.Trim(near.told(t, "w0", "address"), `"`)
			if one.mac != "" {
				mac = one.mac
			}
			server, client := session(t, near.Namespace, far)
			talk(t, server, client)
			near.must(t, one.kind, `{"name": "x0", "ports": ["w0"], "addresses": ["192.0.2.1/24"], `+one.options+`}`)
			talk(t, server, client)
			if now := strings.Trim(near.told(t, "x0", "address"), `"`); now != mac {
				t.Errorf("the MAC address is %s, want %s", now, mac)
			}
			if routes := near.IP(t, "route"); !strings.Contains(routes, "default via 192.0.2.2 dev x0") {
				t.Errorf("routes:\n%s", routes)
			}
			if addresses := near.IP(t, "-4", "address", "show", "dev", "w0"); strings.Contains(addresses, "192.0.2.1") {
				t.Errorf("the card still has the address: %s", addresses)
			}
		})
	}
}

// session is both ends of a connection to 192.0.2.1.
func session(t *testing.T, near, far *netnstest.Namespace) (server, client net.Conn) {
	t.Helper()
	var listener net.Listener
	var err error
	near.Do(t, func() { listener, err = net.Listen("tcp4", "192.0.2.1:22") })
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	far.Do(t, func() { client, err = net.DialTimeout("tcp4", "192.0.2.1:22", 10*time.Second) })
	if err == nil {
		server, err = listener.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return server, client
}

// talk sends something each way, as a task's answer and the next command.
func talk(t *testing.T, server, client net.Conn) {
	t.Helper()
	for _, way := range [][2]net.Conn{{server, client}, {client, server}} {
		_ = way[1].SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := way[0].Write([]byte{'x'}); err != nil {
			t.Fatal(err)
		}
		if _, err := way[1].Read(make([]byte, 1)); err != nil {
			t.Fatalf("the connection does not go on: %v", err)
		}
	}
}
