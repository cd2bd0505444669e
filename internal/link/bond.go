package link

import (
	"bytes"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/schema"
)

// BondOptions are the options of a bond itself.
type BondOptions struct {
	Mode              *string
	Miimon            *uint32
	Updelay           *uint32
	Downdelay         *uint32
	PeerNotifDelay    *uint32
	UseCarrier        *bool
	ARPInterval       *uint32
	ARPIPTarget       *[]netip.Addr
	NSIP6Target       *[]netip.Addr
	ARPValidate       *string
	ARPAllTargets     *string
	ARPMissedMax      *uint8
	Primary           *string
	PrimaryReselect   *string
	FailOverMAC       *string
	XmitHashPolicy    *string
	ResendIGMP        *uint32
	NumPeerNotif      *uint8
	AllSlavesActive   *bool
	MinLinks          *uint32
	LPInterval        *uint32
	PacketsPerSlave   *uint32
	LACPRate          *string
	LACPActive        *bool
	ADSelect          *string
	ADActorSysPrio    *uint16
	ADUserPortKey     *uint16
	ADActorSystem     *string
	TLBDynamicLB      *bool
	CoupledControl    *bool
	BroadcastNeighbor *bool
}

// BondPortOptions are the options of a port of a bond.
type BondPortOptions struct {
	QueueID       *uint16
	Prio          *int32
	ActorPortPrio *uint16
}

// From linux/if_link.h: IFLA_BOND_BROADCAST_NEIGH in Linux 6.17, IFLA_BOND_SLAVE_ACTOR_PORT_PRIO in 6.18.
const (
	broadcastNeighbor = 0x21
	actorPortPrio     = 10
)

// oneMonitor switches off what watched the ports of a bond until now, where the other way is declared: the kernel knows
// one at a time (bond_changelink in drivers/net/bonding/bond_netlink.c).
func (b *BondOptions) oneMonitor(have *BondOptions) {
	none, mode := uint32(0), b.Mode
	if mode == nil {
		mode = have.Mode
	}
	switch {
	case deref(b.ARPInterval) > 0 && b.Miimon == nil && deref(have.Miimon) > 0:
		b.Miimon = &none
	case deref(b.Miimon) > 0 && b.ARPInterval == nil && deref(have.ARPInterval) > 0 &&
		arpModes(&Link{Bond: BondOptions{Mode: mode}}) == "":
		b.ARPInterval = &none
	}
}

// followsActivePort tells a bond that has the MAC address of its active port, and of no other (bond_set_mac_address).
func (l *Link) followsActivePort() bool {
	return l.Kind == Bond && deref(l.Bond.FailOverMAC) == "active" && deref(l.Bond.Mode) == "active-backup"
}

var bondModes = []string{"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb",
	"balance-alb"}

// milliseconds is the form of the bond's times: the kernel holds them as a signed int.
func milliseconds() schema.Form[uint32] {
	form := schema.Int[uint32](0, math.MaxInt32)
	form.Note = "In milliseconds."
	return form
}

// inModes says that the kernel knows the option in these modes only (unsuppmodes in
// drivers/net/bonding/bond_options.c).
func inModes(modes ...string) func(*Link) string {
	return func(l *Link) string {
		if l.Bond.Mode == nil || slices.Contains(modes, *l.Bond.Mode) {
			return ""
		}
		return fmt.Sprintf("has no meaning in mode %s: only in %s", *l.Bond.Mode, strings.Join(modes, ", "))
	}
}

// withMiimon says that the kernel takes the option only where miimon is on (_bond_option_delay_set).
func withMiimon(l *Link) string {
	if l.Bond.Miimon != nil && *l.Bond.Miimon > 0 {
		return ""
	}
	return "needs miimon above 0"
}

var (
	arpModes     = inModes("balance-rr", "active-backup", "balance-xor", "broadcast")
	primaryModes = inModes("active-backup", "balance-tlb", "balance-alb")
	lacpMode     = inModes("802.3ad")
	unlimited    = schema.Int[uint32](0, math.MaxInt32)
)

// bondRows says what each option needs; the kernel's own table is bond_opts in drivers/net/bonding/bond_options.c.
var bondRows = sync.OnceValue(func() options[Link] {
	return options[Link]{
		choice[uint8]("mode", unix.IFLA_BOND_MODE, bondModes, func(l *Link) **string { return &l.Bond.Mode },
			"How the ports share the traffic. The kernel's own choice is balance-rr.").needs(withoutPorts),
		number("miimon", unix.IFLA_BOND_MIIMON, milliseconds(), func(l *Link) **uint32 { return &l.Bond.Miimon },
			"How often the ports' carrier is looked at; 0 is never. Not together with O(arp_interval)."),
		number("updelay", unix.IFLA_BOND_UPDELAY, milliseconds(), func(l *Link) **uint32 { return &l.Bond.Updelay },
			"How long a port must have carrier before it is used. The kernel keeps multiples of O(miimon).").when(withMiimon),
		number("downdelay", unix.IFLA_BOND_DOWNDELAY, milliseconds(), func(l *Link) **uint32 { return &l.Bond.Downdelay },
			"How long a port may be without carrier before it is given up. The kernel keeps multiples of O(miimon).").when(
			withMiimon),
		number("peer_notif_delay", unix.IFLA_BOND_PEER_NOTIF_DELAY, schema.Int[uint32](0, 300000),
			func(l *Link) **uint32 { return &l.Bond.PeerNotifDelay },
			"Milliseconds between two notifications of peers. The kernel keeps multiples of O(miimon).").when(withMiimon),
		flag("use_carrier", unix.IFLA_BOND_USE_CARRIER, func(l *Link) **bool { return &l.Bond.UseCarrier },
			"Whether O(miimon) asks the network stack for the carrier rather than the driver. Linux 6.18 knows only true."),
		number("arp_interval", unix.IFLA_BOND_ARP_INTERVAL, milliseconds(),
			func(l *Link) **uint32 { return &l.Bond.ARPInterval },
			"How often the targets are asked by ARP; 0 is never. Not together with O(miimon).").when(arpModes),
		targets("arp_ip_target", unix.IFLA_BOND_ARP_IP_TARGET, 4, func(l *Link) **[]netip.Addr { return &l.Bond.ARPIPTarget },
			"Up to 16 IPv4 addresses to ask by ARP."),
		targets("ns_ip6_target", unix.IFLA_BOND_NS_IP6_TARGET, 16,
			func(l *Link) **[]netip.Addr { return &l.Bond.NSIP6Target },
			"Up to 16 IPv6 addresses to ask by neighbour solicitation."),
		choice[uint32]("arp_validate", unix.IFLA_BOND_ARP_VALIDATE,
			[]string{"none", "active", "backup", "all", "filter", "filter_active", "filter_backup"},
			func(l *Link) **string { return &l.Bond.ARPValidate },
			"Which ports' ARP probes and replies are validated.").when(arpModes),
		choice[uint32]("arp_all_targets", unix.IFLA_BOND_ARP_ALL_TARGETS, []string{"any", "all"},
			func(l *Link) **string { return &l.Bond.ARPAllTargets },
			"Whether any or all targets must answer for a port to be up."),
		number("arp_missed_max", unix.IFLA_BOND_MISSED_MAX, schema.Int[uint8](1, 255),
			func(l *Link) **uint8 { return &l.Bond.ARPMissedMax },
			"How many missed answers take a port down.").when(arpModes),
		primaryRow(),
		choice[uint8]("primary_reselect", unix.IFLA_BOND_PRIMARY_RESELECT, []string{"always", "better", "failure"},
			func(l *Link) **string { return &l.Bond.PrimaryReselect },
			"When the primary becomes the active port again."),
		choice[uint8]("fail_over_mac", unix.IFLA_BOND_FAIL_OVER_MAC, []string{"none", "active", "follow"},
			func(l *Link) **string { return &l.Bond.FailOverMAC },
			"Whose MAC address an active-backup bond has.").needs(withoutPorts),
		choice[uint8]("xmit_hash_policy", unix.IFLA_BOND_XMIT_HASH_POLICY,
			[]string{"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"},
			func(l *Link) **string { return &l.Bond.XmitHashPolicy },
			"The header fields that are hashed to select the transmit port."),
		number("resend_igmp", unix.IFLA_BOND_RESEND_IGMP, schema.Int[uint32](0, 255),
			func(l *Link) **uint32 { return &l.Bond.ResendIGMP },
			"How many IGMP reports follow a failover."),
		number("num_peer_notif", unix.IFLA_BOND_NUM_PEER_NOTIF, schema.Int[uint8](0, 255),
			func(l *Link) **uint8 { return &l.Bond.NumPeerNotif },
			"How many gratuitous ARPs and unsolicited neighbour advertisements follow a failover."),
		flag("all_slaves_active", unix.IFLA_BOND_ALL_SLAVES_ACTIVE, func(l *Link) **bool { return &l.Bond.AllSlavesActive },
			"Whether frames that arrive on inactive ports are taken."),
		number("min_links", unix.IFLA_BOND_MIN_LINKS, unlimited, func(l *Link) **uint32 { return &l.Bond.MinLinks },
			"How many ports must be up for the bond to have carrier."),
		number("lp_interval", unix.IFLA_BOND_LP_INTERVAL, schema.Int[uint32](1, math.MaxInt32),
			func(l *Link) **uint32 { return &l.Bond.LPInterval },
			"Seconds between learning packets to the switches of each port."),
		number("packets_per_slave", unix.IFLA_BOND_PACKETS_PER_SLAVE, schema.Int[uint32](0, 65535),
			func(l *Link) **uint32 { return &l.Bond.PacketsPerSlave },
			"How many packets leave by one port before the next; 0 is at random.").when(inModes("balance-rr")),
		choice[uint8]("lacp_rate", unix.IFLA_BOND_AD_LACP_RATE, []string{"slow", "fast"},
			func(l *Link) **string { return &l.Bond.LACPRate },
			"Whether the partner is asked for LACPDUs every 30 seconds or every second.").needs(whileDown).when(lacpMode),
		flag("lacp_active", unix.IFLA_BOND_AD_LACP_ACTIVE, func(l *Link) **bool { return &l.Bond.LACPActive },
			"Whether LACPDUs are sent periodically (active) or only in reply (passive).").needs(whileDown).when(lacpMode),
		adSelectRow(),
		number("ad_actor_sys_prio", unix.IFLA_BOND_AD_ACTOR_SYS_PRIO, schema.Int[uint16](1, 65535),
			func(l *Link) **uint16 { return &l.Bond.ADActorSysPrio },
			"The system priority in LACPDUs.").when(lacpMode),
		number("ad_user_port_key", unix.IFLA_BOND_AD_USER_PORT_KEY, schema.Int[uint16](0, 1023),
			func(l *Link) **uint16 { return &l.Bond.ADUserPortKey },
			"The upper ten bits of the port key in LACP frames.").needs(whileDown).when(lacpMode),
		carried("ad_actor_system", unix.IFLA_BOND_AD_ACTOR_SYSTEM, schema.MAC(),
			func(l *Link) **string { return &l.Bond.ADActorSystem },
			encodeMAC, decodeMAC, "The MAC address of the system in LACP frames; zeros are the bond's own.").when(lacpMode),
		flag("tlb_dynamic_lb", unix.IFLA_BOND_TLB_DYNAMIC_LB, func(l *Link) **bool { return &l.Bond.TLBDynamicLB },
			"Whether flows are moved between ports by their load.").needs(whileDown).when(inModes("balance-tlb", "balance-alb")),
		flag("coupled_control", unix.IFLA_BOND_COUPLED_CONTROL, func(l *Link) **bool { return &l.Bond.CoupledControl },
			"Whether LACP couples collecting and distributing.").needs(whileDown).when(lacpMode).from("6.9"),
		flag("broadcast_neighbor", broadcastNeighbor, func(l *Link) **bool { return &l.Bond.BroadcastNeighbor },
			"Whether ARP and neighbour discovery leave by every port.").when(lacpMode).from("6.17"),
	}
})

var bondPortRows = sync.OnceValue(func() options[Port] {
	return options[Port]{
		number("queue_id", unix.IFLA_BOND_SLAVE_QUEUE_ID, schema.Int[uint16](0, 65535),
			func(p *Port) **uint16 { return &p.Bond.QueueID },
			"The transmit queue that leads to this port; 0 is none."),
		number("prio", unix.IFLA_BOND_SLAVE_PRIO, schema.Int[int32](math.MinInt32, math.MaxInt32),
			func(p *Port) **int32 { return &p.Bond.Prio },
			"The port's rank when a new active port is chosen; the highest wins.").in(primaryModes),
		number("actor_port_prio", actorPortPrio, schema.Int[uint16](0, 65535),
			func(p *Port) **uint16 { return &p.Bond.ActorPortPrio },
			"The port's priority in LACP frames; the lowest is used first.").in(lacpMode).from("6.18"),
	}
})

// adSelectRow has a value that is younger than the option.
func adSelectRow() option[Link] {
	const youngest = "actor_port_prio"
	row := choice[uint8]("ad_select", unix.IFLA_BOND_AD_SELECT, []string{"stable", "bandwidth", "count", youngest},
		func(l *Link) **string { return &l.Bond.ADSelect },
		"What decides on the active aggregator; V(actor_port_prio) needs Linux 6.18.").needs(whileDown)
	row.since = func(l *Link) string {
		if *l.Bond.ADSelect == youngest {
			return "6.18"
		}
		return ""
	}
	return row
}

// primaryRow: the kernel tells of a primary only while that link is a port.
func primaryRow() option[Link] {
	row := namedLink("primary", unix.IFLA_BOND_PRIMARY, func(l *Link) **string { return &l.Bond.Primary },
		"The port that is used whenever it is up.").when(primaryModes)
	row.late = true
	return row
}

// targets is a list of addresses of one family, which travels as numbered attributes in a nest.
func targets(name string, attribute uint16, size int, field func(*Link) **[]netip.Addr, text string) option[Link] {
	const most = 16 // BOND_MAX_ARP_TARGETS and BOND_MAX_NS_TARGETS in include/net/bonding.h
	form := schema.List(schema.Address())
	parse := form.Parse
	form.Parse = func(raw any, at schema.Place) ([]netip.Addr, bool) {
		addresses, ok := parse(raw, at)
		for i, address := range addresses {
			if ok && address.BitLen() != 8*size {
				at.Index(i).Problem("must be an IPv%d address, not %s", ipVersion[size], address)
				ok = false
			}
		}
		if len(addresses) > most {
			at.Problem("the kernel takes at most %d addresses, not %d", most, len(addresses))
			ok = false
		}
		return addresses, ok
	}
	row := carried(name, attribute, form, field,
		func(addresses []netip.Addr) []byte {
			var nest []byte
			for i, address := range addresses {
				nest = append(nest, attributeBytes(uint16(i), address.AsSlice())...)
			}
			return nest
		},
		func(nest []byte) ([]netip.Addr, bool) {
			addresses := []netip.Addr{}
			for len(nest) >= unix.SizeofRtAttr+size {
				address, _ := netip.AddrFromSlice(nest[unix.SizeofRtAttr : unix.SizeofRtAttr+size])
				addresses = append(addresses, address)
				nest = nest[unix.SizeofRtAttr+size:]
			}
			return addresses, true
		}, text)
	// The kernel tells nothing of an empty list (bond_fill_info in drivers/net/bonding/bond_netlink.c).
	row.absent = func(l *Link) { *field(l) = &[]netip.Addr{} }
	return row
}

// attributeBytes is one netlink attribute, padded.
func attributeBytes(typ uint16, data []byte) []byte {
	out := append(encodeNumber(uint16(unix.SizeofRtAttr+len(data))), encodeNumber(typ)...)
	out = append(out, data...)
	return append(out, make([]byte, (-len(data))&(unix.RTA_ALIGNTO-1))...)
}

func encodeMAC(text string) []byte {
	address, err := net.ParseMAC(text)
	if err != nil {
		return nil
	}
	return address
}

func decodeMAC(data []byte) (string, bool) {
	return net.HardwareAddr(bytes.Clone(data)).String(), len(data) == 6
}

// ipVersion is keyed by the bytes of an address.
var ipVersion = map[int]int{4: 4, 16: 6}
