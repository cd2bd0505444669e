// Package networkdiagram is the module network_diagram.
package networkdiagram

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/diagram"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.network_diagram.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "network_diagram",
		Short: "Draws the network of one or many hosts",
		Description: []string{
			"Draws hosts side by side below the physical networks that they share: cards, bonds, VLANs and bridges, and below " +
				"these the containers " +
				"with their interfaces, with addresses, tags, MTUs, and what is down or not as declared. Colours tell the traffic.",
			"It runs on the controller and asks no host: M(hostnet.linux.network_info) has done that.",
			"Hosts share a network where their switches tell the same name (LLDP), or where both use a subnet with the same " +
				"VLAN.",
		},
		Options:  func() []schema.Doc { return diagram.Module().Docs() },
		Examples: examples,
		Returns: append(task.ReturnsOf("msg", "problems"),
			ansible.Return{Name: "diagram", Text: "The picture.", Returned: "success", Type: "str",
				Sample: "br0 (bridge, up)\n└─ eth0 (card, up)\n"},
			ansible.Return{Name: "dest", Text: "The file.", Returned: "success, when O(dest) is given", Type: "str",
				Sample: "/tmp/network.svg"},
		),
		SeeAlso: []string{"network_info", "container_info"},
		Run:     diagram.Run,
	}
}

const examples = `- name: Read every host's network
  hostnet.linux.network_info:
  register: found

- name: Draw all hosts on one page
  hostnet.linux.network_diagram:
    hosts: "{{ ansible_play_hosts | map('extract', hostvars, 'found') | list }}"
    dest: /tmp/network.svg
    title: The control plane
    traffic:
      br-lb: external
  delegate_to: localhost
  run_once: true
`
