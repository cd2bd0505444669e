package spec

import (
	"net/netip"
	"slices"

	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
)

// routeOf reads one declared route, of a link's list or by itself.
func routeOf(options schema.Object) *route.Route {
	var one route.Route
	var none schema.Problems
	at := schema.At("", &none)
	route.Options().Parse(&one, options.Map(), at)
	route.CheckOptions(&one, at)
	return &one
}

func ruleOf(options schema.Object) *rule.Rule {
	var one rule.Rule
	var none schema.Problems
	at := schema.At("", &none)
	rule.Options().Parse(&one, options.Map(), at)
	rule.CheckOptions(&one, at)
	return &one
}

func routes() Kind {
	one := kind("routes", "route", nil, route.Options)
	one.read = func(raw map[string]any, at schema.Place) schema.Object {
		var read route.Route
		route.Options().Parse(&read, raw, at)
		read.NameFamily()
		return route.Options().Export(&read)
	}
	one.identity = func(canonical schema.Object) string { return routeOf(canonical).Identity() }
	one.covers = func(absent, kept schema.Object) bool { return routeOf(absent).Covers(routeOf(kept), "") }
	return one
}

func rules() Kind {
	one := kind("rules", "rule", nil, rule.Options)
	one.identity = func(canonical schema.Object) string { return ruleOf(canonical).Identity() }
	one.covers = func(absent, kept schema.Object) bool { return ruleOf(absent).Covers(ruleOf(kept)) }
	return one
}

// removeFromLinks takes a route that is to be absent out of the lists of links: one route is declared in one place.
func (m *merging) removeFromLinks(change *Change) {
	absent := routeOf(change.Options)
	for _, key := range m.order {
		object := m.objects[key]
		if object == nil || len(object.listOf("routes")) == 0 {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(object.listOf("routes")), func(element any) bool {
			options, _ := element.(schema.Object)
			return absent.Covers(routeOf(options), object.Name())
		})
		if len(left) < len(object.listOf("routes")) {
			m.objects[key] = object.with("routes", left)
		}
	}
}

// unite makes one list of the routes of links and those that are declared by themselves: the same route in both is
// declared once.
func (m *merging) unite() {
	lists := map[string]listed{}
	for _, key := range m.order {
		object := m.objects[key]
		if object == nil || object.Options.Get("routes") == nil {
			continue
		}
		for _, element := range object.listOf("routes") {
			options, _ := element.(schema.Object)
			lists[routeOf(options).Identity()] = listed{object, options}
		}
	}
	for _, key := range m.order {
		object := m.objects[key]
		if object == nil || object.Kind.Key != "routes" {
			continue
		}
		if there, twice := lists[object.Identity()]; twice && there.says(object) {
			// The link's list says it.
			delete(m.objects, key)
			delete(m.scope, key)
		}
	}
}

// Widen takes more of the set into the scope. A link's exact list of routes does not take away what is declared beside
// it, so that comes along.
func (r *Result) Widen(objects ...*Object) {
	r.Scope = append(r.Scope, objects...)
	exact := map[string]bool{}
	for _, object := range r.Scope {
		if object.Options.Get("routes") != nil {
			exact[object.Name()] = true
		}
	}
	if len(exact) == 0 {
		return
	}
	for _, object := range r.Set.Objects {
		dev, named := object.Options.Get("dev").(string)
		if object.Kind.Key == "routes" && (exact[dev] || !named) && !slices.Contains(r.Scope, object) {
			r.Scope = append(r.Scope, object)
		}
	}
}

// listed is a route in the list of a link.
type listed struct {
	owner   *Object
	options schema.Object
}

// says tells whether the list declares the same route as the object.
func (l listed) says(object *Object) bool {
	return routeOf(l.options).Same(routeOf(object.Options), l.owner.Name())
}

// addressOf is an element of a list of addresses.
func addressOf(element any) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(elementName(element, "address"))
	return prefix, err == nil
}

// move follows addresses of the edit to other links: a declared card whose address goes to the bond or bridge that it
// is a port of keeps neither that nor the routes through it.
func (m *merging) move(before *Set) {
	below := m.below()
	for _, key := range m.order {
		to := m.objects[key]
		if to == nil || to.Declared == nil || to.Declared.Options.Get("addresses") == nil {
			continue
		}
		for _, lower := range below[to.Name()] {
			from := m.objects["link "+lower]
			if from != nil && (from.Declared == nil || from.Declared.Options.Get("addresses") == nil) {
				m.moveAddresses(from, to)
			}
		}
	}
	m.orphans(before)
}

// below are the declared links that a link stands on.
func (m *merging) below() map[string][]string {
	direct := map[string][]string{}
	for _, object := range m.objects {
		name := object.Name()
		if !object.Kind.Link || name == "" {
			continue
		}
		for _, port := range object.listOf("ports") {
			direct[name] = append(direct[name], elementName(port, "name"))
		}
		if parent, has := object.Options.Get("parent").(string); has && parent != "" {
			direct[name] = append(direct[name], parent)
		}
	}
	all := map[string][]string{}
	for name := range direct {
		pending := slices.Clone(direct[name])
		for len(pending) > 0 {
			one := pending[0]
			pending = pending[1:]
			if !slices.Contains(all[name], one) && one != name {
				all[name] = append(all[name], one)
				pending = append(pending, direct[one]...)
			}
		}
		slices.Sort(all[name])
	}
	return all
}

// moveAddresses takes from a link what another one that stands on it declares now, with the routes that go along.
func (m *merging) moveAddresses(from, to *Object) {
	var networks []netip.Prefix
	kept := slices.DeleteFunc(slices.Clone(from.listOf("addresses")), func(element any) bool {
		prefix, ok := addressOf(element)
		moves := ok && slices.ContainsFunc(to.listOf("addresses"), func(other any) bool {
			there, ok := addressOf(other)
			return ok && there.Addr() == prefix.Addr()
		})
		if moves {
			networks = append(networks, prefix.Masked())
		}
		return moves
	})
	if len(networks) == 0 {
		return
	}
	left := from.with("addresses", kept)
	var moving []schema.Object
	routes := slices.DeleteFunc(slices.Clone(left.listOf("routes")), func(element any) bool {
		options, _ := element.(schema.Object)
		moves := goesAlong(options, networks)
		if moves {
			moving = append(moving, options)
		}
		return moves
	})
	if len(moving) > 0 {
		left = left.with("routes", routes)
	}
	m.replace(left.Key(), left)
	m.rehome(from.Name(), to, networks, moving)
}

// rehome declares routes on the link that their network has moved to.
func (m *merging) rehome(from string, to *Object, networks []netip.Prefix, moving []schema.Object) {
	fresh := m.objects[to.Key()]
	for _, options := range moving {
		identity := routeOf(options).Identity()
		declared := slices.ContainsFunc(fresh.listOf("routes"), func(element any) bool {
			other, _ := element.(schema.Object)
			return routeOf(other).Identity() == identity
		})
		switch {
		case declared:
		case fresh.Options.Get("routes") != nil && to.Declared.Options.Get("routes") == nil:
			fresh = fresh.with("routes", append(slices.Clone(fresh.listOf("routes")), options))
			m.replace(fresh.Key(), fresh)
		case fresh.Options.Get("routes") == nil:
			single := slices.Clone(options)
			if single.Get("nexthops") == nil {
				single.Set("dev", to.Name())
			}
			m.declare(&Object{Kind: KindOf("routes"), Options: single})
		}
	}
	for _, key := range slices.Clone(m.order) {
		object := m.objects[key]
		if object == nil || object.Kind.Key != "routes" || object.Declared != nil || object.Options.Get("dev") != from {
			continue
		}
		if goesAlong(object.Options, networks) {
			delete(m.objects, key)
			m.declare(object.with("dev", to.Name()))
		}
	}
}

// declare adds an object that follows from the edit, unless one of its identity is there.
func (m *merging) declare(object *Object) {
	key := object.Key()
	if m.objects[key] != nil {
		return
	}
	if !slices.Contains(m.order, key) {
		m.order = append(m.order, key)
	}
	m.replace(key, object)
}

// goesAlong tells whether the way out of a route is in one of the networks.
func goesAlong(options schema.Object, networks []netip.Prefix) bool {
	one := routeOf(options)
	inside := func(via *netip.Addr) bool {
		return via != nil && slices.ContainsFunc(networks, func(network netip.Prefix) bool {
			return network.Contains(*via) || via.Is6() && via.IsLinkLocalUnicast() && network.Addr().Is6()
		})
	}
	if one.NextHops != nil {
		return len(*one.NextHops) > 0 && inside((*one.NextHops)[0].Via)
	}
	return inside(one.Via)
}

// orphans takes out what goes with a link that the edit removes: kept routes through it, and its place among the ports
// of others. The kernel does the same.
func (m *merging) orphans(before *Set) {
	for _, object := range before.Objects {
		if !object.Kind.Link || m.objects[object.Key()] != nil || object.Kind.Module == "interface" {
			continue
		}
		for _, key := range m.order {
			kept := m.objects[key]
			switch {
			case kept == nil || kept.Declared != nil:
			case kept.Kind.Key == "routes" && kept.Options.Get("dev") == object.Name():
				delete(m.objects, key)
			case len(kept.listOf("ports")) > 0:
				left := slices.DeleteFunc(slices.Clone(kept.listOf("ports")), func(element any) bool {
					return elementName(element, "name") == object.Name()
				})
				if len(left) < len(kept.listOf("ports")) {
					m.objects[key] = kept.with("ports", left)
				}
			}
		}
	}
}
