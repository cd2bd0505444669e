package diagram

import "hostnet.linux/internal/topology"

// joinPairs adds the lines of pairs between namespaces of which neither has the other within it, such as two containers.
// All other pairs are in the trees.
func (b *builder) joinPairs(root *space) {
	drawn := map[*topology.Namespace]*space{}
	var find func(s *space)
	find = func(s *space) {
		drawn[s.namespace] = s
		for _, inner := range s.within {
			find(inner)
		}
	}
	find(root)
	for _, namespace := range b.host.Namespaces {
		s := drawn[namespace]
		if s == nil {
			continue
		}
		for _, link := range namespace.Links {
			other, end := b.host.Other(link)
			if end == nil || other == namespace || drawn[other] == nil {
				continue
			}
			one, far := s.byName[link.Name], drawn[other].byName[end.Name]
			if one == nil || far == nil || s.under[one] != nil || drawn[other].under[far] != nil {
				continue
			}
			// Each of the two tells of the other: it is drawn once.
			if back, _ := b.host.Other(end); back != namespace || b.isFirst(namespace, other) {
				root.across = append(root.across, crossing{one, far, pairLine})
			}
		}
	}
}

// isFirst tells whether a namespace comes before another in the host's list.
func (b *builder) isFirst(one, other *topology.Namespace) bool {
	for _, namespace := range b.host.Namespaces {
		if namespace == one || namespace == other {
			return namespace == one
		}
	}
	return false
}

// neighbour is the namespace beside this one that a link's other end is in, "" where that is around or within it: those
// with such a pair are never drawn as one with others.
func (s *space) neighbour(link *topology.Link) string {
	if link.Peer == nil || s.isSame(link.Peer) || s.under[s.byName[link.Name]] != nil {
		return ""
	}
	for _, inner := range s.within {
		if inner.namespace.Name == link.Peer.Namespace && inner.namespace.Within == link.Peer.Within {
			return ""
		}
	}
	return link.Peer.Namespace + "/" + link.Peer.Link
}
