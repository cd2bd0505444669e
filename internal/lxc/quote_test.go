package lxc

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzQuoted: a value that is written into a container's configuration is what is read back, by us and by LXC itself
// where that is installed.
func FuzzQuoted(f *testing.F) {
	for _, seed := range []string{"web", `"web"`, "'web'", `"`, `'`, `""`, " web ", "a=b", "#a", "a # b", `"a" b`, "\\",
		"\x1b[31m", "web\tb", "\xbc"} {
		f.Add(seed)
	}
	info, _ := exec.LookPath("lxc-info")
	f.Fuzz(func(t *testing.T, value string) {
		if value == "" || strings.ContainsAny(value, "\n\x00") {
			return
		}
		folder := filepath.Join(t.TempDir(), "c")
		path := filepath.Join(folder, "config")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("lxc.rootfs.path = dir:/nowhere"), 0o644); err != nil {
			t.Fatal(err)
		}
		config, err := ReadConfig(path, Disk{})
		if err != nil {
			t.Fatal(err)
		}
		config.AddValue("lxc.environment", "A="+value)
		config.AddValue("lxc.console.logfile", value)
		for _, change := range config.Changes() {
			if err := WriteFile(change.Path, change.Now); err != nil {
				t.Fatal(err)
			}
		}
		again, err := ReadConfig(path, Disk{})
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Values("lxc.console.logfile"); len(got) != 1 || got[0] != value {
			t.Errorf("%q is read back as %q", value, got)
		}
		if info == "" {
			return
		}
		said, err := exec.Command(info, "-P", filepath.Dir(folder), "-n", "c", "-c", "lxc.console.logfile").Output()
		if got, _ := strings.CutPrefix(strings.TrimSuffix(string(said), "\n"), "lxc.console.logfile = "); err != nil ||
			got != value {
			t.Errorf("LXC reads %q as %q, %v", value, got, err)
		}
	})
}
