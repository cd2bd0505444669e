package networkd_test

import (
	"strings"
	"testing"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/networkd"
	"hostnet.linux/internal/schema"
)

func render(t *testing.T, arguments map[string]any) (map[string]string, schema.Problems) {
	t.Helper()
	_, state, err := host.ParseNetwork(arguments)
	if err != nil {
		t.Fatal(err)
	}
	var problems schema.Problems
	files := map[string]string{}
	for _, file := range networkd.Files(state, func(string) string { return "02:00:00:00:00:01" }, &problems) {
		files[strings.TrimPrefix(file.Path, networkd.Folder+networkd.Prefix)] = string(file.Content)
	}
	return files, problems
}

func TestFiles(t *testing.T) {
	t.Parallel()
	files, problems := render(t, map[string]any{
		"interfaces": []any{map[string]any{"name": "eth2", "mtu": 9000, "mac_address": "02:00:00:00:00:22", "accept_ra": 0}},
		"bonds": []any{map[string]any{"name": "bond0", "mode": "active-backup", "miimon": 100, "primary": "eth0",
			"ports":        []any{"eth0", "eth1"},
			"arp_validate": "none"}},
		"vlans": []any{map[string]any{"name": "bond0.10", "parent": "bond0", "id": 10,
			"egress_qos_map": map[string]any{"1": 2, "3": 4}}},
		"bridges": []any{map[string]any{"name": "br0", "forward_delay": 2.5,
			"ports":     []any{map[string]any{"name": "bond0.10", "guard": true}},
			"addresses": []any{"192.0.2.1/24", map[string]any{"address": "2001:db8::1/64", "nodad": true}},
			"routes":    []any{map[string]any{"to": "default", "via": "2001:db8::2"}}},
			map[string]any{"name": "br1", "vlan_filtering": true, "vlan_default_pvid": 0, "vlans": []any{7}, "ports": []any{
				map[string]any{"name": "v0", "vlans": []any{map[string]any{"vid": 10, "pvid": true, "untagged": true}, "20-29"}}}},
			map[string]any{"name": "br2",
				"ports": []any{map[string]any{"name": "v2", "vlans": []any{"1-3", map[string]any{"vid": 9, "pvid": true}}}}}},
		"veths":  []any{map[string]any{"name": "v0", "peer": "v1"}, map[string]any{"name": "v2", "peer": "v3"}},
		"vxlans": []any{map[string]any{"name": "vx0", "id": 5, "fdb": []any{map[string]any{"dst": "192.0.2.9"}}}},
		"routes": []any{map[string]any{"to": "10.0.0.0/8", "via": "192.0.2.3", "table": 5},
			map[string]any{"to": "10.9.0.0/16", "type": "blackhole"}},
		"rules": []any{map[string]any{"priority": 9, "to": "10.0.0.0/8", "fwmark": 3, "fwmask": 7, "table": 5,
			"family": "inet"}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for name, lines := range map[string][]string{
		"eth2.network": {"[Match]\nName=eth2\n", "MACAddress=02:00:00:00:00:22\n", "MTUBytes=9000\n",
			"IPv6AcceptRA=no\n"},
		"bond0.netdev": {"Kind=bond\nMACAddress=02:00:00:00:00:01\n",
			"Mode=active-backup\nMIIMonitorSec=100ms\nARPValidate=none\n"},
		"eth0.network":     {"Bond=bond0\nPrimarySlave=yes\n", "RequiredForOnline=no\n"},
		"eth1.network":     {"Bond=bond0\n"},
		"bond0.network":    {"VLAN=bond0.10\n"},
		"bond0.10.netdev":  {"Id=10\nEgressQOSMaps=1-2 3-4\n"},
		"bond0.10.network": {"Bridge=br0\n", "[Bridge]\nUseBPDU=no\n"},
		"br0.netdev":       {"ForwardDelaySec=2.5s\n"},
		"br0.network": {"[Address]\nAddress=192.0.2.1/24\nBroadcast=no\n",
			"[Address]\nAddress=2001:db8::1/64\nDuplicateAddressDetection=none\n",
			"[Route]\nDestination=::/0\nGateway=2001:db8::2\n", "[Route]\nDestination=10.0.0.0/8\nGateway=192.0.2.3\nTable=5\n"},
		"br1.netdev":  {"VLANFiltering=yes\n", "DefaultPVID=0\n"},
		"br1.network": {"[BridgeVLAN]\nVLAN=7\n"},
		"v0.network":  {"[BridgeVLAN]\nVLAN=10\nEgressUntagged=10\nPVID=10\n\n[BridgeVLAN]\nVLAN=20-29\n"},
		"v2.network":  {"[BridgeVLAN]\nVLAN=1-3\n\n[BridgeVLAN]\nVLAN=9\nPVID=9\n"},
		"vx0.netdev":  {"VNI=5\nUDPChecksum=yes\nIndependent=yes\n"},
		"vx0.network": {"[BridgeFDB]\nMACAddress=00:00:00:00:00:00\nDestination=192.0.2.9\n"},
		"lo.network": {"[Route]\nDestination=10.9.0.0/16\nType=blackhole\n",
			"[RoutingPolicyRule]\nPriority=9\nFamily=ipv4\nTo=10.0.0.0/8\nFirewallMark=3/7\nTable=5\n"},
	} {
		for _, line := range lines {
			if !strings.Contains(files[name], line) {
				t.Errorf("%s is without %q:\n%s", name, line, files[name])
			}
		}
	}
}

// TestUnsayable: everything that networkd has no word for is listed, with its path.
func TestUnsayable(t *testing.T) {
	t.Parallel()
	_, problems := render(t, map[string]any{
		"interfaces": []any{map[string]any{"match_mac_address": "02:00:00:00:00:22"}},
		"bonds": []any{map[string]any{"name": "bond0", "coupled_control": true, "mode": "802.3ad",
			"xmit_hash_policy": "vlan+srcmac"}},
		"bridges": []any{map[string]any{"name": "br0", "ports": []any{map[string]any{"name": "eth0", "locked": true}}},
			map[string]any{"name": "br1", "vlans": []any{7, map[string]any{"vid": 8, "pvid": true}}},
			map[string]any{"name": "br2", "vlan_default_pvid": 5,
				"ports": []any{map[string]any{"name": "eth2", "vlans": []any{"4-6"}}}}},
		"vlans": []any{map[string]any{"name": "v9", "parent": "elsewhere", "id": 9}},
		"veths": []any{map[string]any{"name": "v0", "peer": "v1", "peer_netns": "x", "rp_filter": 1}},
		"routes": []any{map[string]any{"to": "10.0.0.0/8", "via": "203.0.113.1"},
			map[string]any{"to": "10.1.0.0/16", "dev": "br0", "window": 100}},
		"rules": []any{map[string]any{"priority": 9, "family": "inet", "goto": 10}},
	})
	var paths []string
	for _, problem := range problems {
		paths = append(paths, problem.Path)
	}
	want := "interfaces[0] bonds[0].xmit_hash_policy bonds[0].coupled_control veths[0].rp_filter veths[0].peer_netns " +
		"vlans[0].parent " +
		"bridges[0].ports[0].locked bridges[1].vlans bridges[2].ports[0].vlans routes[0] routes[1].window rules[0].goto"
	if got := strings.Join(paths, " "); len(paths) != len(strings.Fields(want)) {
		t.Errorf("problems at\n%s\nwant at\n%s", got, want)
	}
	for _, path := range strings.Fields(want) {
		if !strings.Contains(" "+strings.Join(paths, " ")+" ", " "+path+" ") {
			t.Errorf("no problem at %s: %v", path, problems)
		}
	}
}

// TestNamesThatArePatterns: a link whose name networkd would take for others too is refused, not written.
func TestNamesThatArePatterns(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a*b", "!b", "a?", "[a]", "a,b", `a\`, `"a"`, "#a", ";a", "\x1b[31m"} {
		files, problems := render(t, map[string]any{"dummies": []any{map[string]any{"name": name}}})
		if len(problems) == 0 || !strings.Contains(problems.Error(), "systemd-networkd has no way to write the name") {
			t.Errorf("%q: %v, %v", name, problems, files)
		}
	}
	for _, name := range []string{"br-a", "eth0.10", "v_1", "a@b"} {
		if files, problems := render(t, map[string]any{"dummies": []any{map[string]any{"name": name}}}); len(problems) > 0 ||
			!strings.Contains(files[name+".network"], "[Match]\nName="+name+"\n") {
			t.Errorf("%q: %v, %v", name, problems, files)
		}
	}
}
