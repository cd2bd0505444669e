// Package rule is the domain of routing policy rules: what is declared, what the kernel has, and the way from one to
// the other.
package rule

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// Rule is a rule as it is declared. A selector that is nil matches everything; a priority that is nil is any.
type Rule struct {
	// Path is where the rule was declared.
	Path     string
	State    *string
	Family   *string
	Priority *uint32
	// Selectors. From and To are the zero Prefix for everything.
	From, To                      *netip.Prefix
	Input, Output                 *string
	Mark, Mask                    *uint32
	TOS                           *uint8
	IPProtocol                    *uint8
	SourcePorts, DestinationPorts *kernel.Range
	UIDs                          *kernel.Range
	Invert, L3MDev                *bool
	// What is done with what matches.
	Action   *uint8
	Table    *uint32
	Goto     *uint32
	Suppress *int32
}

// Absent tells whether the rule is to go.
func (r *Rule) Absent() bool { return r.State != nil && *r.State == "absent" }

// State is every rule of a namespace, in the order in which the kernel consults them, IPv4 first.
type State struct {
	Rules []kernel.Rule
}

// Observe reads the rules of both families.
func Observe(k kernel.Rules) (*State, error) {
	rules, err := k.Rules()
	if err != nil {
		return nil, err
	}
	return &State{Rules: rules}, nil
}

// Declared is the administrator's rules as a playbook would declare them.
func (s *State) Declared() []Rule {
	var declared []Rule
	for _, rule := range s.Rules {
		if isStatic(rule) && len(rule.Extra) == 0 && actionNames[rule.Action] != "" {
			declared = append(declared, *binding().Read(&rule))
		}
	}
	return declared
}

// isStatic tells the administrator's rules from those of the kernel and of daemons.
func isStatic(rule kernel.Rule) bool {
	return rule.Protocol == unix.RTPROT_STATIC || rule.Protocol == unix.RTPROT_BOOT || rule.Protocol == unix.RTPROT_UNSPEC
}

// selector is what a rule matches, in a form that can be compared.
type selector struct {
	family                              uint8
	invert, l3mdev                      bool
	from, to                            netip.Prefix
	input, output                       string
	mark, mask                          uint32
	tos, protocol                       uint8
	sourcePorts, destinationPorts, uids kernel.Range
	hasUIDs                             bool
	extra                               string
}

func selectorOf(rule kernel.Rule) selector {
	s := selector{
		family: rule.Family, invert: rule.Invert, l3mdev: rule.L3MDev, from: rule.From, to: rule.To,
		input: rule.Input, output: rule.Output, mark: rule.Mark, mask: rule.Mask, tos: rule.TOS, protocol: rule.IPProtocol,
	}
	if rule.SourcePorts != nil {
		s.sourcePorts = *rule.SourcePorts
	}
	if rule.DestinationPorts != nil {
		s.destinationPorts = *rule.DestinationPorts
	}
	if rule.UIDs != nil {
		s.uids, s.hasUIDs = *rule.UIDs, true
	}
	if len(rule.Extra) > 0 {
		s.extra = fmt.Sprint(rule.Extra)
	}
	return s
}

// effect is what a rule does.
type effect struct {
	action      uint8
	table, next uint32
	suppress    int32
}

// effectOf leaves out the table where it is not looked up: `ip rule` notes the main table in every rule.
func effectOf(rule kernel.Rule) effect {
	e := effect{action: rule.Action, next: rule.Goto, suppress: rule.SuppressPrefixLength}
	if rule.Action == unix.FR_ACT_TO_TBL && !rule.L3MDev {
		e.table = rule.Table
	}
	return e
}

// same tells whether two rules are one and the same.
func same(a, b kernel.Rule) bool {
	return a.Priority == b.Priority && a.Protocol == b.Protocol && selectorOf(a) == selectorOf(b) &&
		effectOf(a) == effectOf(b)
}

// describe names a rule as steps and messages show it, much as `ip rule` does.
func describe(rule kernel.Rule) string {
	var out strings.Builder
	fmt.Fprintf(&out, "rule %d", rule.Priority)
	if !rule.From.IsValid() && !rule.To.IsValid() && rule.Family == unix.AF_INET6 {
		out.WriteString(" (IPv6)")
	}
	declared := binding().Read(&rule)
	for _, option := range binding().Table() {
		if option.Name == "family" || option.Name == "priority" || !option.IsSet(declared) {
			continue
		}
		if value := option.Export(declared); value == true {
			fmt.Fprintf(&out, " %s", option.Name)
		} else {
			fmt.Fprintf(&out, " %s %v", option.Name, value)
		}
	}
	return out.String()
}

// linksOf are the links that the rule names.
func linksOf(rule kernel.Rule) []string {
	var links []string
	for _, link := range []string{rule.Input, rule.Output} {
		if link != "" {
			links = append(links, link)
		}
	}
	return links
}

func familyOf(name string) uint8 {
	if name == "inet6" {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

func familyName(address netip.Addr) string {
	if address.Is4() {
		return "inet"
	}
	return "inet6"
}

// fresh is a declared rule as it is added where there is none. Its priority is 0 where none is declared.
func fresh(declared *Rule) kernel.Rule {
	rule := kernel.Rule{
		Family: unix.AF_INET, Protocol: unix.RTPROT_STATIC, Action: unix.FR_ACT_TO_TBL, SuppressPrefixLength: -1,
	}
	if declared.Goto != nil {
		rule.Action = unix.FR_ACT_GOTO
	}
	if declared.Mark != nil {
		rule.Mask = 1<<32 - 1
	}
	binding().Write(declared, &rule)
	return rule
}

// Options are those of a rule.
var Options = sync.OnceValue(func() schema.Table[Rule] {
	state := schema.Field("state", schema.Choice("present", "absent"), func(r *Rule) **string { return &r.State },
		"Whether the rule is to be there. V(absent) removes the rule that matches the same and, of what else is given, is "+
			"the same.").Assume("present")
	return slices.Clip(append(binding().Table(), state))
})

// Identity tells rules apart as the kernel reports them, however they were written: by all that they match and their
// priority; without one, by what they do as well.
func (r *Rule) Identity() string {
	asked := fresh(r)
	reported := binding().Read(&asked)
	var out strings.Builder
	out.WriteString(familyName6(asked.Family))
	if r.Priority != nil {
		fmt.Fprintf(&out, " priority %d", *r.Priority)
	}
	for _, option := range binding().Table() {
		effect := slices.Contains([]string{"table", "action", "goto", "suppress_prefixlength"}, option.Name)
		if option.Name == "family" || option.Name == "priority" || effect && r.Priority != nil || !option.IsSet(reported) {
			continue
		}
		if value := option.Export(reported); value != "" && value != false {
			fmt.Fprintf(&out, " %s %v", option.Name, value)
		}
	}
	return out.String()
}

func familyName6(family uint8) string {
	if family == unix.AF_INET6 {
		return "inet6"
	}
	return "inet"
}

// Covers tells whether `state: absent` of this rule stands for another declared one.
func (r *Rule) Covers(other *Rule) bool {
	asked, have := fresh(r), fresh(other)
	if selectorOf(asked) != selectorOf(have) || r.Priority != nil && asked.Priority != have.Priority {
		return false
	}
	return (r.Table == nil || asked.Table == have.Table) && (r.Action == nil || asked.Action == have.Action) &&
		(r.Goto == nil || asked.Goto == have.Goto) &&
		(r.Suppress == nil || asked.SuppressPrefixLength == have.SuppressPrefixLength)
}
