package container

import (
	"slices"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/plan"
)

// repair makes the interfaces that the configuration has and LXC has not made, and removes those that it no longer has: a
// container that restarts itself is made by the configuration that its monitor was started with.
func (m *Machine) repair(h *host, c *Container) []error {
	if c.isWhole() {
		return nil // as nearly always: the other containers need not be read
	}
	wanted := &Wanted{Container: c.Name, Exact: true}
	for _, one := range c.configured {
		if one.Supported() {
			copied := one.Interface
			wanted.Interfaces = append(wanted.Interfaces, &copied)
		}
	}
	p := newPlanner(m, h, c.Folder, []*Container{c})
	if err := p.resolve([]*Wanted{wanted}); err != nil {
		return []error{err}
	}
	p.targets = slices.DeleteFunc(p.targets, func(t *target) bool {
		there := t.live != nil && t.live.Type != nil
		return there != t.want.Absent()
	})
	if len(p.targets) == 0 {
		return nil
	}
	scope := &addressing{declared: map[string][]addr.Address{}, losses: map[string]plan.Impact{}, deleted: map[string]bool{}}
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

// isWhole tells whether the running container has each interface that is configured, and no other one.
func (c *Container) isWhole() bool {
	configured := 0
	for _, one := range c.configured {
		if !one.Supported() {
			continue
		}
		configured++
		if live := c.findLive(one.Name); live == nil || live.Type == nil {
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
