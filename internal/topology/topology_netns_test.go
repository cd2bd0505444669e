//go:build netns

package topology

import (
	"testing"

	"hostnet.linux/internal/netnstest"
)

// TestReadNamed reads a host with a container that has a namespace within, and finds both ends of every pair, although
// indexes repeat from one namespace to the next.
func TestReadNamed(t *testing.T) {
	t.Parallel()
	host, first, second := netnstest.New(t), netnstest.New(t), netnstest.New(t)
	for _, command := range [][]string{
		{"link", "add", "br0", "type", "bridge"},
		{"link", "add", "name", "a", "type", "veth", "peer", "name", "eth0", "netns", first.Name},
		{"link", "add", "name", "b", "type", "veth", "peer", "name", "eth0", "netns", second.Name},
		{"link", "set", "dev", "a", "master", "br0", "up"},
		{"link", "set", "br0", "up", "mtu", "1400"},
		{"address", "add", "192.0.2.1/24", "dev", "br0"},
		{"link", "add", "vx0", "type", "vxlan", "id", "7", "dstport", "4789", "remote", "192.0.2.9", "dev", "br0"},
	} {
		host.IP(t, command...)
	}
	first.IP(t, "link", "set", "eth0", "up")
	first.IP(t, "link", "add", "mv0", "link", "eth0", "type", "macvlan")
	first.IP(t, "link", "set", "mv0", "netns", second.Name)
	first.IP(t, "link", "add", "name", "x", "type", "veth", "peer", "name", "y", "netns", second.Name)
	seen, err := ReadNamed(host.Name, first.Name, second.Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		at         *netnstest.Namespace
		link       string
		peerOf     *netnstest.Namespace
		peer       string
		controller string
		state      string
	}{
		{host, "a", first, "eth0", "br0", Up},
		{host, "b", second, "eth0", "", Down},
		{first, "eth0", host, "a", "", Up},
		{second, "eth0", host, "b", "", Down},
		{second, "mv0", first, "eth0", "", Down},
		{first, "x", second, "y", "", Down},
		{second, "y", first, "x", "", Down},
	} {
		link := seen.Find(want.at.Name, "").Link(want.link)
		if link == nil {
			t.Errorf("%s is missing", want.link)
			continue
		}
		if link.Peer == nil || *link.Peer != (End{Namespace: want.peerOf.Name, Link: want.peer}) {
			t.Errorf("the other end of %s is %v, not %s", want.link, link.Peer, want.peer)
		}
		if link.Controller != want.controller || link.State != want.state {
			t.Errorf("%s is %q in %q, not %q in %q", want.link, link.State, link.Controller, want.state, want.controller)
		}
	}
	root := seen.Root()
	if br0 := root.Link("br0"); br0.MTU != 1400 || len(br0.Addresses) != 1 || br0.Addresses[0] != "192.0.2.1/24" {
		t.Errorf("br0 is %+v", br0)
	}
	if vx0 := root.Link("vx0"); vx0.VNI != 7 || vx0.Remote != "192.0.2.9" || vx0.Parent != "br0" {
		t.Errorf("vx0 is %+v", vx0)
	}
}
