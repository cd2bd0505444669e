package task

import (
	"context"
	"errors"
	"os"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
)

// ParseServices reads the arguments of a module about more than links.
type ParseServices func(arguments map[string]any) (*host.Declaration, *services.Declaration, error)

// RunServices makes the host and its services as the task declares.
func RunServices(parse ParseServices) func(context.Context, ansible.Call) ansible.Result {
	return func(_ context.Context, call ansible.Call) ansible.Result {
		settings, declaration, err := parse(call.Arguments)
		if err != nil {
			return ansible.Fail(err)
		}
		if os.Geteuid() != 0 {
			return ansible.Fail(errors.New("changing the network takes root: set `become: true`"))
		}
		site, done, err := OpenSite(settings.Namespace(), &system.System{})
		if err != nil {
			return ansible.Fail(err)
		}
		defer done()
		return ApplySite(site, declaration, call.CheckMode)
	}
}

// OpenSite asks the kernel about a namespace, "" for that of the calling thread. The files are the host's, or a test's own.
func OpenSite(namespace string, files *system.System) (*services.Site, func(), error) {
	handle, err := linux.Open(namespace)
	if err != nil {
		return nil, nil, err
	}
	rules, err := nftables.Open(linux.NamespacePath(namespace))
	if err != nil {
		handle.Close()
		return nil, nil, err
	}
	site := &services.Site{
		Host:     &host.Host{Kernel: handle},
		Services: &services.Host{Kernel: handle, Rules: rules, System: files, Elsewhere: namespace != ""},
		Kernel:   handle,
		Open: func() (lxcbridge.Kernel, func(), error) {
			inner, err := linux.Open("")
			if err != nil {
				return nil, nil, err
			}
			return inner, inner.Close, nil
		},
	}
	return site, func() { handle.Close(); rules.Close() }, nil
}

// ApplySite is the whole of a task but its arguments: plan, run unless it is a check, and report.
func ApplySite(site *services.Site, declaration *services.Declaration, check bool) ansible.Result {
	todo, err := site.Plan(declaration)
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
	checks, err := site.Run(todo, declaration)
	if len(checks) > 0 {
		result.Values.Set("checks", checks)
	}
	if err != nil {
		result.Err, result.Changed = err, false
		return result
	}
	seen, err := site.Observed(declaration)
	if err != nil {
		return ansible.Fail(err)
	}
	for _, entry := range seen {
		result.Values.Set(entry.Key, entry.Value)
	}
	return result
}
