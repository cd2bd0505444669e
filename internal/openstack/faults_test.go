package openstack

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProblems: each fault is refused at its place with what to write.
func TestProblems(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"- Destination: 203.0.113.0/24", "- cidr: 203.0.113.0/24\n            Table: 7", ""},
		{"group_binds: [glance_api, nova_compute]\n        static",
			"group_binds: [neutron_linuxbridge_agent]\n        static",
			"openstack_user_config.yml:27:23 provider_networks[1].network.group_binds: no group " +
				"neutron_linuxbridge_agent (removed in 2025.1; with OVN: neutron_ovn_controller)"},
		{"192.0.2.1,192.0.2.20", "192.0.2.1,192.0.2.251",
			"openstack_user_config.yml:4: used_ips leaves 3 addresses in management; 4 are needed"},
		{"198.51.100.1-198.51.100.9", "198.51.100.9-198.51.100.1",
			`openstack_user_config.yml:6:5 used_ips[1]: "198.51.100.9-198.51.100.1" runs backwards`},
		{`range: "101:200"`, "range: 1:1",
			`openstack_user_config.yml:37:16 provider_networks[2].network.range: 1:1 is the number 61 to YAML 1.1; write it in quotes: "1:1"`},
		{`"101:200"`, `"101-200"`, `"101-200" is no range; write first:last[,first:last]: "101:200"`},
		{"ip_from_q: storage", "ip_from_q: stroage", "no network stroage in cidr_networks; did you mean storage?"},
		{"container_mtu", "container_mtus",
			"provider_networks[1].network.container_mtus: unknown key; did you mean container_mtu?"},
		{"Gateway: 198.51.100.10", "Gateway: 192.0.2.1", "192.0.2.1 is in no network of eth2 (198.51.100.0/26)"},
		{"storage: 198.51.100.0/26", "storage: 192.0.2.128/26",
			"cidr_networks.storage: 192.0.2.128/26 overlaps management (192.0.2.0/24, line 2)"},
		{"two: {ip: 192.0.2.12}", "two: {ip: 192.0.2.13}",
			"nova1.ip: 192.0.2.13 is the address of two (openstack_user_config.yml:42), too"},
		{"nova1: {ip: 192.0.2.13}", "one: {ip: 192.0.2.14}",
			"one has 192.0.2.14 here and 192.0.2.11 at openstack_user_config.yml:41"},
		{"nova1: {ip: 192.0.2.13}", "nova1:", "compute_hosts.nova1: has no ip"},
		{"eth11", "eth1", "two networks have the interface eth1 (lines 12 and 32, both on one-glance-container-"},
		{"keystone_container", "keystone", "no such group of containers; did you mean keystone_container?"},
		{"is_management_address: true", "", "is on the management_bridge br-mgmt: write is_management_address: true"},
		{"used_ips:", "cidr_networks: {}\nused_ips:", "cidr_networks: stands twice (lines 1 and 4)"},
		{"image-hosts:", "lxc_hosts:", "lxc_hosts: is derived from the containers"},
		{"cidr_networks:", "cidr_network:", "cidr_network: unknown key; did you mean cidr_networks?"},
		{"global_overrides:", "global_override:", "global_override: unknown key; did you mean global_overrides?"},
		{"compute_hosts:", "compute:", "compute: unknown key; did you mean compute_hosts?"},
		{"compute_hosts:", "compute_host:", "compute_host: unknown key, so its hosts are none; did you mean compute_hosts?"},
		{"198.51.100.0/26", "198.51.100.0/255.255.255.192", ""},
		{"198.51.100.0/26", "198.51.100.0/255.255.0.255", `"198.51.100.0/255.255.0.255" is no network`},
		{"198.51.100.0/26", "198.51.100.1/26", "198.51.100.1/26 has host bits; write 198.51.100.0/26"},
		{"Metric: 5", "metric: 5", "static_routes[0].metric: is no key of networkd's [Route]; did you mean Metric?"},
		{"203.0.113.0/24", "203.0.113.1/24", "203.0.113.1/24 has host bits; write 203.0.113.0/24"},
		{"one: {ip: 192.0.2.11}", `one: {ip: 192.0.2.11, no_containers: "false"}`,
			"image_hosts.one.no_containers: must be true or false"},
		{"        container_interface: eth1\n", "",
			"has no container_interface, and it reaches containers (one-glance-container-"},
		{"image-hosts:", "        host_bind_override: bond1\nnetwork-gateway_hosts: {one: {ip: 192.0.2.11}}\nimage-hosts:",
			"host_bind_override: bond1 is no bridge: with OVN, Open vSwitch would make one of this name; write " +
				"network_interface: bond1"},
		{"net_name: physnet1", "net_name: physnet1\n        host_bind_override: bond1", ""},
		{"group_binds: [all_containers, hosts]", "groups_binds: [all_containers, hosts]",
			"groups_binds: unknown key; did you mean group_binds?"},
		{"one: {ip: 192.0.2.11}",
			"one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {dns_address: {interface: eth1, " +
				"bridge: br-dns}}}}",
			"one.container_vars.container_extra_networks.dns_address: eth1 is the interface of " +
				"provider_networks[0].network (line 12), too"},
		{"affinity: {keystone_container: 2}",
			"affinity: {keystone_container: 2}, container_vars: {container_extra_networks: {dns_address: " +
				"{interface: eth5, address: 192.0.2.9}}}",
			"192.0.2.9 is the address of more than one container (one-keystone-container-"},
		{"        range", "\trange", "openstack_user_config.yml:36:9: is no YAML"},
		{"[all_containers, hosts]", "*nope", "openstack_user_config.yml:18:22: is no YAML: unknown anchor 'nope' referenced"},
		{"cidr_networks:", "CIDR:", "openstack_user_config.yml:1:1 cidr_networks: missing; write a network for each pool"},
		{"  one: {ip: 192.0.2.11, affinity: {keystone_container: 2}}", "  one:\n  ip: 192.0.2.11",
			"identity_hosts.ip: stands beside its host: indent it by 2 more"},
		{"two: {ip: 192.0.2.12}", "on: {ip: 192.0.2.12}",
			"image_hosts.on: on is true to YAML 1.1, and no name: write it in quotes"},
		{"two: {ip: 192.0.2.12}", "12: {ip: 192.0.2.12}",
			"image_hosts.12: 12 is 12 to YAML 1.1, and no name: write it in quotes"},
		{"two: {ip: 192.0.2.12}", `"12": {ip: 192.0.2.12}`, ""},
		{"two: {ip: 192.0.2.12}", `"a[1:3]": {ip: 192.0.2.12}`, "a[1:3]: is no name of a host"},
		{"two: {ip: 192.0.2.12}", `two: {ip: 192.0.2.255}`,
			"two.ip: 192.0.2.255 is the broadcast address of management (192.0.2.0/24)"},
		{"two: {ip: 192.0.2.12}", `two: {ip: 203.0.113.9, management_ip: 192.0.2.0}`,
			"two.management_ip: 192.0.2.0 is the network management itself, and no address in it"},
		{"Gateway: 198.51.100.10", "Gateway: 198.51.100.63",
			"static_routes[0].gateway: 198.51.100.63 is the broadcast address of storage"},
		{"203.0.113.0/24", "2001:db8::/64",
			"static_routes[0].gateway: 198.51.100.10 is no IPv6 address, and 2001:db8::/64 is an IPv6 network"},
		{"storage: 198.51.100.0/26", "storage: 224.0.0.0/26", "cidr_networks.storage: 224.0.0.0/26 is no network for hosts"},
		{"container_interface: eth11", "container_interface: 1:20",
			"container_interface: 1:20 is 80 to YAML 1.1: write it in quotes"},
		{"net_name: physnet1", "net_name: off", "net_name: off is false to YAML 1.1: write it in quotes"},
		{"net_name: physnet1", "net_name: physnet1\n        network_interface: br-vlan",
			"network_interface: br-vlan cannot be its own port"},
		{"net_name: physnet1", "net_name: physnet1\n        network_interface: br-vlan\n        host_bind_override: br-ex",
			""},
		{"[glance_api, nova_compute]\n        static", "\"glance_api,nova_compute\"\n        static",
			"no group glance_api,nova_compute: write a list, [glance_api, nova_compute]"},
		{"[all_containers, hosts]", "[all]", "no group all: write [all_containers, hosts]"},
		{`range: "101:200"`, `range: ["101:200"]`, `range: must be one text such as "101:200,301:400"`},
		{"type: vlan\n        range: \"101:200\"", "type: geneve\n        range: \"1:16777216\"",
			"an identifier of geneve is from 1 to 16777215"},
		{"internal_lb_vip_address: 192.0.2.21", "internal_lb_vip_address: 192.0.2.21/24",
			`internal_lb_vip_address: "192.0.2.21/24" is neither an address nor a name`},
		{"internal_lb_vip_address: 192.0.2.21", `internal_lb_vip_address: "{{ vip }}"`, ""},
		{"one: {ip: 192.0.2.11}", "one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {x: {bridge: br-x, " +
			"interfaces: eth5, address: 10.9.0.5/24}}}}",
			"container_vars.container_extra_networks.x.interfaces: unknown key; did you mean interface?"},
		{"one: {ip: 192.0.2.11}", "one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {x: {bridge: br-x, " +
			"mtu: big, address: 10.9.0.5/24}}}}",
			`image_hosts.one.container_vars.container_extra_networks.x.address: "10.9.0.5/24" is no address; the length of its network is netmask`},
		{"one: {ip: 192.0.2.11}",
			"one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {x: {bridge: br-x, mtu: big}}}}",
			"x: has no interface"},
		{"one: {ip: 192.0.2.11}",
			"one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {x: {bridge: br-x, interface: eth5, mtu: big}}}}",
			`x.mtu: "big" is no MTU from 68 to 65535`},
		{"one: {ip: 192.0.2.11}",
			"one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {bridge: br-x, interface: eth5}}}",
			"container_extra_networks.bridge: must be a dictionary with bridge and interface: is it indented too little?"},
		{"one: {ip: 192.0.2.11}", "one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {x: {bridge: br-x, " +
			"interface: eth5, address: 192.0.2.13}}}}",
			"x: has an address and no netmask"},
		{"one: {ip: 192.0.2.11}", "one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {x: {bridge: br-x, " +
			"interface: eth5, address: 192.0.2.13, netmask: 24}}}}",
			"x.address: 192.0.2.13 is the address of nova1"},
		{"one: {ip: 192.0.2.11}",
			`one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {x: {bridge: br-x, interface: eth5, address: "{{ a }}", netmask: "{{ b }}"}}}}`,
			""},
		{"compute_hosts:", "compute_hosts: !vault", "!vault is a tag at which OpenStack-Ansible's reader stops"},
		{"    - network:\n        container_bridge: br-vlan", "    - network:\n          container_bridge: br-vlan",
			"is no YAML: did not find expected key; does it begin at the same column as the line above that it belongs to?"},
		{"image-hosts:", "        host_bind_override: p1p1\nnetwork-gateway_hosts: {one: {ip: 192.0.2.11}}\nimage-hosts:",
			"host_bind_override: p1p1 is no bridge: with OVN"},
	} {
		t.Run(test.new, func(t *testing.T) {
			plan, _ := planOf(t, strings.Replace(cloud, test.old, test.new, 1))
			if test.want == "" {
				good(t, plan)
				return
			}
			var all []string
			for _, problem := range plan.Problems {
				all = append(all, problem.String())
			}
			if strings.Contains(test.want, "is no YAML") && len(all) > 1 {
				t.Errorf("what is behind the fault is told as missing: %q", all)
			}
			if text := strings.Join(all, "\n"); !strings.Contains(text, test.want) {
				t.Errorf("%q is not in:\n%s", test.want, text)
			}
		})
	}
}

// TestProblemsOfEnvironment: env.d is read with the same care.
func TestProblemsOfEnvironment(t *testing.T) {
	_, directory := planOf(t, cloud)
	write(t, directory, "env.d/own.yml",
		"container_skel:\n  own_container:\n    belong_to: [image_containers]\n    contains: [own_api]\n")
	if got := replan(t, directory).Problems; len(got) != 1 ||
		got[0].String() != "env.d/own.yml:3:5 container_skel.own_container.belong_to: unknown key; did you mean belongs_to?" {
		t.Error(got)
	}
	write(t, directory, "env.d/own.yml", "container_skel:\n  glance_container: {properties: {is_metal: \"false\"}}\n")
	if got := replan(t, directory).Problems; len(got) != 1 ||
		got[0].String() != "env.d/own.yml:2:45 container_skel.glance_container.properties.is_metal: must be true or false, "+
			"without quotes" {
		t.Error(got)
	}
}

// TestTopLevelProviderNetworks: what stands at the wrong place is told, and what is wrong in it, too.
func TestTopLevelProviderNetworks(t *testing.T) {
	plan, _ := planOf(t, `cidr_networks: {management: 192.0.2.0/24, tunnel: 192.0.2.0/24}
provider_networks:
  - network: {container_bridge: br-mgmt, type: raw, ip_from_q: management}
  - network: {container_bridge: br-vxlan, type: vxlan, ip_from_q: tunnel}
`)
	var all []string
	for _, problem := range plan.Problems {
		all = append(all, problem.String())
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{":2:1 provider_networks: belongs under global_overrides",
		":1:51 cidr_networks.tunnel: 192.0.2.0/24 overlaps management",
		"provider_networks[0].network: has no " +
			"group_binds", "it needs container_interface", "no network has is_management_address"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}

// TestWarnings: what OpenStack-Ansible does in silence, and an operator hardly means, is said.
func TestWarnings(t *testing.T) {
	for _, test := range []struct{ file, text, want string }{
		{"conf.d/a.yml", "used_ips: [192.0.2.30]\n", "conf.d/a.yml:1:11: replaces the list of openstack_user_config.yml:5"},
		{"conf.d/a.yml", "image_hosts:\n", "conf.d/a.yml:1:13: takes away what stands at openstack_user_config.yml:41"},
		{"conf.d/a.yml", "global_overrides: {management_bridge: br-mgt}\n",
			"management_bridge: no network has the container_bridge br-mgt; did you mean br-mgmt?"},
		{"env.d/a.yml", "container_skel:\n  own_container: {belongs_to: [imag_containers], contains: [own_api]}\n",
			"container_skel.own_container.belongs_to: no group imag_containers in physical_skel: by it, none are made; did " +
				"you mean image_containers?"},
	} {
		_, directory := planOf(t, cloud)
		write(t, directory, test.file, test.text)
		if plan := replan(t, directory); !strings.Contains(strings.Join(plan.Warnings, "\n"), test.want) {
			t.Errorf("%q is not in %q", test.want, plan.Warnings)
		}
	}
	plan, _ := planOf(t, strings.Replace(cloud, "        net_name: physnet1\n", "", 1))
	if len(plan.Warnings) != 1 ||
		!strings.Contains(plan.Warnings[0], "has no net_name, by which Neutron knows a network of type vlan") {
		t.Errorf("%q", plan.Warnings)
	}
}

// TestMisplacedPools: pools under global_overrides are a variable, and no pools.
func TestMisplacedPools(t *testing.T) {
	plan, _ := planOf(t, "global_overrides:\n  cidr_networks: {management: 192.0.2.0/24}\n")
	const want = ":2:3 cidr_networks: missing; here, under global_overrides, it is a variable only"
	if !slices.ContainsFunc(plan.Problems, func(one Problem) bool { return strings.Contains(one.String(), want) }) {
		t.Error(plan.Problems)
	}
}

// TestDamagedMemory: a memory that is not what OpenStack-Ansible wrote is no new one: all names and addresses would be
// others.
func TestDamagedMemory(t *testing.T) {
	for text, want := range map[string]string{
		"": "is empty: restore it from a backup", " \n": "is empty", "[]": "is no JSON dictionary",
		`{"_meta": {`:                 "is no JSON dictionary",
		`{"_meta": []}`:               "_meta.hostvars: is no dictionary",
		`{"_meta": {"hostvars": []}}`: "_meta.hostvars: is no dictionary",
		"{}":                          "", `{"_meta": {}}`: "", `{"_meta": {"hostvars": {}}}`: "",
	} {
		_, directory := planOf(t, cloud)
		write(t, directory, MemoryFile, text)
		plan := replan(t, directory)
		if want == "" {
			good(t, plan)
		} else if len(plan.Problems) != 1 || !strings.Contains(plan.Problems[0].String(), want) {
			t.Errorf("%q: %v, want %q", text, plan.Problems, want)
		}
	}
}

// TestOtherPool: a network that gets its addresses from another pool has new ones; what is left of the container stays.
func TestOtherPool(t *testing.T) {
	_, directory := planOf(t, cloud)
	if _, _, err := Allocate(Source{Directory: directory}, nil); err != nil {
		t.Fatal(err)
	}
	before := networks(t, replan(t, directory), "one-glance-container-")
	write(t, directory, UserConfig,
		strings.NewReplacer("used_ips:", "  other: 10.9.0.0/24\nused_ips:", "ip_from_q: storage", "ip_from_q: other",
			"Gateway: 198.51.100.10", "Gateway: 10.9.0.254").Replace(cloud))
	plan := replan(t, directory)
	good(t, plan)
	after := networks(t, plan, "one-glance-container-")
	if other, _ := after["other_address"].(map[string]any); other["address"] != "10.9.0.1" ||
		after["storage_address"] != nil {
		t.Errorf("after the change: %v", after)
	}
	if diff := cmp.Diff(before["management_address"], after["management_address"]); diff != "" {
		t.Error(diff)
	}
}
