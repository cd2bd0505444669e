// Package veth is the module veth.
package veth

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.veth.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "veth",
		Short: "Makes pairs of virtual Ethernet links",
		Description: []string{"Makes a pair of virtual Ethernet links, whose other end may be in another network " +
			"namespace. An end that is made along and that nobody declares is brought up."},
		Options:  func() []schema.Doc { return host.SingleTable(link.Veth).Docs() },
		SeeAlso:  []string{"network", "bridge"},
		Examples: examples,
		Returns:  task.ReturnsOfLinks("veths"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.Veth, arguments)
		}),
	}
}

const examples = `- name: The pair that the compute host's agent uses
  hostnet.linux.veth:
    name: br-vlan-veth
    peer: eth12
`
