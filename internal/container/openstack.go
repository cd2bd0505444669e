package container

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hostnet.linux/internal/networkd"
	"hostnet.linux/internal/schema"
)

// osaNetwork is one entry of OpenStack-Ansible's container_networks, as its inventory (osa_toolkit/generate.py) and the
// role lxc_container_create have it.
type osaNetwork struct {
	Interface, Bridge, BridgeType, Type *string
	Address, Gateway                    *netip.Addr
	Netmask                             *string
	MTU                                 *uint32
	StaticRoutes                        *[]map[string]any
	UseDNS, UseRoutes                   *bool
	ignored                             *any
}

var osaTable = sync.OnceValue(func() schema.Table[osaNetwork] {
	return schema.Table[osaNetwork]{
		schema.Field("interface", schema.LinkName(), func(n *osaNetwork) **string { return &n.Interface },
			"The name in the container.").Require(),
		schema.Field("bridge", schema.LinkName(), func(n *osaNetwork) **string { return &n.Bridge }, "The bridge or parent."),
		schema.Field("bridge_type", schema.Choice("linuxbridge", openvswitch),
			func(n *osaNetwork) **string { return &n.BridgeType }, "The kind of bridge."),
		schema.Field("type", schema.Choice(Veth, Phys, Macvlan, IPVLAN, VLAN),
			func(n *osaNetwork) **string { return &n.Type }, "The type."),
		schema.Field("address", schema.Address(), func(n *osaNetwork) **netip.Addr { return &n.Address }, "The address."),
		schema.Field("netmask", schema.String(), func(n *osaNetwork) **string { return &n.Netmask },
			"The netmask, or the length of the prefix."),
		schema.Field("gateway", schema.Address(), func(n *osaNetwork) **netip.Addr { return &n.Gateway },
			"The default route's router."),
		schema.Field("mtu", schema.Int[uint32](68, 1<<31-1), func(n *osaNetwork) **uint32 { return &n.MTU }, "The MTU."),
		schema.Field("static_routes", schema.List(networksForm()),
			func(n *osaNetwork) **[]map[string]any { return &n.StaticRoutes }, "Routes."),
		schema.Field("dhcp_use_dns", schema.Bool(), func(n *osaNetwork) **bool { return &n.UseDNS },
			"Take name servers by DHCP."),
		schema.Field("dhcp_use_routes", schema.Bool(), func(n *osaNetwork) **bool { return &n.UseRoutes },
			"Take routes by DHCP."),
		ignoredRow("preup"), ignoredRow("postup"), ignoredRow("predown"), ignoredRow("postdown"), ignoredRow(limitKey),
	}
})

const (
	openvswitch = "openvswitch"
	// limitKey narrows networks to some kinds of containers, and is no network. OSA's inventory has heeded it already.
	limitKey = "limit_container_types"
	// osaMetric is the metric of eth0's DHCP routes, and one below that of the first static route, in OSA's role
	// systemd_networkd.
	osaMetric = 20
	// osaMTU is the MTU of an interface for which nothing is said, in OSA's role lxc_container_create.
	osaMTU = 1500
)

// ignoredRow is what OpenStack-Ansible runs inside the container.
func ignoredRow(name string) schema.Option[osaNetwork] {
	form := schema.Form[any]{
		Type: "raw", Parse: func(raw any, _ schema.Place) (any, bool) { return raw, true },
		Format: func(v any) any { return v },
		Equal:  func(any, any) bool { return true },
	}
	return schema.Field(name, form, func(n *osaNetwork) **any { return &n.ignored }, "Not taken.")
}

func networksForm() schema.Form[map[string]any] {
	return schema.Form[map[string]any]{
		Type: "dict",
		Parse: func(raw any, at schema.Place) (map[string]any, bool) {
			networks, ok := raw.(map[string]any)
			if !ok {
				at.Problem("must be a dictionary")
			}
			return networks, ok
		},
		Format: func(m map[string]any) any { return m },
		Equal:  func(a, b map[string]any) bool { return len(a) == len(b) },
	}
}

// parseNetworks turns the dictionary into interfaces, in the order of the interfaces' names. Those that are left to
// their owner come by themselves.
func parseNetworks(networks map[string]any, at schema.Place) (all, left []*Interface) {
	for _, key := range slices.Sorted(maps.Keys(networks)) {
		place := at.Key(key)
		if key == limitKey {
			continue
		}
		fields, ok := networks[key].(map[string]any)
		if !ok {
			place.Problem("must be a dictionary with interface, bridge, address and netmask")
			continue
		}
		var network osaNetwork
		osaTable().Parse(&network, fields, place)
		if network.Interface == nil {
			continue
		}
		one := network.translate(place)
		if deref(network.BridgeType) == openvswitch {
			if one.kind() != Veth {
				place.Key("type").Problem("must be veth: a %s cannot be a port of an Open vSwitch bridge", one.kind())
			}
			left = append(left, one)
			continue
		}
		if _, given := fields["address"]; !given {
			// The role's networks take DHCP where they have no address; a null one is none.
			one.DHCP, one.DHCPDNS, one.DHCPRoutes = point(true), network.UseDNS, network.UseRoutes
			if !deref(one.Gateway).IsValid() && !deref(one.Gateway6).IsValid() {
				// The default route of a client inside is no other's to remove.
				one.Gateway, one.Gateway6 = nil, nil
			}
			if one.Name == "eth0" {
				one.DHCPMetric = point(uint32(osaMetric))
			}
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b *Interface) int { return compareNatural(a.Name, b.Name) })
	return all, left
}

func (n *osaNetwork) translate(at schema.Place) *Interface {
	one := &Interface{
		Name: *n.Interface, Type: n.Type, MTU: n.MTU, Path: at.Path(), Addresses: &[]netip.Prefix{}, usualMTU: n.MTU == nil,
		openstack: true,
		Gateway:   &netip.Addr{}, Gateway6: &netip.Addr{},
	}
	if n.Type == nil {
		one.Type = point(Veth)
	}
	if one.kind() == Veth {
		one.Bridge = n.Bridge
	} else {
		one.Parent = n.Bridge
	}
	if n.Address != nil {
		bits, ok := maskBits(n.Netmask, *n.Address)
		if !ok {
			at.Key("netmask").Problem("must be a netmask such as 255.255.252.0, or the length of the prefix, and %s has none",
				n.Address)
		} else {
			one.Addresses = &[]netip.Prefix{netip.PrefixFrom(*n.Address, bits)}
		}
	}
	if n.Gateway != nil && n.Gateway.Is4() {
		one.Gateway = n.Gateway
	} else if n.Gateway != nil {
		one.Gateway6 = n.Gateway
	}
	one.Routes = point(n.routes(at.Key("static_routes")))
	return one
}

// routes are the static ones, with the metrics that OSA's role gives to those without one.
func (n *osaNetwork) routes(at schema.Place) []Route {
	routes := []Route{}
	for i, fields := range deref(n.StaticRoutes) {
		place := at.Index(i)
		options, keys := networkd.Route(fields, osaMetric+1+i, place)
		if options["to"] == nil {
			continue
		}
		var one Route
		var wrong schema.Problems
		routeTable().Parse(&one, options, schema.At("", &wrong))
		if len(wrong) == 0 {
			one.complete(schema.At("", &wrong))
		}
		for _, problem := range wrong {
			from := place
			if key := keys[problem.Path]; key != "" {
				from = place.Key(key)
			}
			from.Problem("%s", problem.Message)
		}
		if len(wrong) == 0 {
			routes = append(routes, one)
		}
	}
	slices.SortFunc(routes, compareRoutes)
	return routes
}

// usualMTU takes back an MTU that was declared before: what OSA's role gives an interface without one, as far as the
// link below carries that.
func (p *planner) usualMTU(t *target) {
	if !t.want.usualMTU || t.have == nil || t.have.MTU == nil {
		return
	}
	most := uint32(osaMTU)
	below := t.want.Parent
	if t.want.kind() == Veth {
		below = t.want.Bridge
	}
	switch link := p.host.byName[deref(below)]; {
	case link == nil:
	case t.want.kind() == Veth:
		most = min(most, p.mostMTU(link))
	case t.want.kind() != Phys:
		most = min(most, link.MTU)
	}
	t.want.MTU = &most
}

// maskBits reads 255.255.252.0, ffff:ffff:: and 64.
func maskBits(mask *string, address netip.Addr) (int, bool) {
	text := strings.TrimPrefix(deref(mask), "/")
	if length, err := strconv.Atoi(text); err == nil {
		return length, length >= 0 && length <= address.BitLen()
	}
	parsed, err := netip.ParseAddr(text)
	if err != nil {
		return 0, false
	}
	bits, size := net.IPMask(parsed.AsSlice()).Size()
	return bits, size == address.BitLen()
}

// compareNatural puts eth2 before eth10.
func compareNatural(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
