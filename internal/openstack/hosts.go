package openstack

import (
	"net/netip"
	"slices"
	"strings"
)

var hostKeys = []string{"ip", "management_ip", "no_containers", "container_vars", "host_vars", "affinity"}

// readHosts reads every *_hosts key. A key that begins with _ holds anchors only.
func (c *config) readHosts(r *report) {
	var known []string
	for group := range c.env.groups {
		if strings.HasSuffix(group, "_hosts") {
			known = append(known, group)
		}
	}
	for _, p := range c.root.pairs {
		if !strings.HasSuffix(p.key, "hosts") || strings.HasPrefix(p.key, "_") {
			continue
		}
		switch child, isParent := c.env.parents[p.key]; {
		case p.key == "lxc_hosts", p.key == "nspawn_hosts":
			r.problem(p.Place, p.key, "is derived from the containers; remove it here")
			continue
		case isParent:
			r.problem(p.Place, p.key, "is a group of groups (%s and others): put its hosts into one of those", child)
			continue
		case !p.value.isNull() && p.value.kind != dict:
			r.problem(p.Place, p.key, "must be a dictionary of hosts, each with its ip")
			continue
		case !c.env.groups[p.key]:
			hint := meant(p.key, known)
			r.warn(p.Place, p.key, "no such group in env.d: its hosts get neither containers nor networks by it%s", hint)
		}
		group := &hostGroup{Place: p.Place, name: p.key, phys: strings.TrimSuffix(p.key, "_hosts")}
		c.groups = append(c.groups, group)
		for _, h := range p.value.pairs {
			c.readHost(group, h, r)
		}
	}
	c.checkAddresses(r)
}

func (c *config) readHost(group *hostGroup, p pair, r *report) {
	path := place(group.name, p.key)
	if slices.Contains(hostKeys, p.key) {
		r.problem(p.Place, path, "stands beside its host: indent it by 2 more")
		return
	}
	if _, isText := p.scalar.(string); !isText {
		r.problem(p.Place, path, "%s is %v to YAML 1.1, and no name: write it in quotes", p.key, shown(p.scalar))
	}
	h := c.hosts[p.key]
	if h == nil {
		h = &host{Place: p.Place, name: p.key}
		c.hosts[p.key] = h
		c.hostOrder = append(c.hostOrder, h)
	}
	if p.value.kind != dict {
		r.problem(p.Place, path, "has no ip: write ip: and the host's address below it")
		return
	}
	m := &member{host: h, group: group, settings: p.value}
	isBool(p.value, path, "no_containers", r)
	m.metal = c.globals.get("no_containers").isTrue()
	if own := p.value.get("no_containers"); own != nil {
		m.metal = own.isTrue()
	}
	h.members = append(h.members, m)
	group.members = append(group.members, m)
	for _, setting := range p.value.pairs {
		if !slices.Contains(hostKeys, setting.key) {
			r.problem(setting.Place, place(path, setting.key), "unknown key%s", meant(setting.key, slices.Clone(hostKeys)))
		}
	}
	c.readAddress(p, path, "ip", &h.address, &h.addressAt, r)
	if p.value.get("management_ip") != nil {
		c.readAddress(p, path, "management_ip", &h.management, &h.managementAt, r)
	}
	c.readAffinity(p.value.get("affinity"), place(path, "affinity"), r)
	for _, key := range []string{"container_vars", "host_vars"} {
		if v := p.value.get(key); !v.isNull() && v.kind != dict {
			r.problem(v.Place, place(path, key), "must be a dictionary of variables")
		}
	}
}

// isBool refuses text: the word false in quotes is true to Python.
func isBool(v *value, path, key string, r *report) {
	flag := v.get(key)
	if _, ok := flag.orEmpty().scalar.(bool); !ok && !flag.isNull() {
		r.problem(flag.Place, place(path, key), "must be true or false, without quotes")
	}
}

func (c *config) readAddress(p pair, path, key string, to *netip.Addr, at *Place, r *report) {
	v := p.value.get(key)
	if v.isNull() {
		r.problem(p.Place, path, "has no %s: write %s: and the host's address below it", key, key)
		return
	}
	address, err := netip.ParseAddr(v.str())
	switch {
	case err != nil:
		r.problem(v.Place, place(path, key), "%q is no address", v.str())
	case to.IsValid() && *to != address:
		hint := ""
		if key == "ip" {
			hint = "; for another address on the management network write management_ip"
		}
		r.problem(v.Place, place(path, key), "%s has %s here and %s at %s:%d: one host has one %s%s",
			p.key, address, *to, at.File, at.Line, key, hint)
	case !to.IsValid():
		*to, *at = address, v.Place
	}
}

func (c *config) readAffinity(affinity *value, path string, r *report) {
	if affinity.isNull() {
		return
	}
	if affinity.kind != dict {
		r.problem(affinity.Place, path, "must be a dictionary such as keystone_container: 2")
		return
	}
	var known []string
	for name := range c.env.byName {
		known = append(known, name)
	}
	for _, p := range affinity.pairs {
		if c.env.byName[underscores(p.key)] == nil {
			hint := meant(p.key, known)
			if c.env.byName[underscores(p.key)+"_container"] != nil {
				hint = "; did you mean " + underscores(p.key) + "_container?"
			}
			r.problem(p.Place, place(path, p.key), "no such group of containers%s", hint)
		}
		if count, ok := p.value.scalar.(int64); !ok || count < 0 || count > 1000 {
			r.problem(p.value.Place, place(path, p.key), "must be the number of containers, from 0 to 1000")
		}
	}
}

// affinity is how many containers of a kind a host gets by one of its groups.
func (m *member) affinity(s *skeleton) int {
	for _, p := range m.settings.get("affinity").orEmpty().pairs {
		if count, ok := p.value.scalar.(int64); ok && underscores(p.key) == s.name {
			return int(count)
		}
	}
	return 1
}

func (v *value) orEmpty() *value {
	if v == nil {
		return &value{}
	}
	return v
}

// checkAddresses refuses an address that two hosts have, be it by ip or by management_ip.
func (c *config) checkAddresses(r *report) {
	owner := map[netip.Addr]*host{}
	c.owners = owner
	check := func(h *host, address netip.Addr, at Place, key string) {
		if !address.IsValid() {
			return
		}
		if other := owner[address]; other != nil && other != h {
			r.problem(at, place(h.name, key), "%s is the address of %s (%s:%d), too; each host needs its own",
				address, other.name, other.addressAt.File, other.addressAt.Line)
			return
		}
		owner[address] = h
		c.checkOrdinary(address, at, place(h.name, key), r)
	}
	for _, h := range c.hostOrder {
		check(h, h.address, h.addressAt, "ip")
	}
	for _, h := range c.hostOrder {
		check(h, h.management, h.managementAt, "management_ip")
	}
}
