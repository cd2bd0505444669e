package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// MachineFactory gives the machine whose containers the modules are about. It is nil in the program that has no LXC,
// which only documents these modules.
type MachineFactory func() *container.Machine

// errNoLXC is for whoever calls the wrong one of the two programs.
var errNoLXC = errors.New("this program has no LXC in it: container modules are in hostnet-lxc")

// ParseContainers reads the arguments of a module about containers.
type ParseContainers func(arguments map[string]any) (*container.Declaration, []*container.Wanted, error)

// Module makes containers' interfaces as declared.
func (w MachineFactory) Module(parse ParseContainers) func(context.Context, ansible.Call) ansible.Result {
	return func(_ context.Context, call ansible.Call) ansible.Result {
		if w == nil {
			return ansible.Fail(errNoLXC)
		}
		declaration, wanted, err := parse(call.Arguments)
		if err != nil {
			return ansible.Fail(err)
		}
		machine := w()
		return inTransaction(call, machine, func() (*container.Outcome, error) {
			return machine.Apply(declaration.Folder(machine.Runtime.DefaultFolder()), wanted, call.CheckMode)
		})
	}
}

// inTransaction runs a task about containers under the lock of the host's network, with a record of what it replaces.
func inTransaction(call ansible.Call, machine *container.Machine,
	run func() (*container.Outcome, error)) ansible.Result {
	if call.CheckMode || os.Geteuid() != 0 {
		return containerResult(run())
	}
	site, done, err := OpenSite("", &system.System{})
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	records := storeOf(site)
	lock, err := records.Lock(nameOf(call), 0)
	if err != nil {
		return ansible.Fail(err)
	}
	defer lock.Release()
	recovered, err := recoverWith(site, containersBack{machine.Restore, machine.Backward})
	if err != nil {
		return ansible.Fail(err)
	}
	entry, err := alone(site, call)
	if err != nil {
		return ansible.Fail(err)
	}
	machine.Begin = func(before *container.Before) (err error) {
		if entry.Containers, err = json.Marshal([]*container.Before{before}); err != nil {
			return fmt.Errorf("cannot write down what the change replaces: %w", err)
		}
		return records.Write(entry)
	}
	outcome, err := run()
	result := containerResult(outcome, err)
	if recovered != "" {
		result.Warnings = append(result.Warnings, recovered)
	}
	if entry.Containers == nil {
		return result
	}
	entry.Steps, _ = json.Marshal(plan.Describe(outcome.Steps))
	return closed(records, entry, result)
}

// alone is the record of a change that is not about the declared set.
func alone(site *services.Site, call ansible.Call) (*store.Record, error) {
	t := &Task{Call: call, Settings: &host.Settings{}}
	entry := &store.Record{Token: newToken(), Who: t.who(), Phase: store.Applying, Started: time.Now(), Boot: store.Boot(),
		Before: json.RawMessage("null")}
	entry.Edit, _ = json.Marshal(call.Arguments)
	var err error
	entry.Set, err = setNow(site)
	return entry, err
}

// setNow is the declared set as generations keep it.
func setNow(site *services.Site) (json.RawMessage, error) {
	kept, err := store.Load(site.Services.System)
	if err != nil {
		return nil, err
	}
	arguments, _ := spec.Arguments(kept.Set.Objects)
	return json.Marshal(arguments)
}

// closed makes such a change final, or notes that it has undone itself.
func closed(records *store.Store, entry *store.Record, result ansible.Result) ansible.Result {
	if records.Namespace != "" && !errors.Is(result.Err, container.ErrNotUndone) {
		// Nobody asks later about a change in a namespace that is gone with the boot.
		if err := records.Drop(); err != nil {
			return ansible.Fail(err)
		}
		return result
	}
	if errors.Is(result.Err, container.ErrNotUndone) {
		// The next run tries again.
		entry.Attempts++
		result.Err = errors.Join(result.Err, records.Write(entry))
		return result
	}
	if result.Err != nil {
		if err := records.Undo(entry, result.Err.Error()); err != nil {
			result.Err = errors.Join(result.Err, err)
		}
		logged(records.System, entry, "failed and was undone", nil)
		return result
	}
	if err := commit(records, entry, result.Changed); err != nil {
		return ansible.Fail(fmt.Errorf("the change is made, but its record cannot be closed, so the next run undoes it: %w",
			err))
	}
	return result
}

func containerResult(outcome *container.Outcome, err error) ansible.Result {
	if outcome == nil {
		return ansible.Fail(err)
	}
	return ansible.Result{
		Changed: len(outcome.Steps) > 0 && err == nil, Err: err, Before: outcome.Before, After: outcome.After,
		Warnings: outcome.Warnings,
		Values: schema.Object{
			{Key: "actions", Value: plan.Describe(outcome.Steps)},
			{Key: "containers", Value: outcome.Containers},
		},
	}
}

// Life makes a container be there, run or be gone.
func (w MachineFactory) Life() func(context.Context, ansible.Call) ansible.Result {
	return func(_ context.Context, call ansible.Call) ansible.Result {
		if w == nil {
			return ansible.Fail(errNoLXC)
		}
		life, err := container.ParseLife(call.Arguments)
		if err != nil {
			return ansible.Fail(err)
		}
		machine := w()
		return inTransaction(call, machine,
			func() (*container.Outcome, error) { return machine.ApplySpec(life, call.CheckMode) })
	}
}

// Info tells about containers.
func (w MachineFactory) Info() func(context.Context, ansible.Call) ansible.Result {
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
		result := ansible.Result{Values: schema.Object{{Key: "containers", Value: containers}}}
		if declaration.Facts() {
			result.Values.Set("ansible_facts", schema.Object{{Key: "hostnet_containers", Value: containers}})
		}
		return result
	}
}

// ContainerReturns documents what the modules about containers return.
func ContainerReturns() []ansible.Return {
	return append(ReturnsOf("actions", "msg", "problems"), ContainersReturn())
}

// ContainersReturn documents what is returned of each container.
func ContainersReturn() ansible.Return {
	return ansible.Return{
		Name: "containers", Returned: "success", Type: "list", Elements: "dict", Text: "The containers, inside and out.",
		Sample: []any{map[string]any{
			"container": "web1", "state": "RUNNING", "init_pid": 4711, "config_file": "/var/lib/lxc/web1/config",
			"interfaces": []any{map[string]any{
				"name": "eth0", "net": 0, "configured": map[string]any{"bridge": "lxcbr0"},
				"running": map[string]any{"up": true, "carrier": true},
			}},
		}},
		Contains: []ansible.Return{
			{Name: "container", Returned: "always", Type: "str", Text: "The container's name.", Sample: "web1"},
			{Name: "state", Returned: "always", Type: "str", Text: "Its state in LXC's words.", Sample: "RUNNING"},
			{Name: "init_pid", Returned: "when it runs", Type: "int", Text: "Its first process, as the host numbers it.",
				Sample: 4711},
			{Name: "config_file", Returned: "always", Type: "str", Text: "Its configuration.",
				Sample: "/var/lib/lxc/web1/config"},
			{
				Name: "interfaces", Returned: "always", Type: "list", Elements: "dict", Text: "Its interfaces.",
				Sample: []any{map[string]any{"name": "eth0", "net": 0, "configured": map[string]any{"bridge": "lxcbr0"}}},
				Contains: []ansible.Return{
					{Name: "name", Returned: "always", Type: "str", Text: "The name inside.", Sample: "eth0"},
					{Name: "net", Returned: "when it is configured", Type: "int",
						Text: "Its number in the configuration, as in C(lxc.net.0).", Sample: 0},
					{
						Name: "configured", Returned: "when it is configured", Type: "raw", Sample: map[string]any{"bridge": "lxcbr0"},
						Text: "A dictionary of the options that every later start uses.",
					},
					{
						Name: "running", Returned: "when it is there", Type: "raw", Sample: map[string]any{"up": true, "carrier": true},
						Text: "A dictionary of what the kernel has now, inside and outside.",
					},
				},
			},
			{
				Name: "hooks", Returned: "when something could not be done at its start", Type: "list", Elements: "dict",
				Text: "What could not be done when the container started.",
				Sample: []any{map[string]any{"moment": "start-host", "at": "2026-11-27T18:00:00Z",
					"problem": "the bridge br-mgmt is missing"}},
				Contains: []ansible.Return{
					{Name: "moment", Returned: "always", Type: "str", Text: "Which of LXC's hooks it was.", Sample: "start-host"},
					{Name: "at", Returned: "always", Type: "str", Text: "When it was.", Sample: "2026-11-27T18:00:00Z"},
					{Name: "problem", Returned: "always", Type: "str", Text: "What could not be done, and why.",
						Sample: "the bridge br-mgmt is missing"},
				},
			},
		},
	}
}
