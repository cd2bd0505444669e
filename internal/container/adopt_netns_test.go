//go:build netns

package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/netnstest"
)

// TestOpenStackAdoption: a container as OSA's role lxc_container_create leaves it, whose addresses systemd-networkd
// inside has set, is found right: nothing to do, no file written. What is changed afterwards is followed as it runs.
func TestOpenStackAdoption(t *testing.T) {
	lxctest.Need(t)
	c := deployedByOpenStack(t)
	folder := c.Folder
	c.Start(t)
	c.Enter(t, "ip", "address", "add", "172.29.238.24/22", "dev", "eth1")
	c.Enter(t, "ip", "route", "add", "10.176.0.0/12", "via", "172.29.236.1", "proto", "static", "metric", "21")
	entry := args{"address": "172.29.238.24", "bridge": "br-mgmt", "interface": "eth1", "netmask": "255.255.252.0",
		"type":          "veth",
		"static_routes": []any{args{"cidr": "10.176.0.0/12", "gateway": "172.29.236.1"}}}
	arguments := args{"container": c.Name, "container_networks": args{
		"management_address": entry, "lxcbr0_address": args{"bridge": "lxcbr0", "interface": "eth0", "mtu": 1500,
			"type": "veth"}}}
	wantNoSecondClient(t, c, arguments)
	c.Enter(t, "ip", "address", "add", "10.0.3.77/24", "valid_lft", "3600", "preferred_lft", "3600", "dev", "eth0")
	// Duplicate address detection ends by itself, and is no change.
	for deadline := time.Now().Add(10 * time.Second); strings.Contains(c.Enter(t, "ip", "address"), "tentative") &&
		time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	before := snapshot(t, folder)
	for _, check := range []bool{true, false} {
		if done, err := task(t, folder, arguments, check); err != nil || len(done.Steps) > 0 {
			t.Errorf("check %t: %v %v", check, err, steps(done))
		}
	}
	wantSame(t, before, snapshot(t, folder))
	takeOver(t, c, arguments)
	// The task's own change: another route, live.
	pid := c.PID(t)
	entry["static_routes"] = []any{args{"cidr": "10.200.0.0/16", "gateway": "172.29.236.1"}}
	if _, err := task(t, folder, arguments, false); err != nil {
		t.Fatal(err)
	}
	if routes := c.Enter(t, "ip", "route"); !strings.Contains(routes, "10.200.0.0/16 via 172.29.236.1 dev eth1") ||
		strings.Contains(routes, "10.176") {
		t.Errorf("routes: %s", routes)
	}
	if again, err := task(t, folder, arguments, false); err != nil || len(again.Steps) > 0 || c.PID(t) != pid {
		t.Errorf("again: %v %v", err, steps(again))
	}
	// From the next start on, LXC and our hook do what systemd-networkd inside did.
	c.Restart(t)
	if now := c.Enter(t, "ip", "address", "show", "dev", "eth1") +
		c.Enter(t, "ip", "route"); !strings.Contains(now, "172.29.238.24/22") ||
		!strings.Contains(now, "10.200.0.0/16 via 172.29.236.1 dev eth1") {
		t.Errorf("after a restart: %s", now)
	}
	// A name is not the beginning of another.
	if _, ok := parseNetworkd("[Match]\nName=eth10\n[Network]\nDHCP=yes\n", "eth1"); ok {
		t.Error("eth10 is taken for eth1")
	}
}

// wantNoSecondClient: systemd-networkd in a container that has just started has no lease yet, and is the client there.
func wantNoSecondClient(t *testing.T, c *lxctest.Container, arguments args) {
	t.Helper()
	networkd := exec.Command("lxc-attach", "-P", c.Folder, "-n", c.Name, "--", "/bin/sh", "-c",
		`printf '#!/bin/sh\nread line\n' >/systemd-network; chmod +x /systemd-network; exec /systemd-network`)
	input, err := networkd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := networkd.Start(); err != nil {
		t.Fatal(err)
	}
	var found []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		done, err := task(t, c.Folder, arguments, true)
		if err != nil {
			t.Error(err)
			break
		}
		if found = steps(done); len(found) == 0 {
			break
		}
	}
	if len(found) > 0 {
		t.Errorf("while systemd-networkd inside asks for a lease: %v", found)
	}
	if err := errors.Join(input.Close(), networkd.Wait()); err != nil {
		t.Logf("the stand-in of systemd-networkd: %v", err)
	}
}

// deployedByOpenStack is a stopped container as OSA's role lxc_container_create leaves it.
func deployedByOpenStack(t *testing.T) *lxctest.Container {
	t.Helper()
	folder := t.TempDir()
	for _, bridge := range []string{"lxcbr0", "br-mgmt"} {
		lxctest.Bridge(t, bridge)
	}
	c := lxctest.Stopped(t, folder, "infra1-keystone-container-a1b2c3d4", "# Ansible managed\n")
	for i, one := range []struct{ name, bridge, network string }{
		{"eth0", "lxcbr0", "[Network]\nDHCP=ipv4\n"},
		{"eth1", "br-mgmt", "[Network]\n\n[Address]\nAddress=172.29.238.24/22\n"},
	} {
		ini := filepath.Join(folder, c.Name, one.name+".ini")
		text := fmt.Sprintf(
			"# Ansible managed\nlxc.net.%d.type = veth\nlxc.net.%[1]d.name = %s\nlxc.net.%[1]d.veth.pair = a1b2c3d4_%[2]s\n"+
				"lxc.net.%[1]d.link = %[3]s\nlxc.net.%[1]d.hwaddr = 00:16:3e:aa:bb:0%[1]d\nlxc.net.%[1]d.flags = "+
				"up\nlxc.net.%[1]d.mtu = 1500\n",
			i, one.name, one.bridge)
		unit := filepath.Join(folder, c.Name, "rootfs/etc/systemd/network", one.name+".network")
		if err := os.MkdirAll(filepath.Dir(unit), 0o755); err != nil {
			t.Fatal(err)
		}
		for file, content := range map[string]string{
			ini: text, unit: "[Match]\nName=" + one.name + "\n\n" + one.network,
			c.File(): c.Config(t) + "lxc.include = " + ini + "\n",
		} {
			if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	withoutClient(t, c)
	return c
}

// TestTakeoverUndoneLater: a takeover that is not confirmed, or is rolled back, takes the file inside with it, whatever
// has become of the container meanwhile. Otherwise systemd-networkd would leave a link alone that nobody else sets up.
func TestTakeoverUndoneLater(t *testing.T) {
	lxctest.Need(t)
	c := deployedByOpenStack(t)
	unit := filepath.Join(c.Folder, c.Name, "rootfs/etc/systemd/network/0-hostnet.unmanaged-eth1.network")
	_, wanted, err := ParseNetwork(args{"container": c.Name, "manager": TakeOver, "container_networks": args{
		"management_address": args{"address": "172.29.238.24", "bridge": "br-mgmt", "interface": "eth1",
			"netmask": "255.255.252.0", "type": "veth"},
		"lxcbr0_address": args{"address": "10.0.3.77", "bridge": "lxcbr0", "interface": "eth0", "netmask": "255.255.255.0",
			"type": "veth"}}})
	if err != nil {
		t.Fatal(err)
	}
	stop := func() { lxctest.Must(t, "lxc-stop", "-k", "-P", c.Folder, "-n", c.Name) }
	was := c.Config(t)
	for _, way := range []struct {
		name               string
		before, after      func()
		boot, forthBesides bool
	}{
		{name: "stopped all the time", forthBesides: true},
		{name: "stopped since", before: func() { c.Start(t) }, after: stop},
		{name: "the host has booted", before: func() { c.Start(t) }, after: stop, boot: true},
		{name: "started since", after: func() { c.Start(t) }},
		{name: "as it ran then", forthBesides: true},
	} {
		if way.before != nil {
			way.before()
		}
		var kept []byte
		m := testMachine()
		m.Begin = func(replaced *Before) (err error) {
			kept, err = json.Marshal(replaced)
			return err
		}
		if done, err := m.Apply(c.Folder, wanted, false); err != nil {
			t.Fatalf("%s: %v: %v", way.name, err, steps(done))
		}
		ours := c.Config(t)
		if _, err := os.Stat(unit); err != nil || ours == was {
			t.Errorf("%s: the takeover has not taken over: %v\n%s", way.name, err, ours)
		}
		if way.after != nil {
			way.after()
		}
		var before Before
		if err := json.Unmarshal(kept, &before); err != nil {
			t.Fatal(err)
		}
		back := &before
		if way.boot {
			back = before.AfterBoot()
		}
		turn := func(when string, to *Before, there bool, config string) *Before {
			t.Helper()
			found, err := testMachine().Backward(to)
			if err != nil {
				t.Fatalf("%s: %s: %v", way.name, when, err)
			}
			if err := testMachine().Restore(to); err != nil {
				t.Errorf("%s: %s: %v", way.name, when, err)
			}
			if _, err := os.Stat(unit); (err == nil) != there || c.Config(t) != config {
				t.Errorf("%s: %s: %v\n%s", way.name, when, err, c.Config(t))
			}
			if !slices.ContainsFunc(found.Steps, func(step BackwardStep) bool {
				return strings.HasSuffix(step.Object, "unmanaged-eth1.network in container "+c.Name)
			}) {
				t.Errorf("%s: %s: the steps say nothing of the file inside: %v", way.name, when, found.Steps)
			}
			return found.Present
		}
		present := turn("back", back, false, was)
		if way.forthBesides {
			turn("back again", turn("forth", present, true, ours), false, was)
		}
	}
}

// takeOver moves the container over: nothing that runs changes, no packet is lost, and what was others' is in its
// configuration.
func takeOver(t *testing.T, c *lxctest.Container, arguments args) {
	t.Helper()
	lxctest.Must(t, "ip", "address", "add", "172.29.236.1/22", "dev", "br-mgmt")
	told, links := netnstest.Pinging(t, "172.29.236.1", "nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", c.PID(t))),
		c.Enter(t, "ip", "address")+c.Enter(t, "ip", "route")
	before, pid := snapshot(t, c.Folder), c.PID(t)
	arguments["manager"] = TakeOver
	would, err := task(t, c.Folder, arguments, true)
	if err != nil || len(would.Steps) == 0 {
		t.Errorf("check: %v %v", err, steps(would))
	}
	wantSame(t, before, snapshot(t, c.Folder))
	unit := filepath.Join(c.Folder, c.Name, "rootfs/etc/systemd/network/0-hostnet.unmanaged-eth1.network")
	undone(t, c, arguments, 1) // our program stays, so that there is a step less from now on
	if would, err = task(t, c.Folder, arguments, true); err != nil || len(would.Steps) != 2 {
		t.Fatalf("%v: %v", err, steps(would))
	}
	for at := range would.Steps {
		undone(t, c, arguments, at)
		if _, err := os.Stat(unit); err == nil {
			t.Errorf("%s is left of a run that was undone", unit)
		}
	}
	wantSame(t, before, snapshot(t, c.Folder))
	done, err := task(t, c.Folder, arguments, false)
	if err != nil || !slices.Equal(steps(done), steps(would)) {
		t.Errorf("%v: %v, and the check said %v", err, steps(done), steps(would))
	}
	told()
	if now := c.Enter(t, "ip", "address") + c.Enter(t, "ip", "route"); leftOf(now) != leftOf(links) || c.PID(t) != pid {
		t.Errorf("before\n%s\nafter\n%s", links, now)
	}
	config := c.Config(t)
	for _, want := range []string{"lxc.net.1.ipv4.address = 172.29.238.24/22", "lxc.net.1.hwaddr = 00:16:3e:aa:bb:01",
		"lxc.net.0.veth.pair = a1b2c3d4_eth0",
		"10.176.0.0/12"} {
		if !strings.Contains(config, want) {
			t.Errorf("%q is not in\n%s", want, config)
		}
	}
	if strings.Contains(config, ".ini") {
		t.Errorf("still includes\n%s", config)
	}
	if text, err := os.ReadFile(unit); err != nil ||
		!strings.Contains(string(text), "[Match]\nName=eth1\n\n[Link]\nUnmanaged=yes\n") {
		t.Errorf("%s: %v", text, err)
	}
	if _, err := os.Stat(strings.Replace(unit, "eth1", "eth0", 1)); err == nil {
		t.Error("the client of eth0 has lost its file")
	}
	for _, manager := range []any{TakeOver, nil} {
		arguments["manager"] = manager
		if again, err := task(t, c.Folder, arguments, false); err != nil || len(again.Steps) > 0 {
			t.Errorf("again with %v: %v %v", manager, err, steps(again))
		}
	}
}

// undone runs the task on a machine that fails at a step.
func undone(t *testing.T, c *lxctest.Container, arguments args, step int) {
	t.Helper()
	_, wanted, err := ParseNetwork(arguments)
	if err != nil {
		t.Fatal(err)
	}
	machine, refused := testMachine(), errors.New("refused")
	machine.BeforeStep = func(at int) error {
		if at == step {
			return refused
		}
		return nil
	}
	if _, err := machine.Apply(c.Folder, wanted, false); !errors.Is(err, refused) {
		t.Errorf("refused at step %d: %v", step, err)
	}
}

var lifetimes = regexp.MustCompile(`(valid|preferred)_lft \w+`)

// leftOf is without what runs down by itself.
func leftOf(text string) string { return lifetimes.ReplaceAllString(text, "") }

// withoutClient keeps busybox' init from running its DHCP client, which empties eth0 when it starts.
func withoutClient(t *testing.T, c *lxctest.Container) {
	t.Helper()
	script := filepath.Join(c.Folder, c.Name, "rootfs/etc/init.d/rcS")
	if err := os.Remove(script); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, []byte("#!/bin/sh\n/bin/mount -a\n"), 0o744); err != nil {
		t.Fatal(err)
	}
}
