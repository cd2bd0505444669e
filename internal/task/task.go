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
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
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
		var inside []string
		var openstack *OpenStack
		if call.Module == "network" {
			var err error
			if call.Arguments, inside, err = host.ExpandConfig(call.Arguments); err != nil {
				return ansible.Fail(err)
			}
			if call.Arguments, openstack, err = ExpandOpenStack(call.Arguments); err != nil {
				return ansible.Fail(inConfig(err, inside))
			}
			var state string
			text := call.Arguments[textKey]
			if call.Arguments, state, err = ExpandState(call.Arguments); err != nil {
				return ansible.Fail(err)
			}
			if result, done := runState(call, state, text, parse); done {
				result.Err = inConfig(openstack.Label(result.Err), inside)
				return result
			}
		}
		settings, declaration, err := parse(call.Arguments)
		if err != nil {
			return ansible.Fail(inConfig(openstack.Label(withTheHosts(err, call.Arguments, settings, declaration)), inside))
		}
		if os.Geteuid() != 0 {
			return ansible.Fail(errNeedsRoot)
		}
		forHost(&settings.Settings)
		files := &system.System{}
		t := &Task{Call: call, Settings: &settings.Settings,
			Edit: spec.NewEdit(call.Module, call.Arguments, host.TaskOptionNames()), OpenStack: openstack}
		if settings.Namespace() != "" && len(declaration.DNSMasqs) > 0 {
			return t.within(settings.Namespace(), declaration)
		}
		site, done, err := OpenSite(settings.Namespace(), files)
		if err != nil {
			return ansible.Fail(err)
		}
		defer done()
		return openstack.Finish(t.Apply(site, declaration))
	}
}

// inConfig has problems name their places as the task has them.
func inConfig(err error, inside []string) error {
	var problems schema.Problems
	if errors.As(err, &problems) {
		return host.InConfig(problems, inside)
	}
	return err
}

var errNeedsRoot = errors.New("changing the network takes root: set `become: true`")

// withTheHosts adds what the host says to the problems of arguments about many objects.
func withTheHosts(err error, arguments map[string]any, settings *host.Declaration,
	declaration *services.Declaration) error {
	var problems schema.Problems
	if !errors.As(err, &problems) || declaration == nil || declaration.Host == nil ||
		len(declaration.Host.Interfaces) < 2 || os.Geteuid() != 0 {
		return err
	}
	// Links may stand on an lxc_bridge, which is not one of the interfaces.
	if arguments["lxc_bridges"] != nil ||
		slices.ContainsFunc(problems, func(problem schema.Problem) bool { return problem.Path == "netns" }) {
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
	// Edit is what it asks of the declared set; nil is nothing.
	Edit *spec.Edit
	// OpenStack is what it takes from OpenStack-Ansible's variables, if anything.
	OpenStack *OpenStack
	// Whole makes all that is declared so, rather than what the edit touches.
	Whole bool
	// Only, if set, leaves out the steps for which it is false.
	Only func(plan.Step) bool
	// Booting leaves the boot's own files alone: the disk may be read-only yet.
	Booting bool
	// Attended says that whoever called waits for the change, rather than coming back for its result.
	Attended bool
	// target is what a rollback goes back to, and past what it declares for that over a boot; nil in any other task.
	target *Target
	past   *past
	// widened are the kept objects that a plan of the task has taken in, by key.
	widened map[string]bool
	// pending is what the controller has to confirm, once a rollback is left to a guard.
	pending any
}

// Apply is the whole of a task but its arguments: plan, run unless it is a check, and report. own is what the arguments
// declare by themselves, which counts where nothing is kept.
func (t *Task) Apply(site *services.Site, own *services.Declaration) ansible.Result {
	want, todo, err := t.plan(site, own)
	if err != nil {
		return ansible.Fail(err)
	}
	result := report(want, todo)
	if t.Call.CheckMode {
		return t.foretell(site, todo, result)
	}
	if len(todo.Steps) == 0 && t.Call.Token == "" && !leftHalfway(site) {
		return t.finish(site, want, &result, todo, nil)
	}
	if t.Call.Token == "" && len(todo.Steps) > 0 {
		if guarded, why := t.needsConfirmation(site, todo.Links(), todo.Steps...); guarded {
			return t.guard(site, result, why)
		}
	}
	return t.change(site, own)
}

// plan is what it takes to make the host, its services and what is kept on it as the task wants.
func (t *Task) plan(site *services.Site, own *services.Declaration) (*desired, *services.Plan, error) {
	want, todo, err := t.planKernel(site, own)
	if err != nil {
		return nil, nil, err
	}
	noted, err := t.checkNeeds(site, want)
	if err != nil {
		return nil, nil, err
	}
	todo.Warnings = append(todo.Warnings, noted...)
	if site.Services.Elsewhere {
		return want, todo, nil
	}
	if is, err := t.isOthers(site.Services.System, want, todo); is || err != nil {
		return want, todo, err
	}
	backend, err := t.backend(site.Services.System)
	if err == nil {
		err = t.planManagers(site, want, backend == host.PersistNetworkd, todo)
	}
	if err == nil && want.kept != nil {
		err = t.keep(site, backend, want, todo)
	}
	if err == nil && t.target != nil {
		err = t.target.planBeside(site, todo)
	}
	if err != nil {
		return nil, nil, want.label(err)
	}
	plan.Order(todo.Steps)
	return want, todo, nil
}

// planKernel is the plan for what the edit touches, or for all of the set that can be made.
func (t *Task) planKernel(site *services.Site, own *services.Declaration) (*desired, *services.Plan, error) {
	if t.Whole {
		partial, err := t.Partial(site)
		if err != nil {
			return nil, nil, err
		}
		set := partial.Kept.Set
		if t.Only != nil {
			partial.Plan.Steps = slices.DeleteFunc(partial.Plan.Steps, func(step plan.Step) bool { return !t.Only(step) })
		}
		return &desired{
			Declaration: partial.Declaration, kept: partial.Kept, after: &spec.Result{Set: set, Scope: set.Objects},
			incomplete: partial.Incomplete,
		}, partial.Plan, nil
	}
	want, err := t.desire(site, own)
	if err == nil {
		// A verification is about all that the plan was about.
		err = want.retake(t.widened)
	}
	if err != nil {
		return nil, nil, err
	}
	for {
		todo, err := site.Plan(want.Declaration)
		if err != nil {
			return nil, nil, want.label(err)
		}
		if !want.widen(todo.Steps) {
			t.widened = want.widened
			return want, todo, nil
		}
		if err := want.declare(false); err != nil {
			return nil, nil, err
		}
	}
}

func report(want *desired, todo *services.Plan) ansible.Result {
	todo.ShowAll()
	result := ansible.Result{
		Changed: plan.Changes(todo.Steps), Before: todo.Before, After: todo.After, Warnings: todo.Warnings,
		Values: schema.Object{{Key: "actions", Value: plan.Describe(todo.Steps)}},
	}
	if len(want.incomplete) > 0 {
		result.Values.Set(incompleteKey, want.incomplete)
	}
	return result
}

const incompleteKey = "incomplete"

// IncompleteOf is what of the declared set could not be made.
func IncompleteOf(result ansible.Result) []Incomplete {
	list, _ := result.Values.Get(incompleteKey).([]Incomplete)
	return list
}

// finish adds what the host is like in the end.
func (t *Task) finish(
	site *services.Site, want *desired, result *ansible.Result, todo *services.Plan, hooks *services.Hooks,
) ansible.Result {
	checks, err := site.Run(todo, want.Declaration, hooks)
	result.Warnings = append(result.Warnings, todo.Found...)
	if len(checks) > 0 {
		result.Values.Set("checks", checks)
	}
	if err != nil {
		result.Err, result.Changed = err, false
		return *result
	}
	seen, err := t.returned(site, want, todo)
	if err != nil {
		return ansible.Fail(fmt.Errorf("the change is made, but the host cannot be read: %w", err))
	}
	for _, entry := range seen {
		result.Values.Set(entry.Key, entry.Value)
	}
	return *result
}
