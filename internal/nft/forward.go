package nft

import (
	"fmt"
	"net/netip"

	"hostnet.linux/internal/schema"
)

// PortForward leads ports of the host, or whole addresses, to an address inside.
type PortForward struct {
	Protocol string    // "" is tcp, or without ports every protocol
	Port     PortRange // zero is every port
	To       netip.Addr
	ToPort   uint16
	Address  *[]netip.Addr
	Source   netip.Prefix
	Hairpin  *bool
}

// PortRange is one port or several neighbours.
type PortRange struct{ First, Last uint16 }

func portForwardTable() schema.Table[PortForward] {
	return schema.Table[PortForward]{
		schema.Value("protocol", schema.Choice("tcp", "udp", "sctp"), func(p *PortForward) *string { return &p.Protocol },
			"The protocol. Left out, it is V(tcp), and without O(port) every protocol."),
		schema.Value("port", portRangeForm(), func(p *PortForward) *PortRange { return &p.Port },
			"The port of the host, or a range such as 8000-8010. Left out, it is all that comes for O(address): one to one."),
		schema.Value("to", schema.Address(), func(p *PortForward) *netip.Addr { return &p.To },
			"The address inside that answers.").Require(),
		schema.Value("to_port", schema.Int[uint16](1, 65535), func(p *PortForward) *uint16 { return &p.ToPort },
			"The port there; of a range, the first one. Left out, they are the same ones."),
		schema.Field("address", schema.List(schema.Address()), func(p *PortForward) **[]netip.Addr { return &p.Address },
			"The addresses that are forwarded, which the host has or others send to it. Left out, it is every address of the "+
				"host."),
		schema.Value("source", schema.Subnet(), func(p *PortForward) *netip.Prefix { return &p.Source },
			"Forward only what comes from this subnet."),
		schema.Field("hairpin", schema.Bool(), func(p *PortForward) **bool { return &p.Hairpin },
			"Whether neighbours inside, and the container itself, reach the port by the host's address too.").Assume(true),
	}
}

func (f PortForward) hairpin() bool { return f.Hairpin == nil || *f.Hairpin }

func (f PortForward) hasPort() bool { return f.Port != PortRange{} }

// protocol is the one that is forwarded, "" for every one.
func (f PortForward) protocol() string {
	if f.Protocol == "" && f.hasPort() {
		return "tcp"
	}
	return f.Protocol
}

// What is how messages call the forward.
func (f PortForward) What() string { return f.what() }

// Hairpins tells whether neighbours inside, and the container itself, reach it by the host's address.
func (f PortForward) Hairpins() bool { return f.hairpin() }

// EffectiveProtocol is the one that is forwarded, "" for every one.
func (f PortForward) EffectiveProtocol() string { return f.protocol() }

// FirstTarget is where the first of the ports leads; port 0 stands for every one.
func (f PortForward) FirstTarget() netip.AddrPort {
	if !f.hasPort() {
		return netip.AddrPortFrom(f.To, 0)
	}
	return netip.AddrPortFrom(f.To, f.target(f.Port.First))
}

// what is how a problem calls it.
func (f PortForward) what() string {
	switch {
	case f.hasPort():
		return fmt.Sprintf("%s port %s", f.protocol(), f.Port)
	case f.Protocol != "":
		return fmt.Sprintf("%s to %s", f.Protocol, list(f.Address)[0])
	}
	return list(f.Address)[0].String()
}

// target is the port there of one of the forwarded ports.
func (f PortForward) target(port uint16) uint16 {
	if f.ToPort == 0 {
		return port
	}
	return f.ToPort + (port - f.Port.First)
}

// keepsPorts tells whether a range leads to the same ports there.
func (f PortForward) keepsPorts() bool { return f.ToPort == 0 || f.ToPort == f.Port.First }

func (n *NAT) checkForwards(at schema.Place) {
	for i, forward := range list(n.PortForwards) {
		place := at.Index(i)
		switch {
		case forward.ToPort != 0 && !forward.hasPort():
			place.Key("to_port").Problem("needs port")
		case int(forward.ToPort)+int(forward.Port.Last-forward.Port.First) > 65535:
			place.Key("to_port").Problem("%d with the %d ports of %s goes beyond 65535", forward.ToPort,
				forward.Port.Last-forward.Port.First+1, forward.Port)
		case !forward.hasPort() && len(list(forward.Address)) == 0:
			place.Key("address").Problem(
				"is required without port: every address of the host, with all its ports, would lead inside")
		}
		for j, address := range list(forward.Address) {
			if address.Is6() != forward.To.Is6() {
				place.Key("address").Index(j).Problem("%s and %s are of different IP versions", address, forward.To)
			}
			if address == forward.To {
				place.Key("address").Index(j).Problem("%s is forwarded to itself", address)
			}
		}
		if forward.Source.IsValid() && forward.Source.Addr().Is6() != forward.To.Is6() {
			place.Key("source").Problem("%s and %s are of different IP versions", forward.Source, forward.To)
		}
		if !n.contains(forward.To) {
			place.Key("to").Problem("%s is in none of the inside subnets", forward.To)
		}
	}
}

func (n *NAT) contains(address netip.Addr) bool {
	subnets := list(n.Subnets)
	for _, subnet := range subnets {
		if subnet.Contains(address) {
			return true
		}
	}
	return len(subnets) == 0
}
