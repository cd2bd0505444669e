//go:build netns

package container

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// restarts are the ways in which a container ends and runs again without a task. Each returns when it has begun.
var restarts = []struct {
	name string
	run  func(t *testing.T, c *lxctest.Container)
	// keeps says that the init stays.
	keeps bool
}{
	{"reboot from inside", func(t *testing.T, c *lxctest.Container) {
		// busybox' init takes SIGTERM for a restart, as `reboot` inside sends it.
		_, _ = lxctest.Run("lxc-attach", "-P", c.Folder, "-n", c.Name, "--", "kill", "-TERM", "1") // is killed along
	}, false},
	{"lxc-stop -r", func(t *testing.T, c *lxctest.Container) {
		lxctest.Must(t, "timeout", "30", "lxc-stop", "-r", "-P", c.Folder, "-n", c.Name)
	}, false},
	{"stop and start", func(t *testing.T, c *lxctest.Container) { c.Restart(t) }, false},
	{"kill -9 of its init", func(t *testing.T, c *lxctest.Container) {
		gone := c.Ends(t)
		if err := syscall.Kill(c.PID(t), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		gone()
		stopped(t, c)
		c.Start(t)
	}, false},
	{"freeze and unfreeze", func(t *testing.T, c *lxctest.Container) {
		lxctest.Must(t, "lxc-freeze", "-P", c.Folder, "-n", c.Name)
		lxctest.Must(t, "lxc-unfreeze", "-P", c.Folder, "-n", c.Name)
	}, true},
	{"lxc-autostart", func(t *testing.T, c *lxctest.Container) {
		gone := c.Ends(t)
		lxctest.Must(t, "lxc-stop", "-k", "-P", c.Folder, "-n", c.Name)
		gone()
		lxctest.Must(t, "lxc-autostart", "-P", c.Folder, "-A")
	}, false},
}

func stopped(t *testing.T, c *lxctest.Container) {
	t.Helper()
	until(t, "container "+c.Name+" has stopped", func() bool {
		state, err := lxctest.Runtime{}.State(c.Folder, c.Name)
		return err == nil && state.Name == "STOPPED"
	})
}

// TestRestarts: whatever restarts a container, its lease, addresses, routes, rate and bridge are there again, nothing
// is left over, and the task has nothing to do.
func TestRestarts(t *testing.T) {
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
	live(t, folder, args{"name": c.Name, "config": []any{"lxc.start.auto = 1"}})
	apply(t, folder, declared)
	// A monitor restarts with the configuration that it was started with.
	c.Restart(t)
	for _, way := range restarts {
		t.Run(way.name, func(t *testing.T) {
			before := initOf(c)
			way.run(t, c)
			until(t, "it runs again", func() bool { return way.keeps || initOf(c) != before && initOf(c) != "" })
			var missing []string
			defer func() {
				if t.Failed() {
					t.Logf("missing: %q; the hooks report %q\n%s", missing, reportOf(c.File()).problems(),
						lxctest.Must(t, "sh", "-c", `lxc-info -P "$1" -n again; tail -40 "$1"/again/*.log`, "sh", folder))
				}
			}()
			until(t, "all of the network is there", func() bool { missing = lacks(c); return len(missing) == 0 })
			if ends := strings.Count(lxctest.Must(t, "ip", "-o", "link", "show", "type", "veth"), "master br-d"); ends != 2 {
				t.Errorf("%d links are ports of the bridge, want 2", ends)
			}
			if again, err := task(t, folder, declared, false); err != nil || len(again.Steps) > 0 {
				t.Errorf("the task after it: %v %v", err, again)
			}
			if said := reportOf(c.File()).problems(); len(said) > 0 {
				t.Errorf("the hooks report %q", said)
			}
		})
	}
	gone := c.Ends(t)
	lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
	gone()
	noClients(t)
	if left, _ := filepath.Glob(reports + "/*"); len(left) > 0 {
		t.Errorf("reports stay: %v: %s", left, lxctest.Must(t, "cat", left[0]))
	}
}

// lacks lists what iproute2 does not see yet.
func lacks(c *lxctest.Container) []string {
	inside := func(arguments ...string) string {
		text, _ := lxctest.Run("nsenter", append([]string{"-t", initOf(c), "-n"}, arguments...)...)
		return text
	}
	host := func(arguments ...string) string {
		text, _ := lxctest.Run(arguments[0], arguments[1:]...)
		return text
	}
	addresses, routes, end := inside("ip", "-o", "address"), inside("ip", "route"), usualHostName(c.Name, "eth2")
	links, qdiscs := inside("ip", "link", "show", "eth2"), host("tc", "qdisc", "show", "dev", end)
	var missing []string
	for want, seen := range map[string]string{
		"inet 10.20.0.": addresses, "inet 10.21.0.5/24": addresses, "inet6 fd00:21::5/64": addresses, "rate 64Mbit": qdiscs,
		"default via 10.20.0.1 dev eth1 proto dhcp": routes, "10.98.0.0/16 via 10.20.0.7 dev eth1": routes,
		"10.97.0.0/16 via 10.21.0.1 dev eth2": routes, "00:16:3e:21:00:05": links,
		"master br-d": host("ip", "link", "show", end),
	} {
		if !strings.Contains(seen, want) {
			missing = append(missing, want)
		}
	}
	return missing
}

func initOf(c *lxctest.Container) string {
	text, _ := lxctest.Run("lxc-info", "-P", c.Folder, "-n", c.Name, "-pH")
	return strings.TrimSpace(text)
}
