// Package lxcbridge composes what containers need to reach the outside world: a bridge with an address, DHCP and DNS,
// translation and openings, as lxc-net and OpenStack-Ansible set up lxcbr0.
package lxcbridge

import (
	"net/netip"

	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/schema"
)

// Bridge is one declared bridge.
type Bridge struct {
	Name     string
	State    string
	Address  *netip.Prefix
	Address6 *netip.Prefix
	MTU      *uint32
	MAC      string
	Verify   *bool
	Force    *bool
	NAT      nft.NAT
	DNSMasq  dnsmasq.Instance
	// Path is where the object stands in the arguments, such as lxc_bridges[0].
	Path string
}

// Defaults of lxc-net, but for the range, which is OpenStack-Ansible's.
const (
	DefaultName = "lxcbr0"
	defaultMAC  = "00:16:3e:00:00:00"
)

var defaultAddress = netip.MustParsePrefix("10.0.3.1/24")

// Options are all options of an lxc_bridge.
func Options() schema.Table[Bridge] {
	table := schema.Table[Bridge]{
		schema.Value("name", schema.LinkName(), func(b *Bridge) *string { return &b.Name },
			"The bridge's name.").Assume(DefaultName),
		schema.Value("state", schema.Choice("present", "absent"), func(b *Bridge) *string { return &b.State },
			"Whether it is to be there. V(absent) leaves rules, files, services and settings as they were "+
				"before the first run.").Assume("present"),
		schema.Field("address", schema.CIDR(), func(b *Bridge) **netip.Prefix { return &b.Address },
			"The host's IPv4 address on the bridge, with the prefix length.").Assume(defaultAddress.String()),
		schema.Field("address6", schema.CIDR(), func(b *Bridge) **netip.Prefix { return &b.Address6 },
			"The host's IPv6 address on the bridge, with the prefix length."),
		schema.Field("mtu", schema.Int[uint32](68, 65535), func(b *Bridge) **uint32 { return &b.MTU },
			"The MTU of the bridge, which clients are told too."),
		schema.Value("mac_address", schema.LinkMAC(), func(b *Bridge) *string { return &b.MAC },
			"The bridge's MAC address. Without a fixed one it would change whenever a container comes or goes.").Assume(
			defaultMAC),
	}
	table = append(table, schema.Lift(dnsmasq.SharedOptions(), func(b *Bridge) *dnsmasq.Instance { return &b.DNSMasq })...)
	table = append(table, schema.Lift(nft.SharedOptions(), func(b *Bridge) *nft.NAT { return &b.NAT })...)
	return append(table,
		schema.Field("verify", schema.Bool(), func(b *Bridge) **bool { return &b.Verify },
			"Whether to prove, from a throw-away network namespace on the bridge, that a lease is given and taken back, that "+
				"names are "+
				"answered, and with translation that the host's own gateway is reached; and from one outside of the host, that "+
				"each port "+
				"forward whose container answers is reached. The result is returned as RV(checks).").Assume(true),
		schema.Field("force", schema.Bool(), func(b *Bridge) **bool { return &b.Force },
			"Whether O(state=absent) removes a bridge with containers on it.").Assume(false),
	)
}

// Complete fills in the defaults and gives each part what it shares with the others.
func (b *Bridge) Complete() {
	if b.Name == "" {
		b.Name = DefaultName
	}
	if b.Address == nil {
		b.Address = &defaultAddress
	}
	if b.MAC == "" {
		b.MAC = defaultMAC
	}
	b.DNSMasq.Interface, b.DNSMasq.State, b.DNSMasq.MTU, b.DNSMasq.Path = b.Name, b.State, b.MTU, b.Path
	b.DNSMasq.Address, b.DNSMasq.Address6 = b.Address, b.Address6
	subnets := []netip.Prefix{b.Address.Masked()}
	if b.Address6 != nil {
		subnets = append(subnets, b.Address6.Masked())
	}
	services := b.services()
	b.NAT.Name, b.NAT.State, b.NAT.Interface, b.NAT.Path = b.Name, b.State, b.Name, b.Path
	b.NAT.Subnets, b.NAT.Services, b.NAT.OfBridge = &subnets, &services, true
	b.NAT.Takeover = b.DNSMasq.Takeover != nil && *b.DNSMasq.Takeover
}

// services are those that clients must be able to reach on the host.
func (b *Bridge) services() []string {
	var out []string
	if b.DNSMasq.WantsDHCP() {
		out = append(out, "dhcp")
	}
	if b.DNSMasq.WantsDNS() {
		out = append(out, "dns")
	}
	switch b.DNSMasq.Mode() {
	case "slaac":
		out = append(out, "ra")
	case "stateless", "stateful":
		out = append(out, "dhcp6", "ra")
	}
	return out
}

// Absent tells whether the bridge is to go.
func (b *Bridge) Absent() bool { return b.State == "absent" }

// Forced tells whether it goes even with containers on it.
func (b *Bridge) Forced() bool { return b.Force != nil && *b.Force }

// Verified tells whether the result is to be proved.
func (b *Bridge) Verified() bool { return !b.Absent() && (b.Verify == nil || *b.Verify) }

// translates tells whether IPv4 connections get an address of the host.
func (b *Bridge) translates() bool { return b.NAT.NAT == nil || *b.NAT.NAT }
