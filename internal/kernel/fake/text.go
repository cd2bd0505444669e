package fake

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// String is the whole state, a line an object, in an order that does not depend on how it came to be.
func (k *Kernel) String() string {
	var lines []string
	for _, one := range k.links {
		lines = append(lines, k.linkLine(one))
		for _, vlan := range k.vlans[one.Index] {
			lines = append(lines, fmt.Sprintf("%s vlan %d pvid=%t untagged=%t", one.Name, vlan.ID, vlan.PVID, vlan.Untagged))
		}
		for _, entry := range k.forwarding[one.Index] {
			lines = append(lines, fmt.Sprintf("%s fdb %+v", one.Name, entry))
		}
	}
	for _, address := range k.addresses {
		lines = append(lines, fmt.Sprintf("%s address %s flags %#x metric %d", address.Link, address.Prefix, address.Flags,
			address.Metric))
	}
	routes, _ := k.Routes()
	for _, route := range routes {
		lines = append(lines, "route "+routeText(route))
	}
	for _, rule := range k.rules {
		lines = append(lines, fmt.Sprintf("rule %+v", rule))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func (k *Kernel) linkLine(one *link) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s link", one.Name)
	if one.Kind != "" {
		fmt.Fprintf(&text, " kind %s", one.Kind)
	}
	if below := k.byIndex(one.Parent); below != nil {
		fmt.Fprintf(&text, " on %s", below.Name)
	}
	if controller := k.byIndex(one.Controller); controller != nil {
		fmt.Fprintf(&text, " port of %s", controller.Name)
	}
	fmt.Fprintf(&text, " up=%t mtu %d mac %s", one.Flags&unix.IFF_UP != 0, one.MTU, one.Address)
	for _, attribute := range one.Data {
		fmt.Fprintf(&text, " %d=%x", attribute.Type, attribute.Data)
	}
	for _, attribute := range one.PortData {
		fmt.Fprintf(&text, " port.%d=%x", attribute.Type, attribute.Data)
	}
	for _, name := range []string{"ipv4/forwarding", "ipv4/proxy_arp", "ipv4/rp_filter", "ipv6/accept_ra",
		"ipv6/forwarding"} {
		values := one.IPv4
		if strings.HasPrefix(name, "ipv6") {
			values = one.IPv6
		}
		fmt.Fprintf(&text, " %s=%d", name, values[settingPlaces[name]])
	}
	return text.String()
}

func routeText(route kernel.Route) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s table %d metric %d protocol %d scope %d", route.To, route.Table, route.Metric, route.Protocol,
		route.Scope)
	if route.Source.IsValid() {
		fmt.Fprintf(&text, " src %s", route.Source)
	}
	for _, hop := range route.NextHops {
		fmt.Fprintf(&text, " via %s dev %s weight %d", hop.Via, hop.Link, hop.Weight)
	}
	return text.String()
}
