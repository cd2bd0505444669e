//go:build netns

package path

import (
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/topology"
)

// lab is a host that routes between two bridges: on br0 are one (10.1.0.2) and two (10.1.0.3), on br1 is three
// (10.2.0.2). Beyond a wire of the host's is outside (192.0.2.2), which knows only the host's own address there.
type lab struct {
	host, one, two, three, outside *netnstest.Namespace
	// more are namespaces of a single test.
	more []*netnstest.Namespace
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{host: netnstest.New(t), one: netnstest.New(t), two: netnstest.New(t), three: netnstest.New(t),
		outside: netnstest.New(t)}
	for _, bridge := range [][]string{{"br0", "10.1.0.1/24"}, {"br1", "10.2.0.1/24"}} {
		l.host.IP(t, "link", "add", "name", bridge[0], "type", "bridge", "forward_delay", "0")
		l.host.IP(t, "link", "set", "dev", bridge[0], "up")
		l.host.IP(t, "address", "add", bridge[1], "dev", bridge[0])
	}
	attach := func(ns *netnstest.Namespace, end, bridge, address, gateway string) {
		l.host.IP(t, "link", "add", "name", end, "type", "veth", "peer", "name", "eth0", "netns", ns.Name)
		if bridge != "" {
			l.host.IP(t, "link", "set", "dev", end, "master", bridge)
		}
		l.host.IP(t, "link", "set", "dev", end, "up")
		ns.IP(t, "link", "set", "dev", "eth0", "up")
		ns.IP(t, "address", "add", address, "dev", "eth0")
		if gateway != "" {
			ns.IP(t, "route", "add", "default", "via", gateway)
		}
	}
	attach(l.one, "one", "br0", "10.1.0.2/24", "10.1.0.1")
	attach(l.two, "two", "br0", "10.1.0.3/24", "10.1.0.1")
	attach(l.three, "three", "br1", "10.2.0.2/24", "10.2.0.1")
	attach(l.outside, "wan", "", "192.0.2.2/24", "")
	l.host.IP(t, "address", "add", "192.0.2.1/24", "dev", "wan")
	l.host.Exec(t, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0")
	return l
}

func (l *lab) read(t *testing.T) []*topology.Host {
	t.Helper()
	names := []string{l.host.Name, l.one.Name, l.two.Name, l.three.Name, l.outside.Name}
	for _, ns := range l.more {
		names = append(names, ns.Name)
	}
	host, err := topology.ReadNamed(names...)
	if err != nil {
		t.Fatal(err)
	}
	if err := host.ReadRouting(); err != nil {
		t.Fatal(err)
	}
	return []*topology.Host{host}
}

// compare asks for the path of a ping, and sends one: both must come to the same. A busy machine may need a moment
// until links have their carrier, and loses pings: what disagrees is tried again.
func (l *lab) compare(t *testing.T, from *netnstest.Namespace, to string, size uint32) *Path {
	t.Helper()
	arguments := []string{"-c", "1", "-W", "1", "-n"}
	if size > 0 {
		const headers = 28
		arguments = append(arguments, "-M", "do", "-s", itoa(size-headers))
	}
	const attempts = 5
	for i := 0; ; i++ {
		found, err := Find(Question{Hosts: l.read(t), From: from.Name, To: to, Protocol: "icmp", Size: size})
		if err != nil {
			t.Fatal(err)
		}
		output, err := from.Try("ping", append(arguments, to)...)
		expects := found.Outcome == Reached &&
			!strings.Contains(strings.Join(found.Warnings, " "), "the answer does not come back")
		if (err == nil) == expects {
			return found
		}
		if i == attempts {
			t.Errorf("the path to %s is said to be: %s: %s %v\nbut ping says %v: %s\n%s", to, found.Outcome, found.Why,
				found.Warnings, err, output, show(found))
			return found
		}
		time.Sleep(300 * time.Millisecond)
	}
}

func itoa(n uint32) string {
	var digits []byte
	for ; n > 0; n /= 10 {
		digits = append([]byte{byte('0' + n%10)}, digits...)
	}
	return string(digits)
}

func show(p *Path) string {
	var out strings.Builder
	for _, hop := range p.Hops {
		out.WriteString(hop.Where + " " + hop.Link + " " + hop.Kind + ": " + hop.Text + "\n")
	}
	return out.String()
}

func (p *Path) says(t *testing.T, outcome string, texts ...string) {
	t.Helper()
	whole := p.Why + "\n" + strings.Join(p.Warnings, "\n") + "\n" + show(p)
	if p.Outcome != outcome {
		t.Errorf("the outcome is %s, not %s:\n%s", p.Outcome, outcome, whole)
	}
	for _, text := range texts {
		if !strings.Contains(whole, text) {
			t.Errorf("the path does not say %q:\n%s", text, whole)
		}
	}
}

// TestPathIsWhatPacketsDo compares many faults with what a real ping does.
func TestPathIsWhatPacketsDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, l *lab)
		to      string
		size    uint32
		outcome string
		says    []string
	}{
		"a neighbour on the bridge": {nil, "10.1.0.3", 0, Reached, []string{"out by port two", "pair to eth0"}},
		"the bridge itself":         {nil, "10.1.0.1", 0, Reached, []string{"bridge of port one"}},
		"another bridge": {nil, "10.2.0.2", 0, Reached, []string{
			"route default via 10.1.0.1 dev eth0 in table main (rule 32766)", "route 10.2.0.0/24 dev br1 in table main",
		}},
		"nobody": {nil, "10.1.0.9", 0, Ends, []string{"nobody on the network of eth0", "has 10.1.0.9"}},
		"no route": {func(t *testing.T, l *lab) { l.one.IP(t, "route", "delete", "default") }, "10.2.0.2", 0, Ends, []string{
			"has no route to 10.2.0.2 in table main",
		}},
		"no route in another table": {func(t *testing.T, l *lab) {
			l.host.IP(t, "rule", "add", "priority", "100", "iif", "br0", "lookup", "100")
			l.host.IP(t, "rule", "add", "priority", "101", "iif", "br0", "blackhole")
		}, "10.2.0.2", 0, Ends, []string{"rule 101 of", "is a blackhole"}},
		"a route in another table": {func(t *testing.T, l *lab) {
			l.host.IP(t, "route", "add", "unreachable", "10.2.0.0/24", "table", "100")
			l.host.IP(t, "rule", "add", "priority", "100", "from", "10.1.0.0/24", "lookup", "100")
		}, "10.2.0.2", 0, Ends, []string{"the route 10.2.0.0/24 in table 100", "is unreachable"}},
		"no forwarding": {func(t *testing.T, l *lab) { l.host.Exec(t, "sysctl", "-qw", "net.ipv4.ip_forward=0") }, "10.2.0.2",
			0, Ends, []string{
				"does not route: net.ipv4.ip_forward is 0",
			}},
		"a policy": {func(t *testing.T, l *lab) {
			l.host.Exec(t, "nft",
				"add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }")
		}, "10.2.0.2", 0, Ends, []string{"dropped by the policy of chain ip filter FORWARD", "open it there"}},
		"a rule about the destination": {func(t *testing.T, l *lab) {
			l.host.Exec(t, "nft", `add table inet f; add chain inet f fwd1 { type filter hook forward priority 0; };`+
				` add rule inet f fwd1 ip daddr 10.2.0.2 icmp type echo-request drop comment "no pings"`)
		}, "10.2.0.2", 0, Ends, []string{"in chain inet f fwd1", `"no pings"`}},
		"a rule about another destination": {func(t *testing.T, l *lab) {
			l.host.Exec(t, "nft",
				`add table inet f; add chain inet f fwd1 { type filter hook forward priority 0; }; add rule inet f fwd1 ip daddr 10.2.0.3 drop`)
		}, "10.2.0.2", 0, Reached, nil},
		"a sender that drops": {func(t *testing.T, l *lab) {
			l.one.Exec(t, "nft",
				`add table ip o; add chain ip o output { type filter hook output priority 0; }; add rule ip o output ip daddr 10.2.0.0/24 drop`)
		}, "10.2.0.2", 0, Ends, []string{"in chain ip o output"}},
		"a receiver that drops": {func(t *testing.T, l *lab) {
			l.three.Exec(t, "nft", `add table ip i; add chain ip i input { type filter hook input priority 0; policy drop; }`)
		}, "10.2.0.2", 0, Ends, []string{"the policy of chain ip i input"}},
		"an answer without a way": {nil, "192.0.2.2", 0, Reached,
			[]string{"the answer does not come back", "has no route to 10.1.0.2"}},
		"masquerade": {func(t *testing.T, l *lab) {
			l.host.Exec(t, "nft",
				`add table ip n; add chain ip n post { type nat hook postrouting priority 100; }; add rule ip n post oifname "wan" masquerade`)
		}, "192.0.2.2", 0, Reached, []string{"masqueraded: source 10.1.0.2 becomes 192.0.2.1"}},
		"another destination": {func(t *testing.T, l *lab) {
			l.host.Exec(t, "nft",
				`add table ip n; add chain ip n pre { type nat hook prerouting priority -100; }; add rule ip n pre ip daddr 192.0.2.1 dnat to 10.2.0.2`)
		}, "192.0.2.1", 0, Reached, []string{"destination 192.0.2.1 becomes 10.2.0.2"}},
		"too large": {func(t *testing.T, l *lab) {
			l.host.IP(t, "link", "set", "dev", "br1", "mtu", "1400")
			l.host.IP(t, "link", "set", "dev", "three", "mtu", "1400")
		}, "10.2.0.2", 1500, Ends, []string{"MTU: a packet of 1500 bytes enters br1", "which takes 1400"}},
		"just fits": {func(t *testing.T, l *lab) { l.host.IP(t, "link", "set", "dev", "br1", "mtu", "1400") }, "10.2.0.2",
			1400, Reached, nil},
		"a link that is down": {func(t *testing.T, l *lab) { l.host.IP(t, "link", "set", "dev", "three", "down") },
			"10.2.0.2", 0, Ends, []string{
				"three on", "is down: set it up",
			}},
		"isolated ports": {func(t *testing.T, l *lab) {
			l.host.Exec(t, "bridge", "link", "set", "dev", "one", "isolated", "on")
			l.host.Exec(t, "bridge", "link", "set", "dev", "two", "isolated", "on")
		}, "10.1.0.3", 0, Ends, []string{"one and two on", "are isolated ports of br0"}},
		"isolated ports, and nobody beyond": {func(t *testing.T, l *lab) {
			l.host.Exec(t, "bridge", "link", "set", "dev", "one", "isolated", "on")
			l.host.Exec(t, "bridge", "link", "set", "dev", "two", "isolated", "on")
		}, "10.1.0.9", 0, Ends, []string{"nobody on the network of eth0"}},
		"an isolated port beside one that is not": {func(t *testing.T, l *lab) {
			l.host.Exec(t, "bridge", "link", "set", "dev", "one", "isolated", "on")
		}, "10.1.0.3", 0, Reached, nil},
		"a disabled port": {func(t *testing.T, l *lab) { disablePort(t, l, "two") }, "10.1.0.3", 0, Ends,
			[]string{"port two of br0", "does not forward: its state is disabled"}},
		"a disabled port on the way in": {func(t *testing.T, l *lab) { disablePort(t, l, "one") }, "10.2.0.2", 0,
			Ends, []string{"port one of br0", "does not forward: its state is disabled"}},
		"two with the sender's address": {func(t *testing.T, l *lab) { l.two.IP(t, "address", "add", "10.1.0.2/24", "dev", "eth0") },
			"10.1.0.3", 0, Reached, []string{"the answer does not come back: ", "10.1.0.2 is an address of ", "packets to it go to "}},
		"strict reverse path": {func(t *testing.T, l *lab) {
			l.host.IP(t, "route", "add", "10.1.0.2/32", "dev", "br1")
			l.host.Exec(t, "sysctl", "-qw", "net.ipv4.conf.br0.rp_filter=1")
		}, "10.2.0.2", 0, Ends, []string{"rp_filter of br0", "the route back leaves by br1"}},
		"the answer's route leads elsewhere": {
			func(t *testing.T, l *lab) { l.three.IP(t, "route", "replace", "blackhole", "10.1.0.0/24") }, "10.2.0.2", 0, Reached,
			[]string{
				"the answer does not come back", "is a blackhole",
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			if test.prepare != nil {
				test.prepare(t, l)
			}
			l.compare(t, l.one, test.to, test.size).says(t, test.outcome, test.says...)
		})
	}
}

// disablePort takes a port of br0 out of service once the kernel has set it to forwarding, as its link came up. Without a
// spanning tree the kernel brings any other state back to forwarding (br_port_state_selection).
func disablePort(t *testing.T, l *lab, port string) {
	t.Helper()
	l.settle(t)
	l.host.Exec(t, "bridge", "link", "set", "dev", port, "state", "0")
}

// TestVLANsOfBridge: a port that does not carry the VLAN is named.
func TestVLANsOfBridge(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	if output, err := l.host.Try("ip", "link", "set", "dev", "br0", "type", "bridge", "vlan_filtering", "1"); err != nil {
		netnstest.Skip(t, "this kernel's bridges do not filter VLANs: %s", output)
	}
	l.compare(t, l.one, "10.1.0.3", 0).says(t, Reached, "VLAN 1 untagged")
	l.host.Exec(t, "bridge", "vlan", "add", "dev", "one", "vid", "20", "pvid", "untagged")
	l.compare(t, l.one, "10.1.0.3", 0).says(t, Ends, "VLAN 20 is not allowed on port two")
	l.host.Exec(t, "bridge", "vlan", "add", "dev", "two", "vid", "20", "pvid", "untagged")
	l.compare(t, l.one, "10.1.0.3", 0).says(t, Reached, "VLAN 20 untagged")
	l.compare(t, l.one, "10.2.0.2", 0).says(t, Ends, "VLAN 20 is not allowed on port br0")
}

// TestTunnel: the outer packets are followed too, and make the path's MTU smaller.
func TestTunnel(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.one.IP(t, "link", "add", "name", "vx", "type", "vxlan", "id", "7", "dstport", "4789", "local", "10.1.0.2", "remote",
		"10.2.0.2")
	l.three.IP(t, "link", "add", "name", "vx", "type", "vxlan", "id", "7", "dstport", "4789", "local", "10.2.0.2",
		"remote", "10.1.0.2")
	for ns, address := range map[*netnstest.Namespace]string{l.one: "172.16.0.1/24", l.three: "172.16.0.3/24"} {
		ns.IP(t, "link", "set", "dev", "vx", "up")
		ns.IP(t, "address", "add", address, "dev", "vx")
	}
	found := l.compare(t, l.one, "172.16.0.3", 0)
	found.says(t, Reached, "VNI 7, in UDP packets from 10.1.0.2 to 10.2.0.2", "VNI 7 unpacked")
	if found.MTU != 1450 {
		t.Errorf("the path's MTU is %d, not 1450", found.MTU)
	}
	l.host.Exec(t, "nft",
		`add table ip f; add chain ip f fwd1 { type filter hook forward priority 0; }; add rule ip f fwd1 udp dport 4789 drop`)
	l.compare(t, l.one, "172.16.0.3", 0).says(t, Ends, "cannot reach its far end 10.2.0.2",
		"dropped by a rule in chain ip f fwd1")
}

// TestTwins: two containers with one address.
func TestTwins(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.outside.IP(t, "link", "set", "dev", "eth0", "down")
	l.two.IP(t, "address", "add", "10.1.0.77/24", "dev", "eth0")
	l.host.IP(t, "link", "set", "dev", "wan", "master", "br0")
	l.outside.IP(t, "link", "set", "dev", "eth0", "up")
	l.outside.IP(t, "address", "add", "10.1.0.77/24", "dev", "eth0")
	l.compare(t, l.one, "10.1.0.77", 0).says(t, Reached, "10.1.0.77 is an address of", "who answers first")
}
