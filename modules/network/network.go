// Package network is the module network.
package network

import (
	"slices"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.network.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "network",
		Short: "Sets up many network objects in one transaction",
		Description: []string{
			"Sets up network interfaces, bonds, VLANs, VXLANs, bridges, veth pairs, routes, rules, NAT, DHCP and DNS in one " +
				"task, with the same options as the modules for one object.",
			"The objects may come in any order and stand on each other to any depth: the plan orders the steps. If one fails, " +
				"the host is put back as it was.",
		},
		Options:  task.NetworkDocs,
		SeeAlso:  []string{"network_info", "lxc_bridge", "container_network"},
		Examples: examples,
		Returns:  slices.Concat(task.ReturnsWithChecks(), task.StateReturns(), task.LinkReturns(linkKeys()...)),
		Run:      task.RunServices(services.ParseNetwork),
	}
}

// linkKeys are the options that hold links.
func linkKeys() []string {
	var keys []string
	for _, group := range host.LinkGroups() {
		keys = append(keys, group.Key)
	}
	return keys
}

const examples = `- name: Two bonds, VLANs and bridges
  hostnet.linux.network:
    bonds:
      - name: bond0
        mode: active-backup
        miimon: 100
        primary: eth0
        ports: [eth0, eth2]
      - name: bond1
        mode: active-backup
        miimon: 100
        primary: eth1
        ports: [eth1, eth3]
    vlans:
      - name: bond0.10
        parent: bond0
        id: 10
      - name: bond1.30
        parent: bond1
        id: 30
    bridges:
      - name: br-mgmt
        forward_delay: 0
        ports: [bond0.10]
      - name: br-vxlan
        forward_delay: 0
        ports: [bond1.30]
      - name: br-vlan
        forward_delay: 0
        ports: [bond1]

- name: Exactly what the inventory says, and nothing that was declared before
  hostnet.linux.network:
    config: "{{ host_network }}"
    state: overridden

- name: A host of OpenStack-Ansible's, from its own variables
  hostnet.linux.network:
    networkd_devices: "{{ openstack_hosts_systemd_networkd_devices }}"
    networkd_networks: "{{ openstack_hosts_systemd_networkd_networks }}"
    needed: "{{ container_networks }}"
    provider_networks: "{{ provider_networks }}"

- name: What the host has now
  hostnet.linux.network:
    state: gathered
  register: now

- name: The files that would be kept, without touching a host
  hostnet.linux.network:
    config: "{{ host_network }}"
    state: rendered
  delegate_to: localhost
  register: files
`
