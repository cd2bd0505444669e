package task

import (
	"context"
	"errors"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// Wire gives the machine whose containers the modules are about. It is nil in the program that has no LXC, which only
// documents these modules.
type Wire func() *container.Machine

// errNoLXC is for whoever calls the wrong one of the two programs.
var errNoLXC = errors.New("this program has no LXC in it: container modules are in hostnet-lxc")

// ParseContainers reads the arguments of a module about containers.
type ParseContainers func(arguments map[string]any) (*container.Declaration, []*container.Wanted, error)

// Module makes containers' interfaces as declared.
func (w Wire) Module(parse ParseContainers) func(context.Context, ansible.Call) ansible.Result {
	return func(_ context.Context, call ansible.Call) ansible.Result {
		if w == nil {
			return ansible.Fail(errNoLXC)
		}
		declaration, wanted, err := parse(call.Arguments)
		if err != nil {
			return ansible.Fail(err)
		}
		machine := w()
		outcome, err := machine.Apply(declaration.Folder(machine.Runtime.DefaultFolder()), wanted, call.CheckMode)
		if outcome == nil {
			return ansible.Fail(err)
		}
		return containerResult(outcome, err)
	}
}

func containerResult(outcome *container.Outcome, err error) ansible.Result {
	return ansible.Result{
		Changed: len(outcome.Steps) > 0 && err == nil, Err: err, Before: outcome.Before, After: outcome.After,
		Values: schema.Object{
			{Key: "actions", Value: plan.Describe(outcome.Steps)},
			{Key: "containers", Value: outcome.Containers},
		},
	}
}

// Life makes a container be there, run or be gone.
func (w Wire) Life() func(context.Context, ansible.Call) ansible.Result {
	return func(_ context.Context, call ansible.Call) ansible.Result {
		if w == nil {
			return ansible.Fail(errNoLXC)
		}
		life, err := container.ParseLife(call.Arguments)
		if err != nil {
			return ansible.Fail(err)
		}
		outcome, err := w().Live(life, call.CheckMode)
		if outcome == nil {
			return ansible.Fail(err)
		}
		return containerResult(outcome, err)
	}
}

// Info tells about containers.
func (w Wire) Info() func(context.Context, ansible.Call) ansible.Result {
	return func(_ context.Context, call ansible.Call) ansible.Result {
		if w == nil {
			return ansible.Fail(errNoLXC)
		}
		declaration, err := container.ParseInfo(call.Arguments)
		if err != nil {
			return ansible.Fail(err)
		}
		machine := w()
		containers, err := machine.Info(declaration.Folder(machine.Runtime.DefaultFolder()), declaration.Names())
		if err != nil {
			return ansible.Fail(err)
		}
		return ansible.Result{Values: schema.Object{{Key: "containers", Value: containers}}}
	}
}

// ContainerReturns documents what the modules about containers return.
var ContainerReturns = []ansible.Return{
	Returns[0],
	{
		Name: "containers", Returned: "success", Type: "list", Elements: "dict",
		Text: "Each container with its C(state), C(init_pid), C(config_file) and C(interfaces): of each its C(name), its number in the " +
			"configuration (C(net)), what is C(configured), and what is C(running), inside and outside. C(hooks) is what could not be done " +
			"when it started, each with C(moment), C(at) and C(problem).",
	},
	Returns[len(Returns)-1],
}
