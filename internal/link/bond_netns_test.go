//go:build netns

package link_test

import (
	"strings"
	"testing"

	"hostnet.linux/internal/link"
	"hostnet.linux/internal/netnstest"
)

func need(t *testing.T, kind string) {
	t.Helper()
	netnstest.NeedKind(t, kind)
}

const (
	activeBackup = `"mode": "active-backup"`
	lacp         = `"mode": "802.3ad"`
	data         = "linkinfo.info_data."
)

var bondOptions = []option{
	{name: "mode", place: data + "mode", values: [][2]string{
		{`"balance-xor"`, `"balance-xor"`}, {`"active-backup"`, `"active-backup"`}, {`"broadcast"`, `"broadcast"`},
		{`"802.3ad"`, `"802.3ad"`},
		{`"balance-tlb"`, `"balance-tlb"`}, {`"balance-alb"`, `"balance-alb"`}, {`"balance-rr"`, `"balance-rr"`},
	}},
	{name: "miimon", with: activeBackup, place: data + "miimon",
		values: [][2]string{{"100", "100"}, {"50", "50"}, {"0", "0"}}},
	{name: "updelay", with: activeBackup + `, "miimon": 100`, place: data + "updelay",
		values: [][2]string{{"200", "200"}, {"300", "300"}, {"250", "200"}, {"0", "0"}}},
	{name: "downdelay", with: activeBackup + `, "miimon": 100`, place: data + "downdelay",
		values: [][2]string{{"200", "200"}, {"300", "300"}, {"0", "0"}}},
	{name: "peer_notif_delay", with: activeBackup + `, "miimon": 100`, place: data + "peer_notify_delay",
		values: [][2]string{{"200", "200"}, {"300", "300"}, {"0", "0"}}},
	{name: "use_carrier", with: activeBackup, place: data + "use_carrier",
		values: [][2]string{{"false", "0"}, {"true", "1"}}},
	{name: "arp_interval", with: activeBackup + `, "arp_ip_target": ["192.0.2.1"]`, place: data + "arp_interval",
		values: [][2]string{{"100", "100"}, {"200", "200"}, {"0", "0"}}},
	{name: "arp_ip_target", with: activeBackup + `, "arp_interval": 100`, place: data + "arp_ip_target",
		values: [][2]string{
			{`["192.0.2.1"]`, `["192.0.2.1"]`}, {`["192.0.2.2", "192.0.2.3"]`, `["192.0.2.2","192.0.2.3"]`},
			{`["192.0.2.3"]`, `["192.0.2.3"]`}, {`[]`, "null"},
		}},
	{name: "ns_ip6_target", with: activeBackup + `, "arp_interval": 100`, place: data + "ns_ip6_target",
		values: [][2]string{
			{`["2001:db8::1"]`, `["2001:db8::1"]`}, {`["2001:db8::2", "2001:db8::3"]`, `["2001:db8::2","2001:db8::3"]`},
			{`[]`, "null"},
		}},
	{name: "arp_validate", with: activeBackup + `, "arp_interval": 100, "arp_ip_target": ["192.0.2.1"]`,
		place: "sys:bonding/arp_validate", values: [][2]string{
			{`"active"`, "active 1"}, {`"backup"`, "backup 2"}, {`"all"`, "all 3"}, {`"filter"`, "filter 4"},
			{`"filter_active"`, "filter_active 5"},
			{`"filter_backup"`, "filter_backup 6"}, {`"none"`, "none 0"},
		}},
	{name: "arp_all_targets", with: activeBackup, place: data + "arp_all_targets",
		values: [][2]string{{`"all"`, `"all"`}, {`"any"`, `"any"`}}},
	{name: "arp_missed_max", with: activeBackup, place: data + "arp_missed_max",
		values: [][2]string{{"3", "3"}, {"255", "255"}, {"2", "2"}}},
	{name: "primary", with: activeBackup + `, "miimon": 100, "ports": ["a0", "a1"]`, place: data + "primary",
		values: [][2]string{{`"a1"`, `"a1"`}, {`"a0"`, `"a0"`}, {`""`, "null"}}},
	{name: "primary_reselect", with: activeBackup, place: data + "primary_reselect",
		values: [][2]string{{`"better"`, `"better"`}, {`"failure"`, `"failure"`}, {`"always"`, `"always"`}}},
	{name: "fail_over_mac", with: activeBackup, place: data + "fail_over_mac",
		values: [][2]string{{`"active"`, `"active"`}, {`"follow"`, `"follow"`}, {`"none"`, `"none"`}}},
	{name: "xmit_hash_policy", with: `"mode": "balance-xor"`, place: data + "xmit_hash_policy", values: [][2]string{
		{`"layer3+4"`, `"layer3+4"`}, {`"layer2+3"`, `"layer2+3"`}, {`"encap2+3"`, `"encap2+3"`},
		{`"encap3+4"`, `"encap3+4"`},
		{`"vlan+srcmac"`, `"vlan+srcmac"`}, {`"layer2"`, `"layer2"`},
	}},
	{name: "resend_igmp", place: data + "resend_igmp", values: [][2]string{{"5", "5"}, {"0", "0"}, {"1", "1"}}},
	{name: "num_peer_notif", place: data + "num_peer_notif", values: [][2]string{{"5", "5"}, {"0", "0"}, {"1", "1"}}},
	{name: "all_slaves_active", place: data + "all_slaves_active", values: [][2]string{{"true", "1"}, {"false", "0"}}},
	{name: "min_links", with: lacp, place: data + "min_links", values: [][2]string{{"2", "2"}, {"1", "1"}, {"0", "0"}}},
	{name: "lp_interval", place: data + "lp_interval", values: [][2]string{{"30", "30"}, {"2", "2"}, {"1", "1"}}},
	{name: "packets_per_slave", with: `"mode": "balance-rr"`, place: data + "packets_per_slave",
		values: [][2]string{{"8", "8"}, {"0", "0"}, {"1", "1"}}},
	{name: "lacp_rate", with: lacp, place: data + "ad_lacp_rate",
		values: [][2]string{{`"fast"`, `"fast"`}, {`"slow"`, `"slow"`}}},
	{name: "lacp_active", with: lacp, place: data + "ad_lacp_active",
		values: [][2]string{{"false", `"off"`}, {"true", `"on"`}}},
	{name: "ad_select", with: lacp, place: data + "ad_select",
		values: [][2]string{{`"bandwidth"`, `"bandwidth"`}, {`"count"`, `"count"`}, {`"stable"`, `"stable"`}}},
	{name: "ad_actor_sys_prio", with: lacp, place: data + "ad_actor_sys_prio",
		values: [][2]string{{"100", "100"}, {"65535", "65535"}}},
	{name: "ad_user_port_key", with: lacp, place: data + "ad_user_port_key",
		values: [][2]string{{"7", "7"}, {"1023", "1023"}, {"0", "0"}}},
	{name: "ad_actor_system", with: lacp, place: data + "ad_actor_system", values: [][2]string{
		{`"02:00:00:00:00:aa"`, `"02:00:00:00:00:aa"`}, {`"02:00:00:00:00:bb"`, `"02:00:00:00:00:bb"`},
		{`"00:00:00:00:00:00"`, `"00:00:00:00:00:00"`},
	}},
	{name: "tlb_dynamic_lb", with: `"mode": "balance-tlb"`, place: data + "tlb_dynamic_lb",
		values: [][2]string{{"false", "0"}, {"true", "1"}}},
	{name: "coupled_control", with: lacp, place: data + "coupled_control", since: "6.9",
		values: [][2]string{{"false", "null"}, {"true", "true"}}},
	{name: "broadcast_neighbor", with: lacp, place: data + "broadcast_neighbor", since: "6.17",
		values: [][2]string{{"true", `"on"`}, {"false", `"off"`}}},
}

// TestYoungestADSelect: a value that is younger than its option fails by name where the kernel does not know it.
func TestYoungestADSelect(t *testing.T) {
	need(t, link.Bond)
	t.Parallel()
	try(t, link.Bond, `"name": "x0"`, "x0", []option{
		{name: "ad_select", with: lacp, place: data + "ad_select", since: "6.18", shown: "6.18",
			values: [][2]string{{`"actor_port_prio"`, `"actor_port_prio"`}, {`"stable"`, `"stable"`}}},
	})
}

func TestBondOptions(t *testing.T) {
	complete(t, link.Bond, bondOptions, append(everywhere, "ports", "same_card")...)
	need(t, link.Bond)
	t.Parallel()
	try(t, link.Bond, `"name": "x0"`, "x0", bondOptions)
}

const slave = "linkinfo.info_slave_data."

func TestBondPortOptions(t *testing.T) {
	need(t, link.Bond)
	t.Parallel()
	try(t, link.Bond, `"name": "x0", "mode": "active-backup", "miimon": 100, "ports": [{"name": "a0", %s}]`, "a0",
		[]option{
			{name: "queue_id", place: slave + "queue_id", values: [][2]string{{"3", "3"}, {"5", "5"}, {"0", "0"}}},
			{name: "prio", place: slave + "prio", values: [][2]string{{"10", "10"}, {"-5", "-5"}, {"0", "0"}}},
		})
	try(t, link.Bond, `"name": "x0", "mode": "802.3ad", "ports": [{"name": "a0", %s}]`, "a0", []option{
		{name: "actor_port_prio", place: slave + "actor_port_prio", since: "6.18", shown: "6.18",
			values: [][2]string{{"10", "10"}, {"65535", "65535"}, {"255", "255"}}},
	})
	l := newLab(t)
	_, err := l.declare(t, link.Bond, `{"name": "x0", "mode": "802.3ad", "ports": [{"name": "a0", "prio": 1}]}`)
	if err == nil || !strings.Contains(err.Error(), "ports[0].prio: has no meaning in mode 802.3ad") {
		t.Errorf("prio in LACP: %v", err)
	}
	_, err = l.declare(t, link.Bond,
		`{"name": "x0", "mode": "active-backup", "ports": [{"name": "a0", "actor_port_prio": 1}]}`)
	if err == nil || !strings.Contains(err.Error(), "ports[0].actor_port_prio: has no meaning in mode active-backup") {
		t.Errorf("actor_port_prio outside LACP: %v", err)
	}
}

// TestPortsOfARemovedBond: the kernel leaves them down, and the same task declares them otherwise.
func TestPortsOfARemovedBond(t *testing.T) {
	need(t, link.Bond)
	t.Parallel()
	l := newLab(t)
	l.mustNetwork(t,
		`{"bonds": [{"name": "bond0", "mode": "active-backup", "miimon": 100, "ports": ["a0", "a1"], "addresses": ["10.1.0.2/24"]}]}`)
	l.mustNetwork(t, `{"bonds": [{"name": "bond0", "state": "absent"}], "interfaces": [
		{"name": "a0", "addresses": ["10.1.0.2/24", "2001:db8:1::2/64"], "routes": [{"to": "default", "via": "10.1.0.1"}]}]}`)
	if flags := l.told(t, "a0", "flags"); !strings.Contains(flags, `"UP"`) {
		t.Errorf("a0 is %s", flags)
	}
	if text := l.IP(t, "route", "show", "default"); !strings.Contains(text, "default via 10.1.0.1 dev a0") {
		t.Errorf("routes: %s", text)
	}
}
