package needed

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

func read(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

const declared = `
bonds:
  - {name: bond0, ports: [eno1, eno2], mtu: 9000}
  - {name: bond1}
vlans:
  - {name: bond0.10, parent: bond0, id: 10}
  - {name: bond0.30, parent: bond0, id: 30, mtu: 1500}
  - {name: bond1.40, parent: bond1, id: 40}
  - {name: bond1.41, parent: bond1, id: 41, addresses: [fd00:41::1/64]}
bridges:
  - {name: br-mgmt, ports: [{name: bond0.10}], addresses: [172.29.236.11/22]}
  - {name: br-storage, ports: [bond0.30], addresses: [{address: 172.29.244.11/22}]}
  - {name: br-tunnel, ports: [bond1.40], addresses: [172.29.240.11/22]}
  - {name: br-lbaas, ports: [veth9]}
interfaces:
  - {name: eno3}
`

// TestNeeds: what a network needs and the host has not is told at its place, with what to do.
func TestNeeds(t *testing.T) {
	for _, test := range []struct {
		name, given string
		problems    []string
		warnings    []string
	}{
		{name: "all is there",
			given: `needed: {management_address: {bridge: br-mgmt, address: 172.29.236.11, netmask: 255.255.252.0, type: veth, mtu: "9000"}}`},
		{name: "no bridge",
			given: `needed: {x_address: {bridge: br-x, interface: eth3, mtu: 9000, address: 10.0.0.1, netmask: 24}}`,
			problems: []string{
				"needed.x_address.bridge: there is no br-x on this host, and nothing declares it; add\nbridges:\n  - name: " +
					"br-x\n    ports: [LINK]\n    mtu: 9000"}},
		{name: "the same bridge, once",
			given:    `needed: [{x_address: {bridge: br-x, interface: eth3}}, {x_address: {bridge: br-x, interface: eth3}}]`,
			problems: []string{"needed[0].x_address.bridge: there is no br-x"}},
		{name: "a VLAN too small",
			given: `needed: {storage_address: {bridge: br-storage, netmask: x, address: 172.29.244.11, mtu: 9000}}`,
			problems: []string{
				"needed.storage_address.mtu: 9000 does not pass br-storage (1500) > bond0.30 (1500) > bond0 (9000) > eno1 (9000) " +
					"and " +
					"br-storage (1500) > bond0.30 (1500) > bond0 (9000) > eno2 (9000): give br-storage, bond0.30 an mtu of 9000"}},
		{name: "a container on a card", given: `needed: {x_address: {bridge: eno3, interface: eth3}}`, problems: []string{
			"needed.x_address.bridge: eno3 is no bridge but a network card"}},
		{name: "metal on a VLAN", given: `needed: {tunnel_address: {bridge: bond0.10, netmask: 255.255.252.0}}`,
			warnings: []string{"needed.tunnel_address: no address of this host on bond0.10 is known"}},
		{name: "another address",
			given:    `needed: {management_address: {bridge: br-mgmt, address: 172.29.236.12, netmask: 255.255.252.0}}`,
			warnings: []string{"needed.management_address: br-mgmt has not the address 172.29.236.12"}},
		{name: "Open vSwitch's",
			given:    `needed: {ovn_address: {bridge: br-provider, bridge_type: openvswitch}, vlan_address: {bridge: br-vlan, netmask: null}}`,
			warnings: []string{"needed.vlan_address: nothing makes br-vlan: it is left to Open vSwitch"}},
		{name: "a Linux bridge of that name", given: `needed: {ovn_address: {bridge: br-mgmt, bridge_type: openvswitch}}`,
			problems: []string{"needed.ovn_address.bridge: br-mgmt is to be a bridge of Open vSwitch, and a Linux bridge of " +
				"that name is declared here"}},
		{name: "bare", given: `
needed: {eth11_address: {bridge: br-vlan, netmask: null}}
provider_networks: [{network: {container_bridge: br-vlan, type: vlan, network_interface: eno3}}]`},
		{name: "no such link", given: `
needed: {eth11_address: {bridge: br-vlan, netmask: null}}
provider_networks: [{network: {container_bridge: br-vlan, type: vlan, network_interface: eno9}}]`,
			problems: []string{"provider_networks[0].network.network_interface: there is no link eno9 on this host"}},
		{name: "not bound here", given: `
needed: {}
provider_networks: [{network: {container_bridge: br-vlan, type: vlan, network_interface: eno9}}]`},
		{name: "a port", given: `
needed: {eth11_address: {bridge: br-vlan, netmask: null}}
provider_networks: [{network: {container_bridge: br-vlan, type: flat, network_interface: eno1}}]`,
			problems: []string{"eno1 is a port of bond0: Open vSwitch is to take it for br-vlan, and needs it bare"}},
		{name: "an address", given: `
needed: {eth11_address: {bridge: br-vlan, netmask: null}}
provider_networks: [{network: {container_bridge: br-vlan, type: flat, network_interface: eth0}}]`,
			problems: []string{"eth0 has the address 198.51.100.5/24"}},
		{name: "no room for geneve's headers", given: `
needed: {tunnel_address: {bridge: br-tunnel, netmask: 255.255.252.0}}
provider_networks: [{network: {container_bridge: br-tunnel, type: geneve}}]`,
			warnings: []string{"provider_networks[0].network: br-tunnel (1500) > bond1.40 (1500) > bond1 (1500): geneve takes " +
				"58 bytes of each packet " +
				"for its headers, which leaves 1442 to instances: for 1500 give br-tunnel, bond1.40, bond1 an mtu of 1558, or " +
				"write container_mtu: 1500"}},
		{name: "nor for VXLAN's over IPv6", given: `
needed: {tunnel_address: {bridge: bond1.41, netmask: 64}}
provider_networks: [{network: {container_bridge: bond1.41, type: vxlan}}]`,
			warnings: []string{"vxlan takes 70 bytes of each packet for its headers, which leaves 1430 to instances: for 1500 " +
				"give bond1.41, bond1 an mtu of 1570"}},
		{name: "room for geneve's headers", given: `
needed: {tunnel_address: {bridge: bond0.10, netmask: 255.255.252.0, address: 10.1.0.1}}
provider_networks: [{network: {container_bridge: bond0.10, type: geneve}}]`,
			warnings: []string{"bond0.10 has not the address"}},
		{name: "an MTU that is meant", given: `
needed: {tunnel_address: {bridge: br-tunnel, netmask: 255.255.252.0, mtu: 1500}}
provider_networks: [{network: {container_bridge: br-tunnel, type: geneve, container_mtu: 1500}}]`},
		{name: "tunnels of others", given: `
needed: {x_address: {bridge: br-tunnel, interface: eth10}}
provider_networks: [{network: {container_bridge: br-tunnel, type: geneve}}]`},
		{name: "neutron's own", given: `
needed: {}
neutron_provider_networks: {network_interface_mappings: "br-provider:eno3,br-lbaas:veth9"}`, problems: []string{
			"neutron_provider_networks.network_interface_mappings: veth9 is a port of br-lbaas",
			"neutron_provider_networks.network_interface_mappings: br-lbaas is to be a bridge of Open vSwitch, and a Linux " +
				"bridge of that name is declared here"}},
		{name: "unknown key", given: `needed: {x_address: {bridge: br-mgmt, brigde: 5}}`,
			problems: []string{"needed.x_address.brigde: unknown key: did you mean bridge?"}},
		{name: "no dictionary", given: `needed: [5]`, problems: []string{"needed[0]: must be a dictionary"}},
		{name: "no bridge said", given: `needed: {x_address: {interface: eth1}}`,
			problems: []string{"needed.x_address: needs bridge"}},
		{name: "no pair", given: "needed: {}\nneutron_provider_networks: {network_interface_mappings: br-provider}",
			problems: []string{`"br-provider" is no pair such as br-provider:bond1`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			given := read(t, test.given)
			var problems schema.Problems
			needs := Read(given["needed"], given["provider_networks"], given["neutron_provider_networks"], false, &problems)
			links := See([]kernel.Link{
				{Index: 1, Name: "eno1", MTU: 1500, ParentNamespace: -1}, {Index: 2, Name: "eno2", MTU: 1500, ParentNamespace: -1},
				{Index: 3, Name: "eno3", MTU: 1500, ParentNamespace: -1},
				{Index: 4, Name: "veth9", Kind: "veth", MTU: 1500, ParentNamespace: 0},
				{Index: 5, Name: "eth0", MTU: 1500, ParentNamespace: -1},
			}, nil)
			links["eth0"].addresses = []string{"198.51.100.5/24"}
			links.Declare(read(t, declared))
			warnings := needs.Check(links)
			if len(problems) != len(test.problems) || len(warnings) != len(test.warnings) {
				t.Errorf("problems:\n%v\nwarnings: %q", problems, warnings)
			}
			for _, want := range test.problems {
				if !strings.Contains(problems.Error(), want) {
					t.Errorf("%q is not in:\n%v", want, problems)
				}
			}
			for _, want := range test.warnings {
				if !strings.Contains(strings.Join(warnings, "\n"), want) {
					t.Errorf("%q is not in:\n%q", want, warnings)
				}
			}
		})
	}
}

// TestLines: an operator who has OSA's variables gets the lines in their words.
func TestLines(t *testing.T) {
	var problems schema.Problems
	Read(map[string]any{"x": map[string]any{"bridge": "br-x", "interface": "eth1", "mtu": 9000}}, nil, nil, true,
		&problems).Check(Links{})
	const want = "add\nnetworkd_devices:\n  - NetDev: {Name: br-x, Kind: bridge}\nnetworkd_networks:\n  - {interface: " +
		"LINK, bridge: br-x, mtu: 9000}"
	if !strings.Contains(problems.Error(), want) {
		t.Error(problems)
	}
}
