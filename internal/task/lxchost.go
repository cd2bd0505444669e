package task

import (
	"context"
	"errors"
	"os"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/lxchost"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
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
	files := &system.System{}
	steps, err := wanted.Plan(files)
	if err != nil {
		return ansible.Fail(err)
	}
	result := ansible.Result{Changed: len(steps) > 0, Values: schema.Object{{Key: "actions", Value: plan.Describe(steps)}}}
	for _, step := range steps {
		for _, change := range step.Changes {
			result.Before.Set(step.Object, change.Old)
			result.After.Set(step.Object, change.New)
		}
	}
	if call.CheckMode || len(steps) == 0 {
		return result
	}
	site, done, err := OpenSite("", files)
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	lock, err := storeOf(site).Lock(nameOf(call), 0)
	if err != nil {
		return ansible.Fail(err)
	}
	defer lock.Release()
	if recovered, err := Recover(site); err != nil {
		return ansible.Fail(err)
	} else if recovered != "" {
		result.Warnings = append(result.Warnings, recovered)
	}
	if err := wanted.Run(files, steps); err != nil {
		return ansible.Fail(err)
	}
	return result
}
