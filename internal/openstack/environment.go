package openstack

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
)

//go:embed environment.yml
var builtIn []byte

// BuiltIn is the name that stands for the built-in table of OSA's component groups in messages.
const BuiltIn = "env.d (built in)"

// removed are groups that OSA once had, and what took their place.
var removed = map[string]string{
	"neutron_linuxbridge_agent": "removed in 2025.1; with OVN: neutron_ovn_controller",
	"neutron_lbaas_agent":       "removed in 2020; Octavia took its place: octavia_health_manager",
	"nova_api_placement":        "moved: placement_api",
	"nova_placement":            "moved: placement_api",
	"rsyslog":                   "removed in 2020: journald took its place",
}

// skeleton is one group of container_skel: one kind of container.
type skeleton struct {
	name       string
	phys       []string // the host groups it stands for, without _containers
	contains   []string
	properties map[string]any
	metal      bool
	nest       bool
}

// environment is env.d: which groups there are and how they hang together.
type environment struct {
	skeletons []*skeleton
	byName    map[string]*skeleton
	byPhys    map[string][]*skeleton
	// children of a group, in order; groups has every group that env.d names.
	children map[string][]string
	groups   map[string]bool
	// parents of physical groups: a group of groups cannot have hosts of its own.
	parents map[string]string
}

func underscores(name string) string { return strings.ReplaceAll(name, "-", "_") }

func (e *environment) child(parent, child string) {
	e.groups[parent], e.groups[child] = true, true
	if !slices.Contains(e.children[parent], child) {
		e.children[parent] = append(e.children[parent], child)
	}
}

// readEnvironment takes the merged files of env.d.
func readEnvironment(root *value, r *report) *environment {
	e := &environment{
		byName: map[string]*skeleton{}, byPhys: map[string][]*skeleton{}, children: map[string][]string{},
		groups: map[string]bool{}, parents: map[string]string{},
	}
	for _, section := range root.pairs {
		switch section.key {
		case "physical_skel", "component_skel", "container_skel":
		case "version":
			continue
		default:
			r.problem(section.Place, section.key, "is no part of env.d: physical_skel, component_skel, container_skel%s",
				meant(section.key, []string{"physical_skel", "component_skel", "container_skel"}))
			continue
		}
		for _, p := range normal(section.value, silently).pairs {
			if !p.value.isNull() && p.value.kind != dict {
				r.problem(p.Place, place(section.key, p.key), "must be a dictionary with belongs_to")
				continue
			}
			e.groups[p.key] = true
			known := []string{"belongs_to", "contains", "properties"}
			if section.key != "container_skel" {
				known = known[:1]
			}
			for _, option := range p.value.orEmpty().pairs {
				if !slices.Contains(known, option.key) {
					r.problem(option.Place, place(place(section.key, p.key), option.key),
						"unknown key%s", meant(option.key, slices.Clone(known)))
				}
			}
			isBool(p.value.get("properties"), place(place(section.key, p.key), "properties"), "is_metal", r)
			e.read(section.key, p)
		}
	}
	e.checkParents(root, r)
	return e
}

// silently is for env.d, where an operator's file replaces what OSA's own has.
func silently(*value, *value) {}

// checkParents tells of containers that belong to no hosts, and so are never made.
func (e *environment) checkParents(root *value, r *report) {
	physical := map[string]bool{}
	for _, p := range root.get("physical_skel").orEmpty().pairs {
		physical[underscores(p.key)] = true
	}
	for _, p := range root.get("container_skel").orEmpty().pairs {
		belongs := p.value.get("belongs_to")
		for _, parent := range belongs.strings() {
			if name := underscores(parent); !physical[name] && len(p.value.get("contains").strings()) > 0 {
				r.warn(belongs.Place, place("container_skel", p.key)+".belongs_to",
					"no group %s in physical_skel: by it, none are made%s",
					parent, meant(name, sortedKeys(physical)))
			}
		}
	}
}

func (e *environment) read(section string, p pair) {
	var parents []string
	for _, parent := range p.value.get("belongs_to").strings() {
		parents = append(parents, underscores(parent))
	}
	for _, parent := range parents {
		e.child(parent, p.key)
		if section == "physical_skel" {
			e.parents[parent] = p.key
		}
	}
	if section != "container_skel" {
		return
	}
	properties := p.value.get("properties")
	one := &skeleton{name: p.key, metal: properties.get("is_metal").isTrue(), nest: properties.get("is_nest").isTrue()}
	one.properties, _ = properties.plain().(map[string]any)
	if one.properties == nil {
		one.properties = map[string]any{}
	}
	for _, component := range p.value.get("contains").strings() {
		one.contains = append(one.contains, underscores(component))
		e.groups[underscores(component)] = true
	}
	e.skeletons = append(e.skeletons, one)
	e.byName[one.name] = one
	for _, parent := range parents {
		phys := strings.TrimSuffix(parent, "_containers")
		one.phys = append(one.phys, phys)
		if len(one.contains) > 0 {
			e.byPhys[phys] = append(e.byPhys[phys], one)
			e.groups[phys+"_all"] = true
		}
	}
}

// normal is a dictionary with underscores in its keys: OSA takes dashes for underscores in some places, we in all.
// What two spellings of one name hold is merged.
func normal(v *value, replaced func(a, b *value)) *value {
	if v == nil || v.kind != dict {
		return &value{kind: dict}
	}
	all := &value{Place: v.Place, kind: dict}
	at := map[string]int{}
	for _, p := range v.pairs {
		p.key = underscores(p.key)
		if i, ok := at[p.key]; ok {
			all.pairs[i].value = merge(all.pairs[i].value, p.value, replaced)
			continue
		}
		at[p.key] = len(all.pairs)
		all.pairs = append(all.pairs, p)
	}
	return all
}

// inBuiltInOrder puts the groups of an installed env.d into the order of the built-in table, and those that are not in
// it behind: a host on metal takes its component from the last one, and the order of OSA's files is the file system's.
func inBuiltInOrder(root *value) *value {
	known := readYAML(BuiltIn, builtIn, &report{})
	all := *root
	all.pairs = slices.Clone(root.pairs)
	for i, section := range all.pairs {
		if section.value.kind != dict {
			continue
		}
		rank := map[string]int{}
		for place, p := range known.get(section.key).orEmpty().pairs {
			rank[p.key] = place + 1
		}
		of := func(p pair) int {
			if place := rank[underscores(p.key)]; place > 0 {
				return place
			}
			return len(rank) + 1
		}
		ordered := *section.value
		ordered.pairs = slices.Clone(ordered.pairs)
		slices.SortStableFunc(ordered.pairs, func(a, b pair) int { return cmp.Compare(of(a), of(b)) })
		all.pairs[i].value = &ordered
	}
	return &all
}
