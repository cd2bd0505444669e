// Package networkpath is the module network_path.
package networkpath

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/path"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.network_path.
func Module() ansible.Module {
	hop := map[string]any{"host": "infra1", "where": "web1", "link": "eth0", "kind": "route",
		"text": "route default via 10.0.3.1 dev eth0 in table main (rule 32766), from 10.0.3.20"}
	return ansible.Module{
		Name:  "network_path",
		Short: "Tells which way a packet takes, and where and why it ends",
		Description: []string{
			"Follows a packet from a container, a namespace or a host to an address: which rule, table and route it takes, " +
				"through which pairs, bridges, " +
				"bonds, VLANs and tunnels it goes, who translates its addresses, which chain drops it, and how large it may be.",
			"It runs on the controller and sends nothing: M(hostnet.linux.network_info) has read the hosts. That the packet " +
				"does not arrive is an answer, " +
				"not a failure.",
		},
		Notes: []string{
			"Rules that look a value up in a named set of another program, or match what is not known of the packet, count as " +
				"letting it through.",
			"A card leads to the cards of the other hosts that are given; what is between them is not known.",
		},
		Options:  func() []schema.Doc { return path.Module().Docs() },
		Examples: examples,
		Returns: append(task.ReturnsOf("msg", "problems"),
			ansible.Return{Name: "text", Text: "The path for a person, a hop a line.", Returned: "success", Type: "str",
				Sample: "reached: db1 of infra2 has 10.0.3.21\n"},
			ansible.Return{
				Name: "path", Text: "The path.", Returned: "success", Type: "dict",
				Sample: map[string]any{"outcome": "reached", "why": "db1 of infra2 has 10.0.3.21", "mtu": 1500, "hops": []any{hop}},
				Contains: []ansible.Return{
					{Name: "outcome", Returned: "always", Type: "str", Sample: "reached",
						Text: "V(reached), V(leaves) where it goes to what is not known here, or V(ends)."},
					{Name: "why", Returned: "always", Type: "str", Text: "Where it ends, why, and what would change that.",
						Sample: "db1 of infra2 has 10.0.3.21"},
					{Name: "mtu", Returned: "when it is known", Type: "int",
						Text: "The largest packet that goes through in one piece, in bytes.", Sample: 1500},
					{Name: "warnings", Returned: "when there are any", Type: "list", Elements: "str",
						Sample: []any{"the answer does not come back"},
						Text:   "What is wrong beside it, such as an answer that takes another way, or an address that two have."},
					{Name: "hops", Returned: "always", Type: "list", Elements: "dict", Text: "What happens to it, in order.",
						Sample: []any{hop},
						Contains: []ansible.Return{
							{Name: "host", Returned: "always", Type: "str", Text: "The host.", Sample: "infra1"},
							{Name: "where", Returned: "always", Type: "str", Text: "The container or namespace, or V(host).",
								Sample: "web1"},
							{Name: "link", Returned: "when it is on a link", Type: "str", Text: "The link.", Sample: "eth0"},
							{Name: "kind", Returned: "always", Type: "str", Sample: "route",
								Text: "What it is: route, nat, firewall, bridge, bond, veth, vlan, vxlan, macvlan, wire, mtu or local."},
							{Name: "text", Returned: "always", Type: "str", Text: "The same in words.", Sample: "pair to eth0"},
							{Name: "mtu", Returned: "when it is on a link", Type: "int", Text: "The link's MTU.", Sample: 1500},
						}},
				},
			}),
		SeeAlso:  []string{"network_info", "network_diagram"},
		ReadOnly: true,
		Run:      path.Run,
	}
}

const examples = `- name: Read every host with its routes and rules
  hostnet.linux.network_info:
    routing: true
  register: found

- name: Does web1 reach the database?
  hostnet.linux.network_path:
    hosts: "{{ ansible_play_hosts | map('extract', hostvars, 'found') | list }}"
    from: web1
    to: db1
    protocol: tcp
    port: 3306
  delegate_to: localhost
  run_once: true
  register: way
  failed_when: way.path.outcome != 'reached'
`
