//go:build netns

package link_test

import (
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/link"
)

const tunnel = `"id": 7, "dst_port": 4789`

// inTunnel is a flag of a VXLAN, which iproute2 tells as a boolean.
func inTunnel(name, place, first string) option {
	one := boolean(name, data+place, first)
	one.with = tunnel
	return one
}

var vxlanOptions = []option{
	{name: "id", with: `"dst_port": 4789`, place: data + "id", values: [][2]string{{"7", "7"}, {"16777215", "16777215"}}},
	{name: "parent", with: tunnel, place: data + "link",
		values: [][2]string{{`"a0"`, `"a0"`}, {`"a1"`, `"a1"`}, {`""`, "null"}}},
	{name: "local", with: tunnel, place: data + "local",
		values: [][2]string{{`"192.0.2.1"`, `"192.0.2.1"`}, {`"192.0.2.2"`, `"192.0.2.2"`}, {`""`, "null"}}},
	{name: "remote", with: tunnel, place: data + "remote",
		values: [][2]string{{`"192.0.2.1"`, `"192.0.2.1"`}, {`"192.0.2.2"`, `"192.0.2.2"`}, {`""`, "null"}}},
	{name: "group", with: tunnel + `, "parent": "a0"`, place: data + "group",
		values: [][2]string{{`"239.0.0.1"`, `"239.0.0.1"`}, {`"239.0.0.2"`, `"239.0.0.2"`}, {`""`, "null"}}},
	{name: "dst_port", with: `"id": 7`, place: data + "port",
		values: [][2]string{{"4789", "4789"}, {"4790", "4790"}, {"8472", "8472"}}},
	{name: "port_range", with: tunnel, place: data + "port_range",
		values: [][2]string{{`"1000-2000"`, `{"high":2000,"low":1000}`}, {`"3000-4000"`, `{"high":4000,"low":3000}`},
			{`"0-0"`, `{"high":0,"low":0}`}}},
	{name: "ttl", with: tunnel, place: data + "ttl", values: [][2]string{{"5", "5"}, {"64", "64"}, {"0", `0`}}},
	{name: "ttl_inherit", with: tunnel, place: "text:ttl inherit",
		values: [][2]string{{"true", "true"}, {"false", "false"}}},
	{name: "tos", with: tunnel, place: data + "tos", values: [][2]string{{"4", `"0x4"`}, {"1", `"0x1"`}, {"0", "null"}}},
	{name: "df", with: tunnel, place: data + "df",
		values: [][2]string{{`"set"`, `"set"`}, {`"inherit"`, `"inherit"`}, {`"unset"`, `"unset"`}}},
	{name: "flow_label", with: tunnel + `, "local": "2001:db8::1"`, place: data + "label",
		values: [][2]string{{"17", `"0x11"`}, {"255", `"0xff"`}, {"0", "null"}}},
	{name: "reserved_bits", with: tunnel, place: data + "reserved_bits", since: "6.14", shown: "6.14",
		values: [][2]string{{`"0xf000000000000000"`, "17293822569102704640"},
			{`"0xf7dfffff000000ff"`, "17861276117856420095"}, {`"0xf7ffffff000000ff"`, "17870283317111161087"}}},
	{name: "ageing", with: tunnel, place: data + "ageing", values: [][2]string{{"60", "60"}, {"7", "7"}, {"300", "300"}}},
	{name: "limit", with: tunnel, place: data + "limit", values: [][2]string{{"60", "60"}, {"7", "7"}, {"0", "null"}}},
	inTunnel("learning", "learning", "false"),
	{name: "proxy", with: tunnel, place: data + "proxy", values: onOff},
	{name: "rsc", with: tunnel, place: data + "rsc", values: onOff},
	{name: "l2miss", with: tunnel, place: data + "l2miss", values: onOff},
	{name: "l3miss", with: tunnel, place: data + "l3miss", values: onOff},
	inTunnel("udp_csum", "udp_csum", "false"), inTunnel("udp_zero_csum6_tx", "udp_zero_csum6_tx", "true"),
	inTunnel("udp_zero_csum6_rx", "udp_zero_csum6_rx", "true"),
	{name: "remcsum_tx", with: tunnel, place: data + "remcsum_tx", values: onOff},
	{name: "remcsum_rx", with: tunnel, place: data + "remcsum_rx", values: onOff},
	{name: "external", with: `"dst_port": 4789`, place: data + "external",
		values: [][2]string{{"true", "true"}, {`false, "id": 7`, "null"}}},
	{name: "vnifilter", with: `"dst_port": 4789, "external": true`, place: data + "vnifilter", values: onOff},
	{name: "gbp", with: tunnel, place: data + "gbp", values: onOff},
	{name: "gpe", with: `"dst_port": 4790, "external": true, "learning": false`, place: data + "gpe", values: onOff},
	{name: "localbypass", with: tunnel, place: data + "localbypass", since: "6.4", shown: "6.4",
		values: [][2]string{{"false", "null"}, {"true", "true"}}},
}

// onOff: iproute2 tells only of what is on.
var onOff = [][2]string{{"true", "true"}, {"false", "null"}}

func TestVXLANOptions(t *testing.T) {
	complete(t, link.VXLAN, vxlanOptions, append(everywhere, "fdb")...)
	t.Parallel()
	try(t, link.VXLAN, `"name": "x0"`, "x0", vxlanOptions)
}

// TestVXLANOverIPv6 has an IPv6 underlay.
func TestVXLANOverIPv6(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, link.VXLAN, `{"name": "x0", "id": 7, "dst_port": 4789, "local": "2001:db8::1", "remote": "2001:db8::2"}`)
	if local, remote := l.told(t, "x0", data+"local6"), l.told(t, "x0", data+"remote6"); local != `"2001:db8::1"` ||
		remote != `"2001:db8::2"` {
		t.Errorf("local %s, remote %s", local, remote)
	}
	l.must(t, link.VXLAN, `{"name": "x0", "local": "2001:db8::3", "remote": "2001:db8::4"}`)
	if local, remote := l.told(t, "x0", data+"local6"), l.told(t, "x0", data+"remote6"); local != `"2001:db8::3"` ||
		remote != `"2001:db8::4"` {
		t.Errorf("local %s, remote %s", local, remote)
	}
	l.must(t, link.VXLAN, `{"name": "x0", "local": ""}`)
	if local, remote := l.told(t, "x0", data+"local6"), l.told(t, "x0", data+"remote6"); local != "null" ||
		remote != `"2001:db8::4"` {
		t.Errorf("local %s, remote %s", local, remote)
	}
	if _, err := l.declare(t, link.VXLAN, `{"name": "x0", "local": "192.0.2.1"}`); err == nil ||
		!strings.Contains(err.Error(), "declare both ends") {
		t.Errorf("an end of another family: %v", err)
	}
	l.must(t, link.VXLAN, `{"name": "x0", "local": "192.0.2.1", "remote": "192.0.2.2"}`)
	if local, remote := l.told(t, "x0", data+"local"), l.told(t, "x0", data+"remote"); local != `"192.0.2.1"` ||
		remote != `"192.0.2.2"` {
		t.Errorf("local %s, remote %s", local, remote)
	}
}

// TestVXLANGroups: the group that is declared is the one joined, and one far end takes the place of the other.
func TestVXLANGroups(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	joined := func(group, device string) bool {
		return strings.Contains(l.Exec(t, "ip", "maddress", "show", "dev", device), "inet  "+group+"\n")
	}
	l.must(t, link.VXLAN, `{"name": "x0", `+tunnel+`, "parent": "a0", "group": "239.0.0.1"}`)
	if !joined("239.0.0.1", "a0") {
		t.Error("the first group is not joined")
	}
	l.must(t, link.VXLAN, `{"name": "x0", "group": "239.0.0.2"}`)
	if !joined("239.0.0.2", "a0") || joined("239.0.0.1", "a0") {
		t.Error("the second group is not the one joined")
	}
	l.must(t, link.VXLAN, `{"name": "x0", "parent": "a1"}`)
	if !joined("239.0.0.2", "a1") || joined("239.0.0.2", "a0") {
		t.Error("the group is not joined on the new parent")
	}
	l.must(t, link.VXLAN, `{"name": "x0", "remote": "192.0.2.1"}`)
	if joined("239.0.0.2", "a1") || l.told(t, "x0", data+"remote") != `"192.0.2.1"` {
		t.Error("the remote does not take the place of the group")
	}
	l.must(t, link.VXLAN, `{"name": "x0", "group": "239.0.0.2"}`)
	if !joined("239.0.0.2", "a1") || l.told(t, "x0", data+"remote") != "null" {
		t.Error("the group does not take the place of the remote")
	}
}

// TestForwardingEntries is head-end replication: unknown frames go to each far end.
func TestForwardingEntries(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	entries := func() string {
		var lines []string
		for line := range strings.Lines(l.Exec(t, "bridge", "fdb", "show", "dev", "x0")) {
			if strings.Contains(line, " dst ") {
				lines = append(lines, strings.Join(strings.Fields(line)[:3], " "))
			}
		}
		slices.Sort(lines)
		return strings.Join(lines, ", ")
	}
	for _, one := range []struct{ declared, want string }{
		{`[{"mac_address": "00:00:00:00:00:00", "dst": "192.0.2.2"}, {"mac_address": "00:00:00:00:00:00", "dst": "192.0.2.3"}]`,
			"00:00:00:00:00:00 dst 192.0.2.2, 00:00:00:00:00:00 dst 192.0.2.3"},
		{`[{"mac_address": "00:00:00:00:00:00", "dst": "192.0.2.3"}, {"mac_address": "02:00:00:00:00:aa", "dst": "192.0.2.4"}]`,
			"00:00:00:00:00:00 dst 192.0.2.3, 02:00:00:00:00:aa dst 192.0.2.4"},
		{`[]`, ""},
	} {
		l.must(t, link.VXLAN, `{"name": "x0", `+tunnel+`, "fdb": `+one.declared+`}`)
		if got := entries(); got != one.want {
			t.Errorf("entries %q, want %q", got, one.want)
		}
	}
}
