//go:build netns

package container

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/lxc/lxctest"
)

// live runs the module container: checked, for real, and again, which must find nothing to do.
func live(t *testing.T, folder string, arguments args) *Outcome {
	t.Helper()
	arguments["lxc_path"] = folder
	life, err := ParseLife(arguments)
	if err != nil {
		t.Fatal(err)
	}
	checked, err := testMachine().ApplySpec(life, true)
	if err != nil {
		t.Fatal(err)
	}
	done, err := testMachine().ApplySpec(life, false)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(steps(done)), fmt.Sprint(steps(checked)); got != want {
		t.Errorf("check mode said\n%s\nthe run did\n%s", want, got)
	}
	if again, err := testMachine().ApplySpec(life, false); err != nil || len(again.Steps) > 0 {
		t.Errorf("the second run was not silent: %v %v", err, steps(again))
	}
	return done
}

// TestEmptyContainer: nothing is needed inside. The container has one program that knows nothing of networks; its
// addresses, routes and lease are there all the same, live and after a restart.
func TestEmptyContainer(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-e")
	serve(t, "br-e")
	name := "empty"
	t.Cleanup(func() { _, _ = lxctest.Run("lxc-destroy", "-f", "-P", folder, "-n", name) })
	rootfs := emptyRoot(t)
	done := live(t, folder, args{"name": name, "rootfs": rootfs, "state": "present",
		"config": []any{"lxc.start.order = 7", "lxc.apparmor.profile = unconfined"}})
	if len(done.Steps) < 2 || len(done.Containers) != 1 {
		t.Errorf("steps %v, containers %v", steps(done), done.Containers)
	}
	apply(t, folder, args{"container": name, "interfaces": []any{
		args{"name": "eth0", "bridge": "br-e", "dhcp": true},
		args{"name": "eth1", "bridge": "br-e", "addresses": []any{"10.20.0.5/24", "fd00:20::5/64"},
			"routes": []any{args{"to": "10.99.0.0/16", "via": "10.20.0.1"}}},
	}})
	live(t, folder, args{"name": name})
	c := &lxctest.Container{Folder: folder, Name: name}
	look := func(when string) {
		t.Helper()
		addresses, routes := c.Enter(t, "ip", "address"), c.Enter(t, "ip", "route")
		if !strings.Contains(addresses, "10.20.0.5/24") || !strings.Contains(routes, "10.99.0.0/16 via 10.20.0.1 dev eth1") ||
			!strings.Contains(routes, "default via 10.20.0.1 dev eth0 proto dhcp") {
			t.Errorf("%s: %s\n%s", when, addresses, routes)
		}
		c.Ping(t, "10.20.0.1")
	}
	look("started")
	live(t, folder, args{"name": name, "state": "stopped"})
	live(t, folder, args{"name": name, "state": "started", "config": []any{"lxc.start.auto = 1"}})
	look("started again")
	if text := c.Config(t); strings.Count(text, "lxc.start.auto = 1") != 1 ||
		strings.Count(text, "lxc.start.order = 7") != 1 {
		t.Errorf("the configuration:\n%s", text)
	}
	live(t, folder, args{"name": name, "state": "absent"})
	if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
		t.Error("the container's files stay")
	}
	noClients(t)
}

// TestOwnersAreShifted: a root file system belongs to the users of the container that it is copied for.
func TestOwnersAreShifted(t *testing.T) {
	lxctest.Need(t)
	folder, source := t.TempDir(), t.TempDir()
	lxctest.Must(t, "sh", "-c",
		`cd "$1" && mkdir sbin etc && echo >sbin/init && chmod 4755 sbin/init && ln sbin/init sbin/second && ln -s init sbin/link &&
echo >etc/shadow && chown 0:42 etc/shadow && chmod 640 etc/shadow`, "sh", source)
	// As setcap cap_net_raw+ep has it.
	ping := []byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if err := unix.Setxattr(filepath.Join(source, "etc/shadow"), capability, ping, 0); err != nil {
		t.Fatal(err)
	}
	name := "shifted"
	t.Cleanup(func() { _, _ = lxctest.Run("lxc-destroy", "-f", "-P", folder, "-n", name) })
	lines := []any{"lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 200000 65536"}
	live(t, folder, args{"name": name, "rootfs": source, "state": "present", "config": lines})
	root := filepath.Join(folder, name, "rootfs")
	for file, want := range map[string]string{
		"": "100000 200000", "sbin/init": "4755 100000 200000", "sbin/second": "4755 100000 200000",
		"sbin/link": "100000 200000", "etc/shadow": "640 100000 200042",
	} {
		if seen := lxctest.Must(t, "stat", "-c", "%a %u %g",
			filepath.Join(root, file)); !strings.HasSuffix(strings.TrimSpace(seen), want) {
			t.Errorf("%s is %s, want %s", file, seen, want)
		}
	}
	value := make([]byte, 64)
	size, err := unix.Getxattr(filepath.Join(root, "etc/shadow"), capability, value)
	want := append([]byte{1, 0, 0, 3}, append(append([]byte{}, ping[4:]...), 0xa0, 0x86, 0x01, 0)...)
	if err != nil || !bytes.Equal(value[:max(size, 0)], want) {
		t.Errorf("capabilities: % x, %v, want % x", value[:max(size, 0)], err, want)
	}
	for want, lines := range map[string][]any{
		"no place for user 0 or group 42":         {"lxc.idmap = u 0 100000 42", "lxc.idmap = g 0 100000 42"},
		"config[0]: LXC takes no lxc.idmap = all": {"lxc.idmap = all"},
	} {
		life, err := ParseLife(args{"name": "narrow", "lxc_path": folder, "rootfs": source, "state": "present",
			"config": lines})
		if err == nil {
			_, err = testMachine().ApplySpec(life, false)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if _, err := os.Stat(filepath.Join(folder, "narrow")); err == nil {
			t.Errorf("%s: half a container is left", want)
		}
	}
}

// TestLinesThatLXCDoesNotTake: with one of them LXC would read nothing of the container any more, so nothing is
// written.
func TestLinesThatLXCDoesNotTake(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	c := lxctest.Stopped(t, folder, "picky", "lxc.net.0.type = empty\n")
	before := c.Config(t)
	for _, state := range []string{"present", "started"} {
		lines := []any{"lxc.start.order = 3", "lxc.nonsense = 1", "lxc.start.auto = often", "lxc.idmap = all"}
		life, err := ParseLife(args{"name": c.Name, "lxc_path": folder, "state": state, "config": lines})
		if err != nil {
			t.Fatal(err)
		}
		for _, check := range []bool{true, false} {
			_, err = testMachine().ApplySpec(life, check)
			for _, want := range []string{"config[1]: LXC takes no lxc.nonsense = 1",
				"config[2]: LXC takes no lxc.start.auto = often", "config[3]: "} {
				if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "config[0]") {
					t.Errorf("%s: want %q, got %v", state, want, err)
				}
			}
		}
	}
	if after := c.Config(t); after != before {
		t.Errorf("the configuration is now\n%s", after)
	}
	live(t, folder, args{"name": c.Name, "state": "present", "config": []any{"lxc.start.order = 3"}})
}

// TestAnswers (on eth1: busybox has a DHCP client of its own on eth0): a container whose address does not answer is not
// called started.
func TestAnswers(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-w")
	c := lxctest.New(t, folder, "mute")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-w", "addresses": []any{"10.30.0.2/24"}})
	life, err := ParseLife(args{"name": c.Name, "lxc_path": folder, "wait_timeout": 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := testMachine().ApplySpec(life, false); err != nil {
		t.Error(err)
	}
	for _, wrong := range []struct{ command, want string }{
		{"ip link set dev mute_eth1 nomaster", "10.30.0.2 of eth1 does not answer"},
		{"nsenter -t PID -n ip address flush dev eth1", "10.30.0.2 of eth1 does not answer"},
		{"nsenter -t PID -n ip link delete eth1", "it has no eth1"},
	} {
		words := strings.Fields(strings.ReplaceAll(wrong.command, "PID", fmt.Sprint(c.PID(t))))
		lxctest.Must(t, words[0], words[1:]...)
		if wrong.command[:2] == "ip" {
			lxctest.Must(t, "nsenter", "-t", fmt.Sprint(c.PID(t)), "-n", "ip", "link", "set", "eth1", "down")
		}
		if _, err := testMachine().ApplySpec(life, false); err == nil || !strings.Contains(err.Error(), wrong.want) {
			t.Errorf("%s: %v", wrong.command, err)
		}
	}
}

func TestBadLife(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	for want, arguments := range map[string]args{
		"template or rootfs is required":        {"name": "none"},
		"rootfs: stat /nowhere":                 {"name": "none", "rootfs": "/nowhere"},
		"must be a container's name":            {"name": "../etc"},
		"cannot be used together with template": {"name": "none", "rootfs": "/", "template": "busybox"},
		"must be a line such as":                {"name": "none", "config": []any{"start=1"}},
		"lxc.net.0.type is about an interface":  {"name": "none", "config": []any{"lxc.net.0.type = veth"}},
		`did you mean "state"`:                  {"name": "none", "stat": "present"},
	} {
		arguments["lxc_path"] = folder
		life, err := ParseLife(arguments)
		if err == nil {
			_, err = testMachine().ApplySpec(life, false)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("something was made: %v", left)
	}
}
