package path

import (
	"fmt"
	"net/netip"
	"slices"

	"hostnet.linux/internal/topology"
)

// checkReturn follows the answer, and tells where it does not arrive or takes another way. What was translated comes
// back to where that was done, so such paths are left alone.
func checkReturn(hosts []*topology.Host, out *Path, one packet, to place) {
	for _, hop := range out.Hops {
		if hop.Kind == "nat" {
			return
		}
	}
	end, start := lastPlace(hosts, out), firstPlace(hosts, out)
	if end != nil && to.ns != nil && end.ns != to.ns {
		out.Warnings = append(out.Warnings, twin(out.Destination, to, *end))
	}
	if end == nil || start == nil || end.ns == start.ns {
		return
	}
	// The firewall lets answers of a known connection pass, as every one does: only the way counts.
	answer := follow(withoutFirewall(hosts), *placeOf(withoutFirewall(hosts), *end), packet{
		source: out.Destination, destination: out.Source, protocol: one.protocol, port: one.port,
	})
	back := lastPlace(hosts, answer)
	switch {
	case answer.Outcome != Reached:
		out.Warnings = append(out.Warnings, "the answer does not come back: "+answer.Why)
	case back != nil && back.ns != start.ns:
		out.Warnings = append(out.Warnings, "the answer does not come back: "+twin(out.Source, *start, *back))
	case !sameWay(out, answer):
		out.Warnings = append(out.Warnings, "the answer comes back by another way: "+routers(answer))
	}
	out.Warnings = append(out.Warnings, answer.Warnings...)
	slices.Sort(out.Warnings)
	out.Warnings = slices.Compact(out.Warnings)
}

// twin tells of an address that a place has, and another one beside it, which gets the packets.
func twin(address netip.Addr, meant, got place) string {
	return fmt.Sprintf("%s is an address of %s and of %s: packets to it go to %s", address, meant.withHost(), got.withHost(),
		got.withHost())
}

func firstPlace(hosts []*topology.Host, path *Path) *place {
	if len(path.Hops) == 0 {
		return nil
	}
	return lastPlace(hosts, &Path{Hops: path.Hops[:1]})
}

// withoutFirewall are the hosts as they would be without rules.
func withoutFirewall(hosts []*topology.Host) []*topology.Host {
	var out []*topology.Host
	for _, host := range hosts {
		copied := &topology.Host{Name: host.Name}
		for _, ns := range host.Namespaces {
			one := *ns
			if one.Routing != nil {
				routing := *one.Routing
				routing.Tables = nil
				one.Routing = &routing
			}
			copied.Namespaces = append(copied.Namespaces, &one)
		}
		out = append(out, copied)
	}
	return out
}

// placeOf is the same place among other copies of the hosts.
func placeOf(hosts []*topology.Host, at place) *place {
	for _, host := range hosts {
		if host.Name != at.host.Name {
			continue
		}
		if ns := host.Find(at.ns.Name, at.ns.Within); ns != nil {
			return &place{host, ns}
		}
	}
	return &at
}

// sameWay tells whether the answer passes the same namespaces.
func sameWay(there, back *Path) bool {
	one, two := places(there), places(back)
	slices.Reverse(two)
	return slices.Equal(one, two)
}

// places are the namespaces that route or receive, in their order.
func places(path *Path) []string {
	var out []string
	for _, hop := range path.Hops {
		if hop.Kind != "route" && hop.Kind != "local" {
			continue
		}
		if name := hop.Host + " " + hop.Where; len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
	}
	return out
}

func routers(path *Path) string {
	text := ""
	for i, one := range places(path) {
		if i > 0 {
			text += ", "
		}
		text += one
	}
	return text
}
