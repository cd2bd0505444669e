package route

import (
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// reach writes the step from what is left of a route, if anything, to what it becomes.
func (p *planner) reach(have *observed, want kernel.Route, action string) {
	if have == nil || !have.alive {
		if action == "add" && have != nil {
			action = "restore"
		}
		p.add(want, action)
		return
	}
	if same(have.left, want) {
		return
	}
	if action != "move" {
		action = "change"
	}
	old := have.left
	step := p.step(action, want, changes(&have.left, want), func() error { return p.kernel.ReplaceRoute(want) })
	switch {
	case p.replaceable(have, want):
	case !sameHops(old.NextHops, want.NextHops):
		step.Run = func() error { return errors.Join(p.put(want), p.drop(old)) }
	default:
		step.Run = func() error {
			if err := p.drop(old); err != nil {
				return err
			}
			return p.put(want)
		}
	}
	step.Links = linksOf(want, old)
	p.sort(want, step)
}

// replaceable tells whether the kernel's way of replacing a route in one step meets this one: it takes the first in the
// slot, of IPv6 the first that has a gateway if the new one has, or none if it has none (fib6_add_rt2node).
func (p *planner) replaceable(have *observed, want kernel.Route) bool {
	is4 := want.To.Addr().Is4()
	for _, first := range p.slots[slotOf(want)] {
		if is4 || hasGateway(first.left) == hasGateway(want) {
			return first == have
		}
	}
	return false
}

func (p *planner) add(want kernel.Route, action string) {
	p.sort(want, p.step(action, want, changes(nil, want), func() error { return p.put(want) }))
}

// put adds a route, which somebody else may have put there in the meantime.
func (p *planner) put(want kernel.Route) error {
	err := p.kernel.AddRoute(want)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

func (p *planner) remove(have *observed) {
	have.done = true
	if !have.alive {
		return
	}
	old := have.left
	step := p.step("remove", old, nil, func() error { return p.drop(old) })
	step.Disruption = plan.ConnectionsLost
	p.removes = append(p.removes, step)
}

// drop tolerates a route that has gone by itself.
func (p *planner) drop(old kernel.Route) error {
	err := p.kernel.DeleteRoute(old)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

func (p *planner) step(action string, route kernel.Route, changes []schema.Change, run func() error) plan.Step {
	step := plan.Step{Phase: plan.Route, Action: action, Object: describe(route), Changes: changes, Links: linksOf(route),
		Run: run}
	if route.Table == unix.RT_TABLE_MAIN || route.Table == unix.RT_TABLE_LOCAL {
		step.Destinations = []netip.Prefix{route.To}
	}
	return step
}

// sort keeps routes that others may need to reach their gateways ahead of these.
func (p *planner) sort(want kernel.Route, step plan.Step) {
	if hasGateway(want) {
		p.gateways = append(p.gateways, step)
	} else {
		p.direct = append(p.direct, step)
	}
}

func (p *planner) ordered() *Result {
	return &Result{Steps: append(append(p.direct, p.gateways...), p.removes...), Warnings: p.warnings}
}

// changes shows what becomes of a route; without an old one, what it is made of beside what its name tells.
func changes(old *kernel.Route, want kernel.Route) []schema.Change {
	before, after := &Route{}, binding().Read(&want)
	if old != nil {
		before = binding().Read(old)
	} else {
		before.To, before.Via, before.Dev, before.Table, before.Metric = after.To, after.Via, after.Dev, after.Table,
			after.Metric
		before.Type, before.Family = after.Type, after.Family
	}
	var out []schema.Change
	for _, option := range binding().Table() {
		if !option.Equal(before, after) {
			out = append(out, schema.Change{Option: option.Name, Old: option.Export(before), New: option.Export(after)})
		}
	}
	return out
}
