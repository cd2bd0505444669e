//go:build netns

package linux_test

import (
	"strings"
	"testing"

	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
)

// open makes a namespace and a handle on it.
func open(t *testing.T) (*netnstest.Namespace, *linux.Handle) {
	t.Helper()
	ns := netnstest.New(t)
	handle, err := linux.Open(ns.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	return ns, handle
}

// The effect on a real client is proved with lxc_bridge; the witness here is tc.
func TestFillChecksums(t *testing.T) {
	t.Parallel()
	ns, handle := open(t)
	if !handle.CanFillChecksums() {
		netnstest.Skip(t, "this kernel has no act_csum")
	}
	ns.IP(t, "link", "add", "br0", "type", "bridge")
	if on, err := handle.FillsChecksums("br0"); on || err != nil {
		t.Errorf("before: %v, %v", on, err)
	}
	if on, err := handle.FillsChecksums("nowhere"); on || err != nil {
		t.Errorf("a link that is not there: %v, %v", on, err)
	}
	if err := handle.FillChecksums("br0", true); err != nil {
		t.Fatal(err)
	}
	if on, err := handle.FillsChecksums("br0"); !on || err != nil {
		t.Errorf("after: %v, %v", on, err)
	}
	list := ns.Exec(t, "tc", "filter", "show", "dev", "br0", "egress")
	for _, part := range []string{"pref 68 u32", "match 00110000/00ff0000 at 8", "match 00000044/0000ffff at 20",
		"csum (udp) action continue"} {
		if !strings.Contains(list, part) {
			t.Errorf("tc does not show %q:\n%s", part, list)
		}
	}
	if err := handle.FillChecksums("br0", false); err != nil {
		t.Fatal(err)
	}
	if list := ns.Exec(t, "tc", "qdisc", "show", "dev", "br0"); strings.Contains(list, "clsact") {
		t.Errorf("left: %s", list)
	}
	// A discipline that others use stays.
	ns.Exec(t, "tc", "qdisc", "add", "dev", "br0", "clsact")
	ns.Exec(t, "tc", "filter", "add", "dev", "br0", "ingress", "protocol", "ip", "u32", "match", "u32", "0", "0")
	for _, on := range []bool{true, true, false, false} {
		if err := handle.FillChecksums("br0", on); err != nil {
			t.Fatal(err)
		}
	}
	if list := ns.Exec(t, "tc", "filter", "show", "dev", "br0", "ingress"); !strings.Contains(list, "u32") {
		t.Errorf("the filter of others is gone: %s", list)
	}
}
