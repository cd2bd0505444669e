// Package task runs one Ansible task over the engine: it is what the modules have in common.
package task

import (
	"context"
	"errors"
	"os"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// Parse reads the arguments of a module.
type Parse func(arguments map[string]any) (*host.Declaration, *host.State, error)

// Run makes the host as the task declares.
func Run(parse Parse) func(context.Context, ansible.Call) ansible.Result {
	return func(_ context.Context, call ansible.Call) ansible.Result {
		declaration, wanted, err := parse(call.Arguments)
		if err != nil {
			return ansible.Fail(err)
		}
		if os.Geteuid() != 0 {
			return ansible.Fail(errors.New("changing the network takes root: set `become: true`"))
		}
		handle, err := linux.Open(declaration.Namespace())
		if err != nil {
			return ansible.Fail(err)
		}
		defer handle.Close()
		return apply(&host.Host{Kernel: handle}, wanted, call.CheckMode)
	}
}

func apply(h *host.Host, wanted *host.State, check bool) ansible.Result {
	todo, err := h.Plan(wanted)
	if err != nil {
		return ansible.Fail(err)
	}
	result := ansible.Result{
		Changed: len(todo.Steps) > 0, Before: todo.Before, After: todo.After, Warnings: todo.Warnings,
		Values: schema.Object{{Key: "actions", Value: plan.Describe(todo.Steps)}},
	}
	if check {
		return result
	}
	if err := h.Run(todo, wanted); err != nil {
		result.Err, result.Changed = err, false
		return result
	}
	seen, err := h.Observe()
	if err != nil {
		return ansible.Fail(err)
	}
	for _, entry := range seen.Of(wanted) {
		result.Values.Set(entry.Key, entry.Value)
	}
	return result
}
