package addr

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
)

// Result is what it takes to get from the observed addresses to the wanted ones.
type Result struct {
	Steps      []plan.Step
	Warnings   []string
	Addressing plan.Addressing
}

// planner gathers the steps of all links, so that addresses come everywhere before any goes.
type planner struct {
	kernel Kernel
	ground plan.LinkEffects
	// since is when the lifetimes of wanted addresses were read.
	since time.Time
	// before is what each link had, or had at the checkpoint.
	before map[string][]kernel.Address
	// takers are the links on which an address is declared.
	takers map[netip.Addr][]string
	// held addresses are there at every moment.
	held map[netip.Addr]bool

	early, adds, changes, removes []plan.Step
	// awaited are added addresses that other hosts may have.
	awaited []kernel.Address
	result  Result
}

// Plan finds the steps towards the declared addresses of each link; links that are not declared keep what they have.
// What the plan of the links takes from addresses that nobody declares is put back. A plan for addresses that are all
// as declared has no steps.
func Plan(k Kernel, current *State, declared map[string][]Address, ground plan.LinkEffects) *Result {
	p := newPlanner(k, ground, current)
	for _, link := range slices.Sorted(maps.Keys(declared)) {
		for _, one := range declared[link] {
			p.takers[one.Prefix.Addr()] = append(p.takers[one.Prefix.Addr()], link)
		}
	}
	for _, link := range names(p.before, declared) {
		set, managed := declared[link]
		p.planLink(link, p.before[link], set, managed)
	}
	return p.ordered()
}

// Restore finds the steps that make all addresses as they were at the checkpoint, in the same order. Addresses that
// daemons have added since stay.
func Restore(k Kernel, current, checkpoint *State, ground plan.LinkEffects) *Result {
	// What was on a port before is on it again.
	ground.Joins = nil
	p := newPlanner(k, ground, checkpoint)
	observed := current.byLink()
	for link, addresses := range observed {
		if checkpoint.Links != nil && !checkpoint.Links[link] && !ground.Deleted[link] {
			// The change did not touch it.
			p.before[link] = addresses
		}
	}
	for _, link := range names(p.before, observed) {
		have := p.left(link, observed[link])
		want := slices.DeleteFunc(withoutAutomatic(p.before[link]), func(a kernel.Address) bool {
			_, alive := p.remaining(a)
			return !alive
		})
		wanted := index(want)
		for _, address := range have {
			if _, known := wanted[identify(address)]; !known && origin(address) == foreign {
				want = append(want, address)
			}
		}
		have = append(have, newLoopback(observed[link], p.before[link])...)
		p.reconcile(link, have, want, outOfOrder(have, want))
		p.note(link, p.before[link])
	}
	return p.ordered()
}

// newLoopback is the IPv4 address that the kernel gave the loopback when it came up since: it stays when that goes down
// again.
func newLoopback(now, before []kernel.Address) []kernel.Address {
	var out []kernel.Address
	known := index(before)
	for _, address := range now {
		if _, had := known[identify(address)]; !had && isLoopbacksOwn(address) && address.Prefix.Addr().Is4() {
			out = append(out, address)
		}
	}
	return out
}

func newPlanner(k Kernel, ground plan.LinkEffects, before *State) *planner {
	return &planner{
		kernel: k, ground: ground, since: before.Time, before: before.byLink(),
		takers: map[netip.Addr][]string{}, held: map[netip.Addr]bool{},
		result: Result{Addressing: plan.Addressing{
			Networks: map[string][]netip.Prefix{}, Own: map[netip.Addr]bool{},
			Interrupted: map[netip.Addr]bool{}, Removed: map[netip.Addr]bool{}, Emptied: map[string]bool{},
			Filled: map[string]bool{},
		}},
	}
}

// names are the keys of both maps, sorted.
func names[A, B any](a map[string]A, b map[string]B) []string {
	all := map[string]bool{}
	for name := range a {
		all[name] = true
	}
	for name := range b {
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// lost tells whether the plan of the links takes the address away: a link that goes down loses its IPv6 addresses
// (addrconf_ifdown), one that is made again all.
func (p *planner) lost(address kernel.Address) bool {
	switch p.ground.Impacts[address.Link] {
	case plan.Recreated:
		return true
	case plan.Flapped:
		return !address.Prefix.Addr().Is4()
	case plan.Preserved:
	}
	return false
}

// left is what a link still has once its own plan is done, without what the kernel makes by itself.
func (p *planner) left(link string, observed []kernel.Address) []kernel.Address {
	var left []kernel.Address
	for _, address := range withoutAutomatic(observed) {
		if !p.ground.Deleted[link] && !p.lost(address) {
			left = append(left, address)
		}
	}
	return left
}

func withoutAutomatic(addresses []kernel.Address) []kernel.Address {
	return slices.DeleteFunc(slices.Clone(addresses), func(a kernel.Address) bool { return origin(a) == automatic })
}

// index finds addresses by what makes the kernel take two for the same one.
func index(addresses []kernel.Address) map[identity]kernel.Address {
	out := make(map[identity]kernel.Address, len(addresses))
	for _, address := range addresses {
		out[identify(address)] = address
	}
	return out
}

// planLink decides what each address of a link becomes.
func (p *planner) planLink(link string, observed []kernel.Address, declared []Address, managed bool) {
	if !managed && p.isLeftAlone(link) {
		p.leave(link, observed)
		return
	}
	byIdentity := make(map[identity]*Address, len(declared))
	for i := range declared {
		byIdentity[identify(fresh(&declared[i], link))] = &declared[i]
	}
	left := p.left(link, observed)
	tail := behindPrimary(left, declared, link)
	var want []kernel.Address
	matched, behind := map[*Address]bool{}, map[*Address]kernel.Address{}
	for _, have := range observed {
		one := byIdentity[identify(have)]
		switch {
		case p.ground.NoIPv6[link] != "" && have.Prefix.Addr().Is6():
			// The kernel takes it.
		case p.ground.Deleted[link]:
			p.move(have)
		case one != nil && tail[identify(have)]:
			behind[one] = overlay(one, have)
		case one != nil:
			matched[one] = true
			want = append(want, overlay(one, have))
		case p.stays(have, managed):
			want = append(want, have)
		}
	}
	if p.ground.Deleted[link] {
		return
	}
	for i := range declared {
		again, is := behind[&declared[i]]
		switch {
		case is:
			want = append(want, again)
		case !matched[&declared[i]]:
			want = append(want, fresh(&declared[i], link))
		}
	}
	p.reconcile(link, left, withoutAutomatic(want), tail)
	p.note(link, want)
}

// isLeftAlone tells that the plan of the links takes nothing from a link.
func (p *planner) isLeftAlone(link string) bool {
	_, joins := p.ground.Joins[link]
	return !joins && !p.ground.Deleted[link] && p.ground.NoIPv6[link] == "" && p.ground.Impacts[link] == plan.Preserved
}

// leave lets a link keep what it has, without comparing it: links of others may have thousands of addresses.
func (p *planner) leave(link string, observed []kernel.Address) {
	for i := range observed {
		if origin(observed[i]) != automatic {
			p.held[observed[i].Prefix.Addr()] = true
		}
	}
	p.note(link, observed)
}

// stays decides about an address that is not declared on its link.
func (p *planner) stays(have kernel.Address, managed bool) bool {
	controller, joins := p.ground.Joins[have.Link]
	switch {
	case origin(have) == automatic:
		return true
	case joins && p.move(have):
		return false
	case managed && origin(have) == static:
		p.move(have)
		return false
	case joins:
		p.result.Warnings = append(p.result.Warnings, fmt.Sprintf(
			"%s is of no use while %s is a port of %s: declare it where it belongs", describe(have), have.Link, controller))
		return !p.lost(have)
	}
	return true
}

// move notes that a link loses an address that another one takes over, if one does.
func (p *planner) move(have kernel.Address) bool {
	ip := have.Prefix.Addr()
	for _, taker := range p.takers[ip] {
		if taker != have.Link {
			p.result.Addressing.Interrupted[ip] = true
			p.result.Addressing.Moves = append(p.result.Addressing.Moves,
				plan.Move{From: have.Link, To: taker, Address: ip, Network: network(have)})
			return true
		}
	}
	return false
}
