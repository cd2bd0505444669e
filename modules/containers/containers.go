// Package containers lists the modules about LXC containers, which are in a program of their own.
package containers

import (
	"fmt"
	"strings"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/task"
	"hostnet.linux/modules/container"
	containerinfo "hostnet.linux/modules/container_info"
	containerinterface "hostnet.linux/modules/container_interface"
	containernetwork "hostnet.linux/modules/container_network"
)

// Modules are the modules in the order of their names. Without wire they can only be read about.
func Modules(wire task.MachineFactory) []ansible.Module {
	return []ansible.Module{container.Module(wire), containerinfo.Module(wire), containerinterface.Module(wire),
		containernetwork.Module(wire)}
}

// Find is the module of that name.
func Find(name string, wire task.MachineFactory) (ansible.Module, error) {
	var names []string
	for _, module := range Modules(wire) {
		if module.Name == name {
			return module, nil
		}
		names = append(names, module.Name)
	}
	return ansible.Module{}, fmt.Errorf("there is no module %q here: the arguments' _ansible_module_name is one of %s",
		name, strings.Join(names, ", "))
}
