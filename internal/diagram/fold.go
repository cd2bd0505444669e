package diagram

import (
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/topology"
)

// fold draws namespaces that are wired alike as one, where there are too many to draw each. What is in trouble is
// always drawn by itself.
func (s *space) fold(limit int) {
	if limit <= 0 || len(s.within) < limit {
		return
	}
	var kept []*space
	first := map[string]*space{}
	for _, one := range s.within {
		shape := one.shape()
		if like := first[shape]; like != nil && shape != "" {
			like.alike = append(like.alike, one.namespace)
			like.absorb(one)
			continue
		}
		if shape != "" {
			first[shape] = one
		}
		kept = append(kept, one)
	}
	s.within = kept
}

// shape is equal for namespaces that are drawn alike but for their addresses; "" for what has something to be seen.
func (s *space) shape() string {
	var out strings.Builder
	out.WriteString(s.namespace.Kind)
	for _, link := range s.namespace.Links {
		if link.Loopback {
			continue
		}
		one := s.byName[link.Name]
		if len(link.Drift) > 0 || link.State == topology.NoCarrier || link.State == topology.Down && !s.namespace.Stopped {
			return ""
		}
		owner := ""
		if column := s.under[one]; column != nil {
			owner = column.owner.link.Name
		}
		fmt.Fprintf(&out, "|%s %s %d %s %v %s", link.Name, link.Kind, link.MTU, owner, s.namespace.Stopped, s.neighbour(link))
	}
	for _, one := range s.within {
		inner := one.shape()
		if inner == "" {
			return ""
		}
		fmt.Fprintf(&out, "{%s}", inner)
	}
	return out.String()
}

// absorb adds the addresses of a namespace to those of the one that stands for it.
func (s *space) absorb(alike *space) {
	for name, one := range s.byName {
		if like := alike.byName[name]; like != nil {
			copied := *one.link
			copied.Addresses = append(slices.Clone(copied.Addresses), like.link.Addresses...)
			one.link = &copied
			one.alike++
		}
	}
}
