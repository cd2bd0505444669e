package spec

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/schema"
)

// Misread are the problems of options that could not be read and that the edit does not give anew.
func (o *Object) Misread() schema.Problems {
	var out schema.Problems
	for _, problem := range o.Unread {
		name, _, _ := strings.Cut(strings.ReplaceAll(problem.Path, "[", "."), ".")
		if o.Declared == nil || !o.Declared.gives(name) && !slices.Contains(o.Declared.Forget, name) {
			out = append(out, schema.Problem{Path: o.Where(problem.Path), Message: problem.Message})
		}
	}
	return out
}

// Gives tells whether the edit itself gives the option that a path leads to.
func (o *Object) Gives(path string) bool {
	name, _, _ := strings.Cut(strings.ReplaceAll(path, "[", "."), ".")
	return o.Declared != nil && o.Declared.gives(name)
}

// Forget stops managing an option that an edited object has from before; false is "it has none such".
func (r *Result) Forget(object *Object, option string) bool {
	name, _, _ := strings.Cut(strings.ReplaceAll(option, "[", "."), ".")
	if object.Declared == nil || object.Source == nil || name == "" || object.Declared.gives(name) ||
		object.Options.Get(name) == nil ||
		slices.Contains(object.Kind.Naming, name) {
		return false
	}
	changed := object.with(name, nil)
	for _, list := range [][]*Object{r.Set.Objects, r.Scope} {
		for i := range list {
			if list[i] == object {
				list[i] = changed
			}
		}
	}
	return true
}

// Check finds what does not fit together among objects of a set: what each says by itself, and lists of links and
// routes, are checked where they are read.
func (s *Set) Check() schema.Problems {
	var problems schema.Problems
	links := map[string]*Object{}
	for _, object := range s.Objects {
		if object.Kind.Link && object.Name() != "" {
			links[object.Name()] = object
		}
	}
	for _, object := range s.Objects {
		if object.Kind.Link {
			checkMTU(object, links, &problems)
			checkPeer(object, links, &problems)
		}
	}
	s.checkAddresses(&problems)
	return problems
}

// checkMTU holds what stands on a link to the link's MTU, where both are declared.
func checkMTU(object *Object, links map[string]*Object, problems *schema.Problems) {
	parent, _ := object.Options.Get("parent").(string)
	below := links[parent]
	if below == nil || object.Kind.Module != "vlan" && object.Kind.Module != "macvlan" {
		return
	}
	own, ownSet := number(object.Options.Get("mtu"))
	limit, limitSet := number(below.Options.Get("mtu"))
	if ownSet && limitSet && own > limit {
		// Whichever of the two the task is about has the problem.
		if below.Declared != nil && object.Declared == nil {
			problems.Add(below.Where("mtu"), "%d is below the %d of %s on it (%s): lower that too", limit, own, object.Name(),
				object.Where("mtu"))
			return
		}
		problems.Add(object.Where("mtu"), "%d is above the %d of its parent %s (%s)", own, limit, parent, below.Where("mtu"))
	}
}

// checkPeer keeps the name of a pair's other end from links of other kinds. A module interface may be about that end.
func checkPeer(object *Object, links map[string]*Object, problems *schema.Problems) {
	peer, _ := object.Options.Get("peer").(string)
	other := links[peer]
	if other == nil || object.Options.Get("peer_netns") != nil ||
		other.Kind.Module == "veth" || other.Kind.Module == "interface" {
		return
	}
	if other.Declared != nil && object.Declared == nil {
		problems.Add(other.Where("name"), "%s is the other end of %s (%s): give one of them another name, or declare that absent",
			peer, object.Describe(), object.Where("peer"))
		return
	}
	problems.Add(object.Where("peer"), "%s is %s (%s): give one of them another name", peer, article(other.Kind.Module),
		other.Where("name"))
}

func number(value any) (int64, bool) {
	n, ok := value.(int64)
	return n, ok
}

// checkAddresses finds addresses that two links have. Link-local ones and single addresses without a network, as
// unnumbered links share them, may be on several.
func (s *Set) checkAddresses(problems *schema.Problems) {
	owners := map[netip.Addr]string{}
	note := func(object *Object, option string, prefix netip.Prefix) {
		if prefix.IsSingleIP() || prefix.Addr().IsLinkLocalUnicast() {
			return
		}
		where := object.Where(option)
		if other, taken := owners[prefix.Addr()]; taken {
			problems.Add(where, "%s is declared twice: it is also in %s", prefix.Addr(), other)
			return
		}
		if where == "" {
			where = object.Describe()
		}
		owners[prefix.Addr()] = where
	}
	for _, object := range s.Objects {
		if !object.Kind.Link {
			continue
		}
		for i, element := range object.listOf("addresses") {
			if prefix, ok := addressOf(element); ok {
				note(object, fmt.Sprintf("addresses[%d]", i), prefix)
			}
		}
		for _, option := range []string{"address", "address6"} {
			if text, given := object.Options.Get(option).(string); given {
				if prefix, err := netip.ParsePrefix(text); err == nil {
					note(object, option, prefix)
				}
			}
		}
	}
}

// Dangling are the kept objects that stand on a link which the edit removes, or go along with it.
func (r *Result) Dangling() schema.Problems {
	gone := map[string]bool{}
	for _, object := range r.Scope {
		if object.Absent() && object.Kind.Link && object.Kind.Module != "interface" {
			gone[object.Name()] = true
		}
	}
	var problems schema.Problems
	for _, object := range r.Set.Objects {
		if name, has := object.Options.Get("parent").(string); has && gone[name] {
			problems.Add(object.Where("parent"), "%s goes, and %s stands on it: declare that absent as well, or on another link",
				name, object.Describe())
		}
		// Neither end of a pair is without the other.
		if name, has := object.Options.Get("peer").(string); has && gone[name] && object.Options.Get("peer_netns") == nil {
			problems.Add(object.Where("peer"), "%s goes, and with it %s, whose other end it is: declare that absent as well", name,
				object.Describe())
		}
	}
	return problems
}

// NeedsWatch tells whether something declared can be taken away by others that do not mean to, or come late: rules, and
// what stands on other links.
func (s *Set) NeedsWatch() bool {
	return slices.ContainsFunc(s.Objects, func(o *Object) bool {
		return o.Kind.Key == "nats" || o.Kind.Key == "lxc_bridges" || len(o.listOf("ports")) > 0 ||
			o.Options.Get("parent") != nil
	})
}
