package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// The commands about all that is declared stand for a module in a guard's order.
const (
	rollbackModule = "rollback"
	applyModule    = "apply"
	bootModule     = "boot"
	watchModule    = "watch"
	editModule     = "edit"
)

// NewWhole is the task of making the host as declared, which waits for no confirmation unless its settings are changed.
func NewWhole() *Task {
	off := "off"
	return &Task{Call: ansible.Call{Module: applyModule}, Settings: &host.Settings{Confirm: &host.Confirm{Mode: &off}},
		Whole: true}
}

// Incomplete is an object that cannot be made whole now, and why.
type Incomplete struct {
	Object *spec.Object
	// Where is the option in the kept file, Reason what is missing.
	Where, Reason string
	// Unreadable is a mistake in a file, rather than something that the host lacks.
	Unreadable bool
}

func (i Incomplete) String() string { return i.Where + ": " + i.Reason }

// MarshalText is what JSON shows of it.
func (i Incomplete) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// Partial is what can be made of the declared set on the host as it is.
type Partial struct {
	Declaration *services.Declaration
	Plan        *services.Plan
	Incomplete  []Incomplete
	Objects     int
	Kept        *store.Kept
	// Left are objects that are no longer declared, and still there.
	Left []string
}

// Partial leaves out what the host lacks, and what cannot be read, per object and option, and plans the rest.
func (t *Task) Partial(site *services.Site) (*Partial, error) {
	kept, err := store.Load(site.Services.System)
	if err != nil {
		return nil, err
	}
	out := &Partial{Objects: len(kept.Set.Objects), Kept: kept}
	for _, problem := range kept.Problems {
		out.Incomplete = append(out.Incomplete, Incomplete{Where: problem.Path, Reason: problem.Message, Unreadable: true})
	}
	objects := slices.Clone(kept.Set.Objects)
	last, err := lastSet(site)
	if err != nil {
		return nil, err
	}
	if t.Booting {
		for _, object := range kept.Rescue(last.set) {
			objects = append(objects, object)
			out.Incomplete = append(out.Incomplete, Incomplete{
				Object: object, Where: object.Source.File, Unreadable: true,
				Reason: fmt.Sprintf("cannot be read: %s is set up as generation %d has it", object.Describe(), last.number),
			})
		}
	}
	// What a boot cannot read has been rescued: it is not gone.
	if !t.Booting || len(kept.Problems) == 0 {
		if out.Left, err = stillThere(site, kept.Set, last.set); err != nil {
			return nil, err
		}
	}
	origin := map[*spec.Object]*spec.Object{}
	for {
		arguments, index := spec.Arguments(objects)
		_, declaration, err := services.ParseNetwork(arguments)
		unreadable := err != nil
		if err == nil {
			if t.Booting {
				declaration.WithoutProof()
			}
			out.Declaration = declaration
			out.Plan, err = site.Plan(declaration)
		}
		var problems schema.Problems
		switch {
		case err == nil:
			return out, nil
		case !errors.As(err, &problems):
			return nil, err
		}
		known := len(out.Incomplete)
		left, ok := out.prune(objects, index, problems, origin)
		for i := known; unreadable && i < len(out.Incomplete); i++ {
			out.Incomplete[i].Unreadable = true
		}
		if !ok {
			return nil, problems
		}
		objects = left
	}
}

// remembered is the set of the last generation.
type remembered struct {
	number int
	set    *spec.Set
}

func lastSet(site *services.Site) (remembered, error) {
	last, err := storeOf(site).Last()
	if err != nil || last == nil || len(last.Set) == 0 {
		return remembered{set: &spec.Set{}}, err
	}
	set, err := setOf(last.Set)
	return remembered{last.Number, set}, err
}

func setOf(content json.RawMessage) (*spec.Set, error) {
	var arguments map[string]any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&arguments); err != nil {
		return nil, fmt.Errorf("the set of a generation is damaged: %w", err)
	}
	return (&spec.Set{}).Apply(spec.NewEdit("network", arguments, nil)).Set, nil
}

// stillThere are the objects of the last generation whose files somebody has removed, and that the host still has.
func stillThere(site *services.Site, now, last *spec.Set) ([]string, error) {
	var gone []*spec.Object
	declared := now.Keys()
	for _, object := range last.Objects {
		if !declared[object.Key()] && object.Kind.Module != "interface" && object.Kind.Key != "lxc_bridges" {
			gone = append(gone, object.Gone())
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	arguments, _ := spec.Arguments(gone)
	_, declaration, err := services.ParseNetwork(arguments)
	if err != nil {
		return nil, nil //nolint:nilerr // what is not understood any more is not looked for
	}
	todo, err := site.Plan(declaration)
	if err != nil {
		return nil, nil //nolint:nilerr // something stands on it, which says enough
	}
	var left []string
	for _, step := range todo.Steps {
		if (step.Action == "delete" || step.Action == "remove") && !slices.Contains(left, step.Object) {
			left = append(left, step.Object)
		}
	}
	return left, nil
}

// prune takes out what the problems are about.
func (p *Partial) prune(objects []*spec.Object, index spec.Index, problems schema.Problems,
	origin map[*spec.Object]*spec.Object) ([]*spec.Object, bool) {
	labels := index.Label(problems)
	replaced := map[*spec.Object]*spec.Object{}
	for i := len(problems) - 1; i >= 0; i-- {
		object, option := index.Find(problems[i].Path)
		if object == nil {
			continue
		}
		now, seen := replaced[object]
		if !seen {
			now = object
		}
		if now == nil {
			continue
		}
		changed := now.Without(option)
		replaced[object] = changed
		first := object
		if earlier := origin[object]; earlier != nil {
			first = earlier
		}
		if changed != nil {
			origin[changed] = first
		}
		told := slices.ContainsFunc(p.Incomplete, func(one Incomplete) bool { return one.Where == labels[i].Path })
		if !told {
			// What is missing once an option is left out follows from that.
			p.Incomplete = append(p.Incomplete, Incomplete{Object: first, Where: labels[i].Path, Reason: labels[i].Message})
		}
	}
	if len(replaced) == 0 {
		return nil, false
	}
	var left []*spec.Object
	for _, object := range objects {
		if changed, was := replaced[object]; !was {
			left = append(left, object)
		} else if changed != nil {
			left = append(left, changed)
		}
	}
	return left, true
}

// NewWatch is the task of putting back what was taken away.
func NewWatch() *Task {
	t := NewWhole()
	t.Call.Module, t.Booting = watchModule, true
	return t
}

// Repair makes the steps that the task wants, as a change like any other.
func (t *Task) Repair(site *services.Site) ansible.Result { return t.change(site, nil) }

// Pending tells whether somebody still comes back to a change that is not final: its guard, or its controller.
func Pending(site *services.Site, open *store.Record) bool {
	return open.Boot == store.Boot() && open.Left() > -grace && storeOf(site).IsGuarded(open.Token)
}

// ActionsOf are the steps of a result in words.
func ActionsOf(result ansible.Result) []string {
	actions, _ := result.Values.Get("actions").([]schema.Object)
	var out []string
	for _, action := range actions {
		out = append(out, fmt.Sprintf("%v %v", action.Get("action"), action.Get("object")))
	}
	return out
}

// applyWhole makes the host as declared, as a guard's worker.
func applyWhole(call ansible.Call) ansible.Result {
	site, done, err := OpenSite("", &system.System{})
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	t := NewWhole()
	t.Call = call
	return t.change(site, nil)
}

// Boot makes what can be made of the declared set, per object and option, and says what is missing. It never undoes: a
// host that can be reached is worth more than one that is right or nothing.
func Boot(site *services.Site) (*Partial, error) {
	records := storeOf(site)
	lock, err := records.Lock(store.AtBoot, time.Minute)
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	if is, err := backend.UsesNetworkd(site.Services.System); err != nil || is {
		return &Partial{}, err
	}
	t := NewWhole()
	t.Call.Module, t.Booting = bootModule, true
	partial, err := t.Partial(site)
	if err != nil {
		return nil, err
	}
	failed := plan.RunAll(partial.Plan.Steps)
	for _, failure := range failed {
		partial.Incomplete = append(partial.Incomplete, Incomplete{Where: failure.Step.Object, Reason: failure.Err.Error()})
	}
	if len(failed) == 0 {
		if err := services.Verify(func() (*services.Plan, error) { return site.Plan(partial.Declaration) }); err != nil {
			partial.Incomplete = append(partial.Incomplete, Incomplete{Where: "not kept", Reason: err.Error()})
		}
	}
	return partial, nil
}

// Warnings are the lines that tell what is missing.
func (p *Partial) Warnings() []string {
	var lines []string
	for _, one := range p.Incomplete {
		lines = append(lines, one.String())
	}
	return lines
}

// RequiredMissing tells whether an object that is declared to be required is not whole.
func (p *Partial) RequiredMissing() bool {
	return slices.ContainsFunc(p.Incomplete,
		func(one Incomplete) bool { return one.Object != nil && one.Object.IsTrue("required") })
}

// Status is one line about what could be made.
func (p *Partial) Status() string {
	broken := map[string]bool{}
	for _, one := range p.Incomplete {
		name := one.Where
		if one.Object != nil {
			name = one.Object.Describe()
		}
		broken[name] = true
	}
	if len(broken) == 0 {
		return plan.Count(p.Objects, "object") + " as declared"
	}
	return fmt.Sprintf("%d of %d objects incomplete: %s", len(broken), p.Objects, p.Incomplete[0])
}
