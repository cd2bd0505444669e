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
			"Returns the state of the host's network in exactly the form that M(hostnet.linux.network) takes: feeding it back " +
				"changes nothing.",
			"It is what a person would declare: without the kernel's defaults, and without links that only the kernel or " +
				"containers make.",
		},
		Options:  func() []schema.Doc { return host.InfoTable().Docs() },
		SeeAlso:  []string{"network", "container_info", "network_diagram", "network_path"},
		Examples: examples,
		Returns: append(task.ReturnsOf("msg", "problems"), ansible.Return{
			Name: "network", Returned: "success", Type: "dict",
			Text: "The host's network as the options of M(hostnet.linux.network): lists of objects, keyed by their kind.",
			Sample: map[string]any{
				"bridges": []any{map[string]any{"name": "br-mgmt", "ports": []any{"bond0.10"},
					"addresses": []any{"172.29.236.11/22"}}}},
			Contains: []ansible.Return{{
				Name: "bridges", Returned: "when there are bridges", Type: "list", Elements: "dict",
				Text: "Each bridge with the options that somebody has set, or with O(full=true) all. The other kinds have " +
					"their keys beside it.",
				Sample: []any{map[string]any{"name": "br-mgmt", "ports": []any{"bond0.10"}}},
				Contains: []ansible.Return{
					{Name: "name", Returned: "always", Type: "str", Text: "The bridge's name.", Sample: "br-mgmt"},
					{Name: "ports", Returned: "always", Type: "list", Elements: "raw", Text: "Its ports.", Sample: []any{"bond0.10"}},
				},
			}},
		}, ansible.Return{
			Name: "topology", Returned: "success", Type: "dict",
			Text: "How the host is wired, for M(hostnet.linux.network_diagram). Without root it is the host's own namespace " +
				"alone.",
			Sample: map[string]any{"name": "infra1",
				"namespaces": []any{map[string]any{"name": "infra1", "kind": "host", "links": []any{
					map[string]any{"name": "eth0", "ifindex": 2, "state": "up", "mtu": 1500, "controller": "bond0", "role": "active"},
				}}}},
			Contains: []ansible.Return{
				{Name: "name", Returned: "always", Type: "str", Text: "The host's name.", Sample: "infra1"},
				{
					Name: "namespaces", Returned: "always", Type: "list", Elements: "dict",
					Text: "The host's own namespace, then those of containers and those with a name.",
					Sample: []any{map[string]any{"name": "infra1", "kind": "host",
						"links": []any{map[string]any{"name": "eth0", "state": "up"}}}},
					Contains: []ansible.Return{
						{Name: "name", Returned: "always", Type: "str", Text: "The name of the host, container or namespace.",
							Sample: "infra1"},
						{Name: "kind", Returned: "always", Type: "str", Text: "V(host), V(container) or V(namespace).", Sample: "host"},
						{Name: "within", Returned: "of a namespace in a container", Type: "str", Text: "The container.",
							Sample: "agents1"},
						{
							Name: "links", Returned: "always", Type: "list", Elements: "dict",
							Text: "Every link: its state, addresses and tags, what it is a port of or stands on, which link of which " +
								"namespace is at " +
								"the other end of a pair, and the options that are not as kept on the host (C(drift)).",
							Sample:   []any{map[string]any{"name": "eth0", "state": "up"}},
							Contains: linkReturns,
						},
						{
							Name: "routing", Returned: "with O(routing=true)", Type: "raw", Sample: map[string]any{"ipv4_forwarding": true},
							Text: "The namespace's routes, rules, forwarding entries and firewall, as M(hostnet.linux.network_path) reads " +
								"them.",
						},
					},
				},
			},
		}, ansible.Return{
			Name: "cards", Returned: "success", Type: "list", Elements: "dict", Text: "The network cards.",
			Sample: []any{map[string]any{"name": "eth0", "mac": "52:54:00:12:34:56", "pci_address": "0000:00:05.0"}},
			Contains: []ansible.Return{
				{Name: "name", Returned: "always", Type: "str", Text: "What the kernel calls it now.", Sample: "eth0"},
				{Name: "mac", Returned: "when it has one", Type: "str",
					Text: "Its own MAC address, also while it is the port of a bond.", Sample: "52:54:00:12:34:56"},
				{Name: "pci_address", Returned: "when it is on such a bus", Type: "str", Text: "Where it is.",
					Sample: "0000:00:05.0"},
			},
		}, task.NeighboursReturn()),
		ReadOnly: true,
		Run:      task.Info,
	}
}

// linkReturns are what every link has; the rest of its keys go with its kind.
var linkReturns = []ansible.Return{
	{Name: "name", Returned: "always", Type: "str", Text: "The link's name.", Sample: "eth0"},
	{Name: "state", Returned: "always", Type: "str", Text: "V(up), V(down) or V(no carrier).", Sample: "up"},
}

const examples = `- name: Read the host's network
  hostnet.linux.network_info:
  register: found

- name: Nothing changes when it is fed back
  hostnet.linux.network:
    config: "{{ found.network }}"

- name: The name of the card in a slot, and the bridge's IPv4 addresses
  ansible.builtin.debug:
    msg:
      - "{{ found.cards | hostnet.linux.card(pci_address='0000:00:05.0') }}"
      - "{{ found.network | hostnet.linux.link_addresses('br-mgmt', family=4, plain=true) }}"
`
