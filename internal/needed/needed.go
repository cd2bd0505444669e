// Package needed looks whether a host has what OpenStack-Ansible's networks need of it: their bridges, links below that
// carry their packets, and bare links for Open vSwitch.
package needed

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hostnet.linux/internal/schema"
)

// The options of the network module that say what is needed.
const (
	Key        = "needed"
	NetworkKey = "provider_networks"
	NeutronKey = "neutron_provider_networks"
)

// need is one entry of container_networks.
type need struct {
	at          schema.Place
	bridge      string
	mtu         uint32
	inContainer bool
	onBridge    bool // a veth goes to a bridge
	numbered    bool
	address     string
	ovs         bool
}

// taken is a link that Open vSwitch takes for one of its bridges.
type taken struct {
	at           schema.Place
	bridge, link string
	// sure says that this host is bound to the network.
	sure bool
}

// tunnels is a network whose packets travel inside of those of the host's own address.
type tunnels struct {
	at         schema.Place
	link, kind string
}

// Needs are what OpenStack-Ansible's networks need of one host.
type Needs struct {
	needs []need
	taken []taken
	// tunnels are those of this host for which nobody has said an MTU.
	tunnels []tunnels
	// networkd says that the lines to add are those of systemd-networkd's variables.
	networkd bool
	problems *schema.Problems
}

// Read takes container_networks, or a list of several, and what says which bridges are Open vSwitch's: OSA's
// provider_networks and neutron_provider_networks. What is wrong in them is noted among the problems.
func Read(networks, providers, neutron any, networkd bool, problems *schema.Problems) *Needs {
	n := &Needs{networkd: networkd, problems: problems}
	at := schema.At(Key, problems)
	list, isList := networks.([]any)
	if !isList && networks != nil {
		list = []any{networks}
	}
	for i, element := range list {
		place := at
		if isList {
			place = at.Index(i)
		}
		entries, isDict := element.(map[string]any)
		if !isDict {
			place.Problem("must be a dictionary such as container_networks, not %T", element)
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			n.entry(key, entries[key], place.Key(key))
		}
	}
	n.providers(providers)
	n.neutron(neutron)
	return n
}

// entryKeys are those of an entry of container_networks, of a host or a container.
var entryKeys = []string{
	"address", "bridge", "bridge_type", "dhcp_use_dns", "dhcp_use_routes", "gateway", "interface", "limit_container_types",
	"mtu", "netmask",
	"postdown", "postup", "predown", "preup", "static_routes", "type",
}

func (n *Needs) entry(key string, raw any, at schema.Place) {
	const limit = "limit_container_types"
	if key == limit || raw == nil {
		return
	}
	fields, isDict := raw.(map[string]any)
	if !isDict {
		at.Problem("must be a dictionary with bridge")
		return
	}
	for _, option := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(entryKeys, option) {
			near := ""
			if word := schema.Nearest(option, entryKeys); word != "" {
				near = ": did you mean " + word + "?"
			}
			at.Key(option).Problem("unknown key%s", near)
		}
	}
	kind := text(fields["type"])
	one := need{
		at: at, bridge: text(fields["bridge"]), mtu: number(fields["mtu"]), inContainer: fields["interface"] != nil,
		onBridge: kind == "" || kind == "veth", numbered: fields["netmask"] != nil ||
			fields["address"] != nil, address: text(fields["address"]),
		ovs: fields["bridge_type"] == "openvswitch",
	}
	if fields["mtu"] != nil && one.mtu == 0 {
		at.Key("mtu").Problem("must be a number, not %v", fields["mtu"])
	}
	if one.bridge == "" {
		at.Problem("needs bridge")
		return
	}
	n.needs = append(n.needs, one)
}

// providers reads provider_networks: a flat or VLAN network with network_interface is on a bridge of Open vSwitch's,
// and the packets of some others get a header more.
func (n *Needs) providers(raw any) {
	list, isList := raw.([]any)
	if !isList && raw != nil {
		schema.At(NetworkKey, n.problems).Problem("must be a list as in global_overrides")
	}
	for i, element := range list {
		holder, _ := element.(map[string]any)
		fields, _ := holder["network"].(map[string]any)
		kind, port := text(fields["type"]), text(fields["network_interface"])
		if headers[kind] > 0 && fields["container_mtu"] == nil {
			at := schema.At(NetworkKey, n.problems).Index(i).Key("network")
			n.tunnels = append(n.tunnels, tunnels{at, text(fields["container_bridge"]), kind})
		}
		if kind != "flat" && kind != "vlan" || port == "" {
			continue
		}
		at := schema.At(NetworkKey, n.problems).Index(i).Key("network")
		bridge := text(fields["container_bridge"])
		bound := n.bound(bridge)
		if override := text(fields["host_bind_override"]); override != "" {
			bridge = override
		}
		n.taken = append(n.taken, taken{at.Key("network_interface"), bridge, port, bound})
	}
}

// bound tells whether the host itself is in the network of a link.
func (n *Needs) bound(link string) bool {
	return slices.ContainsFunc(n.needs, func(one need) bool { return one.bridge == link && !one.inContainer })
}

// neutron reads neutron_provider_networks, which operators write by hand.
func (n *Needs) neutron(raw any) {
	fields, isDict := raw.(map[string]any)
	at := schema.At(NeutronKey, n.problems)
	if !isDict && raw != nil {
		at.Problem("must be a dictionary")
	}
	const key = "network_interface_mappings"
	for _, pair := range strings.Split(text(fields[key]), ",") {
		bridge, port, isPair := strings.Cut(strings.TrimSpace(pair), ":")
		if isPair {
			n.taken = append(n.taken, taken{at.Key(key), bridge, port, false})
		} else if pair != "" {
			at.Key(key).Problem("%q is no pair such as br-provider:bond1", pair)
		}
	}
}

// Check compares with the host's links as they will be. It gives warnings; problems go to those of Read.
func (n *Needs) Check(links Links) []string {
	var warnings []string
	ovs := map[string]bool{}
	for _, one := range n.taken {
		if one.sure || links[one.link] != nil {
			ovs[one.bridge] = true
		}
		n.bare(one, links)
	}
	told := map[string]bool{}
	for i := range n.needs {
		one := &n.needs[i]
		one.ovs = one.ovs || ovs[one.bridge]
		if warning := n.look(one, links, told); warning != "" {
			warnings = append(warnings, warning)
		}
	}
	for _, one := range n.tunnels {
		if warning := one.room(links); warning != "" && n.bound(one.link) {
			warnings = append(warnings, warning)
		}
	}
	for _, one := range n.taken {
		if there := links[one.bridge]; there != nil && there.kind == "bridge" && !told[one.bridge] {
			told[one.bridge] = true
			one.at.Problem("%s", clash(there))
		}
	}
	return warnings
}

// look compares one need with the host, each bridge that is not there once, and gives what is only to be said.
func (n *Needs) look(one *need, links Links, told map[string]bool) string {
	there := links[one.bridge]
	switch {
	case one.ovs:
		if there != nil && there.kind == "bridge" && !told[one.bridge] {
			one.at.Key("bridge").Problem("%s", clash(there))
		}
		told[one.bridge] = true
	case there == nil && !one.numbered && !one.inContainer:
		return fmt.Sprintf("%s: nothing makes %s: it is left to Open vSwitch", one.at.Path(), one.bridge)
	case there == nil:
		if !told[one.bridge] {
			one.at.Key("bridge").Problem("there is no %s on this host, and nothing declares it; add\n%s", one.bridge,
				n.lines(one))
		}
		told[one.bridge] = true
	case one.inContainer && one.onBridge && there.kind != "bridge":
		one.at.Key("bridge").Problem("%s is no bridge but a %s: a container's veth needs a bridge", one.bridge, kindOf(there))
	default:
		n.carries(one, links)
		return one.addressOn(there)
	}
	return ""
}

func clash(there *link) string {
	from := "is on this host"
	if there.declared {
		from = "is declared here"
	}
	return fmt.Sprintf("%s is to be a bridge of Open vSwitch, and a Linux bridge of that name %s: remove that, and "+
		"leave its port to Open vSwitch",
		there.name, from)
}

func kindOf(one *link) string {
	if one.kind == "" {
		return "network card"
	}
	return one.kind
}

// bare looks whether Open vSwitch can take the link: it must be there, be nobody's port and carry no address.
func (n *Needs) bare(one taken, links Links) {
	there := links[one.link]
	if there == nil {
		if one.sure {
			one.at.Problem("there is no link %s on this host, and nothing declares it: Open vSwitch is to take it for %s",
				one.link, one.bridge)
		}
		return
	}
	if controller := links.controllerOf(one.link); controller != nil && controller.kind != "openvswitch" {
		one.at.Problem("%s is a port of %s: Open vSwitch is to take it for %s, and needs it bare", one.link, controller.name,
			one.bridge)
	}
	if len(there.addresses) > 0 && there.kind != "bridge" {
		one.at.Problem("%s has the address %s: Open vSwitch is to take it for %s, and needs it bare", one.link,
			there.addresses[0], one.bridge)
	}
}

// carries looks whether every link below lets the packets through.
func (n *Needs) carries(one *need, links Links) {
	if one.mtu == 0 {
		return
	}
	var told []string
	var small []string
	for _, way := range links.below(one.bridge, 0) {
		path, less := links.narrow(way, one.mtu)
		if len(less) > 0 {
			told = append(told, path)
		}
		for _, name := range less {
			if !slices.Contains(small, name) {
				small = append(small, name)
			}
		}
	}
	if len(told) > 0 {
		one.at.Key("mtu").Problem("%d does not pass %s: give %s an mtu of %d", one.mtu, strings.Join(told, " and "),
			strings.Join(small, ", "), one.mtu)
	}
}

// addressOn tells of a host whose address on the network is not there.
func (one *need) addressOn(there *link) string {
	if one.inContainer || !one.numbered {
		return ""
	}
	if one.address == "" {
		if len(there.addresses) == 0 {
			return fmt.Sprintf("%s: no address of this host on %s is known: declare one", one.at.Path(), one.bridge)
		}
		return ""
	}
	want, err := netip.ParseAddr(one.address)
	if err == nil && !slices.ContainsFunc(there.addresses, func(have string) bool {
		prefix, err := netip.ParsePrefix(have)
		return err == nil && prefix.Addr() == want || have == one.address
	}) {
		return fmt.Sprintf("%s: %s has not the address %s", one.at.Path(), one.bridge, one.address)
	}
	return ""
}

// lines are what to add for a bridge that nothing makes.
func (n *Needs) lines(one *need) string {
	mtu := ""
	if n.networkd {
		if one.mtu > 0 {
			mtu = fmt.Sprintf(", mtu: %d", one.mtu)
		}
		return fmt.Sprintf(
			"networkd_devices:\n  - NetDev: {Name: %s, Kind: bridge}\nnetworkd_networks:\n  - {interface: LINK, bridge: %s%s}",
			one.bridge, one.bridge, mtu)
	}
	if one.mtu > 0 {
		mtu = fmt.Sprintf("\n    mtu: %d", one.mtu)
	}
	return fmt.Sprintf("bridges:\n  - name: %s\n    ports: [LINK]%s", one.bridge, mtu)
}

func text(raw any) string {
	if raw == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(raw))
}

func number(raw any) uint32 {
	size, err := strconv.ParseUint(text(raw), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(size)
}
