package link

import (
	"math"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// BridgePortOptions are the options of a port of a bridge.
type BridgePortOptions struct {
	Cost              *uint32
	Priority          *uint16
	Hairpin           *bool
	Isolated          *bool
	Learning          *bool
	Flood             *bool
	McastFlood        *bool
	BcastFlood        *bool
	NeighSuppress     *bool
	NeighVLANSuppress *bool
	Guard             *bool
	RootBlock         *bool
	FastLeave         *bool
	ProxyARP          *bool
	ProxyARPWifi      *bool
	McastToUnicast    *bool
	McastRouter       *uint8
	McastMaxGroups    *uint32
	VLANTunnel        *bool
	GroupFwdMask      *uint16
	Locked            *bool
	MAB               *bool
	BackupPort        *string
	BackupNHID        *uint32
}

var bridgePortRows = sync.OnceValue(func() options[Port] {
	return options[Port]{
		number("cost", unix.IFLA_BRPORT_COST, schema.Int[uint32](1, 65535), func(p *Port) **uint32 { return &p.Bridge.Cost },
			"The port's path cost in the spanning tree. The kernel derives it from the speed until it is set."),
		number("priority", unix.IFLA_BRPORT_PRIORITY, schema.Int[uint16](0, 63),
			func(p *Port) **uint16 { return &p.Bridge.Priority },
			"The port's priority in the spanning tree."),
		flag("hairpin", unix.IFLA_BRPORT_MODE, func(p *Port) **bool { return &p.Bridge.Hairpin },
			"Whether frames may leave by the port that they came in by."),
		flag("isolated", unix.IFLA_BRPORT_ISOLATED, func(p *Port) **bool { return &p.Bridge.Isolated },
			"Whether the port reaches only ports that are not isolated."),
		flag("learning", unix.IFLA_BRPORT_LEARNING, func(p *Port) **bool { return &p.Bridge.Learning },
			"Whether addresses are learned on the port."),
		flag("flood", unix.IFLA_BRPORT_UNICAST_FLOOD, func(p *Port) **bool { return &p.Bridge.Flood },
			"Whether unicast frames to unknown addresses leave by the port."),
		flag("mcast_flood", unix.IFLA_BRPORT_MCAST_FLOOD, func(p *Port) **bool { return &p.Bridge.McastFlood },
			"Whether multicast frames that nobody asked for leave by the port."),
		flag("bcast_flood", unix.IFLA_BRPORT_BCAST_FLOOD, func(p *Port) **bool { return &p.Bridge.BcastFlood },
			"Whether broadcast frames leave by the port."),
		flag("neigh_suppress", unix.IFLA_BRPORT_NEIGH_SUPPRESS, func(p *Port) **bool { return &p.Bridge.NeighSuppress },
			"Whether the bridge answers ARP and neighbour discovery for others on the port."),
		flag("neigh_vlan_suppress", unix.IFLA_BRPORT_NEIGH_VLAN_SUPPRESS,
			func(p *Port) **bool { return &p.Bridge.NeighVLANSuppress },
			"Whether O(ports[].neigh_suppress) is set for each VLAN apart.").from("6.4"),
		flag("guard", unix.IFLA_BRPORT_GUARD, func(p *Port) **bool { return &p.Bridge.Guard },
			"Whether a spanning tree message takes the port down."),
		flag("root_block", unix.IFLA_BRPORT_PROTECT, func(p *Port) **bool { return &p.Bridge.RootBlock },
			"Whether the port may not become the root port."),
		flag("fast_leave", unix.IFLA_BRPORT_FAST_LEAVE, func(p *Port) **bool { return &p.Bridge.FastLeave },
			"Whether a leave ends a group on the port at once."),
		flag("proxy_arp", unix.IFLA_BRPORT_PROXYARP, func(p *Port) **bool { return &p.Bridge.ProxyARP },
			"Whether the bridge answers ARP on the port."),
		flag("proxy_arp_wifi", unix.IFLA_BRPORT_PROXYARP_WIFI, func(p *Port) **bool { return &p.Bridge.ProxyARPWifi },
			"Whether the bridge answers ARP on the port as IEEE 802.11 and Hotspot 2.0 want it."),
		flag("mcast_to_unicast", unix.IFLA_BRPORT_MCAST_TO_UCAST, func(p *Port) **bool { return &p.Bridge.McastToUnicast },
			"Whether multicast leaves the port as unicast to each member."),
		number("mcast_router", unix.IFLA_BRPORT_MULTICAST_ROUTER, schema.Int[uint8](0, 3),
			func(p *Port) **uint8 { return &p.Bridge.McastRouter },
			"Whether a multicast router is behind the port: 0 never, 1 when one is seen, 2 always, 3 for a while."),
		number("mcast_max_groups", unix.IFLA_BRPORT_MCAST_MAX_GROUPS, schema.Int[uint32](0, math.MaxUint32),
			func(p *Port) **uint32 { return &p.Bridge.McastMaxGroups },
			"How many groups the port may join; 0 is no limit.").from("6.3"),
		flag("vlan_tunnel", unix.IFLA_BRPORT_VLAN_TUNNEL, func(p *Port) **bool { return &p.Bridge.VLANTunnel },
			"Whether VLANs are mapped to tunnel numbers on the port."),
		number("group_fwd_mask", unix.IFLA_BRPORT_GROUP_FWD_MASK, maskWithout(0b10),
			func(p *Port) **uint16 { return &p.Bridge.GroupFwdMask },
			"Bits for the link-local groups 01:80:c2:00:00:0X that are forwarded; the kernel refuses 2, of pause frames."),
		flag("locked", unix.IFLA_BRPORT_LOCKED, func(p *Port) **bool { return &p.Bridge.Locked },
			"Whether the port takes frames only from addresses that are in the forwarding table."),
		flag("mab", unix.IFLA_BRPORT_MAB, func(p *Port) **bool { return &p.Bridge.MAB },
			"Whether a locked port notes the addresses that it refuses.").from("6.2"),
		namedLink("backup_port", unix.IFLA_BRPORT_BACKUP_PORT, func(p *Port) **string { return &p.Bridge.BackupPort },
			"The port of the same bridge that frames leave by while this one has no carrier."),
		backupNexthopRow(),
		plain("vlans", vlanList(), func(p *Port) **[]kernel.BridgeVLAN { return &p.VLANs },
			"Exactly the VLANs of the port."),
	}
})

// backupNexthopRow: the kernel tells of it only when there is one (br_port_fill_attrs in net/bridge/br_netlink.c).
func backupNexthopRow() option[Port] {
	row := number("backup_nhid", unix.IFLA_BRPORT_BACKUP_NHID, schema.Int[uint32](0, math.MaxUint32),
		func(p *Port) **uint32 { return &p.Bridge.BackupNHID },
		"The nexthop group that a frame takes to O(ports[].backup_port); 0 is none.").from("6.6")
	row.absent = func(p *Port) { p.Bridge.BackupNHID = new(uint32) }
	return row.unless(func(p *Port) bool { return *p.Bridge.BackupNHID == 0 })
}
