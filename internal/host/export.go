package host

import (
	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
)

// Export is the whole state as the network module takes it.
func (o *Observed) Export() schema.Object {
	out, static := schema.Object{}, o.Addresses.Declared()
	for _, one := range o.Links.Links {
		out = appendTo(out, exportKey(one), exportLink(one, static))
	}
	return inGroupOrder(out)
}

// Of is the observed state of the objects that a task declares.
func (o *Observed) Of(wanted *State) schema.Object {
	out, static := schema.Object{}, o.Addresses.Declared()
	for _, one := range wanted.Interfaces {
		if seen := o.Links.Find(one.Link.Name); seen != nil {
			out = appendTo(out, groupKey(one.Link.Kind), exportLink(seen, static))
		}
	}
	return inGroupOrder(out)
}

// exportLink is one link with what belongs to it.
func exportLink(one *link.Link, static map[string][]addr.Address) schema.Object {
	out := link.Export(one)
	out.Set("addresses", addr.List().Format(static[one.Name]))
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
