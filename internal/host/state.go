// Package host is a host's whole network as one value: it composes the domains, plans over all of them, and undoes a
// plan that fails.
package host

import (
	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
)

// Interface is a link with what belongs to it.
type Interface struct {
	Link link.Link
	// Addresses are exactly the static addresses of the link; nil leaves them alone.
	Addresses *[]addr.Address
}

// State is the network of one namespace, declared or observed.
type State struct {
	Interfaces []*Interface
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
}

// belongings are the options of a link that other domains handle.
var belongings = schema.Table[Interface]{
	schema.Field("addresses", addr.List(), func(i *Interface) **[]addr.Address { return &i.Addresses },
		"Exactly the static addresses of the link. Link-local addresses of the kernel's, and those of DHCP and router advertisements, are left alone."),
}

// tables holds the options of an interface by its kind.
var tables = func() map[string]schema.Table[Interface] {
	all := map[string]schema.Table[Interface]{}
	for _, kind := range link.Kinds {
		own := schema.Lift(link.Options(kind), func(i *Interface) *link.Link { return &i.Link })
		all[kind] = append(own, belongings...)
	}
	return all
}()

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
