// Package path follows a packet through hosts as their topology and routing tell: which rule, table and route it takes,
// by which links it leaves, who translates or drops it, how large it may be, and where and why it ends.
package path

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/topology"
)

// Outcomes of a path.
const (
	Reached = "reached"
	Leaves  = "leaves"
	Ends    = "ends"
)

// Question is what to follow.
type Question struct {
	Hosts []*topology.Host
	// From is a container or namespace, "" or a host's name the host. To is that too, or an address.
	From, To string
	// Protocol is icmp, tcp or udp; the last two have a Port.
	Protocol string
	Port     uint16
	// Size is that of the whole packet in bytes, 0 for any that fits.
	Size uint32
}

// Hop is one thing that happens to the packet.
type Hop struct {
	Host  string `json:"host"`
	Where string `json:"where"`
	Link  string `json:"link,omitempty"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	MTU   uint32 `json:"mtu,omitempty"`
}

// Path is the answer.
type Path struct {
	Source      netip.Addr `json:"source"`
	Destination netip.Addr `json:"destination"`
	Outcome     string     `json:"outcome"`
	// Why says where it ends, and what would change that.
	Why  string `json:"why"`
	Hops []Hop  `json:"hops"`
	// MTU is that of the path: the largest packet that goes through in one piece.
	MTU      uint32   `json:"mtu,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	// Proof is what became of marked packets, nil where none were sent.
	Proof *Proof `json:"proof,omitempty"`
}

// place is where a packet is.
type place struct {
	host *topology.Host
	ns   *topology.Namespace
}

func (p place) name() string {
	if p.ns.Kind == topology.Machine {
		return "host"
	}
	if p.ns.Within != "" {
		return p.ns.Name + " in " + p.ns.Within
	}
	return p.ns.Name
}

// packet is what is known of it on its way.
type packet struct {
	source, destination netip.Addr
	protocol            string
	port                uint16
	size                uint32
	// redirected tells that its destination was rewritten.
	redirected bool
}

// walker follows one packet.
type walker struct {
	hosts []*topology.Host
	path  *Path
	// overhead is what tunnels around it have added.
	overhead uint32
	routers  int
}

// errEnds ends the way; the reason is in the path.
var errEnds = errors.New("the path ends")

func (w *walker) hop(at place, link, kind string, mtu uint32, format string, values ...any) {
	w.path.Hops = append(w.path.Hops, Hop{
		Host: at.host.Name, Where: at.name(), Link: link, Kind: kind, MTU: mtu, Text: fmt.Sprintf(format, values...),
	})
}

func (w *walker) end(format string, values ...any) error {
	w.path.Outcome, w.path.Why = Ends, fmt.Sprintf(format, values...)
	return errEnds
}

func (w *walker) warn(format string, values ...any) {
	w.path.Warnings = append(w.path.Warnings, fmt.Sprintf(format, values...))
}

// Find follows a packet from one place to an address, and the answer back.
func Find(question Question) (*Path, error) {
	from, err := locate(question.Hosts, question.From)
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	destination, to, err := target(question.Hosts, question.To, from)
	if err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	if from.ns.Routing == nil {
		return nil, errors.New("the infos have no routing: read them with network_info and `routing: true`")
	}
	one := packet{destination: destination, protocol: question.Protocol, port: question.Port, size: question.Size}
	out := follow(question.Hosts, from, one)
	if out.Outcome == Reached {
		checkReturn(question.Hosts, out, one, to)
	}
	return out, nil
}

func follow(hosts []*topology.Host, from place, one packet) *Path {
	w := &walker{hosts: hosts, path: &Path{Destination: one.destination}}
	_ = w.send(from, &one)
	w.begins(&one)
	return w.path
}

// begins notes the source that the packet has before the first translation.
func (w *walker) begins(one *packet) {
	if !w.path.Source.IsValid() {
		w.path.Source = one.source
	}
}

// locate finds a container, namespace or host by its name, or HOST:NAME where names repeat.
func locate(hosts []*topology.Host, name string) (place, error) {
	var found []place
	var names []string
	hostName, inner, both := strings.Cut(name, ":")
	for _, host := range hosts {
		for _, ns := range host.Namespaces {
			isHost := ns.Kind == topology.Machine
			switch {
			case name == "" && isHost, isHost && name == host.Name, !isHost && ns.Name == name,
				both && host.Name == hostName && (ns.Name == inner || isHost && inner == ""):
				found = append(found, place{host, ns})
			}
			names = append(names, ns.Name)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return place{}, fmt.Errorf("there is no container, namespace or host %q: there is %s", name,
			strings.Join(names, ", "))
	}
	return place{}, fmt.Errorf("%q is in %d places: name the host as well, as in %s:%s", name, len(found),
		found[0].host.Name, found[0].ns.Name)
}

// target is the address to send to: of a container one that the sender has a network in common with, else the first.
func target(hosts []*topology.Host, name string, from place) (netip.Addr, place, error) {
	if address, err := netip.ParseAddr(name); err == nil {
		for _, host := range hosts {
			for _, ns := range host.Namespaces {
				if ns.Owns(address) != nil && (host == from.host || ns.Kind == topology.Machine) {
					return address, place{host, ns}, nil
				}
			}
		}
		return address, place{}, nil
	}
	to, err := locate(hosts, name)
	if err != nil {
		return netip.Addr{}, place{}, err
	}
	var first netip.Addr
	for _, link := range to.ns.Links {
		for _, text := range link.Addresses {
			prefix, err := netip.ParsePrefix(text)
			if err != nil || link.Loopback {
				continue
			}
			if !first.IsValid() {
				first = prefix.Addr()
			}
			for _, own := range from.ns.Links {
				for _, ownText := range own.Addresses {
					if ownPrefix, err := netip.ParsePrefix(ownText); err == nil && ownPrefix.Masked() == prefix.Masked() {
						return prefix.Addr(), to, nil
					}
				}
			}
		}
	}
	if !first.IsValid() {
		return first, to, fmt.Errorf("%s has no address", name)
	}
	return first, to, nil
}

// firewall judges the packet at one hook, and says what it comes to.
func (w *walker) firewall(at place, one *packet, hook, in, out string) error {
	blockers, _ := nftables.Blocked(at.ns.Routing.Tables, one.at(at, hook, in, out))
	if len(blockers) == 0 {
		return nil
	}
	w.hop(at, in, "firewall", 0, "dropped by %s", blockers[0])
	return w.end("dropped by %s on %s: open it there with a rule that accepts %s from %s to %s",
		blockers[0], at.withHost(), one.describe(), one.source, one.destination)
}

// at is the packet as rules see it at a hook.
func (p *packet) at(where place, hook, in, out string) nftables.Packet {
	return nftables.Packet{
		Hook: hook, From: linkOf(where.ns, in), To: linkOf(where.ns, out), Source: p.source, Destination: p.destination,
		Protocol: p.protocol, Port: p.port, Redirected: p.redirected,
	}
}

func linkOf(ns *topology.Namespace, name string) nftables.Link {
	link := ns.Link(name)
	if link == nil {
		return nftables.Link{}
	}
	out := nftables.Link{Name: name, Index: uint32(link.Index), Kind: link.Kind, MTU: link.MTU}
	for _, text := range link.Addresses {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			out.Addresses = append(out.Addresses, prefix.Addr())
		}
	}
	return out
}

// withHost is the place's name with that of its host.
func (p place) withHost() string {
	if p.ns.Kind == topology.Machine {
		return p.host.Name
	}
	return p.name() + " of " + p.host.Name
}

func (p *packet) describe() string {
	if p.port != 0 {
		return fmt.Sprintf("%s port %d", p.protocol, p.port)
	}
	return p.protocol
}

// translate changes the packet's addresses as the nat chains of a hook do.
func (w *walker) translate(at place, one *packet, hook, in, out string) {
	found := nftables.Rewritten(at.ns.Routing.Tables, one.at(at, hook, in, out))
	if found == nil {
		return
	}
	w.begins(one)
	where := fmt.Sprintf("chain %s %s %s, %s", found.Family, found.Table, found.Chain, found.Rule)
	switch {
	case found.Masquerade:
		if source := sourceOn(at.ns.Link(out), one.destination); source.IsValid() && source != one.source {
			w.hop(at, out, "nat", 0, "masqueraded: source %s becomes %s (%s)", one.source, source, where)
			one.source = source
		}
	case found.Source.IsValid():
		w.hop(at, out, "nat", 0, "source %s becomes %s (%s)", one.source, found.Source, where)
		one.source = found.Source
	case found.Destination.IsValid():
		text := fmt.Sprintf("destination %s becomes %s", one.destination, found.Destination)
		if found.Port != 0 && found.Port != one.port {
			text += fmt.Sprintf(" port %d", found.Port)
			one.port = found.Port
		}
		w.hop(at, in, "nat", 0, "%s (%s)", text, where)
		one.destination, one.redirected = found.Destination, true
	}
}
