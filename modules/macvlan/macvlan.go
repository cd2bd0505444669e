// Package macvlan is the module macvlan.
package macvlan

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.macvlan.
func Module() ansible.Module {
	return ansible.Module{
		Name:        "macvlan",
		Short:       "Makes macvlans",
		Description: []string{"Makes a macvlan: a link with a MAC address of its own on another link."},
		Options:     func() []schema.Doc { return host.SingleTable(link.Macvlan).Docs() },
		SeeAlso:     []string{"network"},
		Examples:    examples,
		Returns:     task.ReturnsOfLinks("macvlans"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.Macvlan, arguments)
		}),
	}
}

const examples = `- name: A macvlan on the first card
  hostnet.linux.macvlan:
    name: mv0
    parent: eth0
    mode: bridge
`
