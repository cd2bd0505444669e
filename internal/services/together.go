package services

import (
	"net/netip"
	"slices"

	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/schema"
)

// CheckTogether notes what does not fit among the declared objects.
func (d *Declaration) CheckTogether(problems *schema.Problems) {
	lxcbridge.CheckTogether(d.Bridges, problems)
	nft.CheckTogether(d.translations(), nil, d.servers(), nil, problems)
}

// translations are those of the bridges, and then those that may be about a bridge.
func (d *Declaration) translations() []*nft.NAT {
	var out []*nft.NAT
	for _, bridge := range d.Bridges {
		out = append(out, &bridge.NAT)
	}
	return append(out, d.NATs...)
}

// checkBesideHost finds what contradicts the rules and servers of objects that the task is not about.
func (h *Host) checkBesideHost(current *State, wanted *Wanted) error {
	others := current.Rules.Others(wanted.NATs)
	running, err := dnsmasq.Served(h.System)
	if err != nil {
		return err
	}
	var servers []nft.Server
	for _, one := range running {
		if slices.ContainsFunc(wanted.DNSMasqs, func(i *dnsmasq.Instance) bool { return i.Interface == one.Interface }) {
			continue
		}
		server := nft.Server{Name: "dnsmasq", Path: "on " + one.Interface, Interface: one.Interface, Ports: dnsPorts}
		for _, address := range one.Addresses {
			server.Addresses = append(server.Addresses, netip.PrefixFrom(address, address.BitLen()))
		}
		servers = append(servers, server)
	}
	var problems, alone schema.Problems
	own := serversOf(wanted.DNSMasqs)
	nft.CheckTogether(wanted.NATs, others, own, servers, &problems)
	nft.CheckTogether(wanted.NATs, nil, own, nil, &alone)
	return slices.DeleteFunc(problems, func(p schema.Problem) bool { return slices.Contains(alone, p) }).Err()
}

// dnsPorts are those of a name server.
var dnsPorts = []nft.ServedPort{{Service: "DNS", Protocol: "udp", Port: 53},
	{Service: "DNS", Protocol: "tcp", Port: 53}}

// servers are what the declared bridges and instances of dnsmasq answer.
func (d *Declaration) servers() []nft.Server { return serversOf(d.wanted().DNSMasqs) }

func serversOf(instances []*dnsmasq.Instance) []nft.Server {
	var out []nft.Server
	for _, instance := range instances {
		server := nft.Server{Name: instance.Interface, Path: instance.Path, Interface: instance.Interface}
		for _, address := range []*netip.Prefix{instance.Address, instance.Address6} {
			if address != nil {
				server.Addresses = append(server.Addresses, *address)
			}
		}
		if instance.WantsDNS() {
			server.Ports = append(server.Ports, dnsPorts...)
		}
		if instance.WantsDHCP() {
			// A client that has a lease asks the server's own address to extend it (RFC 2131, 4.4.5).
			server.Ports = append(server.Ports, nft.ServedPort{Service: "DHCP", Protocol: "udp", Port: 67})
		}
		if !instance.Absent() {
			out = append(out, server)
		}
	}
	return out
}
