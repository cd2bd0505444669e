package nft

import (
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/plan"
)

// Guest is our rules in a chain that its owner provides for rules of others: Docker's DOCKER-USER.
type Guest struct {
	Family nftables.Family `json:"family"`
	Object string          `json:"object"` // the NAT object that the rules belong to
	Rules  []nftables.Rule `json:"rules"`
}

// Docker's chain, in the tables of iptables-nft (docs.docker.com, "Packet filtering and firewalls"). Docker sets the
// forward policy to drop and asks this chain first.
const (
	dockerTable = "filter"
	dockerChain = "DOCKER-USER"
)

// guestComment marks our rules in it.
func guestComment(object string) string { return "hostnet: " + object }

// guests are the rules that the object needs in Docker's chains. They hold nothing but what iptables-nft reads as its
// own (-i and -o), since it gives up on a table with anything else in it.
func (n *NAT) guests(foreign []*nftables.Table) []Guest {
	if n.Interface == "" || !n.Handles() {
		return nil
	}
	var guests []Guest
	for _, table := range foreign {
		if isDocker(table) {
			comment := guestComment(n.Name)
			guests = append(guests, Guest{Family: table.Family, Object: n.Name, Rules: []nftables.Rule{
				nftables.NewRule(comment, nftables.From(n.Interface), nftables.Count(), nftables.Accept()),
				nftables.NewRule(comment, nftables.To(n.Interface), nftables.Count(), nftables.Accept()),
			}})
		}
	}
	return guests
}

func isDocker(table *nftables.Table) bool {
	return !table.Legacy && table.Name == dockerTable &&
		(table.Family == nftables.IPv4 || table.Family == nftables.IPv6) && table.Chain(dockerChain) != nil
}

// withGuest is the table with the guest's rules in it.
func withGuest(table *nftables.Table, guest Guest) *nftables.Table {
	out := table.Clone()
	chain := out.Chain(dockerChain)
	chain.Rules = slices.Concat(guest.Rules, chain.Rules)
	return out
}

// guestsIn finds our rules in Docker's chains.
func guestsIn(tables []*nftables.Table) []Guest {
	var guests []Guest
	for _, table := range tables {
		if !isDocker(table) {
			continue
		}
		for _, rule := range table.Chain(dockerChain).Rules {
			object, ours := strings.CutPrefix(rule.Comment(), guestComment(""))
			if !ours {
				continue
			}
			i := slices.IndexFunc(guests, func(g Guest) bool { return g.Family == table.Family && g.Object == object })
			if i < 0 {
				guests, i = append(guests, Guest{Family: table.Family, Object: object}), len(guests)
			}
			guests[i].Rules = append(guests[i].Rules, rule)
		}
	}
	return guests
}

func guestsOf(guests []Guest, object string) []Guest {
	return slices.DeleteFunc(slices.Clone(guests), func(g Guest) bool { return g.Object != object })
}

func (g Guest) equal(other Guest) bool {
	return g.Family == other.Family && g.Object == other.Object &&
		slices.EqualFunc(g.Rules, other.Rules, nftables.Rule.Equal)
}

func (r *Result) addGuests(k Kernel, have, want []Guest) {
	for _, old := range have {
		if slices.ContainsFunc(want, old.equal) {
			continue
		}
		r.Steps = append(r.Steps, guestStep(plan.Remove, "remove", old, func() error {
			handles := make([]uint64, len(old.Rules))
			for i, rule := range old.Rules {
				handles[i] = rule.Handle
			}
			return k.DeleteRules(old.Family, dockerTable, dockerChain, handles)
		}))
	}
	for _, fresh := range want {
		if slices.ContainsFunc(have, fresh.equal) {
			continue
		}
		r.Steps = append(r.Steps, guestStep(plan.Forward, "add", fresh, func() error {
			return k.InsertRules(fresh.Family, dockerTable, dockerChain, fresh.Rules)
		}))
	}
}

func guestStep(phase plan.Phase, action string, guest Guest, run func() error) plan.Step {
	return plan.Step{
		Phase: phase, Action: action, Run: run,
		Object: fmt.Sprintf("rules of %s in Docker's chain %s %s %s", guest.Object, guest.Family, dockerTable, dockerChain),
	}
}
