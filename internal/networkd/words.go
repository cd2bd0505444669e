package networkd

import "sync"

// netdevs are the sections of .netdev files, by kind (systemd.netdev(5), version 252: Debian 12's).
var netdevs = sync.OnceValue(func() map[string]dictionary {
	return map[string]dictionary{
		"bond": {
			"mode": as("Bond", "Mode"), "miimon": as("Bond", "MIIMonitorSec").with("ms"),
			"updelay":   as("Bond", "UpDelaySec").with("ms"),
			"downdelay": as("Bond", "DownDelaySec").with("ms"), "arp_interval": as("Bond", "ARPIntervalSec").with("ms"),
			"arp_ip_target":   as("Bond", "ARPIPTargets"),
			"arp_validate":    as("Bond", "ARPValidate").except("filter", "filter_active", "filter_backup"),
			"arp_all_targets": as("Bond", "ARPAllTargets"), "primary_reselect": as("Bond", "PrimaryReselectPolicy"),
			"fail_over_mac":    as("Bond", "FailOverMACPolicy"),
			"xmit_hash_policy": as("Bond", "TransmitHashPolicy").except("vlan+srcmac"),
			"resend_igmp":      as("Bond", "ResendIGMP"), "num_peer_notif": as("Bond", "GratuitousARP"),
			"all_slaves_active": as("Bond", "AllSlavesActive"),
			"min_links":         as("Bond", "MinLinks"), "lp_interval": as("Bond", "LearnPacketIntervalSec").with("s"),
			"packets_per_slave": as("Bond", "PacketsPerSlave"), "lacp_rate": as("Bond", "LACPTransmitRate"),
			"ad_select":         as("Bond", "AdSelect"),
			"ad_actor_sys_prio": as("Bond", "AdActorSystemPriority"), "ad_user_port_key": as("Bond", "AdUserPortKey"),
			"ad_actor_system": as("Bond", "AdActorSystem"), "tlb_dynamic_lb": as("Bond", "DynamicTransmitLoadBalancing"),
			"primary": writtenByCode,
		},
		"bridge": {
			"stp": as("Bridge", "STP"), "priority": as("Bridge", "Priority"),
			"forward_delay": as("Bridge", "ForwardDelaySec").with("s"),
			"hello_time":    as("Bridge", "HelloTimeSec").with("s"), "max_age": as("Bridge", "MaxAgeSec").with("s"),
			"ageing_time": as("Bridge", "AgeingTimeSec").with("s"), "group_fwd_mask": as("Bridge", "GroupForwardMask"),
			"vlan_filtering": as("Bridge", "VLANFiltering"), "vlan_default_pvid": as("Bridge", "DefaultPVID"),
			"vlan_protocol":  as("Bridge", "VLANProtocol"),
			"mcast_snooping": as("Bridge", "MulticastSnooping"), "mcast_querier": as("Bridge", "MulticastQuerier"),
			"mcast_igmp_version": as("Bridge", "MulticastIGMPVersion"), "vlans": writtenByCode,
		},
		"vlan": {
			"parent": writtenByCode, "id": as("VLAN", "Id"), "protocol": as("VLAN", "Protocol"),
			"reorder_hdr": as("VLAN", "ReorderHeader"),
			"gvrp":        as("VLAN", "GVRP"), "mvrp": as("VLAN", "MVRP"), "loose_binding": as("VLAN", "LooseBinding"),
			"ingress_qos_map": as("VLAN", "IngressQOSMaps").pairs(), "egress_qos_map": as("VLAN", "EgressQOSMaps").pairs(),
		},
		"vxlan": {
			"parent": writtenByCode, "fdb": writtenByCode, "id": as("VXLAN", "VNI"), "local": as("VXLAN", "Local"),
			"remote": as("VXLAN", "Remote"),
			"group":  as("VXLAN", "Group"), "dst_port": as("VXLAN", "DestinationPort"), "port_range": as("VXLAN", "PortRange"),
			"ttl":         as("VXLAN", "TTL"),
			"ttl_inherit": as("VXLAN", "TTL").words(map[string]string{"true": "inherit"}), "tos": as("VXLAN", "TOS"),
			"df": as("VXLAN", "IPDoNotFragment").words(map[string]string{
				"unset": "no", "set": "yes", "inherit": "inherit"}),
			"flow_label": as("VXLAN", "FlowLabel"), "ageing": as("VXLAN", "FDBAgeingSec").with("s"),
			"limit":    as("VXLAN", "MaximumFDBEntries"),
			"learning": as("VXLAN", "MacLearning"), "proxy": as("VXLAN", "ReduceARPProxy"),
			"rsc":    as("VXLAN", "RouteShortCircuit"),
			"l2miss": as("VXLAN", "L2MissNotification"), "l3miss": as("VXLAN", "L3MissNotification"),
			"udp_csum":          as("VXLAN", "UDPChecksum"),
			"udp_zero_csum6_tx": as("VXLAN", "UDP6ZeroChecksumTx"), "udp_zero_csum6_rx": as("VXLAN", "UDP6ZeroChecksumRx"),
			"remcsum_tx": as("VXLAN", "RemoteChecksumTx"), "remcsum_rx": as("VXLAN", "RemoteChecksumRx"),
			"gbp": as("VXLAN", "GroupPolicyExtension"),
			"gpe": as("VXLAN", "GenericProtocolExtension"),
		},
		"veth":  {"peer": as("Peer", "Name")},
		"dummy": {},
		"macvlan": {"parent": writtenByCode, "mode": as("MACVLAN", "Mode"), "source_macs": as("MACVLAN", "SourceMACAddress"),
			"bc_queue_len": as("MACVLAN", "BroadcastMulticastQueueLength")},
		"vrf": {"table": as("VRF", "Table")},
	}
})

// unless are lines for options that are left out where systemd would say something else than the kernel.
var unless = map[string][][4]string{
	"vxlan": {{"udp_csum", "VXLAN", "UDPChecksum", "yes"}},
}

// common are the options of every link, in its .network file (systemd.network(5)).
var common = sync.OnceValue(func() dictionary {
	return dictionary{
		"name": writtenByCode, "state": writtenByCode, "ports": writtenByCode, "addresses": writtenByCode,
		"routes": writtenByCode, "mac_address": writtenByCode,
		"exclusive_ports": writtenByCode, "same_card": writtenByCode, "match_mac_address": writtenByCode,
		"match_pci_address": writtenByCode,
		"required":          as("Link", "RequiredForOnline"),
		"up":                as("Link", "ActivationPolicy").words(map[string]string{"true": "up", "false": "down"}),
		"mtu":               as("Link", "MTUBytes"),
		"accept_ra":         as("Network", "IPv6AcceptRA").words(map[string]string{"0": "no"}),
		"proxy_arp":         as("Network", "IPv4ProxyARP"),
	}
})

// ports are the options of a port, by the kind of its controller.
var ports = sync.OnceValue(func() map[string]dictionary {
	return map[string]dictionary{
		// systemd-networkd makes a controller without the ports that are missing anyway.
		"bond": {"name": writtenByCode, "optional": writtenByCode},
		"vrf":  {"name": writtenByCode, "optional": writtenByCode},
		"bridge": {
			"name": writtenByCode, "optional": writtenByCode, "vlans": writtenByCode, "cost": as("Bridge", "Cost"),
			"priority": as("Bridge", "Priority"), "hairpin": as("Bridge", "HairPin"),
			"isolated": as("Bridge", "Isolated"), "learning": as("Bridge", "Learning"), "flood": as("Bridge", "UnicastFlood"),
			"mcast_flood": as("Bridge", "MulticastFlood"), "mcast_to_unicast": as("Bridge", "MulticastToUnicast"),
			"neigh_suppress": as("Bridge", "NeighborSuppression"), "guard": as("Bridge", "UseBPDU").inverted(),
			"root_block": as("Bridge", "AllowPortToBeRoot").inverted(), "fast_leave": as("Bridge", "FastLeave"),
			"proxy_arp":      as("Bridge", "ProxyARP"),
			"proxy_arp_wifi": as("Bridge", "ProxyARPWiFi"),
			"mcast_router": as("Bridge", "MulticastRouter").words(map[string]string{
				"0": "no", "1": "query", "2": "permanent", "3": "temporary"}),
		},
	}
})

var addressWords = sync.OnceValue(func() dictionary {
	return dictionary{
		"address": as("Address", "Address"), "peer": as("Address", "Peer"),
		"broadcast": writtenByCode, "label": as("Address", "Label"), "scope": as("Address", "Scope"),
		"metric": as("Address", "RouteMetric"), "preferred_lifetime": as("Address", "PreferredLifetime"),
		"noprefixroute": as("Address", "AddPrefixRoute").inverted(), "home": as("Address", "HomeAddress"),
		"mngtmpaddr": as("Address", "ManageTemporaryAddress"), "autojoin": as("Address", "AutoJoin"),
		"nodad": as("Address", "DuplicateAddressDetection").words(map[string]string{"true": "none", "false": "ipv6"}),
	}
})

var routeWords = sync.OnceValue(func() dictionary {
	return dictionary{
		"to": writtenByCode, "dev": writtenByCode, "state": writtenByCode, "nexthops": writtenByCode, "family": writtenByCode,
		"via": as("Route", "Gateway"), "onlink": as("Route", "GatewayOnLink"),
		"type": as("Route", "Type"), "table": as("Route", "Table"), "metric": as("Route", "Metric"),
		"src":   as("Route", "PreferredSource").except("none"),
		"scope": as("Route", "Scope"), "pref": as("Route", "IPv6Preference"), "mtu": as("Route", "MTUBytes"),
		"advmss": as("Route", "TCPAdvertisedMaximumSegmentSize"), "initcwnd": as("Route", "InitialCongestionWindow"),
		"initrwnd": as("Route", "InitialAdvertisedReceiveWindow"), "quickack": as("Route", "QuickAck"),
		"fastopen_no_cookie": as("Route", "FastOpenNoCookie"), "congctl": as("Route", "TCPCongestionControlAlgorithm"),
	}
})

var ruleWords = sync.OnceValue(func() dictionary {
	return dictionary{
		"state":    writtenByCode,
		"priority": as("RoutingPolicyRule", "Priority"), "from": as("RoutingPolicyRule", "From"),
		"to":     as("RoutingPolicyRule", "To"),
		"family": as("RoutingPolicyRule", "Family").words(map[string]string{"inet": "ipv4", "inet6": "ipv6"}),
		"invert": as("RoutingPolicyRule", "InvertRule"),
		"iif":    as("RoutingPolicyRule", "IncomingInterface"), "oif": as("RoutingPolicyRule", "OutgoingInterface"),
		"fwmark": as("RoutingPolicyRule", "FirewallMark"), "tos": as("RoutingPolicyRule", "TypeOfService"),
		"ipproto": as("RoutingPolicyRule", "IPProtocol"), "sport": as("RoutingPolicyRule", "SourcePort"),
		"dport":    as("RoutingPolicyRule", "DestinationPort"),
		"uidrange": as("RoutingPolicyRule", "User"), "table": as("RoutingPolicyRule", "Table"),
		"suppress_prefixlength": as("RoutingPolicyRule", "SuppressPrefixLength").except("-1"),
		"action": as("RoutingPolicyRule",
			"Type").words(map[string]string{"blackhole": "blackhole", "unreachable": "unreachable", "prohibit": "prohibit",
			"lookup": "table"}),
	}
})

var forwardingWords = sync.OnceValue(func() dictionary {
	return dictionary{
		"mac_address": as("BridgeFDB", "MACAddress"), "dst": as("BridgeFDB", "Destination"), "vni": as("BridgeFDB", "VNI"),
		"via": as("BridgeFDB", "OutgoingInterface"),
	}
})
