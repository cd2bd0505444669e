package openstack

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/pattern"
)

// reachable is an address, a name, or a template; nothing is none of ours to miss.
var reachable = pattern.Of(`^[A-Za-z0-9:._-]*$|\{[{%]`)

// reserve closes the addresses that no container may get: those of hosts, of routers, of load balancers and of the
// memory, used_ips besides.
func (p *planner) reserve() {
	holders := p.memory.holders(p.report)
	for address := range holders {
		p.reserved[address] = true
	}
	for _, h := range p.hostOrder {
		for address, at := range map[netip.Addr]Place{h.address: h.addressAt, h.management: h.managementAt} {
			p.reserved[address] = true
			for _, name := range holders[address] {
				if p.memory.isContainer(name) {
					p.report.problem(at, h.name, "%s is the address of the container %s in %s", address, name, p.memory.file)
				}
			}
		}
	}
	for address := range p.fixed {
		p.reserved[address] = true
	}
	for _, n := range p.networks {
		for _, router := range append(n.routers, n.gateway) {
			p.reserved[router] = true
		}
	}
	for _, key := range []string{"internal_lb_vip_address", "external_lb_vip_address"} {
		if text := p.globals.get(key).str(); !reachable().MatchString(text) {
			p.report.problem(p.globals.pair(key).Place, key, "%q is neither an address nor a name", text)
		}
		if address, err := netip.ParseAddr(p.globals.get(key).str()); err == nil {
			p.reserved[address] = true
			for _, name := range holders[address] {
				if p.memory.isContainer(name) {
					p.report.problem(p.globals.pair(key).Place, key,
						"%s is the address of the container %s in %s", address, name, p.memory.file)
				}
			}
		}
	}
	for _, one := range p.cidrs {
		p.pools[one.name] = newPool(one.name, one.Place, one.prefix, p.used, p.reserved)
	}
	for _, n := range p.networks {
		p.keys[n.key] = true
	}
}

// bindAll gives every network to those whom its groups reach. What the memory knows goes first: a new container
// never takes the address of an old one, because those are reserved.
func (p *planner) bindAll() {
	for _, n := range p.networks {
		var reference map[string]bool
		if n.reference != "" {
			if p.groups[n.reference] == nil {
				p.report.problem(n.Place, place(n.path, "reference_group"),
					"no group %s%s", n.reference, meant(n.reference, sortedKeys(p.groups)))
				continue
			}
			reference = map[string]bool{}
			for _, one := range p.reach(n.reference) {
				reference[one.host.name] = true
			}
		}
		done := map[*node]bool{}
		for _, b := range n.binds {
			if !p.knows(b) {
				continue
			}
			for _, one := range p.reach(b.group) {
				if !done[one] && (reference == nil || reference[one.host.name]) {
					done[one] = true
					p.bind(n, one)
				}
			}
		}
	}
}

func (p *planner) knows(b bind) bool {
	if p.groups[b.group] != nil || p.nodes[b.group] != nil {
		return true
	}
	for _, n := range p.order {
		// Names of hosts have dashes, and group_binds has been turned to underscores.
		if n.metal() && underscores(n.name) == b.group {
			p.members[b.group] = []*node{n}
			return true
		}
	}
	for gone, why := range removed {
		if b.group != gone && strings.HasPrefix(b.group, gone) {
			p.report.problem(b.Place, b.path, "no group %s; did you mean %s (%s)?", b.group, gone, why)
			return false
		}
	}
	if why := removed[b.group]; why != "" {
		p.report.problem(b.Place, b.path, "no group %s (%s)", b.group, why)
		return false
	}
	p.report.problem(b.Place, b.path, "no group %s%s", b.group, p.groupMeant(b.group))
	return false
}

// groupMeant is what to write in the place of a group that is none.
func (p *planner) groupMeant(name string) string {
	if parts := strings.FieldsFunc(name, func(c rune) bool { return c == ',' || c == ' ' }); len(parts) > 1 {
		return ": write a list, [" + strings.Join(parts, ", ") + "]"
	}
	if name == "all" {
		return ": write [all_containers, hosts]"
	}
	return meant(name, sortedKeys(p.groups))
}

// clash tells of two networks that meet on one host or container, once.
func (p *planner) clash(other, n *network, who *node, format string, arguments ...any) {
	if pair := [2]*network{other, n}; !p.pairs[pair] {
		p.pairs[pair] = true
		p.report.problem(n.Place, n.path, format+" (lines %d and %d, both on %s)",
			append(arguments, other.Line, n.Line, who.name)...)
	}
}

func (p *planner) bind(n *network, to *node) {
	if other := to.by[n.key]; other != nil {
		p.clash(other, n, to, "two networks have the key %s: give one its own address_prefix", n.key)
		return
	}
	to.by[n.key] = n
	if n.management {
		if to.by2 != nil {
			p.clash(to.by2, n, to, "two networks have is_management_address: leave it on one")
			return
		}
		to.by2 = n
	}
	entry := map[string]any{}
	if n.bridge != "" {
		entry["bridge"] = n.bridge
	}
	if n.kind != "" {
		entry["type"] = n.kind
	}
	if n.bridgeType != "" {
		entry["bridge_type"] = n.bridgeType
	}
	if n.mtu != nil {
		entry["mtu"] = n.mtu
	}
	if n.gateway.IsValid() {
		entry["gateway"] = n.gateway.String()
		to.vars["gateway"] = n.gateway.String()
	}
	if len(n.routes) > 0 {
		entry["static_routes"] = n.routes
	}
	to.networks[n.key] = entry
	if to.metal() {
		p.onMetal(n, to, entry)
		return
	}
	p.inContainer(n, to, entry)
}

func (p *planner) onMetal(n *network, to *node, entry map[string]any) {
	entry["netmask"] = nil
	pool := p.byCIDR[n.pool]
	if pool != nil {
		entry["netmask"] = netmask(pool.prefix)
	}
	if !n.management {
		return
	}
	to.address = to.host.managementAddress()
	if !to.address.IsValid() {
		return
	}
	entry["address"] = to.address.String()
	if pool != nil && !pool.prefix.Contains(to.address) {
		p.report.warn(to.host.addressAt, to.name,
			"%s is outside of the management network %s: write management_ip with the host's address there",
			to.address, pool.prefix)
	}
}

func (p *planner) inContainer(n *network, to *node, entry map[string]any) {
	if n.link == "" && p.told[n] {
		return
	}
	if n.link == "" {
		p.told[n] = true
		p.report.problem(n.Place, n.path, "has no container_interface, and it reaches containers (%s is one)", to.name)
		return
	}
	entry["interface"] = n.link
	if card().MatchString(n.bridge) && (n.kind == "veth" || n.kind == "") && !p.told[n] {
		p.told[n] = true
		p.report.problem(n.Place, place(n.path, "container_bridge"),
			"%s is a network card: a container's veth needs a bridge; make one with %s as its port and name that",
			n.bridge, n.bridge)
	}
	// An interface of the same name is another key in by: keys end in _address, names of interfaces hold no more than 15.
	slot := "interface " + n.link
	if other := to.by[slot]; other != nil {
		p.clash(other, n, to, "two networks have the interface %s", n.link)
		return
	}
	to.by[slot] = n
	if n.kind == "phys" {
		id := [2]string{to.host.name, n.bridge}
		if other := p.phys[id]; other != "" {
			p.report.problem(n.Place, place(n.path, "container_type"),
				"phys moves %s into one container; %s and %s on %s both want it",
				n.bridge, other, to.name, to.host.name)
		}
		p.phys[id] = to.name
	}
	pool := p.pools[n.pool]
	if pool == nil {
		// With the key absent, the interface would ask for an address by DHCP.
		entry["address"] = nil
		return
	}
	entry["netmask"] = netmask(pool.prefix)
	address := p.memory.address(to.name, n, p.keys, pool.prefix)
	switch {
	case !address.IsValid():
		got, ok := pool.take()
		if !ok {
			pool.needed = append(pool.needed, to.name)
			return
		}
		address = got
	case !pool.prefix.Contains(address):
		p.report.problem(pool.at, place("cidr_networks", n.pool),
			"%s of %s in %s is outside of %s: hostnet openstack allocate --write --forget %s makes it anew",
			address, to.name, p.memory.file, pool.prefix, to.name)
	case slices.ContainsFunc(p.used,
		func(s span) bool { return s.first.Compare(address) <= 0 && address.Compare(s.last) <= 0 }):
		p.report.warn(p.usedPlace, "used_ips", "%s is the address of %s since before: it keeps it", address, to.name)
	}
	if slices.Contains(n.routers, address) || n.gateway == address {
		p.report.problem(n.Place, n.path,
			"%s is the router of this network and the address of %s in %s", address, to.name, p.memory.file)
	}
	entry["address"] = address.String()
	if n.management {
		to.address = address
	}
}

func (p *planner) tellExhausted() {
	for _, one := range p.cidrs {
		pool := p.pools[one.name]
		if len(pool.needed) == 0 {
			continue
		}
		at, what := Place{File: p.usedPlace.File, Line: p.usedPlace.Line}, "used_ips leaves"
		if p.usedPlace.Line == 0 {
			at, what = Place{File: one.File, Line: one.Line}, "cidr_networks leaves"
		}
		names := strings.Join(pool.needed[:min(3, len(pool.needed))], ", ")
		if more := len(pool.needed) - 3; more > 0 {
			names += fmt.Sprintf(" and %d more", more)
		}
		p.report.problem(at, "", "%s %d addresses in %s; %d are needed: none is left for %s",
			what, pool.given, one.name, pool.given+len(pool.needed), names)
	}
}
