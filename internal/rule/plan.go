package rule

import (
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

type planner struct {
	kernel  kernel.Rules
	current []kernel.Rule
	// taken marks the current rules that are decided about.
	taken         []bool
	adds, removes []plan.Step
}

// Plan finds the steps towards the declared rules; others stay as they are. A rule is known by its priority and by what
// it matches.
func Plan(k kernel.Rules, current *State, declared []Rule) ([]plan.Step, error) {
	p := &planner{kernel: k, current: current.Rules, taken: make([]bool, len(current.Rules))}
	var problems schema.Problems
	for i := range declared {
		if declared[i].Absent() {
			p.banish(&declared[i])
		} else {
			p.declare(&declared[i], &problems)
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return append(p.adds, p.removes...), nil
}

// Restore finds the steps that make all rules as they were at the checkpoint, those of one priority in the same order.
// Rules that daemons have added since stay.
func Restore(k kernel.Rules, current, checkpoint *State) []plan.Step {
	p := &planner{kernel: k, current: current.Rules}
	was, is := byPlace(checkpoint.Rules), byPlace(current.Rules)
	for _, place := range places(checkpoint.Rules, current.Rules) {
		want, have := was[place], is[place]
		for len(want) > 0 && len(have) > 0 && same(want[0], have[0]) {
			want, have = want[1:], have[1:]
		}
		for _, old := range have {
			if isStatic(old) || contains(want, old) {
				p.adds = append(p.adds, p.removal(old))
			}
		}
		for _, wanted := range want {
			p.adds = append(p.adds, p.addition("restore", wanted, nil))
		}
	}
	return p.adds
}

// place is a family and a priority. The kernel puts a new rule behind the others of its place.
type place struct {
	family   uint8
	priority uint32
}

func byPlace(rules []kernel.Rule) map[place][]kernel.Rule {
	out := map[place][]kernel.Rule{}
	for _, rule := range rules {
		key := place{rule.Family, rule.Priority}
		out[key] = append(out[key], rule)
	}
	return out
}

func places(lists ...[]kernel.Rule) []place {
	var out []place
	seen := map[place]bool{}
	for _, rules := range lists {
		for _, rule := range rules {
			if key := (place{rule.Family, rule.Priority}); !seen[key] {
				seen[key] = true
				out = append(out, key)
			}
		}
	}
	return out
}

func contains(rules []kernel.Rule, wanted kernel.Rule) bool {
	for _, rule := range rules {
		if same(rule, wanted) {
			return true
		}
	}
	return false
}

// find is the first undecided rule that matches the same as the declared one, at its priority if it has one.
func (p *planner) find(declared *Rule, fits func(kernel.Rule) bool) int {
	want := selectorOf(fresh(declared))
	for i, rule := range p.current {
		if !p.taken[i] && selectorOf(rule) == want && (declared.Priority == nil || *declared.Priority == rule.Priority) &&
			fits(rule) {
			return i
		}
	}
	return -1
}

func (p *planner) declare(declared *Rule, problems *schema.Problems) {
	want := fresh(declared)
	if exact := p.find(declared, func(rule kernel.Rule) bool { return effectOf(rule) == effectOf(want) }); exact >= 0 {
		p.taken[exact] = true
		return
	}
	have := p.find(declared, func(rule kernel.Rule) bool {
		return isStatic(rule) || declared.Priority != nil && rule.Protocol != unix.RTPROT_KERNEL
	})
	if have >= 0 {
		p.taken[have] = true
		old := p.current[have]
		want.Priority = old.Priority
		change := p.addition("change", want, changes(&old, want))
		change.Run = func() error { return errors.Join(p.put(want), p.drop(old)) }
		p.adds = append(p.adds, change)
		return
	}
	if declared.Priority == nil {
		priority, ok := p.before(want.Family)
		if !ok {
			problems.Add(declared.Path+".priority", "is required: there is no number left before the first rule")
			return
		}
		want.Priority = priority
	}
	if want.Action == unix.FR_ACT_GOTO && want.Goto <= want.Priority {
		problems.Add(declared.Path+".goto", "%d is not after the rule itself, whose priority is to be %d", want.Goto,
			want.Priority)
	}
	p.adds = append(p.adds, p.addition("add", want, changes(nil, want)))
	p.current, p.taken = append(p.current, want), append(p.taken, true)
}

// before is the number before the lowest one in use but 0, where the kernel puts a rule without priority as well
// (fib_default_rule_pref).
func (p *planner) before(family uint8) (uint32, bool) {
	lowest := uint32(0)
	for _, rule := range p.current {
		if rule.Family == family && rule.Priority > 0 && (lowest == 0 || rule.Priority < lowest) {
			lowest = rule.Priority
		}
	}
	if lowest == 0 {
		lowest = 1 << 15
	}
	return lowest - 1, lowest > 1
}

// banish removes every rule that matches the same and, of what else is given, is the same. The kernel's own rules,
// which hold the usual tables, go only by their priority.
func (p *planner) banish(declared *Rule) {
	want := fresh(declared)
	fits := func(rule kernel.Rule) bool {
		if rule.Protocol == unix.RTPROT_KERNEL && declared.Priority == nil {
			return false
		}
		return (declared.Action == nil || rule.Action == want.Action) &&
			(declared.Table == nil || rule.Table == want.Table) &&
			(declared.Goto == nil || rule.Goto == want.Goto) &&
			(declared.Suppress == nil || rule.SuppressPrefixLength == want.SuppressPrefixLength)
	}
	for i := p.find(declared, fits); i >= 0; i = p.find(declared, fits) {
		p.taken[i] = true
		p.removes = append(p.removes, p.removal(p.current[i]))
	}
}

// destinationsOf are those that the rule decides about.
func destinationsOf(rule kernel.Rule) []netip.Prefix {
	switch {
	case rule.To.IsValid():
		return []netip.Prefix{rule.To}
	case rule.Family == unix.AF_INET:
		return []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0)}
	}
	return []netip.Prefix{netip.PrefixFrom(netip.IPv6Unspecified(), 0)}
}

func (p *planner) addition(action string, rule kernel.Rule, changes []schema.Change) plan.Step {
	return plan.Step{
		Phase: plan.Route, Action: action, Object: describe(rule), Changes: changes, Links: linksOf(rule),
		Destinations: destinationsOf(rule),
		Run:          func() error { return p.put(rule) },
	}
}

func (p *planner) removal(rule kernel.Rule) plan.Step {
	return plan.Step{
		Phase: plan.Route, Action: "remove", Object: describe(rule), Links: linksOf(rule), Destinations: destinationsOf(rule),
		Disruption: plan.ConnectionsLost,
		Run:        func() error { return p.drop(rule) },
	}
}

// put adds a rule, which somebody else may have put there in the meantime.
func (p *planner) put(rule kernel.Rule) error {
	err := p.kernel.AddRule(rule)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// drop removes exactly the given rule. The kernel removes the first rule of that priority that has what is given, and
// may have more (rule_find in net/core/fib_rules.c): such ones go first and come back behind.
func (p *planner) drop(rule kernel.Rule) error {
	now, err := p.kernel.Rules()
	if err != nil {
		return err
	}
	var ahead []kernel.Rule
	found := false
	for _, other := range now {
		if found = same(other, rule); found {
			break
		}
		if takenFor(other, rule) {
			ahead = append(ahead, other)
		}
	}
	if !found {
		return nil
	}
	for range ahead {
		err = errors.Join(err, p.kernel.DeleteRule(rule))
	}
	err = errors.Join(err, p.kernel.DeleteRule(rule))
	for _, other := range ahead {
		err = errors.Join(err, p.put(other))
	}
	return err
}

// takenFor tells whether the kernel, asked to delete a rule, would take another one for it.
func takenFor(other, rule kernel.Rule) bool {
	a, b := selectorOf(other), selectorOf(rule)
	either := func(matches, given bool) bool { return matches || !given }
	return a.family == b.family && other.Priority == rule.Priority &&
		either(other.Action == rule.Action, rule.Action != 0) && either(other.Table == rule.Table, rule.Table != 0) &&
		either(other.Protocol == rule.Protocol, rule.Protocol != 0) &&
		either(other.SuppressPrefixLength == rule.SuppressPrefixLength, rule.SuppressPrefixLength >= 0) &&
		either(a.from == b.from, b.from.IsValid()) && either(a.to == b.to, b.to.IsValid()) &&
		either(a.input == b.input, b.input != "") && either(a.output == b.output, b.output != "") &&
		either(a.mark == b.mark, b.mark != 0) && either(a.mask == b.mask, b.mask != 0) &&
		either(a.tos == b.tos, b.tos != 0) &&
		either(a.protocol == b.protocol, b.protocol != 0) && either(a.l3mdev == b.l3mdev, b.l3mdev) &&
		either(a.uids == b.uids, b.hasUIDs) && either(a.sourcePorts == b.sourcePorts, b.sourcePorts.First != 0) &&
		either(a.destinationPorts == b.destinationPorts, b.destinationPorts.First != 0) &&
		either(a.extra == b.extra, b.extra != "")
}

// changes shows what becomes of a rule; without an old one, nothing beside what its name tells.
func changes(old *kernel.Rule, want kernel.Rule) []schema.Change {
	if old == nil {
		return nil
	}
	before, after := binding().Read(old), binding().Read(&want)
	var out []schema.Change
	for _, option := range binding().Table() {
		if !option.Equal(before, after) {
			out = append(out, schema.Change{Option: option.Name, Old: option.Export(before), New: option.Export(after)})
		}
	}
	return out
}
