package openstack

// Inventory is the plan in the form of Ansible's dynamic inventories, for the inventory plugin.
func (p *Plan) Inventory() map[string]any {
	hostvars := make(map[string]any, len(p.Hosts)+len(p.Containers))
	for _, kind := range []map[string]map[string]any{p.Hosts, p.Containers} {
		for name, vars := range kind {
			one := make(map[string]any, len(vars))
			for key, v := range vars {
				if key != "groups" && key != "all_groups" {
					one[key] = v
				}
			}
			hostvars[name] = one
		}
	}
	all := map[string]any{
		"_meta":    map[string]any{"hostvars": hostvars},
		"all":      map[string]any{"vars": p.AllVars},
		"problems": p.Problems,
		"warnings": p.Warnings,
	}
	groups := make(map[string]*Group, len(p.Groups))
	for name, group := range p.Groups {
		groups[name] = group
	}
	all["groups"] = groups
	return all
}
