package container

import (
	"fmt"
	"sync"

	"hostnet.linux/internal/schema"
)

// Declaration is what the arguments of a task say.
type Declaration struct {
	folder *string
	// single is the one interface of container_interface.
	single Interface
	// set is the one container of container_network, sets its many.
	set  containerSet
	sets *[]containerSet
	// containers are those that container_info is about.
	containers *[]string
	facts      *bool
	// manager is takeover, or not set.
	manager *string
}

// containerSet is all interfaces of one container.
type containerSet struct {
	Container  *string
	Interfaces *[]Interface
	Networks   *map[string]any
}

func folderRow() schema.Option[Declaration] {
	return schema.Field("lxc_path", schema.String(), func(d *Declaration) **string { return &d.folder },
		"The folder of the containers. Left out, LXC's own, usually C(/var/lib/lxc).")
}

func containerRow() schema.Option[containerSet] {
	return schema.Field("container", schema.String(), func(s *containerSet) **string { return &s.Container },
		"The container's name.")
}

var setTable = sync.OnceValue(func() schema.Table[containerSet] {
	return schema.Table[containerSet]{
		containerRow().Require(),
		schema.Field("interfaces", schema.List(schema.Dict(InterfaceTable(), "")),
			func(s *containerSet) **[]Interface { return &s.Interfaces },
			"Exactly the interfaces of the container. Others that LXC or this collection made are removed."),
		schema.Field("container_networks", networksForm(), func(s *containerSet) **map[string]any { return &s.Networks },
			"The interfaces as OpenStack-Ansible's inventory has them in C(container_networks). An interface on lxcbr0 stays "+
				"although its "+
				"inventory does not list it, and one on an Open vSwitch bridge is left to its owner. A route without a metric "+
				"gets the one that "+
				"OpenStack-Ansible's roles give it, 21 for the first of an interface."),
	}
})

// InterfaceModule is the options of container_interface.
func InterfaceModule() schema.Table[Declaration] {
	table := schema.Table[Declaration]{
		schema.Lift(schema.Table[containerSet]{containerRow().Require()},
			func(d *Declaration) *containerSet { return &d.set })[0], folderRow(),
	}
	return append(table, schema.Lift(InterfaceTable(), func(d *Declaration) *Interface { return &d.single })...)
}

// NetworkModule is the options of container_network.
func NetworkModule() schema.Table[Declaration] {
	single := append(schema.Table[containerSet]{}, setTable()...)
	single[0] = single[0].Optional()
	table := append(schema.Table[Declaration]{folderRow()},
		schema.Lift(single, func(d *Declaration) *containerSet { return &d.set })...)
	return append(table, schema.Field("containers", schema.List(schema.Dict(setTable(), "")),
		func(d *Declaration) **[]containerSet { return &d.sets },
		"Many containers in one task, in place of O(container)."),
		schema.Field("manager", schema.Choice(TakeOver), func(d *Declaration) **string { return &d.manager },
			"V(takeover) moves containers over that OpenStack-Ansible's roles have deployed: interfaces from the "+
				"C(.ini) files that the "+
				"configuration includes into the configuration, their addresses and routes with them, and a file inside has "+
				"systemd-networkd "+
				"leave them alone, which is restarted for that. No packet is lost on them. An interface with DHCP keeps its client inside. "+
				"Left out, what "+
				"these have set up as declared stays theirs."))
}

// InfoModule is the options of container_info.
func InfoModule() schema.Table[Declaration] {
	return schema.Table[Declaration]{
		folderRow(),
		schema.Field("containers", schema.List(schema.String()), func(d *Declaration) **[]string { return &d.containers },
			"The containers to tell about. Left out, all."),
		schema.Field("facts", schema.Bool(), func(d *Declaration) **bool { return &d.facts },
			"Whether to set the fact C(ansible_facts.hostnet_containers) to what is returned as C(containers).").Assume(false),
	}
}

// Facts tells whether container_info sets a fact.
func (d *Declaration) Facts() bool { return d.facts != nil && *d.facts }

// Folder is the containers' folder.
func (d *Declaration) Folder(otherwise string) string {
	if d.folder == nil {
		return otherwise
	}
	return *d.folder
}

// Names are the containers of container_info, nil for all.
func (d *Declaration) Names() []string { return deref(d.containers) }

// ParseInfo reads the arguments of container_info.
func ParseInfo(arguments map[string]any) (*Declaration, error) {
	var declaration Declaration
	var problems schema.Problems
	InfoModule().Parse(&declaration, arguments, schema.At("", &problems))
	return &declaration, problems.Err()
}

// ParseInterface reads the arguments of container_interface.
func ParseInterface(arguments map[string]any) (*Declaration, []*Wanted, error) {
	var declaration Declaration
	var problems schema.Problems
	InterfaceModule().Parse(&declaration, arguments, schema.At("", &problems))
	if err := problems.Err(); err != nil {
		return nil, nil, err
	}
	return &declaration, []*Wanted{{Container: *declaration.set.Container, Interfaces: []*Interface{&declaration.single}}},
		nil
}

// ParseNetwork reads the arguments of container_network.
func ParseNetwork(arguments map[string]any) (*Declaration, []*Wanted, error) {
	var declaration Declaration
	var problems schema.Problems
	at := schema.At("", &problems)
	NetworkModule().Parse(&declaration, arguments, at)
	var wanted []*Wanted
	switch {
	case declaration.sets != nil &&
		(declaration.set.Container != nil || declaration.set.Interfaces != nil || declaration.set.Networks != nil):
		at.Key("containers").Problem("cannot be used together with container, interfaces and container_networks")
	case declaration.sets != nil:
		for i := range *declaration.sets {
			wanted = append(wanted, (*declaration.sets)[i].wanted(at.Key("containers").Index(i),
				fmt.Sprintf("containers[%d]", i)))
		}
	case declaration.set.Container == nil:
		at.Problem("one of container and containers is required")
	default:
		wanted = append(wanted, declaration.set.wanted(at, ""))
	}
	for _, one := range wanted {
		one.TakeOver = declaration.manager != nil
	}
	return &declaration, wanted, problems.Err()
}

func (s *containerSet) wanted(at schema.Place, path string) *Wanted {
	w := &Wanted{Container: deref(s.Container), Exact: true, Path: path}
	switch {
	case s.Interfaces != nil && s.Networks != nil:
		at.Key("container_networks").Problem("cannot be used together with interfaces")
	case s.Interfaces != nil:
		for i := range *s.Interfaces {
			one := &(*s.Interfaces)[i]
			one.Path = at.Key("interfaces").Index(i).Path()
			w.Interfaces = append(w.Interfaces, one)
		}
	case s.Networks != nil:
		w.Interfaces, w.Left = parseNetworks(*s.Networks, at.Key("container_networks"))
		w.KeepBridge = "lxcbr0"
	default:
		at.Problem("one of interfaces and container_networks is required")
	}
	return w
}
