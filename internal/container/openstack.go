package container

import (
	"maps"
	"net"
	"net/netip"
	"slices"

	"hostnet.linux/internal/schema"
)

// osaNetwork is one entry of OpenStack-Ansible's container_networks, as its inventory (osa_toolkit/generate.py) and the
// role lxc_container_create have it.
type osaNetwork struct {
	Interface, Bridge, BridgeType, Type *string
	Address, Netmask, Gateway           *netip.Addr
	MTU                                 *uint32
	StaticRoutes                        *[]osaRoute
	UseDNS, UseRoutes                   *bool
	ignored                             *any
}

type osaRoute struct {
	CIDR    *netip.Prefix
	Gateway *netip.Addr
}

var osaRouteTable = schema.Table[osaRoute]{
	schema.Field("cidr", schema.Subnet(), func(r *osaRoute) **netip.Prefix { return &r.CIDR }, "The network.").Require(),
	schema.Field("gateway", schema.Address(), func(r *osaRoute) **netip.Addr { return &r.Gateway }, "The router.").Require(),
}

var osaTable = schema.Table[osaNetwork]{
	schema.Field("interface", schema.LinkName(), func(n *osaNetwork) **string { return &n.Interface }, "The name in the container.").Require(),
	schema.Field("bridge", schema.LinkName(), func(n *osaNetwork) **string { return &n.Bridge }, "The bridge or parent."),
	schema.Field("bridge_type", schema.Choice("linuxbridge"), func(n *osaNetwork) **string { return &n.BridgeType }, "The kind of bridge."),
	schema.Field("type", schema.Choice(Veth, Phys, Macvlan), func(n *osaNetwork) **string { return &n.Type }, "The type."),
	schema.Field("address", schema.Address(), func(n *osaNetwork) **netip.Addr { return &n.Address }, "The address."),
	schema.Field("netmask", schema.Address(), func(n *osaNetwork) **netip.Addr { return &n.Netmask }, "The netmask."),
	schema.Field("gateway", schema.Address(), func(n *osaNetwork) **netip.Addr { return &n.Gateway }, "The default route's router."),
	schema.Field("mtu", schema.Int[uint32](68, 1<<31-1), func(n *osaNetwork) **uint32 { return &n.MTU }, "The MTU."),
	schema.Field("static_routes", schema.List(schema.Dict(osaRouteTable, "")), func(n *osaNetwork) **[]osaRoute { return &n.StaticRoutes }, "Routes."),
	schema.Field("dhcp_use_dns", schema.Bool(), func(n *osaNetwork) **bool { return &n.UseDNS }, "Take name servers by DHCP."),
	schema.Field("dhcp_use_routes", schema.Bool(), func(n *osaNetwork) **bool { return &n.UseRoutes }, "Take routes by DHCP."),
	ignoredRow("preup"), ignoredRow("postup"), ignoredRow("predown"), ignoredRow("postdown"),
}

// ignoredRow is what OpenStack-Ansible runs inside the container.
func ignoredRow(name string) schema.Option[osaNetwork] {
	form := schema.Form[any]{
		Type: "raw", Parse: func(raw any, _ schema.Place) (any, bool) { return raw, true }, Format: func(v any) any { return v },
		Equal: func(any, any) bool { return true },
	}
	return schema.Field(name, form, func(n *osaNetwork) **any { return &n.ignored }, "Not taken.")
}

func networksForm() schema.Form[map[string]any] {
	return schema.Form[map[string]any]{
		Type: "dict",
		Parse: func(raw any, at schema.Place) (map[string]any, bool) {
			networks, ok := raw.(map[string]any)
			if !ok {
				at.Problem("must be a dictionary such as OpenStack-Ansible's container_networks")
			}
			return networks, ok
		},
		Format: func(m map[string]any) any { return m },
		Equal:  func(a, b map[string]any) bool { return len(a) == len(b) },
	}
}

// parseNetworks turns the dictionary into interfaces, in the order of the interfaces' names.
func parseNetworks(networks map[string]any, at schema.Place) []*Interface {
	var all []*Interface
	for _, key := range slices.Sorted(maps.Keys(networks)) {
		place := at.Key(key)
		fields, ok := networks[key].(map[string]any)
		if !ok {
			place.Problem("must be a dictionary with interface, bridge, address and netmask")
			continue
		}
		var network osaNetwork
		osaTable.Parse(&network, fields, place)
		if network.Interface == nil {
			continue
		}
		one := network.translate(place)
		if _, given := fields["address"]; !given {
			// The role's networks take DHCP where they have no address; a null one is none.
			one.DHCP, one.DHCPDNS, one.DHCPRoutes = point(true), network.UseDNS, network.UseRoutes
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b *Interface) int { return compareNatural(a.Name, b.Name) })
	return all
}

func (n *osaNetwork) translate(at schema.Place) *Interface {
	one := &Interface{Name: *n.Interface, Type: n.Type, MTU: n.MTU, Path: at.Path(), Addresses: &[]netip.Prefix{}}
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
			at.Key("netmask").Problem("must be a netmask such as 255.255.252.0")
		} else {
			one.Addresses = &[]netip.Prefix{netip.PrefixFrom(*n.Address, bits)}
		}
	}
	if n.Gateway != nil && n.Gateway.Is4() {
		one.Gateway = n.Gateway
	} else if n.Gateway != nil {
		one.Gateway6 = n.Gateway
	}
	routes := []Route{}
	for _, route := range deref(n.StaticRoutes) {
		routes = append(routes, Route{To: route.CIDR, Via: route.Gateway})
	}
	slices.SortFunc(routes, compareRoutes)
	one.Routes = &routes
	return one
}

func maskBits(mask *netip.Addr, address netip.Addr) (int, bool) {
	if mask == nil {
		return 0, false
	}
	bits, size := net.IPMask(mask.AsSlice()).Size()
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
