// Package host is a host's whole network as one value: it composes the domains, plans over all of them, and undoes a
// plan that fails.
package host

import (
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
)

// Interface is a link with what belongs to it.
type Interface struct {
	Link link.Link
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

// tables holds the options of an interface by its kind.
var tables = func() map[string]schema.Table[Interface] {
	all := map[string]schema.Table[Interface]{}
	for _, kind := range link.Kinds {
		all[kind] = schema.Lift(link.Options(kind), func(i *Interface) *link.Link { return &i.Link })
	}
	return all
}()
