// Package nftables reads and replaces whole tables of rules over netlink. It needs no nft command on the host.
package nftables

import (
	"bytes"
	"slices"

	"github.com/google/nftables/userdata"
)

// Table is a table with all its chains and rules. It survives JSON, so that a table can be put back later.
type Table struct {
	Family Family  `json:"family"`
	Name   string  `json:"name"`
	Chains []Chain `json:"chains"`
	Maps   []*Map  `json:"maps,omitempty"`
	// Legacy tells that it is one of iptables-legacy, which is only read.
	Legacy      bool `json:"-"`
	sets        map[string]*set
	expressions map[*byte][]expression
}

// Family is the protocol family of a table, by nft's name.
type Family string

// The families that the kernel knows.
const (
	INet   Family = "inet"
	IPv4   Family = "ip"
	IPv6   Family = "ip6"
	ARP    Family = "arp"
	Bridge Family = "bridge"
	NetDev Family = "netdev"
)

// Chain is a base chain when it has a Hook, else one that rules jump to.
type Chain struct {
	Name     string `json:"name"`
	Type     string `json:"type,omitempty"` // filter, nat or route
	Hook     string `json:"hook,omitempty"` // prerouting, input, forward, output or postrouting
	Priority int32  `json:"priority"`
	Drop     bool   `json:"drop,omitempty"` // the policy
	Rules    []Rule `json:"rules"`
}

// Rule is one rule. Expressions and UserData are as they travel to and from the kernel.
type Rule struct {
	// Text is the rule in nft's syntax; "" for a rule that was read and not made here.
	Text        string `json:"text,omitempty"`
	Expressions []byte `json:"expressions"`
	UserData    []byte `json:"user_data,omitempty"`
	// Handle is the kernel's number of a rule that was read.
	Handle uint64 `json:"handle,omitempty"`
}

// Comment is what `nft list` shows behind the rule.
func (r Rule) Comment() string {
	if !soundUserData(r.UserData) {
		return ""
	}
	comment, _ := userdata.GetString(r.UserData, userdata.TypeComment)
	return comment
}

// soundUserData tells whether every element fits: the library trusts the lengths, and other programs write there too.
func soundUserData(data []byte) bool {
	for len(data) >= 2 {
		length := 2 + int(data[1])
		if length > len(data) {
			return false
		}
		data = data[length:]
	}
	return len(data) == 0
}

// Equal tells whether two rules do the same to every packet and carry the same comment. Counters do not matter.
func (r Rule) Equal(other Rule) bool {
	return bytes.Equal(r.UserData, other.UserData) && Canonical(r.Expressions) == Canonical(other.Expressions)
}

// Equal tells whether two chains are the same, with the same rules in the same order.
func (c Chain) Equal(other Chain) bool {
	return c.sameHead(other) && slices.EqualFunc(c.Rules, other.Rules, Rule.Equal)
}

func (c Chain) sameHead(other Chain) bool {
	return c.Name == other.Name && c.Type == other.Type && c.Hook == other.Hook &&
		c.Priority == other.Priority && c.Drop == other.Drop
}

// Equal tells whether two tables are the same. The order of chains has no meaning. A nil table equals only nil.
func (t *Table) Equal(other *Table) bool {
	if t == nil || other == nil {
		return t == other
	}
	if t.Family != other.Family || t.Name != other.Name || len(t.Chains) != len(other.Chains) ||
		len(t.Maps) != len(other.Maps) {
		return false
	}
	for _, one := range t.Maps {
		if match := other.Map(one.Name); match == nil || !one.Equal(match) {
			return false
		}
	}
	for _, chain := range t.Chains {
		match := other.Chain(chain.Name)
		if match == nil || !chain.Equal(*match) {
			return false
		}
	}
	return true
}

// Clone is a copy whose chains can be changed.
func (t *Table) Clone() *Table {
	out := &Table{Family: t.Family, Name: t.Name, Maps: t.Maps, Legacy: t.Legacy, sets: t.sets}
	out.Chains = slices.Clone(t.Chains)
	return out
}

// Chain is the chain of that name, or nil.
func (t *Table) Chain(name string) *Chain {
	for i := range t.Chains {
		if t.Chains[i].Name == name {
			return &t.Chains[i]
		}
	}
	return nil
}

// Map is the map of that name, or nil.
func (t *Table) Map(name string) *Map {
	if t == nil {
		return nil
	}
	for _, one := range t.Maps {
		if one.Name == name {
			return one
		}
	}
	return nil
}
