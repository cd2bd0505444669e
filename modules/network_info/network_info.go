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
			"It is what a person would declare: without the kernel's defaults, and without links that only the kernel or containers make.",
		},
		Options:  func() []schema.Doc { return host.InfoTable().Docs() },
		SeeAlso:  []string{"network", "container_info"},
		Examples: examples,
		Returns: append(task.ReturnsOf("msg", "problems"), ansible.Return{
			Name: "network", Returned: "success", Type: "dict",
			Text:   "The host's network as the options of M(hostnet.linux.network): lists of objects, keyed by their kind.",
			Sample: map[string]any{"bridges": []any{map[string]any{"name": "br-mgmt", "ports": []any{"bond0.10"}, "addresses": []any{"172.29.236.11/22"}}}},
			Contains: []ansible.Return{{
				Name: "bridges", Returned: "when there are bridges", Type: "list", Elements: "dict",
				Text:   "Each bridge with the options that somebody has set, or with O(full=true) all. The other kinds have their keys beside it.",
				Sample: []any{map[string]any{"name": "br-mgmt", "ports": []any{"bond0.10"}}},
				Contains: []ansible.Return{
					{Name: "name", Returned: "always", Type: "str", Text: "The bridge's name.", Sample: "br-mgmt"},
					{Name: "ports", Returned: "always", Type: "list", Elements: "raw", Text: "Its ports.", Sample: []any{"bond0.10"}},
				},
			}},
		}),
		ReadOnly: true,
		Run:      task.Info,
	}
}

const examples = `- name: Read the host's network
  hostnet.linux.network_info:
  register: found

- name: Nothing changes when it is fed back
  hostnet.linux.network:
    config: "{{ found.network }}"
`
