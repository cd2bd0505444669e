package container

import (
	"fmt"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// Outcome is what a task found and did.
type Outcome struct {
	Steps []plan.Step
	// Before and After are the managed values of the interfaces that change.
	Before, After schema.Object
	// Warnings say what was left alone.
	Warnings []string
	// Containers is what the task's containers are like afterwards, or in check mode before.
	Containers []schema.Object
}

// Apply makes the containers as wanted. With check it only finds out what that would take. All problems come back as
// schema.Problems before anything is touched; a run that fails is undone.
func (m *Machine) Apply(folder string, wanted []*Wanted, check bool) (*Outcome, error) {
	var problems schema.Problems
	checkDeclared(wanted, &problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if err := checkRights(); err != nil {
		return nil, err
	}
	if !check {
		release, err := lockAll(folder, wanted)
		if err != nil {
			return nil, err
		}
		defer release()
	}
	h, err := m.openHost()
	if err != nil {
		return nil, err
	}
	defer h.kernel.Close()
	containers := m.loadAll(h, folder, wanted, &problems)
	defer func() { closeAll(containers) }()
	if err := problems.Err(); err != nil {
		return nil, err
	}
	p, err := m.plan(h, folder, containers, wanted)
	if err != nil {
		return nil, err
	}
	outcome := &Outcome{Steps: p.steps, Warnings: leftAlone(wanted)}
	outcome.Before, outcome.After = p.difference()
	if !check {
		if err := p.run(wanted); err != nil {
			return outcome, err
		}
		p.followChanged()
	}
	for _, c := range containers {
		outcome.Containers = append(outcome.Containers, c.export(h))
		outcome.warnOfResolver(c.State)
	}
	return outcome, nil
}

// warnOfResolver says why a running container does not know its name servers.
func (o *Outcome) warnOfResolver(state lxc.State) {
	if !state.Running() {
		return
	}
	if said := dhcp.Unwritten(state.InitPID); said != "" {
		o.Warnings = append(o.Warnings, said+" (or set dhcp_use_dns: false)")
	}
}

// leftAlone says which interfaces are their owner's.
func leftAlone(all []*Wanted) []string {
	var said []string
	for _, wanted := range all {
		for _, one := range wanted.Left {
			said = append(said,
				fmt.Sprintf("%s: interface %s of container %s is a port of the Open vSwitch bridge %s: it is left to its owner",
					one.Path, one.Name, wanted.Container, deref(one.Bridge)))
		}
	}
	return said
}

// plan finds the steps in the kernel and in the files.
func (m *Machine) plan(h *host, folder string, containers []*Container, wanted []*Wanted) (*planner, error) {
	p := newPlanner(m, h, folder, containers)
	if err := p.resolve(wanted); err != nil {
		return nil, err
	}
	p.check()
	if len(p.problems) == 0 {
		p.planLive()
		if err := p.planFiles(); err != nil {
			return nil, err
		}
		p.planTakeover()
	}
	plan.Order(p.steps)
	return p, p.problems.Err()
}

// resolve pairs what is declared with what is there, and fills in the names that follow.
func (p *planner) resolve(all []*Wanted) error {
	besides := map[string]bool{}
	for _, c := range p.containers {
		besides[c.Name] = true
	}
	var err error
	if p.names, err = p.machine.namesInUse(p.folder, besides); err != nil {
		return err
	}
	for i, wanted := range all {
		p.containers[i].settle(p.names)
		p.aim(p.containers[i], wanted)
	}
	mine := map[string]bool{}
	for _, t := range p.targets {
		mine[t.container.Name+"/"+t.want.Name] = true
		if t.have != nil {
			mine[t.container.Name+"/"+t.have.Name] = true
		}
	}
	for _, c := range p.containers {
		for _, one := range c.configured {
			if !mine[c.Name+"/"+one.Name] {
				p.names.note(&one.Interface, fmt.Sprintf("interface %s of container %s", one.Name, c.Name))
			}
		}
	}
	owned := func(name string) bool {
		link := p.host.byName[name]
		return link != nil && p.ownerOf(link) != ""
	}
	for _, t := range p.targets {
		given := *t.want
		p.names.complete(t, owned)
		p.usualMTU(t)
		t.adopt()
		t.complete()
		t.named, t.addressed = given.HostName != nil, given.MAC != nil
		// The names that were given out here must not be given out again; declared ones are compared later.
		if !t.want.Absent() && given.HostName == nil && t.want.HostName != nil {
			p.names.reserve(*t.want.HostName, deref(t.want.MAC), t.describe())
		}
	}
	return nil
}

// aim makes the targets of one container: what is declared, and what must go because it is not.
func (p *planner) aim(c *Container, wanted *Wanted) {
	kept := map[string]bool{}
	for _, one := range wanted.Interfaces {
		t := newTarget(c, one)
		t.takeOver = wanted.TakeOver
		kept[one.Name] = true
		if t.have != nil {
			kept[t.have.Name] = true
		}
		if t.live != nil {
			kept[t.live.Name] = true
		}
		p.targets = append(p.targets, t)
	}
	for _, one := range wanted.Left {
		kept[one.Name] = true
	}
	if !wanted.Exact {
		return
	}
	gone := func(i *Interface) {
		stays := wanted.KeepBridge != "" && deref(i.Bridge) == wanted.KeepBridge
		if !kept[i.Name] && !stays {
			kept[i.Name] = true
			p.targets = append(p.targets, newTarget(c, &Interface{Name: i.Name, State: "absent", Path: wanted.Path}))
		}
	}
	for _, one := range c.configured {
		if one.Supported() {
			gone(&one.Interface)
		}
	}
	for _, live := range c.live {
		if live.Type != nil {
			gone(&live.Interface)
		}
	}
}

// checkpoint is what a run can be undone to.
type checkpoint struct {
	live      map[*Container][]*LiveInterface
	addresses map[*Container]*addr.State
	routes    map[*Container][]kernel.Route
}

func (p *planner) checkpoint() *checkpoint {
	before := &checkpoint{live: map[*Container][]*LiveInterface{}, addresses: map[*Container]*addr.State{},
		routes: map[*Container][]kernel.Route{}}
	for _, c := range p.containers {
		before.live[c], before.addresses[c], before.routes[c] = c.live, c.addresses, c.routes
	}
	return before
}

// run carries the steps out, looks whether all of it was kept, and puts everything back if not.
func (p *planner) run(wanted []*Wanted) error {
	if len(p.steps) == 0 {
		return nil
	}
	before := p.checkpoint()
	if err := p.machine.begin(p.written()); err != nil {
		return err
	}
	err := plan.Run(p.steps, p.machine.BeforeStep)
	if err == nil {
		err = p.verify(wanted)
	}
	if err == nil {
		return nil
	}
	if undoing := p.undo(before); undoing != nil {
		return fmt.Errorf("%w; %w: %w", err, ErrNotUndone, undoing)
	}
	return fmt.Errorf("%w; containers and host are as they were", err)
}

func (p *planner) observe() error {
	if err := p.host.observe(); err != nil {
		return err
	}
	for _, c := range p.containers {
		if err := c.observe(p.host); err != nil {
			return err
		}
	}
	return nil
}

// verify plans once more: whatever is left was not kept.
func (p *planner) verify(wanted []*Wanted) error {
	reader := newCache()
	for i, c := range p.containers {
		kept := c.kernel
		fresh, err := p.machine.reread(c, reader)
		if err != nil {
			return err
		}
		fresh.kernel = kept
		*p.containers[i] = *fresh
	}
	if err := p.observe(); err != nil {
		return err
	}
	left, err := p.machine.plan(p.host, p.folder, p.containers, wanted)
	if err != nil {
		return fmt.Errorf("cannot verify: %w", err)
	}
	if len(left.steps) == 0 {
		return nil
	}
	step := left.steps[0]
	if len(step.Changes) == 0 {
		return step.NotAsPlanned()
	}
	change := step.Changes[0]
	return fmt.Errorf("%s: %s is %s after the change, not %s", step.Object, change.Option,
		schema.Shown(change.Old, "unset"), schema.Shown(change.New, "unset"))
}
