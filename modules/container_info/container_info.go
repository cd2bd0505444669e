// Package containerinfo is the module container_info.
package containerinfo

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.container_info. run reads the containers.
func Module(run task.MachineFactory) ansible.Module {
	return ansible.Module{
		Name:  "container_info",
		Short: "Tells about LXC containers and their network interfaces",
		Description: []string{
			"Tells which LXC containers there are, what state they are in, and their network interfaces inside and out."},
		Options:  func() []schema.Doc { return container.InfoModule().Docs() },
		Examples: examples,
		Returns:  append(task.ReturnsOf("msg", "problems"), task.ContainersReturn()),
		LXC:      true,
		SeeAlso:  []string{"container_interface", "container_network"},
		ReadOnly: true,
		Run:      run.Info(),
	}
}

const examples = `- name: All containers
  hostnet.linux.container_info:
  register: all

- name: Two of them
  hostnet.linux.container_info:
    containers: [web1, web2]
`
