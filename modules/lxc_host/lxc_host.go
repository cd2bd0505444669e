// Package lxchost is the module lxc_host.
package lxchost

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/lxchost"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.lxc_host.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "lxc_host",
		Short: "Installs LXC and says what new containers get",
		Description: []string{
			"Installs the packages that a host of LXC containers needs, and writes what a new container is given into " +
				"/etc/lxc/default.conf.",
			"Lines of others in that file stay. The role C(hostnet.linux.lxc_host) does this and sets up the bridge.",
		},
		Options:  func() []schema.Doc { return lxchost.Options().Docs() },
		Examples: examples,
		Returns:  task.ReturnsOf("actions", "msg", "problems"),
		SeeAlso:  []string{"lxc_bridge"},
		Run:      task.LXCHost,
	}
}

const examples = `- name: LXC, whose containers start on lxcbr0
  hostnet.linux.lxc_host:

- name: New containers start at boot, on another bridge
  hostnet.linux.lxc_host:
    packages: [lxc]
    bridge: lxcbr1
    mtu: 1400
    default_config:
      - lxc.start.auto = 1
      - lxc.apparmor.profile = generated

- name: What new containers get is as it was before the first task
  hostnet.linux.lxc_host:
    state: absent
`
