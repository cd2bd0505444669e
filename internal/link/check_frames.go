package link

import (
	"fmt"
	"slices"
)

// checkFrames finds links whose frames two would take: a link is a port of one bridge or bond, or carries links of the
// kinds macvlan and ipvlan (netdev_rx_handler_register in net/core/dev.c: EBUSY).
func (p *planner) checkFrames(want *Link) {
	if parent := p.becomes(deref(p.final[want.Name].Parent)); want.Kind == Macvlan && parent != nil {
		if parent.Observed.Loopback {
			p.problem(want, "parent", "the loopback carries no macvlan")
		}
		if controller := p.becomes(p.controllerOf(parent.Name)); controller != nil && takesFrames(controller.Kind) {
			p.problem(want, "parent", "%s is a port of %s, and a port carries no macvlan: declare %[3]s as the parent, or take "+
				"%[1]s out of its ports", parent.Name, controller.Describe(), controller.Name)
		}
		p.checkAlone(want, parent.Name)
	}
	if !takesFrames(want.Kind) {
		return
	}
	for i, port := range deref(want.Ports) {
		if uppers := p.takers()[port.Name]; len(uppers) > 0 {
			p.problem(want, fmt.Sprintf("ports[%d]", i), "%s stands on %s, and what carries a %s is no port: take that away, or "+
				"leave %[2]s out", uppers[0].Describe(), port.Name, uppers[0].Kind)
		}
	}
}

// checkAlone finds a macvlan in mode passthru beside another (macvlan_common_newlink in drivers/net/macvlan.c: EINVAL).
func (p *planner) checkAlone(want *Link, parent string) {
	for _, other := range p.takers()[parent] {
		if other.Name == want.Name {
			continue
		}
		for _, one := range []*Link{p.final[want.Name], other} {
			if deref(one.Macvlan.Mode) == "passthru" {
				p.problem(want, "mode", "%s has mode passthru and is alone on its parent, and %s and %s are both to stand on %s",
					one.Name, want.Name, other.Name, parent)
				return
			}
		}
	}
}

func takesFrames(controller string) bool { return controller == Bond || controller == Bridge }

// taking are the kinds of links that take all frames of what they stand on.
var taking = []string{Macvlan, "macvtap", "ipvlan", "ipvtap"}

// takers are the links, by what they will stand on, that take all frames of it.
func (p *planner) takers() map[string][]*Link {
	if p.takerIndex != nil {
		return p.takerIndex
	}
	p.takerIndex = map[string][]*Link{}
	note := func(link *Link) {
		if parent := deref(link.Parent); parent != "" && slices.Contains(taking, link.Kind) {
			p.takerIndex[parent] = append(p.takerIndex[parent], link)
		}
	}
	for _, have := range p.current.Links {
		if next := p.becomes(have.Name); next != nil {
			note(next)
		}
	}
	for _, want := range p.wanted {
		if final := p.final[want.Name]; final != nil && p.current.Find(want.Name) == nil {
			note(final)
		}
	}
	return p.takerIndex
}
