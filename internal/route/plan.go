package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// Result is what it takes to get from the observed routes to the wanted ones.
type Result struct {
	Steps    []plan.Step
	Warnings []string
}

// observed is a route that the kernel has.
type observed struct {
	route kernel.Route
	// left is what remains of it when routes have their turn, if it is alive then.
	left  kernel.Route
	alive bool
	maker maker
	// done routes are decided about.
	done bool
}

type planner struct {
	kernel  kernel.Routes
	ground  *ground
	current []*observed
	// slots hold the living routes of each slot in the kernel's order.
	slots map[slot][]*observed
	// all holds the routes of each slot, living or not.
	all map[slot][]*observed

	direct, gateways, removes []plan.Step
	warnings                  []string
	problems                  schema.Problems
}

// Plan finds the steps towards the declared routes. Routes that nobody declares are put back where the plans of links
// and addresses take them, and go along with addresses that move to another link. Declared routes that the kernel would
// refuse come back as schema.Problems, before anything is touched.
func Plan(k kernel.Routes, current *State, declared Declaration, links plan.LinkEffects,
	addresses plan.Addressing) (*Result, error) {
	p := newPlanner(k, current, links, addresses)
	all := declared.all()
	for _, one := range all {
		if !one.Absent() {
			p.ground.learn(fresh(one))
		}
	}
	for _, one := range all {
		if !one.Absent() {
			p.declare(one)
		}
	}
	for _, have := range p.current {
		if !have.done {
			p.decide(have, declared, all)
		}
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return p.ordered(), nil
}

// Restore finds the steps that make all routes as they were at the checkpoint. Routes that daemons have added since
// stay. The warnings are the routes that cannot come back.
func Restore(k kernel.Routes, current, checkpoint *State, links plan.LinkEffects, addresses plan.Addressing) *Result {
	// What was on a port before is on it again.
	links.Joins = nil
	p := newPlanner(k, current, links, addresses)
	var missing []kernel.Route
	for _, was := range checkpoint.Routes {
		if origin(was) == automatic {
			continue
		}
		p.ground.learn(was)
		if have := p.find(was, func(o *observed) bool { return o.alive && same(o.left, was) }); have != nil {
			have.done = true
		} else {
			missing = append(missing, was)
		}
	}
	for _, was := range missing {
		have := p.find(was, func(o *observed) bool { return o.maker != automatic && alike(o.route, was) })
		if have != nil {
			have.done = true
		}
		if possible, ok := p.possible(was); ok {
			p.reach(have, possible, "restore")
		} else if !p.gone(was) {
			p.warnings = append(p.warnings, fmt.Sprintf("%s is gone: nothing is left for it to stand on", describe(was)))
		}
	}
	for _, have := range p.current {
		if !have.done && have.alive && have.maker == static {
			p.remove(have)
		}
	}
	return p.ordered()
}

func newPlanner(k kernel.Routes, current *State, links plan.LinkEffects, addresses plan.Addressing) *planner {
	p := &planner{
		kernel: k, ground: &ground{LinkEffects: links, Addressing: addresses, direct: map[string][]netip.Prefix{}},
		slots: map[slot][]*observed{}, all: map[slot][]*observed{},
	}
	for _, route := range current.Routes {
		have := &observed{route: route, maker: origin(route)}
		have.left, have.alive = p.ground.left(route)
		p.current = append(p.current, have)
		p.all[slotOf(route)] = append(p.all[slotOf(route)], have)
		if have.alive {
			p.slots[slotOf(route)] = append(p.slots[slotOf(route)], have)
		}
		// A lost route comes back ahead of those that need it.
		if have.alive || have.maker != automatic {
			p.ground.learn(route)
		}
	}
	return p
}

// find is the first undecided route in the slot of another one that fits.
func (p *planner) find(route kernel.Route, fits func(*observed) bool) *observed {
	for _, have := range p.all[slotOf(route)] {
		if !have.done && fits(have) {
			return have
		}
	}
	return nil
}

// alike tells whether one route takes the place of the other rather than standing beside it: of IPv6, routes through
// gateways are one route, and those without are one for each link.
func alike(a, b kernel.Route) bool {
	if a.To.Addr().Is4() || hasGateway(a) || hasGateway(b) {
		return true
	}
	return soleLink(a) == soleLink(b)
}

// declare plans one declared route.
func (p *planner) declare(declared *Route) {
	want := p.locate(fresh(declared), nil)
	// What the kernel or a daemon has made just so is good enough.
	exact := p.find(want, func(o *observed) bool {
		want := p.locate(overlay(declared, o.route), &o.route)
		return o.alive && same(o.left, withMaker(want, o.left))
	})
	if exact != nil {
		exact.done = true
		return
	}
	have := p.find(want, func(o *observed) bool {
		return o.maker == static && alike(o.route, want) || o.maker == foreign && want.To.Addr().Is4()
	})
	if have != nil {
		have.done = true
		want = p.locate(overlay(declared, have.route), &have.route)
		want.Protocol = unix.RTPROT_STATIC
		if p.ground.Removed[want.Source] && declared.Source == nil {
			want.Source = netip.Addr{}
		}
	}
	p.check(declared, want)
	p.checkMerge(declared, want, have)
	p.reach(have, want, "add")
}

// withMaker leaves alone what a declaration says nothing of, if all else is as declared.
func withMaker(want, have kernel.Route) kernel.Route {
	want.NextHopID, want.Expires, want.Extra = have.NextHopID, have.Expires, have.Extra
	return want
}

// locate finds the links of ways out that are declared without: the one that such a way has now, if it still works, or
// else the one in whose network the gateway is.
func (p *planner) locate(want kernel.Route, have *kernel.Route) kernel.Route {
	for i := range want.NextHops {
		hop := &want.NextHops[i]
		if hop.Link != "" {
			continue
		}
		if have != nil {
			for _, old := range have.NextHops {
				if old.Via == hop.Via && p.ground.carries(old) {
					hop.Link = old.Link
				}
			}
		}
		if hop.Link == "" {
			hop.Link = p.ground.linkTo(hop.Via)
		}
	}
	return want
}

// decide plans what becomes of a route that is not declared.
func (p *planner) decide(have *observed, declared Declaration, all []*Route) {
	if have.maker == automatic {
		return
	}
	for _, one := range all {
		if one.Absent() && one.covers(have.route) {
			p.remove(have)
			return
		}
	}
	if moved, does := p.ground.rehome(have.route); does {
		if _, managed := declared.Links[soleLink(moved)]; managed {
			p.remove(have)
			return
		}
		if possible, ok := p.possible(moved); ok {
			p.reach(have, possible, "move")
			return
		}
	}
	if _, managed := declared.Links[soleLink(have.route)]; managed && have.maker == static && !p.shadowed(have) {
		p.remove(have)
		return
	}
	if have.alive && same(have.left, have.route) {
		for _, link := range linksOf(have.route) {
			if controller, joins := p.ground.Joins[link]; joins {
				p.warnings = append(p.warnings,
					fmt.Sprintf("%s is of no use while %s is a port of %s", describe(have.route), link, controller))
			}
		}
		return
	}
	possible, ok := p.possible(have.route)
	if ok {
		p.reach(have, possible, "restore")
		return
	}
	for _, link := range linksOf(have.route) {
		if cause := p.ground.NoIPv6[link]; cause != "" && have.route.To.Addr().Is6() {
			gone := plan.Effect(p.step("remove", have.route, nil, nil))
			gone.Disruption, gone.Cause = plan.ConnectionsLost, cause
			p.removes = append(p.removes, gone)
			return
		}
		if !p.ground.Deleted[link] {
			p.warnings = append(p.warnings, fmt.Sprintf("%s goes: nothing is left for it to stand on", describe(have.route)))
			return
		}
	}
}

// shadowed tells whether a declared IPv4 route comes before this one in its slot, so that it has no effect.
func (p *planner) shadowed(have *observed) bool {
	if !have.route.To.Addr().Is4() {
		return false
	}
	for _, other := range p.all[slotOf(have.route)] {
		if other == have {
			return false
		}
		if other.done {
			return true
		}
	}
	return false
}

// possible is what can be put back of a route: without ways out that work no more.
func (p *planner) possible(route kernel.Route) (kernel.Route, bool) {
	var hops []kernel.NextHop
	for _, hop := range route.NextHops {
		if p.ground.carries(hop) && (route.To.Addr().Is4() || p.ground.NoIPv6[hop.Link] == "") {
			hops = append(hops, hop)
		}
	}
	if len(hops) == 0 && len(route.NextHops) > 0 || p.ground.Removed[route.Source] {
		return route, false
	}
	if len(hops) < len(route.NextHops) {
		route.NextHopID = 0
	}
	if len(hops) == 1 {
		hops[0].Weight = 1
	}
	route.NextHops = hops
	return route, true
}

// gone tells a route whose links are not there any more, so that it went with them.
func (p *planner) gone(route kernel.Route) bool {
	links := linksOf(route)
	return len(links) > 0 && !slices.ContainsFunc(links, func(link string) bool { return !p.ground.missing(link) })
}

// check notes why the kernel would refuse a declared route.
func (p *planner) check(declared *Route, want kernel.Route) {
	problem := func(option, format string, args ...any) {
		p.problems.Add(strings.TrimPrefix(declared.Path+"."+option, "."), format, args...)
	}
	if want.Source.IsValid() && !p.ground.Own[want.Source] && !want.Source.IsLoopback() {
		problem("src", "%s is not an address of this host", want.Source)
	}
	for _, hop := range want.NextHops {
		option, device := "via", "via"
		switch {
		case declared.NextHops != nil:
			option, device = "nexthops", "nexthops"
		case declared.Dev != nil:
			device = "dev"
		}
		_, joins := p.ground.Joins[hop.Link]
		switch {
		case hop.Link == "":
			problem(option, "the gateway %s is not in a network of any link", hop.Via)
		case p.ground.missing(hop.Link):
			problem(device, "there is no link %s", hop.Link)
		case want.To.Addr().Is6() && p.ground.NoIPv6[hop.Link] != "":
			problem(device, "%s has no IPv6: %s", hop.Link, p.ground.NoIPv6[hop.Link])
		case joins:
			problem(device, "%s is a port of %s: declare the route there", hop.Link, p.ground.Joins[hop.Link])
		case p.ground.Down[hop.Link]:
			problem(device, "%s is down, and a link that is down takes no routes", hop.Link)
		case hop.Via.IsValid() && !hop.OnLink && !p.ground.reachable(hop.Via, hop.Link):
			problem(option, "the gateway %s is not in a network of %s: mend it, add an address, or set onlink", hop.Via,
				hop.Link)
		}
	}
}
