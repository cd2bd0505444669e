package networkd

import (
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"strings"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
)

// aboveKeys are how the .network file of a link names one that stands on it.
var aboveKeys = map[string]string{"vlan": "VLAN", "vxlan": "VXLAN", "macvlan": "MACVLAN"}

// portKeys are how the .network file of a port names its controller.
var portKeys = map[string]string{"bond": "Bond", "bridge": "Bridge", "vrf": "VRF"}

// link writes what concerns the link alone.
func (w *writer) link(one host.Written) {
	name := textOf(one.Options.Get("name"))
	if name == "" {
		schema.At(one.Path,
			w.problems).Problem("systemd-networkd has to be told the link's name: give it besides what the link is found by")
		return
	}
	words := maps.Clone(common())
	network := w.network(name)
	mac := textOf(one.Options.Get("mac_address"))
	if kind, isMade := netdevs()[one.Kind]; isMade {
		for option := range kind {
			words[option] = writtenByCode
		}
		w.netdev(name, mac, one)
	} else if mac != "" {
		network.section("Link").set("MACAddress", mac)
	}
	for _, option := range one.Options {
		saying := words[option.Key]
		w.writeDirectives(network.section(saying.section), schema.Object{option}, words, one.Path)
	}
	// What is declared does not depend on a carrier.
	network.section("Network").set("ConfigureWithoutCarrier", "yes")
	list, _ := one.Options.Get("addresses").([]any)
	if len(list) == 0 {
		network.section("Link").set("RequiredForOnline", "no")
	}
	for i, element := range list {
		w.address(network, name, objectOf(element, "address"), fmt.Sprintf("%s[%d]", pathOf(one.Path, "addresses"), i))
	}
}

// netdev writes what makes the link.
func (w *writer) netdev(name, mac string, one host.Written) {
	netdev := &file{}
	w.netdevs[name] = netdev
	head := netdev.section("NetDev")
	head.set("Name", name)
	head.set("Kind", one.Kind)
	list, hasPorts := one.Options.Get("ports").([]any)
	if mac == "" && hasPorts && len(list) > 0 {
		// Of its ports, as the link has it now. With this option, a bond's is that of the active port.
		if follow := textOf(one.Options.Get("fail_over_mac")); follow != "active" && follow != "follow" {
			mac = w.mac(name)
		}
		if mac == "" {
			mac = "none"
		}
	}
	if mac != "" {
		head.set("MACAddress", mac)
	}
	words := netdevs()[one.Kind]
	for _, option := range one.Options {
		if saying, known := words[option.Key]; known {
			w.writeDirectives(netdev.section(saying.section), schema.Object{option}, words, one.Path)
		}
	}
	for _, line := range unless[one.Kind] {
		if section := netdev.section(line[1]); !section.has(line[2]) {
			section.set(line[2], line[3])
		}
	}
	if one.Kind == "vxlan" && one.Options.Get("parent") == nil {
		netdev.section("VXLAN").set("Independent", "yes")
	}
}

// joins writes what concerns the link and others: ports, and what it stands on.
func (w *writer) joins(one host.Written) {
	name := textOf(one.Options.Get("name"))
	if key := aboveKeys[one.Kind]; key != "" && one.Options.Get("parent") != nil {
		parent := textOf(one.Options.Get("parent"))
		if w.networks[parent] == nil {
			schema.At(one.Path, w.problems).Key("parent").Problem(
				"systemd-networkd finds %s through the file of %s: declare %s as well", name, parent, parent)
			return
		}
		w.network(parent).section("Network").set(key, name)
	}
	if one.Kind == "bridge" {
		w.bridgeVLANs(w.network(name), one, one.Options, one.Path)
	}
	list, _ := one.Options.Get("ports").([]any)
	for i, element := range list {
		port, path := objectOf(element, "name"), fmt.Sprintf("%s[%d]", pathOf(one.Path, "ports"), i)
		network := w.network(textOf(port.Get("name")))
		network.section("Network").set(portKeys[one.Kind], name)
		if link := network.section("Link"); !link.has("RequiredForOnline") {
			link.set("RequiredForOnline", "no")
		}
		if port.Get("name") == one.Options.Get("primary") {
			network.section("Network").set("PrimarySlave", "yes")
		}
		words := ports()[one.Kind]
		for _, option := range port {
			w.writeDirectives(network.section(words[option.Key].section), schema.Object{option}, words, path)
		}
		if one.Kind == "bridge" {
			w.bridgeVLANs(network, one, port, path)
		}
	}
	if fdb, _ := one.Options.Get("fdb").([]any); one.Kind == "vxlan" {
		w.forwarding(name, fdb, pathOf(one.Path, "fdb"))
	}
	list, _ = one.Options.Get("routes").([]any)
	for i, element := range list {
		w.routeOn(name, objectOf(element, "to"), fmt.Sprintf("%s[%d]", pathOf(one.Path, "routes"), i))
	}
}

// bridgeVLANs writes the VLANs of a bridge itself, or of one of its ports. systemd 252 adds its own to that which the
// kernel gives both, which has to be among them.
func (w *writer) bridgeVLANs(network *file, bridge host.Written, holder schema.Object, path string) {
	list, declared := holder.Get("vlans").([]any)
	if !declared {
		return
	}
	given := textOf(bridge.Options.Get("vlan_default_pvid"))
	if given == "" {
		given = "1"
	}
	listed, hasPVID := given == "0", given == "0"
	for _, element := range list {
		one, section := objectOf(element, "vid"), network.add("BridgeVLAN")
		vid := textOf(one.Get("vid"))
		section.set("VLAN", vid)
		if one.Get("untagged") == true {
			section.set("EgressUntagged", vid)
		}
		if one.Get("pvid") == true {
			section.set("PVID", vid)
			hasPVID = true
		}
		listed = listed || holds(vid, given)
	}
	if !listed || !hasPVID {
		schema.At(path, w.problems).Key("vlans").Problem(
			"systemd-networkd leaves VLAN %s as the kernel gives it, untagged and for untagged frames: "+
				"declare `vlan_default_pvid: 0` of %s, or list VLAN %s here and one with `pvid: true`", given,
			textOf(bridge.Options.Get("name")), given)
	}
}

// holds tells whether a VLAN is the one that is written, or in the range that is.
func holds(written, vlan string) bool {
	first, last, isRange := strings.Cut(written, "-")
	if !isRange {
		last = first
	}
	from, _ := strconv.Atoi(first)
	to, _ := strconv.Atoi(last)
	id, _ := strconv.Atoi(vlan)
	return from <= id && id <= to
}

func (w *writer) forwarding(link string, entries []any, path string) {
	for i, element := range entries {
		entry := objectOf(element, "dst")
		section := w.network(link).add("BridgeFDB")
		if entry.Get("mac_address") == nil {
			entry.Set("mac_address", "00:00:00:00:00:00")
		}
		w.writeDirectives(section, entry, forwardingWords(), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (w *writer) address(network *file, link string, one schema.Object, path string) {
	prefix, err := netip.ParsePrefix(textOf(one.Get("address")))
	if err != nil {
		return // it has been parsed before
	}
	w.subnets = append(w.subnets, subnet{prefix.Masked(), link})
	section := network.add("Address")
	w.writeDirectives(section, one, addressWords(), path)
	broadcast := textOf(one.Get("broadcast"))
	switch {
	case !prefix.Addr().Is4():
	case broadcast == "" || broadcast == "none":
		section.set("Broadcast", "no")
	default:
		section.set("Broadcast", broadcast)
	}
}

func textOf(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// objectOf is an element of a list, which may be written by its one option alone.
func objectOf(element any, shorthand string) schema.Object {
	if object, isObject := element.(schema.Object); isObject {
		return object
	}
	return schema.Object{{Key: shorthand, Value: element}}
}

func pathOf(path, option string) string { return strings.TrimPrefix(path+"."+option, ".") }
