package nft

import (
	"net/netip"

	"hostnet.linux/internal/schema"
)

// Check notes what does not fit together in one object.
func (n *NAT) Check(at schema.Place) {
	if n.Absent() {
		return
	}
	if n.Interface == "" && len(list(n.Subnets)) == 0 {
		at.Problem("one of interface and subnets is required: they say what is inside")
	}
	if n.Interface == "" {
		for option, given := range map[string]bool{
			"services": len(list(n.Services)) > 0, "isolated": n.isolated(), "mss_clamp": n.MSSClamp != "",
		} {
			if given {
				at.Key(option).Problem("needs interface")
			}
		}
	}
	n.checkAddress(at.Key("nat_address"), n.NATAddress, anyIPv4, "nat")
	n.checkAddress(at.Key("nat6_address"), n.NAT6Address, anyIPv6, "nat6")
	if n.OutInterface != "" && n.OutInterface == n.Interface {
		at.Key("out_interface").Problem("%s is the inside interface", n.OutInterface)
	}
	for i, excluded := range list(n.Exclude) {
		if prefix, err := netip.ParsePrefix(excluded); err == nil {
			if prefix != prefix.Masked() {
				at.Key("nat_exclude").Index(i).Problem("%q has bits set beyond its prefix length: the network is %s", excluded, prefix.Masked())
			}
		} else if err := schema.CheckLinkName(excluded); err != nil {
			at.Key("nat_exclude").Index(i).Problem("must be a subnet such as 10.0.4.0/24 or the name of an interface, not %q", excluded)
		}
	}
	n.checkForwards(at.Key("port_forwards"))
}

func (n *NAT) checkAddress(at schema.Place, address, version netip.Addr, switchedBy string) {
	switch {
	case !address.IsValid():
	case address.Is6() != version.Is6():
		at.Problem("%s is of the wrong IP version", address)
	case !n.wantsNAT(version):
		at.Problem("has no meaning without %s", switchedBy)
	}
}

func (n *NAT) checkForwards(at schema.Place) {
	forwards := list(n.PortForwards)
	for i, forward := range forwards {
		place := at.Index(i)
		if forward.ToPort != 0 && forward.Port.First != forward.Port.Last {
			place.Key("to_port").Problem("a range of ports keeps its ports: leave to_port out, or forward them one by one")
		}
		if forward.Address.IsValid() && forward.Address.Is6() != forward.To.Is6() {
			place.Key("address").Problem("%s and %s are of different IP versions", forward.Address, forward.To)
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
