package host

import (
	"fmt"
	"maps"
	"slices"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
)

// Restore makes the named links, and all that belongs to them, as they were. It is the same pipeline with the state
// from before as the declaration, so it works from whatever point a run has come to.
func (h *Host) Restore(before *Observed, links map[string]bool) error {
	now, err := h.Observe()
	if err != nil {
		return err
	}
	back, err := link.Plan(h.Kernel, now.Links, before.declare(now, before.withVLANs(links)))
	if err != nil {
		return fmt.Errorf("cannot plan the way back: %w", err)
	}
	addresses := addr.Restore(h.Kernel, now.Addresses, before.Addresses, back.Ground)
	routes := route.Restore(h.Kernel, now.Routes, before.Routes, back.Ground, addresses.Addressing)
	rules := rule.Restore(h.Kernel, now.Rules, before.Rules)
	steps := slices.Concat(back.Steps, addresses.Steps, routes.Steps, rules)
	plan.Order(steps)
	return plan.Run(steps, nil)
}

// withVLANs adds the VLANs on the links: the kernel takes them down, and lowers their MTU, along with their parent.
func (o *Observed) withVLANs(names map[string]bool) map[string]bool {
	all := maps.Clone(names)
	for grown := true; grown; {
		grown = false
		for _, one := range o.Links.Links {
			if one.Kind == link.VLAN && one.Parent != nil && all[*one.Parent] && !all[one.Name] {
				all[one.Name], grown = true, true
			}
		}
	}
	return all
}

// declare turns the observed state of some links into a declaration: links that were not there are to be absent.
func (o *Observed) declare(now *Observed, names map[string]bool) []*link.Link {
	var wanted []*link.Link
	for _, have := range now.Links.Links {
		if names[have.Name] && o.Links.Find(have.Name) == nil {
			wanted = append(wanted, &link.Link{Name: have.Name, Kind: have.Kind, State: "absent"})
		}
	}
	for _, was := range o.Links.Links {
		if names[was.Name] {
			one := *was
			one.WithoutTheRest()
			controller := was.Observed.Controller
			one.Controller = &controller
			wanted = append(wanted, &one)
		}
	}
	return wanted
}
