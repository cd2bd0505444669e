package container

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"sync"
	"unicode"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/schema"
)

// identityRows say which interface is meant, and whether it is to be.
func identityRows() schema.Table[Interface] {
	return schema.Table[Interface]{
		schema.Value("name", schema.LinkName(), func(i *Interface) *string { return &i.Name },
			"The interface's name inside the container, such as eth1.").Require(),
		schema.Value("state", schema.Choice("present", "absent"), func(i *Interface) *string { return &i.State },
			"Whether the container is to have the interface. A NIC that was lent to it comes back to the host.").Assume(
			"present"),
	}
}

// optionRows are what is compared with the configuration and with the running container.
var optionRows = sync.OnceValue(func() schema.Table[Interface] {
	return schema.Table[Interface]{
		typeRow(), bridgeRow(), parentRow(), modeRow(), ipvlanModeRow(), ipvlanIsolationRow(), vlanIDRow(), hostNameRow(),
		macRow(), mtuRow(), upRow(), addressesRow(), gatewayRow(), gateway6Row(), onLinkRow(), routesRow(),
		dhcpRow(), dhcp6Row(), dhcpRoutesRow(), dhcpDNSRow(), dhcpMTURow(), dhcpHostNameRow(), dhcpMetricRow(),
		dhcpClientIDRow(), vlanRow(), trunkRow(), downRateRow(), upRateRow(),
	}
})

func typeRow() schema.Option[Interface] {
	return schema.Field("type", schema.Choice(Veth, Phys, Macvlan, IPVLAN, VLAN),
		func(i *Interface) **string { return &i.Type },
		"V(veth) is a pair of links, one end in the container and one on a bridge of the host; V(phys) moves a link of the "+
			"host into the "+
			"container; V(macvlan) is a further MAC address on a link of the host; V(ipvlan) shares the MAC address of such a "+
			"link; V(vlan) is one VLAN of it.").Assume(Veth)
}

func bridgeRow() schema.Option[Interface] {
	return schema.Field("bridge", schema.LinkName(), func(i *Interface) **string { return &i.Bridge },
		"The bridge that the host's end of a veth is a port of. Needed for a new one.")
}

func parentRow() schema.Option[Interface] {
	return schema.Field("parent", schema.LinkName(), func(i *Interface) **string { return &i.Parent },
		"The link of the host: moved into the container (phys), or used as parent (macvlan, ipvlan, vlan). Needed for a "+
			"new one.")
}

func modeRow() schema.Option[Interface] {
	return schema.Field("macvlan_mode", schema.Choice("private", "vepa", "bridge", "passthru"),
		func(i *Interface) **string { return &i.Mode },
		"Whom a macvlan can talk to on the same parent. LXC's own choice is private.")
}

func ipvlanModeRow() schema.Option[Interface] {
	return schema.Field("ipvlan_mode", schema.Choice("l2", "l3", "l3s"),
		func(i *Interface) **string { return &i.IPVLANMode },
		"At which layer an ipvlan shares its parent. LXC's own choice is l3.")
}

func ipvlanIsolationRow() schema.Option[Interface] {
	return schema.Field("ipvlan_isolation", schema.Choice("bridge", "private", "vepa"),
		func(i *Interface) **string { return &i.IPVLANIsolation },
		"Whom an ipvlan can talk to on the same parent. LXC's own choice is bridge.")
}

func vlanIDRow() schema.Option[Interface] {
	return schema.Field("vlan_id", schema.Int[uint16](1, highestVLAN), func(i *Interface) **uint16 { return &i.VLANID },
		"The tag of an interface of type vlan. Needed for a new one.")
}

func hostNameRow() schema.Option[Interface] {
	return schema.Field("host_name", schema.LinkName(), func(i *Interface) **string { return &i.HostName },
		"The name of a veth's end on the host. Left out, the one that the container's configuration says, else the last 8 "+
			"characters of "+
			"the container's name without dashes and underscores, an underscore, and the interface's name, as "+
			"OpenStack-Ansible names it; where "+
			"another container has that name, one made unique.")
}

func macRow() schema.Option[Interface] {
	return schema.Field("mac_address", schema.LinkMAC(), func(i *Interface) **string { return &i.MAC },
		"The MAC address inside the container. Left out, the one that it has, else one that is derived from the names of "+
			"container and "+
			"interface and starts with 00:16:3e. A lent NIC keeps its own.")
}

func mtuRow() schema.Option[Interface] {
	return schema.Field("mtu", schema.Int[uint32](68, math.MaxInt32), func(i *Interface) **uint32 { return &i.MTU },
		"The largest packet in bytes, at both ends of a veth. A new veth without it gets the bridge's.")
}

func upRow() schema.Option[Interface] {
	return schema.Field("up", schema.Bool(), func(i *Interface) **bool { return &i.LinkUp },
		"Whether the interface is up inside. With V(false) it is there, down, until somebody takes it up: it has no routes "+
			"and no DHCP then. "+
			"Left out, a new one is up.").Assume(true)
}

func addressesRow() schema.Option[Interface] {
	return schema.Field("addresses", schema.Set(schema.CIDR(), comparePrefixes),
		func(i *Interface) **[]netip.Prefix { return &i.Addresses },
		"Exactly the static addresses of the interface. Those of the kernel, of DHCP and of router advertisements are left "+
			"alone.")
}

func gatewayRow() schema.Option[Interface] {
	return schema.Field("gateway", schema.AddressOrNone(), func(i *Interface) **netip.Addr { return &i.Gateway },
		"The router of the container's IPv4 default route, in the network of one of the addresses, or anywhere on the link "+
			"with O(onlink) or "+
			"beside addresses with /32; V(none) removes the route.")
}

func gateway6Row() schema.Option[Interface] {
	return schema.Field("gateway6", schema.AddressOrNone(), func(i *Interface) **netip.Addr { return &i.Gateway6 },
		"The router of the container's IPv6 default route, in the network of one of the addresses or link-local; V(none) "+
			"takes the route away.")
}

func onLinkRow() schema.Option[Interface] {
	return schema.Field("onlink", schema.Bool(), func(i *Interface) **bool { return &i.OnLink },
		"Whether O(gateway) and O(gateway6) are directly on the link although in none of its networks. They get a route of "+
			"their own.").Assume(false)
}

func routesRow() schema.Option[Interface] {
	return schema.Field("routes", routeForm(), func(i *Interface) **[]Route { return &i.Routes },
		"Exactly the static routes out of the interface, beside the one that O(gateway) makes.")
}

func dhcpRow() schema.Option[Interface] {
	return schema.Field("dhcp", schema.Bool(), func(i *Interface) **bool { return &i.DHCP },
		"Whether the interface gets its IPv4 address from a DHCP server. The client is the collection's own and runs on "+
			"the host, so the "+
			"container needs none.")
}

func dhcpRoutesRow() schema.Option[Interface] {
	return schema.Field("dhcp_use_routes", schema.Bool(), func(i *Interface) **bool { return &i.DHCPRoutes },
		"Whether the DHCP server's routes are taken too.").Assume(true)
}

func dhcpDNSRow() schema.Option[Interface] {
	return schema.Field("dhcp_use_dns", schema.Bool(), func(i *Interface) **bool { return &i.DHCPDNS },
		"Whether the DHCP server's name servers and domain go to the container's C(/etc/resolv.conf).").Assume(true)
}

func dhcp6Row() schema.Option[Interface] {
	return schema.Field("dhcp6", schema.Bool(), func(i *Interface) **bool { return &i.DHCP6 },
		"Whether the interface gets an IPv6 address from a DHCPv6 server too. The way to its network comes by router "+
			"advertisements, which the "+
			"kernel takes.")
}

func dhcpMTURow() schema.Option[Interface] {
	return schema.Field("dhcp_use_mtu", schema.Bool(), func(i *Interface) **bool { return &i.DHCPMTU },
		"Whether the DHCP server's MTU is taken inside the container, where O(mtu) is not declared.").Assume(true)
}

func dhcpHostNameRow() schema.Option[Interface] {
	return schema.Field("dhcp_use_hostname", schema.Bool(), func(i *Interface) **bool { return &i.DHCPHostName },
		"Whether the container takes the host name that the DHCP server gives.").Assume(false)
}

func dhcpMetricRow() schema.Option[Interface] {
	return schema.Field("dhcp_metric", schema.Int[uint32](0, 1<<32-1),
		func(i *Interface) **uint32 { return &i.DHCPMetric },
		"The metric of the DHCP server's routes. The interface with the lowest gives the container its name servers, too. "+
			"0 is 1024 for the "+
			"container's first interface with DHCP, one more for the second, and so on.").Assume(uint32(0))
}

func dhcpClientIDRow() schema.Option[Interface] {
	return schema.Field("dhcp_client_id", clientIDForm(), func(i *Interface) **string { return &i.DHCPClientID },
		"What the client calls itself (option 61): V(mac), V(duid) for one made of the MAC address, bytes such as "+
			"V(01:00:16:3e:11:22:33), or a "+
			"text. With V(none) the server goes by the MAC address.").Assume("none")
}

func vlanRow() schema.Option[Interface] {
	return schema.Field("vlan", schema.Int[uint16](0, highestVLAN), func(i *Interface) **uint16 { return &i.VLAN },
		"The VLAN of the container's untagged frames on a bridge with vlan_filtering; 0 is none. Left out, the bridge's "+
			"default.")
}

func trunkRow() schema.Option[Interface] {
	return schema.Field("trunk", trunkForm(), func(i *Interface) **[]uint16 { return &i.Trunk },
		"Exactly the VLANs that the container sends and receives tagged on a bridge with vlan_filtering: numbers, or "+
			"ranges such as 20-29.")
}

func downRateRow() schema.Option[Interface] {
	return schema.Field("down_rate", schema.Int[uint32](0, highestRate),
		func(i *Interface) **uint32 { return &i.DownRate },
		"The most that a veth takes to the container, in kilobits a second; 0 is no limit.")
}

func upRateRow() schema.Option[Interface] {
	return schema.Field("up_rate", schema.Int[uint32](0, highestRate), func(i *Interface) **uint32 { return &i.UpRate },
		"The most that a veth takes from the container, in kilobits a second; 0 is no limit. What is above it is dropped "+
			"on the host, where the "+
			"container cannot lift the limit.")
}

// clientIDForm is a text that fits into a message.
func clientIDForm() schema.Form[string] {
	return schema.Text(
		func(text string) (string, error) {
			if text == "" || len(text) > dhcp.LongestClientID || strings.ContainsFunc(text, unicode.IsControl) {
				return "",
					fmt.Errorf("must be mac, duid, none, bytes such as 01:00:16:3e:11:22:33, or a text of at most %d bytes, not %q",
						dhcp.LongestClientID, text)
			}
			return text, nil
		},
		func(text string) string { return text })
}

// highestRate is what the kernel's 32 bits of bytes a second can say.
const highestRate = 34_000_000

// InterfaceTable is the options of one interface.
func InterfaceTable() schema.Table[Interface] {
	return append(append(schema.Table[Interface]{}, identityRows()...), optionRows()...)
}

func comparePrefixes(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return a.Bits() - b.Bits()
}

// onlyFor says which types an option belongs to; the others belong to all.
var onlyFor = map[string]string{
	"bridge": Veth, "host_name": Veth, "vlan": Veth, "trunk": Veth, "down_rate": Veth, "up_rate": Veth,
	"macvlan_mode": Macvlan,
	"ipvlan_mode":  IPVLAN, "ipvlan_isolation": IPVLAN, "vlan_id": VLAN,
}
