package task

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// logged notes the end of a change in the system's log: who, what, which generation, how it ended; never a value, which
// may be a secret.
func logged(files *system.System, entry *store.Record, outcome string, generation *store.Generation) {
	var steps []struct{ Action, Object string }
	_ = json.Unmarshal(entry.Steps, &steps)
	message := fmt.Sprintf("change by %s: %s, %s", entry.Who, plan.Count(len(steps), "step"), outcome)
	fields := map[string]string{
		"HOSTNET_TASK": entry.Task, "HOSTNET_USER": entry.User, "HOSTNET_FROM": entry.From, "HOSTNET_RESULT": outcome,
		"HOSTNET_STEPS": strconv.Itoa(len(steps)),
	}
	if generation != nil {
		message += fmt.Sprintf(", generation %d", generation.Number)
		fields["HOSTNET_GENERATION"] = strconv.Itoa(generation.Number)
	}
	for i, step := range steps {
		if i == 5 {
			message += fmt.Sprintf(", and %d more", len(steps)-i)
			break
		}
		message += fmt.Sprintf("; %s %s", step.Action, step.Object)
	}
	files.Log(message, fields)
}

// RollbackSettings are the options of the module rollback.
type RollbackSettings struct {
	To *int32
}

// RollbackTable is the options of the module rollback.
func RollbackTable() schema.Table[RollbackSettings] {
	return schema.Table[RollbackSettings]{
		schema.Field("to", schema.Int[int32](0, 1<<30), func(s *RollbackSettings) **int32 { return &s.To },
			"The generation to go back to, as C(hostnet log) and RV(generation) number them; 0 is the state before the first. "+
				"Left out, it is the one "+
				"before the present."),
	}
}

// RunRollback is the module rollback.
func RunRollback(call ansible.Call) ansible.Result {
	var settings RollbackSettings
	var problems schema.Problems
	RollbackTable().Parse(&settings, call.Arguments, schema.At("", &problems))
	if err := problems.Err(); err != nil {
		return ansible.Fail(err)
	}
	if os.Geteuid() != 0 {
		return ansible.Fail(errNeedsRoot)
	}
	site, done, err := OpenSite("", &system.System{})
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	number := -1
	if settings.To != nil {
		number = int(*settings.To)
	}
	auto := NewRollback()
	auto.Call.CheckMode, auto.Call.Diff = call.CheckMode, call.Diff
	auto.Settings.Confirm = nil
	return auto.rollBack(site, number)
}

func (t *Task) rollBack(site *services.Site, number int) ansible.Result {
	target, err := t.Target(site, number)
	if err != nil {
		return ansible.Fail(err)
	}
	if target.past != nil {
		result := t.towards(target).Apply(site, nil)
		result.Values.Set("generation", target.Number)
		result.Warnings = append(result.Warnings, target.Notes()...)
		return result
	}
	steps, err := target.Steps(site)
	if err != nil {
		return ansible.Fail(err)
	}
	todo := &services.Plan{Steps: steps}
	todo.Show(steps)
	result := report(&desired{}, todo)
	result.Values.Set("generation", target.Number)
	result.Warnings = append(result.Warnings, target.Notes()...)
	if t.Call.CheckMode || len(steps) == 0 {
		return result
	}
	token, failure := t.Rollback(site, target)
	if failure != nil {
		return ansible.Fail(failure)
	}
	if token != "" {
		result.Values.Set(ConfirmKey, t.pending)
	}
	return result
}

// Steps are what going back changes.
func (t *Target) Steps(site *services.Site) ([]plan.Step, error) {
	if t.past == nil {
		steps, _, err := t.backward(site, containersByProgram(site.Services.System))
		return steps, err
	}
	_, todo, err := NewRollback().towards(t).plan(site, nil)
	if err != nil {
		return nil, err
	}
	return todo.Steps, nil
}

// History are the generations that are kept, the oldest first.
func History(site *services.Site) ([]*store.Generation, error) { return storeOf(site).Since(0) }
