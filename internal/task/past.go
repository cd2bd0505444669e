package task

import (
	"fmt"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// past is what was declared before changes of which some were made in an earlier boot. The state that they replaced
// went with that boot, and came back from the set: going back to it is declaring it again.
type past struct {
	set *spec.Set
	// was is what the changed links were like before, by name, nil of those that were not there.
	was map[string]*host.Interface
	// files are those that changes of files alone have replaced.
	files []system.File
}

// pastOf is the set of generation number, or that from before the first one.
func pastOf(records *store.Store, number int, since []*store.Generation) (*past, error) {
	out := &past{was: map[string]*host.Interface{}}
	switch one, err := records.Generation(number); {
	case err != nil:
		return nil, err
	case one != nil:
		out.set, err = setOf(one.Set)
		if err != nil {
			return nil, err
		}
	case number > 0:
		return nil, notKept(number)
	default:
		before, err := replacedBy(since[0].Before)
		if err != nil {
			return nil, err
		}
		first, err := setOf(since[0].Set)
		if err != nil {
			return nil, err
		}
		switch out.set = first; {
		case before != nil:
			out.set = store.Replaced(first, before.Files)
		case len(since[0].Containers) == 0:
			return nil, notKept(number)
		}
	}
	for _, one := range since {
		before, err := replacedBy(one.Before)
		if err != nil {
			return nil, err
		}
		switch {
		case before == nil:
		case before.Host == nil:
			out.files = append(out.files, before.Files...)
		default:
			out.note(before)
		}
	}
	return out, nil
}

func notKept(number int) error {
	return fmt.Errorf("generation %d is not kept any more: see `hostnet log` for those that are", number)
}

// note takes in what links were like ahead of the first change of theirs.
func (p *past) note(before *services.Checkpoint) {
	_, state, err := host.ParseNetwork(before.Host.Export().Map())
	if err != nil {
		return // what cannot be declared cannot be declared again
	}
	there := map[string]*host.Interface{}
	for _, one := range state.Interfaces {
		there[one.Link.Name] = one
	}
	for name := range before.Links {
		if _, known := p.was[name]; !known {
			p.was[name] = there[name]
		}
	}
}

// edit declares exactly the set.
func (p *past) edit() *spec.Edit {
	arguments, _ := spec.Arguments(p.set.Objects)
	return spec.NewEdit("network", arguments, nil)
}

// resume adds what links had ahead of the changes to what is declared of them, for this run alone: options that are
// declared no more, and links that were there undeclared.
func (p *past) resume(d *desired) {
	for _, one := range d.Host.Interfaces {
		was := p.was[one.Link.Name]
		kept := linkIn(d.kept.Set, one.Link.Name)
		if was == nil || kept == nil {
			continue
		}
		after := linkIn(d.after.Set, one.Link.Name)
		one.Link.State = ""
		for _, option := range host.Options(kept.Kind.Key) {
			isStill := after != nil && after.Options.Get(option.Name) != nil
			if !isStill && kept.Options.Get(option.Name) != nil && option.IsSet(was) && option.Name != "name" {
				option.Assign(one, was)
			}
		}
		if after == nil {
			one.Link.Up = was.Link.Up
		}
	}
}

// linkIn is the declared link of that name, nil if there is none.
func linkIn(set *spec.Set, name string) *spec.Object {
	for _, object := range set.Objects {
		if object.Kind.Link && object.Options.Get("name") == name {
			return object
		}
	}
	return nil
}
