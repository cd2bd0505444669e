package nft

import (
	"fmt"
	"net/netip"
	"slices"

	"hostnet.linux/internal/kernel/nftables"
)

// Surroundings are what decides on the way of packets besides rules.
type Surroundings struct {
	Links map[string]nftables.Link
	// Uplinks are the links of the default routes, by whether they are of IPv6.
	Uplinks map[bool][]string
}

// probe is a packet that the object's users send, and what it is for.
type probe struct {
	packet nftables.Packet
	what   string
	// forward is the port forward that it comes by, if it does.
	forward *PortForward
}

// firewall is all that packets of an object meet: the rules of others with ours in the chains that they provide, and
// our own tables as they are to be.
type firewall struct {
	Surroundings
	foreign, own []*nftables.Table
	byAddress    map[netip.Addr]nftables.Link
}

// firewall is that of the host with this object's rules.
func (s *State) firewall(nat *NAT) *firewall {
	out := &firewall{Surroundings: s.Surroundings, foreign: slices.Clone(s.Foreign),
		byAddress: map[netip.Addr]nftables.Link{}}
	for _, link := range s.Links {
		for _, address := range link.Addresses {
			out.byAddress[address] = link
		}
	}
	for i, table := range out.foreign {
		for _, guest := range nat.guests([]*nftables.Table{table}) {
			out.foreign[i] = withGuest(table, guest)
		}
	}
	for _, table := range s.Own {
		if table.Name != TableName(nat.Name) {
			out.own = append(out.own, table)
		}
	}
	out.own = append(out.own, nat.Table())
	return out
}

// uplink is what is known of the link that packets take to the outside.
func (f *firewall) uplink(n *NAT, v6 bool) nftables.Link {
	ways := list(n.OutInterface)
	if len(ways) == 0 {
		ways = slices.DeleteFunc(slices.Clone(f.Uplinks[v6]), func(name string) bool { return name == n.Interface })
	}
	if len(ways) == 0 {
		return nftables.Link{}
	}
	return f.named(ways[0])
}

// wayIn is the link by which packets for a forward come: that of its address, or else the uplink.
func (f *firewall) wayIn(n *NAT, forward *PortForward) nftables.Link {
	for _, address := range list(forward.Address) {
		if link, known := f.byAddress[address]; known {
			return link
		}
	}
	return f.uplink(n, forward.To.Is6())
}

func (f *firewall) named(name string) nftables.Link {
	if link, known := f.Links[name]; known {
		return link
	}
	return nftables.Link{Name: name}
}

// probes are one packet for each thing that a firewall could break. An accept in our table does not overrule a drop in
// theirs: every base chain of a hook has to let a packet through (nft(8), "accept").
func (n *NAT) probes(f *firewall) []probe {
	if n.Interface == "" {
		return nil
	}
	sources := map[bool]netip.Addr{}
	for _, subnet := range list(n.Subnets) {
		sources[subnet.Addr().Is6()] = subnet.Addr().Next().Next()
	}
	if len(sources) == 0 {
		sources[false] = anyIPv4
	}
	inside := f.named(n.Interface)
	var out []probe
	for _, service := range list(n.Services) {
		of, known := servicePorts[service]
		if source, has := sources[of.v6]; known && has {
			packet := nftables.Packet{Hook: "input", From: inside, Source: source, Protocol: "udp", Port: of.port}
			out = append(out, probe{packet: packet, what: of.name})
		}
	}
	for _, v6 := range []bool{false, true} {
		if source, has := sources[v6]; has {
			packet := nftables.Packet{Hook: "forward", From: inside, To: f.uplink(n, v6), Source: source, Protocol: "tcp"}
			out = append(out, probe{packet: packet, what: "traffic to the outside"})
		}
	}
	return append(out, n.inwards(f)...)
}

// servicePorts are what clients ask of the host.
var servicePorts = map[string]struct {
	name string
	port uint16
	v6   bool
}{"dhcp": {"DHCP", 67, false}, "dns": {"DNS", 53, false}, "dhcp6": {"DHCPv6", 547, true}}

// inwards are the first packet of a connection by each port forward, as it comes from the outside.
func (n *NAT) inwards(f *firewall) []probe {
	forwards := list(n.PortForwards)
	var out []probe
	for i := range forwards {
		forward := &forwards[i]
		packet := nftables.Packet{
			Hook: "forward", From: f.wayIn(n, forward), To: f.named(n.Interface), Destination: forward.To,
			Protocol:   forward.protocol(),
			Redirected: true,
		}
		if forward.Source.IsValid() {
			packet.Source = forward.Source.Addr().Next()
		}
		if forward.hasPort() {
			packet.Port = forward.target(forward.Port.First)
		}
		out = append(out, probe{packet, "the forward of " + forward.what(), forward})
	}
	return out
}

// warnings name the chains in which the object's packets end, and what to do about it.
func (n *NAT) warnings(current *State) []string {
	if n.Firewall == "ignore" {
		return nil
	}
	f := current.firewall(n)
	var warnings []string
	told := map[string]bool{}
	tell := func(key, text string) {
		if !told[key] {
			told[key] = true
			warnings = append(warnings, text)
		}
	}
	// What no rule asks for the destination of holds for every forward.
	general := map[string][]nftables.Blocker{}
	for _, probe := range n.probes(f) {
		key := fmt.Sprint(probe.forward == nil, probe.packet.Hook, probe.packet.From.Name, probe.packet.Source,
			probe.packet.Destination.Is6())
		blockers, known := general[key]
		if !known {
			var holds bool
			if blockers, holds = nftables.Blocked(slices.Concat(f.own, f.foreign), probe.packet); holds && probe.forward != nil {
				general[key] = blockers
			}
		}
		for _, blocker := range blockers {
			if n.Trusted && blocker.Table == firewalldTable && probe.forward == nil {
				continue // firewalld is told to let it through
			}
			what := fmt.Sprintf("%s from %s", probe.what, n.Interface)
			if probe.forward != nil {
				what = fmt.Sprintf("%s to %s", probe.what, probe.forward.To)
			}
			tell(what+blocker.String(), fmt.Sprintf("%s is dropped by %s%s", what, blocker, n.advice(blocker, f, probe)))
		}
	}
	return warnings
}
