package link

import (
	"fmt"
	"slices"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// leastIPv6 is IPV6_MIN_MTU: below it the kernel takes IPv6 off a link, with all that belongs to it (addrconf_notify).
const leastIPv6 = 1280

// macvtap, ipvlan and so on cannot be declared, but stand on links that can.
var (
	// clamped kinds do not keep an MTU above that of the link below (vlan_device_event, macvlan_device_event,
	// macsec_notify).
	clamped = []string{VLAN, Macvlan, "macvtap", "ipvlan", "ipvtap", "macsec"}
	// following kinds always have the MTU of the link below (ipvlan_adjust_mtu).
	following = []string{"ipvlan", "ipvtap"}
)

// emitEffects shows what the kernel does to other links along with the steps.
func (p *planner) emitEffects() {
	p.noIPv6, p.readdressed, p.byController = map[string]string{}, map[string]string{}, nil
	for _, name := range p.touched {
		final, have := p.final[name], p.current.Find(name)
		p.switchedOff(name, have)
		if p.fresh[name] || have == nil || p.gone[name] {
			var before *uint32
			if have != nil {
				before = have.MTU
			}
			p.withoutIPv6(name, p.coming(name, longestStack), before)
			continue
		}
		p.withoutIPv6(name, final.MTU, have.MTU)
		if final.MTU != nil && have.MTU != nil && *final.MTU != *have.MTU {
			p.spreadMTU(name, *final.MTU, longestStack)
		}
		if final.MAC != nil && have.MAC != nil && *final.MAC != *have.MAC {
			p.spreadMAC(name, *have.MAC, fmt.Sprintf("%s gets another MAC address", final.Describe()), longestStack)
		}
	}
	p.followNewPorts()
}

// switchedOff notes a link that a setting keeps IPv6 off, a new one by that of new links.
func (p *planner) switchedOff(name string, have *Link) {
	setting, off := name, have != nil && have.Observed.IPv6Off
	if p.fresh[name] {
		setting, off = "default", p.newWithoutIPv6()
	}
	if off {
		p.noIPv6[name] = fmt.Sprintf("net.ipv6.conf.%s.disable_ipv6 is 1", setting)
	}
}

// withoutIPv6 notes a link that has no IPv6 with this MTU, and says so if it has some until now.
func (p *planner) withoutIPv6(name string, mtu, before *uint32) {
	if mtu == nil || *mtu >= leastIPv6 || p.becomes(name) == nil || p.becomes(name).Observed.Loopback {
		return
	}
	p.noIPv6[name] = fmt.Sprintf("mtu %d of %s is below 1280, the least of IPv6", *mtu, name)
	if before != nil && *before >= leastIPv6 {
		p.warn("%s: mtu %d is below 1280: the kernel takes IPv6 off it, with its addresses, routes, neighbours and settings",
			p.describe(name), *mtu)
	}
}

// spreadMTU follows a new MTU to the links that stand on this one, to its ports and its bridge.
func (p *planner) spreadMTU(name string, mtu uint32, fuse int) {
	if fuse == 0 {
		return
	}
	for _, upper := range p.uppers(name) {
		follows := slices.Contains(following, upper.Kind)
		if slices.Contains(clamped, upper.Kind) && upper.MTU != nil && (*upper.MTU > mtu || follows) {
			p.effectMTU(upper, mtu, fmt.Sprintf("mtu %d of %s, which it stands on", mtu, name), fuse)
		}
	}
	one := p.becomes(name)
	if one == nil {
		return
	}
	if have := p.current.Find(name); one.Kind == Bond && have != nil && have.Ports != nil {
		for _, port := range *have.Ports {
			if link := p.current.Find(port.Name); link != nil && link.MTU != nil && *link.MTU != mtu &&
				p.controllerOf(port.Name) == name {
				p.effectMTU(link, mtu, fmt.Sprintf("mtu %d of %s, whose port it is", mtu, name), fuse)
			}
		}
	}
	p.spreadToBridge(p.controllerOf(name), map[string]uint32{name: mtu}, fuse)
}

// spreadToBridge: a bridge has the MTU of its smallest port, until somebody sets its own (br_mtu_auto_adjust). The
// kernel does not tell whether somebody has; one that differs from the ports' has been set.
func (p *planner) spreadToBridge(name string, ports map[string]uint32, fuse int) {
	bridge := p.current.Find(name)
	if bridge == nil || bridge.Kind != Bridge || bridge.MTU == nil || p.fresh[name] || p.gone[name] {
		return
	}
	was, is := p.leastMTUs(bridge, ports)
	if is == 0 || is == *bridge.MTU || (was != 0 && was != *bridge.MTU) {
		return
	}
	p.effectMTU(bridge, is, fmt.Sprintf("mtu %d of its smallest port", is), fuse)
}

// leastMTUs are the smallest MTU of a bridge's ports as they are, and as they will be; 0 without ports.
func (p *planner) leastMTUs(bridge *Link, ports map[string]uint32) (was, is uint32) {
	least := func(least *uint32, mtu uint32) {
		if *least == 0 || mtu < *least {
			*least = mtu
		}
	}
	for _, port := range *bridge.Ports {
		if have := p.current.Find(port.Name); have != nil && have.MTU != nil {
			least(&was, *have.MTU)
		}
	}
	for _, have := range p.portsToBe(bridge.Name) {
		if have.MTU == nil {
			continue
		}
		mtu, changes := ports[have.Name]
		if !changes {
			mtu = *have.MTU
			if final := p.final[have.Name]; final != nil && final.MTU != nil {
				mtu = *final.MTU
			}
		}
		least(&is, mtu)
	}
	return was, is
}

// portsToBe are the links that are there and will be ports of the controller. They are sorted by it once, as there may be
// thousands of each.
func (p *planner) portsToBe(controller string) []*Link {
	if p.byController == nil {
		p.byController = map[string][]*Link{}
		for _, have := range p.current.Links {
			if name := p.controllerOf(have.Name); name != "" {
				p.byController[name] = append(p.byController[name], have)
			}
		}
	}
	return p.byController[controller]
}

// followNewPorts looks at the bridges whose ports change.
func (p *planner) followNewPorts() {
	seen := map[string]bool{}
	for _, port := range p.portOrder() {
		for _, name := range []string{p.controller[port], p.formerController(port)} {
			if name != "" && !seen[name] {
				seen[name] = true
				p.spreadToBridge(name, nil, longestStack)
			}
		}
	}
}

func (p *planner) formerController(port string) string {
	if have := p.current.Find(port); have != nil {
		return have.Observed.Controller
	}
	return ""
}

// effectMTU shows the MTU that a link gets, unless it has one of its own in the plan.
func (p *planner) effectMTU(link *Link, mtu uint32, cause string, fuse int) {
	if p.gone[link.Name] || p.fresh[link.Name] || p.effects[link.Name] {
		return
	}
	if p.declaresMTU(link.Name) {
		p.holdMTU(link, mtu, cause)
		return
	}
	if p.effects == nil {
		p.effects = map[string]bool{}
	}
	p.effects[link.Name] = true
	step := plan.Effect(plan.Step{
		Phase: plan.Adjust, Depth: longestStack, Action: "change", Object: link.Describe(), Cause: cause,
		Changes: []schema.Change{{Option: "mtu", Old: *link.MTU, New: mtu}},
	})
	if mtu < leastIPv6 && *link.MTU >= leastIPv6 {
		step.Disruption = plan.ConnectionsLost
	}
	p.add(step, link.Name)
	p.withoutIPv6(link.Name, &mtu, link.MTU)
	p.spreadMTU(link.Name, mtu, fuse-1)
}

// holdMTU sets the declared MTU of a bridge again that the kernel changes along with that of its ports. From then on it
// leaves it alone (BROPT_MTU_SET_BY_USER).
func (p *planner) holdMTU(link *Link, mtu uint32, cause string) {
	final := p.final[link.Name]
	if link.Kind != Bridge || final == nil || final.MTU == nil || *final.MTU != *link.MTU {
		return
	}
	name, declared := link.Name, *final.MTU
	p.add(plan.Step{
		Phase: plan.Adjust, Depth: longestStack, Action: "change", Object: link.Describe(), Cause: cause,
		Changes: []schema.Change{{Option: "mtu", Old: mtu, New: declared}},
		Run:     func() error { return p.kernel.ChangeLink(name, kernel.LinkRequest{MTU: &declared}) },
	}, name)
}

// spreadMAC follows a new MAC address to the links that have the same one from this one (vlan_sync_address,
// bond_set_mac_address, br_stp_recalculate_bridge_id).
func (p *planner) spreadMAC(name, old, cause string, fuse int) {
	if _, known := p.readdressed[name]; known || fuse == 0 {
		return
	}
	p.readdressed[name] = cause
	for _, upper := range p.uppers(name) {
		if upper.Kind == VLAN && deref(upper.MAC) == old {
			p.spreadMAC(upper.Name, old, cause, fuse-1)
		}
	}
	if bridge := p.becomes(p.controllerOf(name)); bridge != nil && bridge.Kind == Bridge && deref(bridge.MAC) == old {
		p.spreadMAC(bridge.Name, old, cause, fuse-1)
	}
}
