package openstack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// cloud is a small cloud; tests put other parts into it.
const cloud = `cidr_networks:
  management: 192.0.2.0/24
  storage: 198.51.100.0/26
used_ips:
  - "192.0.2.1,192.0.2.20"
  - 198.51.100.1-198.51.100.9
global_overrides:
  internal_lb_vip_address: 192.0.2.21
  external_lb_vip_address: cloud.example.org
  management_bridge: br-mgmt
  provider_networks:
    - network:
        container_bridge: br-mgmt
        container_interface: eth1
        container_type: veth
        ip_from_q: management
        type: raw
        group_binds: [all_containers, hosts]
        is_management_address: true
    - network:
        container_bridge: br-storage
        container_interface: eth2
        container_type: veth
        container_mtu: "9000"
        ip_from_q: storage
        type: raw
        group_binds: [glance_api, nova_compute]
        static_routes:
          - Destination: 203.0.113.0/24
            Gateway: 198.51.100.10
            Metric: 5
    - network:
        container_bridge: br-vlan
        container_interface: eth11
        container_type: veth
        type: vlan
        range: "101:200"
        net_name: physnet1
        group_binds: [glance_api, nova_compute]
image-hosts:
  one: {ip: 192.0.2.11}
  two: {ip: 192.0.2.12}
identity_hosts:
  one: {ip: 192.0.2.11, affinity: {keystone_container: 2}}
compute_hosts:
  nova1: {ip: 192.0.2.13}
`

func write(t *testing.T, directory, name, text string) {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func planOf(t *testing.T, text string) (*Plan, string) {
	t.Helper()
	directory := t.TempDir()
	write(t, directory, UserConfig, text)
	return replan(t, directory), directory
}

func replan(t *testing.T, directory string) *Plan {
	t.Helper()
	plan, err := Make(Source{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func good(t *testing.T, plan *Plan) {
	t.Helper()
	for _, problem := range plan.Problems {
		t.Error(problem)
	}
}

// networks are the networks of the one container whose name begins like that.
func networks(t *testing.T, plan *Plan, prefix string) map[string]any {
	t.Helper()
	for _, all := range []map[string]map[string]any{plan.Hosts, plan.Containers} {
		for _, name := range sortedKeys(all) {
			if strings.HasPrefix(name, prefix) {
				return decoded(t, all[name]["container_networks"])
			}
		}
	}
	t.Fatalf("no %s", prefix)
	return nil
}

func decoded(t *testing.T, v any) map[string]any {
	t.Helper()
	content, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPlan(t *testing.T) {
	plan, _ := planOf(t, cloud)
	good(t, plan)
	if got := len(plan.Containers); got != 4 {
		t.Errorf("%d containers", got)
	}
	want := map[string]any{
		"management_address": map[string]any{"address": "192.0.2.22", "netmask": "255.255.255.0", "bridge": "br-mgmt",
			"interface": "eth1", "type": "veth"},
		"storage_address": map[string]any{"address": "198.51.100.11", "netmask": "255.255.255.192", "bridge": "br-storage",
			"interface": "eth2", "type": "veth", "mtu": "9000", "static_routes": []any{map[string]any{
				"cidr": "203.0.113.0/24", "gateway": "198.51.100.10", "Metric": 5.0}}},
		"eth11_address": map[string]any{"address": nil, "bridge": "br-vlan", "interface": "eth11", "type": "veth"},
	}
	got := networks(t, plan, "one-glance-container-")
	if address := got["management_address"].(map[string]any)["address"]; address != "192.0.2.22" {
		t.Errorf("not the lowest free address: %v", address)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	metal := networks(t, plan, "nova1")
	if diff := cmp.Diff(map[string]any{"bridge": "br-vlan", "netmask": nil, "type": "veth"},
		metal["eth11_address"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"one", "two"}, plan.Groups["lxc_hosts"].Hosts); diff != "" {
		t.Error(diff)
	}
	again, _ := planOf(t, cloud)
	if diff := cmp.Diff(decoded(t, plan), decoded(t, again)); diff != "" {
		t.Errorf("a second plan differs: %s", diff)
	}
}

func TestMisindented(t *testing.T) {
	at := strings.Index(cloud, "        static_routes")
	_, rest, _ := strings.Cut(cloud, "    - network:\n        container_bridge: br-vlan")
	text := cloud[:at] + "    - network:\n        container_bridge: br-vlan" + rest
	first := strings.Index(text, "        container_bridge: br-storage")
	text = text[:first] + strings.ReplaceAll(text[first:at], "        ", "      ") + text[at:]
	plan, _ := planOf(t, strings.Replace(text, "container_mtu:", "container_mtus:", 1))
	var all []string
	for _, problem := range plan.Problems {
		all = append(all, problem.String())
	}
	text = strings.Join(all, "\n")
	for _, want := range []string{"provider_networks[1].network: empty; its 7 keys stand beside it",
		"container_mtus: unknown key"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

// TestMemory: what is recorded is kept; a change follows; what is no longer wanted is named, and gone when told so.
func TestMemory(t *testing.T) {
	plan, directory := planOf(t, cloud)
	before := networks(t, plan, "one-glance-container-")
	if _, _, err := Allocate(Source{Directory: directory}, nil); err != nil {
		t.Fatal(err)
	}
	if changes := replan(t, directory).Changes(); len(changes) > 0 {
		t.Fatalf("no fixed point: %v", changes)
	}
	info, _ := os.Stat(filepath.Join(directory, MemoryFile))
	if _, backup, err := Allocate(Source{Directory: directory}, nil); err != nil || backup != "" {
		t.Fatalf("a second run writes: %q %v", backup, err)
	}
	if again, _ := os.Stat(filepath.Join(directory, MemoryFile)); !again.ModTime().Equal(info.ModTime()) {
		t.Error("the memory was written again")
	}
	text := strings.NewReplacer("  two: {ip: 192.0.2.12}\n", "", `container_mtu: "9000"`,
		"container_mtu: 1400", "br-vlan", "br-other",
		"192.0.2.1,192.0.2.20", "192.0.2.1,192.0.2.20,").Replace(cloud)
	text = strings.Replace(text, "192.0.2.20,", "192.0.2.20", 1)
	write(t, directory, UserConfig, text)
	plan = replan(t, directory)
	good(t, plan)
	after := networks(t, plan, "one-glance-container-")
	if diff := cmp.Diff(before["management_address"], after["management_address"]); diff != "" {
		t.Error(diff)
	}
	if mtu := after["storage_address"].(map[string]any)["mtu"]; mtu != 1400.0 {
		t.Errorf("mtu %v", mtu)
	}
	if !slices.Contains(plan.Surplus, "two") || len(plan.Surplus) != 2 {
		t.Errorf("surplus: %v", plan.Surplus)
	}
	plan, backup, err := Allocate(Source{Directory: directory}, []string{"two"})
	if err != nil || backup == "" || len(plan.Surplus) != 0 {
		t.Errorf("%v %q %v", plan.Surplus, backup, err)
	}
	if content, err := os.ReadFile(backup); err != nil || !strings.Contains(string(content), "two-glance-container") {
		t.Errorf("the backup is not what was there: %v", err)
	}
	if _, _, err := Allocate(Source{Directory: directory}, []string{"tow"}); err == nil {
		t.Error("forgot what is not there")
	}
}

// TestLock: two runs at once do not write over one another.
func TestLock(t *testing.T) {
	_, directory := planOf(t, cloud)
	held := lockFor(t, filepath.Join(directory, MemoryFile+".lock"))
	defer held.Close()
	if _, _, err := Allocate(Source{Directory: directory}, nil); err == nil || !strings.Contains(err.Error(),
		"another run") {
		t.Errorf("not refused: %v", err)
	}
}

func TestDashes(t *testing.T) {
	plan, directory := planOf(t, strings.NewReplacer("[all_containers, hosts]",
		"[cab1-containers, cab1-hosts]").Replace(cloud)+
		"cab1-widget_hosts:\n  rack_1: {ip: 192.0.2.14}\n")
	if len(plan.Problems) == 0 {
		t.Error("unknown groups are not refused")
	}
	write(t, directory, "env.d/cab.yml", `physical_skel:
  cab1-widget_containers: {belongs_to: [cab1-containers]}
  cab1-widget_hosts: {belongs_to: [cab1-hosts]}
component_skel:
  cab1-widget: {belongs_to: [cab1-all]}
container_skel:
  cab1-widget_container: {belongs_to: [cab1-widget_containers], contains: [cab1-widget]}
`)
	plan = replan(t, directory)
	good(t, plan)
	if got := networks(t, plan, "rack_1-cab1-widget-container-"); got["management_address"] == nil {
		t.Errorf("the container has no network: %v", got)
	}
}

func TestConfD(t *testing.T) {
	_, directory := planOf(t, cloud)
	write(t, directory, "conf.d/sub/neutron.yml", "_names: &names\n  ring: &ring {nova1: {ip: 192.0.2.13}}\n"+
		"dashboard_hosts:\n  <<: *ring\n  <<: {three: {ip: 192.0.2.15}}\n")
	plan := replan(t, directory)
	good(t, plan)
	networks(t, plan, "nova1-horizon-container-")
	networks(t, plan, "three-horizon-container-")
	write(t, directory, "conf.d/sub/neutron.yml",
		"global_overrides:\n  provider_networks:\n    - network:\n        container_bridge: br-x\n"+
			"        group_binds:\n          - nothing\n")
	if text := replan(t, directory).Problems[0].String(); !strings.HasPrefix(text, "conf.d/sub/neutron.yml:") {
		t.Error(text)
	}
}

// TestLargePools: a /8 and an IPv6 /64 are not counted out.
func TestLargePools(t *testing.T) {
	begin := time.Now()
	plan, _ := planOf(t, strings.NewReplacer("192.0.2.0/24", "192.0.0.0/8", "198.51.100.0/26", "2001:db8::/64",
		"198.51.100.1-198.51.100.9", "2001:db8::1,2001:db8::ffff", "198.51.100.10", "2001:db8::1").Replace(cloud))
	good(t, plan)
	got := networks(t, plan, "one-glance-container-")["storage_address"].(map[string]any)
	if got["address"] != "2001:db8::1:0" || got["netmask"] != "64" {
		t.Errorf("%v", got)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestYAML11(t *testing.T) {
	r := &report{}
	v := readYAML("x", []byte("[yes, Off, 1:1, 10:20, '1:1', 1:1000, 0o17, 017, 0x1f, 1_000, ~, 1.5, 190:20:30]"), r)
	want := []any{true, false, int64(61), int64(620), "1:1", "1:1000", "0o17", int64(15), int64(31), int64(1000), nil,
		1.5, int64(685230)}
	if diff := cmp.Diff(want, v.plain()); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"a: &a [*a]", "a: &a {b: *a}"} {
		r = &report{}
		readYAML("x", []byte(text), r)
		if len(r.problems) == 0 {
			t.Errorf("%s is not refused", text)
		}
	}
}
