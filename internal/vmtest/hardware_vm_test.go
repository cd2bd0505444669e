//go:build vm

package vmtest

import (
	"strings"
	"testing"

	"hostnet.linux/internal/testhost"
)

// TestMachine is about what a network namespace does not have: modules of the kernel, cards with a PCI address and a
// MAC address of their own, and the SSH session that the tasks come over.
func TestMachine(t *testing.T) {
	wire := testhost.NewSegment("wire")
	host := testhost.ForTest(t, testhost.Machine{Name: "session", NICs: []testhost.NIC{
		{User: true, Card: 1}, {}, {Segment: wire}, {}, {Segment: wire}, {Card: 1},
	}})
	install(t, host)
	for _, part := range []struct {
		name string
		test func(*testing.T, *testhost.Host)
	}{
		{"kernel modules", testKernelModules}, {"two ports of one card", testOneCard},
		{"found by hardware", testFoundByHardware},
		{"udev", testUdev}, {"renamed by udev", testRenamed}, {"a session moves to a VLAN", testOwnVLAN},
		{"the session survives", testSessionSurvives}, {"found by hardware in a bond", testFoundInBond},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, host) })
	}
}

// testKernelModules: what a kind needs is loaded without links that nobody asked for; where it cannot be, that is said.
func testKernelModules(t *testing.T, host *testhost.Host) {
	const forbidden = "/etc/modprobe.d/forbidden.conf"
	host.MustRun(t,
		"! grep -qE '^(bonding|8021q|dummy) ' /proc/modules; printf 'install %s /bin/false\n' bonding 8021q dummy >"+
			forbidden)
	for kind, arguments := range map[string]map[string]any{
		"bond": {"name": "first"}, "vlan": {"name": "eth1.5", "parent": "eth1", "id": 5}, "dummy": {"name": "second"},
	} {
		arguments["persist"] = false
		if result := module(t, host, kind, arguments); !result.Failed ||
			!strings.Contains(result.Msg, "this kernel has no links of kind "+kind) {
			t.Errorf("without the kernel module of %s: %+v", kind, result)
		}
	}
	host.MustRun(t, "rm "+forbidden)
	network := map[string]any{
		"bonds":   []any{map[string]any{"name": "first"}},
		"vlans":   []any{map[string]any{"name": "eth1.5", "parent": "eth1", "id": 5}},
		"dummies": []any{map[string]any{"name": "second"}}, "persist": false,
	}
	if result := module(t, host, "network", network); result.Failed || !result.Changed {
		t.Errorf("with the kernel's modules: %+v", result)
	}
	if links := host.MustRun(t, "ls /sys/class/net"); strings.Contains(links, "bond0") ||
		strings.Contains(links, "dummy0") {
		t.Errorf("links that nobody asked for: %s", links)
	}
	for _, one := range []string{"first", "eth1.5", "second"} {
		host.MustRun(t, "ip link delete "+one)
	}
}

// testOneCard asks for bonds of eth0 and eth5, two functions of one PCI device, and for others.
func testOneCard(t *testing.T, host *testhost.Host) {
	const shared = "are on one card (PCI device "
	for _, one := range []struct {
		sameCard string
		ports    []any
		warns    bool
		fails    bool
	}{
		{"", []any{"eth0", "eth5"}, true, false}, {"warn", []any{"eth5", "eth1", "eth0"}, true, false},
		{"fail", []any{"eth0", "eth5"}, false, true}, {"ignore", []any{"eth0", "eth5"}, false, false},
		{"fail", []any{"eth0", "eth1"}, false, false}, {"warn", []any{"eth5", "eth1"}, false, false},
	} {
		arguments := map[string]any{"name": "bond0", "ports": one.ports, "_ansible_check_mode": true}
		if one.sameCard != "" {
			arguments["same_card"] = one.sameCard
		}
		result := module(t, host, "bond", arguments)
		if warned := strings.Contains(strings.Join(result.Warnings, "\n"), shared); warned != one.warns {
			t.Errorf("same_card %q of %v warns: %q", one.sameCard, one.ports, result.Warnings)
		}
		if result.Failed != one.fails || strings.Contains(result.Msg, shared) != one.fails {
			t.Errorf("same_card %q of %v: failed %t, %s", one.sameCard, one.ports, result.Failed, result.Msg)
		}
	}
}

// testFoundByHardware names no link, but a MAC or PCI address.
func testFoundByHardware(t *testing.T, host *testhost.Host) {
	pci := func(nic string) string {
		return strings.TrimSpace(host.MustRun(t, "basename $(dirname $(readlink -f /sys/class/net/"+nic+"/device))"))
	}
	for _, one := range []struct {
		key, value, nic, mtu string
	}{
		{"match_mac_address", host.MAC(5), "eth5", "1401"},
		{"match_mac_address", strings.ToUpper(host.MAC(1)), "eth1", "1402"},
		{"match_pci_address", pci("eth5"), "eth5", "1403"}, {"match_pci_address", pci("eth1"), "eth1", "1500"},
	} {
		if result := module(t, host, "interface",
			map[string]any{one.key: one.value, "mtu": one.mtu, "persist": false}); result.Failed || !result.Changed {
			t.Errorf("%s %s: %+v", one.key, one.value, result)
		}
		if mtu := strings.TrimSpace(host.MustRun(t, "cat /sys/class/net/"+one.nic+"/mtu")); mtu != one.mtu {
			t.Errorf("%s %s: %s has MTU %s, not %s", one.key, one.value, one.nic, mtu, one.mtu)
		}
	}
	for key, value := range map[string]string{"match_mac_address": "02:00:00:00:00:99",
		"match_pci_address": "0000:1f:1f.7"} {
		if result := module(t, host, "interface", map[string]any{key: value}); !result.Failed ||
			!strings.Contains(result.Msg, key) || !strings.Contains(result.Msg, "eth5") {
			t.Errorf("%s %s: %+v", key, value, result)
		}
	}
	host.MustRun(t, "ip link set dev eth5 mtu 1500")
}

// testFoundInBond: a port of a bond has the bond's MAC address, and is found by its own.
func testFoundInBond(t *testing.T, host *testhost.Host) {
	if result := module(t, host, "interface",
		map[string]any{"match_mac_address": host.MAC(1), "persist": false}); result.Failed || result.Changed {
		t.Errorf("by its permanent address: %+v", result)
	}
}

// testRenamed: a card that udev renames (systemd.link(5)) is found by its hardware, also in a bond. The same file
// matches what we make upon it, which has the card's MAC address, and leaves that alone.
func testRenamed(t *testing.T, host *testhost.Host) {
	const file = "/etc/systemd/network/10-lan3.link"
	host.MustRun(t, "printf '[Match]\\nMACAddress="+host.MAC(3)+"\\n[Link]\\nName=lan3\\n' >"+file+
		"; udevadm control --reload; ip link set eth3 down; udevadm trigger -c add /sys/class/net/eth3; udevadm settle; "+
		"test -e /sys/class/net/lan3")
	found := map[string]any{"match_mac_address": host.MAC(3), "mtu": 1404, "persist": false}
	if result := module(t, host, "interface", found); result.Failed || !result.Changed {
		t.Errorf("found under its new name: %+v", result)
	}
	host.MustRun(t, "grep -qx 1404 /sys/class/net/lan3/mtu")
	made := map[string]any{
		"persist": false,
		"bonds":   []any{map[string]any{"name": "bond3", "mode": "active-backup", "miimon": 100, "ports": []any{"lan3"}}},
		"bridges": []any{map[string]any{"name": "br3", "ports": []any{"bond3"}}},
		"veths":   []any{map[string]any{"name": "pair3", "peer": "riap3", "mac_address": "02:00:00:00:04:01"}},
		"vlans":   []any{map[string]any{"name": "bond3.5", "parent": "bond3", "id": 5}},
	}
	if result := module(t, host, "network", made); result.Failed || !result.Changed {
		t.Fatalf("%+v", result)
	}
	const state = "udevadm settle; cd /sys/class/net; for link in *3*; do echo $link $(cat $link/address); done"
	before := host.MustRun(t, state)
	if strings.Count(before, host.MAC(3)) != 4 || strings.Count(before, "02:00:00:00:04:01") != 1 {
		t.Errorf("the links: %s", before)
	}
	matched := host.MustRun(t, "for link in bond3 br3 pair3 riap3 bond3.5; do udevadm trigger -c add "+
		"/sys/class/net/$link; done; udevadm settle; udevadm info /sys/class/net/br3")
	if !strings.Contains(matched, "ID_NET_LINK_FILE="+file) {
		t.Errorf("udev does not see the bridge as the card: %s", matched)
	}
	if after := host.MustRun(t, state); after != before {
		t.Errorf("udev changes what is ours:\n%s\n%s", before, after)
	}
	if again := module(t, host, "network", made); again.Failed || again.Changed {
		t.Errorf("a second run: %+v", again)
	}
	if again := module(t, host, "interface",
		map[string]any{"match_mac_address": host.MAC(3), "persist": false}); again.Failed || again.Changed {
		t.Errorf("found in the bond: %+v", again)
	}
	host.MustRun(t, "for link in br3 bond3.5 bond3 pair3; do ip link delete $link; done; rm "+file+
		"; udevadm control --reload; ip link set lan3 down; ip link set lan3 name eth3 mtu 1500 up")
}
