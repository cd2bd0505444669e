package services

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"

	"hostnet.linux/internal/dnsmasq"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/nft"
	"hostnet.linux/internal/schema"
)

// group is the services' part of the network module's arguments.
type group struct {
	Bridges  *[]lxcbridge.Bridge
	NATs     *[]nft.NAT
	DNSMasqs *[]dnsmasq.Instance
}

// NetworkOptions are the keys that the services add to the network module.
func NetworkOptions() schema.Table[group] {
	return schema.Table[group]{
		schema.Field("lxc_bridges", schema.List(schema.Dict(lxcbridge.Options(), "name")),
			func(g *group) **[]lxcbridge.Bridge { return &g.Bridges },
			"Bridges that give containers the outside world, as lxcbr0."),
		schema.Field("nats", schema.List(schema.Dict(nft.Options(), "")), func(g *group) **[]nft.NAT { return &g.NATs },
			"Networks whose connections to the outside are translated."),
		schema.Field("dnsmasqs", schema.List(schema.Dict(dnsmasq.Options(), "")),
			func(g *group) **[]dnsmasq.Instance { return &g.DNSMasqs },
			"Interfaces that are served with DHCP and DNS."),
	}
}

// ParseNetwork reads the arguments of the network module: the host's part, and that of the services.
func ParseNetwork(arguments map[string]any) (*host.Declaration, *Declaration, error) {
	rest, own, table := maps.Clone(arguments), map[string]any{}, NetworkOptions()
	for _, option := range table {
		if value, given := rest[option.Name]; given {
			own[option.Name] = value
			delete(rest, option.Name)
		}
	}
	settings, state, err := host.ParseNetwork(rest)
	var problems schema.Problems
	if err != nil && !errors.As(err, &problems) {
		return nil, nil, err
	}
	var parsed group
	before := len(problems)
	table.Parse(&parsed, own, schema.At("", &problems))
	declaration := &Declaration{Host: state}
	if len(problems) == before {
		declaration.take(parsed, &problems)
	}
	if settings != nil && settings.Namespace() != "" && len(declaration.Bridges) > 0 {
		problems.Add("netns",
			"an lxc_bridge is in the host's own network namespace only: declare bridge, nat and dnsmasq instead")
	}
	return settings, declaration, problems.Err()
}

// take completes and checks the objects of the network module.
func (d *Declaration) take(parsed group, problems *schema.Problems) {
	for i := range listOf(parsed.Bridges) {
		bridge := &(*parsed.Bridges)[i]
		bridge.Path = fmt.Sprintf("lxc_bridges[%d]", i)
		d.Bridges = append(d.Bridges, bridge)
	}
	for i := range listOf(parsed.NATs) {
		nat := &(*parsed.NATs)[i]
		nat.Path = fmt.Sprintf("nats[%d]", i)
		d.NATs = append(d.NATs, nat)
	}
	for i := range listOf(parsed.DNSMasqs) {
		instance := &(*parsed.DNSMasqs)[i]
		instance.Path = fmt.Sprintf("dnsmasqs[%d]", i)
		d.DNSMasqs = append(d.DNSMasqs, instance)
	}
	d.finish(problems)
}

func listOf[V any](values *[]V) []V {
	if values == nil {
		return nil
	}
	return *values
}

// finish fills in defaults and checks that everything fits together.
func (d *Declaration) finish(problems *schema.Problems) {
	links := map[string]bool{}
	if d.Host != nil {
		for _, one := range d.Host.Interfaces {
			links[one.Link.Name] = true
		}
	}
	tables, served := map[string]string{}, map[string]string{}
	unique := func(seen map[string]string, key, path, what string) {
		if other, taken := seen[key]; taken && path != "" {
			schema.At(path, problems).Problem("%s is declared twice: it is also %s", what, other)
		}
		seen[key] = path
	}
	for _, bridge := range d.Bridges {
		bridge.Complete()
		at := schema.At(bridge.Path, problems)
		if links[bridge.Name] {
			at.Key("name").Problem("%s is declared among the interfaces as well: an lxc_bridge makes its bridge itself",
				bridge.Name)
		}
		bridge.Check(at)
		d.checkInterfaces(bridge, at)
		tables[nft.TableName(bridge.Name)], served[bridge.Name] = bridge.Path, bridge.Path
	}
	for _, nat := range d.NATs {
		nat.Check(schema.At(nat.Path, problems))
		unique(tables, nft.TableName(nat.Name), nat.Path, "the table of "+nat.Name)
	}
	for _, instance := range d.DNSMasqs {
		instance.Check(schema.At(instance.Path, problems))
		unique(served, instance.Interface, instance.Path, "DHCP and DNS on "+instance.Interface)
	}
	d.CheckTogether(problems)
}

// checkInterfaces notes addresses of the task's other links that are in the bridge's network.
func (d *Declaration) checkInterfaces(bridge *lxcbridge.Bridge, at schema.Place) {
	if d.Host == nil || bridge.Absent() {
		return
	}
	for _, one := range d.Host.Interfaces {
		if one.Addresses == nil || one.Link.Name == bridge.Name {
			continue
		}
		for _, address := range *one.Addresses {
			for option, own := range map[string]*netip.Prefix{"address": bridge.Address, "address6": bridge.Address6} {
				if own != nil && address.Prefix != nil && own.Overlaps(*address.Prefix) {
					at.Key(option).Problem("%s overlaps %s of %s", own, address.Prefix, one.Link.Name)
				}
			}
		}
	}
}

// with is the arguments of a module about one object: the object, and the settings of every task.
type with[T any] struct {
	Object   T
	Settings host.Declaration
}

func options[T any](table schema.Table[T], settings schema.Table[host.Declaration]) schema.Table[with[T]] {
	return append(schema.Lift(table, func(w *with[T]) *T { return &w.Object }),
		schema.Lift(settings, func(w *with[T]) *host.Declaration { return &w.Settings })...)
}

// safety are the settings of modules that work in the host's own namespace only.
func safety() schema.Table[host.Declaration] {
	return schema.Lift(host.TaskOptions(), func(d *host.Declaration) *host.Settings { return &d.Settings })
}

func natOptions() schema.Table[with[nft.NAT]] {
	return options(nft.Options(), append(safety(), host.NamespaceTable()...))
}

func dnsmasqOptions() schema.Table[with[dnsmasq.Instance]] {
	return options(dnsmasq.Options(), append(safety(), host.NamespaceTable()...))
}

// NATDocs documents the options of the module nat.
func NATDocs() []schema.Doc { return natOptions().Docs() }

// BridgeDocs documents the options of the module lxc_bridge.
func BridgeDocs() []schema.Doc { return options(lxcbridge.Options(), safety()).Docs() }

// DNSMasqDocs documents the options of the module dnsmasq.
func DNSMasqDocs() []schema.Doc { return dnsmasqOptions().Docs() }

// ParseNAT reads the arguments of the module nat.
func ParseNAT(arguments map[string]any) (*host.Declaration, *Declaration, error) {
	var parsed with[nft.NAT]
	declaration := &Declaration{Wanted: Wanted{NATs: []*nft.NAT{&parsed.Object}}}
	err := parse(natOptions(), &parsed, declaration, arguments)
	return &parsed.Settings, declaration, err
}

// ParseBridge reads the arguments of the module lxc_bridge.
func ParseBridge(arguments map[string]any) (*host.Declaration, *Declaration, error) {
	var parsed with[lxcbridge.Bridge]
	declaration := &Declaration{Bridges: []*lxcbridge.Bridge{&parsed.Object}}
	err := parse(options(lxcbridge.Options(), safety()), &parsed, declaration, arguments)
	return &parsed.Settings, declaration, err
}

// ParseDNSMasq reads the arguments of the module dnsmasq.
func ParseDNSMasq(arguments map[string]any) (*host.Declaration, *Declaration, error) {
	var parsed with[dnsmasq.Instance]
	declaration := &Declaration{Wanted: Wanted{DNSMasqs: []*dnsmasq.Instance{&parsed.Object}}}
	err := parse(dnsmasqOptions(), &parsed, declaration, arguments)
	return &parsed.Settings, declaration, err
}

func parse[T any](table schema.Table[T], object *T, declaration *Declaration, arguments map[string]any) error {
	var problems schema.Problems
	table.Parse(object, arguments, schema.At("", &problems))
	if len(problems) == 0 {
		declaration.finish(&problems)
	}
	return problems.Err()
}
