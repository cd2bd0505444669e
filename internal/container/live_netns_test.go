//go:build netns

package container

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

func TestInterfaceOfRunningContainer(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-mgmt")
	lxctest.Must(t, "ip", "address", "add", "172.29.236.1/22", "dev", "br-mgmt")
	c := lxctest.New(t, folder, "infra1_utility_container-a1b2c3d4")
	pid := c.PID(t)

	done := apply(t, folder, args{
		"container": c.Name, "name": "eth1", "bridge": "br-mgmt", "addresses": []any{"172.29.236.101/22", "fd00:29::101/64"},
		"gateway": "172.29.236.1", "mtu": 1400,
		"routes": []any{args{"to": "10.176.0.0/12", "via": "172.29.236.2", "metric": 50}},
	})
	if len(done.Steps) == 0 {
		t.Fatal("nothing was done")
	}
	verify := func(when string) {
		t.Helper()
		inside, outside := c.Links(t)["eth1"], (*lxctest.Container)(nil).Links(t)["a1b2c3d4_eth1"]
		if inside.MTU != 1400 || outside.MTU != 1400 || outside.Master != "br-mgmt" ||
			!strings.HasPrefix(inside.Address, "00:16:3e:") {
			t.Errorf("%s: inside %+v, outside %+v", when, inside, outside)
		}
		routes := c.Enter(t, "ip", "route")
		for _, want := range []string{"default via 172.29.236.1 dev eth1",
			"10.176.0.0/12 via 172.29.236.2 dev eth1 proto static metric 50"} {
			if !strings.Contains(routes, want) {
				t.Errorf("%s: no route %q in %s", when, want, routes)
			}
		}
		c.Ping(t, "172.29.236.1")
	}
	verify("live")
	if now := c.PID(t); now != pid {
		t.Errorf("the container was restarted: init was %d and is %d", pid, now)
	}
	mac := c.Links(t)["eth1"].Address
	c.Restart(t)
	verify("after a restart")
	if now := c.Links(t)["eth1"].Address; now != mac {
		t.Errorf("MAC address was %s and is %s", mac, now)
	}
	apply(t, folder, args{"container": c.Name, "name": "eth1", "state": "absent"})
	if _, there := c.Links(t)["eth1"]; there || strings.Contains(c.Config(t), "eth1") ||
		strings.Contains(c.Config(t), "hook") {
		t.Errorf("eth1 is still there: %s", c.Config(t))
	}
}

// TestOptions sets each option, changes it and resets it on a running container, witnessed by iproute2; each time the
// container is as declared after a restart too.
func TestOptions(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	for _, bridge := range []string{"br-o1", "br-o2"} {
		lxctest.Bridge(t, bridge)
	}
	c := lxctest.New(t, folder, "options")
	base := args{"container": c.Name, "name": "eth1", "bridge": "br-o1", "addresses": []any{"10.1.0.2/24", "fd00:1::2/64"}}
	apply(t, folder, base)
	inside := func(command ...string) func() string { return func() string { return c.Enter(t, command...) } }
	onHost := func(name string) func() string {
		return func() string { return lxctest.Must(t, "ip", "-d", "link", "show", "dev", name) }
	}
	for _, one := range []struct {
		option  string
		value   any
		witness func() string
		want    string
		absent  bool
	}{
		{"bridge", "br-o2", onHost("options_eth1"), "master br-o2", false},
		{"bridge", "br-o1", onHost("options_eth1"), "master br-o1", false},
		{"host_name", "other", onHost("other"), "master br-o1", false},
		{"host_name", "options_eth1", onHost("options_eth1"), "master br-o1", false},
		{"mac_address", "00:16:3e:00:00:07", inside("ip", "link", "show", "eth1"), "00:16:3e:00:00:07", false},
		{"mac_address", "00:16:3e:00:00:08", inside("ip", "link", "show", "eth1"), "00:16:3e:00:00:08", false},
		{"mtu", 1400, inside("ip", "link", "show", "eth1"), "mtu 1400", false},
		{"mtu", 1500, onHost("options_eth1"), "mtu 1500", false},
		{"addresses", []any{"10.1.0.3/24", "fd00:1::2/64"}, inside("ip", "address"), "10.1.0.3/24", false},
		{"addresses", []any{"10.1.0.2/24", "fd00:1::2/64"}, inside("ip", "address"), "10.1.0.3/24", true},
		{"gateway", "10.1.0.1", inside("ip", "route"), "default via 10.1.0.1", false},
		{"gateway", "10.1.0.9", inside("ip", "route"), "default via 10.1.0.9", false},
		{"gateway", "none", inside("ip", "route"), "default", true},
		{"gateway6", "fd00:1::1", inside("ip", "-6", "route"), "default via fd00:1::1", false},
		{"gateway6", "none", inside("ip", "-6", "route"), "default", true},
		{"routes", []any{args{"to": "10.8.0.0/16", "via": "10.1.0.1"}}, inside("ip", "route"), "10.8.0.0/16 via 10.1.0.1",
			false},
		{"routes", []any{args{"to": "10.8.0.0/16", "via": "10.1.0.4"}}, inside("ip", "route"), "10.8.0.0/16 via 10.1.0.4",
			false},
		{"routes", []any{args{"to": "fd08::/16", "via": "fd00:1::1", "metric": 7}}, inside("ip", "-6", "route"),
			"fd08::/16 via fd00:1::1", false},
		{"routes", []any{}, inside("ip", "route"), "10.8.0.0/16", true},
	} {
		arguments := args{"container": c.Name, "name": "eth1", one.option: one.value}
		done := apply(t, folder, arguments)
		if len(done.Steps) == 0 {
			t.Errorf("%s %v: nothing was done", one.option, one.value)
		}
		if seen := one.witness(); strings.Contains(seen, one.want) == one.absent {
			t.Errorf("%s %v: %q present should be %v in %s", one.option, one.value, one.want, !one.absent, seen)
		}
		c.Restart(t)
		if seen := one.witness(); strings.Contains(seen, one.want) == one.absent {
			t.Errorf("%s %v: after a restart %q present should be %v in %s", one.option, one.value, one.want, !one.absent, seen)
		}
		again, err := task(t, folder, arguments, false)
		if err != nil || len(again.Steps) > 0 {
			t.Errorf("%s %v: after a restart: %v %v", one.option, one.value, err, steps(again))
		}
	}
}

// TestOthersLoseNothing floods one interface with pings while another one goes through everything that can change.
func TestOthersLoseNothing(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	for _, bridge := range []string{"br-f1", "br-f2"} {
		lxctest.Bridge(t, bridge)
	}
	lxctest.Must(t, "ip", "address", "add", "10.2.0.1/24", "dev", "br-f1")
	c := lxctest.New(t, folder, "flooded")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-f1", "addresses": []any{"10.2.0.2/24"}})
	pid := c.PID(t)
	ping := exec.Command("nsenter", "-t", fmt.Sprint(pid), "-n", "busybox", "ping", "-i", "0.005", "-c", "400", "-q",
		"10.2.0.1")
	var seen strings.Builder
	ping.Stdout = &seen
	if err := ping.Start(); err != nil {
		t.Fatal(err)
	}
	for _, change := range []args{
		{"bridge": "br-f1"}, {"bridge": "br-f2", "mtu": 1300, "addresses": []any{"10.3.0.2/24"}}, {"host_name": "moved"},
		{"state": "absent"},
	} {
		change["container"], change["name"] = c.Name, "eth2"
		apply(t, folder, change)
	}
	if err := ping.Wait(); err != nil || !strings.Contains(seen.String(), " 0% packet loss") {
		t.Errorf("packets were lost: %v %s", err, seen.String())
	}
	if now := c.PID(t); now != pid {
		t.Errorf("init was %d and is %d", pid, now)
	}
}

func TestStoppedContainer(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-s")
	c := lxctest.Stopped(t, folder, "stopped", "")
	apply(t, folder, args{"container": c.Name, "interfaces": []any{
		args{"name": "eth0", "bridge": "br-s"}, args{"name": "eth1", "bridge": "br-s", "addresses": []any{"10.4.0.2/24"}},
	}})
	c.Start(t)
	if links := c.Links(t); links["eth0"].Name == "" || links["eth1"].Addresses[0].Local != "10.4.0.2" {
		t.Errorf("started with %v", links)
	}
	apply(t, folder, args{"container": c.Name,
		"interfaces": []any{args{"name": "eth1", "bridge": "br-s", "addresses": []any{"10.4.0.2/24"}}}})
	if links := c.Links(t); links["eth0"].Name != "" || links["eth1"].Name == "" {
		t.Errorf("links are %v, want eth1 alone", links)
	}
	if strings.Contains(c.Config(t), "lxc.net.0") || !strings.Contains(c.Config(t), "lxc.net.1.name = eth1") {
		t.Errorf("the numbers changed: %s", c.Config(t))
	}
}

func TestMacvlanAndLentNIC(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Must(t, "ip", "link", "add", "name", "nic0", "address", "00:16:3e:00:01:00", "type", "veth", "peer", "name",
		"wire0")
	lxctest.Must(t, "ip", "link", "set", "wire0", "up")
	lxctest.Must(t, "ip", "address", "add", "10.5.0.1/24", "dev", "wire0")
	lxctest.Must(t, "ip", "link", "set", "nic0", "up")
	t.Cleanup(func() { _, _ = lxctest.Run("ip", "link", "delete", "wire0") })
	c := lxctest.New(t, folder, "mixed")
	apply(t, folder, args{"container": c.Name, "name": "mv0", "type": "macvlan", "parent": "nic0",
		"macvlan_mode": "bridge", "addresses": []any{"10.5.0.2/24"}})
	c.Ping(t, "10.5.0.1")
	apply(t, folder, args{"container": c.Name, "name": "mv0", "macvlan_mode": "private"})
	if seen := c.Enter(t, "ip", "-d", "link", "show", "mv0"); !strings.Contains(seen, "mode private") {
		t.Errorf("mode was not changed: %s", seen)
	}
	c.Ping(t, "10.5.0.1")
	c.Restart(t)
	c.Ping(t, "10.5.0.1")
	apply(t, folder, args{"container": c.Name, "name": "mv0", "state": "absent"})

	apply(t, folder, args{"container": c.Name, "name": "wan0", "type": "phys", "parent": "nic0",
		"addresses": []any{"10.5.0.3/24"}})
	c.Ping(t, "10.5.0.1")
	apply(t, folder, args{"container": c.Name, "name": "wan0", "state": "absent"})
	if back := (*lxctest.Container)(nil).Links(t)["nic0"]; back.Address != "00:16:3e:00:01:00" {
		t.Errorf("the NIC did not come back: %+v", back)
	}
}

func TestRename(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-n")
	c := lxctest.New(t, folder, "renamed")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-n", "host_name": "rn1",
		"addresses": []any{"10.6.0.2/24"}, "gateway": "10.6.0.1"})
	index := c.Links(t)["eth1"].Index
	apply(t, folder, args{"container": c.Name, "name": "mgmt", "host_name": "rn1"})
	now := c.Links(t)["mgmt"]
	if now.Index != index || len(now.Addresses) == 0 ||
		!strings.Contains(c.Enter(t, "ip", "route"), "default via 10.6.0.1 dev mgmt") {
		t.Errorf("mgmt is %+v, want link %d with its address and route", now, index)
	}
	if !strings.Contains(c.Config(t), "lxc.net.1.name = mgmt") {
		t.Errorf("configuration: %s", c.Config(t))
	}
}

// TestAdoption takes over what OpenStack-Ansible's role has written, and what a person has.
func TestAdoption(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-a")
	c := lxctest.Stopped(t, folder, "adopted",
		"# by hand\nlxc.net.0.type = veth\nlxc.net.0.link = br-a\nlxc.net.0.flags = up\n")
	ini := filepath.Join(folder, c.Name, "eth1.ini")
	text :=
		"# Ansible managed\n\n# Set the interface's type for the container\nlxc.net.1.type = veth\nlxc.net.1.name = eth1\n" +
			"# NOTE(major): directly behind the name\nlxc.net.1.veth.pair = adopted_eth1\nlxc.net.1.link = br-a\n" +
			"lxc.net.1.hwaddr = 00:16:3e:aa:bb:cc\nlxc.net.1.flags = up\nlxc.net.1.mtu = 1500\n"
	if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.File(), []byte(c.Config(t)+"lxc.include = "+ini+"\n# the end\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Start(t)
	main, index := c.Config(t), c.Links(t)["eth1"].Index
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-a", "addresses": []any{"10.7.0.2/24"}})
	if now := c.Links(t)["eth1"]; now.Index != index || now.Address != "00:16:3e:aa:bb:cc" {
		t.Errorf("eth1 was made again: %+v", now)
	}
	edited, err := os.ReadFile(ini)
	if err != nil {
		t.Fatal(err)
	}
	if want := text + "lxc.net.1.ipv4.address = 10.7.0.2/24\n"; string(edited) != want ||
		!strings.HasPrefix(c.Config(t), main) {
		t.Errorf("files are\n%s\nand\n%s", edited, c.Config(t))
	}
	// The unnamed lxc.net.0 is the container's eth0.
	apply(t, folder, args{"container": c.Name, "name": "eth0", "bridge": "br-a", "mtu": 1400})
	if now := c.Links(t)["eth0"]; now.MTU != 1400 {
		t.Errorf("eth0: %+v", now)
	}
	c.Restart(t)
	if links := c.Links(t); links["eth0"].MTU != 1400 || links["eth1"].Addresses[0].Local != "10.7.0.2" ||
		len(links) != 3 {
		t.Errorf("after a restart: %+v", links)
	}
}

// TestEveryStepUndone makes each step of a task fail in turn.
func TestEveryStepUndone(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	for _, bridge := range []string{"br-u1", "br-u2"} {
		lxctest.Bridge(t, bridge)
	}
	c := lxctest.New(t, folder, "undone")
	apply(t, folder, args{"container": c.Name, "interfaces": []any{
		args{"name": "eth0", "bridge": "br-u1", "addresses": []any{"10.8.0.2/24"}, "gateway": "10.8.0.1"},
		args{"name": "eth1", "bridge": "br-u1", "addresses": []any{"10.9.0.2/24", "fd00:9::2/64"},
			"routes": []any{args{"to": "10.99.0.0/16", "via": "10.9.0.1"}}},
		args{"name": "eth2", "bridge": "br-u1", "down_rate": 8000},
	}})
	_, wanted, err := ParseNetwork(args{"container": c.Name, "interfaces": []any{
		args{"name": "eth0", "bridge": "br-u1", "addresses": []any{"10.8.0.2/24"}, "gateway": "none", "up": false},
		args{"name": "eth1", "bridge": "br-u2", "mtu": 1400, "host_name": "undone-other", "down_rate": 4000,
			"addresses": []any{"10.9.0.3/24"}, "gateway": "10.9.0.1", "routes": []any{}},
		args{"name": "eth3", "bridge": "br-u2", "addresses": []any{"10.10.0.2/24"},
			"routes": []any{args{"to": "10.98.0.0/16", "via": "10.10.0.1"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	machine := testMachine()
	planned, err := machine.Apply(folder, wanted, true)
	if err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, folder)
	for number := range planned.Steps {
		machine.BeforeStep = func(at int) error {
			if at == number {
				return errors.New("provoked")
			}
			return nil
		}
		_, err := machine.Apply(folder, wanted, false)
		if err == nil || !strings.Contains(err.Error(), "provoked; containers and host are as they were") {
			t.Fatalf("step %d: %v", number, err)
		}
		wantSame(t, before, snapshot(t, folder))
		if t.Failed() {
			t.Fatalf("after a failure at step %d of\n%s", number, strings.Join(steps(planned), "\n"))
		}
	}
	if len(planned.Steps) < 8 {
		t.Errorf("only %d steps: %v", len(planned.Steps), steps(planned))
	}
}

// TestTasksTakeTurns: tasks about one interface each leave the other's part of the configuration as it is, so that the
// next round of all of them finds nothing to do.
func TestTasksTakeTurns(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-mgmt")
	c := lxctest.Stopped(t, folder, "turns", "lxc.net.0.type = empty\n")
	tasks := []args{
		{"container": c.Name, "name": "eth1", "bridge": "br-mgmt", "addresses": []any{"172.29.236.101/22"}},
		{"container": c.Name, "name": "eth2", "bridge": "br-mgmt", "dhcp": true},
		{"container": c.Name, "name": "eth3", "bridge": "br-mgmt", "dhcp6": true},
	}
	for _, one := range tasks {
		apply(t, folder, one)
	}
	for _, one := range tasks {
		silent(t, folder, one)
	}
	var all []any
	for _, one := range slices.Backward(tasks) {
		delete(one, "container")
		all = append(all, one)
	}
	silent(t, folder, args{"container": c.Name, "interfaces": all})
}
