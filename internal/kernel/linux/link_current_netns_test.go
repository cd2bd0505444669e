//go:build netns

package linux

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/netnstest"
)

// TestCurrentLinksAreTheLinks changes links in every way, by others and by the handle itself: the list of what has
// changed, put into the one from before, is the list of all.
func TestCurrentLinksAreTheLinks(t *testing.T) {
	t.Parallel()
	namespace, far := netnstest.New(t), netnstest.New(t)
	handle, err := Open(namespace.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	up, mtu := true, uint32(1400)
	inside := func(path, value string) func() {
		return func() { namespace.Exec(t, "sh", "-c", "echo "+value+" > /proc/sys/net/"+path) }
	}
	for i, change := range []any{
		"link add br0 type bridge", "link add v0 type veth peer name p0", "link set p0 master br0", "link set br0 up",
		"link set v0 up",
		"link set p0 up", "link set v0 mtu 1400", "link set br0 type bridge ageing_time 1000",
		"link set p0 type bridge_slave cost 7",
		"link set v0 address 02:00:00:00:00:07", "link add vx0 type vxlan id 7 dev v0 dstport 4789", "link set vx0 name vx1",
		"link add mv0 link v0 type macvlan", inside("ipv4/conf/v0/forwarding", "1"),
		inside("ipv6/conf/all/forwarding", "1"), inside("ipv4/ip_forward", "1"), "link set p0 nomaster", "link del br0",
		"link set p0 netns " + far.Name, "link set v0 down", "link del mv0", "link add br0 type bridge",
		func() error { return handle.ChangeLink("br0", kernel.LinkRequest{Up: &up, MTU: &mtu}) },
		func() error { return handle.SetSetting("ipv4/conf/br0/rp_filter", "2") },
		func() error { return handle.SetSetting("ipv4/conf/all/forwarding", "0") },
		func() error { return handle.DeleteLinks([]string{"br0", "vx1"}) },
		"link del v0",
	} {
		switch do := change.(type) {
		case string:
			namespace.IP(t, strings.Fields(do)...)
		case func():
			do()
		case func() error:
			if err := do(); err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
		}
		compareCurrent(t, handle, fmt.Sprintf("after change %d (%v)", i, change))
	}
}

// TestCurrentLinksAmongMany makes and removes many links at random, more than are read one by one.
func TestCurrentLinksAmongMany(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	handle, err := Open(namespace.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	random := rand.New(rand.NewPCG(17, 17))
	there := map[int]bool{}
	for round, count := range []int{10, 1, 150, 2, 30} {
		for range count {
			n := random.IntN(200)
			verb := []string{"add", fmt.Sprintf("x%d", n), "type", "ifb"}
			if there[n] {
				verb = []string{"delete", fmt.Sprintf("x%d", n)}
			}
			there[n] = !there[n]
			namespace.IP(t, append([]string{"link"}, verb...)...)
		}
		compareCurrent(t, handle, fmt.Sprintf("round %d", round))
	}
}

// compareCurrent reads both lists until they are of the same moment: the kernel does some things a little later.
func compareCurrent(t *testing.T, handle *Handle, when string) {
	t.Helper()
	diff := ""
	for range 5 {
		current, err := handle.CurrentLinks()
		if err != nil {
			t.Fatal(err)
		}
		// All is read by another handle, so that it refreshes nothing of this one.
		other, err := Open(handle.namespace)
		if err != nil {
			t.Fatal(err)
		}
		all, err := other.Links()
		other.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range [][]kernel.Link{current, all} {
			for i := range list {
				list[i].Data, list[i].PortData = withoutCounters(list[i].Data, 16, 17, 18, 19, 48),
					withoutCounters(list[i].PortData, 21, 22, 23, 41)
				// It is counted at once and told up to a second later (linkwatch_urgent_event in net/core/link_watch.c).
				list[i].CarrierChanges = 0
			}
			slices.SortFunc(list, func(a, b kernel.Link) int { return cmp.Compare(a.Index, b.Index) })
		}
		if diff = gocmp.Diff(unread(all), unread(current)); diff == "" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s: the current links differ (-all +current):\n%s", when, diff)
}

// withoutCounters leaves out what counts on by itself: IFLA_BR_HELLO_TIMER to IFLA_BR_GC_TIMER and
// IFLA_BR_FDB_N_LEARNED of bridges, IFLA_BRPORT_MESSAGE_AGE_TIMER to IFLA_BRPORT_HOLD_TIMER and
// IFLA_BRPORT_MCAST_N_GROUPS of their ports.
func withoutCounters(attributes kernel.Attributes, types ...uint16) kernel.Attributes {
	return slices.DeleteFunc(slices.Clone(attributes),
		func(a kernel.Attribute) bool { return slices.Contains(types, a.Type) })
}

// unread are links without the numbers of their readings.
func unread(links []kernel.Link) []kernel.Link {
	out := slices.Clone(links)
	for i := range out {
		out[i].Reading = 0
	}
	return out
}

// TestCurrentAddressesAreTheAddresses changes addresses in every way: the list that is only read after changes is that
// of all.
func TestCurrentAddressesAreTheAddresses(t *testing.T) {
	t.Parallel()
	namespace := netnstest.New(t)
	handle, err := Open(namespace.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	own := kernel.Address{
		Link: "v0", Prefix: netip.MustParsePrefix("10.0.9.1/24"), ValidLifetime: kernel.Forever,
		PreferredLifetime: kernel.Forever,
	}
	for i, change := range []any{
		"link add br0 type bridge", "address add 10.0.0.1/24 dev br0", "address add 10.0.0.2/24 dev br0", "link set br0 up",
		"address add fd00::1/64 dev br0 nodad", "address change 10.0.0.1/24 dev br0 metric 7",
		// Before Linux 6.2 a link that is up keeps its name.
		"address delete 10.0.0.1/24 dev br0", "link set br0 down", "link set br0 name br1",
		"link add v0 type veth peer name p0",
		"address add 10.0.1.1/24 dev v0",
		func() error { return handle.AddAddress(own) },
		func() error { return handle.DeleteAddress(own, false) },
		"link del v0", "address flush dev br1",
	} {
		switch do := change.(type) {
		case string:
			namespace.IP(t, strings.Fields(do)...)
			if strings.Contains(do, "fd00") {
				time.Sleep(addressesFreshFor) // the kernel does not tell
			}
		case func() error:
			if err := do(); err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
		}
		for range 2 {
			current, err := handle.CurrentAddresses()
			if err != nil {
				t.Fatal(err)
			}
			all, err := handle.Addresses()
			if err != nil {
				t.Fatal(err)
			}
			compare := gocmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
			address := gocmp.Comparer(func(a, b netip.Addr) bool { return a == b })
			if differs := gocmp.Diff(all, current, compare, address); differs != "" {
				t.Fatalf("after change %d (%v): %s", i, change, differs)
			}
		}
	}
}
