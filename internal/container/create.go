package container

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// createLive makes the interface in one request, so that it is never half there.
func (p *planner) createLive(t *target) {
	c, final := t.container, t.final
	up := !final.isDown()
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
			Name: final.Name, Kind: Macvlan, Parent: *final.Parent, Namespace: c.namespace(), MTU: final.MTU, Address: final.MAC,
			Up: &up,
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
	case IPVLAN, VLAN:
		request := t.standingRequest()
		run = func() error {
			if err := p.host.kernel.LoadKind(request.Kind); err != nil {
				return err
			}
			return p.host.kernel.CreateLink(request)
		}
	case Phys:
		parent := *final.Parent
		request := kernel.LinkRequest{Name: final.Name, Namespace: c.namespace(), MTU: final.MTU, Address: t.want.MAC,
			Up: &up}
		run = func() error {
			if err := noteLent(p.host.kernel, parent); err != nil {
				return err
			}
			return p.host.kernel.ChangeLink(parent, request)
		}
	}
	p.add(plan.Step{
		Phase: plan.Create, Action: "create", Object: t.describe(), Changes: liveChanges(final, &newInterface), Run: run,
	})
	if final.kind() == Veth {
		p.keepBridgeAddress(deref(final.Bridge), hostMAC(*final.MAC))
	}
	p.planVLANs(t, nil, nil)
	p.limitNew(t)
	p.raiseLoopback(c)
}

// standingRequest makes an ipvlan or a VLAN on a link of the host's, as LXC does (instantiate_ipvlan and
// instantiate_vlan in lxc/network.c).
func (t *target) standingRequest() kernel.LinkRequest {
	final, up := t.final, !t.final.isDown()
	request := kernel.LinkRequest{
		Name: final.Name, Kind: final.kind(), Parent: *final.Parent, Namespace: t.container.namespace(), MTU: final.MTU,
		Address: t.want.MAC, Up: &up,
	}
	add := func(attribute, value uint16) {
		request.Data = append(request.Data,
			kernel.Attribute{Type: attribute, Data: binary.NativeEndian.AppendUint16(nil, value)})
	}
	if final.kind() == VLAN {
		add(unix.IFLA_VLAN_ID, deref(final.VLANID))
		return request
	}
	add(unix.IFLA_IPVLAN_MODE, ipvlanModes[cmp.Or(deref(final.IPVLANMode), "l3")])
	add(unix.IFLA_IPVLAN_FLAGS, ipvlanIsolations[cmp.Or(deref(final.IPVLANIsolation), "bridge")])
	return request
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
		Peer: &kernel.Peer{Name: final.Name, Namespace: t.container.namespace(), Up: !final.isDown(), MTU: mtu,
			Address: final.MAC},
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
	case Macvlan, IPVLAN, VLAN:
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
			Run: func() error {
				if err := c.kernel.ChangeLink(name, request); err != nil {
					return err
				}
				return giveBack(p.host.kernel, request.Name, time.Now())
			},
		})
	}
}

func (p *planner) deleteHostEnd(_ *target, name, object string, disruption plan.Disruption) {
	p.add(plan.Step{
		Phase: plan.Delete, Action: "delete", Object: object, Disruption: disruption,
		Run: func() error {
			err := p.host.kernel.DeleteLink(name)
			if errors.Is(err, unix.ENODEV) {
				return nil // it went with the network that its other end was in, which the kernel cleans up in its own time
			}
			return err
		},
	})
}

// limitNew limits what a new veth takes.
func (p *planner) limitNew(t *target) {
	if t.final.kind() != Veth {
		return
	}
	for _, change := range (schema.Table[Interface]{downRateRow(), upRateRow()}).Diff(t.final, &newInterface) {
		name, set, kilobits := *t.final.HostName, p.host.kernel.SetDownRate, deref(t.final.DownRate)
		if change.Option == upRateRow().Name {
			set, kilobits = p.host.kernel.SetUpRate, deref(t.final.UpRate)
		}
		p.change(t, plan.Adjust, change, func() error { return set(name, kilobits) })
	}
}
