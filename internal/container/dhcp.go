package container

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// usualLeaseTime is how long a task waits for a lease: a server may first see whether anybody has the address.
const usualLeaseTime = 15 * time.Second

// decodeDHCP looks whether our client works on the interface.
func (c *Container) decodeDHCP(live *LiveInterface) {
	state, runs := dhcp.Find(c.State.InitPID, live.Index)
	clientRows().Overlay(&live.Interface, &newInterface)
	if !runs {
		return
	}
	live.DHCP, live.DHCP6, live.DHCPRoutes, live.DHCPDNS = &state.V4, &state.V6, &state.Routes, &state.DNS
	live.DHCPHostName, live.DHCPMetric, live.DHCPClientID, live.lease = &state.HostName, &state.Metric, &state.ClientID,
		&state
	if !state.MTUDeclared {
		live.DHCPMTU = &state.MTU
	}
}

// clientRows are the options of the DHCP client.
var clientRows = sync.OnceValue(func() schema.Table[Interface] {
	return schema.Table[Interface]{
		dhcpRow(), dhcp6Row(), dhcpRoutesRow(), dhcpDNSRow(), dhcpMTURow(), dhcpHostNameRow(), dhcpMetricRow(),
		dhcpClientIDRow(),
	}
})

func isClientOption(name string) bool {
	return slices.ContainsFunc(clientRows(), func(row schema.Option[Interface]) bool { return row.Name == name })
}

// runsClient tells whether an interface has a client for either IP version.
func runsClient(i *Interface) bool { return deref(i.DHCP) || deref(i.DHCP6) }

// DHCP is the client itself.
func (m *Machine) DHCP(arguments []string) error {
	return dhcp.Run(arguments, func(namespace string) (dhcp.Kernel, error) { return m.Open(namespace) }, m.leased)
}

// getsDHCP tells whether an interface will have a client.
func getsDHCP(want, have *Interface) bool {
	whole := *have
	schema.Table[Interface]{dhcpRow(), dhcp6Row()}.Overlay(&whole, want)
	return runsClient(&whole)
}

// planDHCP starts and stops the client. One that works on a link that is made again is another one afterwards.
func (p *planner) planDHCP(t *target, loss plan.Impact) {
	if t.want.Absent() {
		if t.live != nil && runsClient(&t.live.Interface) {
			p.stopDHCP(t, nil)
		}
		return
	}
	fresh := t.live == nil || t.live.Type == nil
	have, want := &newInterface, t.want
	if !fresh {
		have = &t.live.Interface
	}
	if fresh || loss == plan.Recreated {
		want = t.final
	}
	changes := []schema.Change{}
	for _, change := range liveChanges(want, have) {
		if isClientOption(change.Option) {
			changes = append(changes, change)
		}
	}
	if len(changes) == 0 && (!runsClient(have) || loss == plan.Preserved && !t.isRewired()) {
		return
	}
	if !fresh && runsClient(have) {
		p.stopDHCP(t, changes)
	}
	if getsDHCP(want, have) {
		whole := *have
		clientRows().Overlay(&whole, want)
		p.leaseDHCP(t, &whole, changes)
	}
}

// isRewired tells whether the interface gets to another server, or is another client for it: the lease goes back to the
// one that gave it, and the task waits for the next.
func (t *target) isRewired() bool {
	differs := func(want, have *string) bool { return want != nil && deref(want) != deref(have) }
	return differs(t.want.Bridge, t.live.Bridge) || differs(t.want.MAC, t.live.MAC)
}

// planPositions starts the clients anew whose place among the others has changed: two with one place would take each
// other's routes.
func (p *planner) planPositions(c *Container) {
	planned := map[string]bool{}
	for _, step := range p.steps {
		planned[step.Object] = true
	}
	for _, live := range c.live {
		one := c.findConfigured(live.Name)
		if one == nil || live.lease == nil || !live.lease.V4 || live.lease.Metric != 0 {
			continue
		}
		t := &target{container: c, want: &one.Interface, final: &one.Interface, have: one, live: live}
		place := p.position(t)
		if place == live.lease.Position || planned[clientOf(t)] || !runsClient(p.becoming(c, &one.Interface)) {
			continue
		}
		changes := []schema.Change{{Option: dhcpMetricRow().Name, Old: dhcp.Job{Position: live.lease.Position}.RouteMetric(),
			New: dhcp.Job{Position: place}.RouteMetric()}}
		p.stopDHCP(t, changes)
		p.leaseDHCP(t, &live.Interface, changes)
	}
}

func clientOf(t *target) string { return "DHCP client of " + t.describe() }

func (p *planner) stopDHCP(t *target, changes []schema.Change) {
	pid, index := t.container.State.InitPID, t.live.Index
	p.add(plan.Step{
		Phase: plan.Remove, Action: "stop", Object: clientOf(t), Changes: changes,
		Run: func() error { return dhcp.Stop(pid, index) },
	})
}

// leaseDHCP starts the client and waits until it has a lease: an interface that was to get one and did not is no
// success.
func (p *planner) leaseDHCP(t *target, options *Interface, changes []schema.Change) {
	p.add(plan.Step{
		Phase: plan.Serve, Action: "start", Object: clientOf(t), Changes: changes,
		Run: func() error {
			links, err := t.container.kernel.Links()
			if err != nil {
				return err
			}
			job := p.job(t, options, indexOf(links, t.want.Name))
			if err := dhcp.Start(p.machine.Program.Path, job); err != nil {
				return err
			}
			return dhcp.Await(job, cmp.Or(p.machine.LeaseTime, usualLeaseTime))
		},
	})
}

func indexOf(links []kernel.Link, name string) int {
	for _, link := range links {
		if link.Name == name {
			return link.Index
		}
	}
	return 0
}

// startDHCP does not wait: a container must start whether there is a server or not.
func (p *planner) startDHCP(t *target, index int) {
	p.add(plan.Step{
		Phase: plan.Serve, Action: "start", Object: clientOf(t),
		Run: func() error { return dhcp.Start(p.machine.Program.Path, p.job(t, t.want, index)) },
	})
}

func (p *planner) job(t *target, options *Interface, index int) dhcp.Job {
	given := *options
	taken := unsetInterface
	clientRows().Overlay(&taken, &given)
	declared := t.final.MTU != nil || t.have != nil && t.have.MTU != nil
	return dhcp.Job{
		Container: t.container.Name, Config: t.container.ConfigFile, Init: t.container.State.InitPID, Index: index,
		V4: *taken.DHCP, V6: *taken.DHCP6, Routes: *taken.DHCPRoutes, DNS: *taken.DHCPDNS, MTU: *taken.DHCPMTU &&
			!declared, MTUDeclared: declared,
		HostName: *taken.DHCPHostName, Metric: *taken.DHCPMetric, ClientID: *taken.DHCPClientID, Position: p.position(t),
	}
}

// position is the interface's place among those of the container with DHCP, in the order of the configuration: the
// order in which they are declared.
func (p *planner) position(t *target) int {
	place := 0
	before := func(one *Configured) bool { return t.have == nil || one.Index < t.have.Index }
	for _, one := range t.container.configured {
		if one.Name != t.want.Name && before(one) && runsClient(p.becoming(t.container, &one.Interface)) {
			place++
		}
	}
	if t.have != nil {
		return place
	}
	for _, other := range p.targets {
		if other == t {
			break
		}
		if other.container == t.container && other.have == nil && other.final != nil && runsClient(other.final) {
			place++
		}
	}
	return place
}

// becoming is what a configured interface becomes by this task.
func (p *planner) becoming(c *Container, one *Interface) *Interface {
	for _, t := range p.targets {
		if t.container == c && t.have != nil && t.have.Name == one.Name {
			return t.final
		}
	}
	return one
}
