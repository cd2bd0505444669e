//go:build netns

package container

import (
	"os"
	"path/filepath"
	"testing"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/netnstest"
)

// TestRoutesWithoutTheirRouterComeBack: the kernel keeps a route whose router no address leads to any more, and an undo
// makes it again as it was.
func TestRoutesWithoutTheirRouterComeBack(t *testing.T) {
	t.Parallel()
	ns := netnstest.New(t)
	for _, command := range [][]string{
		{"link", "add", "eth2", "up", "type", "veth", "peer", "name", "far"}, {"link", "set", "far", "up"},
		{"address", "add", "10.78.0.2/24", "dev", "eth2"}, {"address", "add", "10.83.0.2/24", "dev", "eth2"},
		{"route", "add", "10.79.0.0/16", "via", "10.78.0.1", "dev", "eth2", "proto", "static"},
		{"address", "delete", "10.78.0.2/24", "dev", "eth2"},
	} {
		ns.IP(t, command...)
	}
	was := ns.IP(t, "route")
	var handle *linux.Handle
	var before []kernel.Route
	ns.Do(t, func() {
		var err error
		if handle, err = linux.Open(""); err == nil {
			before, err = handle.Routes()
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	defer handle.Close()
	ns.IP(t, "route", "delete", "10.79.0.0/16")
	c := &Container{kernel: handle}
	if err := c.restoreRoutes(before); err != nil {
		t.Fatal(err)
	}
	if now := ns.IP(t, "route"); now != was {
		t.Errorf("before\n%safter\n%s", was, now)
	}
}

// TestUndoSweepsConfigurations: what a killed run has left beside a configuration goes with the undo.
func TestUndoSweepsConfigurations(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config")
	left := filepath.Join(filepath.Dir(config), ".config.0123456789abcdef.hostnet")
	for _, path := range []string{config, left} {
		if err := os.WriteFile(path, []byte("lxc.uts.name = one\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := &Before{Files: []lxc.Change{{Path: config, Before: []byte("lxc.uts.name = one\n")}}}
	if err := RestoreFiles(before); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
