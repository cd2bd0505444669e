package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/undeclared"
)

// Restore makes the named links, and all that belongs to them, as they were, and returns what could not be brought
// back. It is the same pipeline with the state from before as the declaration, so it works from whatever point a run
// has come to. It goes on past what fails, as what comes after may still be put back. Then the host is read again: only
// what that shows counts.
func (h *Host) Restore(before *Observed, links map[string]bool) (Differences, error) {
	undo := &restoration{host: h, before: before, names: before.withVLANs(links), failed: map[string]error{}}
	// What the kernel changes of its own accord on the way, such as the MTU of what stands on a link, shows afterwards.
	const rounds = 3
	for range rounds {
		steps, lost, err := undo.plan()
		if err != nil {
			return nil, err
		}
		if len(steps) == 0 {
			return lost, nil
		}
		undo.run(steps)
		undo.late = true
	}
	steps, lost, err := undo.plan()
	return append(lost, undo.remaining(steps)...), err
}

// Back finds the steps that make the named links, and all that belongs to them, as they were. It changes nothing.
func (h *Host) Back(before *Observed, links map[string]bool) ([]plan.Step, error) {
	undo := &restoration{host: h, before: before, names: before.withVLANs(links), failed: map[string]error{}}
	steps, _, err := undo.plan()
	return steps, err
}

// restoration is one undo.
type restoration struct {
	host   *Host
	before *Observed
	// names are the links that the change may have altered.
	names map[string]bool
	// late tells that the kernel has had the opportunity to put back by itself what follows from other links.
	late bool
	// undeclared are what differs that no option declares.
	undeclared []undeclared.Change
	// failed holds why a step about an object failed.
	failed map[string]error
}

// plan finds what it still takes, and what nothing can bring back.
func (r *restoration) plan() ([]plan.Step, Differences, error) {
	now, err := r.host.observeLike(r.before)
	if err != nil {
		return nil, nil, err
	}
	k := r.host.Kernel
	links, lost, err := r.planLinks(now)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot plan the way back: %w", err)
	}
	addresses := addr.Restore(k, now.Addresses, r.before.addressesWithout(lost), links.Effects)
	routes := route.Restore(k, now.Routes, r.before.Routes, links.Effects, addresses.Addressing)
	for _, warning := range slices.Concat(addresses.Warnings, routes.Warnings) {
		lost = append(lost, Difference{Object: warning})
	}
	steps := slices.Concat(links.Steps, addresses.Steps, routes.Steps, rule.Restore(k, now.Rules, r.before.Rules))
	more, err := r.planUndeclared(now, len(steps) > 0)
	if err != nil {
		return nil, nil, err
	}
	steps = append(steps, more...)
	plan.Order(steps)
	return steps, lost, nil
}

// addressesWithout leaves out the addresses of links that cannot come back: that these are gone says it all.
func (o *Observed) addressesWithout(lost Differences) *addr.State {
	gone := map[string]bool{}
	for _, one := range lost {
		gone[one.link] = true
	}
	out := *o.Addresses
	out.Addresses = slices.DeleteFunc(slices.Clone(o.Addresses.Addresses),
		func(one kernel.Address) bool { return gone[one.Link] })
	return &out
}

// planLinks plans the links as they were. What cannot be planned, as something that it needs is gone, is left out by
// name.
func (r *restoration) planLinks(now *Observed) (*link.Result, Differences, error) {
	wanted, lost := r.declare(now)
	for {
		found, err := link.Plan(r.host.Kernel, now.Links, wanted)
		var problems schema.Problems
		if !errors.As(err, &problems) {
			return found, lost, err
		}
		left := slices.DeleteFunc(slices.Clone(wanted), func(one *link.Link) bool {
			at := slices.IndexFunc(problems, func(problem schema.Problem) bool {
				return problem.Path == one.Path || strings.HasPrefix(problem.Path, one.Path+".")
			})
			if at >= 0 {
				lost = append(lost, Difference{link: one.Name, Object: one.Describe(), Reason: problems[at].Message})
			}
			return at >= 0
		})
		if len(left) == len(wanted) {
			return nil, nil, err
		}
		wanted = left
	}
}

// run goes on to the end, whatever fails.
func (r *restoration) run(steps []plan.Step) {
	for _, step := range steps {
		if err := step.Run(); err != nil && !isGone(err) {
			r.failed[step.Object] = err
		}
	}
}

// isGone tells that a step found nothing any more to change or to remove.
func isGone(err error) bool {
	for _, errno := range []error{unix.ENODEV, unix.ENOENT, unix.ESRCH, unix.ENXIO, unix.EADDRNOTAVAIL} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// remaining are the differences that further steps would remove.
func (r *restoration) remaining(steps []plan.Step) Differences {
	var left Differences
	for _, change := range r.undeclared {
		one := Difference{Object: r.before.describe(change.Link), Option: change.Option, Was: change.New, Is: change.Old}
		for _, object := range []string{settingsObject, tablesObject} {
			if err := r.failed[object]; err != nil {
				one.Reason = err.Error()
			}
		}
		left = append(left, one)
	}
	for _, step := range steps {
		one := Difference{Object: step.Object}
		if one.Object == settingsObject || one.Object == tablesObject {
			continue
		}
		if err := r.failed[step.Object]; err != nil {
			one.Reason = err.Error()
		}
		if len(step.Changes) == 0 {
			one.Option = "state"
			one.Was, one.Is = "present", "absent"
			if step.Action == "remove" || step.Action == "delete" {
				one.Was, one.Is = "absent", "present"
			}
			left = append(left, one)
		}
		for _, change := range step.Changes {
			one.Option, one.Was, one.Is = change.Option, change.New, change.Old
			left = append(left, one)
		}
	}
	return left
}

// describe is the kind and name of a link.
func (o *Observed) describe(name string) string {
	if one := o.Links.Find(name); one != nil {
		return one.Describe()
	}
	return "interface " + name
}

// withVLANs adds the VLANs on the links: the kernel takes them down, and lowers their MTU, along with their parent.
func (o *Observed) withVLANs(names map[string]bool) map[string]bool {
	return o.spread(names, func(one *link.Link, all map[string]bool) bool {
		return one.Kind == link.VLAN && one.Parent != nil && all[*one.Parent]
	})
}

// beside are the other links that the kernel changes along with the named ones: those that stand on them, those that
// they stand on, and controllers with their ports.
func (o *Observed) beside(names map[string]bool) map[string]bool {
	all := o.spread(names, func(one *link.Link, all map[string]bool) bool {
		return one.Parent != nil && all[*one.Parent] || all[one.Observed.Controller] ||
			one.Ports != nil && slices.ContainsFunc(*one.Ports, func(port link.Port) bool { return all[port.Name] })
	})
	for _, one := range o.Links.Links {
		if all[one.Name] && one.Parent != nil {
			all[*one.Parent] = true
		}
	}
	for name := range names {
		delete(all, name)
	}
	return all
}

// spread adds links until there are no more that belong to those that there are.
func (o *Observed) spread(names map[string]bool,
	belongs func(one *link.Link, all map[string]bool) bool) map[string]bool {
	all := map[string]bool{}
	for name, is := range names {
		if is {
			all[name] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, one := range o.Links.Links {
			if !all[one.Name] && belongs(one, all) {
				all[one.Name], grown = true, true
			}
		}
	}
	return all
}

// declare turns the observed state of some links into a declaration: links that were not there are to be absent.
func (r *restoration) declare(now *Observed) ([]*link.Link, Differences) {
	var wanted []*link.Link
	var lost Differences
	for _, have := range now.Links.Links {
		if r.names[have.Name] && r.before.Links.Find(have.Name) == nil {
			wanted = append(wanted, &link.Link{Name: have.Name, Path: have.Name, Kind: have.Kind, State: "absent"})
		}
	}
	beside := r.before.beside(r.names)
	for _, was := range r.before.Links.Links {
		have := now.Links.Find(was.Name)
		switch {
		case have == nil && r.wentAlong(was):
		case r.names[was.Name] && !r.comesBack(was.Name, now):
			lost = append(lost, Difference{link: was.Name, Object: was.Describe(), Option: "state", Was: "present", Is: "absent",
				Reason: "it is gone from this host"})
		case r.names[was.Name]:
			wanted = append(wanted, r.asItWas(was, now))
		case beside[was.Name] && have != nil && have.Observed.Index == was.Observed.Index:
			wanted = append(wanted, r.asBeside(was))
		}
	}
	return wanted, lost
}

// asItWas declares all of a link.
func (r *restoration) asItWas(was *link.Link, now *Observed) *link.Link {
	one := *was
	one.Path = one.Name
	one.WithoutTheRest()
	controller := was.Observed.Controller
	one.Controller = &controller
	if controller != "" && !r.comesBack(controller, now) {
		one.Controller = nil
	}
	if one.Ports != nil {
		ports := slices.DeleteFunc(slices.Clone(*one.Ports), func(port link.Port) bool {
			return !r.comesBack(port.Name, now)
		})
		one.Ports = &ports
	}
	if now.Links.Find(one.Name) != nil && !r.late {
		r.before.leaveToPorts(&one)
	}
	return &one
}

// comesBack tells a link that is there, or can be made again.
func (r *restoration) comesBack(name string, now *Observed) bool {
	was := r.before.Links.Find(name)
	return now.Links.Find(name) != nil || r.names[name] && was != nil && was.Kind != link.Hardware &&
		link.KnownKind(was.Kind) && !intoContainer(was)
}

// wentAlong tells of a pair that led into a container and is not there any more: where the change did not delete it, it
// went with the container when that stopped, and comes with it again.
func (r *restoration) wentAlong(was *link.Link) bool {
	return intoContainer(was) && !r.before.Deleted[was.Name]
}

// intoContainer tells of a pair whose other end is where this host's names do not lead: it cannot be made again here.
func intoContainer(was *link.Link) bool { return was.Kind == link.Veth && was.Peer == nil }

// asBeside declares what the kernel changes of links beside those of the plan. Without it, the planner would bring up
// ports and parents that somebody has put down. An MTU follows from that of the others, so those come first. A bond that
// was without ports for a while has another MAC address (__bond_release_one).
func (r *restoration) asBeside(was *link.Link) *link.Link {
	one := &link.Link{Name: was.Name, Path: was.Name, Kind: link.Hardware, Up: was.Up}
	if r.late {
		one.MTU = was.MTU
		if was.Kind == link.Bond {
			one.MAC = was.MAC
		}
	}
	return one
}

// leaveToPorts leaves out what a bridge has from its ports: once it has been set, it follows them no more
// (BROPT_MTU_SET_BY_USER, br_stp_recalculate_bridge_id).
func (o *Observed) leaveToPorts(bridge *link.Link) {
	if bridge.Kind != link.Bridge || bridge.Ports == nil || len(*bridge.Ports) == 0 {
		return
	}
	for _, port := range *bridge.Ports {
		was := o.Links.Find(port.Name)
		if was == nil {
			continue
		}
		if was.MTU != nil && bridge.MTU != nil && *was.MTU == *bridge.MTU {
			bridge.MTU = nil
		}
		if was.MAC != nil && bridge.MAC != nil && *was.MAC == *bridge.MAC {
			bridge.MAC = nil
		}
	}
}
