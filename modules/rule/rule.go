// Package rule is the module rule.
package rule

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.rule.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "rule",
		Short: "Sets one routing policy rule",
		Description: []string{
			"Sets or removes one routing policy rule. A rule is known by its priority and by what it matches; others stay."},
		Options:  func() []schema.Doc { return host.RuleTable().Docs() },
		SeeAlso:  []string{"network", "route"},
		Examples: examples,
		Returns:  task.Returns(),
		Run:      task.Run(host.ParseRule),
	}
}

const examples = `- name: Answers from the storage network leave by it
  hostnet.linux.rule:
    priority: 1000
    from: 172.29.244.0/22
    table: 244

- name: Marked packets have a table of their own
  hostnet.linux.rule:
    family: inet6
    priority: 1001
    fwmark: 7
    table: 245

- name: No rule for marked packets
  hostnet.linux.rule:
    family: inet6
    priority: 1001
    fwmark: 7
    state: absent
`
