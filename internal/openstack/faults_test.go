package openstack

import (
	"strings"
	"testing"
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
			"one: {ip: 192.0.2.11, container_vars: {container_extra_networks: {dns_address: {interface: eth1, bridge: br-dns}}}}",
			"one.container_vars.container_extra_networks.dns_address: eth1 is the interface of " +
				"provider_networks[0].network (line 12), too"},
		{"affinity: {keystone_container: 2}",
			"affinity: {keystone_container: 2}, container_vars: {container_extra_networks: {dns_address: " +
				"{interface: eth5, address: 192.0.2.9}}}",
			"192.0.2.9 is the address of more than one container (one-keystone-container-"},
		{"        range", "\trange", "is no YAML"},
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
