package lxchost

import (
	"strings"
	"testing"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// debian is /etc/lxc/default.conf of Debian's package lxc.
const debian = `lxc.net.0.type = veth
lxc.net.0.link = lxcbr0
lxc.net.0.flags = up

lxc.apparmor.profile = generated
lxc.apparmor.allow_nesting = 1
`

func apply(t *testing.T, s *system.System, arguments map[string]any) []string {
	t.Helper()
	arguments["packages"] = []any{}
	wanted, err := Parse(arguments)
	if err != nil {
		t.Fatal(err)
	}
	var done []string
	for run := range 2 {
		steps, err := wanted.Plan(s)
		if err != nil {
			t.Fatal(err)
		}
		if run == 1 && len(steps) > 0 {
			t.Fatalf("a second run would %v", plan.Describe(steps))
		}
		if err := wanted.Run(s, steps, nil); err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			done = append(done, step.Action+" "+step.Object)
		}
	}
	return done
}

func content(t *testing.T, s *system.System) string {
	t.Helper()
	file, err := s.File(configPath)
	if err != nil {
		t.Fatal(err)
	}
	return string(file.Content)
}

func TestDefaultConfigKeepsTheLinesOfOthers(t *testing.T) {
	s := &system.System{Root: t.TempDir()}
	if err := s.Put(system.Text(configPath, debian)); err != nil {
		t.Fatal(err)
	}
	apply(t, s, map[string]any{
		"bridge": "lxcbr1", "interface": "net0", "mtu": 1400, "mac_template": "02:00:5E:xx:xx:xx",
		"default_config": []any{"lxc.start.auto=1", "lxc.apparmor.allow_nesting = 0"},
	})
	const want = `lxc.net.0.type = veth
lxc.net.0.name = net0
lxc.net.0.link = lxcbr1
lxc.net.0.flags = up
lxc.net.0.hwaddr = 02:00:5e:xx:xx:xx
lxc.net.0.mtu = 1400

lxc.apparmor.profile = generated
lxc.start.auto = 1
lxc.apparmor.allow_nesting = 0
`
	if got := content(t, s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	apply(t, s, map[string]any{})
	if got := content(t, s); !strings.Contains(got, "link = lxcbr0\n") || strings.Contains(got, "mtu") {
		t.Errorf("the defaults do not come back:\n%s", got)
	}
	apply(t, s, map[string]any{"state": "absent"})
	if got := content(t, s); got != debian {
		t.Errorf("after absent:\n%s", got)
	}
	if s.Exists(memoryPath) {
		t.Error("absent leaves its memory")
	}
}

func TestAbsentRemovesAFileThatWasNotThere(t *testing.T) {
	s := &system.System{Root: t.TempDir()}
	if done := apply(t, s, map[string]any{}); len(done) != 2 || done[1] != "write file "+configPath {
		t.Errorf("done: %q", done)
	}
	apply(t, s, map[string]any{"state": "absent"})
	if s.Exists(configPath) {
		t.Error("the file is still there")
	}
}

func TestBadArgumentsAreAllTold(t *testing.T) {
	_, err := Parse(map[string]any{
		"packages": []any{"lxc; reboot"}, "mac_template": "00:16", "mtu": 1, "bridge": "a bridge",
		"default_config": []any{"start", "lxc.net.0.link = br0", "lxc.a = 1\nlxc.b = 2"},
	})
	if err == nil {
		t.Fatal("they were taken")
	}
	for _, part := range []string{
		"packages[0]: must be the name of a package", "mac_template: must be a MAC address with x", "mtu: must be",
		"bridge: ",
		`default_config[0]: must be one line such as`, "default_config[1]: ", "default_config[2]: must be one line",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not told in: %v", part, err)
		}
	}
}
