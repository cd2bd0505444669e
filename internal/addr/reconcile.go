package addr

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// reconcile writes the steps that turn what a link has into what is wanted. Those of the tail are made again behind the
// others.
func (p *planner) reconcile(link string, have, want []kernel.Address, tail map[identity]bool) {
	having, wanting := index(have), index(want)
	var added, again []kernel.Address
	for _, wanted := range want {
		id := identify(wanted)
		old, there := having[id]
		switch {
		case !there:
			added = append(added, wanted)
		case tail[id]:
			p.remove(&p.early, old, remains(have, tail, old))
			p.early[len(p.early)-1].Disruption = plan.Recreate
			added = append(added, wanted)
		case differs(old, wanted) == nothing:
			p.held[id.address] = true
		case differs(old, wanted) == changeable:
			p.held[id.address] = true
			p.change(old, wanted)
		default:
			p.again(old, wanted, promotes(want, old))
			again = append(again, wanted)
		}
	}
	p.addAll(added, index(p.before[link]))
	for _, old := range have {
		if _, stays := wanting[identify(old)]; !stays {
			p.retire(old, promotes(want, old))
		}
	}
	for _, address := range p.before[link] {
		if _, stays := wanting[identify(address)]; stays {
			p.result.Addressing.Interrupted[address.Prefix.Addr()] = true
		}
	}
	p.noteEmptied(link, have, want, added, again, tail)
}

// noteEmptied finds out whether the link is without IPv4 addresses at any moment, or would be at that of an undo: the
// kernel then takes its IPv4 routes (fib_inetaddr_event).
func (p *planner) noteEmptied(link string, have, want, added, again []kernel.Address, early map[identity]bool) {
	if _, joins := p.ground.Joins[link]; joins {
		return
	}
	if count4(have) == 0 {
		p.result.Addressing.Filled[link] = count4(want) > 0
		return
	}
	lonely := count4(again) > 0 && count4(have)+count4(added) == 1
	stays := slices.ContainsFunc(have, func(a kernel.Address) bool { return a.Prefix.Addr().Is4() && !early[identify(a)] })
	if count4(want) == 0 || lonely || !stays {
		p.result.Addressing.Emptied[link] = true
	}
}

func count4(addresses []kernel.Address) int {
	n := 0
	for _, address := range addresses {
		if address.Prefix.Addr().Is4() {
			n++
		}
	}
	return n
}

// remains tells whether the link keeps another address of the same IPv4 network while the tail is gone: that one is
// promoted.
func remains(have []kernel.Address, tail map[identity]bool, old kernel.Address) bool {
	return slices.ContainsFunc(have, func(other kernel.Address) bool {
		return old.Prefix.Addr().Is4() && other.Prefix.Addr().Is4() && !tail[identify(other)] &&
			network(other) == network(old)
	})
}

// behindPrimary are the addresses that are before the primary one of their IPv4 network, which is the first that is
// declared: the kernel takes it as the source of what the host sends there. One that nobody declares keeps its place.
func behindPrimary(have []kernel.Address, declared []Address, link string) map[identity]bool {
	first := map[netip.Prefix]identity{}
	known := map[identity]bool{}
	for i := range declared {
		one := fresh(&declared[i], link)
		id := identify(one)
		known[id] = true
		if _, taken := first[network(one)]; !taken && one.Prefix.Addr().Is4() {
			first[network(one)] = id
		}
	}
	out, done := map[identity]bool{}, map[netip.Prefix]bool{}
	for _, one := range have {
		primary, wanted := first[network(one)]
		switch id := identify(one); {
		case !wanted || done[network(one)]:
		case id == primary || !known[id]:
			done[network(one)] = true
		default:
			out[id] = true
		}
	}
	return out
}

// outOfOrder are the addresses that must be made again for all to come out in the wanted order. The kernel puts a new
// IPv4 address behind the others and a new IPv6 one in front (__inet_insert_ifa, ipv6_link_dev_addr).
func outOfOrder(have, want []kernel.Address) map[identity]bool {
	out := map[identity]bool{}
	for _, is4 := range []bool{true, false} {
		wanting := index(want)
		left := slices.DeleteFunc(family(have, is4),
			func(a kernel.Address) bool { _, stays := wanting[identify(a)]; return !stays })
		right := family(want, is4)
		for len(left) > 0 && len(right) > 0 && identify(left[0]) == identify(right[0]) {
			left, right = left[1:], right[1:]
		}
		for _, address := range left {
			out[identify(address)] = true
		}
	}
	return out
}

// family is the addresses of one family, those that the kernel puts last at the end.
func family(addresses []kernel.Address, is4 bool) []kernel.Address {
	var out []kernel.Address
	for _, address := range addresses {
		if address.Prefix.Addr().Is4() == is4 {
			out = append(out, address)
		}
	}
	if !is4 {
		slices.Reverse(out)
	}
	return out
}

// addAll adds IPv6 addresses last to first, as the kernel lists the newest first.
func (p *planner) addAll(addresses []kernel.Address, before map[identity]kernel.Address) {
	for _, is4 := range []bool{true, false} {
		for _, address := range family(addresses, is4) {
			action := "add"
			if _, was := before[identify(address)]; was {
				action = "restore"
			}
			p.add(address, action)
		}
	}
}

// promotes tells whether the link keeps another address of the same IPv4 network.
func promotes(want []kernel.Address, old kernel.Address) bool {
	for _, wanted := range want {
		if old.Prefix.Addr().Is4() && wanted.Prefix.Addr().Is4() && wanted.Prefix.Addr() != old.Prefix.Addr() &&
			network(wanted) == network(old) {
			return true
		}
	}
	return false
}

// difference is how two versions of an address differ.
type difference int

const (
	nothing difference = iota
	// changeable is what the kernel alters in place (inet_rtm_newaddr, inet6_addr_modify).
	changeable
	// lasting is what only a new address takes.
	lasting
)

func differs(have, want kernel.Address) difference {
	is4 := have.Prefix.Addr().Is4()
	live := have.Metric != want.Metric || have.Protocol != want.Protocol || !sameLifetimes(have, want)
	flags := (have.Flags ^ want.Flags) & settable
	dead := have.Prefix != want.Prefix || have.Flags&unix.IFA_F_DADFAILED != 0
	if is4 {
		dead = dead || flags != 0 || have.Broadcast != want.Broadcast || have.Peer != want.Peer || have.Scope != want.Scope ||
			(want.Label != "" && have.Label != want.Label)
	} else {
		live = live || flags != 0 || have.Peer != want.Peer
		dead = dead || flags&unix.IFA_F_MCAUTOJOIN != 0 || (want.Metric == 0 && have.Metric != 0)
	}
	switch {
	case dead:
		return lasting
	case live:
		return changeable
	}
	return nothing
}

// sameLifetimes takes any two lifetimes that tick for the same.
func sameLifetimes(a, b kernel.Address) bool {
	if a.ValidLifetime != kernel.Forever && b.ValidLifetime != kernel.Forever {
		return true
	}
	return a.ValidLifetime == b.ValidLifetime && a.PreferredLifetime == b.PreferredLifetime
}

// changesOf shows what becomes of an address; without an old one, what it is made of.
func changesOf(old *kernel.Address, want kernel.Address) []schema.Change {
	before, after := &Address{Prefix: &want.Prefix}, binding().Read(&want)
	if old != nil {
		before = binding().Read(old)
	}
	var changes []schema.Change
	for _, option := range binding().Table() {
		if !option.Equal(before, after) {
			changes = append(changes, schema.Change{Option: option.Name, Old: option.Export(before), New: option.Export(after)})
		}
	}
	if old == nil {
		return changes
	}
	if old.ValidLifetime != want.ValidLifetime && !sameLifetimes(*old, want) {
		changes = append(changes, schema.Change{Option: "valid_lifetime", Old: lifetime(old.ValidLifetime),
			New: lifetime(want.ValidLifetime)})
	}
	if old.Flags&unix.IFA_F_DADFAILED != 0 {
		changes = append(changes, schema.Change{Option: "dadfailed", Old: true, New: false})
	}
	return changes
}

func lifetime(seconds uint32) any {
	if seconds == kernel.Forever {
		return "forever"
	}
	return int64(seconds)
}

// note keeps what routes need to know of the addresses of a link.
func (p *planner) note(link string, final []kernel.Address) {
	for _, address := range final {
		p.result.Addressing.Own[address.Prefix.Addr()] = true
		if address.Flags&unix.IFA_F_NOPREFIXROUTE == 0 {
			p.result.Addressing.Networks[link] = append(p.result.Addressing.Networks[link], network(address))
		}
	}
}

// step makes a step about one address.
func step(phase plan.Phase, action string, address kernel.Address, changes []schema.Change,
	run func() error) plan.Step {
	return plan.Step{
		Phase: phase, Action: action, Object: describe(address), Changes: changes, Links: []string{address.Link}, Run: run,
	}
}
