package nft

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// Kernel is what this domain asks of a kernel.
type Kernel interface {
	Tables(want func(nftables.Family, string) nftables.Detail) ([]*nftables.Table, error)
	Replace(*nftables.Table) error
	Delete(nftables.Family, string) error
	InsertRules(family nftables.Family, table, chain string, rules []nftables.Rule) error
	DeleteRules(family nftables.Family, table, chain string, handles []uint64) error
	LegacyTables() ([]*nftables.Table, error)
	Links() (map[string]nftables.Link, error)
	Forget(stale func(nftables.Flow) bool) error
}

// State is the rules of a host. It can be kept as JSON and restored.
type State struct {
	// Own are our tables.
	Own []*nftables.Table `json:"own"`
	// Guests are our rules in chains that others provide for that.
	Guests []Guest `json:"guests"`
	// LXCNet are lxc-net's tables, which a takeover removes, and which lxc-net makes again when it is started.
	LXCNet []*nftables.Table `json:"lxc_net,omitempty"`
	// Foreign are the tables of others, which are only looked at.
	Foreign      []*nftables.Table `json:"-"`
	Surroundings `json:"-"`
}

// lxcTable is the name of lxc-net's tables: inet lxc, ip lxc and ip6 lxc.
const lxcTable = "lxc"

// Observe reads all rules of the namespace.
func Observe(k Kernel) (*State, error) {
	isOwn := func(family nftables.Family, name string) bool {
		return family == Family && strings.HasPrefix(name, prefix)
	}
	tables, err := k.Tables(func(family nftables.Family, name string) nftables.Detail {
		if isOwn(family, name) {
			return nftables.Contents
		}
		return nftables.Rules
	})
	if err != nil {
		return nil, err
	}
	state := &State{}
	for _, table := range tables {
		switch {
		case isOwn(table.Family, table.Name):
			state.Own = append(state.Own, table)
		case table.Name == lxcTable:
			state.LXCNet = append(state.LXCNet, table)
		default:
			state.Foreign = append(state.Foreign, table)
		}
	}
	state.Guests = guestsIn(state.Foreign)
	legacy, err := k.LegacyTables()
	if err != nil {
		return nil, err
	}
	state.Foreign = append(state.Foreign, legacy...)
	state.Links, err = k.Links()
	return state, err
}

func (s *State) table(name string) *nftables.Table {
	for _, table := range s.Own {
		if table.Name == name {
			return table
		}
	}
	return nil
}

// Result is what it takes to get from the observed rules to the wanted ones.
type Result struct {
	Steps    []plan.Step
	Warnings []string
}

// Plan compares and finds the steps.
func Plan(k Kernel, current *State, wanted []*NAT) *Result {
	result := &Result{}
	for _, nat := range wanted {
		name := TableName(nat.Name)
		var table *nftables.Table
		var guests []Guest
		if !nat.Absent() {
			table, guests = nat.Table(), nat.guests(current.Foreign)
			result.Warnings = append(result.Warnings, nat.warnings(current)...)
		}
		result.addTable(k, name, current.table(name), table)
		result.addGuests(k, guestsOf(current.Guests, nat.Name), guests)
		if nat.Takeover && !nat.Absent() {
			result.removeLXCNet(k, current.LXCNet)
		}
	}
	return result
}

// removeLXCNet removes the tables of a taken over lxc-net, after ours are there.
func (r *Result) removeLXCNet(k Kernel, tables []*nftables.Table) {
	for _, table := range tables {
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Forward, Action: "delete",
			Object: fmt.Sprintf("nftables table %s %s of lxc-net", table.Family, table.Name),
			Run:    func() error { return k.Delete(table.Family, table.Name) },
		})
	}
}

// Restore makes our rules as they were, also those of objects that were not there then.
func Restore(k Kernel, before *State) error {
	now, err := Observe(k)
	if err != nil {
		return err
	}
	return plan.Run(Back(k, now, before), nil)
}

// Back finds the steps that make our rules as they were.
func Back(k Kernel, now, before *State) []plan.Step {
	result := &Result{}
	for _, table := range now.Own {
		if before.table(table.Name) == nil {
			result.addTable(k, table.Name, table, nil)
		}
	}
	for _, table := range before.Own {
		result.addTable(k, table.Name, now.table(table.Name), table)
	}
	result.addGuests(k, now.Guests, before.Guests)
	return result.Steps
}

func (r *Result) addTable(k Kernel, name string, have, want *nftables.Table) {
	object := fmt.Sprintf("nftables table %s %s", Family, name)
	switch {
	case have.Equal(want):
	case want == nil:
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Remove, Action: "delete", Object: object,
			Changes: append(mapChanges(have, nil), ruleChanges(have, nil)...),
			Run:     func() error { return errors.Join(k.Delete(Family, name), forget(k, have, nil)) },
		})
	default:
		action := "change"
		if have == nil {
			action = "create"
		}
		r.Steps = append(r.Steps, plan.Step{
			Phase: plan.Forward, Action: action, Object: object,
			Changes: append(mapChanges(have, want), ruleChanges(have, want)...),
			Run: func() error {
				if err := k.Replace(want); err != nil {
					return err
				}
				return forget(k, have, want)
			},
		})
	}
}

// forget ends the tracking of flows that go on as the old table has translated them.
func forget(k Kernel, have, want *nftables.Table) error {
	if stale := staleFlows(have, want); stale != nil {
		return k.Forget(stale)
	}
	return nil
}

// ruleChanges lists the chains whose rules differ.
func ruleChanges(have, want *nftables.Table) []schema.Change {
	var changes []schema.Change
	for _, name := range chainNames(have, want) {
		var old, fresh *nftables.Chain
		if have != nil {
			old = have.Chain(name)
		}
		if want != nil {
			fresh = want.Chain(name)
		}
		if old != nil && fresh != nil && old.Equal(*fresh) {
			continue
		}
		changes = append(changes, schema.Change{Option: "chain " + name, Old: ruleTexts(old, fresh),
			New: ruleTexts(fresh, nil)})
	}
	return changes
}

// mapChanges lists the elements that come and go.
func mapChanges(have, want *nftables.Table) []schema.Change {
	var changes []schema.Change
	var seen []string
	for _, table := range []*nftables.Table{have, want} {
		if table == nil {
			continue
		}
		for _, one := range table.Maps {
			if slices.Contains(seen, one.Name) {
				continue
			}
			seen = append(seen, one.Name)
			old, fresh := have.Map(one.Name), want.Map(one.Name)
			gone, come := old.Without(fresh), fresh.Without(old)
			if len(gone)+len(come) > 0 {
				changes = append(changes, schema.Change{Option: "map " + one.Name, Old: elementTexts(one, gone),
					New: elementTexts(one, come)})
			}
		}
	}
	return changes
}

func elementTexts(of *nftables.Map, elements []nftables.Element) any {
	if len(elements) == 0 {
		return nil
	}
	texts := make([]any, len(elements))
	for i, element := range elements {
		texts[i] = of.Text(element)
	}
	return texts
}

func chainNames(tables ...*nftables.Table) []string {
	var names []string
	seen := map[string]bool{}
	for _, table := range tables {
		if table == nil {
			continue
		}
		for _, chain := range table.Chains {
			if !seen[chain.Name] {
				names, seen[chain.Name] = append(names, chain.Name), true
			}
		}
	}
	return names
}

// ruleTexts shows a chain's rules. The text of a rule that was read is known when the other side has the same rule.
func ruleTexts(chain, known *nftables.Chain) any {
	if chain == nil {
		return nil
	}
	texts := make([]any, len(chain.Rules))
	for i, rule := range chain.Rules {
		texts[i] = textOf(rule, known)
	}
	return texts
}

func textOf(rule nftables.Rule, known *nftables.Chain) string {
	if rule.Text != "" {
		return rule.Text
	}
	if known != nil {
		for _, other := range known.Rules {
			if other.Equal(rule) {
				return other.Text
			}
		}
	}
	if comment := rule.Comment(); comment != "" {
		return fmt.Sprintf("another rule, comment %q", comment)
	}
	return fmt.Sprintf("another rule, handle %d", rule.Handle)
}
