package container

import (
	"fmt"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// liveChanges are the options that the kernel holds and that differ.
func liveChanges(want, have *Interface) []schema.Change {
	var changes []schema.Change
	for _, change := range optionRows().Diff(want, have) {
		ofClient := isClientOption(change.Option) && change.Option != dhcpRow().Name && change.Option != dhcp6Row().Name
		if change.Option == onLinkRow().Name || ofClient && !getsDHCP(want, have) || empty(change.New) && change.Old == nil {
			continue
		}
		changes = append(changes, change)
	}
	return changes
}

// newInterface is one that is not there yet: what it lacks that way needs no mention.
var newInterface = Interface{
	DHCP: point(false), DHCP6: point(false), DHCPRoutes: point(true), DHCPDNS: point(true), DHCPMTU: point(true),
	DHCPHostName: point(false),
	DHCPMetric:   point(uint32(0)), DHCPClientID: point("none"), DownRate: point(uint32(0)), UpRate: point(uint32(0)),
	LinkUp: point(true),
}

func empty(value any) bool {
	list, isList := value.([]any)
	return value == nil || value == "none" || isList && len(list) == 0
}

// changeLive alters an interface that stays, and says what the link loses by it.
func (p *planner) changeLive(t *target) plan.Impact {
	loss := plan.Preserved
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
		case "up":
			if t.want.isDown() {
				loss = plan.Flapped
				p.lower(t, change)
			}
		case "down_rate":
			p.limit(t, change, p.host.kernel.SetDownRate, *t.want.DownRate)
		case "up_rate":
			p.limit(t, change, p.host.kernel.SetUpRate, *t.want.UpRate)
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

// rename gives a link another name. Before Linux 6.2 a link must be down for it, and loses its routes and IPv6
// addresses.
func (p *planner) rename(k Kernel, t *target, from, to, option string, up bool) plan.Impact {
	step := plan.Step{
		Phase: plan.Widen, Depth: -1, Action: "rename", Object: t.describe(),
		Changes: []schema.Change{{Option: option, Old: from, New: to}},
		Run:     func() error { return k.ChangeLink(from, kernel.LinkRequest{Name: to}) },
	}
	if !up || p.liveRename {
		p.add(step)
		return plan.Preserved
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
	return plan.Flapped
}

// limit holds the traffic of a veth back at the host's end, where the container has no say.
func (p *planner) limit(t *target, change schema.Change, set func(link string, kilobits uint32) error,
	kilobits uint32) {
	p.change(t, plan.Adjust, change, func() error { return set(t.hostEnd(), kilobits) })
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
		Phase: plan.Attach, Action: "attach", Object: t.describe(), Changes: []schema.Change{change},
		Disruption: plan.PortFlap,
		Run: func() error {
			err := p.host.kernel.ChangeLink(t.hostEnd(), kernel.LinkRequest{Controller: &bridge})
			if err != nil || change.Old == nil {
				return err // one that comes back into its bridge finds the routers that it knows
			}
			return t.leaveRouters()
		},
	})
}

// leaveRouters has the interface know the routers of its new wire instead of those of the last.
func (t *target) leaveRouters() error {
	k := t.container.kernel
	link, err := linkOf(k, t.want.Name)
	if err != nil || link == nil || link.Flags&unix.IFF_UP == 0 {
		return err
	}
	return inNamespace(t.container.namespace(), func() error { return dhcp.LeaveRouters(k, *link) })
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

// lower takes the interface down, which takes its routes and IPv6 addresses away.
func (p *planner) lower(t *target, change schema.Change) {
	down := false
	p.add(plan.Step{
		Phase: plan.Down, Action: "down", Object: t.describe(), Changes: []schema.Change{change}, Disruption: plan.LinkDown,
		Run: func() error { return t.container.kernel.ChangeLink(t.want.Name, kernel.LinkRequest{Up: &down}) },
	})
}

func (p *planner) raise(t *target) {
	if t.final.isDown() || t.live.Up && (t.live.kind() != Veth || t.live.HostUp) {
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
