// Package vlan is the module vlan.
package vlan

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.vlan.
func Module() ansible.Module {
	return ansible.Module{
		Name:        "vlan",
		Short:       "Makes VLANs",
		Description: []string{"Makes a VLAN on another link."},
		Options:     func() []schema.Doc { return host.SingleTable(link.VLAN).Docs() },
		SeeAlso:     []string{"network", "bond", "bridge"},
		Examples:    examples,
		Returns:     task.ReturnsOfLinks("vlans"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.VLAN, arguments)
		}),
	}
}

const examples = `- name: The management VLAN
  hostnet.linux.vlan:
    name: eth0.10
    parent: eth0
    id: 10

- name: A VLAN with priorities
  hostnet.linux.vlan:
    name: voice
    parent: eth0
    id: 20
    egress_qos_map:
      5: 5
`
