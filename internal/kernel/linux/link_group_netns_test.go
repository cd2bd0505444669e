//go:build netns

package linux

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/netnstest"
)

// TestDeleteLinks deletes links of several kinds that stand on each other at once, and no others.
func TestDeleteLinks(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	for _, link := range []string{
		"br0 type bridge", "br1 type bridge", "v0 type veth peer name p0", "v1 type veth peer name p1", "stays type bridge",
		"mv0 link v0 type macvlan", "vx0 type vxlan id 7 dev v0 dstport 4789", "i0 type ifb",
	} {
		namespace.IP(t, append([]string{"link", "add"}, strings.Fields(link)...)...)
	}
	namespace.IP(t, "link", "set", "p0", "master", "br0")
	namespace.IP(t, "link", "set", "stays", "group", "2147483647")
	handle, err := Open(namespace.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	if err := handle.DeleteLinks([]string{"mv0", "vx0", "br0", "br1", "v0", "v1", "p1", "i0"}); err != nil {
		t.Fatal(err)
	}
	if left := names(t, namespace); !slices.Equal(left, []string{"lo", "stays"}) {
		t.Errorf("links %v are left", left)
	}
}

// TestDeleteLinksOrNone: where one of the links cannot be deleted, all stay, in the groups that they were in.
func TestDeleteLinksOrNone(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	namespace.IP(t, "link", "add", "br0", "type", "bridge")
	namespace.IP(t, "link", "add", "br1", "type", "bridge")
	namespace.IP(t, "link", "set", "br1", "group", "5")
	handle, err := Open(namespace.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	before := namespace.IP(t, "-d", "link")
	if err := handle.DeleteLinks([]string{"br0", "br1", "lo"}); !errors.Is(err, unix.EOPNOTSUPP) {
		t.Errorf("with the loopback: %v, want that it cannot be deleted", err)
	}
	if err := handle.DeleteLinks([]string{"br0", "br1", "missing"}); !errors.Is(err, unix.ENODEV) {
		t.Errorf("with a missing link: %v, want that there is none", err)
	}
	if after := namespace.IP(t, "-d", "link"); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func names(t *testing.T, namespace *netnstest.Namespace) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(namespace.IP(t, "-br", "link")) {
		name, _, _ := strings.Cut(strings.Fields(line)[0], "@")
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
