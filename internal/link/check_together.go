package link

import "fmt"

// checkTogether finds options that the kernel refuses beside others that the link has, declared or not.
func (p *planner) checkTogether(want *Link) {
	final := p.final[want.Name]
	if have := p.current.Find(want.Name); have != nil && have.Observed.Loopback {
		if want.MAC != nil {
			p.problem(want, "mac_address", "the loopback has none")
		}
		return
	}
	if mtu := p.coming(want.Name, longestStack); want.AcceptRA != nil && mtu != nil && *mtu < leastIPv6 {
		p.problem(want, "accept_ra", "needs an mtu of 1280 at least: below it the kernel takes IPv6 off the link, and mtu is %d",
			*mtu)
	}
	switch want.Kind {
	case Bridge:
		p.checkWithSTP(want, final)
		p.checkFiltering(want, final)
	case VXLAN:
		if deref(want.VXLAN.FlowLabel) != 0 && !final.VXLAN.overIPv6() {
			p.problem(want, "flow_label", "only IPv6 packets have one: declare local, remote or group as IPv6 addresses")
		}
		p.checkExternal(want, final)
		p.checkSocket(want, final)
	}
	for i, port := range deref(want.Ports) {
		// br_setport in net/bridge/br_netlink.c
		if end := final.portNamed(port.Name); deref(port.Bridge.MAB) && end != nil &&
			(!deref(end.Bridge.Locked) || end.Bridge.Learning != nil && !*end.Bridge.Learning) {
			p.problem(want, fmt.Sprintf("ports[%d].mab", i), "needs locked: true beside it, and learning")
		}
	}
}

// checkWithSTP is what checkBridge finds, of a bridge on which the protocol runs and nobody declares it.
func (p *planner) checkWithSTP(want, final *Link) {
	if deref(final.Bridge.STP) && want.Bridge.STP == nil && want.Bridge.delaysOddly() {
		p.problem(want, "forward_delay", "must be from 2 to 30 seconds with stp, which %s has", want.Name)
	}
}

// checkFiltering: snooping per VLAN needs filtering (br_multicast_toggle_vlan_snooping in net/bridge/br_multicast.c).
func (p *planner) checkFiltering(want, final *Link) {
	if deref(want.Bridge.McastVLANSnooping) && !deref(final.Bridge.VLANFiltering) {
		p.problem(want, "mcast_vlan_snooping", "needs vlan_filtering: true beside it")
	}
}

// checkExternal finds what the kernel has only where routes or filters say where packets go (vxlan_config_validate in
// drivers/net/vxlan/vxlan_core.c).
func (p *planner) checkExternal(want, final *Link) {
	external := deref(final.VXLAN.External)
	if deref(want.VXLAN.VNIFilter) && !external {
		p.problem(want, "vnifilter", "needs external: true beside it")
	}
	if !deref(final.VXLAN.GPE) {
		return
	}
	if !external {
		p.problem(want, "gpe", "needs external: true beside it")
	}
	if other := final.VXLAN.besideGPE(); other != "" {
		p.problem(want, "gpe", "the kernel refuses it together with %[1]s: declare %[1]s: false", other)
	}
}

// besideGPE is an option that is on and that a VXLAN with gpe cannot have, or "" (VXLAN_F_ALLOWED_GPE in net/vxlan.h).
func (v *VXLANOptions) besideGPE() string {
	for _, other := range []struct {
		name string
		on   bool
	}{
		// A new one learns unless it is told not to (vxlan_nl2conf).
		{"learning", v.Learning == nil || *v.Learning}, {"ttl_inherit", deref(v.TTLInherit)}, {"proxy", deref(v.Proxy)},
		{"rsc", deref(v.RSC)}, {"l2miss", deref(v.L2Miss)}, {"l3miss", deref(v.L3Miss)}, {"gbp", deref(v.GBP)},
		{"remcsum_tx", deref(v.RemCsumTX)}, {"remcsum_rx", deref(v.RemCsumRX)},
	} {
		if other.on {
			return other.name
		}
	}
	return ""
}
