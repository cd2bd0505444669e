package path

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/topology"
)

// search finds who answers for an address on a link's network. As the question who has it (ARP, RFC 826) goes
// everywhere, so does the search; the way to who answers is the way of the packet.
type search struct {
	w    *walker
	next netip.Addr
	seen map[visit]bool
	// found are those that have the address, exits where the frame leaves all hosts that are known.
	found []ways
	exits []ways
	// reasons are why it went no further in places, the most telling ones.
	reasons []string
}

type visit struct {
	ns   *topology.Namespace
	link string
	tag  uint16
	out  bool
}

// ways is how the frame got somewhere.
type ways struct {
	at    *arrival
	trail []Hop
	// mtus are the limits on the way, in the order of the trail.
	mtus []limit
	text string
}

type limit struct {
	at   place
	link string
	mtu  uint32
	over uint32
}

// deliver takes a frame from a link to who has the next address.
func (w *walker) deliver(at place, link *topology.Link, next netip.Addr) (*arrival, error) {
	s := &search{w: w, next: next, seen: map[visit]bool{}}
	s.out(at, link, 0, ways{})
	if len(s.found) > 0 {
		first := s.found[0]
		w.path.Hops = append(w.path.Hops, first.trail...)
		for _, one := range first.mtus {
			w.overhead += one.over
			err := w.limit(one.at, 0, one.link, one.mtu)
			w.overhead -= one.over
			if err != nil {
				return nil, err
			}
		}
		s.twins()
		return first.at, nil
	}
	if len(s.exits) > 0 {
		first := s.exits[0]
		w.path.Hops = append(w.path.Hops, first.trail...)
		w.path.Outcome, w.path.Why = Leaves,
			fmt.Sprintf("it leaves %s by %s towards %s: what is there is not known here", at.host.Name, first.text, next)
		if len(s.reasons) > 0 {
			w.warn("%s", s.reasons[0])
		}
		return nil, nil
	}
	if len(s.reasons) > 0 {
		return nil, w.end("%s", s.reasons[0])
	}
	return nil, w.end("nobody on the network of %s on %s has %s", link.Name, at.withHost(), next)
}

// twins tells of an address that several have.
func (s *search) twins() {
	names := []string{}
	for _, one := range s.found {
		name := one.at.withHost()
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 1 {
		s.w.warn("%s is an address of %s: who answers first gets the packets", s.next, strings.Join(names, " and of "))
	}
	macs := map[string]string{}
	for _, one := range s.found {
		mac, name := one.at.link.MAC, one.at.withHost()
		if other, known := macs[mac]; known && mac != "" && other != name {
			s.w.warn("%s and %s have the same MAC address %s", other, name, mac)
		}
		macs[mac] = name
	}
}

func (s *search) because(format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	if !slices.Contains(s.reasons, text) {
		s.reasons = append(s.reasons, text)
	}
}

// step is the trail with one more hop.
func (t ways) step(at place, link *topology.Link, kind, format string, values ...any) ways {
	t.trail = append(slices.Clone(t.trail), Hop{
		Host: at.host.Name, Where: at.name(), Link: link.Name, Kind: kind, MTU: link.MTU,
		Text: fmt.Sprintf(format, values...),
	})
	t.mtus = append(slices.Clone(t.mtus), limit{at: at, link: link.Name, mtu: link.MTU})
	return t
}

// isDown notes a link by which nothing goes.
func (s *search) isDown(at place, link *topology.Link) bool {
	// A bridge has a carrier when a port has: what is wrong with each is told there.
	if link.State != topology.Down && (link.State != topology.NoCarrier || link.Kind == "bridge") {
		return false
	}
	what := "is down: set it up"
	if link.State == topology.NoCarrier {
		what = "has no carrier: look at its other end"
	}
	s.because("%s on %s %s", link.Name, at.withHost(), what)
	return true
}

// out sends a frame out of a link; tag is its VLAN, 0 for none.
func (s *search) out(at place, link *topology.Link, tag uint16, trail ways) {
	key := visit{at.ns, link.Name, tag, true}
	if s.seen[key] {
		return
	}
	s.seen[key] = true
	if s.isDown(at, link) {
		return
	}
	switch link.Kind {
	case "bridge":
		s.bridge(at, link, nil, tag, trail)
	case "bond":
		s.bond(at, link, tag, trail)
	case "vlan":
		if parent := at.ns.Link(link.Parent); parent != nil {
			s.out(at, parent, link.VLAN, trail.step(at, link, "vlan", "tagged with VLAN %d on %s", link.VLAN, link.Parent))
		}
	case "macvlan", "ipvlan":
		s.below(at, link, tag, trail)
	case "vxlan":
		s.tunnel(at, link, trail)
	case "veth":
		ns, other := at.host.Other(link)
		if other == nil {
			s.because("the other end of %s on %s is not known", link.Name, at.withHost())
			return
		}
		s.in(place{at.host, ns}, other, tag, trail.step(at, link, "veth", "pair to %s", other.Name))
	case "":
		s.wire(at, link, tag, trail)
	default:
		s.because("%s on %s is a %s, whose other end is not known here", link.Name, at.withHost(), link.Kind)
	}
}

// below is a macvlan: it sends by what it stands on.
func (s *search) below(at place, link *topology.Link, tag uint16, trail ways) {
	ns, parent := at.ns, at.ns.Link(link.Parent)
	if parent == nil {
		ns, parent = at.host.Other(link)
	}
	if parent != nil {
		s.out(place{at.host, ns}, parent, tag, trail.step(at, link, link.Kind, "on %s", parent.Name))
	}
}

// bond picks the port: the active one, or one of those that a hash chooses from.
func (s *search) bond(at place, link *topology.Link, tag uint16, trail ways) {
	var active []*topology.Link
	for _, port := range at.ns.Ports(link.Name) {
		if port.Role == "active" || port.Role == "" && port.State == topology.Up {
			active = append(active, port)
		}
	}
	switch {
	case len(active) == 0:
		s.because("no port of %s on %s is active", link.Name, at.withHost())
	case len(active) == 1:
		s.out(at, active[0], tag, trail.step(at, link, "bond", "%s: by %s, the active port", link.BondMode, active[0].Name))
	default:
		names := make([]string, len(active))
		for i, port := range active {
			names[i] = port.Name
		}
		s.out(at, active[0], tag, trail.step(at, link, "bond", "%s: by one of %s, as the hash of the flow chooses",
			link.BondMode, strings.Join(names, ", ")))
	}
}

// in is a frame that comes in by a link.
func (s *search) in(at place, link *topology.Link, tag uint16, trail ways) {
	key := visit{at.ns, link.Name, tag, false}
	if s.seen[key] {
		return
	}
	s.seen[key] = true
	if s.isDown(at, link) {
		return
	}
	// A VLAN link takes its frames before a bridge does (vlan_do_receive in net/8021q/vlan_core.c).
	if tag != 0 {
		for _, upper := range at.ns.Links {
			if upper.Kind == "vlan" && upper.Parent == link.Name && upper.VLAN == tag {
				s.in(at, upper, 0, trail.step(at, upper, "vlan", "VLAN %d of %s", tag, link.Name))
				return
			}
		}
	}
	s.above(at, link, tag, trail)
	if controller := at.ns.Link(link.Controller); controller != nil {
		switch controller.Kind {
		case "bond":
			s.in(at, controller, tag, trail.step(at, controller, "bond", "by its port %s", link.Name))
		case "bridge":
			s.bridge(at, controller, link, tag, trail)
		}
		return
	}
	s.own(at, link, tag, trail)
}

// above takes the frame to the macvlans on a link, in whichever namespace they are.
func (s *search) above(at place, link *topology.Link, tag uint16, trail ways) {
	for _, ns := range at.host.Namespaces {
		for _, upper := range ns.Links {
			stands := ns == at.ns && upper.Parent == link.Name || upper.Peer != nil && upper.Peer.Link == link.Name &&
				upper.Peer.Namespace == at.ns.Name && upper.Peer.Within == at.ns.Within
			if (upper.Kind == "macvlan" || upper.Kind == "ipvlan") && stands {
				s.in(place{at.host, ns}, upper, tag, trail.step(place{at.host, ns}, upper, upper.Kind, "on %s", link.Name))
			}
		}
	}
}

// own is a frame at a link that has addresses of its own.
func (s *search) own(at place, link *topology.Link, tag uint16, trail ways) {
	if tag != 0 {
		s.because("%s on %s has no link for VLAN %d: a frame with this tag is dropped there", link.Name, at.withHost(), tag)
		return
	}
	if at.ns.Owns(s.next) != nil {
		trail.at = &arrival{place: at, link: link}
		s.found = append(s.found, trail)
	}
}

// bridge takes a frame from a port, or from the bridge itself where that is nil, to everywhere it may go.
func (s *search) bridge(at place, bridge, from *topology.Link, tag uint16, trail ways) {
	entry := bridge
	if from != nil {
		entry = from
		if from.PortState != "" {
			s.notForwarding(at, from)
			return
		}
	}
	vlan := tag
	if bridge.Filtering {
		if vlan == 0 {
			vlan = pvid(entry)
		}
		if vlan == 0 || !carries(entry, vlan) {
			s.notAllowed(at, entry, vlan)
			return
		}
	}
	if from != nil {
		text := "bridge of port " + from.Name
		if bridge.Filtering {
			text += fmt.Sprintf(", VLAN %d", vlan)
		}
		up := s.leaving(bridge, bridge, vlan, tag)
		switch {
		case bridge.State == topology.Down:
			s.isDown(at, bridge)
			return
		case up >= 0:
			s.in(at, bridge, uint16(up), trail.step(at, bridge, "bridge", "%s", text))
		case at.ns.Owns(s.next) != nil:
			s.notAllowed(at, bridge, vlan)
		}
	}
	for _, port := range at.ns.Ports(bridge.Name) {
		if port == from {
			continue
		}
		leaves := s.leaving(bridge, port, vlan, tag)
		if leaves < 0 {
			s.notAllowed(at, port, vlan)
			continue
		}
		if s.isHeldBack(at, from, port, uint16(leaves), trail) {
			continue
		}
		text := fmt.Sprintf("out by port %s", port.Name)
		if bridge.Filtering {
			text += fmt.Sprintf(", VLAN %d", vlan)
			if leaves == 0 {
				text += " untagged"
			}
		}
		s.out(at, port, uint16(leaves), trail.step(at, bridge, "bridge", "%s", text))
	}
}

func (s *search) notAllowed(at place, port *topology.Link, vlan uint16) {
	if vlan == 0 {
		s.because("port %s on %s drops untagged frames: it has no PVID", port.Name, at.withHost())
		return
	}
	s.because("VLAN %d is not allowed on port %s on %s: add it to the port's vlans", vlan, port.Name, at.withHost())
}

// leaving is the tag with which a frame leaves a port, negative where the port does not carry its VLAN.
func (s *search) leaving(bridge, port *topology.Link, vlan, tag uint16) int {
	if !bridge.Filtering {
		return int(tag)
	}
	for _, one := range port.VLANs {
		if one.ID == vlan {
			if one.Untagged {
				return 0
			}
			return int(vlan)
		}
	}
	return -1
}

func pvid(port *topology.Link) uint16 {
	for _, one := range port.VLANs {
		if one.PVID {
			return one.ID
		}
	}
	return 0
}

func carries(port *topology.Link, vlan uint16) bool {
	return slices.ContainsFunc(port.VLANs, func(one topology.PortVLAN) bool { return one.ID == vlan })
}

// wire is a frame that leaves by hardware: it may reach the hardware of any other host that is known.
func (s *search) wire(at place, link *topology.Link, tag uint16, trail ways) {
	text := link.Name
	if tag != 0 {
		text += fmt.Sprintf(" with VLAN %d", tag)
	}
	if told := link.Neighbour; told != nil && tag != 0 && len(told.VLANs) > 0 && !slices.Contains(told.VLANs, tag) {
		s.because("VLAN %d is not on port %s of switch %s, where %s of %s is plugged in", tag, told.Port, told.System,
			link.Name, at.host.Name)
		return
	}
	out := trail.step(at, link, "wire", "out by %s", text)
	out.text = text
	s.exits = append(s.exits, out)
	for _, host := range s.w.hosts {
		if host == at.host {
			continue
		}
		for _, other := range host.Root().Links {
			if other.Kind == "" && !other.Loopback && other.State == topology.Up && other.Role != "backup" {
				s.in(place{host, host.Root()}, other, tag,
					out.step(place{host, host.Root()}, other, "wire", "in by %s", other.Name))
			}
		}
	}
}
