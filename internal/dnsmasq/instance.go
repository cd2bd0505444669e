// Package dnsmasq is the domain of DHCP and DNS on a bridge: one instance of Debian's dnsmasq each, with its own
// configuration, leases and service.
package dnsmasq

import (
	"net/netip"

	"hostnet.linux/internal/schema"
)

// Instance is what is declared of DHCP and DNS on one interface.
type Instance struct {
	Interface string
	State     string
	Address   *netip.Prefix
	Address6  *netip.Prefix

	DHCP         *bool
	Range        *Range
	Range6       *Range
	IPv6Mode     string
	LeaseTime    string
	LeaseLimit   *uint32
	DNS          *bool
	Domain       string
	Upstream     *[]string
	DHCPOptions  *map[string][]string
	StaticLeases *[]StaticLease
	HostRecords  *[]HostRecord
	Gateway      netip.Addr
	MTU          *uint32
	ExtraLines   *[]string
	User         string
	Install      *bool
	Takeover     *bool
	ChecksumFix  *bool
	// Path is where the object stands in the arguments, such as dnsmasqs[0].
	Path string
}

// HostRecord is a name in the DNS that no lease makes.
type HostRecord struct {
	Name      string
	Addresses *[]netip.Addr
}

func hostRecordTable() schema.Table[HostRecord] {
	return schema.Table[HostRecord]{
		schema.Value("name", hostName(), func(r *HostRecord) *string { return &r.Name },
			"The name, with or without a domain.").Require(),
		schema.Field("addresses", schema.List(schema.Address()), func(r *HostRecord) **[]netip.Addr { return &r.Addresses },
			"Its IPv4 and IPv6 addresses.").Require(),
	}
}

// Options are all options of a dnsmasq object.
func Options() schema.Table[Instance] {
	return append(schema.Table[Instance]{
		schema.Value("interface", schema.LinkName(), func(i *Instance) *string { return &i.Interface },
			"The interface to serve, usually a bridge. There is one instance for each.").Require(),
		schema.Value("state", schema.Choice("present", "absent"), func(i *Instance) *string { return &i.State },
			"Whether it is to be there.").Assume("present"),
		schema.Field("address", schema.CIDR(), func(i *Instance) **netip.Prefix { return &i.Address },
			"The host's IPv4 address on the interface, such as 10.0.3.1/24. Needed for DHCP."),
		schema.Field("address6", schema.CIDR(), func(i *Instance) **netip.Prefix { return &i.Address6 },
			"The host's IPv6 address on the interface."),
		schema.Field("mtu", schema.Int[uint32](68, 65535), func(i *Instance) **uint32 { return &i.MTU },
			"The MTU that clients are told."),
	}, SharedOptions()...)
}

// SharedOptions are those that an lxc_bridge has as well.
func SharedOptions() schema.Table[Instance] {
	return schema.Table[Instance]{
		schema.Field("dhcp", schema.Bool(), func(i *Instance) **bool { return &i.DHCP },
			"Whether clients get IPv4 addresses.").Assume(true),
		schema.Field("dhcp_range", rangeForm(), func(i *Instance) **Range { return &i.Range },
			"The first and last IPv4 address to hand out, such as 10.0.3.2,10.0.3.253. Left out, it is the whole subnet but "+
				"the host's own address and the last one."),
		schema.Field("dhcp_range6", rangeForm(), func(i *Instance) **Range { return &i.Range6 },
			"The first and last IPv6 address to hand out when O(ipv6_mode=stateful)."),
		schema.Value("ipv6_mode", schema.Choice("slaac", "stateless", "stateful", "none"),
			func(i *Instance) *string { return &i.IPv6Mode },
			"How clients get IPv6: V(slaac) by router advertisements alone, V(stateless) with DNS and other options by DHCPv6, "+
				"V(stateful) with addresses by DHCPv6, V(none) not at all. Left out, it is V(slaac) where there is "+
				"an O(address6)."),
		schema.Value("lease_time", leaseTimeForm(), func(i *Instance) *string { return &i.LeaseTime },
			"How long a lease lasts: seconds, or a number with m, h, d or w, or V(infinite). At least two minutes.").Assume(
			"1h"),
		schema.Field("lease_limit", schema.Int[uint32](1, 1<<20), func(i *Instance) **uint32 { return &i.LeaseLimit },
			"The largest number of leases. Left out, it is 253 or, where the range is larger, the size of the range."),
		schema.Field("dns", schema.Bool(), func(i *Instance) **bool { return &i.DNS },
			"Whether names are answered, those of the clients among them.").Assume(true),
		schema.Value("domain", hostName(), func(i *Instance) *string { return &i.Domain },
			"The domain of the clients. Its names are answered here and never asked for elsewhere."),
		schema.Field("upstream_servers", schema.List(serverForm()), func(i *Instance) **[]string { return &i.Upstream },
			"The DNS servers to ask, as addresses, with a port after a # or a domain as in /example.com/192.0.2.1. "+
				"Left out, it is those of the host's /etc/resolv.conf."),
		schema.Field("dhcp_options", dhcpOptionsForm(), func(i *Instance) **map[string][]string { return &i.DHCPOptions },
			"DHCP options by name (router, dns_server, mtu, ntp_server, domain_search…) or number, each with a "+
				"value or a list. "+
				"An empty list keeps the option back. IPv6 clients are told domain_search, or else O(domain), and the IPv6 "+
				"addresses "+
				"of dns_server and ntp_server."),
		schema.Field("static_leases", schema.List(schema.Dict(staticLeaseTable(), "")),
			func(i *Instance) **[]StaticLease { return &i.StaticLeases },
			"Addresses that are kept for clients."),
		schema.Field("host_records", schema.List(schema.Dict(hostRecordTable(), "")),
			func(i *Instance) **[]HostRecord { return &i.HostRecords },
			"Further names, which are answered forwards and backwards."),
		schema.Value("gateway", schema.Address(), func(i *Instance) *netip.Addr { return &i.Gateway },
			"The router that clients are told, where that is not this host."),
		schema.Field("extra_lines", schema.List(lineForm()), func(i *Instance) **[]string { return &i.ExtraLines },
			"Further lines of dnsmasq's configuration."),
		schema.Field("checksum_fix", schema.Bool(), func(i *Instance) **bool { return &i.ChecksumFix },
			"Whether DHCP answers get their UDP checksum before they leave by a bridge, which clients before "+
				"about 2014 need.").Assume(true),
		schema.Value("user", schema.String(), func(i *Instance) *string { return &i.User },
			"The user that dnsmasq runs as. Left out, it is the first of lxc-dnsmasq, dnsmasq and nobody that exists."),
		schema.Field("install", schema.Bool(), func(i *Instance) **bool { return &i.Install },
			"Whether to install dnsmasq where it is missing.").Assume(false),
		schema.Field("takeover", schema.Bool(), func(i *Instance) **bool { return &i.Takeover },
			"Whether to take over an interface that lxc-net or OpenStack-Ansible's lxc-dnsmasq serves: their service goes, "+
				"the leases stay.").Assume(false),
	}
}

// Absent tells whether the instance is to go.
func (i *Instance) Absent() bool { return i.State == "absent" }

// WantsDHCP tells whether IPv4 addresses are handed out.
func (i *Instance) WantsDHCP() bool { return i.DHCP == nil || *i.DHCP }

// WantsDNS tells whether names are answered.
func (i *Instance) WantsDNS() bool { return i.DNS == nil || *i.DNS }

// Mode is the way in which clients get IPv6, "none" if they do not.
func (i *Instance) Mode() string {
	switch {
	case i.IPv6Mode != "":
		return i.IPv6Mode
	case i.Address6 != nil:
		return "slaac"
	}
	return "none"
}

// FillsChecksums tells whether DHCP answers are to get their checksum.
func (i *Instance) FillsChecksums() bool { return i.ChecksumFix == nil || *i.ChecksumFix }

func isOn(option *bool) bool { return option != nil && *option }

func list[V any](values *[]V) []V {
	if values == nil {
		return nil
	}
	return *values
}
