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
	if said := strings.Join(lxc.Log(folder, c.Name), "\n"); !strings.Contains(said, "br-none") || strings.Contains(said, ".c:") {
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
