package host

import (
	"strings"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/schema"
)

// difference is the managed values of the objects that change, before and after, as a playbook would write them.
func difference(current *Observed, wanted *State, p *Plan) (before, after schema.Object) {
	changing, have := touched(p.Steps), current.belongingsOf(wanted)
	for _, one := range wanted.Interfaces {
		if !changing[one.Link.Name] {
			continue
		}
		old, fresh := oneDifference(current, have, one, p.links.Final[one.Link.Name])
		key := groupKey(one.Link.Kind)
		if one.Link.Path == "" {
			return old, fresh
		}
		before, after = appendTo(before, key, old), appendTo(after, key, fresh)
	}
	if len(wanted.Routes)+len(wanted.Rules) > 0 {
		return routeDifference(before, after, p.Steps)
	}
	return before, after
}

// routeDifference adds the routes and rules that are declared by themselves: what a step removes was there before, what
// one adds is there after.
func routeDifference(before, after schema.Object, steps []plan.Step) (schema.Object, schema.Object) {
	for _, step := range steps {
		if step.Phase != plan.Route {
			continue
		}
		kind, _, _ := strings.Cut(step.Object, " ")
		if step.Action != "add" {
			before = appendTo(before, kind+"s", changedRoute(kind, step, func(c schema.Change) any { return c.Old }))
		}
		if step.Action != "remove" {
			after = appendTo(after, kind+"s", changedRoute(kind, step, func(c schema.Change) any { return c.New }))
		}
	}
	return before, after
}

func changedRoute(kind string, step plan.Step, value func(schema.Change) any) schema.Object {
	out := schema.Object{{Key: kind, Value: step.Object}}
	for _, change := range step.Changes {
		out.Set(change.Option, value(change))
	}
	return out
}

func appendTo(object schema.Object, key string, element schema.Object) schema.Object {
	list, _ := object.Get(key).([]any)
	object.Set(key, append(list, element))
	return object
}

func groupKey(kind string) string {
	for _, group := range groups {
		if group.kind == kind {
			return group.key
		}
	}
	return groups[0].key
}

// oneDifference shows only what want manages.
func oneDifference(current *Observed, belongings observedBelongings, want *Interface, final *link.Link) (before,
	after schema.Object) {
	name := want.Link.Name
	have := current.Links.Find(name)
	if want.Link.Absent() && want.Link.Kind != link.Hardware {
		return schema.Object{{Key: "name", Value: name}, {Key: "state", Value: "present"}},
			schema.Object{{Key: "name", Value: name}, {Key: "state", Value: "absent"}}
	}
	if have == nil || have.Kind != want.Link.Kind && want.Link.Kind != link.Hardware {
		before = schema.Object{{Key: "name", Value: name}, {Key: "state", Value: "absent"}}
	} else {
		before = managed(have, &want.Link)
		if want.Addresses != nil {
			before.Set("addresses", addr.List().Format(belongings.addresses[name]))
		}
		if want.Routes != nil {
			before.Set("routes", route.List().Format(belongings.routes.Links[name]))
		}
	}
	shown := want.Link
	if final != nil {
		shown = *final
		shown.Ports = want.Link.Ports
	}
	after = managed(&shown, &want.Link)
	if want.Addresses != nil {
		after.Set("addresses", addr.List().Format(*want.Addresses))
	}
	if want.Routes != nil {
		after.Set("routes", route.List().Format(*want.Routes))
	}
	return before, after
}

// managed exports the options of a link that are set in pattern.
func managed(l, pattern *link.Link) schema.Object {
	out := schema.Object{{Key: "name", Value: l.Name}}
	for _, option := range link.ObservableOptions(pattern.Kind) {
		if !option.IsSet(pattern) {
			continue
		}
		if value := option.Export(l); value != nil {
			out.Set(option.Name, value)
		}
	}
	if pattern.Ports != nil && l.Ports != nil {
		out.Set("ports", link.ManagedPorts(l, pattern))
	}
	return out
}
