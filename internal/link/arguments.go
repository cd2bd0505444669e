package link

import (
	"slices"
	"sync"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// Kinds are the kinds that can be declared, in the order in which they are documented.
var Kinds = []string{Hardware, Dummy, Bond, VLAN, VXLAN, Bridge, Veth, Macvlan, VRF}

// PerKind makes one value for each kind, when it is first asked for: a task is about one or two kinds, and the memory
// that a program touches first is most of what its start takes.
func PerKind[V any](create func(kind string) V) func(kind string) V {
	var made sync.Map // kind to func() V
	return func(kind string) V {
		if !KnownKind(kind) {
			// A link of a kind that cannot be declared is one that is there already.
			kind = Hardware
		}
		one, known := made.Load(kind)
		if !known {
			one, _ = made.LoadOrStore(kind, sync.OnceValue(func() V { return create(kind) }))
		}
		return one.(func() V)()
	}
}

// inputRows are options that say what to do rather than what to be: the kernel never reports them.
func inputRows(kind string) schema.Table[Link] {
	required := schema.Field("required", schema.Bool(), func(l *Link) **bool { return &l.Required },
		"Whether the boot waits for the link, its ports and its addresses, up to two minutes, ahead of "+
			"C(network-online.target).").Assume(false)
	return append(kindInputRows(kind), required)
}

func kindInputRows(kind string) schema.Table[Link] {
	switch kind {
	case Hardware:
		return schema.Table[Link]{
			schema.Field("match_mac_address", schema.MAC(), func(l *Link) **string { return &l.MatchMAC },
				"Find the link by its permanent MAC address instead of by O(name)."),
			schema.Field("match_pci_address", schema.String(), func(l *Link) **string { return &l.MatchPCI },
				"Find the link by its PCI address, such as 0000:05:00.1, instead of by O(name)."),
		}
	case Bond:
		return schema.Table[Link]{
			schema.Field("same_card", schema.Choice("warn", "fail", "ignore"), func(l *Link) **string { return &l.SameCard },
				"What to do when two ports are on one network card, whose failure would take both.").Assume("warn"),
		}
	case Bridge:
		return schema.Table[Link]{
			schema.Field("exclusive_ports", schema.Bool(), func(l *Link) **bool { return &l.ExclusivePorts },
				"Whether ports that are not listed are released. The interfaces of containers and virtual "+
					"machines always stay.").Assume(false),
		}
	}
	return nil
}

// portTable is the options of a port, by the kind of its controller.
var portTable = PerKind(func(controller string) schema.Table[Port] {
	name := schema.Value("name", schema.LinkName(), func(p *Port) *string { return &p.Name }, "The port's name.").Require()
	optional := schema.Field("optional", schema.Bool(), func(p *Port) **bool { return &p.Optional },
		"Whether the controller does without the port where there is no such link, without a warning. It is taken in when "+
			"it comes.").Assume(false)
	return append(schema.Table[Port]{name, optional}, portRows(controller).table()...)
})

// portRows are the rows of portTable that travel to the kernel.
func portRows(controller string) options[Port] {
	switch controller {
	case Bond:
		return bondPortRows()
	case Bridge:
		return bridgePortRows()
	}
	return nil
}

// foreignRows are those that have no meaning for the ports of this controller as it is.
func foreignRows(controller *Link) options[Port] {
	return portRows(controller.Kind).where(func(row *option[Port]) bool {
		return row.within != nil &&
			row.within(controller) != ""
	})
}

var portTexts = map[string]string{
	Bond: "Exactly the ports of the bond: names, or dictionaries with a name and options.",
	Bridge: "The ports of the bridge: names, or dictionaries with a name and options. Others stay, see " +
		"O(exclusive_ports).",
	VRF: "Exactly the links of the VRF: names, or dictionaries with a name and options. They keep their addresses.",
}

// Options are the options of a kind as a task takes them.
func Options(kind string) schema.Table[Link] {
	name := schema.Value("name", schema.LinkName(), func(l *Link) *string { return &l.Name }, "The link's name.")
	if kind != Hardware {
		name = name.Require()
	}
	state := schema.Value("state", schema.Choice("present", "absent"), func(l *Link) *string { return &l.State },
		"Whether the link is to be there.").Assume("present")
	var ports schema.Table[Link]
	if isController(kind) {
		ports = schema.Table[Link]{schema.Field("ports", schema.List(schema.Dict(portTable(kind), "name")),
			func(l *Link) **[]Port { return &l.Ports }, portTexts[kind])}
	}
	return slices.Concat(schema.Table[Link]{name, state}, kindRows(kind).table(), ports, inputRows(kind),
		commonRows().table())
}

// SetDefaults fills what a task means when it leaves an option out.
func (l *Link) SetDefaults() {
	if l.Up == nil && !l.Absent() {
		up := true
		l.Up = &up
	}
}

// rows are the options of a kind that the kernel reports.
var rows = PerKind(func(kind string) options[Link] { return slices.Concat(kindRows(kind), commonRows()) })

// tableOf is rows as the schema sees them.
var tableOf = PerKind(func(kind string) schema.Table[Link] { return rows(kind).table() })

// KnownKind tells whether links of the kind can be declared.
func KnownKind(kind string) bool {
	return slices.Contains(Kinds, kind)
}

// Kernel is what this domain asks of a kernel.
type Kernel interface {
	kernel.Links
	kernel.BridgeVLANs
	kernel.Forwarding
	kernel.Settings
	kernel.Modules
}
