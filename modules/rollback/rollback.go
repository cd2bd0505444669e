// Package rollback is the module rollback.
package rollback

import (
	"context"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.rollback.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "rollback",
		Short: "Goes back to an earlier state of the host's network",
		Description: []string{
			"Undoes the last change of the network, or all changes after a generation: what is declared on the host, and the " +
				"host itself.",
			"The host is read again afterwards; what could not be brought back fails the task and is named.",
		},
		Options:  func() []schema.Doc { return task.RollbackTable().Docs() },
		SeeAlso:  []string{"network", "network_info"},
		Examples: examples,
		Returns:  task.RollbackReturns(),
		Run:      func(_ context.Context, call ansible.Call) ansible.Result { return task.RunRollback(call) },
	}
}

const examples = `- name: Undo the last change
  hostnet.linux.rollback:

- name: What going back to generation 7 would change
  hostnet.linux.rollback:
    to: 7
  check_mode: true
  diff: true
`
