package container

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

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
	files    []lxc.Change
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
			continue
		}
		scope := &addressing{declared: map[string][]addr.Address{}, losses: map[string]plan.Loss{}, deleted: map[string]bool{}}
		for _, t := range p.targets {
			if t.container == c {
				p.planTarget(t, scope)
			}
		}
		p.planAddresses(c, scope)
		for _, t := range p.targets {
			if t.container == c && !t.want.Absent() {
				p.planRoutes(t, scope.losses[t.want.Name])
			}
		}
	}
	for t, link := range p.leftovers {
		p.deleteHostEnd(t, link.Name, "leftover "+link.Name+" on the host", plan.None)
	}
}

// addressing gathers for the address domain what happens to the links of one container.
type addressing struct {
	declared map[string][]addr.Address
	losses   map[string]plan.Loss
	deleted  map[string]bool
}

func (s *addressing) declare(name string, prefixes *[]netip.Prefix) {
	if prefixes == nil {
		return
	}
	list := make([]addr.Address, len(*prefixes))
	for i := range *prefixes {
		list[i] = addr.Address{Prefix: &(*prefixes)[i]}
	}
	s.declared[name] = list
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
	return t.want.kind() != Veth && (differs(t.want.Parent, t.live.Parent) || differs(t.want.Mode, t.live.Mode))
}

// keepAddressing lets a link that is made again have the addresses and routes that it has, where nobody declares others.
func (p *planner) keepAddressing(t *target) {
	for _, row := range []schema.Option[Interface]{addressesRow, gatewayRow, gateway6Row, routesRow} {
		if !row.IsSet(t.want) {
			row.Assign(t.final, &t.live.Interface)
		}
	}
}

// createLive makes the interface in one request, so that it is never half there.
func (p *planner) createLive(t *target) {
	c, final := t.container, t.final
	up := true
	var run func() error
	switch final.kind() {
	case Veth:
		request := p.vethRequest(t)
		run = func() error {
			if err := p.host.kernel.LoadKind(Veth); err != nil {
				return err
			}
			return p.host.kernel.CreateLink(request)
		}
	case Macvlan:
		request := kernel.LinkRequest{
			Name: final.Name, Kind: Macvlan, Parent: *final.Parent, Namespace: c.namespace(), MTU: final.MTU, Address: final.MAC, Up: &up,
		}
		if final.Mode != nil {
			request.Data = kernel.Attributes{{Type: unix.IFLA_MACVLAN_MODE, Data: []byte{macvlanModes[*final.Mode], 0, 0, 0}}}
		}
		run = func() error {
			if err := p.host.kernel.LoadKind(Macvlan); err != nil {
				return err
			}
			return p.host.kernel.CreateLink(request)
		}
	case Phys:
		parent := *final.Parent
		request := kernel.LinkRequest{Name: final.Name, Namespace: c.namespace(), MTU: final.MTU, Address: t.want.MAC, Up: &up}
		run = func() error { return p.host.kernel.ChangeLink(parent, request) }
	}
	p.add(plan.Step{
		Phase: plan.Create, Action: "create", Object: t.describe(), Changes: liveChanges(final, &Interface{}), Run: run,
	})
	if final.kind() == Veth {
		p.keepBridgeAddress(deref(final.Bridge), hostMAC(*final.MAC))
	}
	p.planVLANs(t, nil, nil)
	p.raiseLoopback(c)
}

// keepBridgeAddress pins the MAC address of a bridge that would take on another one as a container's interface comes or
// goes (br_stp_recalculate_bridge_id), whereupon the other containers would talk to an address that is nobody's.
func (p *planner) keepBridgeAddress(name, port string) {
	bridge := p.host.byName[name]
	const none = "00:00:00:00:00:00" // what a bridge has whose last port has left
	if bridge == nil || bridge.Kind != "bridge" || p.kept[name] || bridge.Address == none {
		return
	}
	hasPorts := slices.ContainsFunc(p.host.links, func(link kernel.Link) bool { return link.Controller == bridge.Index })
	if hasPorts && port > bridge.Address && !strings.HasPrefix(bridge.Address, "fe:") {
		return
	}
	p.kept[name] = true
	address := bridge.Address
	p.add(plan.Step{
		Phase: plan.Prepare, Action: "keep", Object: "address of bridge " + name,
		Changes: []schema.Change{{Option: "mac_address", Old: address, New: address}},
		Run:     func() error { return p.host.kernel.ChangeLink(name, kernel.LinkRequest{Address: &address}) },
	})
}

func (p *planner) vethRequest(t *target) kernel.LinkRequest {
	final, up := t.final, true
	mtu := final.MTU
	if bridge := p.host.byName[deref(final.Bridge)]; mtu == nil && bridge != nil {
		// What LXC does when it starts the container (instantiate_veth in lxc/network.c).
		mtu = &bridge.MTU
	}
	address := hostMAC(*final.MAC)
	return kernel.LinkRequest{
		Name: *final.HostName, Kind: Veth, Up: &up, MTU: mtu, Address: &address, Controller: final.Bridge,
		Peer: &kernel.Peer{Name: final.Name, Namespace: t.container.namespace(), Up: true, MTU: mtu, Address: final.MAC},
	}
}

// raiseLoopback does what LXC does when a container has an interface that is up.
func (p *planner) raiseLoopback(c *Container) {
	for _, live := range c.live {
		if live.loopback && !live.Up && !p.raised[c] {
			p.raised[c] = true
			p.setLoopback(c, live.Name, true)
		}
	}
}

func (p *planner) setLoopback(c *Container, name string, up bool) {
	action := "up"
	if !up {
		action = "down"
	}
	p.add(plan.Step{
		Phase: plan.Up, Action: action, Object: "interface " + name + " of container " + c.Name,
		Run: func() error { return c.kernel.ChangeLink(name, kernel.LinkRequest{Up: &up}) },
	})
}

// removeLive takes the interface out of the running container.
func (p *planner) removeLive(t *target, disruption plan.Disruption) {
	c, live := t.container, t.live
	name := live.Name
	switch live.kind() {
	case Veth:
		p.keepBridgeAddress(deref(live.Bridge), live.HostMAC)
		p.deleteHostEnd(t, deref(live.HostName), t.describe(), disruption)
	case Macvlan:
		p.add(plan.Step{
			Phase: plan.Delete, Action: "delete", Object: t.describe(), Disruption: disruption,
			Run: func() error { return c.kernel.DeleteLink(name) },
		})
	case Phys:
		down := false
		request := kernel.LinkRequest{Name: *live.Parent, Namespace: hostNamespace, Up: &down}
		p.add(plan.Step{
			Phase: plan.Release, Action: "return", Object: t.describe(), Disruption: disruption,
			Changes: []schema.Change{{Option: "parent", Old: *live.Parent}},
			Run:     func() error { return c.kernel.ChangeLink(name, request) },
		})
	}
}

func (p *planner) deleteHostEnd(_ *target, name, object string, disruption plan.Disruption) {
	p.add(plan.Step{
		Phase: plan.Delete, Action: "delete", Object: object, Disruption: disruption,
		Run: func() error { return p.host.kernel.DeleteLink(name) },
	})
}

// liveChanges are the options that the kernel holds and that differ.
func liveChanges(want, have *Interface) []schema.Change {
	var changes []schema.Change
	for _, change := range optionRows.Diff(want, have) {
		if slices.ContainsFunc(recordOnly, func(row schema.Option[Interface]) bool { return row.Name == change.Option }) || empty(change.New) && change.Old == nil {
			continue
		}
		changes = append(changes, change)
	}
	return changes
}

// recordOnly are not properties of the links themselves.
var recordOnly = schema.Table[Interface]{dhcpRow, dhcpRoutesRow, dhcpDNSRow, downRateRow, upRateRow}

func empty(value any) bool {
	list, isList := value.([]any)
	return value == nil || value == "none" || isList && len(list) == 0
}

// changeLive alters an interface that stays, and says what the link loses by it.
func (p *planner) changeLive(t *target) plan.Loss {
	loss := plan.Kept
	if t.want.Name != t.live.Name {
		loss = p.rename(t.container.kernel, t, t.live.Name, t.want.Name, "name", t.live.Up)
	}
	for _, change := range liveChanges(t.want, &t.live.Interface) {
		switch change.Option {
		case "bridge":
			p.moveToBridge(t, change)
		case "host_name":
			p.rename(p.host.kernel, t, *t.live.HostName, *t.want.HostName, "host_name", t.live.HostUp)
		case "mac_address":
			p.change(t, plan.Change, change, func() error {
				return t.container.kernel.ChangeLink(t.want.Name, kernel.LinkRequest{Address: t.want.MAC})
			})
		case "mtu":
			p.changeMTU(t, change)
		}
	}
	bridge := t.want.Bridge
	if bridge != nil && *bridge != deref(t.live.Bridge) {
		p.planVLANs(t, nil, nil)
	} else {
		p.planVLANs(t, t.live.VLAN, t.live.Trunk)
	}
	p.raise(t)
	return loss
}

func (p *planner) change(t *target, phase plan.Phase, change schema.Change, run func() error) {
	p.add(plan.Step{Phase: phase, Action: "change", Object: t.describe(), Changes: []schema.Change{change}, Run: run})
}

// rename gives a link another name. Before Linux 6.2 a link must be down for it, and loses its routes and IPv6 addresses.
func (p *planner) rename(k Kernel, t *target, from, to, option string, up bool) plan.Loss {
	step := plan.Step{
		Phase: plan.Widen, Depth: -1, Action: "rename", Object: t.describe(), Changes: []schema.Change{{Option: option, Old: from, New: to}},
		Run: func() error { return k.ChangeLink(from, kernel.LinkRequest{Name: to}) },
	}
	if !up || p.liveRename {
		p.add(step)
		return plan.Kept
	}
	down, again := false, true
	step.Disruption = plan.LinkDown
	step.Run = func() error {
		if err := k.ChangeLink(from, kernel.LinkRequest{Up: &down}); err != nil {
			return err
		}
		if err := k.ChangeLink(from, kernel.LinkRequest{Name: to}); err != nil {
			return err
		}
		return k.ChangeLink(to, kernel.LinkRequest{Up: &again})
	}
	p.add(step)
	return plan.Bounced
}

// hostEnd is the name of the host's end once renames are done.
func (t *target) hostEnd() string {
	if t.want.HostName != nil {
		return *t.want.HostName
	}
	return deref(t.live.HostName)
}

func (p *planner) moveToBridge(t *target, change schema.Change) {
	bridge := *t.want.Bridge
	if empty(change.Old) || change.Old == "" {
		change.Old = nil
	}
	p.keepBridgeAddress(deref(t.live.Bridge), t.live.HostMAC)
	p.keepBridgeAddress(bridge, t.live.HostMAC)
	p.add(plan.Step{
		Phase: plan.Attach, Action: "attach", Object: t.describe(), Changes: []schema.Change{change}, Disruption: plan.PortFlap,
		Run: func() error { return p.host.kernel.ChangeLink(t.hostEnd(), kernel.LinkRequest{Controller: &bridge}) },
	})
}

// changeMTU sets both ends of a veth; a smaller bridge must not see larger frames for longer than needed.
func (p *planner) changeMTU(t *target, change schema.Change) {
	request := kernel.LinkRequest{MTU: t.want.MTU}
	phase := plan.Widen
	if *t.want.MTU < *t.live.MTU {
		phase = plan.Adjust
	}
	p.change(t, phase, change, func() error {
		if t.want.kind() == Veth {
			if err := p.host.kernel.ChangeLink(t.hostEnd(), request); err != nil {
				return err
			}
		}
		return t.container.kernel.ChangeLink(t.want.Name, request)
	})
}

func (p *planner) raise(t *target) {
	if t.live.Up && (t.live.kind() != Veth || t.live.HostUp) {
		return
	}
	up := true
	p.add(plan.Step{
		Phase: plan.Up, Action: "up", Object: t.describe(),
		Run: func() error {
			if t.want.kind() == Veth {
				if err := p.host.kernel.ChangeLink(t.hostEnd(), kernel.LinkRequest{Up: &up}); err != nil {
					return err
				}
			}
			return t.container.kernel.ChangeLink(t.want.Name, kernel.LinkRequest{Up: &up})
		},
	})
}

// planAddresses leaves the addresses to their own domain.
func (p *planner) planAddresses(c *Container, scope *addressing) {
	current := c.addresses
	for _, t := range p.targets {
		// A renamed link's addresses move with it.
		if t.container == c && t.live != nil && t.live.Type != nil && !t.want.Absent() && t.live.Name != t.want.Name {
			current = renamed(current, t.live.Name, t.want.Name)
		}
	}
	ground := plan.Ground{Losses: scope.losses, Deleted: scope.deleted}
	for _, step := range addr.Plan(c.kernel, current, scope.declared, ground).Steps {
		step.Object += " of container " + c.Name
		p.add(step)
	}
}

func renamed(state *addr.State, from, to string) *addr.State {
	out := &addr.State{Time: state.Time, Addresses: slices.Clone(state.Addresses)}
	for i := range out.Addresses {
		if out.Addresses[i].Link == from {
			out.Addresses[i].Link = to
			out.Addresses[i].Label = strings.Replace(out.Addresses[i].Label, from, to, 1)
		}
	}
	return out
}

// renamesLive tells whether the kernel is Linux 6.2 or newer.
func renamesLive() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var major, minor int
	_, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return err == nil && (major > 6 || major == 6 && minor >= 2)
}
