package link

import (
	"fmt"
	"slices"
	"sync"

	"hostnet.linux/internal/schema"
)

// given are the values that the kernel gives a new link of each kind, where these are not false, 0 or nothing, as of
// Linux 6.1 to 6.18. Those of time depend on the kernel's clock (CONFIG_HZ).
var given = sync.OnceValue(func() map[string]map[string][]any {
	return map[string]map[string][]any{
		Bond: {
			"use_carrier": {true}, "arp_all_targets": {"any"}, "arp_missed_max": {2}, "primary_reselect": {"always"},
			"xmit_hash_policy": {"layer2"},
			"resend_igmp":      {1}, "num_peer_notif": {1}, "lp_interval": {1}, "packets_per_slave": {1}, "lacp_rate": {"slow"},
			"lacp_active":       {true, "on"},
			"ad_actor_sys_prio": {65535}, "ad_actor_system": {"00:00:00:00:00:00"}, "tlb_dynamic_lb": {true},
			"coupled_control":    {true},
			"broadcast_neighbor": {false}, "ad_select": {"stable"},
		},
		Bridge: {
			"priority": {32768}, "forward_delay": {15}, "hello_time": {2}, "max_age": {20}, "ageing_time": {300},
			"group_address": {"01:80:c2:00:00:00"},
			"mcast_router":  {1}, "mcast_snooping": {true}, "mcast_hash_max": {4096, 512}, "mcast_last_member_count": {2},
			"mcast_startup_query_count": {2}, "mcast_last_member_interval": {1}, "mcast_membership_interval": {260},
			"mcast_querier_interval": {255},
			"mcast_query_interval":   {125}, "mcast_query_response_interval": {10},
			"mcast_startup_query_interval": {31.24, 31.25, 31.23, 31.2},
			"mcast_igmp_version":           {2}, "mcast_mld_version": {1}, "vlan_default_pvid": {1}, "vlan_protocol": {"802.1q"},
		},
		VLAN: {"protocol": {"802.1q"}, "reorder_hdr": {true}},
		VXLAN: {"ageing": {300}, "learning": {true}, "udp_csum": {true}, "localbypass": {true},
			"reserved_bits": {"0xf7ffffff000000ff"}, "df": {"unset"}, "port_range": {"0-0"}},
		Macvlan: {"bc_queue_len": {1000}, "bc_cutoff": {1}},
	}
})

// givenToPorts is the same of ports; their costs follow from the speed (port_cost in net/bridge/br_if.c).
var givenToPorts = sync.OnceValue(func() map[string]map[string][]any {
	return map[string]map[string][]any{
		Bond: {"actor_port_prio": {255}},
		Bridge: {
			"cost": {1, 2, 4, 5, 19, 100}, "priority": {32}, "learning": {true}, "flood": {true}, "mcast_flood": {true},
			"bcast_flood":  {true},
			"mcast_router": {1},
		},
	}
})

// isGiven tells a value that nobody needs to declare.
func isGiven(known map[string][]any, name string, value any) bool {
	if list, special := known[name]; special {
		return slices.ContainsFunc(list, func(one any) bool { return fmt.Sprint(one) == fmt.Sprint(value) })
	}
	switch fmt.Sprint(value) {
	case "false", "0", "", "[]", "none", "map[]":
		return true
	}
	return false
}

// Surroundings are what a link has its values from when nobody declares them.
type Surroundings struct {
	// Settings are those of new links; Chosen the links whose MAC address somebody has set, nil where nobody can tell.
	Settings Link
	Chosen   map[string]bool
}

// ExportDeclared is an observed link as a person would declare it: without what the kernel gives it anyway.
func (s *State) ExportDeclared(l *Link, around *Surroundings) schema.Object {
	out := schema.Object{}
	for _, entry := range Export(l) {
		if keep := s.declares(l, entry, around); keep != nil {
			out.Set(entry.Key, keep)
		}
	}
	return out
}

// declares is what a person would write of an option, or nil.
func (s *State) declares(l *Link, entry schema.Entry, around *Surroundings) any {
	keep := entry.Value
	is := true
	switch entry.Key {
	case "name", "parent", "peer", "mode", "dst_port", "local", "remote", "group":
	case "id":
		is = l.Kind != VXLAN || !deref(l.VXLAN.External)
	case "up":
		is = !*l.Up
	case "mtu":
		is = s.choosesMTU(l)
	case "mac_address":
		is = s.choosesMAC(l, around)
	case "accept_ra":
		is = !same(l.AcceptRA, around.Settings.AcceptRA)
	case "proxy_arp":
		is = !same(l.ProxyARP, around.Settings.ProxyARP)
	case "rp_filter":
		is = !same(l.RPFilter, around.Settings.RPFilter)
	case "forwarding":
		is = !same(l.Forwarding, around.Settings.Forwarding)
	case "ports":
		list := declaredPorts(l)
		keep, is = list, len(list) > 0
	case "vlans":
		is = deref(l.Bridge.VLANFiltering) && !slices.Equal(deref(l.Bridge.VLANs), *defaultVLANs(l))
	default:
		is = !isGiven(given()[l.Kind], entry.Key, entry.Value)
	}
	if !is {
		return nil
	}
	return keep
}

func same[T comparable](a, b *T) bool { return a == nil || b == nil || *a == *b }

// declaredPorts are the ports by name, with the options that somebody has set.
func declaredPorts(l *Link) []any {
	var list []any
	for i := range *l.Ports {
		port := &(*l.Ports)[i]
		out := schema.Object{}
		for _, option := range portTable(l.Kind) {
			value := option.Export(port)
			switch {
			case value == nil:
			case option.Name == "vlans":
				if deref(l.Bridge.VLANFiltering) && !slices.Equal(deref(port.VLANs), *defaultVLANs(l)) {
					out.Set(option.Name, value)
				}
			case option.Name == "name" || !isGiven(givenToPorts()[l.Kind], option.Name, value):
				out.Set(option.Name, value)
			}
		}
		if len(out) == 1 {
			list = append(list, port.Name)
		} else {
			list = append(list, out)
		}
	}
	return list
}

// choosesMTU tells an MTU that is neither the usual one nor that of other links.
func (s *State) choosesMTU(l *Link) bool {
	usual := uint32(1500)
	if l.Kind == VRF {
		usual = usualVRFMTU
	}
	if !KnownKind(l.Kind) || l.Observed.Loopback {
		return false
	}
	if controller := s.Find(l.Observed.Controller); controller != nil && controller.Kind == Bond &&
		same(controller.MTU, l.MTU) {
		return false
	}
	parent := s.Find(deref(l.Parent))
	switch {
	case l.Kind == VXLAN && parent != nil:
		return *l.MTU+l.VXLAN.overhead() != *parent.MTU
	case (l.Kind == VLAN || l.Kind == Macvlan) && parent != nil:
		return *l.MTU != *parent.MTU
	case l.Kind == Bridge && len(*l.Ports) > 0:
		least := uint32(0)
		for _, port := range *l.Ports {
			if one := s.Find(port.Name); one != nil && (least == 0 || *one.MTU < least) {
				least = *one.MTU
			}
		}
		return *l.MTU != least
	}
	return *l.MTU != usual
}

// choosesMAC tells a MAC address that somebody has set, and that does not follow from other links.
func (s *State) choosesMAC(l *Link, around *Surroundings) bool {
	follow := deref(l.Bond.FailOverMAC)
	if !KnownKind(l.Kind) || deref(l.MAC) == l.Observed.PermanentMAC || follow == "active" || follow == "follow" {
		return false
	}
	if controller := s.Find(l.Observed.Controller); controller != nil && controller.Kind == Bond {
		// The bond has set it.
		return false
	}
	if parent := s.Find(deref(l.Parent)); parent != nil && same(parent.MAC, l.MAC) {
		return false
	}
	if l.Kind == Bond && l.Ports != nil {
		for _, port := range *l.Ports {
			if one := s.Find(port.Name); one != nil && same(one.MAC, l.MAC) {
				return false
			}
		}
	}
	return around.Chosen == nil || around.Chosen[l.Name]
}
