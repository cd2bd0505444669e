package link

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// identity is what the kernel allows one link of a namespace only: a VLAN of its parent, a VXLAN of its port. It is ""
// for other kinds, and where it cannot be told.
func (l *Link) identity() string {
	switch {
	case l.Observed.Elsewhere || deref(l.VXLAN.VNIFilter):
	case l.Kind == VLAN && l.VLAN.ID != nil && l.Parent != nil:
		return fmt.Sprintf("%s of %s %d", cmp.Or(deref(l.VLAN.Protocol), "802.1q"), *l.Parent, *l.VLAN.ID)
	case l.Kind == VXLAN && l.VXLAN.ID != nil:
		// vxlan_vni_in_use in drivers/net/vxlan/vxlan_core.c, with the flags that a socket is shared by.
		v, parent := &l.VXLAN, ""
		if slices.ContainsFunc([]*netip.Addr{v.Local, v.farEnd()},
			func(end *netip.Addr) bool { return end != nil && end.IsLinkLocalUnicast() }) {
			parent = deref(l.Parent)
		}
		return fmt.Sprint(*v.ID, v.port(), parent, v.hearing())
	}
	return ""
}

// checkDuplicates finds links that would be what another one is already. What that depends on, only a new link takes.
func (p *planner) checkDuplicates() {
	if len(p.fresh) == 0 {
		return
	}
	owners, isWanted := map[string]string{}, map[string]bool{}
	for _, want := range p.wanted {
		isWanted[want.Name] = true
	}
	for _, have := range p.current.Links {
		if link := p.becomes(have.Name); link != nil && !isWanted[have.Name] {
			owners[link.identity()] = have.Name
		}
	}
	for _, want := range p.wanted {
		final := p.final[want.Name]
		if final == nil {
			continue
		}
		identity := final.identity()
		if owner, taken := owners[identity]; taken && identity != "" {
			p.problem(want, "id", "%s is the %s with this id already", owner, final.Kind)
		}
		owners[identity] = want.Name
	}
}
