//go:build netns

package host

import (
	"encoding/json"
	"strings"
	"testing"

	"hostnet.linux/internal/netnstest"
)

// TestWhatTheKernelWouldRefuse is told before anything is touched, so in check mode too.
func TestWhatTheKernelWouldRefuse(t *testing.T) {
	const alternative = "ip link property add dev v0 altname enx020000001122"
	const ipv6Off = "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"
	for name, one := range map[string]struct{ kind, setup, task, want string }{
		"parent by another name": {"vxlan", alternative, `{"vxlans": [{"name": "x0", "id": 7, "parent": "enx020000001122"}]}`,
			"vxlans[0].parent: enx020000001122 is an alternative name of v0: write v0"},
		"port by another name": {"", alternative, `{"bridges": [{"name": "b0", "ports": ["v1", "enx020000001122"]}]}`,
			"bridges[0].ports[1]: enx020000001122 is an alternative name of v0: write v0"},
		"card by another name": {"", alternative, `{"interfaces": [{"name": "enx020000001122", "mtu": 1400}]}`,
			"interfaces[0].name: enx020000001122 is an alternative name of v0: write v0"},
		"name that is taken": {"", "ip link property add dev v0 altname b0", `{"bridges": [{"name": "b0"}]}`,
			"bridges[0].name: b0 is an alternative name of v0: write v0"},
		"IPv6 is off": {"", ipv6Off, `{"veths": [{"name": "v0", "addresses": ["10.1.0.2/24", "2001:db8:1::2/64"]}]}`,
			"veths[0].addresses[1]: 2001:db8:1::2/64 cannot be on v0: net.ipv6.conf.v0.disable_ipv6 is 1"},
		"IPv6 is off for a new link": {"", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6",
			`{"bridges": [{"name": "b0", "addresses": ["2001:db8:1::2/64"]}]}`,
			"bridges[0].addresses[0]: 2001:db8:1::2/64 cannot be on b0: net.ipv6.conf.default.disable_ipv6 is 1"},
		"VXLAN above its parent": {"vxlan", "true",
			`{"vxlans": [{"name": "x0", "id": 7, "parent": "v0", "local": "10.1.0.2", "mtu": 1500}]}`,
			"vxlans[0].mtu: 1500 is above the 1450 that its parent v0 with mtu 1500 leaves: the tunnel's headers take 50"},
		"VXLAN over IPv6 above its parent": {"vxlan", "ip link add x0 type vxlan id 7 dstport 4789 dev v0 local 2001:db8::1",
			`{"vxlans": [{"name": "x0", "mtu": 1450}]}`,
			"vxlans[0].mtu: 1450 is above the 1430 that its parent v0 with mtu 1500 leaves: the tunnel's headers take 70"},
		"macvlan above its parent": {"macvlan", "true", `{"macvlans": [{"name": "m0", "parent": "v0", "mtu": 9000}]}`,
			"macvlans[0].mtu: 9000 is above the 1500 of its parent v0"},
		"VLAN above a new parent": {"vlan", "true",
			`{"bonds": [{"name": "bond0", "ports": ["v0"]}], "vlans": [{"name": "v7", "parent": "bond0", "id": 7, "mtu": 9000}]}`,
			"vlans[0].mtu: 9000 is above the 1500 of its parent bond0"},
		"address of the active port": {"bond", "ip link set v0 down\nip link add bond1 type bond mode active-backup " +
			"fail_over_mac active\nip link set v0 master bond1",
			`{"bonds": [{"name": "bond1", "mac_address": "02:aa:00:00:00:01"}]}`,
			"bonds[0].mac_address: cannot be declared with fail_over_mac active: the bond has the address of its active port"},
		"snooping for each VLAN": {"", "true", `{"bridges": [{"name": "b0", "mcast_vlan_snooping": true}]}`,
			"bridges[0].mcast_vlan_snooping: needs vlan_filtering: true beside it"},
		"time of a bridge with STP": {"", "ip link add b0 type bridge stp_state 1", `{"bridges": [{"name": "b0", "forward_delay": 0}]}`,
			"bridges[0].forward_delay: must be from 2 to 30 seconds with stp, which b0 has"},
		"port that is not locked": {"", "true", `{"bridges": [{"name": "b0", "ports": [{"name": "v1", "mab": true}]}]}`,
			"bridges[0].ports[0].mab: needs locked: true beside it, and learning"},
		"address of the loopback": {"", "true", `{"interfaces": [{"name": "lo", "mac_address": "02:00:00:00:00:01"}]}`,
			"interfaces[0].mac_address: the loopback has none"},
		"IPv6 in small packets": {"", "ip link set v0 mtu 1000", `{"veths": [{"name": "v0", "accept_ra": 0}]}`,
			"veths[0].accept_ra: needs an mtu of 1280 at least: below it the kernel takes IPv6 off the link, and mtu is 1000"},
		"flow label of IPv4": {"vxlan", "true", `{"vxlans": [{"name": "x0", "id": 7, "flow_label": 9, "local": "10.1.0.2"}]}`,
			"vxlans[0].flow_label: only IPv6 packets have one: declare local, remote or group as IPv6 addresses"},
		"GPE with an identifier": {"vxlan", "true", `{"vxlans": [{"name": "x0", "id": 7, "gpe": true, "learning": false}]}`,
			"vxlans[0].gpe: needs external: true beside it"},
		"GPE that learns": {"vxlan", "true", `{"vxlans": [{"name": "x0", "external": true, "gpe": true}]}`,
			"vxlans[0].gpe: the kernel refuses it together with learning: declare learning: false"},
		"end of a pair that carries a link": {"macvlan", "ip link add m0 link p1 type macvlan mode bridge",
			`{"bridges": [{"name": "v1"}]}`, "bridges[0].name: p1 goes along with v1, whose other end it is, and macvlan m0 stands " +
				"on it: declare that absent too, or move it"},
		"absent end of a pair that carries a link": {"macvlan", "ip link add m0 link p1 type macvlan mode bridge",
			`{"veths": [{"name": "v1", "state": "absent"}]}`, "veths[0].name: p1 goes along with v1, whose other end it is, and " +
				"macvlan m0 stands on it: declare that absent too, or move it"},
		"macvlan on a port": {"macvlan", "ip link add br0 type bridge\nip link set v1 master br0",
			`{"macvlans": [{"name": "m0", "parent": "v1"}]}`, "macvlans[0].parent: v1 is a port of bridge br0, and a port carries no " +
				"macvlan: declare br0 as the parent, or take v1 out of its ports"},
		"port that carries a macvlan": {"macvlan", "ip link add m0 link v1 type macvlan mode bridge",
			`{"bridges": [{"name": "b0", "ports": ["v1"]}]}`, "bridges[0].ports[0]: macvlan m0 stands on v1, and what carries a " +
				"macvlan is no port: take that away, or leave v1 out"},
		"macvlan that is not alone": {"macvlan", "ip link add m0 link v1 type macvlan mode passthru",
			`{"macvlans": [{"name": "m1", "parent": "v1"}]}`, "macvlans[0].mode: m0 has mode passthru and is alone on its parent, " +
				"and m1 and m0 are both to stand on v1"},
		"macvlan on the loopback": {"macvlan", "true", `{"macvlans": [{"name": "m0", "parent": "lo"}]}`,
			"macvlans[0].parent: the loopback carries no macvlan"},
		"end of a pair that goes": {"", "true", `{"veths": [{"name": "v0", "peer": "n0"}], "interfaces": [{"name": "p0", "mtu": 1400}]}`,
			"interfaces[0].name: p0 goes along with v0, whose other end it is: declare it with that pair, or absent"},
		"VLAN on a VRF": {"vlan", "true", `{"vrfs": [{"name": "blue", "table": 7}], "vlans": [{"name": "v7", "id": 7, "parent": "blue"}]}`,
			"vlans[0].parent: vrf blue carries no VLAN, as the kernel has it: declare the link that sends the frames"},
		"VLAN on the loopback": {"", "true", `{"vlans": [{"name": "v7", "id": 7, "parent": "lo"}]}`,
			"vlans[0].parent: interface lo carries no VLAN, as the kernel has it: declare the link that sends the frames"},
		"VXLANs with one port": {"vxlan", "ip link add x1 type vxlan id 8 dstport 4789 local 10.1.0.2 gbp\nip link set x1 up",
			`{"vxlans": [{"name": "x0", "id": 7, "dst_port": 4789}]}`, "vxlans[0].dst_port: x1 listens on port 4789 as well, and " +
				"differs in gbp: give one of them another port, or both the same gbp"},
		"pair into no namespace": {"", "ip link add d0 type bridge", `{"veths": [{"name": "d0", "peer": "d1", "peer_netns": "none"}]}`,
			`veths[0].peer_netns: network namespace "none": open /run/netns/none: no such file or directory`},
		"filter of one identifier": {"vxlan", "true", `{"vxlans": [{"name": "x0", "id": 7, "vnifilter": true}]}`,
			"vxlans[0].vnifilter: needs external: true beside it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if one.kind != "" {
				netnstest.NeedKind(t, one.kind)
			}
			h := newUndoHost(t, one.setup)
			before := h.Snapshot(t)
			var task map[string]any
			if err := json.Unmarshal([]byte(one.task), &task); err != nil {
				t.Fatal(err)
			}
			_, wanted, err := ParseNetwork(task)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Plan(wanted); err == nil || err.Error() != one.want {
				t.Errorf("got  %v\nwant %s", err, one.want)
			}
			if after := h.Snapshot(t); after != before {
				t.Errorf("the host was touched:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// TestOneNextHop: a list of one way out is the way out, and its weight says nothing.
func TestOneNextHop(t *testing.T) {
	for _, hops := range []string{
		`[{"via": "10.1.0.1", "weight": 10}]`, `[{"via": "10.1.0.1"}]`, `[{"via": "10.1.0.1", "weight": 1, "onlink": true}]`,
	} {
		t.Run(hops, func(t *testing.T) {
			t.Parallel()
			h := newUndoHost(t, "true")
			var task map[string]any
			text := `{"veths": [{"name": "v0", "addresses": ["10.1.0.2/24"], "routes": [{"to": "10.50.0.0/16", "nexthops": ` +
				hops + `}]}]}`
			if err := json.Unmarshal([]byte(text), &task); err != nil {
				t.Fatal(err)
			}
			if _, err := carryOut(t, h.Host, task); err != nil {
				t.Fatal(err)
			}
			if got := h.IP(t, "route", "show", "10.50.0.0/16"); !strings.HasPrefix(got,
				"10.50.0.0/16 via 10.1.0.1 dev v0 proto static") {
				t.Errorf("the route: %s", got)
			}
			again, err := carryOut(t, h.Host, task)
			if err != nil || len(again.Steps) > 0 {
				t.Errorf("a second run: %v %s", err, describe(again))
			}
		})
	}
}

// TestBridgeOutsideTheVLAN: a VLAN on a bridge that filters it away is warned of, and one that it takes part in is not.
func TestBridgeOutsideTheVLAN(t *testing.T) {
	netnstest.NeedKind(t, "vlan")
	h := newUndoHost(t, "ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0\nip link set br0 up\nbridge "+
		"vlan add dev br0 vid 10 self")
	var task map[string]any
	text := `{"vlans": [{"name": "br0.10", "parent": "br0", "id": 10}, {"name": "br0.20", "parent": "br0", "id": 20}]}`
	if err := json.Unmarshal([]byte(text), &task); err != nil {
		t.Fatal(err)
	}
	found, err := carryOut(t, h.Host, task)
	if err != nil {
		t.Fatal(err)
	}
	want := "vlan br0.20: bridge br0 filters VLANs and is not in VLAN 20 itself, so that no frame reaches br0.20: add " +
		"20 to the vlans of bridge br0"
	if len(found.Warnings) != 1 || found.Warnings[0] != want {
		t.Errorf("warnings %q", found.Warnings)
	}
}

// TestOneMonitorOfABond: what watched the ports until now goes when the other way is declared.
func TestOneMonitorOfABond(t *testing.T) {
	netnstest.NeedKind(t, "bond")
	h := newUndoHost(t, "ip link set v0 down\nip link add bond0 type bond mode 802.3ad miimon 100\nip link set v0 "+
		"master bond0\nip link set bond0 up")
	for _, one := range []struct{ task, miimon, arp string }{
		{`{"bonds": [{"name": "bond0", "mode": "active-backup", "arp_interval": 500, "arp_ip_target": ["10.1.0.1"]}]}`, "0",
			"500"},
		{`{"bonds": [{"name": "bond0", "miimon": 50}]}`, "50", "0"},
		{`{"bonds": [{"name": "bond0", "arp_interval": 200}]}`, "0", "200"},
		{`{"bonds": [{"name": "bond0", "mode": "802.3ad", "miimon": 100}]}`, "100", "0"},
	} {
		var task map[string]any
		if err := json.Unmarshal([]byte(one.task), &task); err != nil {
			t.Fatal(err)
		}
		if _, err := carryOut(t, h.Host, task); err != nil {
			t.Fatalf("%s: %v", one.task, err)
		}
		details := h.IP(t, "-d", "link", "show", "bond0")
		if !strings.Contains(details, " miimon "+one.miimon+" ") || !strings.Contains(details, " arp_interval "+one.arp+" ") {
			t.Errorf("%s: %s", one.task, details)
		}
	}
}
