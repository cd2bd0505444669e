//go:build netns

package container

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// starting runs the module container, and returns what it fails with.
func starting(t *testing.T, folder string, arguments args) error {
	t.Helper()
	arguments["lxc_path"], arguments["wait_timeout"] = folder, 3
	life, err := ParseLife(arguments)
	if err != nil {
		t.Fatal(err)
	}
	_, err = testMachine().ApplySpec(life, false)
	return err
}

// TestWaitFor: started means that it works; what does not is told, and the container is as it was.
func TestWaitFor(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-w")
	lxctest.Must(t, "ip", "link", "set", "br-w", "address", "02:00:00:00:30:01")
	lxctest.Must(t, "ip", "address", "add", "10.30.0.1/24", "dev", "br-w")
	c := lxctest.Stopped(t, folder, "waits", "lxc.net.0.type = empty\n")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-w",
		"addresses": []any{"10.30.0.2/24", "fd00:30::2/64"},
		"gateway":   "10.30.0.254", "gateway6": "fd00:30::254"})
	before := snapshot(t, folder)
	wantFailure := func(arguments args, texts ...string) {
		t.Helper()
		err := starting(t, folder, arguments)
		for _, text := range texts {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%v: want %q, got %v", arguments, text, err)
			}
		}
	}
	wantFailure(args{"name": c.Name, "wait_for": "gateway", "config": []any{"lxc.start.auto = 1"}},
		"after 3s the gateway 10.30.0.254 does not answer on eth1", "container waits is as it was")
	wantSame(t, before, snapshot(t, folder))
	lxctest.Must(t, "ip", "address", "add", "10.30.0.254/24", "dev", "br-w")
	wantFailure(args{"name": c.Name, "wait_for": "gateway"}, "the gateway fd00:30::254 does not answer on eth1")
	lxctest.Must(t, "ip", "address", "add", "fd00:30::254/64", "dev", "br-w", "nodad")
	live(t, folder, args{"name": c.Name, "wait_for": "gateway"})
	lxctest.Must(t, "ip", "address", "delete", "10.30.0.254/24", "dev", "br-w")
	live(t, folder, args{"name": c.Name})
	c.Enter(t, "ip", "route", "delete", "default")
	said := reportOf(c.File())
	said.add(c.Name, StartHost, errors.New("something is amiss"))
	said.save()
	t.Cleanup(func() { _ = os.Remove(said.path) })
	wantFailure(args{"name": c.Name, "wait_for": "gateway"}, "eth1 has no default route by its gateway 10.30.0.254",
		"; the hooks say: start-host: something is amiss")
	lxctest.Must(t, "ip", "link", "set", "waits_eth1", "down")
	wantFailure(args{"name": c.Name, "wait_for": "carrier"},
		"eth1 has no carrier: waits_eth1, its end on the host, is down")
	live(t, folder, args{"name": c.Name, "wait_for": "none"})
	lxctest.Must(t, "ip", "link", "set", "waits_eth1", "up")
	live(t, folder, args{"name": c.Name, "wait_for": "carrier"})
}

// TestStartThatFails: LXC's own words are in the message, and nothing is left of what the task had made.
func TestStartThatFails(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	err := starting(t, folder, args{"name": "broken", "rootfs": emptyRoot(t),
		"config": []any{"lxc.init.cmd = /nowhere", "lxc.apparmor.profile = unconfined"}})
	for _, text := range []string{"; LXC says: ", "No such file or directory", "container broken is as it was"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want %q, got %v", text, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "broken")); err == nil {
		t.Error("the container that was made stays")
	}
}
