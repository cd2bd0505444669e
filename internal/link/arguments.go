package link

import (
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// Kinds are the kinds that can be declared, in the order in which they are documented.
var Kinds = []string{Hardware, Dummy, Bond, VLAN, VXLAN, Bridge, Veth, Macvlan}

var nameRow = schema.Value("name", schema.LinkName(), func(l *Link) *string { return &l.Name }, "The link's name.")

var stateRow = schema.Value("state", schema.Choice("present", "absent"), func(l *Link) *string { return &l.State },
	"Whether the link is to be there.").Assume("present")

// inputRows are options that say what to do rather than what to be: the kernel never reports them.
var inputRows = map[string]schema.Table[Link]{
	Hardware: {
		schema.Field("match_mac_address", schema.MAC(), func(l *Link) **string { return &l.MatchMAC },
			"Find the link by its permanent MAC address instead of by O(name)."),
		schema.Field("match_pci_address", schema.String(), func(l *Link) **string { return &l.MatchPCI },
			"Find the link by its PCI address, such as 0000:05:00.1, instead of by O(name)."),
	},
	Bond: {
		schema.Field("same_card", schema.Choice("warn", "fail", "ignore"), func(l *Link) **string { return &l.SameCard },
			"What to do when two ports are on one network card, whose failure would take both.").Assume("warn"),
	},
	Bridge: {
		schema.Field("exclusive_ports", schema.Bool(), func(l *Link) **bool { return &l.ExclusivePorts },
			"Whether ports that are not listed are released. The interfaces of containers and virtual machines always stay.").Assume(false),
	},
}

var portNameRow = schema.Value("name", schema.LinkName(), func(p *Port) *string { return &p.Name }, "The port's name.").Require()

// portTables are the options of a port, by the kind of its controller.
var portTables = map[string]schema.Table[Port]{
	Bond:   append(schema.Table[Port]{portNameRow}, bondPortRows.table()...),
	Bridge: append(schema.Table[Port]{portNameRow}, bridgePortRows.table()...),
}

// portRows are the rows of portTables that travel to the kernel.
var portRows = map[string]options[Port]{Bond: bondPortRows, Bridge: bridgePortRows}

var portTexts = map[string]string{
	Bond:   "Exactly the ports of the bond: names, or dictionaries with a name and options.",
	Bridge: "The ports of the bridge: names, or dictionaries with a name and options. Others stay, see O(exclusive_ports).",
}

// Options are the options of a kind as a task takes them.
func Options(kind string) schema.Table[Link] {
	name := nameRow
	if kind != Hardware {
		name = name.Require()
	}
	table := schema.Table[Link]{name, stateRow}
	table = append(table, kindRows[kind].table()...)
	if isController(kind) {
		table = append(table, schema.Field("ports", schema.List(schema.Dict(portTables[kind], "name")),
			func(l *Link) **[]Port { return &l.Ports }, portTexts[kind]))
	}
	table = append(table, inputRows[kind]...)
	return append(table, commonRows.table()...)
}

// SetDefaults fills what a task means when it leaves an option out.
func (l *Link) SetDefaults() {
	if l.Up == nil && !l.Absent() {
		up := true
		l.Up = &up
	}
}

// rows are the options of a kind that the kernel reports.
func rows(kind string) options[Link] {
	return allRows[kind]
}

var allRows = func() map[string]options[Link] {
	all := map[string]options[Link]{}
	for kind, own := range kindRows {
		all[kind] = append(append(options[Link]{}, own...), commonRows...)
	}
	return all
}()

// allTables are allRows as the schema sees them.
var allTables = func() map[string]schema.Table[Link] {
	all := map[string]schema.Table[Link]{}
	for kind, rows := range allRows {
		all[kind] = rows.table()
	}
	return all
}()

// KnownKind tells whether links of the kind can be declared.
func KnownKind(kind string) bool {
	_, known := kindRows[kind]
	return known
}

// Kernel is what this domain asks of a kernel.
type Kernel interface {
	kernel.Links
	kernel.BridgeVLANs
	kernel.Forwarding
	kernel.Settings
	kernel.Modules
}
