// Package networkinfo is the module network_info.
package networkinfo

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.network_info.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "network_info",
		Short: "Reads the network of a host",
		Description: []string{
			"Returns the state of the host's network in exactly the form that M(hostnet.linux.network) takes: feeding it back changes nothing.",
		},
		Options:  func() []schema.Doc { return host.InfoTable().Docs() },
		Examples: examples,
		Returns: []ansible.Return{{
			Name: "network", Text: "The host's network as the options of M(hostnet.linux.network).", Returned: "success", Type: "dict",
		}},
		ReadOnly: true,
		Run:      task.Info,
	}
}

const examples = `- name: Read the host's network
  hostnet.linux.network_info:
  register: found

- name: Nothing changes when it is fed back
  hostnet.linux.network:
    bridges: "{{ found.network.bridges | default([]) }}"
`
