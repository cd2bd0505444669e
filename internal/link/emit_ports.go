package link

import (
	"fmt"
	"slices"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// emitPorts releases and attaches, in the order of the lists that were declared.
func (p *planner) emitPorts() {
	for _, name := range p.touched {
		p.emitOwnMAC(p.final[name])
	}
	for _, name := range p.portOrder() {
		target := p.controller[name]
		have, from := p.current.Find(name), ""
		if have != nil && !p.gone[name] {
			from = have.Observed.Controller
		}
		stays := from == target && from != "" && !p.flapping[from] && !p.gone[from]
		if from != "" && !stays {
			p.emitRelease(name, from)
		}
		if target == "" {
			continue
		}
		if !stays {
			p.emitAttach(name, target)
		}
		p.emitPortOptions(name, target, stays)
	}
}

// portOrder is that of the declarations, then by name.
func (p *planner) portOrder() []string {
	if p.order != nil {
		return p.order
	}
	p.order = make([]string, 0, len(p.controller))
	seen := make(map[string]bool, len(p.controller))
	for _, want := range p.wanted {
		if want.Ports == nil || want.Absent() {
			continue
		}
		for _, port := range *want.Ports {
			if !seen[port.Name] {
				seen[port.Name] = true
				p.order = append(p.order, port.Name)
			}
		}
	}
	var rest []string
	for name := range p.controller {
		if !seen[name] {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	p.order = append(p.order, rest...)
	return p.order
}

func (p *planner) portObject(name, controller string) string {
	return fmt.Sprintf("port %s of %s", name, p.describe(controller))
}

// emitRelease takes a port from its controller. A bond leaves its former ports down (__bond_release_one), a VRF takes
// them down and up again (cycle_netdev in drivers/net/vrf.c).
func (p *planner) emitRelease(name, from string) {
	if controller := p.current.Find(from); controller != nil {
		switch controller.Kind {
		case Bond:
			p.up[name] = false
			p.lose(name, plan.Flapped)
			p.emitOwnMTU(name)
		case VRF:
			p.lose(name, plan.Flapped)
		}
	}
	if p.gone[from] && !p.fresh[from] {
		// The controller goes, and the port is released with it.
		return
	}
	nobody := ""
	p.add(plan.Step{
		Phase: plan.Release, Action: "release", Object: p.portObject(name, from), Disruption: plan.PortFlap,
		Changes: []schema.Change{{Option: "controller", Old: from}},
		Run:     func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{Controller: &nobody}) },
	}, name, from)
}

// emitOwnMTU: a former port gets back the MTU from before it joined (__bond_release_one), which the kernel does not
// tell.
func (p *planner) emitOwnMTU(name string) {
	for _, want := range p.wanted {
		if want.Name == name && want.MTU != nil && !p.gone[name] {
			mtu := *want.MTU
			p.add(plan.Step{
				Phase: plan.Change, Depth: p.depth(name), Action: "change", Object: p.describe(name),
				Changes: []schema.Change{{Option: "mtu", New: mtu}},
				Run:     func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{MTU: &mtu}) },
			}, name)
		}
	}
}

// emitOwnMAC: a bond that loses its last port gets a random address (__bond_release_one), and the next port's after
// that. It is to keep the one that the network knows, or to get the declared one.
func (p *planner) emitOwnMAC(bond *Link) {
	have, final := p.current.Find(bond.Name), p.final[bond.Name]
	if have == nil || final == nil || final.Kind != Bond || final.MAC == nil || p.fresh[bond.Name] ||
		len(*have.Ports) == 0 {
		return
	}
	for _, port := range *have.Ports {
		target, moves := p.controller[port.Name]
		stays := !p.gone[port.Name] && (!moves || target == bond.Name) && !p.flapping[bond.Name]
		if stays {
			return
		}
	}
	if follow := deref(final.Bond.FailOverMAC); follow == "active" || follow == "follow" {
		return
	}
	name, mac := bond.Name, *final.MAC
	p.add(plan.Step{
		Phase: plan.Change, Depth: p.depth(name), Action: "change", Object: final.Describe(),
		Changes: []schema.Change{{Option: "mac_address", New: mac}},
		Run:     func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{Address: &mac}) },
	}, name)
}

// emitAttach makes a link a port. A bond takes only links that are down, and brings them up (bond_enslave). A VRF takes
// them down and up again, and leaves them their addresses.
func (p *planner) emitAttach(name, target string) {
	disruption := plan.None
	controller := p.becomes(target)
	if controller != nil && controller.Kind == VRF {
		p.lose(name, plan.Flapped)
		if p.up[name] {
			disruption = plan.PortFlap
		}
	} else {
		p.joins[name] = target
	}
	if controller != nil && controller.Kind == Bond {
		if p.up[name] {
			p.emitDown(name)
			disruption = plan.PortFlap
		}
		p.up[name] = true
		p.lose(name, plan.Flapped)
	}
	p.add(plan.Step{
		Phase: plan.Attach, Depth: p.depth(target), Action: "attach", Object: p.portObject(name, target),
		Disruption: disruption,
		Changes:    []schema.Change{{Option: "controller", New: target}},
		Run:        func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{Controller: &target}) },
	}, name, target)
	if controller != nil && controller.Kind == Bond {
		p.lateAgain(controller)
	}
}

// emitPortMTUs gives ports of bonds the MTU that is declared for them: a port that joins, and every port when the bond
// gets another one, has the bond's (bond_enslave, bond_change_mtu).
func (p *planner) emitPortMTUs() {
	for _, want := range p.wanted {
		target, moves := p.controller[want.Name]
		if current := p.current.Find(want.Name); !moves && current != nil {
			target = current.Observed.Controller
		}
		bond := p.becomes(target)
		if want.MTU == nil || bond == nil || bond.Kind != Bond || want.Absent() {
			continue
		}
		room := p.coming(bond.Name, longestStack)
		have := p.current.Find(bond.Name)
		changes := have == nil || p.fresh[bond.Name] || room == nil || *room != *have.MTU
		if _, joins := p.joins[want.Name]; (!joins && !changes) || (room != nil && *room == *want.MTU) {
			continue
		}
		name, mtu := want.Name, *want.MTU
		change := schema.Change{Option: "mtu", New: mtu}
		if room != nil {
			change.Old = *room
		}
		p.add(plan.Step{
			Phase: plan.Adjust, Depth: p.depth(bond.Name), Action: "change", Object: p.describe(name),
			Changes: []schema.Change{change},
			Run:     func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{MTU: &mtu}) },
		}, name)
	}
}

// lateAgain sets a new bond's options that wait for its ports, once.
func (p *planner) lateAgain(bond *Link) {
	if p.lateDone[bond.Name] || (!p.fresh[bond.Name] && !p.flapping[bond.Name]) {
		return
	}
	p.lateDone[bond.Name] = true
	for _, row := range kindRows(bond.Kind) {
		alreadySent := slices.ContainsFunc(p.changed[bond.Name], func(c option[Link]) bool { return c.Name == row.Name })
		if row.late && row.IsSet(bond) && !row.given(bond) && (row.applies == nil || row.applies(bond) == "") &&
			(!alreadySent || p.fresh[bond.Name]) {
			p.emitLate(bond, row, schema.Change{Option: row.Name, New: row.Export(bond)})
		}
	}
}

// emitPortOptions sets what differs on a port; a port that has just been attached has the kernel's defaults.
func (p *planner) emitPortOptions(name, target string, stays bool) {
	want, controller := p.ports[name], p.becomes(target)
	if want == nil || controller == nil || !isController(controller.Kind) {
		return
	}
	var have *Port
	if stays {
		have = p.current.Find(target).portNamed(name)
	}
	if have == nil {
		have = &Port{}
	}
	if foreign := foreignRows(controller); len(foreign) > 0 {
		// A port that comes again may have from before what another mode does not take (bond_opts).
		taken := *want
		for i := range foreign {
			foreign[i].Assign(&taken, &Port{})
		}
		want = &taken
	}
	sent := portRows(controller.Kind).where(func(row *option[Port]) bool {
		return row.encode != nil && row.IsSet(want) && !row.Equal(want, have) &&
			(stays || row.given == nil || !row.given(want))
	})
	changes := sent.table().Diff(want, have)
	if len(changes) > 0 {
		request := kernel.LinkRequest{Kind: controller.Kind, PortData: sent.attributes(want)}
		p.add(plan.Step{
			Phase: plan.Adjust, Depth: p.depth(target), Action: "change", Object: p.portObject(name, target), Changes: changes,
			Run: func() error { return sent.explain(want, p.kernel.ChangeLink(name, request)) },
		}, name, target)
	}
	if want.VLANs == nil || controller.Kind != Bridge {
		return
	}
	if !stays {
		have.VLANs = defaultVLANs(controller)
	}
	p.emitVLANs(name, false, p.portObject(name, target), deref(have.VLANs), *want.VLANs)
}

// defaultVLANs is what the kernel gives a new port, and a new bridge itself (nbp_vlan_init, br_vlan_init).
func defaultVLANs(bridge *Link) *[]kernel.BridgeVLAN {
	id := uint16(1)
	if bridge.Bridge.VLANDefaultPVID != nil {
		id = *bridge.Bridge.VLANDefaultPVID
	}
	if id == 0 {
		return &[]kernel.BridgeVLAN{}
	}
	return &[]kernel.BridgeVLAN{{ID: id, PVID: true, Untagged: true}}
}

func (p *planner) emitVLANs(name string, self bool, object string, have, want []kernel.BridgeVLAN) {
	remove, add := vlanDifference(have, want)
	if len(remove) == 0 && len(add) == 0 {
		return
	}
	form := vlanList()
	p.add(plan.Step{
		Phase: plan.Adjust, Depth: 0, Action: "change", Object: object,
		Changes: []schema.Change{{Option: "vlans", Old: form.Format(have), New: form.Format(want)}},
		Run: func() error {
			// First what comes: a PVID moves in one step, without a moment in which untagged frames are dropped.
			if len(add) > 0 {
				if err := p.kernel.AddBridgeVLANs(name, self, add); err != nil {
					return err
				}
			}
			if len(remove) > 0 {
				return p.kernel.DeleteBridgeVLANs(name, self, remove)
			}
			return nil
		},
	}, name)
}
