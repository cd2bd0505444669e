//go:build netns

package container

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestRebootOfLiveWiring: a container that was wired as it ran restarts itself, which its monitor does with a
// configuration that has neither the interfaces nor the hooks. What the task declared is there again each time.
func TestRebootOfLiveWiring(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-d")
	serve(t, "br-d")
	c := lxctest.New(t, folder, "again")
	declared := args{"container": c.Name, "interfaces": []any{
		args{"name": "eth1", "bridge": "br-d", "dhcp": true, "routes": []any{args{"to": "10.98.0.0/16", "via": "10.20.0.7"}}},
		args{"name": "eth2", "bridge": "br-d", "addresses": []any{"10.21.0.5/24", "fd00:21::5/64"}, "down_rate": 64000,
			"mac_address": "00:16:3e:21:00:05", "routes": []any{args{"to": "10.97.0.0/16", "via": "10.21.0.1"}}},
	}}
	apply(t, folder, declared)
	for round := range 3 {
		before := initOf(c)
		_, _ = lxctest.Run("lxc-attach", "-P", c.Folder, "-n", c.Name, "--", "kill", "-TERM", "1")
		until(t, "it runs again", func() bool { return initOf(c) != before && initOf(c) != "" })
		var missing []string
		func() {
			defer func() {
				if t.Failed() {
					t.Fatalf("restart %d: missing %q; the hooks report %q", round, missing, reportOf(c.File()).problems())
				}
			}()
			until(t, "all of the network is there", func() bool { missing = lacks(c); return len(missing) == 0 })
		}()
		silent(t, folder, declared)
		if said := reportOf(c.File()).problems(); len(said) > 0 {
			t.Errorf("the hooks report %q", said)
		}
	}
	// With what is gone since, likewise.
	c.Restart(t)
	until(t, "all of the network is there", func() bool { return len(lacks(c)) == 0 })
	apply(t, folder, args{"container": c.Name, "name": "eth2", "state": "absent"})
	before := initOf(c)
	_, _ = lxctest.Run("lxc-attach", "-P", c.Folder, "-n", c.Name, "--", "kill", "-TERM", "1")
	until(t, "it runs again without eth2", func() bool {
		text, _ := lxctest.Run("nsenter", "-t", initOf(c), "-n", "ip", "link")
		return initOf(c) != before && strings.Contains(text, "eth1") && !strings.Contains(text, "eth2")
	})
	gone := c.Ends(t)
	lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
	gone()
	until(t, "nobody is followed", func() bool { return len(followedFiles()) == 0 })
}

// TestRebootAfterChange: a container whose interfaces a task has changed as it ran restarts itself. Its monitor makes
// them as they were at the start, and our hook as they are declared.
func TestRebootAfterChange(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-d")
	bridgeWith(t, "br-d2", "10.23.0.1/24", "fd00:23::1/64")
	serve(t, "br-d")
	c := lxctest.Stopped(t, folder, "changed", "lxc.net.0.type = empty\n")
	apply(t, folder, args{"container": c.Name, "interfaces": []any{
		args{"name": "eth1", "bridge": "br-d", "addresses": []any{"10.22.0.5/24", "fd00:22::5/64"}, "gateway": "10.22.0.1",
			"gateway6": "fd00:22::1"},
		args{"name": "eth2", "bridge": "br-d", "dhcp": true},
		args{"name": "eth3", "bridge": "br-d", "addresses": []any{"10.24.0.5/24"}, "down_rate": 64000},
		args{"name": "eth4", "bridge": "br-d"},
		args{"name": "mv0", "type": "macvlan", "parent": "br-d", "macvlan_mode": "bridge",
			"addresses": []any{"10.26.0.5/24"}},
	}})
	c.Start(t)
	declared := args{"container": c.Name, "interfaces": []any{
		args{"name": "eth1", "bridge": "br-d2", "addresses": []any{"10.23.0.6/24"}, "gateway": "none", "gateway6": "none",
			"mtu": 1400},
		args{"name": "eth2", "bridge": "br-d2", "dhcp": false, "addresses": []any{"10.25.0.6/24", "fd00:23::6/64"},
			"gateway":     "10.25.0.1",
			"mac_address": "00:16:3e:25:00:06", "routes": []any{args{"to": "fd00:99::/64", "via": "fd00:23::1"}}},
		args{"name": "eth3", "bridge": "br-d", "addresses": []any{}, "dhcp": true, "down_rate": 32000},
		args{"name": "eth4", "bridge": "br-d", "up": false},
		args{"name": "mv0", "type": "macvlan", "parent": "br-d2", "macvlan_mode": "vepa", "addresses": []any{"10.26.0.5/24"}},
	}}
	apply(t, folder, declared)
	for range 2 {
		before := initOf(c)
		_, _ = lxctest.Run("lxc-attach", "-P", c.Folder, "-n", c.Name, "--", "kill", "-TERM", "1")
		until(t, "it runs again", func() bool { return initOf(c) != before && initOf(c) != "" })
		sees(t, c, "ip a; ip r; ip -6 r", "10.23.0.6/24", "!10.22.0", "!fd00:22:", "mtu 1400", "10.25.0.6/24",
			"00:16:3e:25:00:06",
			"fd00:23::6/64", "default via 10.25.0.1 dev eth2", "fd00:99::/64 via fd00:23::1", "!10.24.0", "inet 10.20.0.",
			"default via 10.20.0.1 dev eth3 proto dhcp", "10.26.0.5/24")
		silent(t, folder, declared)
		if said := reportOf(c.File()).problems(); len(said) > 0 {
			t.Errorf("the hooks report %q", said)
		}
	}
}

// TestLentCardComesHome: a card that was lent is on the host again as soon as its container has ended, under its own
// name, and with the MAC address and the MTU that it had there.
func TestLentCardComesHome(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Must(t, "ip", "link", "add", "nic7", "address", "00:16:3e:00:07:00", "type", "veth", "peer", "name", "wire7")
	t.Cleanup(func() { _, _ = lxctest.Run("ip", "link", "delete", "wire7") })
	c := lxctest.New(t, folder, "borrower")
	ends := map[string]func(t *testing.T){
		"kill -9 of its init": func(t *testing.T) {
			if err := syscall.Kill(c.PID(t), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		},
		"lxc-stop -k": func(t *testing.T) { lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name) },
		"poweroff from inside": func(t *testing.T) {
			_, _ = lxctest.Run("lxc-attach", "-P", folder, "-n", c.Name, "--", "kill", "-USR2", "1") // busybox' init: poweroff
		},
	}
	home := func() bool {
		link, there := (*lxctest.Container)(nil).Links(t)["nic7"]
		return there && link.Address == "00:16:3e:00:07:00" && link.MTU == 1500
	}
	for name, end := range ends {
		t.Run("lent as it runs, "+name, func(t *testing.T) {
			apply(t, folder, args{"container": c.Name, "name": "wan0", "type": "phys", "parent": "nic7",
				"addresses":   []any{"10.5.0.3/24"},
				"mac_address": "00:16:3e:00:07:99", "mtu": 1400})
			if home() {
				t.Fatal("it was not lent")
			}
			if inside := c.Links(t)["wan0"]; inside.Address != "00:16:3e:00:07:99" || inside.MTU != 1400 {
				t.Errorf("inside it is %+v", inside)
			}
			lxctest.Must(t, "nsenter", "-t", fmt.Sprint(c.PID(t)), "-n", "ip", "link", "set", "wan0", "mtu", "1300")
			end(t)
			until(t, "the card is home", home)
			stopped(t, c)
			apply(t, folder, args{"container": c.Name, "name": "wan0", "state": "absent"})
			c.Start(t)
		})
		t.Run("lent at the start, "+name, func(t *testing.T) {
			lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
			apply(t, folder, args{"container": c.Name, "name": "wan0", "type": "phys", "parent": "nic7",
				"addresses":   []any{"10.5.0.3/24"},
				"mac_address": "00:16:3e:00:07:99", "mtu": 1400})
			c.Start(t)
			if home() {
				t.Fatal("it was not lent")
			}
			if inside := c.Links(t)["wan0"]; inside.Address != "00:16:3e:00:07:99" || inside.MTU != 1400 {
				t.Errorf("inside it is %+v", inside)
			}
			lxctest.Must(t, "nsenter", "-t", fmt.Sprint(c.PID(t)), "-n", "ip", "link", "set", "wan0", "mtu", "1300")
			end(t)
			until(t, "the card is home", home)
			stopped(t, c)
			apply(t, folder, args{"container": c.Name, "name": "wan0", "state": "absent"})
			c.Start(t)
		})
	}
	lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
	until(t, "nobody is followed", func() bool { return len(followedFiles()) == 0 })
}

// TestBridgeThatComesLater: a start waits for its bridge, as at a boot.
func TestBridgeThatComesLater(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-l")
	c := lxctest.Stopped(t, folder, "early", "lxc.net.0.type = empty\n")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-l", "addresses": []any{"10.22.0.5/24"}})
	lxctest.Must(t, "ip", "link", "delete", "br-l")
	started := make(chan error, 1)
	go func() { started <- lxctest.Runtime{}.Start(folder, c.Name) }()
	time.Sleep(2 * time.Second)
	lxctest.Must(t, "ip", "link", "add", "br-l", "up", "type", "bridge")
	lxctest.Must(t, "ip", "address", "add", "10.22.0.1/24", "dev", "br-l")
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	c.Ping(t, "10.22.0.1")
	if said := reportOf(c.File()).problems(); len(said) > 0 {
		t.Errorf("the hooks report %q", said)
	}
}
