//go:build bench

package container

import (
	"testing"
	"time"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/lxc/lxctest"
)

// mostForHooks is what our hooks may add to a container's start.
const mostForHooks = 30 * time.Millisecond

// TestBenchStart starts a container whose interfaces LXC makes alone, and one whose routes and limits our hooks make.
func TestBenchStart(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-w")
	root := emptyRoot(t)
	plain, hooked := bare(t, folder, "plain", root), bare(t, folder, "hooked", root)
	apply(t, folder, args{"container": plain.Name, "name": "eth1", "bridge": "br-w", "addresses": []any{"10.1.0.2/24"},
		"gateway": "10.1.0.1"})
	apply(t, folder, args{"container": hooked.Name, "name": "eth1", "bridge": "br-w", "addresses": []any{"10.1.0.3/24"},
		"gateway": "10.1.0.1",
		"routes":  []any{args{"to": "10.97.0.0/16", "via": "10.1.0.1"}}})
	// The same without hooks and without what they are for.
	config, err := lxc.ReadConfig(plain.File(), lxc.Disk{})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range hooks {
		config.RemoveValue(key, func(string) bool { return true })
	}
	config.SetNote(recordNote, "")
	if err := writeConfig(config); err != nil {
		t.Fatal(err)
	}
	without, with := time.Hour, time.Hour
	for range 7 {
		for c, best := range map[*lxctest.Container]*time.Duration{plain: &without, hooked: &with} {
			gone := c.Ends(t)
			lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
			gone()
			*best = min(*best, took(func() { lxctest.Must(t, "lxc-start", "-P", folder, "-n", c.Name) }))
		}
	}
	t.Logf("a start: %v without hooks, %v with (%.2f×)", without, with, with.Seconds()/without.Seconds())
	if with-without > mostForHooks {
		t.Errorf("hooks add %v, want at most %v", with-without, mostForHooks)
	}
}
