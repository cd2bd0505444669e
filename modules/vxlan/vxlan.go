// Package vxlan is the module vxlan.
package vxlan

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.vxlan.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "vxlan",
		Short: "Makes VXLANs",
		Description: []string{
			"Makes a VXLAN tunnel, to one far end, to a multicast group, or to the far ends that are listed."},
		Options:  func() []schema.Doc { return host.SingleTable(link.VXLAN).Docs() },
		SeeAlso:  []string{"network", "bridge"},
		Examples: examples,
		Returns:  task.ReturnsOfLinks("vxlans"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.VXLAN, arguments)
		}),
	}
}

const examples = `- name: A tunnel to two other hosts
  hostnet.linux.vxlan:
    name: vxlan100
    id: 100
    local: 172.29.240.16
    dst_port: 4789
    learning: true
    fdb:
      - dst: 172.29.240.17
      - dst: 172.29.240.18
`
