package services

import (
	"net/netip"

	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/schema"
)

// CheckTogether notes what does not fit among the declared objects.
func (d *Declaration) CheckTogether(problems *schema.Problems) {
	lxcbridge.CheckTogether(d.Bridges, nil, problems)
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

// servers are what the declared bridges and instances of dnsmasq answer.
func (d *Declaration) servers() []nft.Server {
	var out []nft.Server
	add := func(name, path string, instance *dnsmasq.Instance) {
		server := nft.Server{Name: name, Path: path, Interface: instance.Interface}
		for _, address := range []*netip.Prefix{instance.Address, instance.Address6} {
			if address != nil {
				server.Addresses = append(server.Addresses, *address)
			}
		}
		if instance.WantsDNS() {
			server.Ports = append(server.Ports, nft.ServedPort{Service: "DNS", Protocol: "udp", Port: 53}, nft.ServedPort{Service: "DNS", Protocol: "tcp", Port: 53})
		}
		if instance.WantsDHCP() {
			// A client that has a lease asks the server's own address to extend it (RFC 2131, 4.4.5).
			server.Ports = append(server.Ports, nft.ServedPort{Service: "DHCP", Protocol: "udp", Port: 67})
		}
		if !instance.Absent() {
			out = append(out, server)
		}
	}
	for _, bridge := range d.Bridges {
		add(bridge.Name, bridge.Path, &bridge.DNSMasq)
	}
	for _, instance := range d.DNSMasqs {
		add(instance.Interface, instance.Path, instance)
	}
	return out
}
