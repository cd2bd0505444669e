package container

import (
	"net/netip"
	"slices"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// repair makes the interfaces that the configuration has and LXC has not made or made otherwise, and removes those that
// it no longer has: a container that restarts itself is made by the configuration that its monitor was started with.
func (m *Machine) repair(h *host, c *Container) []error {
	if c.isWhole() {
		return nil // as nearly always: the other containers need not be read
	}
	wanted := &Wanted{Container: c.Name, Exact: true}
	for _, one := range c.configured {
		if one.Supported() {
			copied := one.Interface
			if one.kind() != Veth {
				// It has no end on the host that these are about.
				copied.DownRate, copied.UpRate, copied.VLAN, copied.Trunk = nil, nil, nil, nil
			}
			wanted.Interfaces = append(wanted.Interfaces, &copied)
		}
	}
	p := newPlanner(m, h, c.Folder, []*Container{c})
	if err := p.resolve([]*Wanted{wanted}); err != nil {
		return []error{err}
	}
	p.targets = slices.DeleteFunc(p.targets, func(t *target) bool {
		there := t.live != nil && t.live.Type != nil
		return there != t.want.Absent() && (t.have == nil || c.isMade(t.have))
	})
	if len(p.targets) == 0 {
		return nil
	}
	scope := &addressing{declared: map[string][]addr.Address{}, losses: map[string]plan.Impact{},
		deleted: map[string]bool{}}
	for _, t := range p.targets {
		if link := h.byName[deref(t.want.HostName)]; link != nil && !t.want.Absent() && p.ownerOf(link) == "" {
			p.deleteHostEnd(t, link.Name, "leftover "+link.Name+" on the host", plan.None)
		}
		p.planTarget(t, scope)
	}
	p.planAddresses(c, scope)
	for _, t := range p.targets {
		if !t.want.Absent() {
			p.planStartRoutes(t)
		}
	}
	problems := p.runEach()
	if err := p.observe(); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// isWhole tells whether the running container has each interface that is configured, as it is, and no other one.
func (c *Container) isWhole() bool {
	configured := 0
	for _, one := range c.configured {
		if !one.Supported() {
			continue
		}
		configured++
		if !c.isMade(one) {
			return false
		}
	}
	for _, live := range c.live {
		if live.Type != nil {
			configured--
		}
	}
	return configured == 0
}

// isMade tells whether a configured interface is there as LXC makes it by its own keys.
func (c *Container) isMade(one *Configured) bool {
	live := c.findLive(one.Name)
	if live == nil || live.Type == nil {
		return false
	}
	rows := schema.Table[Interface]{
		bridgeRow(), parentRow(), modeRow(), ipvlanModeRow(), ipvlanIsolationRow(), vlanIDRow(), mtuRow(), vlanRow(),
		trunkRow(),
	}
	if c.isUnderstood(one) {
		rows = append(rows, addressesRow(), gatewayRow(), gateway6Row())
	}
	if one.kind() != live.kind() || one.isDown() && live.Up {
		return false
	}
	return len(rows.Diff(&one.Interface, &live.Interface)) == 0
}

// isUnderstood tells whether the addresses and gateways of an interface are all that its configuration has: LXC also
// takes addresses without a length, and "auto" and "dev" for a gateway.
func (c *Container) isUnderstood(one *Configured) bool {
	addresses, gateways := 0, 0
	for _, net := range c.config.Nets() {
		if net.Index == one.Index {
			addresses = len(net.Values["ipv4.address"]) + len(net.Values["ipv6.address"])
			gateways = len(net.Values["ipv4.gateway"]) + len(net.Values["ipv6.gateway"])
		}
	}
	for _, gateway := range []*netip.Addr{one.Gateway, one.Gateway6} {
		if gateway != nil && gateway.IsValid() {
			gateways--
		}
	}
	return gateways == 0 && addresses == len(deref(one.Addresses))
}
