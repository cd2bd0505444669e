//go:build netns

package monitor

import (
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
)

// TestMonitor: what an administrator or another program changes is heard, and what goes on all day is not.
func TestMonitor(t *testing.T) {
	t.Parallel()
	ns := netnstest.New(t)
	ns.IP(t, "link", "set", "dev", "lo", "up")
	ns.IP(t, "link", "add", "name", "v0", "type", "veth", "peer", "name", "v1")
	ns.IP(t, "address", "add", "192.0.2.1/24", "dev", "v0")
	for _, link := range []string{"v0", "v1"} {
		ns.IP(t, "link", "set", "dev", link, "up")
	}
	// The addresses of IPv6 settle first.
	ns.Exec(t, "sh", "-c",
		"for i in $(seq 50); do ip -6 address show tentative | grep -q . || exit 0; sleep 0.1; done; exit 1")
	var m *Monitor
	ns.Do(t, func() {
		var err error
		if m, err = Open(); err != nil {
			t.Fatal(err)
		}
	})
	defer m.Close()
	quiet := func() {
		for {
			select {
			case <-m.Changed:
			case <-time.After(200 * time.Millisecond):
				return
			}
		}
	}
	for _, one := range []struct {
		what  string
		heard bool
		do    []string
	}{
		{"a link", true, []string{"ip", "link", "add", "name", "br0", "type", "bridge"}},
		{"an MTU", true, []string{"ip", "link", "set", "dev", "br0", "mtu", "1400"}},
		{"a port", true, []string{"ip", "link", "set", "dev", "v1", "master", "br0"}},
		{"an address", true, []string{"ip", "address", "add", "192.0.2.7/24", "dev", "v0"}},
		{"one that goes", true, []string{"ip", "address", "del", "192.0.2.7/24", "dev", "v0"}},
		{"an address of IPv6", true, []string{"ip", "address", "add", "fd00::7/64", "dev", "v0", "nodad"}},
		{"an address that a router gave", false,
			[]string{"ip", "address", "add", "fd00::8/64", "dev", "v0", "nodad", "valid_lft", "600", "preferred_lft", "600",
				"noprefixroute"}},
		{"its lifetime", false, []string{"ip", "address", "change", "fd00::8/64", "dev", "v0", "valid_lft", "700",
			"preferred_lft", "700", "noprefixroute"}},
		{"a route", true, []string{"ip", "route", "add", "198.51.100.0/24", "via", "192.0.2.9", "proto", "static"}},
		{"a route of a person", true, []string{"ip", "route", "add", "198.51.101.0/24", "via", "192.0.2.9"}},
		{"a route of a routing daemon", false,
			[]string{"ip", "route", "add", "198.51.102.0/24", "via", "192.0.2.9", "proto", "bird"}},
		{"one of IPv6", false, []string{"ip", "-6", "route", "add", "fd02::/64", "dev", "v0", "proto", "zebra"}},
		{"a rule", true, []string{"ip", "rule", "add", "from", "192.0.2.0/24", "lookup", "7"}},
		{"a rule of IPv6", true, []string{"ip", "-6", "rule", "add", "from", "fd00::/64", "lookup", "7"}},
		{"a table of nftables", true, []string{"nft", "add", "table", "inet", "f"}},
		{"all rules gone", true, []string{"nft", "flush", "ruleset"}},
		{"nothing", false, []string{"true"}},
	} {
		quiet()
		before := m.Seen.Load()
		ns.Exec(t, one.do[0], one.do[1:]...)
		wait := 300 * time.Millisecond
		if one.heard {
			wait = 5 * time.Second
		}
		heard := false
		select {
		case <-m.Changed:
			heard = true
		case <-time.After(wait):
		}
		if heard != one.heard || (m.Seen.Load() > before) != one.heard {
			t.Errorf("%s: heard %t, %d messages", one.what, heard, m.Seen.Load()-before)
		}
	}
	// A burst is one message, and a closed monitor hears nothing.
	quiet()
	ns.Exec(t, "sh", "-c", "for i in $(seq 200); do echo address add 198.18.0.$i/32 dev v0; done | ip -batch -")
	<-m.Changed
	quiet()
	m.Close()
	ns.IP(t, "link", "set", "dev", "br0", "mtu", "1300")
	select {
	case <-m.Changed:
		t.Error("it still listens")
	case <-time.After(300 * time.Millisecond):
	}
}
