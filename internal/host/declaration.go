package host

import (
	"fmt"
	"slices"

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
}

// SingleTable is the options of a module about one interface of a kind.
func SingleTable(kind string) schema.Table[Declaration] {
	return slices.Concat(schema.Lift(options(kind), func(d *Declaration) *Interface { return &d.single }), liftedSettings())
}

// NetworkTable is the options of the module about many objects.
func NetworkTable() schema.Table[Declaration] {
	var table schema.Table[Declaration]
	for i, group := range groups {
		table = append(table, schema.Field(group.key, schema.List(schema.Dict(options(group.kind), "")),
			func(d *Declaration) **[]Interface { return &d.groups[i] }, group.text))
	}
	table = append(table, schema.Field("routes", schema.List(schema.Dict(route.Options(), "")),
		func(d *Declaration) **[]route.Route { return &d.routes }, "Routes, one by one; those that are not listed stay."))
	table = append(table, schema.Field("rules", schema.List(schema.Dict(rule.Options(), "")),
		func(d *Declaration) **[]rule.Rule { return &d.rules }, "Routing policy rules, one by one; those that are not listed stay."))
	return append(append(table, liftedSettings()...),
		schema.Field("purge", schema.Bool(), func(d *Declaration) **bool { return &d.Settings.Purge },
			"Whether to remove what earlier tasks have declared, and kept on this host, and this one does not declare. Never touches what others made."))
}

// ParseSingle reads the arguments of a module about one interface of a kind.
func ParseSingle(kind string, arguments map[string]any) (*Declaration, *State, error) {
	var declaration Declaration
	var problems schema.Problems
	SingleTable(kind).Parse(&declaration, arguments, schema.At("", &problems))
	state := &State{Interfaces: []*Interface{&declaration.single}}
	declaration.single.Link.Kind = kind
	return &declaration, state, finish(state, problems)
}

// ParseNetwork reads the arguments of the module about many objects.
func ParseNetwork(arguments map[string]any) (*Declaration, *State, error) {
	var declaration Declaration
	var problems schema.Problems
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
			route.CheckOptions(one, schema.At("routes", &problems).Index(i))
			state.Routes = append(state.Routes, one)
		}
	}
	if declaration.rules != nil {
		for i := range *declaration.rules {
			one := &(*declaration.rules)[i]
			one.Path = fmt.Sprintf("rules[%d]", i)
			rule.CheckOptions(one, schema.At(one.Path, &problems))
			state.Rules = append(state.Rules, one)
		}
	}
	return &declaration, state, finish(state, problems)
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
	return &declaration, state, finish(state, problems)
}

// RouteTable is the options of the module about one route.
func RouteTable() schema.Table[Declaration] {
	return append(schema.Lift(route.Options(), func(d *Declaration) *route.Route { return &d.route }), liftedSettings()...)
}

// ParseRoute reads the arguments of the module about one route.
func ParseRoute(arguments map[string]any) (*Declaration, *State, error) {
	var declaration Declaration
	var problems schema.Problems
	at := schema.At("", &problems)
	RouteTable().Parse(&declaration, arguments, at)
	route.CheckOptions(&declaration.route, at)
	state := &State{Routes: []*route.Route{&declaration.route}}
	return &declaration, state, finish(state, problems)
}

// finish fills in defaults and, where each option is right by itself, checks that they fit together.
func finish(state *State, problems schema.Problems) error {
	for _, one := range state.Interfaces {
		one.Link.SetDefaults()
	}
	if len(problems) == 0 {
		state.check(&problems)
	}
	return problems.Err()
}

// InfoTable is the options of the module that only reads.
func InfoTable() schema.Table[Declaration] {
	return schema.Lift(namespaceTable, func(d *Declaration) *Settings { return &d.Settings })
}

// ParseInfo reads the arguments of the module that only reads.
func ParseInfo(arguments map[string]any) (*Declaration, error) {
	var declaration Declaration
	var problems schema.Problems
	InfoTable().Parse(&declaration, arguments, schema.At("", &problems))
	return &declaration, problems.Err()
}
