package link

import (
	"encoding/binary"
	"math"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// BridgeOptions are the options of a bridge itself. Times are in hundredths of a second, the kernel's clock_t.
type BridgeOptions struct {
	STP                       *bool
	Priority                  *uint16
	ForwardDelay              *uint32
	HelloTime                 *uint32
	MaxAge                    *uint32
	AgeingTime                *uint32
	GroupFwdMask              *uint16
	VLANFiltering             *bool
	VLANDefaultPVID           *uint16
	VLANProtocol              *string
	VLANStatsEnabled          *bool
	VLANStatsPerPort          *bool
	McastRouter               *uint8
	McastSnooping             *bool
	McastVLANSnooping         *bool
	McastQueryUseIfaddr       *bool
	McastQuerier              *bool
	McastHashMax              *uint32
	McastLastMemberCount      *uint32
	McastStartupQueryCount    *uint32
	McastLastMemberInterval   *uint64
	McastMembershipInterval   *uint64
	McastQuerierInterval      *uint64
	McastQueryInterval        *uint64
	McastQueryResponseTime    *uint64
	McastStartupQueryInterval *uint64
	McastStatsEnabled         *bool
	McastIGMPVersion          *uint8
	McastMLDVersion           *uint8
	NFCallIPTables            *bool
	NFCallIP6Tables           *bool
	NFCallARPTables           *bool
	GroupAddress              *string
	MSTEnabled                *bool
	NoLinkLocalLearn          *bool
	FDBMaxLearned             *uint32
	MDBOffloadFailNotify      *bool
	FDBLocalVLAN0             *bool
	VLANs                     *[]kernel.BridgeVLAN
}

// Bits of IFLA_BR_MULTI_BOOLOPT (enum br_boolopt_id in linux/if_bridge.h).
const (
	noLinkLocalLearn           = 1 << 0
	mcastVLANSnooping          = 1 << 1
	mstEnabled                 = 1 << 2
	mdbOffloadFailNotification = 1 << 3
	fdbLocalVLAN0              = 1 << 4
)

// seconds is the form of a bridge's times. The kernel keeps them in jiffies, 250 of them a second on Debian, so a
// value may come back one hundredth off; that is not a difference (clock_t_to_jiffies in kernel/time/time.c).
func seconds[V schema.Integer](lowest, highest V) schema.Form[V] {
	form := schema.Ticks(V(100), lowest, highest)
	form.Equal = func(a, b V) bool { return max(a, b)-min(a, b) <= 1 }
	return form
}

var bridgeRows = sync.OnceValue(func() options[Link] {
	return options[Link]{
		carried("stp", unix.IFLA_BR_STP_STATE, schema.Bool(), func(l *Link) **bool { return &l.Bridge.STP },
			func(on bool) []byte { return encodeNumber(uint32(oneIf(on))) },
			func(data []byte) (bool, bool) {
				state, ok := decodeNumber[uint32](data)
				return state != 0, ok
			}, "Whether the spanning tree protocol runs."),
		number("priority", unix.IFLA_BR_PRIORITY, schema.Int[uint16](0, 65535),
			func(l *Link) **uint16 { return &l.Bridge.Priority },
			"The bridge's priority in the spanning tree; the lowest is the root."),
		number("forward_delay", unix.IFLA_BR_FORWARD_DELAY, seconds[uint32](0, math.MaxInt32),
			func(l *Link) **uint32 { return &l.Bridge.ForwardDelay },
			"How long a port listens and learns before it forwards. With O(stp) the kernel takes 2 to 30."),
		number("hello_time", unix.IFLA_BR_HELLO_TIME, seconds[uint32](100, 1000),
			func(l *Link) **uint32 { return &l.Bridge.HelloTime },
			"The time between spanning tree messages, from 1 to 10."),
		number("max_age", unix.IFLA_BR_MAX_AGE, seconds[uint32](600, 4000),
			func(l *Link) **uint32 { return &l.Bridge.MaxAge },
			"How long a spanning tree message counts, from 6 to 40."),
		number("ageing_time", unix.IFLA_BR_AGEING_TIME, seconds[uint32](0, math.MaxInt32),
			func(l *Link) **uint32 { return &l.Bridge.AgeingTime },
			"How long a learned address is remembered."),
		number("group_fwd_mask", unix.IFLA_BR_GROUP_FWD_MASK, maskWithout(0b111),
			func(l *Link) **uint16 { return &l.Bridge.GroupFwdMask },
			"Bits for the link-local groups 01:80:c2:00:00:0X that are forwarded; the kernel refuses the lowest three."),
		carried("group_address", unix.IFLA_BR_GROUP_ADDR, groupAddress(),
			func(l *Link) **string { return &l.Bridge.GroupAddress },
			encodeMAC, decodeMAC,
			"The address that spanning tree messages go to: 01:80:c2:00:00:00, or one that ends in 4 to f.").unless(
			isUsualGroup),
		flag("vlan_filtering", unix.IFLA_BR_VLAN_FILTERING, func(l *Link) **bool { return &l.Bridge.VLANFiltering },
			"Whether ports pass only their own VLANs.").unless(func(l *Link) bool { return !*l.Bridge.VLANFiltering }),
		number("vlan_default_pvid", unix.IFLA_BR_VLAN_DEFAULT_PVID, schema.Int[uint16](0, 4094),
			func(l *Link) **uint16 { return &l.Bridge.VLANDefaultPVID },
			"The VLAN that new ports get untagged; 0 is none."),
		carried("vlan_protocol", unix.IFLA_BR_VLAN_PROTOCOL, schema.Choice("802.1q", "802.1ad"),
			func(l *Link) **string { return &l.Bridge.VLANProtocol },
			encodeVLANProtocol, decodeVLANProtocol, "The tags that filtering looks at."),
		flag("vlan_stats_enabled", unix.IFLA_BR_VLAN_STATS_ENABLED,
			func(l *Link) **bool { return &l.Bridge.VLANStatsEnabled },
			"Whether traffic is counted for each VLAN."),
		flag("vlan_stats_per_port", unix.IFLA_BR_VLAN_STATS_PER_PORT,
			func(l *Link) **bool { return &l.Bridge.VLANStatsPerPort },
			"Whether traffic is counted for each VLAN of each port. The kernel takes it only while no port has a VLAN."),
		number("mcast_router", unix.IFLA_BR_MCAST_ROUTER, schema.Int[uint8](0, 2),
			func(l *Link) **uint8 { return &l.Bridge.McastRouter },
			"Whether the bridge counts as a multicast router: 0 never, 1 when one is seen, 2 always."),
		flag("mcast_snooping", unix.IFLA_BR_MCAST_SNOOPING, func(l *Link) **bool { return &l.Bridge.McastSnooping },
			"Whether multicast goes only to the ports that asked for it."),
		bit("mcast_vlan_snooping", unix.IFLA_BR_MULTI_BOOLOPT, mcastVLANSnooping,
			func(l *Link) **bool { return &l.Bridge.McastVLANSnooping },
			"Whether O(mcast_snooping) works for each VLAN apart."),
		flag("mcast_query_use_ifaddr", unix.IFLA_BR_MCAST_QUERY_USE_IFADDR,
			func(l *Link) **bool { return &l.Bridge.McastQueryUseIfaddr },
			"Whether queries carry the bridge's address rather than 0.0.0.0."),
		flag("mcast_querier", unix.IFLA_BR_MCAST_QUERIER, func(l *Link) **bool { return &l.Bridge.McastQuerier },
			"Whether the bridge asks for group memberships itself."),
		number("mcast_hash_max", unix.IFLA_BR_MCAST_HASH_MAX, schema.Int[uint32](1, math.MaxUint32),
			func(l *Link) **uint32 { return &l.Bridge.McastHashMax },
			"How many groups are remembered."),
		number("mcast_last_member_count", unix.IFLA_BR_MCAST_LAST_MEMBER_CNT, schema.Int[uint32](0, math.MaxUint32),
			func(l *Link) **uint32 { return &l.Bridge.McastLastMemberCount },
			"How many queries follow a leave before the group is dropped."),
		number("mcast_startup_query_count", unix.IFLA_BR_MCAST_STARTUP_QUERY_CNT, schema.Int[uint32](0, math.MaxUint32),
			func(l *Link) **uint32 { return &l.Bridge.McastStartupQueryCount },
			"How many queries are sent at the start."),
		mcastTime("mcast_last_member_interval", unix.IFLA_BR_MCAST_LAST_MEMBER_INTVL,
			func(l *Link) **uint64 { return &l.Bridge.McastLastMemberInterval },
			"The time between queries after a leave."),
		mcastTime("mcast_membership_interval", unix.IFLA_BR_MCAST_MEMBERSHIP_INTVL,
			func(l *Link) **uint64 { return &l.Bridge.McastMembershipInterval },
			"The time after which a membership is dropped."),
		mcastTime("mcast_querier_interval", unix.IFLA_BR_MCAST_QUERIER_INTVL,
			func(l *Link) **uint64 { return &l.Bridge.McastQuerierInterval },
			"The time after which another querier counts as gone."),
		queryTime("mcast_query_interval", unix.IFLA_BR_MCAST_QUERY_INTVL,
			func(l *Link) **uint64 { return &l.Bridge.McastQueryInterval },
			"The time between queries, from a second to a day."),
		mcastTime("mcast_query_response_interval", unix.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
			func(l *Link) **uint64 { return &l.Bridge.McastQueryResponseTime },
			"The time that members have to answer."),
		queryTime("mcast_startup_query_interval", unix.IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
			func(l *Link) **uint64 { return &l.Bridge.McastStartupQueryInterval },
			"The time between queries at the start, from a second to a day."),
		flag("mcast_stats_enabled", unix.IFLA_BR_MCAST_STATS_ENABLED,
			func(l *Link) **bool { return &l.Bridge.McastStatsEnabled },
			"Whether IGMP and MLD are counted."),
		number("mcast_igmp_version", unix.IFLA_BR_MCAST_IGMP_VERSION, schema.Int[uint8](2, 3),
			func(l *Link) **uint8 { return &l.Bridge.McastIGMPVersion },
			"The version of IGMP."),
		number("mcast_mld_version", unix.IFLA_BR_MCAST_MLD_VERSION, schema.Int[uint8](1, 2),
			func(l *Link) **uint8 { return &l.Bridge.McastMLDVersion },
			"The version of MLD."),
		flag("nf_call_iptables", unix.IFLA_BR_NF_CALL_IPTABLES, func(l *Link) **bool { return &l.Bridge.NFCallIPTables },
			"Whether bridged IPv4 passes the host's firewall."),
		flag("nf_call_ip6tables", unix.IFLA_BR_NF_CALL_IP6TABLES, func(l *Link) **bool { return &l.Bridge.NFCallIP6Tables },
			"Whether bridged IPv6 passes the host's firewall."),
		flag("nf_call_arptables", unix.IFLA_BR_NF_CALL_ARPTABLES, func(l *Link) **bool { return &l.Bridge.NFCallARPTables },
			"Whether bridged ARP passes the host's firewall."),
		bit("mst_enabled", unix.IFLA_BR_MULTI_BOOLOPT, mstEnabled, func(l *Link) **bool { return &l.Bridge.MSTEnabled },
			"Whether each VLAN has a spanning tree state of its own. The kernel takes a change only while no port has a VLAN.").
			unless(func(l *Link) bool { return !*l.Bridge.MSTEnabled }),
		bit("no_linklocal_learn", unix.IFLA_BR_MULTI_BOOLOPT, noLinkLocalLearn,
			func(l *Link) **bool { return &l.Bridge.NoLinkLocalLearn },
			"Whether addresses of link-local frames are not learned."),
		number("fdb_max_learned", unix.IFLA_BR_FDB_MAX_LEARNED, schema.Int[uint32](0, math.MaxUint32),
			func(l *Link) **uint32 { return &l.Bridge.FDBMaxLearned },
			"How many addresses may be learned; 0 is no limit.").from("6.7"),
		bit("mdb_offload_fail_notification", unix.IFLA_BR_MULTI_BOOLOPT, mdbOffloadFailNotification,
			func(l *Link) **bool { return &l.Bridge.MDBOffloadFailNotify },
			"Whether the kernel tells of groups that a switch's hardware did not take.").from("6.16"),
		bit("fdb_local_vlan_0", unix.IFLA_BR_MULTI_BOOLOPT, fdbLocalVLAN0,
			func(l *Link) **bool { return &l.Bridge.FDBLocalVLAN0 },
			"Whether the host's own addresses are known for all VLANs at once instead of one by one.").from("6.18"),
		plain("vlans", vlanList(), func(l *Link) **[]kernel.BridgeVLAN { return &l.Bridge.VLANs },
			"Exactly the VLANs that the bridge itself takes part in, as the host sees it."),
	}
})

// groupAddress is the form of what the kernel takes (group_addr_store in net/bridge/br_sysfs_br.c): the addresses for
// bridges but those of pause frames, LACP and port authentication.
func groupAddress() schema.Form[string] {
	const group, taken = "01:80:c2:00:00:0", "123"
	form := schema.MAC()
	parse := form.Parse
	form.Parse = func(raw any, at schema.Place) (string, bool) {
		address, ok := parse(raw, at)
		last, isGroup := strings.CutPrefix(address, group)
		if ok && (!isGroup || strings.Contains(taken, last)) {
			at.Problem("must be %s0 or %s4 to %sf, not %s", group, group, group, address)
			ok = false
		}
		return address, ok
	}
	return form
}

// isUsualGroup: a bridge that was told its group keeps it when vlan_protocol, which has one of its own, changes.
func isUsualGroup(l *Link) bool {
	usual := "01:80:c2:00:00:00"
	if deref(l.Bridge.VLANProtocol) == "802.1ad" {
		usual = "01:80:c2:00:00:08"
	}
	return *l.Bridge.GroupAddress == usual
}

// mcastTime is a time that travels in 64 bits.
func mcastTime(name string, attribute uint16, field func(*Link) **uint64, text string) option[Link] {
	return number(name, attribute, seconds[uint64](0, math.MaxInt32), field, text)
}

// queryTime is a time that the kernel keeps between a second and a day, whatever it is told
// (BR_MULTICAST_QUERY_INTVL_MIN and _MAX in net/bridge/br_private.h).
func queryTime(name string, attribute uint16, field func(*Link) **uint64, text string) option[Link] {
	const second, day = 100, 24 * 3600 * 100
	return number(name, attribute, seconds[uint64](second, day), field, text)
}

// maskWithout is a mask of link-local groups, some of which the kernel never forwards (BR_GROUPFWD_RESTRICTED in
// net/bridge/br_private.h).
func maskWithout(refused uint16) schema.Form[uint16] {
	form := schema.Int[uint16](0, math.MaxUint16)
	parse := form.Parse
	form.Parse = func(raw any, at schema.Place) (uint16, bool) {
		mask, ok := parse(raw, at)
		if ok && mask&refused != 0 {
			at.Problem("the kernel never forwards the groups of %#x: take them away from %#x", mask&refused, mask)
			ok = false
		}
		return mask, ok
	}
	return form
}

var vlanProtocols = map[string]uint16{"802.1q": unix.ETH_P_8021Q, "802.1ad": unix.ETH_P_8021AD}

func encodeVLANProtocol(name string) []byte {
	return binary.BigEndian.AppendUint16(nil, vlanProtocols[name])
}

func decodeVLANProtocol(data []byte) (string, bool) {
	if len(data) < 2 {
		return "", false
	}
	for name, number := range vlanProtocols {
		if number == binary.BigEndian.Uint16(data) {
			return name, true
		}
	}
	return "", false
}
