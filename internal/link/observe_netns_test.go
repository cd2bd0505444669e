//go:build netns

package link

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
)

// TestLookingAgain: a look that takes what has not changed from the one before finds what a new look finds, of links
// and of addresses.
func TestLookingAgain(t *testing.T) {
	t.Parallel()
	namespace, far := netnstest.New(t), netnstest.New(t)
	handle, err := linux.Open(namespace.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	var seen *State
	for _, change := range []string{
		"ip link add br0 type bridge", "ip link add v0 type veth peer name p0",
		"ip link add v1 type veth peer name p1 netns " + far.Name,
		"ip link set p0 master br0", "ip link set br0 up", "ip link set p0 up", "ip link set v0 up mtu 1400",
		"bridge link set dev p0 cost 7",
		"bridge link set dev p0 hairpin on", "ip link set br0 type bridge ageing_time 1000",
		"ip address add 10.0.0.1/24 dev br0",
		"ip address add 10.0.0.2/24 dev br0", "ip address add fd00::1/64 dev v0 nodad",
		"ip link add vx0 type vxlan id 7 dev v0 dstport 4789",
		"bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.1",
		"bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.2",
		"ip link set v0 alias other", "ip link property add dev v0 altname further", "ip link set v1 master br0",
		"ip link set vx0 name vx1",
		"ip address delete 10.0.0.1/24 dev br0", "ip link set p0 nomaster", "ip link set p0 address 02:00:00:00:00:09",
		"ip link set br0 down",
		"ip link delete v1", "ip link set p0 master br0", "ip link delete br0", "ip link delete v0",
	} {
		command := strings.Fields(change)
		namespace.Exec(t, command[0], command[1:]...)
		diff := ""
		for range 40 { // the kernel does some things later, and tells of a carrier up to a second later (linkwatch)
			again, err := Observe(handle, Everything, seen)
			if err != nil {
				t.Fatal(err)
			}
			seen = again
			addresses, err := handle.Addresses()
			if err != nil {
				t.Fatal(err)
			}
			anew, err := linux.Open(namespace.Name)
			if err != nil {
				t.Fatal(err)
			}
			state, err := Observe(anew, Everything, nil)
			if err != nil {
				t.Fatal(err)
			}
			all, err := anew.Addresses()
			if err != nil {
				t.Fatal(err)
			}
			anew.Close()
			if diff = gocmp.Diff(asText(t, state.Links, all), asText(t, seen.Links, addresses)); diff == "" {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if diff != "" {
			t.Fatalf("after %q another look differs (-new +again):\n%s", change, diff)
		}
	}
}

func asText(t *testing.T, values ...any) string {
	t.Helper()
	text, err := json.MarshalIndent(values, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
