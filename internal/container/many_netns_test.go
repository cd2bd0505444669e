//go:build netns

package container

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestMany wires many containers in one task: all or none, and a second run sends nothing.
func TestMany(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-w")
	const many = 6
	var declared []any
	for i := range many {
		c := lxctest.New(t, folder, fmt.Sprintf("many%03d", i))
		declared = append(declared, args{"container": c.Name, "interfaces": three(i)})
	}
	broken := slices.Concat(declared[:many-1],
		[]any{args{"container": "many005", "interfaces": []any{args{"name": "eth1", "bridge": "br-none"}}}})
	wantProblem(t, folder, args{"containers": broken}, "containers[5].interfaces[0].bridge: there is no bridge br-none")
	apply(t, folder, args{"containers": declared})
	if ends := strings.Count(lxctest.Must(t, "ip", "-o", "link", "show", "master", "br-w"), "\n"); ends != 3*many {
		t.Errorf("%d host ends, want %d", ends, 3*many)
	}
}

// TestUnprivileged wires a container whose root is nobody on the host.
func TestUnprivileged(t *testing.T) {
	lxctest.Need(t)
	folder := shared(t)
	lxctest.Bridge(t, "br-x")
	lxctest.Must(t, "ip", "address", "add", "10.50.0.1/24", "dev", "br-x")
	name := "mapped"
	t.Cleanup(func() { _, _ = lxctest.Run("lxc-destroy", "-f", "-P", folder, "-n", name) })
	live(t, folder, args{"name": name, "rootfs": emptyRoot(t), "state": "present", "config": []any{
		"lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536", "lxc.apparmor.profile = unconfined",
	}})
	for _, closed := range []string{"", "rootfs"} {
		if err := os.Chmod(filepath.Join(folder, name, closed), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// What LXC gives every new container goes.
	apply(t, folder, args{"container": name, "interfaces": []any{args{"name": "eth0", "bridge": "br-x"}}})
	live(t, folder, args{"name": name})
	c := &lxctest.Container{Folder: folder, Name: name}
	apply(t, folder, args{"container": name, "name": "eth1", "bridge": "br-x", "addresses": []any{"10.50.0.2/24"},
		"routes": []any{args{"to": "10.99.0.0/16", "via": "10.50.0.1"}}})
	c.Ping(t, "10.50.0.1")
	c.Restart(t)
	c.Ping(t, "10.50.0.1")
	if routes := c.Enter(t, "ip", "route"); !strings.Contains(routes, "10.99.0.0/16 via 10.50.0.1") {
		t.Errorf("routes after a restart: %s", routes)
	}
}

// shared is a folder that everybody may walk through.
func shared(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/run", "unprivileged-")
	if err == nil {
		err = os.Chmod(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}
