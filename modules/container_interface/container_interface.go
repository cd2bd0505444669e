// Package containerinterface is the module container_interface.
package containerinterface

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.container_interface. run makes what is declared so.
func Module(run task.MachineFactory) ansible.Module {
	return ansible.Module{
		Name:  "container_interface",
		Short: "Gives an LXC container a network interface",
		Description: []string{
			"Gives an LXC container a network interface and keeps it as declared: at once where the container " +
				"runs, and in its " +
				"configuration for every later start.",
			"Nothing is restarted, nothing is needed inside the container, and no other interface is touched.",
		},
		Options:  func() []schema.Doc { return container.InterfaceModule().Docs() },
		Examples: examples,
		Returns:  task.ContainerReturns(),
		LXC:      true,
		SeeAlso:  []string{"container_network", "container_info"},
		Run:      run.Module(container.ParseInterface),
	}
}

const examples = `- name: The management network
  hostnet.linux.container_interface:
    container: infra1_utility_container-a1b2c3d4
    name: eth1
    bridge: br-mgmt
    addresses: [172.29.236.101/22]
    routes:
      - to: 10.176.0.0/12
        via: 172.29.236.1

- name: The tenants' VLANs, without an address
  hostnet.linux.container_interface:
    container: infra1_neutron_agents_container-e5f6a7b8
    name: eth11
    bridge: br-vlan
    trunk: [100-199]

- name: Lend a network card to the container
  hostnet.linux.container_interface:
    container: router
    name: wan0
    type: phys
    parent: eth3
    addresses: [192.0.2.2/30]
    gateway: 192.0.2.1

- name: No storage network any more
  hostnet.linux.container_interface:
    container: infra1_utility_container-a1b2c3d4
    name: eth2
    state: absent
`
