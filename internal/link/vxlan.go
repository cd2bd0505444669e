package link

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// VXLANOptions are the options of a VXLAN.
type VXLANOptions struct {
	ID             *uint32
	Local          *netip.Addr
	Remote         *netip.Addr
	Group          *netip.Addr
	DstPort        *uint16
	SrcPort        *[2]uint16
	TTL            *uint8
	TTLInherit     *bool
	TOS            *uint8
	DF             *string
	FlowLabel      *uint32
	Ageing         *uint32
	Limit          *uint32
	Learning       *bool
	Proxy          *bool
	RSC            *bool
	L2Miss         *bool
	L3Miss         *bool
	UDPCsum        *bool
	UDPZeroCsum6TX *bool
	UDPZeroCsum6RX *bool
	RemCsumTX      *bool
	RemCsumRX      *bool
	External       *bool
	VNIFilter      *bool
	GBP            *bool
	GPE            *bool
	LocalBypass    *bool
	ReservedBits   *uint64
	FDB            *[]kernel.ForwardingEntry
}

// vxlanRows: what the kernel changes in place is in vxlan_nl2conf in drivers/net/vxlan/vxlan_core.c. Two attributes are
// not here: IFLA_VXLAN_MC_ROUTE of Linux 6.17, which the kernel takes and never tells of (vxlan_fill_info), so that no
// run could be honest, and IFLA_VXLAN_LABEL_POLICY of 6.7, for which iproute2 has no word.
var vxlanRows = sync.OnceValue(func() options[Link] {
	return options[Link]{
		number("id", unix.IFLA_VXLAN_ID, schema.Int[uint32](0, 1<<24-1), func(l *Link) **uint32 { return &l.VXLAN.ID },
			"The VXLAN network identifier. Needed to make a VXLAN, but for O(external) ones.").needs(recreate),
		vxlanParentRow(),
		tunnelEnd("local", unix.IFLA_VXLAN_LOCAL, unix.IFLA_VXLAN_LOCAL6,
			func(l *Link) **netip.Addr { return &l.VXLAN.Local }, nil,
			"This host's end of the tunnel."),
		tunnelEnd("remote", unix.IFLA_VXLAN_GROUP, unix.IFLA_VXLAN_GROUP6,
			func(l *Link) **netip.Addr { return &l.VXLAN.Remote }, isUnicast,
			"The far end of the tunnel. Not together with O(group)."),
		tunnelEnd("group", unix.IFLA_VXLAN_GROUP, unix.IFLA_VXLAN_GROUP6,
			func(l *Link) **netip.Addr { return &l.VXLAN.Group }, netip.Addr.IsMulticast,
			"The multicast group that stands for all far ends. Needs O(parent)."),
		carried("dst_port", unix.IFLA_VXLAN_PORT, schema.Int[uint16](1, 65535),
			func(l *Link) **uint16 { return &l.VXLAN.DstPort },
			func(port uint16) []byte { return binary.BigEndian.AppendUint16(nil, port) },
			func(data []byte) (uint16, bool) {
				if len(data) < 2 {
					return 0, false
				}
				return binary.BigEndian.Uint16(data), true
			}, "The UDP port that the tunnel ends listen on. The kernel's own choice is 8472, the standard's 4789.").needs(
			recreate),
		carried("port_range", unix.IFLA_VXLAN_PORT_RANGE, portRange(), func(l *Link) **[2]uint16 { return &l.VXLAN.SrcPort },
			func(ports [2]uint16) []byte {
				return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, ports[0]), ports[1])
			},
			func(data []byte) ([2]uint16, bool) {
				if len(data) < 4 {
					return [2]uint16{}, false
				}
				return [2]uint16{binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])}, true
			}, "The UDP ports to send from, such as 32768-61000.").needs(recreate),
		number("ttl", unix.IFLA_VXLAN_TTL, schema.Int[uint8](0, 255), func(l *Link) **uint8 { return &l.VXLAN.TTL },
			"The hop limit of the outer packets; 0 lets the kernel choose."),
		presence("ttl_inherit", unix.IFLA_VXLAN_TTL_INHERIT, func(l *Link) **bool { return &l.VXLAN.TTLInherit },
			"Whether the hop limit is that of the inner packet."),
		number("tos", unix.IFLA_VXLAN_TOS, schema.Int[uint8](0, 255), func(l *Link) **uint8 { return &l.VXLAN.TOS },
			"The type of service of the outer packets; 1 is that of the inner packet."),
		choice[uint8]("df", unix.IFLA_VXLAN_DF, []string{"unset", "set", "inherit"},
			func(l *Link) **string { return &l.VXLAN.DF },
			"The don't-fragment bit of the outer packets."),
		carried("flow_label", unix.IFLA_VXLAN_LABEL, schema.Int[uint32](0, 1<<20-1),
			func(l *Link) **uint32 { return &l.VXLAN.FlowLabel },
			func(label uint32) []byte { return binary.BigEndian.AppendUint32(nil, label) },
			func(data []byte) (uint32, bool) {
				if len(data) < 4 {
					return 0, false
				}
				return binary.BigEndian.Uint32(data), true
			}, "The flow label of outer IPv6 packets."),
		number("ageing", unix.IFLA_VXLAN_AGEING, schema.Int[uint32](1, math.MaxUint32),
			func(l *Link) **uint32 { return &l.VXLAN.Ageing },
			"Seconds for which a learned address is remembered."),
		number("limit", unix.IFLA_VXLAN_LIMIT, schema.Int[uint32](0, math.MaxUint32),
			func(l *Link) **uint32 { return &l.VXLAN.Limit },
			"How many addresses may be learned; 0 is no limit.").needs(recreate),
		flag("learning", unix.IFLA_VXLAN_LEARNING, func(l *Link) **bool { return &l.VXLAN.Learning },
			"Whether far ends are learned from what arrives."),
		flag("proxy", unix.IFLA_VXLAN_PROXY, func(l *Link) **bool { return &l.VXLAN.Proxy },
			"Whether ARP and neighbour discovery are answered for far ends.").needs(recreate),
		flag("rsc", unix.IFLA_VXLAN_RSC, func(l *Link) **bool { return &l.VXLAN.RSC },
			"Whether frames to a router are routed at once (route short circuit).").needs(recreate),
		flag("l2miss", unix.IFLA_VXLAN_L2MISS, func(l *Link) **bool { return &l.VXLAN.L2Miss },
			"Whether unknown MAC addresses are reported over netlink.").needs(recreate),
		flag("l3miss", unix.IFLA_VXLAN_L3MISS, func(l *Link) **bool { return &l.VXLAN.L3Miss },
			"Whether unknown IP addresses are reported over netlink.").needs(recreate),
		flag("udp_csum", unix.IFLA_VXLAN_UDP_CSUM, func(l *Link) **bool { return &l.VXLAN.UDPCsum },
			"Whether outer IPv4 packets carry a UDP checksum.").needs(recreate),
		flag("udp_zero_csum6_tx", unix.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, func(l *Link) **bool { return &l.VXLAN.UDPZeroCsum6TX },
			"Whether outer IPv6 packets leave without a UDP checksum.").needs(recreate),
		flag("udp_zero_csum6_rx", unix.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, func(l *Link) **bool { return &l.VXLAN.UDPZeroCsum6RX },
			"Whether outer IPv6 packets are taken without a UDP checksum.").needs(recreate),
		flag("remcsum_tx", unix.IFLA_VXLAN_REMCSUM_TX, func(l *Link) **bool { return &l.VXLAN.RemCsumTX },
			"Whether checksums are offloaded to the far end.").needs(recreate),
		flag("remcsum_rx", unix.IFLA_VXLAN_REMCSUM_RX, func(l *Link) **bool { return &l.VXLAN.RemCsumRX },
			"Whether far ends may offload checksums to this one.").needs(recreate).
			// Even false takes bits of the header out of the reserved ones.
			unless(func(l *Link) bool { return !*l.VXLAN.RemCsumRX }),
		flag("external", unix.IFLA_VXLAN_COLLECT_METADATA, func(l *Link) **bool { return &l.VXLAN.External },
			"Whether routes or filters, rather than this link, say where packets go.").needs(recreate),
		vniFilterRow(),
		presence("gbp", unix.IFLA_VXLAN_GBP, func(l *Link) **bool { return &l.VXLAN.GBP },
			"Whether the group policy extension is spoken."),
		presence("gpe", unix.IFLA_VXLAN_GPE, func(l *Link) **bool { return &l.VXLAN.GPE },
			"Whether the generic protocol extension is spoken."),
		flag("localbypass", unix.IFLA_VXLAN_LOCALBYPASS, func(l *Link) **bool { return &l.VXLAN.LocalBypass },
			"Whether packets to a VXLAN on this host skip the network.").from("6.4"),
		reservedBitsRow(),
		plain("fdb", forwardingForm(), func(l *Link) **[]kernel.ForwardingEntry { return &l.VXLAN.FDB },
			"Exactly the static entries that point to far ends, beside the one that O(remote) or O(group) makes. Several "+
				"entries for "+
				"00:00:00:00:00:00 send unknown and many-destination frames to each (head-end replication)."),
	}
})

// reservedBits is IFLA_VXLAN_RESERVED_BITS of linux/if_link.h in Linux 6.14.
const reservedBits = 0x21

// reservedBitsRow is the VXLAN header as one number, written in hexadecimal.
func reservedBitsRow() option[Link] {
	form := schema.Text(
		func(text string) (uint64, error) {
			bits, err := strconv.ParseUint(text, 0, 64)
			if err != nil {
				return 0, fmt.Errorf("must be 64 bits as in 0xf7ffffff000000ff, not %q", text)
			}
			return bits, nil
		},
		func(bits uint64) string { return fmt.Sprintf("0x%016x", bits) })
	return carried("reserved_bits", reservedBits, form, func(l *Link) **uint64 { return &l.VXLAN.ReservedBits },
		func(bits uint64) []byte { return binary.BigEndian.AppendUint64(nil, bits) },
		func(data []byte) (uint64, bool) {
			if len(data) < 8 {
				return 0, false
			}
			return binary.BigEndian.Uint64(data), true
		}, "The bits of the header that must be 0 in packets that arrive. The kernel's own choice is all that it has no "+
			"meaning for, "+
			"such as 0xf7ffffff000000ff.").needs(recreate).from("6.14")
}

// vniFilterRow: the kernel tells of it only when it is on (vxlan_fill_info).
func vniFilterRow() option[Link] {
	field := func(l *Link) **bool { return &l.VXLAN.VNIFilter }
	row := offWhenAbsent(flag("vnifilter", unix.IFLA_VXLAN_VNIFILTER, field,
		"Whether an O(external) VXLAN takes only the identifiers that were added to it."), field).needs(recreate)
	encode := row.encode
	row.encode = func(l *Link) kernel.Attribute {
		if !**field(l) {
			return kernel.Attribute{}
		}
		return encode(l)
	}
	return row
}

func isUnicast(address netip.Addr) bool { return !address.IsMulticast() }

// tunnelEnd travels in one of two attributes by its family. Two options may share them: mine tells which is meant.
func tunnelEnd(name string, four, six uint16, field func(*Link) **netip.Addr, mine func(netip.Addr) bool,
	text string) option[Link] {
	form := schema.Address()
	if mine != nil {
		parse := form.Parse
		form.Parse = func(raw any, at schema.Place) (netip.Addr, bool) {
			address, ok := parse(raw, at)
			if ok && !mine(address) && !address.IsUnspecified() {
				at.Problem("%s is the wrong kind of address: multicast goes to group, all others to remote", address)
				ok = false
			}
			return address, ok
		}
	}
	form.Equal = func(a, b netip.Addr) bool { return a == b || a.IsUnspecified() && b.IsUnspecified() }
	row := option[Link]{Option: schema.Clearable(name, form, netip.IPv4Unspecified(), field, text)}
	row.attribute, row.otherAttribute = four, six
	row.none = func(l *Link) {
		none := netip.IPv4Unspecified()
		*field(l) = &none
	}
	row.given = func(l *Link) bool { return (*field(l)).IsUnspecified() }
	row.harder = func(final, have *Link) change {
		switch {
		case final.VXLAN.overIPv6() != have.VXLAN.overIPv6():
			return recreate
		case mine != nil:
			return joining(final, have)
		}
		return live
	}
	row.encode = func(l *Link) kernel.Attribute {
		address := **field(l)
		if address.IsUnspecified() && l.VXLAN.overIPv6() {
			address = netip.IPv6Unspecified()
		}
		if address.Is4() {
			return kernel.Attribute{Type: four, Data: address.AsSlice()}
		}
		return kernel.Attribute{Type: six, Data: address.AsSlice()}
	}
	row.decode = func(l *Link, data []byte, _ func(int) string) {
		address, ok := netip.AddrFromSlice(data)
		if ok && !address.IsUnspecified() && (mine == nil || mine(address)) {
			*field(l) = &address
		}
	}
	return row
}

// joining: kernels before 6.15 join and leave groups only when the link goes up and down (vxlan_open, vxlan_stop).
func joining(final, have *Link) change {
	if isSet(final.VXLAN.Group) || isSet(have.VXLAN.Group) {
		return whileDown
	}
	return live
}

// keepReserved leaves the bits to the kernel where an extension that comes or goes gives a meaning to some.
func (v *VXLANOptions) keepReserved(want, have *VXLANOptions) {
	for _, extension := range []func(*VXLANOptions) *bool{
		func(o *VXLANOptions) *bool { return o.GBP }, func(o *VXLANOptions) *bool { return o.GPE },
		func(o *VXLANOptions) *bool { return o.RemCsumRX },
	} {
		if want.ReservedBits == nil && deref(extension(v)) != deref(extension(have)) {
			v.ReservedBits = nil
		}
	}
}

// farEnd is the remote or the group.
func (v *VXLANOptions) farEnd() *netip.Addr {
	if isSet(v.Remote) {
		return v.Remote
	}
	return v.Group
}

func isSet(end *netip.Addr) bool { return end != nil && !end.IsUnspecified() }

// overhead is what the tunnel's headers take of each packet, in bytes (VXLAN_HEADROOM and VXLAN6_HEADROOM in
// net/vxlan.h).
func (v *VXLANOptions) overhead() uint32 {
	if v.overIPv6() {
		return 70
	}
	return 50
}

// overIPv6 tells the version of IP, which is the same for all ends, and IPv4 where there are none
// (vxlan_config_validate).
func (v *VXLANOptions) overIPv6() bool {
	return slices.ContainsFunc([]*netip.Addr{v.Local, v.Remote, v.Group},
		func(end *netip.Addr) bool { return isSet(end) && end.Is6() })
}

// oneFarEnd: a remote that is declared takes the place of a group, and the other way round.
func (v *VXLANOptions) oneFarEnd(want *VXLANOptions) {
	switch {
	case isSet(want.Remote):
		v.Group = nil
	case isSet(want.Group):
		v.Remote = nil
	}
}

// presence is a boolean that travels to the kernel as an attribute without data, and comes back that way or as a byte
// (NLA_FLAG in vxlan_policy).
func presence(name string, attribute uint16, field func(*Link) **bool, text string) option[Link] {
	row := plain(name, schema.Bool(), field, text).needs(recreate)
	row.attribute = attribute
	row.encode = func(l *Link) kernel.Attribute {
		if !**field(l) {
			return kernel.Attribute{}
		}
		return kernel.Attribute{Type: attribute}
	}
	row.decode = func(l *Link, data []byte, _ func(int) string) {
		on := len(data) == 0 || data[0] != 0
		*field(l) = &on
	}
	return offWhenAbsent(row, field)
}

// vxlanParentRow: a VXLAN names its parent among its own attributes, and may have none.
func vxlanParentRow() option[Link] {
	row := namedLink("parent", unix.IFLA_VXLAN_LINK, func(l *Link) **string { return &l.Parent },
		"The link that the tunnel's packets leave by; without one, the routes decide.")
	row.harder = func(final, have *Link) change {
		if *final.Parent == "" {
			// The kernel takes it and keeps standing on the old one (vxlan_changelink in drivers/net/vxlan/vxlan_core.c).
			return recreate
		}
		return joining(final, have)
	}
	return row
}

func portRange() schema.Form[[2]uint16] {
	return schema.Text(
		func(text string) ([2]uint16, error) {
			first, last, _ := strings.Cut(text, "-")
			a, errA := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
			b, errB := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
			if errA != nil || errB != nil || a > b {
				return [2]uint16{}, fmt.Errorf("must be two UDP ports such as 32768-61000, not %q", text)
			}
			return [2]uint16{uint16(a), uint16(b)}, nil
		},
		func(ports [2]uint16) string { return fmt.Sprintf("%d-%d", ports[0], ports[1]) })
}
