package link

import "slices"

// replace makes room for a link of another kind under the same name.
func (p *planner) replace(want, have *Link) {
	switch {
	case !KnownKind(have.Kind) || have.Kind == Hardware:
		p.problem(want, "name", "%s is a %s: it is not replaced by a %s", want.Name, kindName(have.Kind), want.Kind)
		return
	case p.keepsPorts(have):
		p.problem(want, "name", "%s is a %s with ports: release them before it becomes a %s", want.Name, have.Kind, want.Kind)
		return
	}
	p.checkNamespace(want)
	p.become(want.Name, clone(want))
	p.fresh[want.Name], p.gone[want.Name] = true, true
}

// keepsPorts tells whether some port of the link goes nowhere else in the same plan.
func (p *planner) keepsPorts(have *Link) bool {
	if have.Ports == nil {
		return false
	}
	moves := map[string]bool{}
	for _, want := range p.wanted {
		if want.Absent() || (want.Controller != nil && *want.Controller != have.Name) {
			moves[want.Name] = true
		}
		if want.Ports != nil && want.Name != have.Name {
			for _, port := range *want.Ports {
				moves[port.Name] = true
			}
		}
	}
	return slices.ContainsFunc(*have.Ports, func(port Port) bool { return !moves[port.Name] })
}

// remakeAll follows links that are made again to what goes with them: links on top, and other ends of veth pairs.
func (p *planner) remakeAll() {
	for i := 0; i < len(p.touched); i++ {
		name := p.touched[i]
		if !p.fresh[name] {
			continue
		}
		if p.gone[name] {
			for _, upper := range p.uppers(name) {
				p.remake(upper, name)
			}
			p.keepMembership(name)
			p.remakeOldPeer(name)
		}
		p.pairNewPeer(name)
	}
}

// remake puts back a link that goes because another one does.
func (p *planner) remake(have *Link, below string) {
	name := have.Name
	if p.gone[name] {
		return
	}
	if !KnownKind(have.Kind) || have.Kind == Hardware || (have.Kind == Veth && have.Peer == nil && have.PeerNS == nil) {
		p.problems.Add(name, "%s stands on %s, which must be made again, and cannot be put back: remove it first",
			have.Describe(), below)
		return
	}
	if p.final[name] == nil {
		p.become(name, p.copyOf(have))
	}
	p.fresh[name], p.gone[name] = true, true
}

// copyOf is what it takes to make the same link again.
func (p *planner) copyOf(have *Link) *Link {
	out := clone(have)
	// A link that inherited its parent's MAC address is to follow it again.
	if parent := p.current.Find(deref(have.Parent)); parent != nil && have.Kind == VLAN &&
		deref(parent.MAC) == deref(have.MAC) {
		out.MAC = nil
	}
	return out
}

func deref[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}

// keepMembership lets a link that is made again become a port where it was one, with the options that it had.
func (p *planner) keepMembership(name string) {
	have := p.current.Find(name)
	if controller := p.current.Find(have.Observed.Controller); controller != nil && !p.gone[controller.Name] {
		if p.final[name].Kind == controller.Kind {
			p.warn("%s leaves %s: the kernel takes no %s as a port of another", p.final[name].Describe(), controller.Describe(),
				controller.Kind)
			return
		}
		p.controller[name] = controller.Name
		if port := controller.portNamed(name); port != nil {
			p.ports[name] = port
		}
	}
}

// remakeOldPeer: the other end of a veth pair goes with this one, and comes back if it keeps its name.
func (p *planner) remakeOldPeer(name string) {
	have, final := p.current.Find(name), p.final[name]
	peer := p.current.Find(deref(have.Peer))
	if have.Kind != Veth || peer == nil || p.goesAlong[name] {
		return
	}
	p.goesAlong[peer.Name], p.gone[peer.Name] = true, true
	if final.Kind != Veth || deref(final.Peer) != peer.Name || final.PeerNS != nil {
		return
	}
	if p.final[peer.Name] == nil {
		p.become(peer.Name, p.copyOf(peer))
	}
	p.fresh[peer.Name] = true
}

// pairNewPeer sees to it that a pair whose ends are both declared is made once.
func (p *planner) pairNewPeer(name string) {
	final := p.final[name]
	if final.Kind != Veth || final.PeerNS != nil || final.Peer == nil || p.comesAlong[name] {
		return
	}
	if other := p.final[*final.Peer]; other != nil && other.Kind == Veth && other.Peer != nil && *other.Peer != name {
		p.problem(final, "peer", "%s is declared as the other end of %s", *final.Peer, *other.Peer)
		return
	}
	if p.current.Find(*final.Peer) != nil && !p.gone[*final.Peer] {
		p.problem(final, "peer", "there is a link %s already, and it is not the other end of %s", *final.Peer, name)
		return
	}
	if p.final[*final.Peer] != nil {
		p.comesAlong[*final.Peer], p.fresh[*final.Peer] = true, true
	}
}

// isNewPeer tells a link that comes into being as the other end of a declared pair.
func (p *planner) isNewPeer(name string) bool {
	for _, link := range p.wanted {
		if link.Kind == Veth && link.PeerNS == nil && !link.Absent() && deref(link.Peer) == name {
			return true
		}
	}
	return false
}
