//go:build netns

package link_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/netnstest"
)

// flag is a boolean that iproute2 tells as a number.
func flag(name, place, first string) option {
	second := map[string]string{"true": "false", "false": "true"}[first]
	number := map[string]string{"true": "1", "false": "0"}
	return option{name: name, place: place, values: [][2]string{{first, number[first]}, {second, number[second]}}}
}

// times: iproute2 tells hundredths of a second, the kernel keeps jiffies.
var bridgeOptions = []option{
	flag("stp", data+"stp_state", "true"),
	{name: "priority", place: data + "priority", values: [][2]string{{"4096", "4096"}, {"0", "0"}, {"32768", "32768"}}},
	{name: "forward_delay", place: data + "forward_delay",
		values: [][2]string{{"0", "0"}, {"2.5", "250"}, {"15", "1500"}}},
	{name: "hello_time", place: data + "hello_time", values: [][2]string{{"1", "100"}, {"1.5", "150"}, {"2", "200"}}},
	{name: "max_age", place: data + "max_age", values: [][2]string{{"10", "1000"}, {"39.5", "3950"}, {"20", "2000"}}},
	{name: "ageing_time", place: data + "ageing_time",
		values: [][2]string{{"0", "0"}, {"30.5", "3050"}, {"300", "30000"}}},
	{name: "group_fwd_mask", place: data + "group_fwd_mask",
		values: [][2]string{{"8", `"0x8"`}, {"65528", `"0xfff8"`}, {"0", `"0"`}}},
	{name: "group_address", place: data + "group_addr",
		values: [][2]string{{`"01:80:c2:00:00:0f"`, `"01:80:c2:00:00:0f"`}, {`"01:80:c2:00:00:04"`, `"01:80:c2:00:00:04"`},
			{`"01:80:c2:00:00:00"`, `"01:80:c2:00:00:00"`}}},
	flag("mcast_snooping", data+"mcast_snooping", "false"),
	{name: "mcast_router", place: data + "mcast_router", values: [][2]string{{"2", "2"}, {"0", "0"}, {"1", "1"}}},
	flag("mcast_query_use_ifaddr", data+"mcast_query_use_ifaddr", "true"),
	flag("mcast_querier", data+"mcast_querier", "true"),
	{name: "mcast_hash_max", place: data + "mcast_hash_max",
		values: [][2]string{{"512", "512"}, {"8192", "8192"}, {"4096", "4096"}}},
	{name: "mcast_last_member_count", place: data + "mcast_last_member_cnt",
		values: [][2]string{{"3", "3"}, {"1", "1"}, {"2", "2"}}},
	{name: "mcast_startup_query_count", place: data + "mcast_startup_query_cnt",
		values: [][2]string{{"3", "3"}, {"1", "1"}, {"2", "2"}}},
	{name: "mcast_last_member_interval", place: data + "mcast_last_member_intvl",
		values: [][2]string{{"2", "200"}, {"0.5", "50"}, {"1", "100"}}},
	{name: "mcast_membership_interval", place: data + "mcast_membership_intvl",
		values: [][2]string{{"100", "10000"}, {"120.5", "12050"}, {"260", "26000"}}},
	{name: "mcast_querier_interval", place: data + "mcast_querier_intvl",
		values: [][2]string{{"100", "10000"}, {"120.5", "12050"}, {"255", "25500"}}},
	{name: "mcast_query_interval", place: data + "mcast_query_intvl",
		values: [][2]string{{"100", "10000"}, {"60.5", "6050"}, {"125", "12500"}}},
	{name: "mcast_query_response_interval", place: data + "mcast_query_response_intvl",
		values: [][2]string{{"5", "500"}, {"2.5", "250"}, {"10", "1000"}}},
	{name: "mcast_startup_query_interval", place: data + "mcast_startup_query_intvl",
		values: [][2]string{{"10", "1000"}, {"20.5", "2050"}, {"31", "3100"}}},
	flag("mcast_stats_enabled", data+"mcast_stats_enabled", "true"),
	{name: "mcast_igmp_version", place: data + "mcast_igmp_version", values: [][2]string{{"3", "3"}, {"2", "2"}}},
	{name: "mcast_mld_version", place: data + "mcast_mld_version", values: [][2]string{{"2", "2"}, {"1", "1"}}},
	flag("no_linklocal_learn", data+"no_linklocal_learn", "true"),
	{name: "fdb_max_learned", place: data + "fdb_max_learned", since: "6.7", shown: "6.8",
		values: [][2]string{{"100", "100"}, {"5", "5"}, {"0", "0"}}},
	{name: "mdb_offload_fail_notification", place: data + "mdb_offload_fail_notification", since: "6.16", shown: "6.16",
		values: [][2]string{{"true", "1"}, {"false", "0"}}},
	{name: "fdb_local_vlan_0", place: data + "fdb_local_vlan_0", since: "6.18", shown: "6.18",
		values: [][2]string{{"true", "1"}, {"false", "0"}}},
}

// filteringOptions need a kernel with VLAN filtering, and nf_call_* one with bridge netfilter.
var filteringOptions = []option{
	flag("vlan_filtering", data+"vlan_filtering", "true"),
	{name: "vlan_default_pvid", with: `"vlan_filtering": true`, place: data + "vlan_default_pvid",
		values: [][2]string{{"7", "7"}, {"0", "0"}, {"1", "1"}}},
	{name: "vlan_protocol", place: data + "vlan_protocol",
		values: [][2]string{{`"802.1ad"`, `"802.1ad"`}, {`"802.1q"`, `"802.1Q"`}}},
	flag("vlan_stats_enabled", data+"vlan_stats_enabled", "true"),
	flag("vlan_stats_per_port", data+"vlan_stats_per_port", "true"),
	{name: "mst_enabled", place: data + "mst_enabled", shown: "6.11", values: [][2]string{{"true", "1"}, {"false", "0"}}},
	{name: "mcast_vlan_snooping", with: `"vlan_filtering": true`, place: data + "mcast_vlan_snooping",
		values: [][2]string{{"true", "1"}, {"false", "0"}}},
	flag("nf_call_iptables", data+"nf_call_iptables", "true"),
	flag("nf_call_ip6tables", data+"nf_call_ip6tables", "true"),
	flag("nf_call_arptables", data+"nf_call_arptables", "true"),
}

func TestBridgeOptions(t *testing.T) {
	complete(t, link.Bridge, append(bridgeOptions, filteringOptions...),
		append(everywhere, "ports", "exclusive_ports", "vlans")...)
	t.Parallel()
	try(t, link.Bridge, `"name": "x0"`, "x0", bridgeOptions)
}

func TestFilteringBridgeOptions(t *testing.T) {
	needFiltering(t)
	t.Parallel()
	try(t, link.Bridge, `"name": "x0"`, "x0", filteringOptions)
}

// needFiltering skips the test on a kernel whose bridges do not filter VLANs.
func needFiltering(t *testing.T) {
	t.Helper()
	n := netnstest.New(t)
	if output, err := n.Try("ip", "link", "add", "name", "probe", "type", "bridge", "vlan_filtering", "1"); err != nil {
		netnstest.Skip(t, "this kernel's bridges do not filter VLANs: %s", strings.TrimSpace(output))
	}
}

// boolean is a port's option that iproute2 tells as such.
func boolean(name, place, first string) option {
	second, tells := map[string]string{"true": "false", "false": "true"}[first],
		map[string]string{"true": "true", "false": "null"}
	return option{name: name, place: place, values: [][2]string{{first, tells[first]}, {second, tells[second]}}}
}

var portOptions = []option{
	{name: "cost", place: slave + "cost", values: [][2]string{{"7", "7"}, {"65535", "65535"}, {"2", "2"}}},
	{name: "priority", place: slave + "priority", values: [][2]string{{"7", "7"}, {"63", "63"}, {"32", "32"}}},
	boolean("hairpin", slave+"hairpin", "true"), boolean("isolated", slave+"isolated", "true"),
	boolean("learning", slave+"learning", "false"),
	boolean("flood", slave+"flood", "false"), boolean("mcast_flood", slave+"mcast_flood", "false"),
	boolean("bcast_flood", slave+"bcast_flood", "false"),
	boolean("neigh_suppress", slave+"neigh_suppress", "true"), boolean("guard", slave+"guard", "true"),
	boolean("root_block", slave+"root_block", "true"),
	boolean("fast_leave", slave+"fastleave", "true"), boolean("proxy_arp", slave+"proxy_arp", "true"),
	boolean("proxy_arp_wifi", slave+"proxy_arp_wifi", "true"),
	boolean("mcast_to_unicast", slave+"mcast_to_unicast", "true"), boolean("vlan_tunnel", slave+"vlan_tunnel", "true"),
	{name: "mcast_router", place: slave + "multicast_router", values: [][2]string{{"2", "2"}, {"0", "0"}, {"1", "1"}}},
	{name: "group_fwd_mask", place: slave + "group_fwd_mask",
		values: [][2]string{{"8", `"0x8"`}, {"65528", `"0xfff8"`}, {"0", `"0"`}}},
	boolean("locked", slave+"locked", "true"),
	{name: "mab", place: slave + "mab", since: "6.2", shown: "6.2",
		values: [][2]string{{`true, "locked": true, "learning": true`, "true"}, {`false, "locked": true`, "null"}}},
	{name: "mcast_max_groups", place: "bridge:mcast_max_groups", since: "6.3", shown: "6.3",
		values: [][2]string{{"9", "9"}, {"3", "3"}, {"0", "0"}}},
	{name: "neigh_vlan_suppress", place: slave + "neigh_vlan_suppress", since: "6.4", shown: "6.4",
		values: [][2]string{{"true", "true"}, {"false", "null"}}},
}

var backupOptions = []option{
	{name: "backup_port", place: "bridge:backup_port",
		values: [][2]string{{`"a1"`, `"a1"`}, {`"b1"`, `"b1"`}, {`""`, "null"}}},
	{name: "backup_nhid", place: "bridge:backup_nhid", since: "6.6", shown: "6.6",
		values: [][2]string{{"10", "10"}, {"11", "11"}, {"0", "null"}}},
}

func TestBridgePortOptions(t *testing.T) {
	for _, doc := range link.Options(link.Bridge).Docs() {
		if doc.Name != "ports" {
			continue
		}
		for _, suboption := range doc.Suboptions() {
			// An optional port is in TestOptionalPort of internal/task.
			elsewhere := slices.Contains([]string{"name", "vlans", "optional"}, suboption.Name)
			if !elsewhere && !has(slices.Concat(portOptions, backupOptions), suboption.Name) {
				t.Errorf("option %s of a bridge's port has no test", suboption.Name)
			}
		}
	}
	t.Parallel()
	try(t, link.Bridge, `"name": "x0", "ports": [{"name": "a0", %s}]`, "a0", portOptions)
	try(t, link.Bridge, `"name": "x0", "ports": [{"name": "a0", %s}, "a1", "b1"]`, "a0", backupOptions)
}

func has(options []option, name string) bool {
	for _, one := range options {
		if one.name == name {
			return true
		}
	}
	return false
}

// vlansOf is what `bridge vlan` tells of a link.
func (l lab) vlansOf(t *testing.T, name string) string {
	t.Helper()
	var told []struct {
		Name  string `json:"ifname"`
		VLANs []struct {
			VLAN  int      `json:"vlan"`
			End   int      `json:"vlanEnd"`
			Flags []string `json:"flags"`
		} `json:"vlans"`
	}
	if err := json.Unmarshal([]byte(l.Exec(t, "bridge", "-j", "vlan")), &told); err != nil {
		t.Fatal(err)
	}
	for _, one := range told {
		if one.Name == name {
			text, err := json.Marshal(one.VLANs)
			if err != nil {
				t.Fatal(err)
			}
			return strings.NewReplacer(`"vlan":`, "", `"vlanEnd":`, "", `"flags":`, "").Replace(string(text))
		}
	}
	return "[]"
}

func TestBridgeVLANs(t *testing.T) {
	needFiltering(t)
	t.Parallel()
	l := newLab(t)
	for _, one := range []struct{ declared, want string }{
		{`[{"vid": 10, "pvid": true, "untagged": true}, {"vid": "20-22"}]`,
			`[{10,0,["PVID","Egress Untagged"]},{20,0,null},{21,0,null},{22,0,null}]`},
		{`[{"vid": 11, "pvid": true, "untagged": true}, {"vid": "21-23"}, 30]`,
			`[{11,0,["PVID","Egress Untagged"]},{21,0,null},{22,0,null},{23,0,null},{30,0,null}]`},
		{`[]`, `[]`},
	} {
		l.must(t, link.Bridge, `{"name": "x0", "vlan_filtering": true, "vlans": `+one.declared+
			`, "ports": [{"name": "a0", "vlans": `+one.declared+`}]}`)
		for _, name := range []string{"a0", "x0"} {
			if got := l.vlansOf(t, name); got != one.want {
				t.Errorf("%s has VLANs %s, want %s", name, got, one.want)
			}
		}
	}
}

// TestBridgeKeepsItsMTU: a bridge that is made with an MTU does not take on that of a port which comes later.
func TestBridgeKeepsItsMTU(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, mtu := range []string{"1400", "1500", "68", "65535"} {
		l.must(t, link.Bridge, `{"name": "x0", "mtu": `+mtu+`}`)
		l.IP(t, "link", "set", "a0", "mtu", "1450", "master", "x0")
		if got := l.told(t, "x0", "mtu"); got != mtu {
			t.Errorf("the MTU was %s and is %s", mtu, got)
		}
		l.IP(t, "link", "delete", "x0")
	}
	l.must(t, link.Bridge, `{"name": "x0", "mtu": 1400, "ports": ["a0"]}`)
}

// TestBridgePorts: ports are attached, others stay unless the list is exact, and a container's link always stays.
func TestBridgePorts(t *testing.T) {
	t.Parallel()
	l, container := newLab(t), netnstest.New(t)
	l.IP(t, "link", "add", "inside", "type", "veth", "peer", "name", "eth0", "netns", container.Name)
	l.IP(t, "tuntap", "add", "tap0", "mode", "tap")
	l.must(t, link.Bridge, `{"name": "x0", "ports": ["a0"]}`)
	for _, name := range []string{"a1", "inside", "tap0"} {
		l.IP(t, "link", "set", name, "master", "x0")
	}
	index := l.told(t, "x0", "ifindex")
	masters := func() string {
		var out []string
		for _, name := range []string{"a0", "a1", "b0", "inside", "tap0"} {
			out = append(out, l.told(t, name, "master"))
		}
		return strings.Join(out, " ")
	}
	l.must(t, link.Bridge, `{"name": "x0", "ports": ["b0"]}`)
	if got := masters(); got != `"x0" "x0" "x0" "x0" "x0"` {
		t.Errorf("others did not stay: %s", got)
	}
	l.must(t, link.Bridge, `{"name": "x0", "ports": ["a0"], "exclusive_ports": true}`)
	if got := masters(); got != `"x0" null null "x0" "x0"` {
		t.Errorf("exclusive ports: %s", got)
	}
	if l.told(t, "x0", "ifindex") != index {
		t.Error("the bridge was made again")
	}
	if _, err := l.declare(t, link.Bond, `{"name": "x0"}`); err == nil ||
		!strings.Contains(err.Error(), "x0 is a bridge with ports") {
		t.Errorf("a bridge with ports became a bond: %v", err)
	}
}

// TestSpanningTreeGoes switches the spanning tree off just when it changes, and uses an ageing time of its own.
func TestSpanningTreeGoes(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, "bridge", `{"name": "br0", "stp": true, "forward_delay": 2, "ageing_time": 100, "ports": ["a0"]}`)
	_, wanted, err := host.ParseSingle("bridge", map[string]any{"name": "br0", "stp": false})
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.host.Plan(wanted)
	if err != nil {
		t.Fatal(err)
	}
	const place = "linkinfo.info_data.ageing_time"
	for limit := time.Now().Add(20 * time.Second); l.told(t, "br0", place) != "400"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the spanning tree does not change")
		}
	}
	if err := l.host.Run(found, wanted); err != nil {
		t.Error(err)
	}
	if got := l.told(t, "br0", place); got != "10000" {
		t.Errorf("the ageing time is %s, want 10000", got)
	}
}

// TestBackupPortIsAPort: what cannot be a backup is told before anything is touched.
func TestBackupPortIsAPort(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, link.Bridge, `{"name": "x0", "ports": ["a0", "a1"]}`)
	for _, wrong := range []string{
		`[{"name": "a0", "backup_port": "a0"}]`, `[{"name": "a0", "backup_port": "b0"}]`,
		`[{"name": "a0", "backup_port": "none0"}]`,
		`[{"name": "a0", "backup_port": "a1"}], "exclusive_ports": true`,
	} {
		_, err := l.declare(t, link.Bridge, `{"name": "x0", "ports": `+wrong+`}`)
		if err == nil || !strings.Contains(err.Error(), "ports[0].backup_port: ") ||
			!strings.Contains(err.Error(), "is not another port of x0") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	l.must(t, link.Bridge, `{"name": "x0", "ports": [{"name": "a0", "backup_port": "a1"}]}`)
}

// TestActionsAreWhatDiffers: what is only sent along, since the kernel would lose it, is not told as a change.
func TestActionsAreWhatDiffers(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, link.Bridge, `{"name": "x0", "stp": true}`)
	for _, step := range l.must(t, link.Bridge, `{"name": "x0", "stp": false}`).Steps {
		if len(step.Changes) != 1 || step.Changes[0].Option != "stp" {
			t.Errorf("changes %v", step.Changes)
		}
	}
}
