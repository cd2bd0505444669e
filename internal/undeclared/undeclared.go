// Package undeclared is what links have that no option declares: neighbours, forwarding entries of bridges, settings
// below /proc/sys/net, queueing disciplines, alternative names. The kernel takes such things along when a plan makes a
// link again, takes it down, gives it another MAC address or too small an MTU; an undo puts them back.
package undeclared

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// Kernel is what this domain asks of a kernel.
type Kernel interface {
	kernel.Undeclared
	kernel.Settings
	Links() ([]kernel.Link, error)
	ChangeLink(name string, request kernel.LinkRequest) error
}

// Link is what one link has.
type Link struct {
	AlternativeNames []string `json:",omitempty"`
	Alias            string   `json:",omitempty"`
	Group            uint32   `json:",omitempty"`
	TransmitQueue    uint32   `json:",omitempty"`
	// Flags are those of kernel.FlagsToSet, nil in a record of an earlier version.
	Flags *uint32 `json:",omitempty"`
	// IPv4 and IPv6 are the settings as the kernel tells them with the link, nil where it has no such protocol.
	IPv4, IPv6 []int32                     `json:",omitempty"`
	Queueing   []kernel.QueueingDiscipline `json:",omitempty"`
	Neighbours []kernel.Neighbour          `json:",omitempty"`
	Entries    []kernel.BridgeEntry        `json:",omitempty"`
	isUp       bool
}

// State is what some links have, by name.
type State map[string]*Link

// Observe reads what the named links have; raw is the kernel's list of links.
func Observe(k Kernel, raw []kernel.Link, names map[string]bool) (State, error) {
	state := State{}
	for i := range raw {
		if names[raw[i].Name] {
			state[raw[i].Name] = linkOf(&raw[i])
		}
	}
	if len(state) == 0 {
		return state, nil
	}
	neighbours, err := k.Neighbours(names)
	if err != nil {
		return nil, err
	}
	for _, one := range neighbours {
		if link := state[one.Link]; link != nil {
			link.Neighbours = append(link.Neighbours, one)
		}
	}
	entries, err := k.BridgeEntries(names)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for i := range raw {
		if len(entries) > 0 {
			own[raw[i].Address] = true
		}
	}
	for _, one := range entries {
		if link := state[one.Link]; link != nil && !own[one.MAC] {
			link.Entries = append(link.Entries, one)
		}
	}
	queueing, err := k.QueueingDisciplines(names)
	if err != nil {
		return nil, err
	}
	for name, link := range state {
		link.Queueing = queueing[name]
		link.sort()
	}
	return state, nil
}

func linkOf(raw *kernel.Link) *Link {
	flags := raw.Flags & kernel.FlagsToSet()
	return &Link{
		AlternativeNames: slices.Sorted(slices.Values(raw.AlternativeNames)), Alias: raw.Alias, Group: raw.Group,
		TransmitQueue: raw.TransmitQueue, Flags: &flags,
		IPv4: raw.IPv4, IPv6: withinMTU(raw), isUp: raw.Flags&unix.IFF_UP != 0,
	}
}

// withinMTU are the settings of IPv6 with an MTU that the link can carry: a link that follows its parent's MTU keeps an
// older value there, which does not count and cannot be set (addrconf_sysctl_mtu).
func withinMTU(raw *kernel.Link) []int32 {
	const mtu = 2 // DEVCONF_MTU6 of linux/ipv6.h
	most := int32(min(raw.MTU, math.MaxInt32))
	if len(raw.IPv6) <= mtu || raw.IPv6[mtu] <= most {
		return raw.IPv6
	}
	settings := slices.Clone(raw.IPv6)
	settings[mtu] = most
	return settings
}

func (l *Link) sort() {
	slices.SortFunc(l.Neighbours, func(a, b kernel.Neighbour) int {
		return cmp.Or(a.Address.Compare(b.Address), cmp.Compare(fmt.Sprint(a.Proxy), fmt.Sprint(b.Proxy)))
	})
	slices.SortFunc(l.Entries, func(a, b kernel.BridgeEntry) int {
		return cmp.Or(cmp.Compare(a.MAC, b.MAC), cmp.Compare(a.VLAN, b.VLAN))
	})
	slices.SortFunc(l.Queueing, func(a, b kernel.QueueingDiscipline) int {
		return cmp.Compare(fmt.Sprint(a.Ingress), fmt.Sprint(b.Ingress))
	})
}

// Change is one thing that differs on a link.
type Change struct {
	Link string
	schema.Change
}

// Changes are what it takes to have the links as they were: Old is what is, New what was. Links that are not there now,
// or were not, are not compared.
func (s State) Changes(now State) []Change {
	var all []Change
	for _, name := range slices.Sorted(maps.Keys(s)) {
		is := now[name]
		if is == nil {
			continue
		}
		was := s[name]
		add := func(option string, old, fresh any) {
			if fmt.Sprint(old) != fmt.Sprint(fresh) {
				all = append(all, Change{Link: name, Change: schema.Change{Option: option, Old: old, New: fresh}})
			}
		}
		add("alternative names", strings.Join(is.AlternativeNames, ", "), strings.Join(was.AlternativeNames, ", "))
		add("alias", is.Alias, was.Alias)
		add("group", is.Group, was.Group)
		add("txqueuelen", is.TransmitQueue, was.TransmitQueue)
		if was.Flags != nil {
			add("flags", strings.Join(kernel.FlagNames(*is.Flags), ","), strings.Join(kernel.FlagNames(*was.Flags), ","))
		}
		for _, one := range settingChanges(name, was, is) {
			add(one.name(), one.old, one.fresh)
		}
		add("queueing discipline", describeQueueing(is), describeQueueing(was))
		if lost := lostIngress(was, is); lost != "" {
			add("queueing discipline of what is received", "", lost)
		}
		add("permanent neighbours", describeAll(ours(was.Neighbours, is.Neighbours, learned), describeNeighbour),
			describeAll(was.Neighbours, describeNeighbour))
		add("forwarding entries", describeAll(ours(was.Entries, is.Entries, taught), describeEntry),
			describeAll(was.Entries, describeEntry))
	}
	return all
}

// ours leaves out what daemons have added since.
func ours[T comparable](was, is []T, foreign func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(is), func(one T) bool { return foreign(one) && !slices.Contains(was, one) })
}

func learned(one kernel.Neighbour) bool {
	return one.Protocol != 0 || one.Flags&unix.NTF_EXT_LEARNED != 0
}

func taught(one kernel.BridgeEntry) bool { return one.Flags&unix.NTF_EXT_LEARNED != 0 }

func describeAll[T any](all []T, describe func(T) string) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = describe(one)
	}
	return strings.Join(texts, ", ")
}

func describeNeighbour(one kernel.Neighbour) string {
	if one.Proxy {
		return "proxy " + one.Address.String()
	}
	text := one.Address.String()
	if one.MAC != "" {
		text += " lladdr " + one.MAC
	}
	if one.Flags != 0 || one.ExtendedFlags != 0 || one.Protocol != 0 {
		text += fmt.Sprintf(" flags %#x %#x protocol %d", one.Flags, one.ExtendedFlags, one.Protocol)
	}
	return text
}

func describeEntry(one kernel.BridgeEntry) string {
	text := one.MAC
	if one.VLAN != 0 {
		text += fmt.Sprintf(" vlan %d", one.VLAN)
	}
	return text + fmt.Sprintf(" state %#x flags %#x", one.State, one.Flags)
}

// root is what somebody has put at the root of a link's queues; that of the kernel's choice is the kernel's affair.
func (l *Link) root() kernel.QueueingDiscipline {
	for _, one := range l.Queueing {
		if !one.Ingress && one.Handle != 0 {
			return one
		}
	}
	return kernel.QueueingDiscipline{}
}

// untouched tells a link that has never been up since it was made: it has no queueing discipline at all.
func (l *Link) untouched() bool {
	return !slices.ContainsFunc(l.Queueing, func(one kernel.QueueingDiscipline) bool { return !one.Ingress })
}

func describeQueueing(l *Link) string {
	root := l.root()
	switch {
	case root.Handle != 0:
		return fmt.Sprintf("%s %x: %x", root.Kind, root.Handle>>16, root.Options)
	case l.untouched():
		return "noop"
	}
	return "the kernel's choice"
}

func lostIngress(was, is *Link) string {
	kind := func(l *Link) string {
		for _, one := range l.Queueing {
			if one.Ingress {
				return one.Kind
			}
		}
		return ""
	}
	if kind(is) != "" {
		return ""
	}
	return kind(was)
}
