package path

import (
	"net/netip"
	"slices"

	"hostnet.linux/internal/topology"
)

// tunnelOverhead is what VXLAN adds: Ethernet, UDP and VXLAN's own header, and that of IP.
func tunnelOverhead(address netip.Addr) uint32 {
	const ethernet, udp, vxlan, ip4, ip6 = 14, 8, 8, 20, 40
	if address.Is4() {
		return ethernet + udp + vxlan + ip4
	}
	return ethernet + udp + vxlan + ip6
}

// tunnel sends the frame in packets to each far end, each by its own path.
func (s *search) tunnel(at place, link *topology.Link, trail ways) {
	ends := s.farEnds(at, link)
	if len(ends) == 0 {
		s.because("%s on %s has no far end: set remote, or forwarding entries", link.Name, at.withHost())
	}
	for _, end := range ends {
		local, _ := netip.ParseAddr(link.Local)
		outer := packet{source: local, destination: end, protocol: "udp", port: 4789}
		w := &walker{hosts: s.w.hosts, path: &Path{}, routers: s.w.routers + 1}
		if w.routers > mostRouters {
			return
		}
		if err := w.send(at, &outer); err != nil || w.path.Outcome != Reached {
			s.tunnelEnds(at, link, end, w.path, trail)
			continue
		}
		inner := trail.step(at, link, "vxlan", "VNI %d, in UDP packets from %s to %s", link.VNI, outer.source, end)
		inner.trail = append(inner.trail, w.path.Hops...)
		if w.path.MTU > 0 {
			inner.mtus = append(inner.mtus,
				limit{at: at, link: link.Name + "'s tunnel", mtu: w.path.MTU, over: tunnelOverhead(end)})
		}
		far := lastPlace(s.w.hosts, w.path)
		if far == nil {
			continue
		}
		met := false
		for _, other := range far.ns.Links {
			if other.Kind == "vxlan" && other.VNI == link.VNI {
				met = true
				s.in(*far, other, 0, inner.step(*far, other, "vxlan", "VNI %d unpacked", link.VNI))
			}
		}
		if !met {
			s.because("%s has no VXLAN with VNI %d, to which %s on %s sends", far.withHost(), link.VNI, link.Name, at.withHost())
		}
	}
}

// tunnelEnds is a far end that was not reached on the hosts that are known.
func (s *search) tunnelEnds(at place, link *topology.Link, end netip.Addr, path *Path, trail ways) {
	if path.Outcome == Leaves {
		out := trail.step(at, link, "vxlan", "VNI %d, in UDP packets to %s", link.VNI, end)
		out.trail = append(out.trail, path.Hops...)
		out.text = link.Name + " in packets to " + end.String()
		s.exits = append(s.exits, out)
		return
	}
	s.because("%s on %s cannot reach its far end %s: %s", link.Name, at.withHost(), end, path.Why)
}

func (s *search) farEnds(at place, link *topology.Link) []netip.Addr {
	var ends []netip.Addr
	add := func(text string) {
		if address, err := netip.ParseAddr(text); err == nil && !slices.Contains(ends, address) && !address.IsMulticast() {
			ends = append(ends, address)
		}
	}
	add(link.Remote)
	for _, entry := range at.ns.Routing.Entries[link.Name] {
		add(entry.Destination)
	}
	if group, err := netip.ParseAddr(link.Remote); err == nil && group.IsMulticast() {
		for _, host := range s.w.hosts {
			for _, ns := range host.Namespaces {
				for _, other := range ns.Links {
					if other.Kind == "vxlan" && other.VNI == link.VNI && other != link && other.Remote == link.Remote {
						add(other.Local)
					}
				}
			}
		}
	}
	return ends
}

// lastPlace is where a path was when it reached its end.
func lastPlace(hosts []*topology.Host, path *Path) *place {
	if len(path.Hops) == 0 {
		return nil
	}
	last := path.Hops[len(path.Hops)-1]
	for _, host := range hosts {
		for _, ns := range host.Namespaces {
			if one := (place{host, ns}); host.Name == last.Host && one.name() == last.Where {
				return &one
			}
		}
	}
	return nil
}
