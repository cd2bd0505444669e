// Package route is the module route.
package route

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.route.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "route",
		Short: "Sets one route",
		Description: []string{
			"Sets or removes one route. To declare exactly the routes of a link, use the link's own option C(routes)."},
		Options:  func() []schema.Doc { return host.RouteTable().Docs() },
		SeeAlso:  []string{"network", "rule"},
		Examples: examples,
		Returns:  task.Returns(),
		Run:      task.Run(host.ParseRoute),
	}
}

const examples = `- name: An address to route from
  hostnet.linux.interface:
    name: eth0
    addresses: [172.29.236.11/22]

- name: The default route
  hostnet.linux.route:
    to: default
    via: 172.29.236.1

- name: A network that must not be reached
  hostnet.linux.route:
    to: 198.51.100.0/24
    type: blackhole

- name: No default route
  hostnet.linux.route:
    to: default
    via: 172.29.236.1
    state: absent
`
