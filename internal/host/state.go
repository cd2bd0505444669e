// Package host is a host's whole network as one value: it composes the domains, plans over all of them, and undoes a
// plan that fails.
package host

import (
	"slices"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
)

// Interface is a link with what belongs to it.
type Interface struct {
	Link link.Link
	// Addresses are exactly the static addresses of the link; nil leaves them alone.
	Addresses *[]addr.Address
	// Routes are exactly the static routes that leave by the link alone; nil leaves them alone.
	Routes *[]route.Route
}

// State is the network of one namespace, declared or observed.
type State struct {
	Interfaces []*Interface
	// Routes are those that are declared by themselves, one by one.
	Routes []*route.Route
	// Rules are routing policy rules, one by one.
	Rules []*rule.Rule
}

// group is one key of the network module: the links of one kind.
type group struct {
	key, kind, text string
}

// groups are in the order in which they are documented and exported.
var groups = [...]group{
	{"interfaces", link.Hardware, "Links that are there already, such as network cards."},
	{"dummies", link.Dummy, "Dummy links."},
	{"bonds", link.Bond, "Bonds."},
	{"vlans", link.VLAN, "VLANs."},
	{"vxlans", link.VXLAN, "VXLANs."},
	{"bridges", link.Bridge, "Bridges."},
	{"veths", link.Veth, "Pairs of virtual Ethernet links."},
	{"macvlans", link.Macvlan, "Macvlans."},
	{"vrfs", link.VRF, "VRFs: routing tables of their own for the links that are their ports."},
}

// LinkGroup is a kind of link as the kernel, the network module and the module for one of them name it.
type LinkGroup struct{ Kind, Key, Module string }

// LinkGroups are all kinds of links that can be declared, in the order in which they are documented.
func LinkGroups() []LinkGroup {
	out := make([]LinkGroup, len(groups))
	for i, group := range groups {
		out[i] = LinkGroup{group.kind, group.key, group.kind}
		if group.kind == link.Hardware {
			out[i].Module = "interface"
		}
	}
	return out
}

// Options are the options of the links under a key of the network module.
func Options(key string) schema.Table[Interface] {
	for _, group := range groups {
		if group.key == key {
			return options(group.kind)
		}
	}
	return nil
}

// options are the options of an interface by its kind.
var options = link.PerKind(func(kind string) schema.Table[Interface] {
	own := schema.Lift(link.Options(kind), func(i *Interface) *link.Link { return &i.Link })
	return slices.Concat(own, belongings())
})

// belongings are the options of a link that other domains handle.
func belongings() schema.Table[Interface] {
	return schema.Table[Interface]{
		schema.Field("addresses", addr.List(), func(i *Interface) **[]addr.Address { return &i.Addresses },
			"Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router "+
				"advertisements, are left alone."),
		schema.Field("routes", route.List(), func(i *Interface) **[]route.Route { return &i.Routes },
			"Exactly the static routes that leave by the link alone. The kernel's routes, and those of DHCP, router "+
				"advertisements and routing daemons, are left alone."),
	}
}

func (s *State) links() []*link.Link {
	links := make([]*link.Link, len(s.Interfaces))
	for i, one := range s.Interfaces {
		links[i] = &one.Link
	}
	return links
}

// addresses are the declared addresses by link.
func (s *State) addresses() map[string][]addr.Address {
	declared := map[string][]addr.Address{}
	for _, one := range s.Interfaces {
		if one.Addresses != nil && !one.Link.Absent() {
			declared[one.Link.Name] = *one.Addresses
		}
		if one.Link.Absent() && one.Link.Kind == link.Hardware {
			declared[one.Link.Name] = nil
		}
	}
	return declared
}

// routes are the declared routes, those of links by link.
func (s *State) routes() route.Declaration {
	declared := route.Declaration{Links: map[string][]route.Route{}}
	for _, one := range s.Interfaces {
		if one.Routes != nil && !one.Link.Absent() {
			declared.Links[one.Link.Name] = *one.Routes
		}
		if one.Link.Absent() && one.Link.Kind == link.Hardware {
			declared.Links[one.Link.Name] = nil
		}
	}
	for _, one := range s.Routes {
		declared.Routes = append(declared.Routes, *one)
	}
	return declared
}

func (s *State) rules() []rule.Rule {
	declared := make([]rule.Rule, len(s.Rules))
	for i, one := range s.Rules {
		declared[i] = *one
	}
	return declared
}
