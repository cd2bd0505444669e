// Package hostinterface is the module interface.
package hostinterface

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.interface.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "interface",
		Short: "Sets up an interface that is there already",
		Description: []string{"Sets up an interface that is there already, such as a network card's, found by its name, " +
			"its MAC address or its PCI address."},
		Options:  func() []schema.Doc { return host.SingleTable(link.Hardware).Docs() },
		SeeAlso:  []string{"network", "network_info"},
		Examples: examples,
		Returns:  task.ReturnsOfLinks("interfaces"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.Hardware, arguments)
		}),
	}
}

const examples = `- name: Jumbo frames on a card
  hostnet.linux.interface:
    name: eth0
    mtu: 9000

- name: The card in a certain slot, whatever the kernel calls it
  hostnet.linux.interface:
    match_pci_address: "0000:05:00.0"
    up: true
`
