//go:build netns

package task_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/task"
)

// TestDamagedRecords: whatever a record has become, or was put in its place, it is set aside, and the host is set up.
func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	boot := store.Boot()
	texts := map[string]string{
		"empty": "", "truncated": `{"token": "a", "phase": "appl`, "null": "null", "a list": "[]", "a number": "1",
		"binary": "\x00\xff\xfe", "another program's": `{"a": 1}`,
		"wrong types":      `{"token": 5, "phase": {}}`,
		"nothing before":   `{"token": "a", "phase": "applying", "boot": "` + boot + `"}`,
		"damaged before":   `{"token": "a", "phase": "applying", "boot": "` + boot + `", "before": {"host": 5}}`,
		"hollow before":    `{"token": "a", "phase": "applying", "boot": "` + boot + `", "before": {}}`,
		"of another boot":  `{"token": "a", "phase": "waiting", "boot": "x", "before": {}, "deadline": "2020-01-01T00:00:00Z"}`,
		"of a later phase": `{"token": "a", "phase": "dancing", "boot": "` + boot + `", "before": {}}`,
	}
	makers := map[string]func(path string) error{
		"a FIFO":   func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a folder": func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) },
		"a device": func(path string) error { return os.Symlink("/dev/zero", path) },
	}
	for name, text := range texts {
		makers[name] = func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	ns, root := lab(t)
	n := 0
	for name, make := range makers {
		for _, file := range []string{"journal.json", "undone.json", "previous.json"} {
			n++
			within(t, ns, root, func(site *services.Site) {
				folder := filepath.Join(root, "/run/hostnet", site.Namespace)
				path := filepath.Join(folder, file)
				_ = os.RemoveAll(folder)
				if err := os.MkdirAll(folder, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := make(path); err != nil {
					t.Fatal(err)
				}
				one, declaration, err := parse(fmt.Sprintf(`{"interfaces": [{"name": "eth2", "mtu": %d}]}`, 1300+n))
				if err != nil {
					t.Fatal(err)
				}
				if result := one.Apply(site, declaration); result.Err != nil || !result.Changed {
					t.Errorf("%s is %s: %v", file, name, result.Err)
				}
				if _, err := task.Recover(site); err != nil {
					t.Errorf("%s is %s: recover: %v", file, name, err)
				}
				_ = os.RemoveAll(folder)
			})
			if said := ns.IP(t, "link", "show", "eth2"); !strings.Contains(said, fmt.Sprint(1300+n)) {
				t.Errorf("%s is %s: the task was not done: %s", file, name, said)
			}
		}
	}
}
