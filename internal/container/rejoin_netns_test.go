//go:build netns

package container

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/lxc/lxctest"
)

// controllerOf is the bridge that a link of the host is a port of, as iproute2 sees it.
func controllerOf(t *testing.T, link string) string {
	t.Helper()
	_, rest, _ := strings.Cut(lxctest.Must(t, "ip", "link", "show", link), " master ")
	name, _, _ := strings.Cut(rest, " ")
	return name
}

// TestBridgeMadeAgain: a bridge that is deleted and made again has the ends of its containers as ports again, of those
// that LXC has started and of those that were wired as they ran; an end that somebody has put elsewhere stays there.
func TestBridgeMadeAgain(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-a1", "10.39.0.1/24")
	lxctest.Bridge(t, "br-a2")
	_, stop := dnsmasqOn(t, "br-a1", "--dhcp-range=10.39.0.10,10.39.0.50,1h")
	started, wired := lxctest.Stopped(t, folder, "early", "lxc.net.0.type = empty\n"), lxctest.New(t, folder, "late")
	apply(t, folder, args{"container": started.Name, "name": "eth1", "bridge": "br-a1",
		"addresses": []any{"10.39.0.5/24"}})
	started.Start(t)
	declared := args{"container": wired.Name, "interfaces": []any{
		args{"name": "eth1", "bridge": "br-a1", "dhcp": true},
		args{"name": "eth2", "bridge": "br-a1", "addresses": []any{"10.40.0.6/24"}},
	}}
	apply(t, folder, declared)
	lxctest.Must(t, "ip", "link", "set", "late_eth2", "master", "br-a2")
	network := "10.39.0."
	for round := range 3 {
		lxctest.Must(t, "ip", "link", "delete", "br-a1")
		stop()
		if round == 2 { // with another network, whose server gives another lease
			network = "10.41.0."
		}
		bridgeWith(t, "br-a1", "10.39.0.1/24", network+"254/24")
		_, stop = dnsmasqOn(t, "br-a1", fmt.Sprintf("--dhcp-range=%s10,%s50,1h", network, network))
		for _, end := range []string{"early_eth1", "late_eth1"} {
			until(t, end+" is a port again", func() bool { return controllerOf(t, end) == "br-a1" })
		}
		until(t, "the end is up",
			func() bool { return strings.Contains(lxctest.Must(t, "ip", "link", "show", "early_eth1"), "state UP") })
		started.Ping(t, "10.39.0.1")
		sees(t, wired, "ip -4 a show eth1", "inet "+network)
		if at := controllerOf(t, "late_eth2"); at != "br-a2" {
			t.Errorf("the end that was put elsewhere is a port of %q", at)
		}
	}
	for _, c := range []*lxctest.Container{started, wired} {
		if said := reportOf(c.File()).problems(); len(said) > 0 {
			t.Errorf("the hooks report %q", said)
		}
	}
	lxctest.Must(t, "ip", "link", "set", "late_eth2", "master", "br-a1")
	silent(t, folder, declared)
}

// TestTaskAndFollowerTakeTurns: neither wires a container that the other has at hand.
func TestTaskAndFollowerTakeTurns(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-a3", "10.42.0.1/24")
	c := lxctest.New(t, folder, "turns")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-a3", "addresses": []any{"10.42.0.5/24"}})
	held, err := lockWiring(c.File(), "this test")
	if err != nil {
		t.Fatal(err)
	}
	lxctest.Must(t, "ip", "link", "delete", "br-a3")
	bridgeWith(t, "br-a3", "10.42.0.1/24")
	done := make(chan error, 1)
	go func() {
		_, err := task(t, folder, args{"container": c.Name, "name": "eth1", "addresses": []any{"10.42.0.6/24"}}, false)
		done <- err
	}()
	const enough = time.Second
	select {
	case err := <-done:
		t.Errorf("the task did not wait: %v", err)
	case <-time.After(enough):
	}
	if at := controllerOf(t, "turns_eth1"); at != "" {
		t.Errorf("the follower did not wait: turns_eth1 is a port of %s", at)
	}
	held.Release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	until(t, "turns_eth1 is a port again", func() bool { return controllerOf(t, "turns_eth1") == "br-a3" })
}
