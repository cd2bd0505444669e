package container

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
)

// Hook is called by LXC at a moment of a container's start, as its configuration says (lxc.container.conf(5), "CONTAINER
// HOOKS"). environment gives the LXC_ variables. An error keeps the container from starting, with the message in LXC's log.
func (m *Machine) Hook(moment string, environment func(name string) string) error {
	c, h, err := m.hooked(environment)
	if err != nil {
		return err
	}
	defer h.kernel.Close()
	defer closeAll([]*Container{c})
	p := newPlanner(m, h, c.Folder, []*Container{c})
	switch moment {
	case "pre-start":
		p.planPreStart(c)
	case "start-host":
		p.planStart(c)
	default:
		return fmt.Errorf("there is no hook %q: it is pre-start or start-host", moment)
	}
	plan.Order(p.steps)
	return plan.Run(p.steps, nil)
}

// hooked is the container that LXC is starting. It runs from the start-host hook on: its network is complete, and its
// init waits.
func (m *Machine) hooked(environment func(name string) string) (*Container, *host, error) {
	name, file := environment("LXC_NAME"), environment("LXC_CONFIG_FILE")
	if name == "" || file == "" {
		return nil, nil, fmt.Errorf("LXC_NAME and LXC_CONFIG_FILE are not set: this is called by LXC's hooks")
	}
	state := lxc.State{Defined: true}
	if text := environment("LXC_PID"); text != "" {
		pid, err := strconv.Atoi(text)
		if err != nil {
			return nil, nil, fmt.Errorf("LXC_PID is %q", text)
		}
		state.InitPID = pid
	}
	h, err := m.openHost()
	if err != nil {
		return nil, nil, err
	}
	c, err := m.loadFile(h, name, file, state, newCache())
	if err != nil {
		h.kernel.Close()
		return nil, nil, err
	}
	return c, h, nil
}

// planPreStart clears the way for LXC: it does not start a container whose host end's name is taken, nor one whose NIC
// came back from it under the name that it had inside.
func (p *planner) planPreStart(c *Container) {
	for _, one := range c.configured {
		switch one.kind() {
		case Veth:
			t := &target{container: c, want: &one.Interface, final: &one.Interface, have: one}
			if link := p.host.byName[deref(one.HostName)]; link != nil && p.ownerOf(link) == "" {
				p.deleteHostEnd(t, link.Name, "leftover "+link.Name+" on the host", plan.None)
			}
		case Phys:
			p.nameReturned(c, &one.Interface)
		}
	}
}

// returned is a NIC that the kernel took out of a dead container, if it is not on the host under its own name
// (default_device_exit_net in net/core/dev.c keeps the name that it had inside).
func (p *planner) returned(c *Container, one *Interface) *kernel.Link {
	lent := c.record.find(one.Name)
	if lent == nil || lent.MAC == nil || one.Parent == nil || p.host.byName[*one.Parent] != nil {
		return nil
	}
	for i := range p.host.links {
		link := &p.host.links[i]
		if link.Kind == "" && cmpOr(link.PermanentAddress, link.Address) == *lent.MAC {
			return link
		}
	}
	return nil
}

// nameReturned gives such a NIC its name on the host again.
func (p *planner) nameReturned(c *Container, one *Interface) {
	if link := p.returned(c, one); link != nil {
		t := &target{container: c, want: one, final: one}
		p.rename(p.host.kernel, t, link.Name, *one.Parent, "parent", link.Flags&unix.IFF_UP != 0)
	}
}

// planReturned gives the NICs that a stopped container has in its configuration their names again: LXC knows nothing of
// one that came while the container ran.
func (p *planner) planReturned(c *Container) {
	for _, t := range p.targets {
		if t.container == c && t.have != nil && t.have.kind() == Phys {
			p.nameReturned(c, &t.have.Interface)
		}
	}
}

// planStart brings up what LXC's keys cannot say.
func (p *planner) planStart(c *Container) {
	for _, kept := range c.record.interfaces {
		live := c.findLive(kept.Name)
		if live == nil {
			p.add(plan.Step{
				Phase: plan.Prepare, Action: "find", Object: fmt.Sprintf("interface %s of container %s", kept.Name, c.Name),
				Run: func() error { return fmt.Errorf("the container has no such interface") },
			})
			continue
		}
		want := *kept
		want.Type = live.Type
		t := &target{container: c, want: &want, final: &want, have: c.findConfigured(kept.Name), live: live}
		p.planRoutes(t, plan.Kept)
		if want.kind() == Veth {
			t.final.HostName = live.HostName
			p.limitNew(t)
		}
		if deref(want.DHCP) {
			p.startDHCP(t, live.Index)
		}
	}
}
