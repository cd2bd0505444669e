package container

import (
	"errors"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
)

// ErrNotUndone is in the error of a change that could not be put back as a whole.
var ErrNotUndone = errors.New("putting everything back failed as well")

// undo makes containers, host and files as they were. It is the same pipeline with the state from before as what is
// wanted, so it works from whatever point a run has come to.
func (p *planner) undo(before *checkpoint) error {
	var failed []error
	for _, file := range p.files {
		failed = append(failed, replaceFile(file.Path, file.Before))
	}
	told := map[*Container]bool{}
	for _, file := range p.inside {
		told[file.container] = told[file.container] || file.isThere()
		failed = append(failed, file.remove())
	}
	for _, c := range p.containers {
		if told[c] {
			failed = append(failed, c.restartNetworkd())
		}
	}
	if err := p.observe(); err != nil {
		return errors.Join(append(failed, err)...)
	}
	failed = append(failed, plan.Run(p.back(before), nil))
	for _, c := range p.containers {
		if c.running() {
			failed = append(failed, c.restoreRoutes(before.routes[c]))
		}
	}
	return errors.Join(failed...)
}

// back are the steps in the kernel to how containers were.
func (p *planner) back(before *checkpoint) []plan.Step {
	back := newPlanner(p.machine, p.host, p.folder, p.containers)
	for _, c := range p.containers {
		if c.running() {
			back.aimBack(c, before.live[c])
		}
	}
	back.planBack(before)
	plan.Order(back.steps)
	return back.steps
}

// aimBack wants every interface as it was, and none that was not there.
func (p *planner) aimBack(c *Container, before []*LiveInterface) {
	names := map[string]bool{}
	for _, was := range before {
		names[was.Name] = true
		now := c.findLive(was.Name)
		if was.loopback && !was.Up && now.Up {
			p.setLoopback(c, was.Name, false)
		}
		if was.Type == nil || now != nil && now.Type != nil && len(liveChanges(&was.Interface, &now.Interface)) == 0 &&
			now.Up == was.Up {
			continue
		}
		want := was.Interface
		p.targets = append(p.targets, &target{container: c, want: &want, final: &want, live: p.sameLink(c, was)})
	}
	for _, now := range c.live {
		renamed := slices.ContainsFunc(before, func(was *LiveInterface) bool { return was.Index == now.Index })
		if now.Type != nil && !names[now.Name] && !renamed {
			absent := &Interface{Name: now.Name, State: "absent"}
			p.targets = append(p.targets, &target{container: c, want: absent, final: absent, live: now})
		}
	}
}

// sameLink is the link as it is now, under whatever name.
func (p *planner) sameLink(c *Container, was *LiveInterface) *LiveInterface {
	for _, now := range c.live {
		if now.Index == was.Index && now.Kind == was.Kind {
			return now
		}
	}
	return c.findLive(was.Name)
}

// planBack finds the steps in the kernel; addresses go back to all that was there, also a DHCP client's.
func (p *planner) planBack(before *checkpoint) {
	for _, c := range p.containers {
		if !c.running() {
			continue
		}
		scope := &addressing{declared: map[string][]addr.Address{}, losses: map[string]plan.Impact{},
			deleted: map[string]bool{}}
		for _, t := range p.targets {
			if t.container == c {
				p.planTarget(t, scope)
				p.planDHCP(t, scope.losses[t.want.Name])
			}
		}
		ground := plan.LinkEffects{Impacts: scope.losses, Deleted: scope.deleted}
		p.steps = append(p.steps, addr.Restore(c.kernel, c.addresses, before.addresses[c], ground).Steps...)
	}
}

// restoreRoutes puts back the static routes of every link, as a default route may have taken another's place.
func (c *Container) restoreRoutes(before []kernel.Route) error {
	now, err := c.kernel.Routes()
	if err != nil {
		return err
	}
	var failed []error
	for _, route := range missing(now, before) {
		failed = append(failed, c.kernel.DeleteRoute(route))
	}
	lost := missing(before, now)
	// Those on the link lead to the routers of the others.
	slices.SortStableFunc(lost, func(a, b kernel.Route) int {
		return compareBool(a.NextHops[0].Via.IsValid(), b.NextHops[0].Via.IsValid())
	})
	for _, route := range lost {
		failed = append(failed, c.addBack(route))
	}
	return errors.Join(failed...)
}

// addBack adds a route as it was. The kernel keeps one whose router no address leads to any more, and takes none anew
// (fib_check_nh): that router is made reachable for the moment.
func (c *Container) addBack(route kernel.Route) error {
	err := c.kernel.AddRoute(route)
	hop := route.NextHops[0]
	if !errors.Is(err, unix.ENETUNREACH) && !errors.Is(err, unix.EHOSTUNREACH) || !hop.Via.IsValid() {
		return err
	}
	router := kernel.Route{
		To: netip.PrefixFrom(hop.Via, hop.Via.BitLen()), Table: route.Table, Protocol: route.Protocol,
		Type: unix.RTN_UNICAST, Scope: unix.RT_SCOPE_LINK, NextHops: []kernel.NextHop{{Link: hop.Link}},
	}
	if c.kernel.AddRoute(router) != nil {
		return err
	}
	return errors.Join(c.kernel.AddRoute(route), c.kernel.DeleteRoute(router))
}

// missing are the static routes of one list that the other lacks.
func missing(list, from []kernel.Route) []kernel.Route {
	var out []kernel.Route
	for _, route := range list {
		same := func(other kernel.Route) bool {
			return isStatic(&other) && other.NextHops[0].Link == route.NextHops[0].Link &&
				compareRoutes(decodeRoute(&other), decodeRoute(&route)) == 0
		}
		if isStatic(&route) && !slices.ContainsFunc(from, same) {
			out = append(out, route)
		}
	}
	return out
}

// reread is the container with its files as they are now.
func (m *Machine) reread(c *Container, reader lxc.Reader) (*Container, error) {
	fresh := *c
	var err error
	if fresh.config, err = lxc.ReadConfig(c.ConfigFile, reader); err != nil {
		return nil, err
	}
	if fresh.record, err = readRecord(fresh.config, c.ConfigFile); err != nil {
		return nil, err
	}
	fresh.configured = configured(fresh.config, fresh.record)
	return &fresh, nil
}
