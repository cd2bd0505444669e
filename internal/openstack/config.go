package openstack

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
)

// config is the whole configuration, parsed and checked by itself.
type config struct {
	root      *value
	env       *environment
	globals   *value
	cidrs     []*cidr
	byCIDR    map[string]*cidr
	badCIDR   map[string]bool // told already
	used      []span
	usedPlace Place
	networks  []*network
	groups    []*hostGroup
	hosts     map[string]*host
	hostOrder []*host
	// owners are the hosts by their addresses.
	owners map[netip.Addr]*host
}

// cidr is one entry of cidr_networks.
type cidr struct {
	Place
	name   string
	prefix netip.Prefix
}

// hostGroup is one *_hosts key.
type hostGroup struct {
	Place
	name    string
	phys    string // without _hosts
	members []*member
}

// member is a host as it stands in one group.
type member struct {
	host     *host
	group    *hostGroup
	settings *value
	metal    bool // no_containers
}

// host is one physical host, over all its groups.
type host struct {
	Place
	name         string
	address      netip.Addr
	management   netip.Addr // management_ip
	addressAt    Place
	managementAt Place
	members      []*member
}

// managementAddress is what the host has on the management network.
func (h *host) managementAddress() netip.Addr {
	if h.management.IsValid() {
		return h.management
	}
	return h.address
}

func readConfig(root *value, env *environment, r *report) *config {
	c := &config{root: root, env: env, byCIDR: map[string]*cidr{}, badCIDR: map[string]bool{}, hosts: map[string]*host{}}
	c.topLevel(r)
	if section := c.section("global_overrides"); section != nil {
		c.globals = section.value
	}
	isBool(c.globals, "global_overrides", "no_containers", r)
	c.readCIDRs(r)
	c.readUsed(r)
	c.readHosts(r)
	c.readNetworks(r)
	c.checkOverlaps(r)
	return c
}

var sections = []string{"cidr_networks", "used_ips", "global_overrides"}

// topLevel tells of keys that OSA passes over in silence.
func (c *config) topLevel(r *report) {
	known := slices.Clone(sections)
	for group := range c.env.groups {
		if strings.HasSuffix(group, "_hosts") {
			known = append(known, group)
		}
	}
	for _, p := range c.root.pairs {
		switch {
		case strings.HasPrefix(p.key, "_"), slices.Contains(sections, p.key), strings.HasSuffix(p.key, "hosts"):
		case p.key == "provider_networks", slices.Contains([]string{"internal_lb_vip_address", "external_lb_vip_address",
			"management_bridge", "no_containers", "tunnel_bridge"}, p.key):
			r.problem(p.Place, p.key, "belongs under global_overrides: indent it by 2 below that")
		case meant(p.key, slices.Clone(sections)) != "":
			r.problem(p.Place, p.key, "unknown key%s", meant(p.key, slices.Clone(sections)))
		case slices.Contains(known, p.key+"_hosts"):
			r.problem(p.Place, p.key, "unknown key; did you mean %s_hosts?", p.key)
		case strings.Contains(p.key, "_ho") && meant(p.key, known) != "":
			r.problem(p.Place, p.key, "unknown key, so its hosts are none%s", meant(p.key, known))
		default:
			r.warn(p.Place, p.key, "is nothing that OpenStack-Ansible reads")
		}
	}
}

// section is one of the three, also when its name is misspelt: that is told, and what is in it is checked at once.
func (c *config) section(name string) *pair {
	if p := c.root.pair(name); p != nil {
		return p
	}
	for i := range c.root.pairs {
		if hint := meant(c.root.pairs[i].key, slices.Clone(sections)); hint == "; did you mean "+name+"?" {
			return &c.root.pairs[i]
		}
	}
	return nil
}

func (c *config) readCIDRs(r *report) {
	section := c.section("cidr_networks")
	if section == nil || section.value.kind != dict || len(section.value.pairs) == 0 {
		at, hint := Place{UserConfig, 1, 1}, "write a network for each pool, such as management: 172.29.236.0/22"
		if section != nil {
			at = section.Place
		} else if misplaced := c.globals.pair("cidr_networks"); misplaced != nil {
			at, hint = misplaced.Place, "here, under global_overrides, it is a variable only: write it at the top level"
		} else if c.root.unread {
			return
		}
		r.problem(at, "cidr_networks", "missing; %s", hint)
		return
	}
	for _, p := range section.value.pairs {
		text := p.value.str()
		prefix, err := parseNetwork(text)
		if err != nil {
			c.badCIDR[p.key] = true
			r.problem(p.value.Place, place("cidr_networks", p.key), "%q is no network; write it as 172.29.236.0/22", text)
			continue
		}
		if prefix != prefix.Masked() {
			r.problem(p.value.Place, place("cidr_networks", p.key), "%s has host bits; write %s", prefix, prefix.Masked())
		}
		if first := prefix.Addr(); first.IsLoopback() || first.IsMulticast() || first.IsLinkLocalUnicast() {
			r.problem(p.value.Place, place("cidr_networks", p.key), "%s is no network for hosts", prefix)
		}
		one := &cidr{p.value.Place, p.key, prefix.Masked()}
		c.cidrs = append(c.cidrs, one)
		c.byCIDR[p.key] = one
	}
}

// parseNetwork also takes a netmask, 172.29.236.0/255.255.252.0, as netaddr does for OSA.
func parseNetwork(text string) (netip.Prefix, error) {
	address, netmask, _ := strings.Cut(text, "/")
	if four, err := netip.ParseAddr(netmask); err == nil && four.Is4() {
		mask := binary.BigEndian.Uint32(four.AsSlice())
		if length := bits.OnesCount32(mask); mask == ^uint32(0)<<(32-length) {
			text = fmt.Sprintf("%s/%d", address, length)
		}
	}
	return netip.ParsePrefix(text)
}

func (c *config) readUsed(r *report) {
	section := c.section("used_ips")
	if section == nil {
		return
	}
	c.usedPlace = section.Place
	entries := section.value.items
	if section.value.kind == scalar && !section.value.isNull() {
		entries = []*value{section.value}
	}
	if section.value.kind == dict {
		r.problem(section.Place, "used_ips", `must be a list, such as - "172.29.236.1,172.29.236.50"`)
	}
	for i, entry := range entries {
		one, err := parseSpan(entry.str())
		if err != nil {
			r.problem(entry.Place, index("used_ips", i), "%s", err)
			continue
		}
		c.used = append(c.used, one)
		if len(c.badCIDR) == 0 && !slices.ContainsFunc(c.cidrs, func(n *cidr) bool { return one.meets(n.prefix) }) {
			r.warn(entry.Place, index("used_ips", i), "%s is outside of every network of cidr_networks", entry.str())
		}
	}
}

func (s span) meets(prefix netip.Prefix) bool {
	return s.first.Compare(last(prefix)) <= 0 && prefix.Addr().Compare(s.last) <= 0 && s.first.Is4() == prefix.Addr().Is4()
}

// checkOrdinary refuses an address that stands for the whole of an IPv4 network.
func (c *config) checkOrdinary(address netip.Addr, at Place, path string, r *report) {
	for _, one := range c.cidrs {
		if !address.Is4() || !one.prefix.Contains(address) || one.prefix.Bits() >= address.BitLen()-1 {
			continue
		}
		switch address {
		case one.prefix.Addr():
			r.problem(at, path, "%s is the network %s itself, and no address in it", address, one.name)
		case last(one.prefix):
			r.problem(at, path, "%s is the broadcast address of %s (%s)", address, one.name, one.prefix)
		}
	}
}

// checkOverlaps refuses two pools that share addresses when provider networks use both.
func (c *config) checkOverlaps(r *report) {
	pooled := map[string]bool{}
	for _, n := range c.networks {
		pooled[n.pool] = true
	}
	sorted := slices.Clone(c.cidrs)
	slices.SortStableFunc(sorted, func(a, b *cidr) int { return a.prefix.Addr().Compare(b.prefix.Addr()) })
	for i := 1; i < len(sorted); i++ {
		for j := i - 1; j >= 0; j-- {
			a, b := sorted[j], sorted[i]
			if !a.prefix.Overlaps(b.prefix) {
				continue
			}
			if a.Line > b.Line {
				a, b = b, a
			}
			tell := r.warn
			if pooled[a.name] && pooled[b.name] {
				tell = r.problem
			}
			tell(b.Place, place("cidr_networks", b.name),
				"%s overlaps %s (%s, line %d): one subnet on two bridges has two routes; give each its own",
				b.prefix, a.name, a.prefix, a.Line)
			break
		}
	}
}
