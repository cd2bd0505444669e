package addr

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
)

// add makes an address, or makes one that somebody else has put there in the meantime as it is wanted: a DHCP client
// may be quicker, and keep_addr_on_down keeps IPv6 addresses.
func (p *planner) add(address kernel.Address, action string) {
	p.await(address)
	p.adds = append(p.adds, step(plan.Address, action, address, changesOf(nil, address), func() error {
		return p.put(address)
	}))
}

func (p *planner) put(address kernel.Address) error {
	address, alive := p.remaining(address)
	if !alive {
		return nil
	}
	err := p.kernel.AddAddress(address)
	if errors.Is(err, unix.EEXIST) {
		err = p.kernel.ChangeAddress(address)
	}
	return err
}

// remaining is the address with what is left of its lifetimes by now; false is an address that has expired.
func (p *planner) remaining(address kernel.Address) (kernel.Address, bool) {
	elapsed := uint32(max(0, time.Since(p.since)/time.Second))
	if address.ValidLifetime == kernel.Forever {
		return address, true
	}
	if address.ValidLifetime <= elapsed {
		return address, false
	}
	address.ValidLifetime -= elapsed
	if address.PreferredLifetime != kernel.Forever {
		address.PreferredLifetime -= min(elapsed, address.PreferredLifetime)
	}
	return address, true
}

func (p *planner) change(old, want kernel.Address) {
	p.changes = append(p.changes, step(plan.Address, "change", want, changesOf(&old, want), func() error {
		address, alive := p.remaining(want)
		if !alive {
			return nil
		}
		return p.kernel.ChangeAddress(address)
	}))
}

// again makes an address anew that the kernel does not change in place.
func (p *planner) again(old, want kernel.Address, promote bool) {
	p.await(want)
	again := step(plan.Address, "replace", want, changesOf(&old, want), func() error {
		if err := p.drop(old, promote); err != nil {
			return err
		}
		return p.put(want)
	})
	again.Disruption = plan.Recreate
	p.changes = append(p.changes, again)
}

// remove takes an address away.
func (p *planner) remove(steps *[]plan.Step, old kernel.Address, promote bool) {
	one := step(plan.Address, "remove", old, nil, func() error { return p.drop(old, promote) })
	if !p.goesElsewhere(old) {
		one.Disruption = plan.ConnectionsLost
	}
	if !old.Prefix.Addr().Is4() {
		one.Cause = p.ground.NoIPv6[old.Link]
	}
	*steps = append(*steps, one)
}

// goesElsewhere tells an address that another link of the host takes over.
func (p *planner) goesElsewhere(old kernel.Address) bool {
	return slices.ContainsFunc(p.takers[old.Prefix.Addr()], func(link string) bool { return link != old.Link })
}

// retire removes an address that is not wanted. From a link that becomes a port it goes when routes have moved to the
// link that took the address over, so that there is no moment without them.
func (p *planner) retire(old kernel.Address, promote bool) {
	p.remove(&p.removes, old, promote)
	if _, joins := p.ground.Joins[old.Link]; joins {
		p.held[old.Prefix.Addr()] = true
		p.removes[len(p.removes)-1].Phase = plan.Retire
	}
}

// drop tolerates an address that has gone by itself, such as a secondary one with its primary.
func (p *planner) drop(address kernel.Address, promote bool) error {
	err := p.kernel.DeleteAddress(address, promote)
	// A link without IPv6 says that it has no such device (inet6_addr_del).
	if errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENXIO) {
		return nil
	}
	return err
}

func (p *planner) await(address kernel.Address) {
	if !address.Prefix.Addr().Is4() && address.Flags&unix.IFA_F_NODAD == 0 && !p.ground.Down[address.Link] {
		p.awaited = append(p.awaited, address)
	}
}

// ordered puts the steps in their order.
func (p *planner) ordered() *Result {
	steps := append(append(append(p.early, p.adds...), p.changes...), p.removes...)
	if len(p.awaited) > 0 {
		steps = append(steps, p.awaitStep())
	}
	p.result.Steps = steps
	told := &p.result.Addressing
	for address := range p.held {
		delete(told.Interrupted, address)
	}
	for _, addresses := range p.before {
		for _, address := range addresses {
			if ip := address.Prefix.Addr(); !told.Own[ip] {
				told.Removed[ip] = true
			}
		}
	}
	return &p.result
}

const (
	// detection is how long the kernel takes to find that another host has an address: a random delay of up to a second
	// and a second of waiting for an answer (addrconf_dad_kick; dad_transmits and retrans_time_ms at their defaults).
	detection = 3 * time.Second
	// startup is what a link needs to notice its carrier once it is up.
	startup = 300 * time.Millisecond
	poll    = 50 * time.Millisecond
)

// awaitStep waits until the kernel has asked for other hosts with the new IPv6 addresses. Until then no route can have
// them as its source, and afterwards a duplicate would go unnoticed.
func (p *planner) awaitStep() plan.Step {
	links := map[string]bool{}
	out := plan.Step{Phase: plan.Address, Action: "await",
		Object: fmt.Sprintf("duplicate address detection of %d IPv6 addresses", len(p.awaited))}
	if len(p.awaited) == 1 {
		out.Object = "duplicate address detection of " + describe(p.awaited[0])
	}
	for _, address := range p.awaited {
		if !links[address.Link] {
			links[address.Link] = true
			out.Links = append(out.Links, address.Link)
		}
	}
	out.Run = func() error {
		started := time.Now()
		for {
			pending, err := p.pending(time.Since(started) > startup)
			if err != nil || !pending || time.Since(started) > detection {
				return err
			}
			time.Sleep(poll)
		}
	}
	return out
}

// pending tells whether any awaited address is still being asked for; the kernel asks only on links that run, so the
// others need not be waited for once they had the time to start.
func (p *planner) pending(onlyRunning bool) (bool, error) {
	seen, err := p.kernel.Addresses()
	if err != nil {
		return false, err
	}
	state := make(map[key]uint32, len(seen))
	for _, address := range seen {
		state[key{address.Link, identify(address)}] = address.Flags
	}
	var duplicates []error
	var tentative []string
	for _, address := range p.awaited {
		flags := state[key{address.Link, identify(address)}]
		switch {
		case flags&unix.IFA_F_DADFAILED != 0:
			duplicates = append(duplicates,
				fmt.Errorf("another host on the link has %s (duplicate address detection failed)", describe(address)))
		case flags&unix.IFA_F_TENTATIVE != 0:
			tentative = append(tentative, address.Link)
		}
	}
	if len(tentative) == 0 || len(duplicates) > 0 || !onlyRunning {
		return len(tentative) > 0, errors.Join(duplicates...)
	}
	return p.anyRuns(tentative)
}

type key struct {
	link    string
	address identity
}

func (p *planner) anyRuns(links []string) (bool, error) {
	all, err := p.kernel.Links()
	if err != nil {
		return false, err
	}
	running := map[string]bool{}
	for _, link := range all {
		running[link.Name] = link.Flags&unix.IFF_RUNNING != 0
	}
	for _, link := range links {
		if running[link] {
			return true, nil
		}
	}
	return false, nil
}
