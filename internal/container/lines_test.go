package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc"
)

// TestLines: each key is set, changed, changed back and removed as often as one likes, by one line, and what others
// wrote stays.
func TestLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	const others = "# by hand\nlxc.mount.entry = /srv srv none bind 0 0\nlxc.uts.name = shop\n"
	if err := os.WriteFile(file, []byte(others+"lxc.start.auto = 0\nlxc.start.auto = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := func(lines ...string) (changed bool) {
		t.Helper()
		config, err := lxc.ReadConfig(file, lxc.Disk{})
		if err != nil {
			t.Fatal(err)
		}
		changes := setLines(config, lines)
		changed = len(config.Changes()) > 0
		if changed && len(changes) == 0 && strings.HasPrefix(lines[0], "lxc.mount") {
			t.Errorf("%v: changed without saying what", lines)
		}
		if err := writeConfig(config); err != nil {
			t.Fatal(err)
		}
		return changed
	}
	look := func(key string, want ...string) {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, "="); strings.TrimSpace(name) == key {
				seen = append(seen, strings.TrimSpace(value))
			}
		}
		if strings.Join(seen, "|") != strings.Join(want, "|") || !strings.HasPrefix(string(text), others) {
			t.Errorf("%s is %q, want %q, in\n%s", key, seen, want, text)
		}
	}
	for range 2 {
		for _, value := range []string{"1", "0", "1"} {
			set("lxc.start.auto = " + value)
			look("lxc.start.auto", value)
			if set("lxc.start.auto=" + value) {
				t.Errorf("%s twice is a change", value)
			}
		}
		set("lxc.start.auto =")
		look("lxc.start.auto")
		const first, second, foreign = "/a a none bind 0 0", "/b b none bind 0 0", "/srv srv none bind 0 0"
		set("lxc.mount.entry = "+first, "lxc.mount.entry = "+second)
		look("lxc.mount.entry", foreign, first, second)
		set("lxc.mount.entry = " + second)
		look("lxc.mount.entry", foreign, second)
		if set("lxc.mount.entry = " + second) {
			t.Error("the same list is a change")
		}
		set("lxc.mount.entry =")
		look("lxc.mount.entry", foreign)
	}
}
