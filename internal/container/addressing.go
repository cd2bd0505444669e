package container

import (
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/plan"
)

// addressing gathers for the address domain what happens to the links of one container.
type addressing struct {
	declared map[string][]addr.Address
	losses   map[string]plan.Impact
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

// planAddresses leaves the addresses to their own domain.
func (p *planner) planAddresses(c *Container, scope *addressing) {
	current := c.addresses
	for _, t := range p.targets {
		// A renamed link's addresses move with it.
		if t.container == c && t.live != nil && t.live.Type != nil && !t.want.Absent() && t.live.Name != t.want.Name {
			current = renamed(current, t.live.Name, t.want.Name)
		}
	}
	ground := plan.LinkEffects{Impacts: scope.losses, Deleted: scope.deleted}
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
