//go:build netns

package container

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestOpenStackAdoption: a container as OSA's role lxc_container_create leaves it, whose addresses systemd-networkd inside has set,
// is found right: nothing to do, no file written. What is changed afterwards is followed as it runs.
func TestOpenStackAdoption(t *testing.T) {
	lxctest.Need(t)
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
		text := fmt.Sprintf("# Ansible managed\nlxc.net.%d.type = veth\nlxc.net.%[1]d.name = %s\nlxc.net.%[1]d.veth.pair = a1b2c3d4_%[2]s\n"+
			"lxc.net.%[1]d.link = %[3]s\nlxc.net.%[1]d.hwaddr = 00:16:3e:aa:bb:0%[1]d\nlxc.net.%[1]d.flags = up\nlxc.net.%[1]d.mtu = 1500\n",
			i, one.name, one.bridge)
		unit := filepath.Join(folder, c.Name, "rootfs/etc/systemd/network", one.name+".network")
		if err := os.MkdirAll(filepath.Dir(unit), 0o755); err != nil {
			t.Fatal(err)
		}
		for file, content := range map[string]string{
			ini: text, unit: "[Match]\nName=" + one.name + "\n\n" + one.network, c.File(): c.Config(t) + "lxc.include = " + ini + "\n",
		} {
			if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	withoutClient(t, c)
	c.Start(t)
	c.Enter(t, "ip", "address", "add", "172.29.238.24/22", "dev", "eth1")
	c.Enter(t, "ip", "route", "add", "10.176.0.0/12", "via", "172.29.236.1", "proto", "static", "metric", "21")
	c.Enter(t, "ip", "address", "add", "10.0.3.77/24", "valid_lft", "3600", "preferred_lft", "3600", "dev", "eth0")
	entry := args{"address": "172.29.238.24", "bridge": "br-mgmt", "interface": "eth1", "netmask": "255.255.252.0", "type": "veth",
		"static_routes": []any{args{"cidr": "10.176.0.0/12", "gateway": "172.29.236.1"}}}
	arguments := args{"container": c.Name, "container_networks": args{
		"management_address": entry, "lxcbr0_address": args{"bridge": "lxcbr0", "interface": "eth0", "mtu": 1500, "type": "veth"}}}
	before := snapshot(t, folder)
	for _, check := range []bool{true, false} {
		if done, err := task(t, folder, arguments, check); err != nil || len(done.Steps) > 0 {
			t.Errorf("check %t: %v %v", check, err, steps(done))
		}
	}
	wantSame(t, before, snapshot(t, folder))
	// The task's own change: another route, live.
	pid := c.PID(t)
	entry["static_routes"] = []any{args{"cidr": "10.200.0.0/16", "gateway": "172.29.236.1"}}
	if _, err := task(t, folder, arguments, false); err != nil {
		t.Fatal(err)
	}
	if routes := c.Enter(t, "ip", "route"); !strings.Contains(routes, "10.200.0.0/16 via 172.29.236.1 dev eth1") || strings.Contains(routes, "10.176") {
		t.Errorf("routes: %s", routes)
	}
	if again, err := task(t, folder, arguments, false); err != nil || len(again.Steps) > 0 || c.PID(t) != pid {
		t.Errorf("again: %v %v", err, steps(again))
	}
	// A name is not the beginning of another.
	if _, ok := parseNetworkd("[Match]\nName=eth10\n[Network]\nDHCP=yes\n", "eth1"); ok {
		t.Error("eth10 is taken for eth1")
	}
}

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
