//go:build netns

package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// shop is a container with a lease, a static address and a MAC address of its own.
func shop(t *testing.T, folder string) (*lxctest.Container, args) {
	t.Helper()
	lxctest.Bridge(t, "br-d")
	serve(t, "br-d")
	standInForRsync(t)
	c := lxctest.Stopped(t, folder, "shop", "lxc.net.0.type = empty\n")
	declared := args{"container": c.Name, "interfaces": []any{
		args{"name": "eth1", "bridge": "br-d", "dhcp": true, "mac_address": "00:16:3e:04:00:01",
			"routes": []any{args{"to": "10.98.0.0/16", "via": "10.20.0.7"}}},
	}}
	apply(t, folder, declared)
	return c, declared
}

// standInForRsync is what LXC's copies call, which not every machine has.
func standInForRsync(t *testing.T) {
	t.Helper()
	programs := t.TempDir()
	const text = "#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\nmkdir -p \"$2\" && cp -a \"$1/.\" \"$2/\"\n"
	if err := os.WriteFile(filepath.Join(programs, "rsync"), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
}

// another is a container that LXC has made of one of the test's.
func another(t *testing.T, folder, name string) *lxctest.Container {
	t.Helper()
	c := &lxctest.Container{Folder: folder, Name: name}
	t.Cleanup(func() {
		_, _ = lxctest.Run("lxc-stop", "-k", "-P", folder, "-n", name)
		_, _ = lxctest.Run("lxc-destroy", "-f", "-P", folder, "-n", name)
	})
	return c
}

func leasedWith(t *testing.T, c *lxctest.Container) string {
	t.Helper()
	address := ""
	until(t, "a lease of "+c.Name, func() bool {
		text, _ := lxctest.Run("nsenter", "-t", initOf(c), "-n", "ip", "-4", "-o", "address", "show", "eth1")
		_, rest, found := strings.Cut(text, "inet ")
		address, _, _ = strings.Cut(rest, "/")
		return found && strings.HasPrefix(address, "10.20.0.")
	})
	return address
}

// TestCopy: a copy that nobody has declared runs beside its original with names and a lease of its own.
func TestCopy(t *testing.T) {
	lxctest.Need(t)
	for name, copied := range map[string][]string{"new addresses": nil, "kept addresses": {"-M"}} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			c, declared := shop(t, folder)
			lxctest.Must(t, "lxc-copy", append([]string{"-P", folder, "-n", c.Name, "-N", "shop-backup"}, copied...)...)
			second := another(t, folder, "shop-backup")
			c.Start(t)
			silent(t, folder, declared)
			second.Start(t)
			if one, other := leasedWith(t, c), leasedWith(t, second); one == other {
				t.Errorf("both have %s", one)
			}
			until(t, "the route that waits for the lease", func() bool {
				return strings.Contains(second.Enter(t, "ip", "route"), "10.98.0.0/16 via 10.20.0.7 dev eth1")
			})
			if one, other := c.Links(t)["eth1"].Address, second.Links(t)["eth1"].Address; one != "00:16:3e:04:00:01" ||
				one == other {
				t.Errorf("MAC addresses %s and %s", one, other)
			}
			silent(t, folder, declared)
			silent(t, folder, args{"container": second.Name, "interfaces": []any{
				args{"name": "eth1", "bridge": "br-d", "dhcp": true,
					"routes": []any{args{"to": "10.98.0.0/16", "via": "10.20.0.7"}}},
			}})
		})
	}
}

func silent(t *testing.T, folder string, declared args) {
	t.Helper()
	if again, err := task(t, folder, declared, false); err != nil || len(again.Steps) > 0 {
		t.Errorf("the unchanged task: %v %v", err, again)
	}
}

// TestCopyOfStaticAddress: what would take the original's address does not start, and says whose it is.
func TestCopyOfStaticAddress(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	standInForRsync(t)
	lxctest.Bridge(t, "br-s")
	c := lxctest.New(t, folder, "mail")
	declared := args{"container": c.Name,
		"interfaces": []any{args{"name": "eth1", "bridge": "br-s", "addresses": []any{"10.21.0.5/24"}}}}
	apply(t, folder, declared)
	gone := c.Ends(t)
	lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
	gone()
	lxctest.Must(t, "lxc-copy", "-P", folder, "-n", c.Name, "-N", "mail2")
	second := another(t, folder, "mail2")
	if err := (lxctest.Runtime{}).Start(folder, second.Name); err == nil {
		t.Error("the copy starts with the original's address")
	}
	if said := strings.Join(reportOf(second.File()).problems(), "\n"); !strings.Contains(said,
		"10.21.0.5 of eth1 belongs to container mail") {
		t.Errorf("the hook says %q", said)
	}
	life, err := ParseLife(args{"name": second.Name, "lxc_path": folder})
	if err == nil {
		_, err = testMachine().ApplySpec(life, false)
	}
	if err == nil || !strings.Contains(err.Error(), "10.21.0.5 of eth1 belongs to container mail") ||
		!strings.HasSuffix(err.Error(), "container mail2 is as it was") {
		t.Errorf("the task says %v", err)
	}
	silent(t, folder, declared)
	c.Start(t)
	silent(t, folder, declared)
	apply(t, folder, args{"container": second.Name,
		"interfaces": []any{args{"name": "eth1", "bridge": "br-s", "addresses": []any{"10.21.0.6/24"}}}})
	second.Start(t)
	second.Ping(t, "10.21.0.5")
}

// TestRenamedAndRestored: a container that LXC has renamed or restored is the one that was declared.
func TestRenamedAndRestored(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	c, declared := shop(t, folder)
	file := c.File()
	lxctest.Must(t, "lxc-copy", "-P", folder, "-R", "-n", c.Name, "-N", "store")
	if _, err := os.Stat(file); err == nil {
		t.Fatal("it was copied, not renamed")
	}
	c.Name = "store"
	declared["container"] = c.Name
	c.Start(t)
	look := func(when string) {
		t.Helper()
		leasedWith(t, c)
		until(t, when+": the route that waits for the lease", func() bool {
			return strings.Contains(c.Enter(t, "ip", "route"), "10.98.0.0/16 via 10.20.0.7 dev eth1")
		})
		if mac := c.Links(t)["eth1"].Address; mac != "00:16:3e:04:00:01" {
			t.Errorf("%s: the MAC address is %s", when, mac)
		}
		silent(t, folder, declared)
	}
	look("renamed")
	stop := func() {
		gone := c.Ends(t)
		lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
		gone()
	}
	stop()
	lxctest.Must(t, "lxc-snapshot", "-P", folder, "-n", c.Name)
	lxctest.Must(t, "lxc-snapshot", "-P", folder, "-n", c.Name, "-r", "snap0")
	silent(t, folder, declared)
	c.Start(t)
	look("restored")
	stop()
	lxctest.Must(t, "lxc-snapshot", "-P", folder, "-n", c.Name, "-r", "snap0", "-N", "depot")
	c.Start(t)
	third := another(t, folder, "depot")
	third.Start(t)
	if one, other := leasedWith(t, c), leasedWith(t, third); one == other {
		t.Errorf("both have %s", one)
	}
	look("beside a container restored under another name")
}

// TestRecordOfFirstRelease: a record beside the configuration is carried over.
func TestRecordOfFirstRelease(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	c, declared := shop(t, folder)
	text := c.Config(t)
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, recordNote) && !strings.Contains(line, "hook.clone") {
			kept = append(kept, line)
		}
	}
	const old = `{"interfaces": [{"name": "eth1", "routes": [{"to": "10.98.0.0/16", "via": "10.20.0.7"}], "dhcp": true}]}`
	for file, contents := range map[string]string{c.File(): strings.Join(kept, ""), recordPath(c.File()): old} {
		if err := os.WriteFile(file, []byte(contents), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.Start(t)
	leasedWith(t, c)
	apply(t, folder, declared)
	if now := c.Config(t); !strings.Contains(now, recordNote) || !strings.Contains(now, "hook.clone") {
		t.Errorf("the configuration is\n%s", now)
	}
	if _, err := os.Stat(recordPath(c.File())); err == nil {
		t.Error("the old file stays")
	}
}
