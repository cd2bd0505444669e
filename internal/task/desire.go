package task

import (
	"errors"
	"fmt"
	"slices"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
)

// desired is what a task wants of the host: the part of the declared set that it touches.
type desired struct {
	*services.Declaration
	// kept is the declared set on the disk and after is it with the task's edit; nil where the task declares for now only.
	kept  *store.Kept
	after *spec.Result
	index spec.Index
	// past is what a rollback goes back to, nil in any other task.
	past *past
	// widened are the objects that plans have taken in, by key.
	widened map[string]bool
	// incomplete is what of the whole set cannot be made now.
	incomplete []Incomplete
}

// desire applies the task's edit to the declared set, and checks the whole of it.
func (t *Task) desire(site *services.Site, own *services.Declaration) (*desired, error) {
	if site.Services.Elsewhere || t.Edit == nil {
		return &desired{Declaration: own}, nil
	}
	backend, err := t.backend(site.Services.System)
	if err != nil {
		return nil, err
	}
	if backend == host.PersistNot {
		return &desired{Declaration: own}, nil
	}
	kept, err := store.Load(site.Services.System)
	if err != nil {
		return nil, err
	}
	want := &desired{kept: kept, after: kept.Set.Apply(t.edit()), past: t.past}
	if err := want.check(); err != nil {
		return nil, err
	}
	return want, want.declare(spec.KindOfModule(t.Call.Module) != nil)
}

func (t *Task) edit() *spec.Edit {
	edit := *t.Edit
	edit.Purge = t.Settings.Purges()
	edit.Replace = t.Settings.Replaces()
	return &edit
}

// check finds what is wrong with the set as a whole. What was wrong before and is not the task's own is a warning.
func (d *desired) check() error {
	var problems schema.Problems
	problems = append(problems, d.after.Problems...)
	problems = append(problems, d.after.Dangling()...)
	for _, object := range d.after.Scope {
		problems = append(problems, object.Misread()...)
	}
	before := wrong(d.kept.Set)
	found := d.forget(wrong(d.after.Set), before)
	for _, problem := range found {
		if !slices.Contains(before, problem) {
			problems = append(problems, problem)
		} else {
			d.after.Warnings = append(d.after.Warnings, problem.String())
		}
	}
	for _, problem := range d.kept.Problems {
		if !slices.Contains(problems, problem) {
			d.after.Warnings = append(d.after.Warnings, problem.String())
		}
	}
	return problems.Err()
}

// wrong are the problems of a set as a whole, with places in the task and in kept files.
func wrong(set *spec.Set) schema.Problems {
	problems, index := problemsOf(set.Objects...)
	return append(index.Label(problems), set.Check()...)
}

// problemsOf are what is wrong with each of the objects and their lists, with places in arguments that are made of them.
func problemsOf(objects ...*spec.Object) (schema.Problems, spec.Index) {
	arguments, index := spec.Arguments(objects)
	var problems schema.Problems
	if _, _, err := services.ParseNetwork(arguments); err != nil {
		errors.As(err, &problems)
	}
	return problems, index
}

// forget stops managing options that were declared before and have no meaning together with what the task declares now.
func (d *desired) forget(found, before schema.Problems) schema.Problems {
	for range 20 {
		problems, index := problemsOf(d.after.Set.Objects...)
		forgotten := false
		for i, problem := range index.Label(problems) {
			object, option := index.Find(problems[i].Path)
			if object == nil || slices.Contains(before, problem) {
				continue
			}
			if problem.Meaningless() {
				if obstacle := obstacleTo(object, option); obstacle != "" && d.after.Forget(object, obstacle) {
					d.after.Warnings = append(d.after.Warnings, fmt.Sprintf("%s: %s is no longer declared: with it, %s %s",
						object.Describe(), obstacle, option, problem.Message))
					forgotten = true
					break
				}
			}
			if d.after.Forget(object, option) {
				d.after.Warnings = append(d.after.Warnings, object.Describe()+": "+option+" is no longer declared, as it "+
					problem.Message)
				forgotten = true
				break
			}
		}
		if !forgotten {
			return found
		}
		found = wrong(d.after.Set)
	}
	return found
}

// obstacleTo is an option from before that keeps an option of the edit from having a meaning: without it the problem is
// gone; "" if there is none such.
func obstacleTo(object *spec.Object, option string) string {
	if !object.Gives(option) {
		return ""
	}
	found, _ := problemsOf(object)
	for _, entry := range object.Options {
		without := object.Without(entry.Key)
		if object.Gives(entry.Key) || without == nil || without.Key() != object.Key() {
			continue
		}
		if left, _ := problemsOf(without); len(left) < len(found) {
			return entry.Key
		}
	}
	return ""
}

// declare reads the objects of the scope.
func (d *desired) declare(single bool) error {
	var arguments map[string]any
	arguments, d.index = spec.Arguments(d.after.Scope)
	_, declaration, err := services.ParseNetwork(arguments)
	if err != nil {
		return d.label(err)
	}
	d.Declaration = declaration
	if d.past != nil {
		d.past.resume(d)
	}
	if single && len(d.after.Scope) == 1 {
		for _, one := range declaration.Host.Interfaces {
			// The arguments themselves are the object.
			one.Link.Path = ""
		}
	}
	return nil
}

// label has problems name places in the task and in kept files.
func (d *desired) label(err error) error {
	var problems schema.Problems
	if d.index == nil || !errors.As(err, &problems) {
		return err
	}
	return d.index.Label(problems)
}

func (d *desired) take(object *spec.Object) {
	d.after.Widen(object)
	if d.widened == nil {
		d.widened = map[string]bool{}
	}
	d.widened[object.Key()] = true
}

// retake takes in what an earlier plan of the same task has taken in.
func (d *desired) retake(keys map[string]bool) error {
	if len(keys) == 0 || d.after == nil {
		return nil
	}
	for _, object := range d.after.Set.Objects {
		if keys[object.Key()] && !slices.Contains(d.after.Scope, object) {
			d.take(object)
		}
	}
	return d.declare(false)
}

// widen takes kept objects into the scope that stand on links which the steps disturb, or whose MTU they change: they
// are put right in the same plan. false is "there are no more".
func (d *desired) widen(steps []plan.Step) bool {
	if d.after == nil {
		return false
	}
	disturbed := map[string]bool{}
	for _, step := range steps {
		mtu := slices.ContainsFunc(step.Changes,
			func(change schema.Change) bool { return change.Option == "mtu" && change.Old != nil })
		if step.Disruption < plan.LinkDown && !mtu {
			continue
		}
		for _, name := range step.Links {
			disturbed[name] = true
		}
	}
	wider := false
	for _, object := range d.after.Set.Objects {
		if object.StandsOn(disturbed) && !slices.Contains(d.after.Scope, object) {
			d.take(object)
			wider = true
		}
	}
	return wider
}
