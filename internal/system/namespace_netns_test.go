//go:build netns

package system_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/system"
)

// TestNamespaceKey: a namespace that gets the number of one that is gone is not taken for it, and the host is the host
// by whatever name.
func TestNamespaceKey(t *testing.T) {
	t.Parallel()
	keys, inodes := map[string]bool{}, map[uint64]int{}
	for range 20 {
		t.Run("namespace", func(t *testing.T) {
			ns := netnstest.New(t)
			path := "/run/netns/" + ns.Name
			var stat unix.Stat_t
			if err := unix.Stat(path, &stat); err != nil {
				t.Fatal(err)
			}
			inodes[stat.Ino]++
			key, err := system.NamespaceKey(path)
			if err != nil || keys[key] {
				t.Errorf("key %q is not new, %v", key, err)
			}
			keys[key] = true
			ns.Do(t, func() {
				if own, err := system.NamespaceKey(""); err != nil || own != key || system.InHostNamespace() {
					t.Errorf("inside it is %q, outside %q, %v", own, key, err)
				}
			})
		})
	}
	if len(inodes) == 20 {
		t.Log("no number of a namespace came again here")
	}
	if !system.InHostNamespace() {
		t.Fatal("the test runs in a namespace of its own")
	}
	paths := []string{"", fmt.Sprintf("/proc/%d/ns/net", os.Getppid())}
	if file, err := os.Open("/proc/1/ns/net"); err == nil {
		_ = file.Close()
		paths = append(paths, "/proc/1/ns/net")
	}
	for _, path := range paths {
		if host, err := system.NamespaceKey(path); err != nil || host != "" {
			t.Errorf("the host is %q by %q, %v", host, path, err)
		}
	}
}

// TestNoNamespace: whatever else a path leads to is told at once.
func TestNoNamespace(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for path, why := range map[string]string{
		fifo: "no network namespace", "/dev/zero": "no network namespace", t.TempDir(): "no network namespace",
		"/proc/self/ns/mnt": "no network namespace",
		"/etc/passwd":       "no network namespace", "/nowhere": "no such file", filepath.Join(fifo, "x"): "not a directory",
	} {
		file, err := kernel.OpenNamespace(path)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, %v", path, file, err)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
	if file, err := kernel.OpenNamespace("/proc/self/ns/net"); err != nil {
		t.Error(err)
	} else if err := file.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(fifo); err != nil {
		t.Error(err)
	}
}
