// Package containernetwork is the module container_network.
package containernetwork

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.container_network. run makes what is declared so.
func Module(run task.MachineFactory) ansible.Module {
	return ansible.Module{
		Name:  "container_network",
		Short: "Gives LXC containers exactly the network interfaces that are declared",
		Description: []string{
			"Gives one or many LXC containers all their network interfaces, and removes those that are no longer declared. " +
				"All of a " +
				"task is one transaction: it is made whole, or not at all.",
			"Links that software inside a container made, such as its bridges and tunnels, are never touched.",
		},
		Options:  func() []schema.Doc { return container.NetworkModule().Docs() },
		Examples: examples,
		Returns:  task.ContainerReturns(),
		LXC:      true,
		SeeAlso:  []string{"container_interface", "container_info"},
		Run:      run.Module(container.ParseNetwork),
	}
}

const examples = `- name: A networking agents container
  hostnet.linux.container_network:
    container: agents
    interfaces:
      - {name: eth0, bridge: lxcbr0}
      - {name: eth1, bridge: br-mgmt, addresses: [172.29.236.21/22]}
      - {name: eth10, bridge: br-vxlan, addresses: [172.29.240.21/22]}
      - {name: eth11, bridge: br-vlan}

- name: Many containers in one task
  hostnet.linux.container_network:
    containers:
      - container: web1
        interfaces: [{name: eth1, bridge: br-mgmt, addresses: [172.29.236.31/22]}]
      - container: web2
        interfaces: [{name: eth1, bridge: br-mgmt, addresses: [172.29.236.32/22]}]

- name: What OpenStack-Ansible's inventory says
  hostnet.linux.container_network:
    container: "{{ inventory_hostname }}"
    container_networks: "{{ container_networks }}"
  delegate_to: "{{ physical_host }}"
`
