//go:build netns

package path

import (
	"testing"

	"hostnet.linux/internal/netnstest"
)

// TestPathOfKinds: ways through kinds of links beside veths and bridges are what a ping does, up and down.
func TestPathOfKinds(t *testing.T) {
	t.Parallel()
	t.Run("macvlan", func(t *testing.T) {
		t.Parallel()
		netnstest.NeedKind(t, "macvlan")
		l := newLab(t)
		four := netnstest.New(t)
		l.more = append(l.more, four)
		l.host.IP(t, "link", "add", "link", "wan", "name", "mv0", "type", "macvlan", "mode", "bridge")
		l.host.IP(t, "link", "set", "dev", "mv0", "netns", four.Name)
		four.IP(t, "link", "set", "dev", "mv0", "up")
		four.IP(t, "address", "add", "192.0.2.4/24", "dev", "mv0")
		l.compare(t, four, "192.0.2.2", 0).says(t, Reached, "mv0")
		// The host itself cannot be reached from a macvlan on its own link.
		l.compare(t, four, "192.0.2.1", 0)
		l.host.IP(t, "link", "set", "dev", "wan", "down")
		l.compare(t, four, "192.0.2.2", 0).says(t, Ends)
	})
	t.Run("vlan", func(t *testing.T) {
		t.Parallel()
		netnstest.NeedKind(t, "vlan")
		l := newLab(t)
		for _, one := range []struct {
			ns      *netnstest.Namespace
			parent  string
			id      string
			address string
		}{{l.host, "wan", "20", "198.51.100.1/24"}, {l.outside, "eth0", "20", "198.51.100.2/24"}} {
			one.ns.IP(t, "link", "add", "link", one.parent, "name", "v20", "type", "vlan", "id", one.id)
			one.ns.IP(t, "link", "set", "dev", "v20", "up")
			one.ns.IP(t, "address", "add", one.address, "dev", "v20")
		}
		l.compare(t, l.host, "198.51.100.2", 0).says(t, Reached, "v20", "20")
		// Another tag at the far end.
		l.outside.IP(t, "link", "delete", "v20")
		l.outside.IP(t, "link", "add", "link", "eth0", "name", "v30", "type", "vlan", "id", "30")
		l.outside.IP(t, "link", "set", "dev", "v30", "up")
		l.outside.IP(t, "address", "add", "198.51.100.2/24", "dev", "v30")
		l.compare(t, l.host, "198.51.100.2", 0).says(t, Ends)
	})
	t.Run("bond", func(t *testing.T) {
		t.Parallel()
		netnstest.NeedKind(t, "bond")
		l := newLab(t)
		l.host.IP(t, "link", "set", "dev", "wan", "down")
		l.host.IP(t, "link", "add", "name", "bond7", "type", "bond", "mode", "active-backup", "miimon", "100")
		l.host.IP(t, "address", "flush", "dev", "wan")
		l.host.IP(t, "link", "set", "dev", "wan", "master", "bond7")
		l.host.IP(t, "link", "set", "dev", "bond7", "up")
		l.host.IP(t, "address", "add", "192.0.2.1/24", "dev", "bond7")
		l.compare(t, l.host, "192.0.2.2", 0).says(t, Reached, "bond7", "wan")
	})
	t.Run("IPv6", func(t *testing.T) {
		t.Parallel()
		l := newLab(t)
		l.host.IP(t, "address", "add", "fd01::1/64", "dev", "br0", "nodad")
		l.one.IP(t, "address", "add", "fd01::2/64", "dev", "eth0", "nodad")
		l.two.IP(t, "address", "add", "fd01::3/64", "dev", "eth0", "nodad")
		l.compare(t, l.one, "fd01::3", 0).says(t, Reached, "fd01::2")
		l.compare(t, l.one, "fd09::1", 0).says(t, Ends, "no route")
		l.host.Exec(t, "nft", "add table ip6 f; add chain ip6 f c { type filter hook input priority 0; }; add rule ip6 f c "+
			"icmpv6 type echo-request drop")
		l.compare(t, l.one, "fd01::1", 0)
	})
}
