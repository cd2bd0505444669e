package container

import (
	"cmp"
	"time"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// usualLeaseTime is how long a task waits for a lease: a server may first see whether anybody has the address.
const usualLeaseTime = 15 * time.Second

// decodeDHCP looks whether our client works on the interface.
func (c *Container) decodeDHCP(live *Live) {
	state, runs := dhcp.Find(c.State.InitPID, live.Index)
	live.DHCP, live.DHCPRoutes, live.DHCPDNS = point(runs), point(true), point(true)
	if runs {
		live.DHCPRoutes, live.DHCPDNS, live.lease = point(state.Routes), point(state.DNS), &state
	}
}

// DHCP is the client itself.
func (m *Machine) DHCP(arguments []string) error {
	return dhcp.Run(arguments, func(namespace string) (dhcp.Kernel, error) { return m.Open(namespace) }, m.leased)
}

// getsDHCP tells whether an interface will have a client.
func getsDHCP(want, have *Interface) bool {
	if want.DHCP != nil {
		return *want.DHCP
	}
	return deref(have.DHCP)
}

// planDHCP starts and stops the client. One that works on a link that is made again is another one afterwards.
func (p *planner) planDHCP(t *target, loss plan.Loss) {
	if t.want.Absent() {
		if t.live != nil && deref(t.live.DHCP) {
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
		if change.Option == dhcpRow.Name || change.Option == dhcpRoutesRow.Name || change.Option == dhcpDNSRow.Name {
			changes = append(changes, change)
		}
	}
	if len(changes) == 0 && (loss == plan.Kept || !deref(have.DHCP)) {
		return
	}
	if !fresh && deref(have.DHCP) {
		p.stopDHCP(t, changes)
	}
	if getsDHCP(want, have) {
		whole := *have
		schema.Table[Interface]{dhcpRow, dhcpRoutesRow, dhcpDNSRow}.Overlay(&whole, want)
		p.leaseDHCP(t, &whole, changes)
	}
}

func (p *planner) stopDHCP(t *target, changes []schema.Change) {
	pid, index := t.container.State.InitPID, t.live.Index
	p.add(plan.Step{
		Phase: plan.Remove, Action: "stop", Object: "DHCP client of " + t.describe(), Changes: changes,
		Run: func() error { return dhcp.Stop(pid, index) },
	})
}

// leaseDHCP starts the client and waits until it has a lease: an interface that was to get one and did not is no success.
func (p *planner) leaseDHCP(t *target, options *Interface, changes []schema.Change) {
	p.add(plan.Step{
		Phase: plan.Serve, Action: "start", Object: "DHCP client of " + t.describe(), Changes: changes,
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
		Phase: plan.Serve, Action: "start", Object: "DHCP client of " + t.describe(),
		Run: func() error { return dhcp.Start(p.machine.Program.Path, p.job(t, t.want, index)) },
	})
}

func (p *planner) job(t *target, options *Interface, index int) dhcp.Job {
	taken := func(value *bool) bool { return value == nil || *value }
	return dhcp.Job{
		Container: t.container.Name, Config: t.container.ConfigFile, Init: t.container.State.InitPID, Index: index,
		Routes: taken(options.DHCPRoutes), DNS: taken(options.DHCPDNS),
	}
}
