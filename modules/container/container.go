// Package container is the module container.
package container

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.container. run makes what is declared so.
func Module(run task.MachineFactory) ansible.Module {
	return ansible.Module{
		Name:  "container",
		Short: "Makes, starts, stops and deletes an LXC container",
		Description: []string{
			"Makes an LXC container by one of LXC's templates or of a root file system, starts it, and waits until its " +
				"addresses answer.",
			"A step that fails leaves what those before it did, so that it can be looked at: the next run goes on from there.",
		},
		Options:  func() []schema.Doc { return container.LifeTable().Docs() },
		Examples: examples,
		Returns:  task.ContainerReturns(),
		LXC:      true,
		SeeAlso:  []string{"container_network", "container_interface", "container_info"},
		Run:      run.Life(),
	}
}

const examples = `- name: A container of a root file system that is on the host
  hostnet.linux.container:
    name: infra1_utility_container-a1b2c3d4
    rootfs: /var/cache/debian-12.tar.gz
    state: present
    config:
      - lxc.start.auto = 1

- name: Its interfaces
  hostnet.linux.container_network:
    container: infra1_utility_container-a1b2c3d4
    interfaces:
      - {name: eth0, bridge: lxcbr0, dhcp: true}
      - {name: eth1, bridge: br-mgmt, addresses: [172.29.236.101/22]}

- name: Start it and wait until its addresses answer
  hostnet.linux.container:
    name: infra1_utility_container-a1b2c3d4
    state: started
`
