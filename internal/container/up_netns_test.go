//go:build netns

package container

import (
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestUp: an interface that is declared to be down is there and down, as it is wired and after every start, until a
// task takes it up; what needs a link that is up is refused.
func TestUp(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-p", "10.43.0.1/24", "fd00:43::1/64")
	c := lxctest.New(t, folder, "lowered")
	want := func(when string, up bool) {
		t.Helper()
		link := c.Links(t)["eth1"]
		if slices.Contains(link.Flags, "UP") != up || strings.Contains(c.Config(t), "lxc.net.1.flags = up") != up {
			t.Errorf("%s: %+v\n%s", when, link, c.Config(t))
		}
		if seen := c.Enter(t, "ip", "address", "show", "eth1"); !strings.Contains(seen, "10.43.0.2/24") ||
			!strings.Contains(seen, "fd00:43::2/64") {
			t.Errorf("%s: %s", when, seen)
		}
	}
	addresses := []any{"10.43.0.2/24", "fd00:43::2/64"}
	on := func(more args) args {
		arguments := args{"container": c.Name, "name": "eth1", "bridge": "br-p"}
		for key, value := range more {
			arguments[key] = value
		}
		return arguments
	}
	apply(t, folder, on(args{"addresses": addresses, "up": false}))
	want("new", false)
	c.Restart(t)
	want("restarted", false)
	apply(t, folder, on(args{"mtu": 1400})) // says nothing of it
	want("another task", false)
	live(t, folder, args{"name": c.Name, "wait_for": "carrier", "wait_timeout": 5}) // what is down is not waited for

	apply(t, folder,
		on(args{"up": true, "gateway": "10.43.0.1", "routes": []any{args{"to": "fd00:99::/64", "via": "fd00:43::1"}}}))
	want("taken up", true)
	until(t, "it answers", func() bool {
		_, err := lxctest.Run("nsenter", "-t", initOf(c), "-n", "busybox", "ping", "-c", "1", "-w", "1", "fd00:43::1")
		return err == nil
	})
	if routes := c.Enter(t, "ip", "route") + c.Enter(t, "ip", "-6", "route"); !strings.Contains(routes,
		"default via 10.43.0.1") || !strings.Contains(routes, "fd00:99::/64 via") {
		t.Errorf("routes: %s", routes)
	}
	wantProblem(t, folder, on(args{"up": false, "dhcp": true}), "gateway: needs eth1 to be up",
		"routes: needs eth1 to be up", "dhcp: needs eth1 to be up")
	apply(t, folder, on(args{"up": false, "gateway": "none", "routes": []any{}}))
	want("taken down", false)
	c.Restart(t)
	want("restarted again", false)
	lxctest.Must(t, "nsenter", "-t", initOf(c), "-n", "ip", "link", "set", "eth1", "up") // by hand
	if done := apply(t, folder, on(args{"up": false})); done.Steps[0].Action != "down" {
		t.Errorf("after somebody took it up: %v", steps(done))
	}
	want("taken down again", false)
}
