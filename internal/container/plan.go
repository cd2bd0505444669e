package container

import (
	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// planner finds the steps from what is to what is wanted.
type planner struct {
	machine    *Machine
	folder     string
	host       *host
	containers []*Container
	targets    []*target
	names      *names
	// leftovers are links that have the name of a target's host end and belong to nobody any more.
	leftovers map[*target]*kernel.Link
	// liveRename says that the kernel renames links that are up, as Linux 6.2 and newer do.
	liveRename bool
	// raised are the containers whose loopback comes up.
	raised map[*Container]bool
	// kept are the bridges whose MAC address is pinned.
	kept map[string]bool

	steps []plan.Step
	// files are what the steps replace.
	files []lxc.Change
	// inside are files that they write into running containers.
	inside   []insideFile
	problems schema.Problems
}

func newPlanner(m *Machine, h *host, folder string, containers []*Container) *planner {
	return &planner{
		machine: m, host: h, folder: folder, containers: containers, leftovers: map[*target]*kernel.Link{},
		liveRename: renamesLive(), raised: map[*Container]bool{}, kept: map[string]bool{},
	}
}

func (p *planner) add(step plan.Step) { p.steps = append(p.steps, step) }

// planLive finds the steps in the kernel.
func (p *planner) planLive() {
	for _, c := range p.containers {
		if !c.running() {
			p.planReturned(c)
			continue
		}
		scope := &addressing{declared: map[string][]addr.Address{}, losses: map[string]plan.Impact{},
			deleted: map[string]bool{}}
		for _, t := range p.targets {
			if t.container == c {
				p.planTarget(t, scope)
			}
		}
		p.planAddresses(c, scope)
		for _, t := range p.targets {
			if t.container == c {
				p.planDHCP(t, scope.losses[t.want.Name])
			}
			if t.container == c && !t.want.Absent() {
				p.planRoutesOf(t, scope.losses[t.want.Name])
			}
		}
		p.planPositions(c)
	}
	for t, link := range p.leftovers {
		p.deleteHostEnd(t, link.Name, "leftover "+link.Name+" on the host", plan.None)
	}
}

func (p *planner) planTarget(t *target, scope *addressing) {
	switch {
	case t.want.Absent():
		if t.live != nil && t.live.Type != nil {
			p.removeLive(t, plan.LinkDown)
			scope.deleted[t.live.Name] = true
		}
	case t.live == nil || t.live.Type == nil:
		p.createLive(t)
		scope.declare(t.want.Name, t.final.Addresses)
	case t.mustRemake():
		p.removeLive(t, plan.Recreate)
		p.keepAddressing(t)
		p.createLive(t)
		scope.losses[t.want.Name] = plan.Recreated
		scope.declare(t.want.Name, t.final.Addresses)
	default:
		scope.losses[t.want.Name] = p.changeLive(t)
		scope.declare(t.want.Name, t.want.Addresses)
	}
}

// mustRemake tells the changes that the kernel cannot make to a link that is there.
func (t *target) mustRemake() bool {
	if t.live.kind() != t.want.kind() {
		return true
	}
	differs := func(want, have *string) bool { return want != nil && deref(want) != deref(have) }
	otherID := t.want.VLANID != nil && deref(t.want.VLANID) != deref(t.live.VLANID)
	return t.want.kind() != Veth &&
		(otherID || differs(t.want.Parent, t.live.Parent) || differs(t.want.Mode, t.live.Mode) ||
			differs(t.want.IPVLANMode, t.live.IPVLANMode) || differs(t.want.IPVLANIsolation, t.live.IPVLANIsolation))
}

// keepAddressing lets a link that is made again have the addresses and routes that it has, where nobody declares
// others.
func (p *planner) keepAddressing(t *target) {
	for _, row := range []schema.Option[Interface]{addressesRow(), gatewayRow(), gateway6Row(), routesRow()} {
		if !row.IsSet(t.want) {
			row.Assign(t.final, &t.live.Interface)
		}
	}
}
