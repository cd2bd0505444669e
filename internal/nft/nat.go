// Package nft is the domain of address translation and openings: what one object declares becomes one nftables table
// of its own, so that no rule of anybody else is ever touched.
package nft

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"

	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/schema"
)

// NAT is what is declared of one inside network: a bridge, subnets, or both.
type NAT struct {
	Name         string
	State        string
	Interface    string
	Subnets      *[]netip.Prefix
	Services     *[]string
	NAT, NAT6    *bool
	NATAddress   netip.Addr
	NAT6Address  netip.Addr
	OutInterface *[]string
	Exclude      *[]string
	PortForwards *[]PortForward
	Isolated     *Isolation
	MSSClamp     string
	Firewall     string
	// Takeover removes the tables of lxc-net.
	Takeover bool
	// Trusted tells that firewalld is about to trust the interface.
	Trusted bool
	// OfBridge tells that it is the part of an lxc_bridge: its subnets are the networks of the bridge's addresses.
	OfBridge bool
	// observed tells that it was read back from rules, which do not tell in which order forwards were declared.
	observed bool
	// Path is where the object stands in the arguments, such as nats[0].
	Path string
}

// services are what a host can offer to an inside network.
var services = []string{"dhcp", "dns", "dhcp6", "ra"}

// Options are all options of a NAT object.
func Options() schema.Table[NAT] {
	return append(schema.Table[NAT]{
		schema.Value("name", schema.String(), func(n *NAT) *string { return &n.Name },
			"What to call it. It names the table of rules.").Require(),
		schema.Value("state", schema.Choice("present", "absent"), func(n *NAT) *string { return &n.State },
			"Whether it is to be there.").Assume("present"),
		schema.Value("interface", schema.LinkName(), func(n *NAT) *string { return &n.Interface },
			"The inside interface, usually a bridge."),
		schema.Field("subnets", schema.List(schema.Subnet()), func(n *NAT) **[]netip.Prefix { return &n.Subnets },
			"The inside subnets, IPv4 and IPv6. Left out, whatever comes in by O(interface) is translated."),
		schema.Field("services", schema.List(schema.Choice(services...)), func(n *NAT) **[]string { return &n.Services },
			"What the inside may reach on this host itself."),
	}, SharedOptions()...)
}

// SharedOptions are those that an lxc_bridge has as well.
func SharedOptions() schema.Table[NAT] {
	return schema.Table[NAT]{
		schema.Field("nat", schema.Bool(), func(n *NAT) **bool { return &n.NAT },
			"Whether IPv4 connections to the outside get an address of the host.").Assume(true),
		schema.Field("nat6", schema.Bool(), func(n *NAT) **bool { return &n.NAT6 },
			"Whether IPv6 connections to the outside get an address of the host (NAT66).").Assume(false),
		schema.Value("nat_address", schema.Address(), func(n *NAT) *netip.Addr { return &n.NATAddress },
			"The IPv4 address that connections get. Left out, it is that of the outgoing interface (masquerade)."),
		schema.Value("nat6_address", schema.Address(), func(n *NAT) *netip.Addr { return &n.NAT6Address },
			"The IPv6 address that connections get."),
		schema.Field("out_interface", schema.List(schema.LinkName()), func(n *NAT) **[]string { return &n.OutInterface },
			"Translate only what leaves by these interfaces. Left out, it is every other interface."),
		schema.Field("nat_exclude", schema.List(schema.String()), func(n *NAT) **[]string { return &n.Exclude },
			"Subnets and interfaces towards which nothing is translated, such as other bridges of the host."),
		schema.Field("port_forwards", schema.List(schema.Dict(portForwardTable(), "")),
			func(n *NAT) **[]PortForward { return &n.PortForwards },
			"Ports of the host that lead inside."),
		schema.Field("isolated", isolationForm(), func(n *NAT) **Isolation { return &n.Isolated },
			"Whether other bridges of the host can neither reach this one nor be reached from it, or a list of the interfaces "+
				"that cannot. "+
				"O(out_interface) stays open.").Assume(false),
		schema.Value("mss_clamp", mssForm(), func(n *NAT) *string { return &n.MSSClamp },
			"Lower the segment size that TCP connections agree on: V(pmtu) for what the way out takes, or a number of bytes."),
		schema.Value("firewall", schema.Choice("handle", "warn", "ignore"), func(n *NAT) *string { return &n.Firewall },
			"What to do about another firewall that drops the traffic: add what Docker and firewalld provide for that and "+
				"warn of others, only warn, or nothing.").Assume("handle"),
	}
}

// wantsNAT tells whether connections of the address's IP version are translated.
func (n *NAT) wantsNAT(address netip.Addr) bool {
	if address.Is6() {
		return n.NAT6 != nil && *n.NAT6
	}
	return n.NAT == nil || *n.NAT
}

// natAddress is what connections of the address's IP version get; the zero Addr is "that of the way out".
func (n *NAT) natAddress(address netip.Addr) netip.Addr {
	if address.Is6() {
		return n.NAT6Address
	}
	return n.NATAddress
}

// IPv6 tells whether anything here is about IPv6.
func (n *NAT) IPv6() bool {
	if n.wantsNAT(anyIPv6) {
		return true
	}
	for _, subnet := range list(n.Subnets) {
		if subnet.Addr().Is6() {
			return true
		}
	}
	return false
}

// Handles tells whether another firewall is to be told to let the traffic through.
func (n *NAT) Handles() bool { return n.Firewall != "warn" && n.Firewall != "ignore" }

// Absent tells whether the object is to go.
func (n *NAT) Absent() bool { return n.State == "absent" }

func (n *NAT) isolated() bool {
	return n.Isolated != nil && (n.Isolated.Bridges || len(n.Isolated.From) > 0)
}

// list is the elements of an optional list.
func list[V any](values *[]V) []V {
	if values == nil {
		return nil
	}
	return *values
}

// prefix is that of all our tables, so that they are found again.
const prefix = "hostnet_"

// TableName is the table of an object. Letters that nft would not read back without quotes are replaced, and then a
// digest of the name tells the table from that of an object whose name has these letters.
func TableName(object string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, object)
	// NFT_TABLE_MAXNAMELEN is 256 bytes (linux/netfilter/nf_tables.h).
	const longest = 200
	if name == object && len(name) <= longest {
		return prefix + name
	}
	digest := sha256.Sum256([]byte(object))
	return prefix + name[:min(len(name), longest)] + "." + hex.EncodeToString(digest[:6])
}

// Family is that of all our tables: one for both versions of IP.
const Family = nftables.INet
