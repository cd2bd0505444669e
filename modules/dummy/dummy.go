// Package dummy is the module dummy.
package dummy

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.dummy.
func Module() ansible.Module {
	return ansible.Module{
		Name:        "dummy",
		Short:       "Makes dummy links",
		Description: []string{"Makes a dummy link, which carries addresses and nothing else."},
		Options:     func() []schema.Doc { return host.SingleTable(link.Dummy).Docs() },
		SeeAlso:     []string{"network"},
		Examples:    examples,
		Returns:     task.ReturnsOfLinks("dummies"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.Dummy, arguments)
		}),
	}
}

const examples = `- name: An address that no cable can take down
  hostnet.linux.dummy:
    name: loop1
    mtu: 1500
`
