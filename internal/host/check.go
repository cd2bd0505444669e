package host

import (
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
)

// check finds what does not fit together, whatever the host is like.
func (s *State) check(problems *schema.Problems) {
	names := make(map[string]string, len(s.Interfaces))
	controllers := make(map[string]string, len(s.Interfaces))
	for _, one := range s.Interfaces {
		l := &one.Link
		at := schema.At(l.Path, problems)
		if l.Name == "" && l.MatchMAC == nil && l.MatchPCI == nil {
			at.Problem("one of name, match_mac_address and match_pci_address is required")
		}
		if other, taken := names[l.Name]; taken && l.Name != "" {
			at.Key("name").Problem("%s is declared twice: it is also %s", l.Name, other)
		}
		names[l.Name] = placeName(l)
		link.CheckOptions(l, at)
		if l.Ports == nil || l.Absent() {
			continue
		}
		for i, port := range *l.Ports {
			place := at.Key("ports").Index(i)
			if other, taken := controllers[port.Name]; taken {
				place.Problem("%s is a port of %s already: a link has one controller", port.Name, other)
				continue
			}
			controllers[port.Name] = l.Describe()
			if port.Name == l.Name {
				place.Problem("%s cannot be a port of itself", l.Name)
			}
		}
	}
	s.checkPairs(problems)
	s.routes().Check(problems)
	rule.Check(s.rules(), problems)
}

// checkPairs finds pairs that are declared from both ends, and not as the same pair.
func (s *State) checkPairs(problems *schema.Problems) {
	peers, ends := map[string]string{}, map[string]string{} // by each other
	for _, one := range s.Interfaces {
		l := &one.Link
		if l.Peer == nil || l.PeerNS != nil || l.Absent() {
			continue
		}
		at := schema.At(l.Path, problems).Key("peer")
		if other, isEnd := peers[*l.Peer]; isEnd && other != l.Name {
			at.Problem("%s is declared as the other end of %s", *l.Peer, other)
		}
		if end, taken := ends[*l.Peer]; taken {
			at.Problem("%s is declared as the other end of %s as well", *l.Peer, end)
		}
		if end, isPeer := ends[l.Name]; isPeer && end != *l.Peer {
			at.Problem("%s is declared as the other end of %s", l.Name, end)
		}
		peers[l.Name], ends[*l.Peer] = *l.Peer, l.Name
	}
}

func placeName(l *link.Link) string {
	if l.Path == "" {
		return l.Describe()
	}
	return l.Path
}

// checkIPv6 finds IPv6 addresses on links that will have no IPv6.
func (s *State) checkIPv6(ground plan.LinkEffects) error {
	var problems schema.Problems
	for _, one := range s.Interfaces {
		cause := ground.NoIPv6[one.Link.Name]
		if cause == "" || one.Addresses == nil || one.Link.Absent() {
			continue
		}
		for i, address := range *one.Addresses {
			if address.Prefix.Addr().Is6() {
				schema.At(one.Link.Path, &problems).Key("addresses").Index(i).Problem("%s cannot be on %s: %s", address.Prefix,
					one.Link.Name, cause)
			}
		}
	}
	return problems.Err()
}
