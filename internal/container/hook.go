package container

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
)

// Moments at which LXC calls the hook (lxc.container.conf(5), "CONTAINER HOOKS").
const (
	// Clone is when LXC has copied the container: the hook is told of the copy.
	Clone = "clone"
	// PreStart is before LXC makes the container's network, also when the container restarts itself.
	PreStart = "pre-start"
	// StartHost is when the network is complete and the container's init waits.
	StartHost = "start-host"
)

// Hook is called by LXC at a moment of a container's start. environment gives the LXC_ variables. It does what it can
// and reports the rest: an error, which keeps the container down for good, is owed only where its start would harm
// another.
func (m *Machine) Hook(moment string, environment func(name string) string) error {
	if moment != Clone && moment != PreStart && moment != StartHost {
		return fmt.Errorf("there is no hook %q: it is %s, %s or %s", moment, Clone, PreStart, StartHost)
	}
	name, file := environment("LXC_NAME"), environment("LXC_CONFIG_FILE")
	if name == "" || file == "" {
		return fmt.Errorf("LXC_NAME and LXC_CONFIG_FILE are not set: this is called by LXC's hooks")
	}
	said := reportOf(file)
	if moment != StartHost {
		said.Hooks = nil
	}
	var problems []error
	switch moment {
	case Clone:
		problems = m.cloned(name, file)
	case PreStart:
		problems = m.preStart(name, file)
	default:
		problems = m.startHost(name, file, environment("LXC_PID"), true)
	}
	for _, problem := range problems {
		said.add(name, moment, problem)
	}
	said.save()
	var unsafe *unsafeError
	if err := errors.Join(problems...); errors.As(err, &unsafe) {
		return unsafe
	}
	return nil
}

// comingUp is how long a start waits for links of the host that LXC fails without: at boot they may come with others.
const comingUp = 10 * time.Second

// awaitLinks waits for the bridges and parents of the container's interfaces.
func (h *host) awaitLinks(c *Container) error {
	for deadline := time.Now().Add(comingUp); ; time.Sleep(100 * time.Millisecond) {
		missing := ""
		for _, one := range c.configured {
			if one.kind() == Phys && c.record.find(one.Name) != nil {
				continue // it may have come back under another name
			}
			if name := deref(cmp.Or(one.Bridge, one.Parent)); name != "" && h.byName[name] == nil {
				missing = name
			}
		}
		if missing == "" {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the host has no %s after %s", missing, comingUp)
		}
		if err := h.observe(); err != nil {
			return err
		}
	}
}

// preStart makes ready for LXC. At a restart LXC_PID is the init that has just ended: nothing runs yet.
func (m *Machine) preStart(name, file string) []error {
	h, err := m.openHost()
	if err != nil {
		return []error{err}
	}
	defer h.kernel.Close()
	c, err := m.loadFile(h, name, file, lxc.State{Defined: true}, newCache())
	if err != nil {
		return []error{err}
	}
	problems := m.settleStart(c)
	if err := h.awaitLinks(c); err != nil {
		problems = append(problems, err)
	}
	p := newPlanner(m, h, c.Folder, []*Container{c})
	p.planPreStart(c)
	return append(problems, p.runEach()...)
}

// startHost brings up what LXC's keys cannot say, and gives what it could not do. hooked says that LXC calls it, by our
// hook.
func (m *Machine) startHost(name, file, init string, hooked bool) []error {
	pid, err := strconv.Atoi(init)
	if err != nil || pid <= 0 {
		return []error{fmt.Errorf("LXC_PID is %q: it is the container's init", init)}
	}
	h, err := m.openHost()
	if err != nil {
		return []error{err}
	}
	defer h.kernel.Close()
	c, err := m.loadFile(h, name, file, lxc.State{Defined: true, InitPID: pid}, newCache())
	if err != nil {
		return []error{err}
	}
	defer closeAll([]*Container{c})
	problems := m.repair(h, c)
	p := newPlanner(m, h, c.Folder, []*Container{c})
	p.planStart(c)
	problems = append(problems, p.runEach()...)
	follows := func(one *Configured) bool { return one.kind() == Phys || deref(one.Bridge) != "" }
	if hooked && slices.ContainsFunc(c.configured, follows) {
		problems = append(problems, m.follow(true, c))
	}
	return slices.DeleteFunc(problems, func(err error) bool { return err == nil })
}

// runEach carries out every step, whatever becomes of the others.
func (p *planner) runEach() []error {
	plan.Order(p.steps)
	var failed []error
	for _, step := range p.steps {
		if err := plan.Run([]plan.Step{step}, nil); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
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
			p.planLent(c, &one.Interface)
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
		if live == nil && !needsHook(kept) {
			continue
		}
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
		p.planIdentity(t)
		if want.kind() == Veth {
			t.final.HostName = live.HostName
			if t.have != nil && deref(t.have.HostName) != "" {
				t.final.HostName = t.have.HostName
			}
			if deref(want.DownRate) != deref(live.DownRate) || deref(want.UpRate) != deref(live.UpRate) {
				p.limitNew(t)
			}
		}
		p.planStartRoutes(t)
		if runsClient(&want) && !runsClient(&live.Interface) {
			p.startDHCP(t, live.Index)
		}
	}
}

// planIdentity gives the interface the names that the configuration has: LXC made it with those from before the
// container was settled.
func (p *planner) planIdentity(t *target) {
	if t.have == nil || t.live.Type == nil || t.live.kind() == Phys {
		return
	}
	names := Interface{Name: t.live.Name, Type: t.live.Type, HostName: t.have.HostName, MAC: t.have.MAC}
	if t.live.kind() != Veth || deref(names.HostName) == "" {
		names.HostName = nil
	}
	if len(liveChanges(&names, &t.live.Interface)) == 0 {
		return
	}
	final := names
	final.LinkUp = t.have.LinkUp
	p.changeLive(&target{container: t.container, want: &names, final: &final, have: t.have, live: t.live})
}

// planStartRoutes makes the interface's routes. Those that lead through the network of a lease wait for it: the client
// asks for them when it has one.
func (p *planner) planStartRoutes(t *target) {
	first := len(p.steps)
	p.planRoutes(t, plan.Preserved)
	if !deref(t.want.DHCP) {
		return
	}
	for i := range p.steps[first:] {
		step := &p.steps[first+i]
		run := step.Run
		step.Run = func() error {
			err := run()
			if errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH) {
				return nil
			}
			return err
		}
	}
}

// leased makes the routes that waited for the lease of an interface. It is called by the DHCP client.
func (m *Machine) leased(job dhcp.Job) {
	said := reportOf(job.Config)
	said.Hooks = slices.DeleteFunc(said.Hooks, func(one trouble) bool { return one.Moment == dhcp.Command })
	for _, problem := range m.routesAfterLease(job) {
		said.add(job.Container, dhcp.Command, problem)
	}
	said.save()
}

func (m *Machine) routesAfterLease(job dhcp.Job) []error {
	h, err := m.openHost()
	if err != nil {
		return []error{err}
	}
	defer h.kernel.Close()
	c, err := m.loadFile(h, job.Container, job.Config, lxc.State{Defined: true, InitPID: job.Init}, newCache())
	if err != nil {
		return []error{err}
	}
	defer closeAll([]*Container{c})
	p := newPlanner(m, h, c.Folder, []*Container{c})
	for _, live := range c.live {
		kept := c.record.find(live.Name)
		if live.Index != job.Index || kept == nil || kept.Routes == nil {
			continue
		}
		want := Interface{Name: kept.Name, Type: live.Type, Routes: kept.Routes}
		p.planRoutes(&target{container: c, want: &want, final: &want, live: live}, plan.Preserved)
	}
	return p.runEach()
}
