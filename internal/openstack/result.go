package openstack

import (
	"maps"
	"slices"
)

func (p *planner) result() *Plan {
	plan := &Plan{
		Hosts: map[string]map[string]any{}, Containers: map[string]map[string]any{}, Surplus: []string{},
		Warnings: []string{},
		Groups:   p.groups, AllVars: p.allVars(), memory: p.memory,
	}
	direct := map[string][]string{}
	for group, g := range p.groups {
		for _, name := range g.Hosts {
			direct[name] = append(direct[name], group)
		}
	}
	parents := map[string][]string{}
	for group, g := range p.groups {
		for _, child := range g.Children {
			parents[child] = append(parents[child], group)
		}
	}
	for _, n := range p.order {
		vars := p.variables(n)
		slices.Sort(direct[n.name])
		vars["groups"] = direct[n.name]
		vars["all_groups"] = p.ancestors(direct[n.name], parents)
		if n.metal() {
			plan.Hosts[n.name] = vars
			continue
		}
		plan.Containers[n.name] = vars
		if !n.old {
			plan.added = append(plan.added, n.name)
		}
	}
	p.surplus(plan)
	for _, one := range inOrder(p.report.warnings) {
		plan.Warnings = append(plan.Warnings, one.String())
	}
	plan.Problems = append([]Problem{}, inOrder(p.report.problems)...)
	return plan
}

func (p *planner) variables(n *node) map[string]any {
	vars := maps.Clone(n.vars)
	networks := make(map[string]any, len(n.networks))
	for key, entry := range n.networks {
		networks[key] = entry
	}
	vars["container_name"] = n.name
	vars["container_networks"] = networks
	vars["physical_host"] = n.host.name
	vars["physical_host_group"] = n.group
	vars["component"] = nil
	if n.component != "" {
		vars["component"] = n.component
	}
	if n.host.address.IsValid() {
		vars["physical_host_addr"] = n.host.address.String()
	}
	if vars["container_tech"] == nil {
		vars["container_tech"] = "lxc"
	}
	if !n.metal() {
		vars["properties"] = n.skeleton.properties
		vars["ansible_host"], vars["management_address"] = nil, nil
		if n.address.IsValid() {
			vars["ansible_host"], vars["management_address"] = n.address.String(), n.address.String()
		}
		return vars
	}
	vars["is_metal"] = true
	vars["properties"] = map[string]any{"is_metal": true}
	if n.host.address.IsValid() {
		vars["ansible_host"] = n.host.address.String()
		vars["management_address"] = n.host.managementAddress().String()
	}
	if slices.ContainsFunc(n.host.members, func(m *member) bool { return len(p.env.byPhys[m.group.phys]) > 0 }) {
		vars["container_types"] = n.name + "_host_containers"
	}
	return vars
}

// ancestors are the groups and all groups that hold them.
func (p *planner) ancestors(direct []string, parents map[string][]string) []string {
	have := map[string]bool{}
	for _, group := range direct {
		above, ok := p.ancestor[group]
		if !ok {
			seen := map[string]bool{}
			var walk func(string)
			walk = func(name string) {
				if seen[name] {
					return
				}
				seen[name] = true
				for _, parent := range parents[name] {
					walk(parent)
				}
			}
			walk(group)
			above = sortedKeys(seen)
			p.ancestor[group] = above
		}
		for _, name := range above {
			have[name] = true
		}
	}
	return sortedKeys(have)
}

// allVars are the variables of every host: global_overrides, and the network of the containers.
func (p *planner) allVars() map[string]any {
	vars, ok := p.globals.plain().(map[string]any)
	if !ok {
		vars = map[string]any{}
	}
	var several []any
	for _, name := range []string{"container", "management"} {
		if one := p.byCIDR[name]; one != nil {
			vars["container_cidr"] = one.prefix.String()
			return vars
		}
	}
	for _, n := range p.networks {
		if one := p.byCIDR[n.pool]; one != nil && (n.prefix == "container" || n.prefix == "management") {
			several = append(several, one.prefix.String())
		}
	}
	vars["container_cidr"] = several
	return vars
}

// surplus names what only the memory knows; its addresses stay reserved until it is forgotten.
func (p *planner) surplus(plan *Plan) {
	for _, name := range sortedKeys(p.memory.hostvars) {
		if p.nodes[name] != nil {
			continue
		}
		plan.Surplus = append(plan.Surplus, name)
	}
}
