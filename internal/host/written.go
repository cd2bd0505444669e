package host

import (
	"hostnet.linux/internal/route"
	"hostnet.linux/internal/rule"
	"hostnet.linux/internal/schema"
)

// Written is a declared object as a playbook would write it, each option in its one form.
type Written struct {
	// Path is where it stands in the arguments.
	Path    string
	Kind    string
	Options schema.Object
}

// Written are the declared links, routes and rules that are not to be absent.
func (s *State) Written() (links, routes, rules []Written) {
	for _, one := range s.Interfaces {
		if !one.Link.Absent() {
			links = append(links, Written{one.Link.Path, one.Link.Kind, options(one.Link.Kind).Export(one)})
		}
	}
	for _, one := range s.Routes {
		if one.State == nil || *one.State != "absent" {
			routes = append(routes, Written{one.Path, "route", route.Options().Export(one)})
		}
	}
	for _, one := range s.Rules {
		if !one.Absent() {
			rules = append(rules, Written{one.Path, "rule", rule.Options().Export(one)})
		}
	}
	return links, routes, rules
}
