//go:build netns

package services_test

import (
	"fmt"
	"strings"
	"testing"

	"hostnet.linux/internal/netnstest"
)

// TestAnMTUReachesTheContainers at both ends of their ports, but not those that have a smaller one of their own; a run
// that fails puts all of them back.
func TestAnMTUReachesTheContainers(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.apply(t, quick(map[string]any{"checksum_fix": false}))
	containers := map[string]*netnstest.Namespace{}
	for port, mtu := range map[string]string{"vethC1": "1500", "vethC2": "1300", "vethC3": "9000"} {
		inside := netnstest.New(t)
		containers[port] = inside
		m.host.IP(t, "link", "add", port, "mtu", mtu, "up", "type", "veth", "peer", "name", "eth0", "mtu", mtu, "netns",
			inside.Name)
		m.host.IP(t, "link", "set", port, "master", "lxcbr0")
	}
	m.host.IP(t, "link", "set", "lxcbr0", "mtu", "1500")
	mtus := func() string {
		var out []string
		for _, port := range []string{"vethC1", "vethC2", "vethC3"} {
			read := func(namespace *netnstest.Namespace, link string) string {
				return strings.TrimSpace(namespace.Exec(t, "cat", "/sys/class/net/"+link+"/mtu"))
			}
			out = append(out, read(m.host, port)+"/"+read(containers[port], "eth0"))
		}
		return strings.Join(append(out, strings.TrimSpace(m.host.Exec(t, "cat", "/sys/class/net/lxcbr0/mtu"))), " ")
	}
	const before = "1500/1500 1300/1300 9000/9000 1500"
	if got := mtus(); got != before {
		t.Fatalf("at first: %s", got)
	}
	m.host.Exec(t, "nft",
		"add table inet f; add chain inet f c { type filter hook input priority 0; }; add rule inet f c udp dport 67 drop")
	if result := m.try(t, quick(map[string]any{"checksum_fix": false, "mtu": 1400}), false); result.Err == nil {
		t.Error("the proof passes without DHCP")
	}
	m.host.Exec(t, "nft", "delete table inet f")
	if got := mtus(); got != before {
		t.Errorf("after a failure: %s", got)
	}
	for mtu, want := range map[int]string{1400: "1400/1400 1300/1300 1400/1400 1400"} {
		result := m.apply(t, quick(map[string]any{"checksum_fix": false, "mtu": mtu}))
		if got := mtus(); got != want || len(result.Warnings) > 0 {
			t.Errorf("mtu %d: %s, want %s (%q)", mtu, got, want, result.Warnings)
		}
	}
	m.apply(t, quick(map[string]any{"checksum_fix": false, "mtu": 1600}))
	if got := mtus(); got != "1600/1600 1300/1300 1600/1600 1600" {
		t.Errorf("mtu 1600: %s", got)
	}
	for port := range containers {
		m.host.IP(t, "link", "delete", port)
	}
}

// TestAWayOutThatIsNarrowerIsWarnedOf, unless the segment size is lowered to what it takes.
func TestAWayOutThatIsNarrowerIsWarnedOf(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.host.IP(t, "link", "set", "wan", "mtu", "1400")
	for _, c := range []struct {
		more map[string]any
		want string
	}{
		{nil, "lxcbr0 has an MTU of 1500 and the way out wan one of 1400: connections may hang where ICMP is dropped: set " +
			"mtu: 1400, or mss_clamp: pmtu"},
		{map[string]any{"mtu": 1450, "out_interface": "wan"}, "lxcbr0 has an MTU of 1450 and the way out wan one of 1400"},
		{map[string]any{"mtu": 1400}, ""}, {map[string]any{"mtu": 1500, "mss_clamp": "pmtu"}, ""},
	} {
		arguments := quick(map[string]any{"checksum_fix": false, "verify": false})
		for key, value := range c.more {
			arguments[key] = value
		}
		result := m.apply(t, arguments)
		if got := fmt.Sprint(result.Warnings); c.want == "" && len(result.Warnings) > 0 || !strings.Contains(got, c.want) {
			t.Errorf("%v: warnings %s, want %s", c.more, got, c.want)
		}
	}
}
