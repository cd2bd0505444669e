package task

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/lxchost"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
)

// LXCHost is the module lxc_host: packages and a file, nothing of the network.
func LXCHost(_ context.Context, call ansible.Call) ansible.Result {
	wanted, err := lxchost.Parse(call.Arguments)
	if err != nil {
		return ansible.Fail(err)
	}
	if os.Geteuid() != 0 {
		return ansible.Fail(errors.New("installing packages takes root: set `become: true`"))
	}
	site, done, err := OpenSite("", &system.System{})
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	return PrepareLXC(site, call, wanted)
}

// PrepareLXC makes a host ready for containers as wanted, with a record of the files that it replaces. Packages that it
// has installed stay, whatever becomes of the change.
func PrepareLXC(site *services.Site, call ansible.Call, wanted *lxchost.Host) ansible.Result {
	files, records := site.Services.System, storeOf(site)
	steps, err := wanted.Plan(files)
	if err != nil {
		return ansible.Fail(err)
	}
	left, err := records.Current()
	if err != nil {
		return ansible.Fail(err)
	}
	if call.CheckMode || len(steps) == 0 && left == nil {
		return filesResult(steps)
	}
	lock, err := records.Lock(nameOf(call), 0)
	if err != nil {
		return ansible.Fail(err)
	}
	defer lock.Release()
	recovered, err := Recover(site)
	if err != nil {
		return ansible.Fail(err)
	}
	// What was left half-way may be these very files.
	if steps, err = wanted.Plan(files); err != nil {
		return ansible.Fail(err)
	}
	result := filesResult(steps)
	if recovered != "" {
		result.Warnings = append(result.Warnings, recovered)
	}
	if len(steps) == 0 {
		return result
	}
	entry, err := alone(site, call)
	if err != nil {
		return ansible.Fail(err)
	}
	before, err := site.FilesAlone(lxchost.Files()...)
	if err != nil {
		return ansible.Fail(err)
	}
	if entry.Before, err = json.Marshal(before); err != nil {
		return ansible.Fail(err)
	}
	if entry.Steps, err = json.Marshal(plan.Describe(steps)); err != nil {
		return ansible.Fail(err)
	}
	if err := records.Write(entry); err != nil {
		return ansible.Fail(err)
	}
	if err := wanted.Run(files, steps, site.Host.BeforeStep); err != nil {
		result.Err, result.Changed = err, false
	}
	return closed(records, entry, result)
}

func filesResult(steps []plan.Step) ansible.Result {
	result := ansible.Result{Changed: len(steps) > 0, Values: schema.Object{{Key: "actions", Value: plan.Describe(steps)}}}
	for _, step := range steps {
		for _, change := range step.Changes {
			result.Before.Set(step.Object, change.Old)
			result.After.Set(step.Object, change.New)
		}
	}
	return result
}
