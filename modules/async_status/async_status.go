// Package asyncstatus is the module async_status.
package asyncstatus

import (
	"context"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/job"
	"hostnet.linux/internal/task"
)

// Module is what Ansible calls hostnet.linux.async_status.
func Module() ansible.Module {
	return ansible.Module{
		Name:  "async_status",
		Short: "Asks how a task in the background is",
		Description: []string{
			"Returns the answer of a task of this collection that was started with C(async) and C(poll=0), or that it still " +
				"runs.",
			"Ansible's own module of this name needs Python on the target; this one does not.",
		},
		Options:  job.Options,
		Examples: examples,
		SeeAlso:  []string{"network", "container_network"},
		Returns: append(task.ReturnsOf("msg", "problems"),
			ansible.Return{Name: "ansible_job_id", Returned: "with mode status", Type: "str", Text: "The job's identifier.",
				Sample: "j360874038559.4169"},
			ansible.Return{Name: "finished", Returned: "with mode status", Type: "bool", Text: "Whether the job has ended.",
				Sample: true},
			ansible.Return{Name: "started", Returned: "with mode status", Type: "bool", Text: "Whether the job was started.",
				Sample: true},
			ansible.Return{
				Name: "results_file", Returned: "with mode status", Type: "str", Text: "The file with the answer.",
				Sample: "/root/.ansible_async/j360874038559.4169",
			},
			ansible.Return{
				Name: "erased", Returned: "with mode cleanup", Type: "str", Text: "The file that was removed.",
				Sample: "/root/.ansible_async/j360874038559.4169",
			},
		),
		Notes: []string{
			"When the job has ended, its own answer is part of the result: C(changed), C(actions) and so on.",
			"A change in the background is not confirmed over a new connection: with C(poll=0), nobody waits to do that.",
		},
		Run: func(_ context.Context, call ansible.Call) ansible.Result { return job.Status(call) },
	}
}

const examples = `- name: Wire many containers in the background
  hostnet.linux.network:
    bridges:
      - name: br-mgmt
  async: 300
  poll: 0
  register: wiring

- name: Wait for it
  hostnet.linux.async_status:
    jid: "{{ wiring.ansible_job_id }}"
  register: wired
  until: wired.finished
  retries: 60
  delay: 5

- name: Remove its answer
  hostnet.linux.async_status:
    jid: "{{ wiring.ansible_job_id }}"
    mode: cleanup
`
