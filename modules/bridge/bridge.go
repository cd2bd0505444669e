// Package bridge is the module bridge.
package bridge

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.bridge.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "bridge",
		Short: "Bridges network interfaces",
		Description: []string{"Makes a bridge and attaches the ports that are listed. Ports of containers and virtual " +
			"machines are never removed from the bridge, and a bridge with ports is never deleted to be made again."},
		Options:  func() []schema.Doc { return host.SingleTable(link.Bridge).Docs() },
		SeeAlso:  []string{"network", "lxc_bridge", "bond", "vlan"},
		Examples: examples,
		Returns:  task.ReturnsOfLinks("bridges"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.Bridge, arguments)
		}),
	}
}

const examples = `- name: The management bridge of a container host
  hostnet.linux.bridge:
    name: br-mgmt
    stp: false
    forward_delay: 0
    ports: [eth0]

- name: A bridge that filters VLANs
  hostnet.linux.bridge:
    name: br-trunk
    vlan_filtering: true
    ports:
      - name: eth1
        vlans:
          - vid: 10
            pvid: true
            untagged: true
          - vid: 20-29
`
