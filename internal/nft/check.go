package nft

import (
	"net/netip"
	"slices"

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
	for i, name := range list(n.OutInterface) {
		if name == n.Interface {
			at.Key("out_interface").Index(i).Problem("%s is the inside interface", name)
		}
	}
	if n.isolated() {
		for i, name := range n.Isolated.From {
			if name == n.Interface || slices.Contains(list(n.OutInterface), name) {
				at.Key("isolated").Index(i).Problem("%s is the inside interface or out_interface, which stays open", name)
			}
		}
	}
	for i, excluded := range list(n.Exclude) {
		if prefix, err := netip.ParsePrefix(excluded); err == nil {
			if prefix != prefix.Masked() {
				at.Key("nat_exclude").Index(i).Problem("%q has bits set beyond its prefix length: the network is %s", excluded,
					prefix.Masked())
			}
		} else if err := schema.CheckLinkName(excluded); err != nil {
			at.Key("nat_exclude").Index(i).Problem("must be a subnet such as 10.0.4.0/24 or the name of an interface, not %q",
				excluded)
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
