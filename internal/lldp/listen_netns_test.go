//go:build netns

package lldp

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
)

// say sends a frame by a link of a namespace, as a switch does.
func say(t *testing.T, ns *netnstest.Namespace, link string, text []byte) {
	t.Helper()
	err := linux.Inside("/run/netns/"+ns.Name, func() error {
		socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(socket) }()
		to := &unix.SockaddrLinklayer{Protocol: swapped(unix.ETH_P_LLDP), Ifindex: indexOf(t, ns, link), Halen: 6}
		copy(to.Addr[:], group[:])
		return unix.Sendto(socket, text, 0, to)
	})
	if err != nil {
		t.Error(err)
	}
}

func indexOf(t *testing.T, ns *netnstest.Namespace, link string) int {
	t.Helper()
	number, _, _ := strings.Cut(ns.IP(t, "-o", "link", "show", "dev", link), ":")
	index, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// TestListen: what is said at the other end of a wire is heard, also on the port of a bridge, whatever came before it;
// nothing stays of the listening, and it ends in time.
func TestListen(t *testing.T) {
	t.Parallel()
	host, far := netnstest.New(t), netnstest.New(t)
	for _, name := range []string{"eth0", "eth1", "eth2"} {
		host.IP(t, "link", "add", "name", name, "type", "veth", "peer", "name", name, "netns", far.Name)
		host.IP(t, "link", "set", "dev", name, "up")
		far.IP(t, "link", "set", "dev", name, "up")
	}
	host.IP(t, "link", "add", "name", "br0", "type", "bridge")
	host.IP(t, "link", "set", "dev", "eth1", "master", "br0")
	host.IP(t, "link", "set", "dev", "br0", "up")
	member := func() bool { return strings.Contains(host.IP(t, "maddress", "show"), "01:80:c2:00:00:0e") }
	before := member()
	path, links := "/run/netns/"+host.Name,
		[]int{indexOf(t, host, "eth0"), indexOf(t, host, "eth1"), indexOf(t, host, "eth2")}
	stop := make(chan struct{})
	spoken := make(chan struct{})
	go func() {
		defer close(spoken)
		for {
			say(t, far, "eth0", []byte{1, 2, 3})
			say(t, far, "eth0", frame(t, recorded))
			say(t, far, "eth1", frame(t, recorded))
			// One that goes away.
			gone := frame(t, recorded)
			binary.BigEndian.PutUint16(gone[20:], 0)
			say(t, far, "eth2", gone)
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	begin := time.Now()
	found, err := Listen(path, links, 2*time.Second)
	if took := time.Since(begin); err != nil || took > 4*time.Second || took < 2*time.Second {
		t.Errorf("after %s: %v", took, err)
	}
	if len(found) != 2 || found[links[0]] == nil || found[links[0]].System != "sw-1" || found[links[1]] == nil {
		t.Errorf("heard: %v", found)
	}
	begin = time.Now()
	if found, err = Listen(path, links[:2], 30*time.Second); err != nil || len(found) != 2 ||
		time.Since(begin) > 5*time.Second {
		t.Errorf("all were heard of, and it took %s: %v", time.Since(begin), err)
	}
	close(stop)
	<-spoken
	if before || member() {
		t.Errorf("a link listens to the group: before %t, after %t", before, member())
	}
	if found, err = Listen(path, links, time.Second); err != nil || len(found) != 0 {
		t.Errorf("nobody speaks: %v, %v", found, err)
	}
}
