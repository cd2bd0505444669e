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
			"Serves an interface with DHCP and DNS by an instance of dnsmasq of its own: a hardened systemd service, or where there is no systemd a supervised process.",
		},
		Options:  services.DNSMasqDocs(),
		Examples: examples,
		Returns:  task.Returns,
		Run:      task.RunServices(services.ParseDNSMasq),
	}
}

const examples = `- name: DHCP and DNS on a bridge
  hostnet.linux.dnsmasq:
    interface: br-dbaas
    address: 172.29.232.1/22
    domain: dbaas.example

- name: No more of it
  hostnet.linux.dnsmasq:
    interface: br-dbaas
    state: absent
`
