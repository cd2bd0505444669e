//go:build netns

package task_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
)

// TestFullDisk: a journal that does not fit keeps the change from beginning, and what is to be kept and does not fit
// undoes it.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"/run/hostnet", "/etc/hostnet", "/usr/local/sbin"} {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			ns, root := lab(t)
			full := filepath.Join(root, folder)
			err := errors.Join(os.MkdirAll(full, 0o755), syscall.Mount("tmpfs", full, "tmpfs", 0, "size=4k"))
			if err != nil {
				netnstest.Skip(t, "a tmpfs cannot be mounted: %v", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(full, 0); err != nil {
					t.Error(err)
				}
			})
			if err := os.WriteFile(filepath.Join(full, "filler"), make([]byte, 4096), 0o600); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, ns, root)
			within(t, ns, root, func(site *services.Site) {
				one, declaration, err := parse(network)
				if err != nil {
					t.Fatal(err)
				}
				result := one.Apply(site, declaration)
				if result.Err == nil || !strings.Contains(result.Err.Error(), "no space left on device") || result.Changed {
					t.Errorf("changed %v: %v", result.Changed, result.Err)
				}
			})
			if after := snapshot(t, ns, root); after != before {
				t.Errorf("before\n%s\nafter\n%s", before, after)
			}
		})
	}
}

// TestPersistNetworkd is refused where there is no networkd, and then touches nothing.
func TestPersistNetworkd(t *testing.T) {
	t.Parallel()
	ns, root := lab(t)
	before := snapshot(t, ns, root)
	within(t, ns, root, func(site *services.Site) {
		one, declaration, err := parse(strings.Replace(network, "{", `{"persist": "networkd", `, 1))
		if err != nil {
			t.Fatal(err)
		}
		result := one.Apply(site, declaration)
		if result.Err == nil || !strings.Contains(result.Err.Error(), "this host has no systemd-networkd") {
			t.Errorf("error: %v", result.Err)
		}
	})
	if after := snapshot(t, ns, root); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// TestInitScripts: hosts without systemd get a script of their own kind.
func TestInitScripts(t *testing.T) {
	t.Parallel()
	for folder, line := range map[string]string{"/run/openrc": "#!/sbin/openrc-run",
		"/etc/init.d": "### BEGIN INIT INFO"} {
		ns, root := lab(t)
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		apply(t, ns, root, `{"bridges": [{"name": "br-a"}]}`)
		script, err := (&system.System{Root: root}).File("/etc/init.d/hostnet")
		if err != nil || script.Mode != 0o755 || !strings.Contains(string(script.Content), line) ||
			!strings.Contains(string(script.Content), "hostnet boot") {
			t.Errorf("%s: %v, %o: %s", folder, err, script.Mode, script.Content)
		}
	}
}
