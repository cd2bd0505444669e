package host

import (
	"fmt"

	"hostnet.linux/internal/link"
	"hostnet.linux/internal/plan"
)

// Restore makes the named links, and all that belongs to them, as they were. It is the same pipeline with the state
// from before as the declaration, so it works from whatever point a run has come to.
func (h *Host) Restore(before *Observed, links map[string]bool) error {
	now, err := h.Observe()
	if err != nil {
		return err
	}
	wanted := before.declare(now, links)
	back, err := h.planFrom(now, wanted)
	if err != nil {
		return fmt.Errorf("cannot plan the way back: %w", err)
	}
	return plan.Run(back.Steps, nil)
}

// declare turns the observed state of some links into a declaration: links that were not there are to be absent.
func (o *Observed) declare(now *Observed, names map[string]bool) *State {
	state := &State{}
	for _, have := range now.Links.Links {
		if names[have.Name] && o.Links.Find(have.Name) == nil {
			state.Interfaces = append(state.Interfaces, &Interface{Link: link.Link{Name: have.Name, Kind: have.Kind, State: "absent"}})
		}
	}
	for _, was := range o.Links.Links {
		if !names[was.Name] {
			continue
		}
		one := &Interface{Link: *was}
		controller := was.Observed.Controller
		one.Link.Controller = &controller
		state.Interfaces = append(state.Interfaces, one)
	}
	return state
}

func (s *State) links() []*link.Link {
	links := make([]*link.Link, len(s.Interfaces))
	for i, one := range s.Interfaces {
		links[i] = &one.Link
	}
	return links
}
