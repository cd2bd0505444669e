package container

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/schema"
)

// difference is the managed values of the interfaces that change, before and after.
func (p *planner) difference() (before, after schema.Object) {
	var olds, news []schema.Object
	for _, t := range p.targets {
		was, will := t.difference()
		if was == nil && will == nil {
			continue
		}
		olds, news = append(olds, was), append(news, will)
	}
	if olds == nil {
		return nil, nil
	}
	return schema.Object{{Key: "interfaces", Value: olds}}, schema.Object{{Key: "interfaces", Value: news}}
}

// difference shows what is managed of one interface, live and configured apart where these differ.
func (t *target) difference() (before, after schema.Object) {
	name := schema.Object{{Key: "container", Value: t.container.Name}, {Key: "name", Value: t.want.Name}}
	absent := slices.Concat(name, schema.Object{schema.Entry{Key: "state", Value: "absent"}})
	present := slices.Concat(name, schema.Object{schema.Entry{Key: "state", Value: "present"}})
	there := t.have != nil || t.live != nil && t.live.Type != nil
	if t.want.Absent() {
		if !there {
			return nil, nil
		}
		return present, absent
	}
	if !there {
		return absent, append(name[:2:2], optionRows().Export(t.want)...)
	}
	before, after = name[:2:2], name[:2:2]
	add := func(section string, have *Interface, changes []schema.Change) {
		if len(changes) == 0 {
			return
		}
		old, fresh := schema.Object{}, schema.Object{}
		for _, change := range changes {
			old.Set(change.Option, change.Old)
			fresh.Set(change.Option, change.New)
		}
		before, after = append(before, schema.Entry{Key: section, Value: old}),
			append(after, schema.Entry{Key: section, Value: fresh})
	}
	if t.container.running() {
		live := &newInterface
		if t.live != nil {
			live = &t.live.Interface
		}
		add("running", live, liveChanges(t.want, live))
	}
	have := &Interface{}
	if t.have != nil {
		have = &t.have.Interface
	}
	add("configured", have, optionRows().Diff(t.want, have))
	if len(before) == len(name) {
		return nil, nil
	}
	return before, after
}

// export is what a container is like, inside and out.
func (c *Container) export(h *host) schema.Object {
	out := schema.Object{{Key: "container", Value: c.Name}, {Key: "state", Value: c.State.Name}}
	if c.running() {
		out.Set("init_pid", c.State.InitPID)
	}
	out.Set("config_file", c.ConfigFile)
	if troubles := reportOf(c.ConfigFile).export(); len(troubles) > 0 {
		out.Set("hooks", troubles)
	}
	list := []any{}
	seen := map[string]bool{}
	for _, one := range c.configured {
		if one.Name == "" {
			continue
		}
		seen[one.Name] = true
		entry := schema.Object{{Key: "name", Value: one.Name}, {Key: "net", Value: one.Index},
			{Key: "configured", Value: exportOptions(&one.Interface)}}
		if live := c.findLive(one.Name); live != nil {
			entry.Set("running", live.export(h))
		}
		list = append(list, entry)
	}
	for _, live := range c.live {
		if !seen[live.Name] && !live.loopback {
			list = append(list, schema.Object{{Key: "name", Value: live.Name}, {Key: "running", Value: live.export(h)}})
		}
	}
	out.Set("interfaces", list)
	return out
}

// exportOptions leaves out what says nothing.
func exportOptions(i *Interface) schema.Object {
	out := schema.Object{}
	for _, row := range optionRows() {
		if value := row.Export(i); !empty(value) && !row.Equal(i, &unsetInterface) {
			out.Set(row.Name, value)
		}
	}
	return out
}

// insideRows are what is shown of an interface inside.
var insideRows = sync.OnceValue(func() schema.Table[Interface] {
	return schema.Table[Interface]{macRow(), mtuRow(), addressesRow(), gatewayRow(), gateway6Row(), routesRow()}
})

func (l *LiveInterface) export(h *host) schema.Object {
	inside := schema.Object{{Key: "kind", Value: cmpOr(l.Kind, "hardware")}, {Key: "up", Value: l.Up},
		{Key: "carrier", Value: l.Carrier}}
	for _, row := range insideRows() {
		if value := row.Export(&l.Interface); !empty(value) {
			inside.Set(row.Name, value)
		}
	}
	inside.Set("mtu", l.insideMTU)
	if len(l.DynamicAddresses) > 0 {
		inside.Set("dynamic_addresses", addressesRow().Export(&Interface{Addresses: &l.DynamicAddresses}))
	}
	if l.lease != nil {
		inside.Set("dhcp", exportLease(l.lease))
	}
	out := schema.Object{{Key: "inside", Value: inside}}
	switch l.kind() {
	case Veth:
		outside := schema.Object{
			{Key: "name", Value: *l.HostName}, {Key: "mac_address", Value: l.HostMAC}, {Key: "up", Value: l.HostUp},
			{Key: "carrier", Value: l.HostCarry}, {Key: "bridge", Value: *l.Bridge},
		}
		if len(*l.Trunk) > 0 || *l.VLAN > 1 {
			outside.Set("vlan", *l.VLAN)
			outside.Set("trunk", trunkRow().Export(&l.Interface))
		}
		for _, row := range []schema.Option[Interface]{downRateRow(), upRateRow()} {
			if !row.Equal(&l.Interface, &newInterface) {
				outside.Set(row.Name, row.Export(&l.Interface))
			}
		}
		if link := h.byIndex[l.HostIndex]; link != nil {
			outside.Set("mtu", link.MTU)
		}
		out.Set("outside", outside)
	case Phys, Macvlan, IPVLAN, VLAN:
		out.Set("outside", schema.Object{{Key: "parent", Value: *l.Parent}})
	}
	return out
}

// exportLease is what the client says of itself.
func exportLease(state *dhcp.State) schema.Object {
	out := schema.Object{}
	if state.Server.IsValid() {
		out = schema.Object{
			{Key: "address", Value: state.Address.String()}, {Key: "server", Value: state.Server.String()},
			{Key: "until", Value: state.Until.UTC().Format(time.RFC3339)},
		}
	}
	if state.Address6.IsValid() {
		out.Set("address6", state.Address6.String())
		out.Set("until6", state.Until6.UTC().Format(time.RFC3339))
	}
	setList(&out, "dns_servers", slices.Concat(state.DNS4, state.DNS6))
	setList(&out, "ntp_servers", state.NTP)
	if state.GivenName != "" {
		out.Set("host_name", state.GivenName)
	}
	if problem := cmp.Or(state.Trouble, state.Resolver); problem != "" {
		out.Set("problem", problem)
	}
	return out
}

func setList(out *schema.Object, key string, addresses []netip.Addr) {
	if len(addresses) == 0 {
		return
	}
	texts := make([]any, len(addresses))
	for i, one := range addresses {
		texts[i] = one.String()
	}
	out.Set(key, texts)
}

// Info reads containers and changes nothing. No names are all containers of the folder.
func (m *Machine) Info(folder string, names []string) ([]schema.Object, error) {
	if err := checkRights(); err != nil {
		return nil, err
	}
	h, err := m.openHost()
	if err != nil {
		return nil, err
	}
	defer h.kernel.Close()
	if names == nil {
		if names, err = m.Runtime.Containers(folder); err != nil {
			return nil, err
		}
	}
	reader := newCache()
	out := []schema.Object{}
	for _, name := range names {
		c, err := m.load(h, folder, name, reader)
		if err != nil {
			return nil, err
		}
		out = append(out, c.export(h))
		closeAll([]*Container{c})
	}
	return out, nil
}
