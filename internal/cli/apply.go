package cli

import (
	"errors"
	"fmt"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

func diff(t *terminal) error { return t.run(true, true) }

func apply(t *terminal) error { return t.run(t.check, false) }

// run compares the host with what is declared, and makes it so unless this is a check.
func (t *terminal) run(check, differ bool) error {
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	t.tellPending(site)
	one := task.NewWhole()
	one.Call.CheckMode = check
	if !check {
		t.guard(one)
	}
	found, err := t.look(site, one, differ)
	if err != nil {
		return err
	}
	left := len(found.Left) > 0
	result := one.Apply(site, nil)
	token := task.TokenOf(result)
	if err := t.report(result, check, token != "", left); err != nil {
		return err
	}
	if token != "" {
		return t.await(site, token)
	}
	if differ && len(unreadableIn(found)) > 0 {
		return errUnreadable
	}
	if differ && (result.Changed || left || len(task.IncompleteOf(result)) > 0) {
		return errDiffers
	}
	return nil
}

// errUnreadable is trouble: what the files with mistakes declare is not known.
var errUnreadable = errors.New("what is declared cannot be read as a whole")

// unreadableIn are the mistakes in the files.
func unreadableIn(found *task.Partial) []error {
	var wrong []error
	for _, problem := range found.Incomplete {
		if problem.Unreadable {
			wrong = append(wrong, errors.New(problem.String()))
		}
	}
	return wrong
}

// look refuses to apply files with mistakes; to compare, it says what they are and goes on.
func (t *terminal) look(site *services.Site, one *task.Task, differ bool) (*task.Partial, error) {
	found, err := one.Partial(site)
	if err != nil {
		return nil, err
	}
	for _, object := range found.Left {
		if !t.json {
			fmt.Fprintln(t.output, t.paint("33", object+stillThere))
		}
	}
	if differ {
		return found, nil
	}
	return found, errors.Join(unreadableIn(found)...)
}

// stillThere is said of an object whose file somebody has removed.
const stillThere = ": no longer declared, still there"

// report shows the steps, an option a line. left tells that something is there that is no longer declared.
func (t *terminal) report(result ansible.Result, check, waits, left bool) error {
	if result.Err != nil {
		return result.Err
	}
	if t.json {
		return t.printJSON(schema.Object{{Key: "changed", Value: result.Changed},
			{Key: "actions", Value: result.Values.Get("actions")}})
	}
	for _, warning := range result.Warnings {
		fmt.Fprintln(t.output, t.paint("33", "warning: "+warning))
	}
	for _, one := range task.IncompleteOf(result) {
		fmt.Fprintln(t.output, t.paint("33", "incomplete: "+one.String()))
	}
	actions, _ := result.Values.Get("actions").([]schema.Object)
	t.steps(actions)
	switch {
	case len(actions) == 0 && (left || len(task.IncompleteOf(result)) > 0):
		fmt.Fprintln(t.output, "the rest of the host is as declared")
	case len(actions) == 0:
		fmt.Fprintln(t.output, "the host is as declared")
	case waits:
		fmt.Fprintf(t.output, "%s made, not final\n", plan.Count(len(actions), "step"))
	case check:
		fmt.Fprintf(t.output, "%s to make the host as declared\n", plan.Count(len(actions), "step"))
	default:
		fmt.Fprintf(t.output, "%s done: the host is as declared\n", plan.Count(len(actions), "step"))
	}
	return nil
}

// steps is a line for each step, and one for each option that it changes.
func (t *terminal) steps(actions []schema.Object) {
	for _, action := range actions {
		fmt.Fprintf(t.output, "%s %s\n", action.Get("action"), t.paint("1", fmt.Sprint(action.Get("object"))))
		changes, _ := action.Get("changes").([]schema.Object)
		for _, change := range changes {
			fmt.Fprintf(t.output, "  %s: %s -> %s\n", change.Get("option"), t.paint("31", shown(change.Get("old"))),
				t.paint("32", shown(change.Get("new"))))
		}
	}
}

func shown(value any) string { return schema.Shown(value, "nothing") }

// patience is how long the boot waits for cards that are found late; longer for what is declared to be required. What
// comes after that is taken in by hostnet watch.
const (
	patience         = 10 * time.Second
	patienceRequired = 2 * time.Minute
)

// boot makes the host as declared, as far as that can be done.
func boot(t *terminal) error {
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	if err := t.recover(site); err != nil {
		fmt.Fprintln(t.output, system.Warning("hostnet: "+err.Error()))
	}
	var made *task.Partial
	for start := time.Now(); ; time.Sleep(time.Second) {
		if made, err = task.Boot(site); err != nil {
			return err
		}
		limit := patience
		if made.RequiredMissing() {
			limit = patienceRequired
		}
		if len(made.Warnings()) == 0 || time.Since(start) > limit {
			break
		}
	}
	for _, line := range made.Warnings() {
		fmt.Fprintln(t.output, system.Warning(line))
	}
	fmt.Fprintln(t.output, made.Status())
	if made.Kept != nil {
		if err := backend.WatchFromBoot(site.Services.System, made.Kept.Set.NeedsWatch()); err != nil {
			return err
		}
	}
	if err := system.NotifyStatus(made.Status()); err != nil {
		return err
	}
	if made.RequiredMissing() {
		return errors.New("something that is required is missing")
	}
	return nil
}

// recover undoes a change that nobody made final.
func (t *terminal) recover(site *services.Site) error {
	recovered, err := task.Recover(site)
	if recovered != "" {
		fmt.Fprintln(t.output, recovered)
	}
	return err
}

func recoverHost(t *terminal) error {
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	return t.recover(site)
}
