package networkd

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/schema"
)

// networkKeys are those of an entry that OSA's role systemd_networkd reads.
var networkKeys = []string{
	"address", "bond", "bridge", "config_overrides", "dns", "filename", "gateway", "interface", "ipforward",
	"link_config_overrides",
	"macvlan", "match", "mtu", "name", "netmask", "network_overrides_only", "routing_rules", "static_routes", "usedns",
	"vlan", "vxlan",
}

// network reads one .network.
func (r *Reading) network(fields map[string]any, at schema.Place) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(networkKeys, key) {
			near := ""
			if word := schema.Nearest(key, networkKeys); word != "" {
				near = ": did you mean " + word + "?"
			}
			at.Key(key).Problem("unknown key%s", near)
		}
	}
	name := textIn(orEmpty(fields["interface"]))
	if name == "" {
		at.Problem("needs interface")
		return
	}
	r.Interfaces = append(r.Interfaces, name)
	one := r.byName[name]
	if one == nil {
		one = r.new(name, "", at)
	}
	if mtu := fields["mtu"]; mtu != nil {
		one.set("mtu", mtu, at.Key("mtu"))
	}
	for _, key := range []string{"bridge", "bond"} {
		if fields[key] != nil {
			r.join(key, textIn(fields[key]), name, at.Key(key))
		}
	}
	for _, key := range []string{"vlan", "macvlan", "vxlan"} {
		r.above(one, key, fields[key], at.Key(key))
	}
	r.addresses(one, fields, at)
	for i, route := range dictionaries(fields["static_routes"], at.Key("static_routes")) {
		if route != nil {
			r.route(one, route, firstMetric+i, at.Key("static_routes").Index(i))
		}
	}
	for i, rule := range dictionaries(fields["routing_rules"], at.Key("routing_rules")) {
		if rule != nil {
			r.rule(rule, at.Key("routing_rules").Index(i))
		}
	}
	for _, key := range []string{"dns", "usedns", "ipforward"} {
		if value := fields[key]; value != nil && value != false && textIn(value) != "no" {
			r.warn(at.Key(key), "is left to the host: name servers and forwarding are not this module's")
		}
	}
	for _, key := range []string{"config_overrides", "link_config_overrides"} {
		r.overrides(one, fields[key], at.Key(key))
	}
}

// join makes the link a port.
func (r *Reading) join(kind, controller, port string, at schema.Place) {
	one := r.byName[controller]
	if one == nil {
		one = r.new(controller, kind, at)
	}
	if one.kind != kind {
		at.Problem("%s is no %s (%s)", controller, kind, one.at)
		return
	}
	list, _ := one.options["ports"].([]any)
	for _, element := range list {
		if fields, _ := element.(map[string]any); fields["name"] == port {
			return
		}
	}
	one.add("ports", map[string]any{"name": port}, at)
}

// above puts links upon this one.
func (r *Reading) above(parent *object, kind string, raw any, at schema.Place) {
	if raw == nil {
		return
	}
	for _, name := range words(raw) {
		one := r.byName[name]
		if one == nil || one.kind != kind {
			at.Problem("%s has no %s %s: add - NetDev: {Name: %s, Kind: %s}", DevicesKey, kind, name, name, kind)
			continue
		}
		one.set("parent", parent.name, at)
	}
}

// words are a list's, a dictionary's that stands for a repeated key, or those of a text.
func words(raw any) []string {
	switch v := raw.(type) {
	case nil:
		return nil
	case map[string]any:
		return slices.Sorted(maps.Keys(v))
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, textIn(one))
		}
		return all
	}
	return strings.Fields(textIn(raw))
}

func (r *Reading) addresses(one *object, fields map[string]any, at schema.Place) {
	list, isList := fields["address"].([]any)
	if !isList && fields["address"] != nil {
		list = []any{fields["address"]}
	}
	gateways := []any{fields["gateway"]}
	for i, element := range list {
		place := at.Key("address")
		if isList {
			place = place.Index(i)
		}
		netmask := fields["netmask"]
		if detailed, isDict := element.(map[string]any); isDict {
			element, netmask = detailed["address"], detailed["netmask"]
			gateways = append(gateways, detailed["gateway"])
		}
		text := textIn(orEmpty(element))
		if text == "dhcp" {
			r.warn(place, "%s is left to the host's DHCP client", one.name)
			continue
		}
		r.address(one, text, netmask, place)
	}
	for _, gateway := range gateways {
		if gateway != nil {
			r.gateway(one, textIn(gateway), at.Key("gateway"))
		}
	}
}

func (r *Reading) address(one *object, text string, netmask any, at schema.Place) {
	prefix, err := prefixOf(text, netmask)
	if err != nil {
		at.Problem("%v", err)
		return
	}
	one.add("addresses", prefix, at)
}

func (r *Reading) gateway(one *object, text string, at schema.Place) {
	if _, err := netip.ParseAddr(text); err != nil {
		at.Problem("must be an address, not %q", text)
		return
	}
	one.add("routes", map[string]any{"to": "default", "via": text}, at)
}

func (r *Reading) route(one *object, fields map[string]any, metric int, at schema.Place) {
	options, keys := Route(fields, metric, at)
	if options["to"] == nil {
		return
	}
	list, _ := one.options["routes"].([]any)
	for option, key := range keys {
		one.places[fmt.Sprintf("routes[%d].%s", len(list), option)] = at.Key(key).Path()
	}
	one.add("routes", options, at)
}

func (r *Reading) rule(fields map[string]any, at schema.Place) {
	options, keys := ruleWords().read("RoutingPolicyRule", fields, at)
	path := fmt.Sprintf("rules[%d]", len(r.rules))
	r.places[path] = at.Path()
	for option, key := range keys {
		r.places[path+"."+option] = at.Key(key).Path()
	}
	r.rules = append(r.rules, options)
}

// ignored are keys of [Network] and [Link] that say nothing of what this module keeps.
var ignored = []string{
	"ConfigureWithoutCarrier", "Description", "DNS", "DNSDefaultRoute", "DNSSEC", "Domains", "EmitLLDP",
	"IgnoreCarrierLoss", "KeepConfiguration",
	"LinkLocalAddressing", "LLDP", "LLMNR", "MulticastDNS", "NTP", "OriginalName", "WakeOnLan",
}

// overrides reads config_overrides: sections with their keys, where {value: null} stands for a repeated key.
func (r *Reading) overrides(one *object, raw any, at schema.Place) {
	if raw == nil {
		return
	}
	sections, isDict := raw.(map[string]any)
	if !isDict {
		at.Problem("must be a dictionary of sections")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		place := at.Key(name)
		list, isList := sections[name].([]any)
		if !isList {
			list = []any{sections[name]}
		}
		for i, element := range list {
			here := place
			if isList {
				here = place.Index(i)
			}
			fields, isDict := element.(map[string]any)
			if !isDict {
				if element != nil {
					here.Problem("must be a dictionary of keys")
				}
				continue
			}
			r.section(one, name, fields, i, here)
		}
	}
}

func (r *Reading) section(one *object, name string, fields map[string]any, i int, at schema.Place) {
	switch name {
	case "Match":
	case "Network":
		r.networkSection(one, fields, at)
	case "Link":
		options, keys := common().read(name, without(fields, ignored), at)
		for _, option := range slices.Sorted(maps.Keys(options)) {
			one.set(option, options[option], at.Key(keys[option]))
		}
	case "Route":
		r.route(one, fields, firstMetric+i, at)
	case "Address":
		options, keys := addressWords().read(name, fields, at)
		list, _ := one.options["addresses"].([]any)
		for option, key := range keys {
			one.places[fmt.Sprintf("addresses[%d].%s", len(list), option)] = at.Key(key).Path()
		}
		one.add("addresses", options, at)
	case "RoutingPolicyRule":
		r.rule(fields, at)
	case "Bridge":
		r.portSection(one, fields, at)
	case "DHCP", "DHCPv4", "DHCPv6", "IPv6AcceptRA":
		r.warn(at, "is left to the host's DHCP client")
	default:
		at.Problem("unknown section: it takes Network, Link, Route, Address, RoutingPolicyRule and Bridge")
	}
}

func (r *Reading) networkSection(one *object, fields map[string]any, at schema.Place) {
	rest := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(without(fields, ignored))) {
		place := at.Key(key)
		switch key {
		case "Address":
			for _, text := range words(fields[key]) {
				r.address(one, text, nil, place)
			}
		case "Gateway":
			for _, text := range words(fields[key]) {
				r.gateway(one, text, place)
			}
		case "Bridge", "Bond":
			r.join(strings.ToLower(key), textIn(fields[key]), one.name, place)
		case "VLAN", "VXLAN", "MACVLAN":
			r.above(one, strings.ToLower(key), fields[key], place)
		case "DHCP":
			if text := textIn(orEmpty(fields[key])); text != "no" && text != "" {
				r.warn(place, "%s is left to the host's DHCP client", one.name)
			}
		case "IPForward", "IPMasquerade", "IPv4Forwarding", "IPv6Forwarding":
			r.warn(place, "is left to the host: forwarding and NAT are the module nat's")
		default:
			rest[key] = fields[key]
		}
	}
	options, keys := common().read("Network", rest, at)
	for _, option := range slices.Sorted(maps.Keys(options)) {
		one.set(option, options[option], at.Key(keys[option]))
	}
}

// portSection is [Bridge] in the file of a port.
func (r *Reading) portSection(one *object, fields map[string]any, at schema.Place) {
	options, _ := ports()["bridge"].read("Bridge", fields, at)
	for _, bridge := range r.objects {
		list, _ := bridge.options["ports"].([]any)
		for _, element := range list {
			if port, _ := element.(map[string]any); bridge.kind == "bridge" && port["name"] == one.name {
				maps.Copy(port, options)
				return
			}
		}
	}
	at.Problem("%s is no port of a bridge: write bridge first", one.name)
}

func without(fields map[string]any, keys []string) map[string]any {
	left := maps.Clone(fields)
	maps.DeleteFunc(left, func(key string, _ any) bool { return slices.Contains(keys, key) })
	return left
}
