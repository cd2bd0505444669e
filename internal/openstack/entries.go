package openstack

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// entryKeys are those of an entry of container_networks, as the role lxc_container_create takes them.
var entryKeys = []string{
	"address", "bridge", "bridge_type", "dhcp_use_dns", "dhcp_use_routes", "gateway", "interface", "mtu", "netmask",
	"postdown", "postup",
	"predown", "preup", "static_routes", "type",
}

// checkEntries looks at networks that container_vars give. What is a template, only Ansible can evaluate.
func (p *planner) checkEntries(networks *value, path string) {
	if networks.kind != dict && !networks.isNull() && !isTemplate(networks) {
		p.report.problem(networks.Place, path, "must be a dictionary of networks, each with bridge and interface")
	}
	for _, entry := range networks.pairs {
		at := place(path, entry.key)
		switch {
		case entry.key == "limit_container_types", isTemplate(entry.value), entry.value.isNull():
		case entry.value.kind != dict:
			p.report.problem(entry.Place, at, "must be a dictionary with bridge and interface%s", map[bool]string{
				true: ": is it indented too little?"}[slices.Contains(entryKeys, entry.key)])
		default:
			p.checkEntry(entry, at)
		}
	}
}

func isTemplate(v *value) bool {
	return strings.Contains(v.str(), "{{") || strings.Contains(v.str(), "{%")
}

func (p *planner) checkEntry(entry pair, at string) {
	r, v := p.report, entry.value
	for _, option := range v.pairs {
		if !slices.Contains(entryKeys, option.key) {
			r.problem(option.Place, place(at, option.key), "unknown key%s", meant(option.key, slices.Clone(entryKeys)))
		}
	}
	if v.get("interface").isNull() {
		r.problem(entry.Place, at, "has no interface: write the name that it is to have in the container")
	}
	for _, key := range []string{"interface", "bridge"} {
		if name := v.get(key); len(name.str()) > 15 && !isTemplate(name) {
			r.problem(name.Place, place(at, key), "%q is no name of an interface: at most 15 letters", name.str())
		}
	}
	if mtu := v.get("mtu"); !mtu.isNull() && !isTemplate(mtu) {
		if size, err := strconv.Atoi(mtu.str()); err != nil || size < 68 || size > 65535 {
			r.problem(mtu.Place, place(at, "mtu"), "%q is no MTU from 68 to 65535", mtu.str())
		}
	}
	p.checkEntryAddress(v, at)
}

func (p *planner) checkEntryAddress(v *value, at string) {
	given := v.get("address")
	if given.isNull() || given.str() == "" || isTemplate(given) {
		return
	}
	address, err := netip.ParseAddr(given.str())
	if err != nil {
		p.report.problem(given.Place, place(at, "address"), "%q is no address; the length of its network is netmask",
			given.str())
		return
	}
	if v.get("netmask").isNull() {
		p.report.problem(given.Place, at, "has an address and no netmask")
	}
	if owner := p.owners[address]; owner != nil {
		p.report.problem(given.Place, place(at, "address"), "%s is the address of %s (%s:%d), too",
			address, owner.name, owner.addressAt.File, owner.addressAt.Line)
	}
}
