// Package task runs one Ansible task over the engine: it is what the modules have in common.
package task

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/persist"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
)

// Parse reads the arguments of a module.
type Parse func(arguments map[string]any) (*host.Declaration, *host.State, error)

// ParseServices reads the arguments of a module about more than links.
type ParseServices func(arguments map[string]any) (*host.Declaration, *services.Declaration, error)

// Run makes the host as the task declares.
func Run(parse Parse) func(context.Context, ansible.Call) ansible.Result {
	return RunServices(func(arguments map[string]any) (*host.Declaration, *services.Declaration, error) {
		settings, state, err := parse(arguments)
		return settings, &services.Declaration{Host: state}, err
	})
}

// RunServices makes the host and its services as the task declares.
func RunServices(parse ParseServices) func(context.Context, ansible.Call) ansible.Result {
	return func(_ context.Context, call ansible.Call) ansible.Result {
		settings, declaration, err := parse(call.Arguments)
		if err != nil {
			return ansible.Fail(withTheHosts(err, call.Arguments, settings, declaration))
		}
		if os.Geteuid() != 0 {
			return ansible.Fail(errors.New("changing the network takes root: set `become: true`"))
		}
		files := &system.System{}
		t := &Task{Call: call, Settings: &settings.Settings, Objects: objectsOf(call)}
		if settings.Settings.Purges() {
			if declaration, err = t.purge(files, parse); err != nil {
				return ansible.Fail(err)
			}
		}
		if settings.Namespace() != "" && len(declaration.DNSMasqs) > 0 {
			return t.within(settings.Namespace(), declaration)
		}
		site, done, err := OpenSite(settings.Namespace(), files)
		if err != nil {
			return ansible.Fail(err)
		}
		defer done()
		return t.Apply(site, declaration)
	}
}

// withTheHosts adds what the host says to the problems of arguments about many objects.
func withTheHosts(err error, arguments map[string]any, settings *host.Declaration, declaration *services.Declaration) error {
	var problems schema.Problems
	if !errors.As(err, &problems) || declaration == nil || declaration.Host == nil || len(declaration.Host.Interfaces) < 2 || os.Geteuid() != 0 {
		return err
	}
	// Links may stand on an lxc_bridge, which is not one of the interfaces.
	if arguments["lxc_bridges"] != nil || slices.ContainsFunc(problems, func(problem schema.Problem) bool { return problem.Path == "netns" }) {
		return err
	}
	handle, failure := linux.Open(settings.Namespace())
	if failure != nil {
		return err
	}
	defer handle.Close()
	return (&host.Host{Kernel: handle}).MoreProblems(declaration.Host, problems)
}

// Task is one task on a host.
type Task struct {
	Call     ansible.Call
	Settings *host.Settings
	// Objects are what it declares, as it gave them.
	Objects []persist.Object
	// Attended says that whoever called waits for the change, rather than coming back for its result.
	Attended bool
}

// groupOf is the key of the network module for the objects of a module.
var groupOf = map[string]string{
	"bond": "bonds", "bridge": "bridges", "dnsmasq": "dnsmasqs", "dummy": "dummies", "interface": "interfaces", "lxc_bridge": "lxc_bridges",
	"macvlan": "macvlans", "nat": "nats", "route": "routes", "rule": "rules", "veth": "veths", "vlan": "vlans", "vxlan": "vxlans",
}

func objectsOf(call ansible.Call) []persist.Object {
	group, isOne := groupOf[call.Module]
	if !isOne {
		return persist.Objects(call.Arguments)
	}
	object := persist.Object{Group: group, Arguments: map[string]any{}}
	for key, value := range call.Arguments {
		if value != nil && !slices.Contains(host.SafetyNames(), key) {
			object.Arguments[key] = value
		}
	}
	return []persist.Object{object}
}

// purge adds what earlier tasks have declared, and this one does not, as absent.
func (t *Task) purge(files *system.System, parse ParseServices) (*services.Declaration, error) {
	kept, err := persist.Load(files)
	if err != nil {
		return nil, err
	}
	t.Objects = append(t.Objects, persist.Undeclared(kept, t.Objects)...)
	arguments := persist.Arguments(t.Objects)
	for _, name := range host.SafetyNames() {
		if value, given := t.Call.Arguments[name]; given {
			arguments[name] = value
		}
	}
	_, declaration, err := parse(arguments)
	return declaration, err
}

// Apply is the whole of a task but its arguments: plan, run unless it is a check, and report.
func (t *Task) Apply(site *services.Site, declaration *services.Declaration) ansible.Result {
	todo, err := t.plan(site, declaration)
	if err != nil {
		return ansible.Fail(err)
	}
	result := report(todo)
	if t.Call.CheckMode {
		return result
	}
	if len(todo.Steps) == 0 && t.Call.Token == "" {
		return t.finish(site, declaration, &result, todo, nil)
	}
	if t.Call.Token == "" {
		if guarded, why := t.needsConfirmation(site, todo.Links()); guarded {
			return t.guard(site, result, why)
		}
	}
	return t.change(site, declaration)
}

// plan is the site's plan with the steps that keep what is declared.
func (t *Task) plan(site *services.Site, declaration *services.Declaration) (*services.Plan, error) {
	if err := t.checkBesideKept(site, declaration); err != nil {
		return nil, err
	}
	todo, err := site.Plan(declaration)
	if err != nil {
		return nil, err
	}
	if site.Services.Elsewhere {
		return todo, nil
	}
	keeper, err := t.keeper(site.Services.System)
	if err == nil {
		err = t.planManagers(site, declaration, keeper == host.PersistNetworkd, todo)
	}
	if err == nil && keeper != host.PersistNot {
		err = t.keep(site, keeper, todo)
	}
	if err != nil {
		return nil, err
	}
	plan.Order(todo.Steps)
	return todo, nil
}

func report(todo *services.Plan) ansible.Result {
	return ansible.Result{
		Changed: len(todo.Steps) > 0, Before: todo.Before, After: todo.After, Warnings: todo.Warnings,
		Values: schema.Object{{Key: "actions", Value: plan.Describe(todo.Steps)}},
	}
}

// finish adds what the host is like in the end.
func (t *Task) finish(
	site *services.Site, declaration *services.Declaration, result *ansible.Result, todo *services.Plan, hooks *services.Hooks,
) ansible.Result {
	checks, err := site.Run(todo, declaration, hooks)
	if len(checks) > 0 {
		result.Values.Set("checks", checks)
	}
	if err != nil {
		result.Err, result.Changed = err, false
		return *result
	}
	seen, err := site.Observed(todo, declaration)
	if err != nil {
		return ansible.Fail(fmt.Errorf("the change is made, but the host cannot be read: %w", err))
	}
	for _, entry := range seen {
		result.Values.Set(entry.Key, entry.Value)
	}
	return *result
}
