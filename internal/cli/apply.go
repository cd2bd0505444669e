package cli

import (
	"errors"
	"fmt"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/persist"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

func diff(t *terminal) error { return t.run(true, true) }

func apply(t *terminal) error { return t.run(t.check, false) }

// run compares the host with what is kept, and makes it so unless this is a check.
func (t *terminal) run(check, differ bool) error {
	if err := needRoot(); err != nil {
		return err
	}
	one, declaration, err := declared()
	if err != nil {
		return err
	}
	site, done, err := task.OpenSite("", &system.System{})
	if err != nil {
		return err
	}
	defer done()
	one.Call.CheckMode = check
	if !check {
		t.guard(one)
	}
	result := one.Apply(site, declaration)
	token := task.TokenOf(result)
	if err := t.report(result, check || token != ""); err != nil {
		return err
	}
	if token != "" {
		return t.await(site, token)
	}
	if differ && result.Changed {
		return errDiffers
	}
	return nil
}

// report shows the steps, an option a line.
func (t *terminal) report(result ansible.Result, check bool) error {
	if result.Err != nil {
		return result.Err
	}
	if t.json {
		return t.printJSON(schema.Object{{Key: "changed", Value: result.Changed}, {Key: "actions", Value: result.Values.Get("actions")}})
	}
	for _, warning := range result.Warnings {
		fmt.Fprintln(t.output, t.paint("33", "warning: "+warning))
	}
	actions, _ := result.Values.Get("actions").([]schema.Object)
	for _, action := range actions {
		fmt.Fprintf(t.output, "%s %s\n", action.Get("action"), t.paint("1", fmt.Sprint(action.Get("object"))))
		changes, _ := action.Get("changes").([]schema.Object)
		for _, change := range changes {
			fmt.Fprintf(t.output, "  %s: %s -> %s\n", change.Get("option"), t.paint("31", shown(change.Get("old"))), t.paint("32", shown(change.Get("new"))))
		}
	}
	switch {
	case len(actions) == 0:
		fmt.Fprintln(t.output, "the host is as declared")
	case check:
		fmt.Fprintf(t.output, "%d steps to make the host as declared\n", len(actions))
	default:
		fmt.Fprintf(t.output, "%d steps done: the host is as declared\n", len(actions))
	}
	return nil
}

func shown(value any) string {
	if value == nil {
		return "nothing"
	}
	return fmt.Sprint(value)
}

func rollback(t *terminal) error {
	site, done, err := openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	one := task.NewRollback()
	t.guard(one)
	undone, token, err := one.Rollback(site)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("the change by %s of %s", undone.Task, undone.Started.Format(time.DateTime))
	if token != "" {
		fmt.Fprintln(t.output, "to be undone:", what)
		return t.await(site, token)
	}
	fmt.Fprintln(t.output, "undone:", what)
	return nil
}

// patience is how long the boot waits for cards that are found late.
const patience = 60 * time.Second

// boot makes the host as declared. What cannot be made does not keep the rest from being made: a host that can be
// reached is worth more than one that is right or nothing.
func boot(t *terminal) error {
	site, done, err := openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	if err := t.finish(site); err != nil {
		fmt.Fprintln(t.output, "hostnet:", err)
	}
	objects, failure := persist.Load(site.Services.System)
	// Waiting mends a card that is not there yet, but no mistake in a file.
	attempt := func(objects []persist.Object, wait time.Duration) error {
		one, declaration, err := taskOf(objects)
		if err != nil {
			return err
		}
		declaration.WithoutProof()
		for limit := time.Now().Add(wait); ; time.Sleep(time.Second) {
			result := one.Apply(site, declaration)
			if result.Err == nil {
				return t.report(result, false)
			}
			if time.Now().After(limit) {
				return result.Err
			}
		}
	}
	if attempt(objects, patience) == nil {
		return failure
	}
	for i := range objects {
		if err := attempt(objects[i:i+1], 0); err != nil {
			failure = errors.Join(failure, fmt.Errorf("%s: %w", objects[i].Path(), err))
		}
	}
	return failure
}

// finish undoes a change that nobody made final.
func (t *terminal) finish(site *services.Site) error {
	recovered, err := task.Recover(site)
	if recovered != "" {
		fmt.Fprintln(t.output, recovered)
	}
	return err
}

func finish(t *terminal) error {
	site, done, err := openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	return t.finish(site)
}
