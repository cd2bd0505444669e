//go:build netns

package container

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/netnstest"
)

// rebootingRoot is a root file system with one static program, which restarts the container as it is told to.
func rebootingRoot(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	source := filepath.Join(folder, "init.go")
	const text = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGPWR)
	how := syscall.LINUX_REBOOT_CMD_POWER_OFF
	if <-told == syscall.SIGINT {
		how = syscall.LINUX_REBOOT_CMD_RESTART
	}
	_ = syscall.Reboot(how)
}
`
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(folder, "root")
	build := exec.Command("go", "build", "-o", filepath.Join(root, "sbin", "init"), source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return root
}

// TestRestartsOfOneProgram: nothing but one static program is inside, with the host's users and with others'.
func TestRestartsOfOneProgram(t *testing.T) {
	lxctest.Need(t)
	if _, err := exec.LookPath("go"); err != nil {
		netnstest.Skip(t, "there is no compiler for the program inside")
	}
	root := rebootingRoot(t)
	for kind, lines := range map[string][]any{
		"privileged": nil,
		"lxc.idmap":  {"lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536"},
	} {
		t.Run(kind, func(t *testing.T) { restartsOf(t, root, lines) })
	}
}

// TestTemplateWithIDMap: what a template makes belongs to the container's own users, too.
func TestTemplateWithIDMap(t *testing.T) {
	lxctest.Need(t)
	folder := open(t)
	c := another(t, folder, "mapped")
	live(t, folder, args{"name": c.Name, "template": "busybox", "state": "present", "config": []any{
		"lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536", "lxc.apparmor.profile = unconfined"}})
	apply(t, folder, args{"container": c.Name, "interfaces": []any{}})
	live(t, folder, args{"name": c.Name})
	if owners := lxctest.Must(t, "cat", "/proc/"+initOf(c)+"/uid_map"); !strings.Contains(owners, "100000") {
		t.Errorf("its users are %s", owners)
	}
	live(t, folder, args{"name": c.Name, "state": "absent"})
}

// open is a folder that those can reach who are root inside.
func open(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for path := folder; path != "/"; path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && info.Mode()&0o001 == 0 {
			if err := os.Chmod(path, info.Mode()|0o011); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

func restartsOf(t *testing.T, root string, lines []any) {
	folder := open(t)
	lxctest.Bridge(t, "br-d")
	serve(t, "br-d")
	c := another(t, folder, "single")
	live(t, folder, args{"name": c.Name, "rootfs": root, "state": "present",
		"config": append(lines, "lxc.start.auto = 1", "lxc.apparmor.profile = unconfined")})
	declared := args{"container": c.Name, "interfaces": []any{
		args{"name": "eth1", "bridge": "br-d", "dhcp": true, "routes": []any{args{"to": "10.98.0.0/16", "via": "10.20.0.7"}}},
		args{"name": "eth2", "bridge": "br-d", "addresses": []any{"10.21.0.5/24", "fd00:21::5/64"}, "down_rate": 64000,
			"mac_address": "00:16:3e:21:00:05", "routes": []any{args{"to": "10.97.0.0/16", "via": "10.21.0.1"}}},
	}}
	apply(t, folder, declared)
	live(t, folder, args{"name": c.Name})
	if owners := lxctest.Must(t, "cat", "/proc/"+initOf(c)+"/uid_map"); strings.Contains(owners,
		"100000") != (lines != nil) {
		t.Errorf("its users are %s", owners)
	}
	for _, way := range restarts {
		t.Run(way.name, func(t *testing.T) {
			before := initOf(c)
			if way.name == "reboot from inside" {
				// There is no program inside to ask for it.
				if err := syscall.Kill(c.PID(t), syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
			} else {
				way.run(t, c)
			}
			until(t, "it runs again", func() bool { return way.keeps || initOf(c) != before && initOf(c) != "" })
			var missing []string
			defer func() {
				if t.Failed() {
					t.Logf("missing: %q; the hooks report %q", missing, reportOf(c.File()).problems())
				}
			}()
			until(t, "all of the network is there", func() bool { missing = lacks(c); return len(missing) == 0 })
			silent(t, folder, declared)
		})
	}
	live(t, folder, args{"name": c.Name, "state": "absent"})
	noClients(t)
}

// TestSnapshotClone: a copy that stands on its original's files (lxc-copy -s) is a container of its own.
func TestSnapshotClone(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	c, declared := shop(t, folder)
	if said, err := lxctest.Run("lxc-copy", "-P", folder, "-n", c.Name, "-N", "shop-clone", "-s", "-B",
		"overlay"); err != nil {
		netnstest.Skip(t, "LXC makes no snapshot clones here: %v %s", err, said)
	}
	second := another(t, folder, "shop-clone")
	c.Start(t)
	if err := (lxctest.Runtime{}).Start(folder, second.Name); err != nil {
		netnstest.Skip(t, "no overlay can be mounted here: %v", err)
	}
	if one, other := leasedWith(t, c), leasedWith(t, second); one == other {
		t.Errorf("both have %s", one)
	}
	if one, other := c.Links(t)["eth1"].Address, second.Links(t)["eth1"].Address; one != "00:16:3e:04:00:01" ||
		one == other {
		t.Errorf("MAC addresses %s and %s", one, other)
	}
	silent(t, folder, declared)
	silent(t, folder, args{"container": second.Name, "interfaces": []any{
		args{"name": "eth1", "bridge": "br-d", "dhcp": true, "routes": []any{args{"to": "10.98.0.0/16", "via": "10.20.0.7"}}},
	}})
	_, _ = lxctest.Run("lxc-stop", "-k", "-P", folder, "-n", second.Name)
	_, _ = lxctest.Run("lxc-destroy", "-P", folder, "-n", second.Name)
}
