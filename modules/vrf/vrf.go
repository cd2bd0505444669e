// Package vrf is the module vrf.
package vrf

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.vrf.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "vrf",
		Short: "Makes VRFs",
		Description: []string{
			"Makes a VRF (virtual routing and forwarding): the links that are its ports use a routing table of their own.",
			"A link that enters or leaves a VRF goes down and up for a moment. Its addresses stay, its connected routes move " +
				"to the table of the VRF; " +
				"other routes of the VRF are declared with that O(table), see M(hostnet.linux.route).",
			"With the first VRF of a host, the kernel makes rules of priority 1000 that look into the VRFs' tables. It keeps " +
				"them when the VRFs are gone.",
		},
		Options:  func() []schema.Doc { return host.SingleTable(link.VRF).Docs() },
		SeeAlso:  []string{"network", "route"},
		Examples: examples,
		Returns:  task.ReturnsOfLinks("vrfs"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.VRF, arguments)
		}),
	}
}

const examples = `- name: A routing table of its own for the storage network
  hostnet.linux.vrf:
    name: vrf-storage
    table: 30
    ports: [eth1]
`
