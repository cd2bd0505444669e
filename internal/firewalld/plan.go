// Package firewalld is the domain of firewalld's zones: where firewalld runs, an interface of containers has to be in
// its zone "trusted", or it drops what they send.
package firewalld

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// Daemon is firewalld, which may run or not. What is permanent counts from its next start on, the rest at once.
type Daemon interface {
	Running() bool
	Zone(link string, permanent bool) (string, error)
	SetZone(link, zone string, permanent bool) error
}

// trusted is the zone that drops nothing (firewalld.zones(5)).
const trusted = "trusted"

// memoryPath holds the zones of the interfaces as they were before the first run.
const memoryPath = "/var/lib/hostnet/firewalld.json"

// Zones are those of one interface.
type Zones struct {
	Now       string `json:"now"`
	Permanent string `json:"permanent"`
}

// Request is an interface that an object wants to be trusted.
type Request struct{ Link, Owner string }

// memory is the zones of an interface before the first run, and the object because of which they are others now.
type memory struct {
	Zones
	Owner string `json:"owner"`
}

// State is the zones of the interfaces that a task is about. It survives JSON and can be restored.
type State struct {
	Running bool             `json:"running"`
	Zones   map[string]Zones `json:"zones,omitempty"`
	File    system.File      `json:"file"` // the memory
	before  map[string]memory
}

// Observe asks the daemon, which is nil where there can be none.
func Observe(d Daemon, s *system.System, wanted []Request) (*State, error) {
	file, err := s.File(memoryPath)
	if err != nil {
		return nil, err
	}
	state := &State{Zones: map[string]Zones{}, File: file, before: map[string]memory{}}
	if file.Present {
		if err := json.Unmarshal(file.Content, &state.before); err != nil {
			return nil, fmt.Errorf("%s, which says in which zones interfaces were before the first run, is damaged: %w",
				memoryPath, err)
		}
	}
	links := slices.Collect(maps.Keys(state.before))
	for _, request := range wanted {
		links = append(links, request.Link)
	}
	if state.Running = d != nil && len(links) > 0 && d.Running(); !state.Running {
		return state, nil
	}
	if err := state.ask(d, links); err != nil && d.Running() {
		return nil, err
	} else if err != nil {
		// It has been stopped in between.
		state.Running, state.Zones = false, map[string]Zones{}
	}
	return state, nil
}

// ask notes the zones of the links.
func (s *State) ask(d Daemon, links []string) (err error) {
	for _, link := range links {
		var zones Zones
		if zones.Now, err = d.Zone(link, false); err != nil {
			return err
		}
		if zones.Permanent, err = d.Zone(link, true); err != nil {
			return err
		}
		s.Zones[link] = zones
	}
	return nil
}

// Trusts tells whether the interface is in the zone that drops nothing.
func (s *State) Trusts(link string) bool { return s.Zones[link].Now == trusted }

// Plan finds the steps that have firewalld trust these interfaces, and put back the zones of those that the objects in
// gone, and the wanted ones, need no more.
func Plan(d Daemon, s *system.System, current *State, wanted []Request, gone []string) []plan.Step {
	if !current.Running {
		return nil
	}
	var steps []plan.Step
	keep := maps.Clone(current.before)
	needed := map[string]bool{}
	for _, request := range wanted {
		have := current.Zones[request.Link]
		needed[request.Link], gone = true, append(gone, request.Owner)
		if _, known := keep[request.Link]; !known && have != (Zones{trusted, trusted}) {
			keep[request.Link] = memory{have, request.Owner}
		}
		steps = append(steps, moves(d, plan.Forward, request.Link, have, Zones{trusted, trusted})...)
	}
	for _, link := range slices.Sorted(maps.Keys(keep)) {
		if was := keep[link]; !needed[link] && slices.Contains(gone, was.Owner) {
			steps = append(steps, moves(d, plan.Remove, link, current.Zones[link], was.Zones)...)
			delete(keep, link)
		}
	}
	return append(steps, remember(s, current.File, keep)...)
}

func moves(d Daemon, phase plan.Phase, link string, have, want Zones) []plan.Step {
	var steps []plan.Step
	move := func(what, from, to string, permanent bool) {
		if from == to {
			return
		}
		steps = append(steps, plan.Step{
			Phase: phase, Action: "change", Object: fmt.Sprintf("%s zone of %s in firewalld", what, link),
			Changes: []schema.Change{{Option: "zone", Old: from, New: to}},
			Run:     func() error { return d.SetZone(link, to, permanent) },
		})
	}
	move("permanent", have.Permanent, want.Permanent, true)
	move("present", have.Now, want.Now, false)
	return steps
}

func remember(s *system.System, file system.File, keep map[string]memory) []plan.Step {
	want := system.NoFile(memoryPath)
	if len(keep) > 0 {
		content, _ := json.Marshal(keep) // texts alone, which cannot fail
		want = system.Text(memoryPath, string(content)+"\n")
	}
	if want.Equal(file) {
		return nil
	}
	action := "write"
	if !want.Present {
		action = "remove"
	}
	// It goes with the zones wherever these are set, by hostnet watch as well.
	return []plan.Step{{Phase: plan.Forward, Action: action, Object: "file " + memoryPath,
		Run: func() error { return s.Put(want) }}}
}

// Restore makes the zones as they were.
func Restore(d Daemon, s *system.System, before *State) error {
	failures := []error{s.PutBack(before.File)}
	if d == nil || !before.Running || !d.Running() {
		return errors.Join(failures...)
	}
	for _, link := range slices.Sorted(maps.Keys(before.Zones)) {
		failures = append(failures, d.SetZone(link, before.Zones[link].Permanent, true),
			d.SetZone(link, before.Zones[link].Now, false))
	}
	return errors.Join(failures...)
}
