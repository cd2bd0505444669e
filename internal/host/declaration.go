package host

import (
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
)

// Declaration is what the arguments of a task say: objects, and what to do with them.
type Declaration struct {
	Settings Settings
	// single is the one object of a module about one, groups those of the network module.
	single Interface
	groups [len(groups)]*[]Interface
	routes *[]route.Route
	route  route.Route
	rules  *[]rule.Rule
	rule   rule.Rule
	// full is of the module that only reads.
	full    *bool
	routing *bool
	// lldp and lldpWait are about what switches tell.
	lldp     *bool
	lldpWait *uint16
}

// SingleTable is the options of a module about one interface of a kind.
func SingleTable(kind string) schema.Table[Declaration] {
	return slices.Concat(schema.Lift(options(kind), func(d *Declaration) *Interface { return &d.single }),
		liftedSettings())
}

// NetworkTable is the options of the module about many objects.
func NetworkTable() schema.Table[Declaration] {
	var table schema.Table[Declaration]
	for i, group := range groups {
		table = append(table, schema.Field(group.key, readable(schema.List(schema.Dict(options(group.kind), ""))),
			func(d *Declaration) **[]Interface { return &d.groups[i] }, group.text))
	}
	table = append(table, schema.Field("routes", readable(schema.List(schema.Dict(route.Options(), ""))),
		func(d *Declaration) **[]route.Route { return &d.routes }, "Routes, one by one; those that are not listed stay."))
	table = append(table, schema.Field("rules", readable(schema.List(schema.Dict(rule.Options(), ""))),
		func(d *Declaration) **[]rule.Rule { return &d.rules },
		"Routing policy rules, one by one; those that are not listed stay."))
	return append(append(table, liftedSettings()...),
		schema.Field("purge", schema.Bool(), func(d *Declaration) **bool { return &d.Settings.Purge },
			"Whether to remove what earlier tasks have declared, and kept on this host, and this one does not declare. Never "+
				"touches what others made."))
}

// readable keeps what can be read of a list with problems, so that the rest is checked as well.
func readable[V any](list schema.Form[[]V]) schema.Form[[]V] {
	parse := list.Parse
	list.Parse = func(raw any, at schema.Place) ([]V, bool) {
		values, _ := parse(raw, at)
		return values, true
	}
	return list
}

// ParseSingle reads the arguments of a module about one interface of a kind.
func ParseSingle(kind string, arguments map[string]any) (*Declaration, *State, error) {
	var declaration Declaration
	var problems schema.Problems
	SingleTable(kind).Parse(&declaration, arguments, schema.At("", &problems))
	state := &State{Interfaces: []*Interface{&declaration.single}}
	declaration.single.Link.Kind = kind
	return &declaration, state, finish(state, problems, nil)
}

// ParseNetwork reads the arguments of the module about many objects.
func ParseNetwork(arguments map[string]any) (*Declaration, *State, error) {
	var declaration Declaration
	var problems, misfits schema.Problems
	NetworkTable().Parse(&declaration, arguments, schema.At("", &problems))
	state := &State{}
	for i, group := range groups {
		if declaration.groups[i] == nil {
			continue
		}
		for j := range *declaration.groups[i] {
			one := &(*declaration.groups[i])[j]
			one.Link.Kind, one.Link.Path = group.kind, fmt.Sprintf("%s[%d]", group.key, j)
			state.Interfaces = append(state.Interfaces, one)
		}
	}
	if declaration.routes != nil {
		for i := range *declaration.routes {
			one := &(*declaration.routes)[i]
			route.CheckOptions(one, schema.At("routes", &misfits).Index(i))
			state.Routes = append(state.Routes, one)
		}
	}
	if declaration.rules != nil {
		for i := range *declaration.rules {
			one := &(*declaration.rules)[i]
			one.Path = fmt.Sprintf("rules[%d]", i)
			// Of what could not be read, the family may be left in doubt.
			if !followsFrom(schema.Problem{Path: one.Path}, problems) {
				rule.CheckOptions(one, schema.At(one.Path, &misfits))
			}
			state.Rules = append(state.Rules, one)
		}
	}
	return &declaration, state, finish(state, problems, misfits)
}

// RuleTable is the options of the module about one rule.
func RuleTable() schema.Table[Declaration] {
	return append(schema.Lift(rule.Options(), func(d *Declaration) *rule.Rule { return &d.rule }), liftedSettings()...)
}

// ParseRule reads the arguments of the module about one rule.
func ParseRule(arguments map[string]any) (*Declaration, *State, error) {
	var declaration Declaration
	var problems schema.Problems
	at := schema.At("", &problems)
	RuleTable().Parse(&declaration, arguments, at)
	rule.CheckOptions(&declaration.rule, at)
	state := &State{Rules: []*rule.Rule{&declaration.rule}}
	return &declaration, state, finish(state, problems, nil)
}

// RouteTable is the options of the module about one route.
func RouteTable() schema.Table[Declaration] {
	return append(schema.Lift(route.Options(), func(d *Declaration) *route.Route { return &d.route }), liftedSettings()...)
}

// ParseRoute reads the arguments of the module about one route.
func ParseRoute(arguments map[string]any) (*Declaration, *State, error) {
	var declaration Declaration
	var problems, misfits schema.Problems
	RouteTable().Parse(&declaration, arguments, schema.At("", &problems))
	route.CheckOptions(&declaration.route, schema.At("", &misfits))
	state := &State{Routes: []*route.Route{&declaration.route}}
	return &declaration, state, finish(state, problems, misfits)
}

// finish fills in defaults and checks that the options fit together, as far as each is right by itself; misfits are
// those found already.
func finish(state *State, problems, misfits schema.Problems) error {
	for _, one := range state.Interfaces {
		one.Link.SetDefaults()
	}
	state.check(&misfits)
	for _, misfit := range misfits {
		if !followsFrom(misfit, problems) {
			problems = append(problems, misfit)
		}
	}
	return problems.Err()
}

// followsFrom tells a problem of something that could not be read: a wrong value counts as left out. The family is told
// by any of the addresses.
func followsFrom(misfit schema.Problem, problems schema.Problems) bool {
	object, isFamily := strings.CutSuffix(misfit.Path, "family")
	return slices.ContainsFunc(problems, func(problem schema.Problem) bool {
		return isWithin(problem.Path, misfit.Path) || isFamily && strings.HasPrefix(problem.Path, object)
	})
}

// NamespaceTable is the option of where to work.
func NamespaceTable() schema.Table[Declaration] {
	return schema.Lift(namespaceTable(), func(d *Declaration) *Settings { return &d.Settings })
}

// InfoTable is the options of the module that only reads.
func InfoTable() schema.Table[Declaration] {
	return append(NamespaceTable(),
		schema.Field("full", schema.Bool(), func(d *Declaration) **bool { return &d.full },
			"Whether to return every option of every link, with the kernel's defaults, and the links that the kernel makes by "+
				"itself.").Assume(false),
		schema.Field("routing", schema.Bool(), func(d *Declaration) **bool { return &d.routing },
			"Whether C(topology) has each namespace's routes, rules, forwarding entries and firewall, as "+
				"M(hostnet.linux.network_path) needs them.").
			Assume(false),
		schema.Field("lldp", schema.Bool(), func(d *Declaration) **bool { return &d.lldp },
			"Whether to listen for what switches tell of themselves and of their ports (LLDP), and to return it as "+
				"C(neighbours). Nothing is sent. "+
				"M(hostnet.linux.network_path) then knows which VLANs a port carries. It takes root.").Assume(false),
		schema.Field("lldp_wait", schema.Int[uint16](1, 120), func(d *Declaration) **uint16 { return &d.lldpWait },
			"For how many seconds, unless every link has been heard of before. Switches mostly speak every 30 seconds.").Assume(
			defaultLLDPWait),
		schema.Field("facts", schema.Bool(), func(d *Declaration) **bool { return &d.Settings.Facts },
			"Whether to set the fact C(ansible_facts.hostnet) to what is returned: C(network), "+
				"C(topology) and C(cards).").Assume(false))
}

// Routing tells whether it is to be returned what decides the way of packets.
func (d *Declaration) Routing() bool { return d.routing != nil && *d.routing }

// defaultLLDPWait is a little longer than the usual interval, in seconds.
const defaultLLDPWait = 32

// LLDP tells whether to listen for what switches tell, LLDPWait for how many seconds.
func (d *Declaration) LLDP() bool { return d.lldp != nil && *d.lldp }

// LLDPWait is in seconds.
func (d *Declaration) LLDPWait() int {
	if d.lldpWait == nil {
		return defaultLLDPWait
	}
	return int(*d.lldpWait)
}

// Full tells whether everything is to be returned.
func (d *Declaration) Full() bool { return d.full != nil && *d.full }

// ParseInfo reads the arguments of the module that only reads.
func ParseInfo(arguments map[string]any) (*Declaration, error) {
	var declaration Declaration
	var problems schema.Problems
	InfoTable().Parse(&declaration, arguments, schema.At("", &problems))
	return &declaration, problems.Err()
}
