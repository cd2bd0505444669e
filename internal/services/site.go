package services

import (
	"fmt"
	"net/netip"
	"slices"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// Site is a host with the services on it, planned and undone together.
type Site struct {
	Host     *host.Host
	Services *Host
	Kernel   lxcbridge.Kernel
	// Open is for the proof, see lxcbridge.Prove.
	Open lxcbridge.Open
	// OpenIn asks the kernel about the namespace of a path.
	OpenIn func(path string) (lxcbridge.Kernel, func(), error)
	// Namespace names the network namespace, "" for the host's own; Towards is the link by which it sends to an address.
	Namespace string
	Towards   func(netip.Addr) (string, error)
}

// Hooks are called on the way of a run.
type Hooks struct {
	// Begin keeps the checkpoint before the first write.
	Begin func(*Checkpoint) error
	// Verify looks whether all that was planned is there; nil looks at host and services only.
	Verify func() error
	// Prove looks whether the change may stay.
	Prove func() error
}

// Declaration is what a task declares of a host and its services.
type Declaration struct {
	Host    *host.State
	Bridges []*lxcbridge.Bridge
	Wanted
}

// WithoutProof leaves the proofs of the bridges out: at boot, a bridge whose containers cannot reach the outside yet is
// worth more than none.
func (d *Declaration) WithoutProof() {
	off := false
	for _, bridge := range d.Bridges {
		bridge.Verify = &off
	}
}

// Plan is what it takes to make host and services as declared.
type Plan struct {
	Steps    []plan.Step
	Warnings []string
	// Found are warnings that the proofs come to, once the plan has been run.
	Found         []string
	Before, After schema.Object
	// Seen is what the host was like.
	Seen *host.Observed
	// Files are written by steps of others than the site's own; Units are systemd's, which these files describe.
	Files, Units []string
	// Managers are services that set up links by themselves, and read some of these files when they start.
	Managers []string
}

// Links are those that the steps may alter.
func (p *Plan) Links() map[string]bool {
	links := map[string]bool{}
	for _, step := range p.Steps {
		for _, name := range step.Links {
			links[name] = name != ""
		}
	}
	return links
}

// Add takes the steps of another in, and shows what they change.
func (p *Plan) Add(steps []plan.Step) {
	p.Steps = append(p.Steps, steps...)
	p.addDifference(steps)
}

// Show adds what the steps change to the difference.
func (p *Plan) Show(steps []plan.Step) { p.addDifference(steps) }

// ShowAll has the difference tell something of a plan that changes anything.
func (p *Plan) ShowAll() {
	if len(p.Before)+len(p.After) > 0 {
		return
	}
	for _, step := range p.Steps {
		if step.Upkeep {
			continue
		}
		if len(step.Changes) > 0 {
			p.addDifference([]plan.Step{step})
			continue
		}
		was, is := "as it was", step.Action
		p.Before.Set(step.Object, was)
		p.After.Set(step.Object, is)
	}
}

// wanted are the declared services with those of the bridges.
func (d *Declaration) wanted() *Wanted {
	all := &Wanted{NATs: slices.Clone(d.NATs), DNSMasqs: slices.Clone(d.DNSMasqs)}
	for _, bridge := range d.Bridges {
		all.NATs = append(all.NATs, &bridge.NAT)
		all.DNSMasqs = append(all.DNSMasqs, &bridge.DNSMasq)
	}
	return all
}

// Plan compares the host with what is declared. It changes nothing.
func (s *Site) Plan(d *Declaration) (*Plan, error) {
	state, remembering, err := s.expand(d)
	if err != nil {
		return nil, err
	}
	links, err := s.Host.Plan(state)
	if err != nil {
		return nil, err
	}
	out := &Plan{Steps: links.Steps, Warnings: links.Warnings, Before: links.Before, After: links.After, Seen: links.Seen}
	wanted := d.wanted()
	if wanted.Empty() {
		return out, nil
	}
	current, err := s.Services.Observe(wanted)
	if err != nil {
		return nil, err
	}
	served, err := s.Services.Plan(current, wanted)
	if err != nil {
		return nil, err
	}
	hairpins, noted, err := s.hairpins(d, links.Seen)
	if err != nil {
		return nil, err
	}
	if noted {
		out.Files = append(out.Files, s.hairpinsPath())
	}
	served.Steps = append(served.Steps, hairpins...)
	out.Steps = slices.Concat(out.Steps, served.Steps, remembering)
	out.Warnings = slices.Concat(out.Warnings, served.Warnings, d.narrowWaysOut(current))
	plan.Order(out.Steps)
	out.addDifference(served.Steps)
	return out, nil
}

// addDifference shows what the steps change, object by object.
func (p *Plan) addDifference(steps []plan.Step) {
	for _, step := range steps {
		old, fresh := schema.Object{}, schema.Object{}
		for _, change := range step.Changes {
			if change.Old != nil {
				old.Set(change.Option, change.Old)
			}
			if change.New != nil {
				fresh.Set(change.Option, change.New)
			}
		}
		if len(old) > 0 {
			p.Before.Set(step.Object, old)
		}
		if len(fresh) > 0 {
			p.After.Set(step.Object, fresh)
		}
	}
}

// expand adds the bridges' links and addresses to the declared host. What is wrong with them on this host comes back as
// schema.Problems.
func (s *Site) expand(d *Declaration) (*host.State, []plan.Step, error) {
	state := &host.State{}
	if d.Host != nil {
		*state = *d.Host
		state.Interfaces = slices.Clone(d.Host.Interfaces)
	}
	if len(d.Bridges) == 0 {
		return state, nil, nil
	}
	seen, err := s.Host.ObserveLinks()
	if err != nil {
		return nil, nil, err
	}
	routes, err := s.Kernel.RoutesWithin(kernel.RouteScope{Into: networksOf(d.Bridges)})
	if err != nil {
		return nil, nil, err
	}
	var problems schema.Problems
	var steps []plan.Step
	for _, bridge := range d.Bridges {
		at := schema.At(bridge.Path, &problems)
		bridge.CheckRoutes(routes, at)
		have := seen.Links.Find(bridge.Name)
		var detached []*host.Interface
		if bridge.Absent() {
			for _, port := range containersOn(seen.Links, bridge.Name) {
				if !bridge.Forced() {
					at.Problem("%s is still attached to %s: stop its container, or set force: true", port, bridge.Name)
				}
				detached = append(detached,
					&host.Interface{Link: link.Link{Name: port, Controller: new(string), Path: bridge.Path}})
			}
		}
		memory, err := bridge.Remembered(s.Services.System)
		if err != nil {
			return nil, nil, err
		}
		if !bridge.Absent() || memory != nil {
			// A bridge that no run of ours has touched, or that one has left as it was before, is not ours to remove.
			state.Interfaces = append(state.Interfaces, interfaceOf(bridge, memory))
		}
		if memory != nil && !memory.Existed {
			// A bridge is not removed from under containers, unless the task says so.
			state.Interfaces = append(state.Interfaces, detached...)
		}
		ends, inner := s.follow(d, bridge, seen)
		state.Interfaces = append(state.Interfaces, ends...)
		steps = append(steps, inner...)
		steps = append(steps, bridge.Remember(s.Services.System, memory, memoryOf(seen, have))...)
	}
	return state, steps, problems.Err()
}

// networksOf are the networks of bridges that are to be there.
func networksOf(bridges []*lxcbridge.Bridge) []netip.Prefix {
	var out []netip.Prefix
	for _, bridge := range bridges {
		for _, network := range []*netip.Prefix{bridge.Address, bridge.Address6} {
			if network != nil && !bridge.Absent() {
				out = append(out, network.Masked())
			}
		}
	}
	return out
}

// interfaceOf is the link of a bridge. A bridge that was there before the first run goes back to what it was then.
func interfaceOf(bridge *lxcbridge.Bridge, memory *lxcbridge.Memory) *host.Interface {
	up := true
	one := &host.Interface{Link: link.Link{
		Name: bridge.Name, Kind: link.Bridge, State: bridge.State, Path: bridge.Path, Up: &up, MTU: bridge.MTU,
		MAC: &bridge.MAC,
	}}
	addresses := []addr.Address{{Prefix: bridge.Address}}
	if bridge.Address6 != nil {
		// Without a port the bridge has no carrier, and an address that waits for duplicate address detection would not
		// be usable before the first container is there.
		noDAD := true
		addresses = append(addresses, addr.Address{Prefix: bridge.Address6, NoDAD: &noDAD})
	}
	if bridge.Absent() {
		one.Link.Up, one.Link.MAC, one.Link.MTU = nil, nil, nil
		if memory == nil || !memory.Existed {
			return one
		}
		one.Link.State, one.Link.Up, one.Link.MAC, one.Link.MTU = "present", &up, &memory.MAC, &memory.MTU
		addresses = nil
		for i := range memory.Addresses {
			addresses = append(addresses, addr.Address{Prefix: &memory.Addresses[i]})
		}
	}
	one.Addresses = &addresses
	return one
}

func memoryOf(seen *host.Observed, have *link.Link) lxcbridge.Memory {
	if have == nil {
		return lxcbridge.Memory{}
	}
	memory := lxcbridge.Memory{Existed: true}
	if have.MTU != nil {
		memory.MTU = *have.MTU
	}
	if have.MAC != nil {
		memory.MAC = *have.MAC
	}
	for _, address := range seen.Addresses.DeclaredOn(have.Name) {
		memory.Addresses = append(memory.Addresses, *address.Prefix)
	}
	return memory
}

// containersOn are the ports of a bridge that lead into containers and virtual machines.
func containersOn(links *link.State, bridge string) []string {
	var out []string
	for _, one := range links.Links {
		if one.Observed.Controller == bridge && (one.Kind == link.Veth || one.Kind == "tun" || one.Kind == link.Macvlan) {
			out = append(out, one.Name)
		}
	}
	return out
}

// Run carries a plan out, looks whether all of it was kept, proves that it works, and puts everything back if not.
// The hooks may be nil.
func (s *Site) Run(todo *Plan, d *Declaration, hooks *Hooks) (schema.Object, error) {
	if len(todo.Steps) == 0 {
		return s.prove(d, todo)
	}
	clients, err := s.leased(todo)
	if err != nil {
		return nil, err
	}
	before, err := s.checkpoint(todo, d)
	if err == nil && hooks != nil {
		err = hooks.Begin(before)
	}
	if err != nil {
		return nil, err
	}
	err = plan.Run(todo.Steps, s.Host.BeforeStep)
	if err == nil && hooks != nil && hooks.Verify != nil {
		err = hooks.Verify()
	} else if err == nil {
		err = s.verify(d)
	}
	var checks schema.Object
	if err == nil {
		checks, err = s.prove(d, todo)
	}
	if err == nil {
		err = s.awaitLeases(clients, todo)
	}
	if err == nil && hooks != nil {
		err = hooks.Prove()
	}
	if err == nil {
		return checks, nil
	}
	if undoErr := s.Restore(before); undoErr != nil {
		return checks, fmt.Errorf("%w; %w: %w", err, ErrNotUndone, undoErr)
	}
	return checks, fmt.Errorf("%w; the host is as it was", err)
}

// Observed is the observed state of the declared links, those of the bridges among them, once the plan has been run.
func (s *Site) Observed(todo *Plan, d *Declaration, shown host.Shown) (schema.Object, error) {
	state := &host.State{}
	if d.Host != nil {
		state.Interfaces = slices.Clone(d.Host.Interfaces)
	}
	for _, bridge := range d.Bridges {
		state.Interfaces = append(state.Interfaces, interfaceOf(bridge, nil))
	}
	seen, err := s.seen(todo, state, shown)
	if err != nil {
		return nil, err
	}
	return seen.Of(state), nil
}

func (s *Site) seen(todo *Plan, state *host.State, shown host.Shown) (*host.Observed, error) {
	if len(todo.Steps) == 0 {
		return todo.Seen, s.Host.Complete(todo.Seen, state, shown)
	}
	return s.Host.ObserveOf(state, shown)
}
