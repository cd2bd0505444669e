// Package dnsmasq is the module dnsmasq.
package dnsmasq

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.dnsmasq.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "dnsmasq",
		Short: "Serves an interface with DHCP and DNS",
		Description: []string{
			"Serves an interface with DHCP and DNS by an instance of dnsmasq of its own: a hardened systemd service, or where " +
				"there is no systemd a supervised process.",
			"In another network namespace than the host's it is a supervised process too, which ends with the interface and " +
				"is not there after a boot.",
		},
		Options:  services.DNSMasqDocs,
		SeeAlso:  []string{"lxc_bridge", "nat"},
		Examples: examples,
		Returns:  task.Returns(),
		Run:      task.RunServices(services.ParseDNSMasq),
	}
}

const examples = `- name: DHCP and DNS on a bridge
  hostnet.linux.dnsmasq:
    interface: br-dbaas
    address: 172.29.232.1/22
    domain: dbaas.example

- name: DHCP for a tenant's network, in the namespace of its agent
  hostnet.linux.dnsmasq:
    netns: qdhcp-3f8a1c52-7e
    interface: ns-51c7e0aa-94
    address: 192.168.10.2/24
    gateway: 192.168.10.1
    mtu: 1450
    dns: false

- name: No more of it
  hostnet.linux.dnsmasq:
    interface: br-dbaas
    state: absent
`
