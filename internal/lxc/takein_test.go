package lxc

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTakeIn: what the container's own .ini files say stands in the places of their includes, and LXC reads the same as
// before.
func TestTakeIn(t *testing.T) {
	folder, other := t.TempDir(), t.TempDir()
	write := func(path, text string) string {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := write(filepath.Join(folder, "eth0.ini"), "# Ansible managed\nlxc.net.0.type = veth\nlxc.net.0.name = eth0")
	second := write(filepath.Join(folder, "eth1.ini"), "lxc.net.1.type = veth\nlxc.net.1.name = eth1\n")
	shared := write(filepath.Join(other, "shared.ini"), "lxc.net.2.type = empty\n")
	common := write(filepath.Join(folder, "common.conf"), "lxc.tty.max = 4\n")
	main := write(filepath.Join(folder, "config"), "lxc.include = "+common+"\nlxc.include = "+first+
		"\nlxc.uts.name = x\nlxc.include = "+shared+
		"\nlxc.include = "+second+"\n")
	config, err := ReadConfig(main, Disk{})
	if err != nil {
		t.Fatal(err)
	}
	config.TakeIn()
	config.SetNet(1, "mtu", []string{"9000"}, func(a, b string) bool { return a == b })
	changes := config.Changes()
	const want = "\n# Ansible managed\nlxc.net.0.type = veth\nlxc.net.0.name = eth0\nlxc.uts.name = x\nlxc.include = "
	if len(changes) != 1 || changes[0].Path != main || string(changes[0].Now) != "lxc.include = "+common+want+shared+
		"\nlxc.net.1.type = veth\nlxc.net.1.name = eth1\nlxc.net.1.mtu = 9000\n" {
		t.Fatalf("%d changes: %s", len(changes), changes[0].Now)
	}
	write(main, string(changes[0].Now))
	again, err := ReadConfig(main, Disk{})
	if err != nil {
		t.Fatal(err)
	}
	again.TakeIn()
	if len(again.Changes()) > 0 || len(again.Nets()) != 3 || again.Nets()[0].Get("name") != "eth0" {
		t.Errorf("read again: %d changes, %d networks", len(again.Changes()), len(again.Nets()))
	}
}
