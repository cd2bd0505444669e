package openstack

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hostnet.linux/internal/pattern"
)

// network is one entry of provider_networks.
type network struct {
	Place
	section    Place // of provider_networks
	path       string
	key        string // of container_networks: PREFIX_address
	bridge     string
	bridgeType string
	kind       string // container_type
	link       string // container_interface
	mtu        any
	pool       string
	management bool
	reference  string
	binds      []bind
	routes     []any
	gateway    netip.Addr
	netType    string
	netName    string
	prefix     string
	routers    []netip.Addr
}

type bind struct {
	Place
	path, group string
}

var networkKeys = []string{
	"address_prefix", "bond_downdelay", "bond_mode", "bond_updelay", "container_bridge", "container_bridge_type",
	"container_interface", "container_mtu", "container_type", "gateway", "group_binds", "host_bind_override", "ip_from_q",
	"is_container_address", "is_management_address", "is_ssh_address", "is_storage_address", "is_tunnel_address", "lacp",
	"net_name", "network_bond_interfaces", "network_interface", "range", "reference_group", "sriov_host_interfaces",
	"static_routes", "type",
}

func (c *config) readNetworks(r *report) {
	section := c.globals.pair("provider_networks")
	if section == nil {
		// At the top level it is told as misplaced; what is wrong in it is told at once, too.
		section = c.root.pair("provider_networks")
	}
	if section == nil || section.value.kind != list || len(section.value.items) == 0 {
		at := Place{UserConfig, 1, 1}
		if p := c.root.pair("global_overrides"); p != nil {
			at = p.Place
		} else if c.root.unread {
			return
		}
		r.problem(at, "global_overrides.provider_networks", "missing; write a list with a network for each bridge")
		return
	}
	for i, entry := range section.value.items {
		path := index("provider_networks", i)
		p := entry.pair("network")
		if p == nil {
			r.problem(entry.Place, path, "has no network: write - network: and its keys below, indented by 2 more")
			continue
		}
		var beside []string
		for _, other := range entry.pairs {
			if other.key != "network" {
				beside = append(beside, other.key)
			}
		}
		path = place(path, "network")
		switch {
		case p.value.isNull() && len(beside) > 0:
			r.problem(p.Place, path, "empty; its %d keys stand beside it: indent them by 2", len(beside))
			// What else is wrong there is told at once, too.
			meant := *entry
			meant.pairs = slices.DeleteFunc(slices.Clone(entry.pairs), func(p pair) bool { return p.key == "network" })
			c.networks = append(c.networks, c.readNetwork(&meant, p.Place, path, r))
			continue
		case p.value.isNull() || p.value.kind != dict:
			r.problem(p.Place, path, "empty: write its keys below, indented by 2 more, or remove it")
			continue
		case len(beside) > 0:
			r.problem(p.Place, path, "%s stand beside it: indent them by 2", strings.Join(beside, ", "))
		}
		c.networks = append(c.networks, c.readNetwork(p.value, p.Place, path, r))
	}
	for _, n := range c.networks {
		n.section = section.Place
	}
	c.nameKeys()
	c.checkManagement(r)
}

func (c *config) readNetwork(v *value, at Place, path string, r *report) *network {
	n := &network{
		Place: at, path: path, bridge: v.get("container_bridge").str(), bridgeType: v.get("container_bridge_type").str(),
		kind: v.get("container_type").str(), link: v.get("container_interface").str(), pool: v.get("ip_from_q").str(),
		management: v.get("is_management_address").isTrue() || v.get("is_container_address").isTrue(),
		reference:  underscores(v.get("reference_group").str()), netType: v.get("type").str(),
		netName: v.get("net_name").str(), prefix: v.get("address_prefix").str(),
	}
	for _, p := range v.pairs {
		if !slices.Contains(networkKeys, p.key) {
			r.problem(p.Place, place(path, p.key), "unknown key%s", meant(p.key, slices.Clone(networkKeys)))
		}
	}
	for _, key := range []string{"is_management_address", "is_container_address"} {
		isBool(v, path, key, r)
	}
	c.checkWords(n, v, r)
	if mtu := v.get("container_mtu"); !mtu.isNull() {
		size, err := strconv.Atoi(mtu.str())
		if err != nil || size < 68 || size > 65535 {
			r.problem(mtu.Place, place(path, "container_mtu"), "%q is no MTU from 68 to 65535", mtu.str())
		}
		n.mtu = mtu.plain()
	}
	if n.pool != "" && c.byCIDR[n.pool] == nil && !c.badCIDR[n.pool] {
		var known []string
		for _, one := range c.cidrs {
			known = append(known, one.name)
		}
		r.problem(v.get("ip_from_q").Place, place(path, "ip_from_q"),
			"no network %s in cidr_networks%s", n.pool, meant(n.pool, known))
	}
	if n.management && n.pool == "" {
		r.problem(at, path, "is_management_address needs ip_from_q: the address must come from a network of cidr_networks")
	}
	c.readRange(v.get("range"), n, r)
	c.readBinds(v, n, r)
	c.checkOverride(v, n, r)
	c.readRoutes(v.get("static_routes"), n, r)
	if gateway := v.get("gateway"); !gateway.isNull() {
		n.gateway = c.router(gateway, place(path, "gateway"), n, r)
	}
	return n
}

var (
	netTypes       = []string{"raw", "flat", "vlan", "vxlan", "geneve", "local", "gre"}
	containerTypes = []string{"veth", "phys", "macvlan", "ipvlan", "vlan"}
	vlanRange      = pattern.Of(`^\d+:\d+(\s*,\s*\d+:\d+)*$`)
	card           = pattern.Of(`^eth\d+$|^en[opsx][0-9a-f]\w*$`)
	hardware       = pattern.Of(
		`^(bond|team)\d|^bond-|^en[opsx][0-9a-f][\w.]*$|^em\d+$|^p\d+p\d+|^ib[\dps]|\.\d+$|^vlan\d+$`)
)

// textKeys are text to OSA, whatever YAML makes of a word without quotes.
var textKeys = []string{
	"container_bridge", "container_interface", "network_interface", "host_bind_override", "ip_from_q", "net_name",
	"address_prefix",
	"reference_group",
}

// checkNames refuses what is no text to YAML 1.1, and what cannot be the name of an interface.
func (c *config) checkNames(v *value, n *network, r *report) {
	for _, key := range textKeys {
		text := v.get(key)
		if _, isText := text.orEmpty().scalar.(string); !isText && !text.isNull() && fmt.Sprint(text.scalar) != text.text {
			r.problem(text.Place, place(n.path, key), "%s is %v to YAML 1.1: write it in quotes", text.text, shown(text.plain()))
		}
	}
	for _, key := range []string{"container_bridge", "container_interface", "network_interface", "host_bind_override"} {
		if name := v.get(key).str(); len(name) > 15 || strings.ContainsAny(name, " /:") || name == "." || name == ".." {
			r.problem(v.get(key).Place, place(n.path, key),
				"%q is no name of an interface: at most 15 letters, no space, / or :", name)
		}
	}
}

// checkNeutron looks at what OSA's neutron role makes settings of.
func (c *config) checkNeutron(v *value, n *network, r *report) {
	if (n.netType == "vlan" || n.netType == "flat") && n.netName == "" {
		r.warn(n.Place, n.path, "has no net_name, by which Neutron knows a network of type %s", n.netType)
	}
	port, bridge := v.get("network_interface"), v.get("host_bind_override").str()
	if bridge == "" {
		bridge = n.bridge
	}
	if port.str() != "" && port.str() == bridge {
		r.problem(port.Place, place(n.path, "network_interface"),
			"%s cannot be its own port: name the bond or card that Open vSwitch is to take", bridge)
	}
}

func (c *config) checkWords(n *network, v *value, r *report) {
	oneOf := func(key, word string, known []string) {
		if word != "" && !slices.Contains(known, word) {
			r.problem(v.get(key).Place, place(n.path, key),
				"%q is none of %s%s", word, strings.Join(known, ", "), meant(word, slices.Clone(known)))
		}
	}
	oneOf("type", n.netType, netTypes)
	if n.netType == "" {
		r.warn(n.Place, n.path,
			"has no type, at which OSA's neutron role stops: write type: raw if it is no network of neutron's")
	}
	oneOf("container_type", n.kind, containerTypes)
	oneOf("container_bridge_type", n.bridgeType, []string{"linuxbridge", "openvswitch"})
	if n.bridgeType == "openvswitch" && n.kind != "" && n.kind != "veth" {
		r.problem(v.get("container_type").Place, place(n.path, "container_type"),
			"%s cannot be a port of an Open vSwitch bridge; write veth", n.kind)
	}
	c.checkNames(v, n, r)
	c.checkNeutron(v, n, r)
	if n.link == "eth0" {
		r.warn(v.get("container_interface").Place, place(n.path, "container_interface"),
			"eth0 is every container's interface on lxcbr0: write another one, unless lxc_container_networks is {}")
	}
	if n.bridge == "" && v.get("host_bind_override").isNull() && v.get("network_interface").isNull() {
		r.problem(n.Place, n.path, "has no container_bridge: write the host's bridge of this network")
	}
	if n.prefix != "" && strings.HasSuffix(n.prefix, "_address") {
		r.warn(v.get("address_prefix").Place, place(n.path, "address_prefix"), "_address is added to it")
	}
}

// checkOverride: OVN and Open vSwitch take host_bind_override for the name of a bridge. Published examples for the Open
// vSwitch agent name a bond all the same, so that only what OVN reaches is refused.
func (c *config) checkOverride(v *value, n *network, r *report) {
	override := v.get("host_bind_override")
	name := override.str()
	if !hardware().MatchString(name) {
		return
	}
	ovn := slices.ContainsFunc(n.binds, func(b bind) bool { return strings.HasPrefix(b.group, "neutron_ovn") })
	for _, group := range c.groups {
		ovn = ovn || len(group.members) > 0 && (group.name == "network_gateway_hosts" || group.name == "network_northd_hosts")
	}
	tell := r.warn
	if ovn {
		tell = r.problem
	}
	tell(override.Place, place(n.path, "host_bind_override"),
		"%s is no bridge: with OVN, Open vSwitch would make one of this name; write network_interface: %s", name, name)
}

func (c *config) readRange(v *value, n *network, r *report) {
	if v.isNull() {
		return
	}
	path := place(n.path, "range")
	text := v.str()
	if v.kind != scalar {
		r.problem(v.Place, path, `must be one text such as "101:200,301:400"`)
		return
	}
	if _, isText := v.scalar.(string); !isText {
		if strings.Contains(v.text, ":") {
			r.problem(v.Place, path, `%s is the number %s to YAML 1.1; write it in quotes: "%s"`, v.text, text, v.text)
			return
		}
		r.problem(v.Place, path, `%s is no range; write first:last, such as "%s:%s"`, text, text, text)
		return
	}
	if text != "" && !vlanRange().MatchString(text) {
		r.problem(v.Place, path, "%q is no range; write first:last[,first:last]%s", text, rangeMeant(text))
		return
	}
	for _, part := range strings.Split(text, ",") {
		first, end, _ := strings.Cut(strings.TrimSpace(part), ":")
		a, _ := strconv.Atoi(first)
		b, _ := strconv.Atoi(end)
		switch {
		case text == "":
		case a > b:
			r.problem(v.Place, path, "%s runs backwards; write %d:%d", part, b, a)
		case n.netType == "vlan" && (a < 1 || b > 4094):
			r.problem(v.Place, path, "%s: a VLAN is from 1 to 4094", part)
		case (n.netType == "vxlan" || n.netType == "geneve") && (a < 1 || b > 1<<24-1):
			r.problem(v.Place, path, "%s: an identifier of %s is from 1 to 16777215", part, n.netType)
		}
	}
}

func rangeMeant(text string) string {
	if better := strings.ReplaceAll(text, "-", ":"); better != text && vlanRange().MatchString(better) {
		return fmt.Sprintf(": %q", better)
	}
	return ""
}

func (c *config) readBinds(v *value, n *network, r *report) {
	binds := v.get("group_binds")
	path := place(n.path, "group_binds")
	if v.pair("group_binds") == nil {
		for _, p := range v.pairs {
			if meant(p.key, []string{"group_binds"}) != "" {
				binds = p.value // told as an unknown key, and read as it is meant
			}
		}
	}
	if len(binds.strings()) == 0 {
		also := ""
		if n.link == "" {
			also = "; for containers it needs container_interface, too"
		}
		r.problem(n.Place, n.path, "has no group_binds: a network that is bound to nothing reaches nobody%s", also)
		return
	}
	for i, name := range binds.strings() {
		at := binds.Place
		if binds.kind == list {
			at = binds.items[i].Place
		}
		n.binds = append(n.binds, bind{at, path, underscores(name)})
	}
}

// nameKeys gives each network its key in container_networks. Two without pool and interface on one bridge are told
// apart by net_name, then by type: OSA calls all of them None_address.
func (c *config) nameKeys() {
	count := map[string]int{}
	names := func(n *network) []string { return []string{n.bridge, n.netName, n.netName + "_" + n.netType} }
	for _, n := range c.networks {
		for _, name := range names(n) {
			count[name]++
		}
	}
	for _, n := range c.networks {
		name := n.prefix
		switch {
		case name != "":
		case n.pool != "":
			name = n.pool
		case n.link != "":
			name = n.link
		default:
			for _, one := range names(n) {
				if name = one; one != "" && count[one] == 1 {
					break
				}
			}
		}
		n.key = name + "_address"
	}
}

func (c *config) checkManagement(r *report) {
	bridge := c.globals.get("management_bridge")
	marked, there := false, false
	for _, n := range c.networks {
		marked, there = marked || n.management, there || n.bridge == bridge.str()
		if bridge.str() != "" && n.bridge == bridge.str() && !n.management {
			r.problem(n.Place, n.path, "is on the management_bridge %s: write is_management_address: true", n.bridge)
			marked = true // told
		}
	}
	if !there && !strings.Contains(bridge.str(), "{{") && bridge.str() != "" {
		var bridges []string
		for _, n := range c.networks {
			bridges = append(bridges, n.bridge)
		}
		r.warn(bridge.Place, "management_bridge", "no network has the container_bridge %s%s", bridge.str(),
			meant(bridge.str(), bridges))
	}
	if !marked && len(c.networks) > 0 {
		r.problem(c.networks[0].section, "provider_networks",
			"no network has is_management_address: true: containers would have no address for Ansible")
	}
}
