package link

import (
	"slices"
)

// followParents raises the MTU of a declared link without one of its own along with that of its parent, as it would
// have it when it is made at the next boot. The kernel lowers it only (vlan_device_event, macvlan_device_event). A link
// whose MTU was not its parent's keeps it: somebody has set that.
func (p *planner) followParents() {
	for _, want := range p.byDepth() {
		have, final := p.current.Find(want.Name), p.final[want.Name]
		if final == nil || have == nil || p.fresh[want.Name] || want.MTU != nil || !followsParent(final.Kind) {
			continue
		}
		parent := deref(final.Parent)
		was, is := p.current.Find(parent), p.final[parent]
		if was == nil || is == nil || p.fresh[parent] || was.MTU == nil || is.MTU == nil {
			continue
		}
		if *have.MTU != *was.MTU || *is.MTU <= *was.MTU {
			continue
		}
		raised := clone(final)
		raised.MTU = is.MTU
		p.become(want.Name, raised)
		mtu := rows(final.Kind).where(func(row *option[Link]) bool { return row.Name == "mtu" })
		p.changed[want.Name] = append(p.changed[want.Name], mtu...)
	}
}

// followsParent: the kernel gives a new link of this kind its parent's MTU.
func followsParent(kind string) bool { return kind == VLAN || kind == Macvlan }

// byDepth are the wanted links, parents first.
func (p *planner) byDepth() []*Link {
	depth := func(name string) int {
		count := 0
		for link := p.becomes(name); link != nil && link.Parent != nil &&
			count < longestStack; link = p.becomes(*link.Parent) {
			count++
		}
		return count
	}
	sorted := slices.Clone(p.wanted)
	slices.SortStableFunc(sorted, func(a, b *Link) int { return depth(a.Name) - depth(b.Name) })
	return sorted
}
