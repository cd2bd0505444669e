package link

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// emit writes the steps.
func (p *planner) emit() {
	for _, link := range p.wanted {
		if p.gone[link.Name] && !p.fresh[link.Name] {
			p.emitDelete(p.current.Find(link.Name), plan.LinkDown)
		}
	}
	for _, name := range p.touched {
		if p.fresh[name] {
			p.emitFresh(name)
		} else {
			p.emitChange(name)
		}
	}
	p.emitPorts()
	p.emitPortMTUs()
	for _, name := range p.touched {
		p.emitSets(name)
	}
	p.emitUp()
	p.emitEffects()
}

func (p *planner) add(step plan.Step, links ...string) {
	step.Links = append(step.Links, links...)
	p.steps = append(p.steps, step)
}

// lose notes what a link loses, and with it the VLANs on it: the kernel takes them down and up along with their
// parent (vlan_device_event in net/8021q/vlan.c).
func (p *planner) lose(name string, loss plan.Impact) {
	p.losses[name] = max(p.losses[name], loss)
	for _, upper := range p.uppers(name) {
		if upper.Kind == VLAN && !p.gone[upper.Name] && *upper.Up && !deref(upper.VLAN.LooseBinding) {
			p.lose(upper.Name, loss)
		}
	}
}

func (p *planner) emitDelete(have *Link, disruption plan.Disruption) {
	if p.goesAlong[have.Name] {
		return
	}
	if have.Kind == Veth && have.Peer != nil && have.PeerNS == nil {
		p.goesAlong[*have.Peer] = true
	}
	p.lose(have.Name, plan.Recreated)
	name := have.Name
	p.deletion.names = append(p.deletion.names, name)
	p.add(plan.Step{
		Phase: plan.Delete, Depth: -p.observedDepth(have, longestStack), Action: "delete", Object: have.Describe(),
		Disruption: disruption,
		Run:        func() error { return p.deletion.run(p.kernel, name) },
	}, name, deref(have.Peer), have.Observed.Controller)
}

// deletion is all links that a plan deletes. Its steps follow each other, so the first of them does it for all.
type deletion struct {
	names       []string
	tried, done bool
}

// worthwhile is from how many links on they are deleted at once.
const worthwhile = 3

// run deletes one link with the others, or alone where not all of them can be deleted at once: the kernel then says
// which one is the reason.
func (d *deletion) run(k Kernel, name string) error {
	if !d.tried && len(d.names) >= worthwhile {
		d.tried = true
		err := k.DeleteLinks(d.names)
		d.done = err == nil
		if err != nil && !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.ENODEV) {
			return err
		}
	}
	if d.done {
		return nil
	}
	return k.DeleteLink(name)
}

// longestStack bounds the walk through links that stand on each other.
const longestStack = 64

// observedDepth is the number of links below a link as it is now.
func (p *planner) observedDepth(have *Link, fuse int) int {
	depth := 0
	if fuse == 0 {
		return depth
	}
	if parent := p.current.Find(deref(have.Parent)); parent != nil {
		depth = p.observedDepth(parent, fuse-1) + 1
	}
	if have.Ports != nil {
		for _, port := range *have.Ports {
			depth = max(depth, p.observedDepth(p.current.Find(port.Name), fuse-1)+1)
		}
	}
	return depth
}

// emitFresh makes a link, after removing the one that it takes the place of.
func (p *planner) emitFresh(name string) {
	final := p.final[name]
	p.up[name] = false
	if have := p.current.Find(name); have != nil {
		p.lose(name, plan.Recreated)
		p.emitDelete(have, plan.Recreate)
	}
	if p.comesAlong[name] {
		p.emitPeer(final)
		return
	}
	sent := p.atCreation(final)
	request := p.creation(final, sent)
	disruption := plan.None
	if p.gone[name] {
		disruption = plan.Recreate
	}
	p.add(plan.Step{
		Phase: plan.Create, Depth: p.depth(name), Action: "create", Object: final.Describe(),
		Changes: p.creationChanges(final, request), Disruption: disruption,
		Check: func() error { return p.kernel.CheckKind(request.Kind) },
		Run: func() error {
			if err := p.kernel.LoadKind(request.Kind); err != nil {
				return err
			}
			return sent.explain(final, p.kernel.CreateLink(request))
		},
	}, name, deref(final.Peer))
	p.emitSettings(final, nil)
}

// atCreation are the rows that a new link is made with.
func (p *planner) atCreation(final *Link) options[Link] {
	return kindRows(final.Kind).where(func(row *option[Link]) bool {
		return row.encode != nil && row.IsSet(final) && !row.late && (row.given == nil || !row.given(final)) &&
			(row.applies == nil || row.applies(final) == "")
	})
}

// creation is the request that makes the link with these rows.
func (p *planner) creation(final *Link, sent options[Link]) kernel.LinkRequest {
	request := kernel.LinkRequest{Name: final.Name, Kind: final.Kind, Index: final.Observed.Index,
		MTU: p.fittingMTU(final, longestStack)}
	if final.Kind != VXLAN {
		request.Parent = deref(final.Parent)
	}
	if mac := p.adoptedMAC(final, longestStack); mac != "" && (final.MAC != nil || isController(final.Kind)) {
		request.Address = &mac
	}
	if final.Kind == Veth {
		request.Peer = &kernel.Peer{Name: *final.Peer, Namespace: deref(final.PeerNS), Up: true}
		if other := p.final[*final.Peer]; other != nil && p.comesAlong[*final.Peer] {
			request.Peer.MTU, request.Peer.Address, request.Peer.Up = other.MTU, other.MAC, false
			request.Peer.Index = other.Observed.Index
		}
	}
	request.Data = sent.attributes(final)
	return request
}

// fittingMTU is the MTU that a link is made with: one that nobody declares and that its parent no longer has room for
// is left to the kernel, which takes the parent's.
func (p *planner) fittingMTU(final *Link, fuse int) *uint32 {
	if followsParent(final.Kind) && final.MTU != nil && !p.declaresMTU(final.Name) {
		if room := p.coming(deref(final.Parent), fuse); room != nil && *room < *final.MTU {
			return nil
		}
	}
	return final.MTU
}

// coming is the MTU that a link will have, nil when only the kernel knows.
func (p *planner) coming(name string, fuse int) *uint32 {
	link := p.becomes(name)
	if link == nil || fuse == 0 {
		return nil
	}
	mtu := link.MTU
	if p.fresh[name] {
		mtu = p.fittingMTU(link, fuse-1)
	}
	if mtu != nil || !p.fresh[name] {
		return mtu
	}
	switch link.Kind {
	case VLAN, Macvlan:
		return p.coming(deref(link.Parent), fuse-1)
	case Bond, Dummy, Veth:
		usual := uint32(1500) // ether_setup in net/ethernet/eth.c
		return &usual
	}
	return nil
}

func (p *planner) declaresMTU(name string) bool {
	return slices.ContainsFunc(p.wanted, func(want *Link) bool { return want.Name == name && want.MTU != nil })
}

// creationChanges shows the options that a new link gets, with the MAC address that it adopts; of a link that is made
// again, those that it did not have.
func (p *planner) creationChanges(final *Link, request kernel.LinkRequest) []schema.Change {
	before := p.current.Find(final.Name)
	if before == nil || before.Kind != final.Kind {
		before = &Link{}
	}
	after := *final
	after.MAC = request.Address
	var changes []schema.Change
	for _, row := range rows(final.Kind) {
		if row.IsSet(&after) && !row.Equal(before, &after) && row.Name != "up" && row.Name != "vlans" && row.Name != "fdb" {
			changes = append(changes, schema.Change{Option: row.Name, Old: row.Export(before), New: row.Export(&after)})
		}
	}
	return changes
}

// emitPeer sets what the creation of the pair could not set on its second end.
func (p *planner) emitPeer(final *Link) {
	p.emitSettings(final, nil)
}

// emitChange alters a link that stays.
func (p *planner) emitChange(name string) {
	final, have, changed := p.final[name], p.current.Find(name), p.changed[name]
	if len(changed) == 0 && p.dormant[name] == nil {
		return
	}
	down := false
	for i := range changed {
		down = down || p.needs(&changed[i], final, have) >= whileDown
	}
	if down && *have.Up {
		p.emitDown(name)
	}
	p.emitDormant(final, have)
	sent := options[Link]{}
	var changes []schema.Change
	var address *string
	for _, row := range changed {
		change := schema.Change{Option: row.Name, Old: row.Export(have), New: row.Export(final)}
		switch {
		case row.Name == "mtu":
			p.emitMTU(final, have, change)
		case row.Name == "mac_address":
			address = final.MAC
			changes = append(changes, change)
		case row.late:
			p.emitLate(final, row, change)
		case row.encode != nil:
			sent = append(sent, row)
			if !row.Equal(final, have) {
				changes = append(changes, change)
			}
		}
	}
	if len(sent) > 0 || address != nil {
		disruption := plan.None
		if down {
			disruption = plan.LinkDown
		}
		request := kernel.LinkRequest{Kind: final.Kind, Address: address, Data: p.encodeChanged(final, have, sent)}
		p.add(plan.Step{
			Phase: plan.Change, Depth: p.depth(name), Action: "change", Object: final.Describe(), Changes: changes,
			Disruption: disruption,
			Run:        func() error { return sent.explain(final, p.kernel.ChangeLink(name, request)) },
		}, name)
	}
	p.emitSettings(final, have)
}

// emitDormant puts options back that the kernel keeps in the mode that the link had, and takes only in the one that it
// has. Only what restores a link knows of them.
func (p *planner) emitDormant(final, have *Link) {
	want := p.dormant[final.Name]
	if want == nil {
		return
	}
	different := kindRows(final.Kind).where(func(row *option[Link]) bool {
		return row.encode != nil && row.IsSet(want) && row.IsSet(have) && !row.Equal(want, have)
	})
	if len(different) == 0 {
		return
	}
	request := kernel.LinkRequest{Kind: final.Kind, Data: different.attributes(want)}
	changes := different.table().Diff(want, have)
	p.add(plan.Step{
		Phase: plan.Change, Depth: p.depth(final.Name), Action: "change", Object: final.Describe(), Changes: changes,
		Run: func() error { return p.kernel.ChangeLink(final.Name, request) },
	}, final.Name)
}

// encodeChanged sends the changed options.
func (p *planner) encodeChanged(final, have *Link, changed options[Link]) kernel.Attributes {
	full := *final
	full.VLAN.withRemovals(&have.VLAN)
	return changed.attributes(&full)
}

// emitMTU raises early, because what stands on the link may need it, and lowers late.
func (p *planner) emitMTU(final, have *Link, change schema.Change) {
	name, mtu := final.Name, *final.MTU
	phase, depth := plan.Widen, p.depth(name)
	if mtu < *have.MTU {
		phase, depth = plan.Adjust, -depth
	}
	disruption := plan.None
	if mtu < leastIPv6 && *have.MTU >= leastIPv6 {
		disruption = plan.ConnectionsLost
	}
	p.add(plan.Step{
		Phase: phase, Depth: depth, Action: "change", Object: final.Describe(), Changes: []schema.Change{change},
		Disruption: disruption,
		Run:        func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{MTU: &mtu}) },
	}, name)
}

// emitLate sets an option that needs the ports in place.
func (p *planner) emitLate(final *Link, row option[Link], change schema.Change) {
	name, kind, attribute := final.Name, final.Kind, row.encode(final)
	p.add(plan.Step{
		Phase: plan.Adjust, Depth: p.depth(name), Action: "change", Object: final.Describe(),
		Changes: []schema.Change{change},
		Run: func() error {
			return p.kernel.ChangeLink(name, kernel.LinkRequest{Kind: kind, Data: kernel.Attributes{attribute}})
		},
	}, name)
}

func (p *planner) emitDown(name string) {
	if !p.up[name] {
		return
	}
	p.up[name] = false
	p.lose(name, plan.Flapped)
	down := false
	p.add(plan.Step{
		Phase: plan.Down, Depth: -p.depth(name), Action: "down", Object: p.describe(name), Disruption: plan.LinkDown,
		Run: func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{Up: &down}) },
	}, name)
}

func (p *planner) describe(name string) string {
	if link := p.becomes(name); link != nil {
		return link.Describe()
	}
	return "interface " + name
}
