package openstack

import (
	"net/netip"
	"slices"
	"strings"
)

// extra is a network of a container that its host's container_vars give.
type extra struct {
	pair
	path string
	to   *node
}

// containerVars gives the variables of a host in one of its groups to the host and to its containers: to all of them,
// which is what OSA comes to at its second run. Networks are for the containers of this group alone.
func (p *planner) containerVars(m *member, on map[*host][]*node) {
	for _, v := range m.settings.get("container_vars").orEmpty().pairs {
		plain := v.value.plain()
		limit := ""
		if options, ok := plain.(map[string]any); ok {
			limit, _ = options["limit_container_types"].(string)
			delete(options, "limit_container_types")
		}
		ofGroup := v.key == "container_extra_networks" || v.key == "container_networks" || v.key == "lxc_container_networks"
		path := place(place(place(m.group.name, m.host.name), "container_vars"), v.key)
		if ofGroup {
			p.checkEntries(v.value, path)
		}
		for _, n := range on[m.host] {
			if ofGroup && (n.metal() || !slices.Contains(n.skeleton.phys, m.group.phys)) {
				continue
			}
			components := append([]string{n.component}, n.metalOf...)
			if limit == "" || slices.ContainsFunc(components, func(c string) bool { return strings.Contains(c, limit) }) {
				n.vars[v.key] = plain
				if ofGroup {
					p.extraNetworks(v.value, n, place(place(m.host.name, "container_vars"), v.key))
				}
			}
		}
	}
}

func (p *planner) extraNetworks(networks *value, n *node, path string) {
	for _, entry := range networks.pairs {
		if entry.value.kind != dict {
			continue
		}
		p.extras = append(p.extras, extra{entry, place(path, entry.key), n})
		v := entry.value.get("address")
		address, err := netip.ParseAddr(v.str())
		if err != nil {
			continue
		}
		// It stands there once for all containers of a group.
		if other := p.fixed[address]; other != "" && other != n.name {
			p.report.problem(v.Place, place(path, entry.key), "%s is the address of more than one container (%s is one): "+
				"narrow it by limit_container_types", address, other)
			continue
		}
		p.fixed[address] = n.name
	}
}

// checkExtras refuses an interface that a provider network has on the same container already. One under the key of a
// provider network replaces that.
func (p *planner) checkExtras() {
	for _, one := range p.extras {
		other := one.to.by["interface "+one.value.get("interface").str()]
		if other != nil && other.key != one.key {
			p.report.problem(one.Place, one.path, "%s is the interface of %s (line %d), too", other.link, other.path, other.Line)
		}
	}
}
