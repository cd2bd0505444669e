// Package nat is the module nat.
package nat

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.nat.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "nat",
		Short: "Translates the connections of a network to the outside",
		Description: []string{
			"Translates the connections of a bridge or a network to the outside, forwards ports to it, and opens what its " +
				"clients need, in an nftables table of its own.",
			"Rules of others are not touched. What another firewall drops all the same is a warning that names its chain.",
		},
		Options:  services.NATDocs,
		SeeAlso:  []string{"lxc_bridge", "dnsmasq"},
		Examples: examples,
		Returns:  task.Returns(),
		Run:      task.RunServices(services.ParseNAT),
	}
}

const examples = `- name: The network behind a bridge reaches the outside
  hostnet.linux.nat:
    name: br-dbaas
    interface: br-dbaas
    subnets: [172.29.232.0/22]

- name: It no longer does
  hostnet.linux.nat:
    name: br-dbaas
    state: absent
`
