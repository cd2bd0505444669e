package host

import (
	"strconv"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
)

// Export is the whole state as the network module takes it.
func (o *Observed) Export() schema.Object {
	belongings := o.belongings()
	return o.exportWith(belongings, belongings.export)
}

// ExportDeclared is the state as a person would declare it: without what the kernel does and makes by itself.
func (h *Host) ExportDeclared(o *Observed) schema.Object {
	around, belongings := h.surroundings(), o.belongings()
	return o.exportWith(belongings, func(one *link.Link) schema.Object {
		out := o.Links.ExportDeclared(one, around)
		if list := belongings.addresses[one.Name]; len(list) > 0 {
			out.Set("addresses", addr.List().Format(list))
		}
		if list := belongings.routes.Links[one.Name]; len(list) > 0 {
			out.Set("routes", route.List().Format(list))
		}
		if saysNothing(one, out) {
			return nil
		}
		return out
	})
}

// saysNothing tells a link that cannot be made by a declaration and of which there is nothing to declare. A card that
// is down may not be left out: whoever declares it puts it up.
func saysNothing(one *link.Link, out schema.Object) bool {
	if len(out) == 1 {
		return one.Kind == link.Hardware || !link.KnownKind(one.Kind) || one.Kind == link.Veth
	}
	isDown := len(out) == 2 && out.Get("up") == false
	return isDown && (one.Observed.Loopback || !link.KnownKind(one.Kind))
}

// surroundings are what links have from the host when nobody declares it. What cannot be read is exported.
func (h *Host) surroundings() *link.Surroundings {
	around := &link.Surroundings{}
	number := func(path string) *int32 {
		text, err := h.Kernel.Setting(path)
		value, parseErr := strconv.ParseInt(text, 10, 32)
		if err != nil || parseErr != nil {
			return nil
		}
		small := int32(value)
		return &small
	}
	isOn := func(path string) *bool {
		value := number(path)
		if value == nil {
			return nil
		}
		on := *value != 0
		return &on
	}
	around.Settings.AcceptRA, around.Settings.RPFilter = number("ipv6/conf/default/accept_ra"),
		number("ipv4/conf/default/rp_filter")
	around.Settings.ProxyARP, around.Settings.Forwarding = isOn("ipv4/conf/default/proxy_arp"),
		isOn("ipv4/conf/default/forwarding")
	if chosen, err := h.Kernel.ChosenAddresses(); err == nil {
		around.Chosen = chosen
	}
	return around
}

func (o *Observed) exportWith(belongings observedBelongings, export func(*link.Link) schema.Object) schema.Object {
	out := schema.Object{}
	for _, one := range o.Links.Links {
		if exported := export(one); exported != nil {
			out = appendTo(out, exportKey(one), exported)
		}
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
	out, belongings := schema.Object{}, o.belongingsOf(wanted)
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

// belongingsOf leaves out the addresses of links that are not declared, of which there may be thousands.
func (o *Observed) belongingsOf(wanted *State) observedBelongings {
	names := make(map[string]bool, len(wanted.Interfaces))
	for _, one := range wanted.Interfaces {
		names[one.Link.Name] = true
	}
	return observedBelongings{addresses: o.Addresses.Within(names).Declared(), routes: o.Routes.Declared()}
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
