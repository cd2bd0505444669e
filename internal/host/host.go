package host

import (
	"errors"
	"fmt"
	"slices"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/undeclared"
)

// Kernel is what all domains together ask of a kernel.
type Kernel interface {
	link.Kernel
	addr.Kernel
	kernel.Routes
	kernel.Rules
	undeclared.Kernel
}

// Host is one network namespace whose state can be observed and changed.
type Host struct {
	Kernel Kernel
	// BeforeStep, if set, is called ahead of each step with its number from 0. An error stops the run there.
	BeforeStep func(number int) error
	// seen are the links as they were last read.
	seen *link.State
}

// Observed is the whole state of a namespace, domain by domain. It can be kept as JSON and restored.
type Observed struct {
	Links     *link.State
	Addresses *addr.State
	Routes    *route.State
	Rules     *rule.State
	// Undeclared is what some links have that no option declares, nil when nobody has asked.
	Undeclared undeclared.State `json:",omitempty"`
	// Deleted are links that a change deletes: that these are gone is its doing.
	Deleted map[string]bool `json:",omitempty"`
}

// Plan is what it takes to make the host as declared.
type Plan struct {
	Steps    []plan.Step
	Warnings []string
	// Before and After are the managed values that differ.
	Before, After schema.Object
	// Seen is the host that was compared, in no more detail than that took.
	Seen  *Observed
	links *link.Result
}

// Observe reads the host's whole state.
func (h *Host) Observe() (*Observed, error) {
	out, err := h.observe(link.Everything)
	if err != nil {
		return nil, err
	}
	out.Routes, err = route.Observe(h.Kernel)
	return out, err
}

// ObserveLinks reads links, addresses and rules, but no routes, of which there may be a million.
func (h *Host) ObserveLinks() (*Observed, error) {
	out, err := h.observe(link.Detail{})
	if err == nil {
		out.Routes = &route.State{Scope: &kernel.RouteScope{}}
	}
	return out, err
}

// Shown says what of some links is to be shown beside what every look at links finds.
type Shown struct {
	Links  link.Detail
	Routes bool
}

// Everything is all that can be shown.
var Everything = Shown{Links: link.Everything, Routes: true}

// ShownBy is what it takes to show these options.
func ShownBy(options map[string]bool) Shown {
	return Shown{Links: link.Detail{VLANs: options["ports"] || options["vlans"], Forwarding: options["fdb"]},
		Routes: options["routes"]}
}

// Complete adds to what was seen what is to be shown of the declared links, where nothing has changed since.
func (h *Host) Complete(seen *Observed, wanted *State, shown Shown) error {
	if err := seen.Links.Complete(h.Kernel, shown.Links); err != nil {
		return err
	}
	return h.observeRoutesOf(seen, wanted, shown)
}

// ObserveOf reads what Of shows.
func (h *Host) ObserveOf(wanted *State, shown Shown) (*Observed, error) {
	seen, err := h.observe(shown.Links)
	if err != nil {
		return nil, err
	}
	return seen, h.observeRoutesOf(seen, wanted, shown)
}

// observeRoutesOf reads the routes of the declared links.
func (h *Host) observeRoutesOf(seen *Observed, wanted *State, shown Shown) error {
	if !shown.Routes {
		seen.Routes = &route.State{Scope: &kernel.RouteScope{}}
		return nil
	}
	var names []string
	for _, one := range wanted.Interfaces {
		// The kernel keeps no routes on a link that is down.
		if there := seen.Links.Find(one.Link.Name); there != nil && *there.Up {
			names = append(names, there.Name)
		}
	}
	var err error
	seen.Routes, err = route.ObserveLinks(h.Kernel, names)
	return err
}

func (h *Host) observe(detail link.Detail) (*Observed, error) {
	links, err := link.Observe(h.Kernel, detail, h.seen)
	if err != nil {
		return nil, err
	}
	h.seen = links
	addresses, err := addr.Observe(h.Kernel)
	if err != nil {
		return nil, err
	}
	rules, err := rule.Observe(h.Kernel)
	if err != nil {
		return nil, err
	}
	return &Observed{Links: links, Addresses: addresses, Rules: rules}, nil
}

// Plan compares the host with what is declared. It changes nothing.
func (h *Host) Plan(wanted *State) (*Plan, error) {
	current, err := h.observe(link.DetailFor(wanted.links()))
	if err != nil {
		return nil, err
	}
	wanted.adoptMACs(current)
	links, err := link.Plan(h.Kernel, current.Links, wanted.links())
	if err != nil {
		return nil, err
	}
	if err := wanted.checkIPv6(links.Effects); err != nil {
		return nil, err
	}
	addresses := addr.Plan(h.Kernel, current.Addresses, wanted.addresses(), links.Effects)
	routes, err := h.planRoutes(current, wanted.routes(), links.Effects, addresses.Addressing)
	if err != nil {
		return nil, err
	}
	rules, err := rule.Plan(h.Kernel, current.Rules, wanted.rules())
	if err != nil {
		return nil, err
	}
	neighbours, err := undeclared.Neighbours(h.Kernel, links.Effects)
	if err != nil {
		return nil, err
	}
	out := &Plan{
		Steps:    slices.Concat(links.Steps, addresses.Steps, routes.Steps, rules, neighbours),
		Warnings: slices.Concat(links.Warnings, addresses.Warnings, routes.Warnings),
		Seen:     current, links: links,
	}
	plan.Order(out.Steps)
	out.Before, out.After = difference(current, wanted, out)
	return out, nil
}

// planRoutes reads the routes that the plan is about. What a declared gateway can be reached by may be in none of
// these, so a problem counts only if all routes leave it.
func (h *Host) planRoutes(current *Observed, declared route.Declaration, links plan.LinkEffects,
	addresses plan.Addressing) (*route.Result, error) {
	for _, scope := range []*kernel.RouteScope{route.ScopeOf(declared, links, addresses), nil} {
		var err error
		if current.Routes, err = route.ObserveWithin(h.Kernel, scope); err != nil {
			return nil, err
		}
		result, err := route.Plan(h.Kernel, current.Routes, declared, links, addresses)
		if err == nil || scope == nil {
			return result, err
		}
	}
	return nil, nil
}

// Run carries a plan out, verifies that the kernel kept all of it, and puts everything back if not.
func (h *Host) Run(p *Plan, wanted *State) error {
	if len(p.Steps) == 0 {
		return nil
	}
	before, err := h.Checkpoint(p.Seen, p.Steps)
	if err != nil {
		return err
	}
	err = plan.Run(p.Steps, h.BeforeStep)
	if err == nil {
		err = h.verify(wanted)
	}
	if err == nil {
		return nil
	}
	left, restoreErr := h.Restore(before, touched(p.Steps))
	if restoreErr != nil {
		return fmt.Errorf("%w; putting the host back failed as well: %w", err, restoreErr)
	}
	if differs := left.Err(); differs != nil {
		return fmt.Errorf("%w; %w", err, differs)
	}
	return fmt.Errorf("%w; the host is as it was", err)
}

// verify compares once more: what the kernel accepted and did not keep is named.
func (h *Host) verify(wanted *State) error {
	left, err := h.Plan(wanted)
	if err != nil {
		return err
	}
	if len(left.Steps) == 0 {
		return nil
	}
	var problems []error
	for _, step := range left.Steps {
		if len(step.Changes) == 0 {
			problems = append(problems, fmt.Errorf("%s: the kernel did not keep it: would %s again", step.Object, step.Action))
		}
		for _, change := range step.Changes {
			problems = append(problems,
				fmt.Errorf("%s: the kernel did not keep %s: it is %v, not %v (does this kernel know the option?)",
					step.Object, change.Option, change.Old, change.New))
		}
	}
	return errors.Join(problems...)
}

// touched are the links that the steps may have altered.
func touched(steps []plan.Step) map[string]bool {
	return linksOf(steps, func(plan.Step) bool { return true })
}

// linksOf are the links of those steps that are meant.
func linksOf(steps []plan.Step, meant func(plan.Step) bool) map[string]bool {
	links := map[string]bool{}
	for _, step := range steps {
		if !meant(step) {
			continue
		}
		for _, name := range step.Links {
			if name != "" {
				links[name] = true
			}
		}
	}
	return links
}
