// Package lxcbridge is the module lxc_bridge.
package lxcbridge

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.lxc_bridge.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "lxc_bridge",
		Short: "Gives containers DHCP, DNS and the outside world",
		Description: []string{
			"Makes a bridge for containers with an address, DHCP and DNS by dnsmasq, translation to the outside, and the " +
				"openings that these need, as one object.",
			"The defaults are those of lxc-net and OpenStack-Ansible. A run ends with a proof from a throw-away network " +
				"namespace on the bridge.",
		},
		Options:  services.BridgeDocs,
		SeeAlso:  []string{"lxc_host", "nat", "dnsmasq", "container_network"},
		Examples: examples,
		Returns:  append(task.ReturnsWithChecks(), task.LinkReturns("bridges")...),
		Run:      task.RunServices(services.ParseBridge),
	}
}

const examples = `- name: The bridge of LXC and OpenStack-Ansible
  hostnet.linux.lxc_bridge:

- name: Another one with a network of its own
  hostnet.linux.lxc_bridge:
    name: lxcbr1
    address: 10.0.4.1/24
    domain: containers.example
    mtu: 1400

- name: Neither is there any more
  hostnet.linux.lxc_bridge:
    name: lxcbr1
    address: 10.0.4.1/24
    state: absent
`
