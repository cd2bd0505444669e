package host

import (
	"maps"
	"slices"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/undeclared"
)

// Checkpoint is what it takes to put back links that the steps of a plan touch, of what it has seen, with all that the
// change may take from them and others.
func (h *Host) Checkpoint(seen *Observed, steps []plan.Step) (*Observed, error) {
	if err := seen.Links.Complete(h.Kernel, link.Everything); err != nil {
		return nil, err
	}
	out, err := seen.within(h.Kernel, touched(steps))
	if err != nil {
		return nil, err
	}
	out.Deleted = linksOf(steps, func(step plan.Step) bool { return step.Phase == plan.Delete })
	return out, nil
}

// Counterpart is the same of the host as it is now: what putting the checkpoint back replaces.
func (h *Host) Counterpart(before *Observed, links map[string]bool) (*Observed, error) {
	now, err := h.observeLike(before)
	if err != nil {
		return nil, err
	}
	return now.within(h.Kernel, links)
}

// observeLike reads the host as far as the checkpoint tells of it.
func (h *Host) observeLike(before *Observed) (*Observed, error) {
	now, err := h.observe(link.Everything)
	if err == nil {
		now.Routes, err = route.ObserveWithin(h.Kernel, before.Routes.Scope)
	}
	return now, err
}

// within is what an undo of these links looks at.
func (o *Observed) within(k Kernel, links map[string]bool) (*Observed, error) {
	all := o.withVLANs(links)
	maps.Copy(all, o.beside(all))
	out := &Observed{Links: o.Links.Within(all), Addresses: o.Addresses.Within(all), Routes: o.Routes, Rules: o.Rules}
	changed := o.beside(links)
	maps.Copy(changed, links)
	var err error
	out.Undeclared, err = undeclared.Observe(k, o.Links.Raw(), changed)
	return out, err
}

// Join adds what a later checkpoint knows and this one does not: it was the same here, since nothing in between touched
// it.
func (o *Observed) Join(later *Observed) {
	if o.Deleted == nil {
		o.Deleted = map[string]bool{}
	}
	maps.Copy(o.Deleted, later.Deleted)
	known := o.Addresses.Links
	if known == nil {
		return // everything is
	}
	for _, one := range later.Links.Links {
		if !known[one.Name] {
			o.Links = link.NewState(append(o.Links.Links, one))
		}
	}
	for _, address := range later.Addresses.Addresses {
		if !known[address.Link] {
			o.Addresses.Addresses = append(o.Addresses.Addresses, address)
		}
	}
	o.Addresses.Links = maps.Clone(known)
	maps.Copy(o.Addresses.Links, later.Addresses.Links)
	o.joinRoutes(later.Routes)
	for name, one := range later.Undeclared {
		if _, is := o.Undeclared[name]; !is && o.Undeclared != nil {
			o.Undeclared[name] = one
		}
	}
}

func (o *Observed) joinRoutes(later *route.State) {
	if o.Routes.Scope == nil || later.Scope == nil {
		return
	}
	for _, one := range later.Routes {
		if !o.Routes.Scope.Has(&one) {
			o.Routes.Routes = append(o.Routes.Routes, one)
		}
	}
	was, more := o.Routes.Scope, later.Scope
	o.Routes.Scope = &kernel.RouteScope{
		Protocols: slices.Concat(was.Protocols, more.Protocols), Links: slices.Concat(was.Links, more.Links),
		Destinations: slices.Concat(was.Destinations, more.Destinations), Into: slices.Concat(was.Into, more.Into),
		Sources: slices.Concat(was.Sources, more.Sources),
	}
}
