package host

import (
	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
)

// Export is the whole state as the network module takes it.
func (o *Observed) Export() schema.Object {
	out, belongings := schema.Object{}, o.belongings()
	for _, one := range o.Links.Links {
		out = appendTo(out, exportKey(one), belongings.export(one))
	}
	out = inGroupOrder(out)
	if routes := belongings.routes.Routes; len(routes) > 0 {
		out.Set("routes", schema.List(schema.Dict(route.Options(), "")).Format(routes))
	}
	if rules := o.Rules.Declared(); len(rules) > 0 {
		out.Set("rules", schema.List(schema.Dict(rule.Options(), "")).Format(rules))
	}
	return out
}

// Of is the observed state of the objects that a task declares.
func (o *Observed) Of(wanted *State) schema.Object {
	out, belongings := schema.Object{}, o.belongings()
	for _, one := range wanted.Interfaces {
		if seen := o.Links.Find(one.Link.Name); seen != nil {
			out = appendTo(out, groupKey(one.Link.Kind), belongings.export(seen))
		}
	}
	return inGroupOrder(out)
}

// observedBelongings is what belongs to links, as a playbook would declare it.
type observedBelongings struct {
	addresses map[string][]addr.Address
	routes    route.Declaration
}

func (o *Observed) belongings() observedBelongings {
	return observedBelongings{addresses: o.Addresses.Declared(), routes: o.Routes.Declared()}
}

// export is one link with what belongs to it.
func (b observedBelongings) export(one *link.Link) schema.Object {
	out := link.Export(one)
	out.Set("addresses", addr.List().Format(b.addresses[one.Name]))
	out.Set("routes", route.List().Format(b.routes.Links[one.Name]))
	return out
}

// exportKey is the group of a link. A kind that cannot be declared, or a pair whose other end cannot be named, is an
// interface that is simply there.
func exportKey(one *link.Link) string {
	if !link.KnownKind(one.Kind) {
		return groupKey(link.Hardware)
	}
	return groupKey(one.Kind)
}

func inGroupOrder(object schema.Object) schema.Object {
	out := schema.Object{}
	for _, group := range groups {
		if list := object.Get(group.key); list != nil {
			out.Set(group.key, list)
		}
	}
	return out
}
