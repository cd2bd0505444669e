package path

import (
	"maps"

	"hostnet.linux/internal/topology"
)

// isHeldBack tells whether a bridge does not forward from one of its ports, nil for the bridge itself, to another; that is
// a reason where who has the address is beyond (should_deliver in net/bridge/br_forward.c).
func (s *search) isHeldBack(at place, from, port *topology.Link, tag uint16, trail ways) bool {
	apart := from != nil && from.Isolated && port.Isolated
	if port.PortState == "" && !apart {
		return false
	}
	probe := &search{w: s.w, next: s.next, seen: maps.Clone(s.seen)}
	if probe.out(at, port, tag, trail); len(probe.found) == 0 {
		return true
	}
	if port.PortState != "" {
		s.notForwarding(at, port)
	} else {
		s.because("%s and %s on %s are isolated ports of %s: one of them must not be", from.Name, port.Name, at.withHost(),
			port.Controller)
	}
	return true
}

func (s *search) notForwarding(at place, port *topology.Link) {
	s.because("port %s of %s on %s does not forward: its state is %s, as the spanning tree or somebody has set it",
		port.Name, port.Controller, at.withHost(), port.PortState)
}
