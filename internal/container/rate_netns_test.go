//go:build netns

package container

import (
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/netnstest"
)

// TestRates limits both directions at the host's end, witnessed by tc, live and after a restart.
func TestRates(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-r")
	lxctest.Must(t, "ip", "address", "add", "10.21.0.1/24", "dev", "br-r")
	c := lxctest.New(t, folder, "limited")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-r", "addresses": []any{"10.21.0.2/24"},
		"down_rate": 8000})
	bucket := func(want string) {
		t.Helper()
		if seen := lxctest.Must(t, "tc", "qdisc", "show", "dev", "limited_eth1"); strings.Contains(seen,
			"tbf") != (want != "") || !strings.Contains(seen, want) {
			t.Errorf("want %q in %s", want, seen)
		}
	}
	bucket("rate 8Mbit")
	c.Ping(t, "10.21.0.1")
	c.Restart(t)
	bucket("rate 8Mbit")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "down_rate": 512})
	bucket("rate 512Kbit")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "down_rate": 0})
	bucket("")
	c.Ping(t, "10.21.0.1")

	if _, err := task(t, folder, args{"container": c.Name, "name": "eth1", "up_rate": 8000}, false); err != nil {
		if !strings.Contains(err.Error(), "does this kernel have") {
			t.Fatal(err)
		}
		if left := lxctest.Must(t, "tc", "qdisc", "show", "dev", "limited_eth1"); strings.Contains(left, "ingress") {
			t.Errorf("half a limit was left: %s", left)
		}
		netnstest.Skip(t, "this kernel polices nothing: %v", err)
	}
	police := func(want string) {
		t.Helper()
		if seen := lxctest.Must(t, "tc", "filter", "show", "dev", "limited_eth1", "ingress"); strings.Contains(seen,
			"police") != (want != "") || !strings.Contains(seen, want) {
			t.Errorf("want %q in %s", want, seen)
		}
	}
	police("rate 8Mbit")
	c.Restart(t)
	police("rate 8Mbit")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "up_rate": 16000, "down_rate": 4000})
	police("rate 16Mbit")
	bucket("rate 4Mbit")
	c.Ping(t, "10.21.0.1")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "up_rate": 0, "down_rate": 0})
	police("")
}
