// Package bond is the module bond.
package bond

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.bond.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "bond",
		Short: "Bonds network interfaces",
		Description: []string{
			"Makes a bond of network interfaces, with exactly the ports that are listed, and keeps it as declared."},
		Options:  func() []schema.Doc { return host.SingleTable(link.Bond).Docs() },
		SeeAlso:  []string{"network", "bridge", "vlan"},
		Examples: examples,
		Returns:  task.ReturnsOfLinks("bonds"),
		Run: task.Run(func(arguments map[string]any) (*host.Declaration, *host.State, error) {
			return host.ParseSingle(link.Bond, arguments)
		}),
	}
}

const examples = `- name: Pair the first ports of two cards
  hostnet.linux.bond:
    name: bond0
    mode: active-backup
    miimon: 100
    updelay: 200
    downdelay: 200
    primary: eth0
    ports: [eth0, eth2]

- name: An LACP bond with a fast partner check
  hostnet.linux.bond:
    name: bond1
    mode: 802.3ad
    miimon: 100
    lacp_rate: fast
    xmit_hash_policy: layer3+4
    ports:
      - eth1
      - name: eth3
        queue_id: 2

- name: No bond
  hostnet.linux.bond:
    name: bond1
    state: absent
`
