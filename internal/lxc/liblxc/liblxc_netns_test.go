//go:build netns && cgo

package liblxc_test

import (
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/lxc/liblxc"
	"hostnet.linux/internal/lxc/lxctest"
)

func TestMain(m *testing.M) { lxctest.Main(m, func([]string) error { return nil }) }

// TestLogOfAStart: what LXC says of a start that failed is at hand, and is no line of the container's configuration.
func TestLogOfAStart(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	c := lxctest.Stopped(t, folder, "logged", "lxc.net.0.type = veth\nlxc.net.0.link = br-none\n")
	before := c.Config(t)
	var lxc liblxc.Runtime
	if err := lxc.Start(folder, c.Name); err == nil {
		t.Fatal("it starts without its bridge")
	}
	if said := strings.Join(lxc.Log(folder, c.Name), "\n"); !strings.Contains(said, "br-none") ||
		strings.Contains(said, ".c:") {
		t.Errorf("LXC says %q", said)
	}
	lxctest.Bridge(t, "br-none")
	if err := lxc.Start(folder, c.Name); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(lxc.Log(folder, c.Name), "\n"); strings.Contains(said, "br-none") {
		t.Errorf("of the start before it says %q", said)
	}
	if after := c.Config(t); after != before {
		t.Errorf("the configuration is\n%s", after)
	}
	if err := lxc.Stop(folder, c.Name, time.Second); err != nil {
		t.Error(err)
	}
}

// TestTakes: LXC itself says which keys and values of a configuration it takes.
func TestTakes(t *testing.T) {
	var real liblxc.Runtime
	var witness lxctest.Runtime
	for line, want := range map[string]bool{
		"lxc.start.auto=1": true, "lxc.start.auto=often": false, "lxc.nonsense=1": false,
		"lxc.mount.entry=/srv srv none bind 0 0": true,
		"lxc.cgroup2.memory.max=1G":              true, "lxc.idmap=u 0 100000 65536": true, "lxc.idmap=all": false,
		"lxc.include=/nowhere": false,
		"lxc.environment=A=1":  true, "lxc.apparmor.profile=unconfined": true, "lxc.log.level=ERROR": true,
		"lxc.hook.start=/bin/true": true,
	} {
		key, value, _ := strings.Cut(line, "=")
		if got := real.Takes(key, value); got != want {
			t.Errorf("%s: %v", line, got)
		}
		if got := witness.Takes(key, value); got != want {
			t.Errorf("%s: the commands say %v", line, got)
		}
	}
}
