package task

import (
	"fmt"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
)

// foretell adds to what a check returns whether the change would have to be confirmed, over which address that would
// come, and what the host would put back without it. It fails where the run would, as far as that can be told.
func (t *Task) foretell(site *services.Site, todo *services.Plan, result ansible.Result) ansible.Result {
	if err := plan.Check(todo.Steps); err != nil {
		if !t.Whole {
			result.Err, result.Changed = err, false
			return result
		}
		// To compare the rest of the host is still of use.
		result.Warnings = append(result.Warnings, err.Error())
	}
	guarded, why := t.needsConfirmation(site, todo.Links(), todo.Steps...)
	if !guarded || len(todo.Steps) == 0 {
		return result
	}
	if !t.Whole {
		result.Warnings = append(result.Warnings, fmt.Sprintf(
			"the change would have to be confirmed by the controller over a new connection within %d seconds, or it would "+
				"undo itself: %s",
			t.Settings.Timeout(), why))
	}
	foretold := schema.Object{
		{Key: "verdict", Value: "not asked"}, {Key: "reason", Value: why}, {Key: "timeout", Value: t.Settings.Timeout()},
	}
	addWay(&foretold, t.Settings.Confirm)
	foretold.Set("rollback", rollbackOf(todo.Steps))
	result.Values.Set("confirm", foretold)
	return result
}

// addWay adds where the controller is to come from, unless that is where it came from.
func addWay(out *schema.Object, confirm *host.Confirm) {
	if confirm == nil {
		return
	}
	if confirm.Host != nil {
		out.Set("host", *confirm.Host)
	}
	if confirm.Port != nil {
		out.Set("port", *confirm.Port)
	}
}

// rollbackOf says what undoing the steps comes to, the last one first.
func rollbackOf(steps []plan.Step) []string {
	out := []string{}
	for i := len(steps) - 1; i >= 0; i-- {
		step := steps[i]
		if len(step.Changes) == 0 {
			out = append(out, fmt.Sprintf("%s: undo: %s", step.Object, step.Action))
		}
		for _, change := range step.Changes {
			out = append(out, fmt.Sprintf("%s: %s: %s again, not %s", step.Object, change.Option,
				schema.Shown(change.Old, "unset"), schema.Shown(change.New, "unset")))
		}
	}
	return out
}
