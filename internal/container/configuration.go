package container

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/schema"
)

// Configured is an interface in a container's configuration.
type Configured struct {
	Interface
	// Index is the N of lxc.net.N.
	Index int
}

// Supported tells whether LXC's type is one that can be declared; others, such as none, are left alone.
func (c *Configured) Supported() bool {
	return slices.Contains([]string{Veth, Phys, Macvlan, IPVLAN, VLAN}, c.kind())
}

// netKey is one key of lxc.net.N with the option that it stands for.
type netKey struct {
	sub string
	// write gives the key's values; not managed leaves the key alone.
	write func(*Interface) (values []string, managed bool)
	// read takes the values, of which there is at least one.
	read func(*Interface, []string)
	same func(a, b string) bool
}

// netKeys are in the order in which they are written: LXC takes keys of a type only after the type.
var netKeys = []netKey{
	text("type", func(i *Interface) **string { return &i.Type }),
	{
		sub:   "name",
		write: func(i *Interface) ([]string, bool) { return []string{i.Name}, true },
		read:  func(i *Interface, values []string) { i.Name = values[0] },
		same:  equal,
	},
	text("veth.pair", func(i *Interface) **string { return &i.HostName }),
	text("macvlan.mode", func(i *Interface) **string { return &i.Mode }),
	text("ipvlan.mode", func(i *Interface) **string { return &i.IPVLANMode }),
	text("ipvlan.isolation", func(i *Interface) **string { return &i.IPVLANIsolation }),
	{
		sub: "vlan.id",
		write: func(i *Interface) ([]string, bool) {
			return []string{strconv.Itoa(int(deref(i.VLANID)))}, i.VLANID != nil
		},
		read: func(i *Interface, values []string) {
			if id, err := strconv.ParseUint(values[0], 10, 12); err == nil {
				i.VLANID = point(uint16(id))
			}
		},
		same: equal,
	},
	{
		sub: "link",
		write: func(i *Interface) ([]string, bool) {
			if i.kind() == Veth {
				return []string{deref(i.Bridge)}, i.Bridge != nil
			}
			return []string{deref(i.Parent)}, i.Parent != nil
		},
		read: func(i *Interface, values []string) {
			if i.kind() == Veth {
				i.Bridge = &values[0]
			} else {
				i.Parent = &values[0]
			}
		},
		same: equal,
	},
	{
		sub:   "hwaddr",
		write: func(i *Interface) ([]string, bool) { return []string{deref(i.MAC)}, i.MAC != nil },
		// A template such as 00:16:3e:xx:xx:xx is no address yet.
		read: func(i *Interface, values []string) {
			if mac, err := schema.ParseMAC(values[0]); err == nil {
				i.MAC = &mac
			}
		},
		same: strings.EqualFold,
	},
	{
		sub: "flags",
		write: func(i *Interface) ([]string, bool) {
			if i.isDown() {
				return nil, true
			}
			return []string{"up"}, i.LinkUp != nil
		},
		// Without it, an interface is down that is declared so; the others get it.
		read: func(*Interface, []string) {},
		same: equal,
	},
	{
		sub:   "mtu",
		write: func(i *Interface) ([]string, bool) { return []string{strconv.Itoa(int(deref(i.MTU)))}, i.MTU != nil },
		read: func(i *Interface, values []string) {
			if mtu, err := strconv.ParseUint(values[0], 10, 32); err == nil {
				i.MTU = point(uint32(mtu))
			}
		},
		same: equal,
	},
	addressKey("ipv4.address", netip.Addr.Is4),
	gatewayKey("ipv4.gateway", func(i *Interface) **netip.Addr { return &i.Gateway }),
	addressKey("ipv6.address", netip.Addr.Is6),
	gatewayKey("ipv6.gateway", func(i *Interface) **netip.Addr { return &i.Gateway6 }),
	{
		sub: "veth.vlan.id",
		write: func(i *Interface) ([]string, bool) {
			switch {
			case i.VLAN == nil:
				return nil, false
			case *i.VLAN == 0:
				return []string{"none"}, true
			}
			return []string{strconv.Itoa(int(*i.VLAN))}, true
		},
		read: func(i *Interface, values []string) {
			if id, err := strconv.ParseUint(values[0], 10, 12); err == nil {
				i.VLAN = point(uint16(id))
			} else if values[0] == "none" {
				i.VLAN = point(uint16(0))
			}
		},
		same: equal,
	},
	{
		sub: "veth.vlan.tagged.id",
		write: func(i *Interface) ([]string, bool) {
			var values []string
			for _, id := range deref(i.Trunk) {
				values = append(values, strconv.Itoa(int(id)))
			}
			return values, i.Trunk != nil
		},
		read: func(i *Interface, values []string) {
			ids := []uint16{}
			for _, value := range values {
				if id, err := strconv.ParseUint(value, 10, 12); err == nil {
					ids = append(ids, uint16(id))
				}
			}
			slices.Sort(ids)
			i.Trunk = &ids
		},
		same: equal,
	},
}

func equal(a, b string) bool { return a == b }

func text(sub string, field func(*Interface) **string) netKey {
	return netKey{
		sub:   sub,
		write: func(i *Interface) ([]string, bool) { return []string{deref(*field(i))}, *field(i) != nil },
		read:  func(i *Interface, values []string) { *field(i) = &values[0] },
		same:  equal,
	}
}

// addressKey holds the addresses of one family; LXC may note a broadcast address behind one.
func addressKey(sub string, mine func(netip.Addr) bool) netKey {
	parse := func(value string) (netip.Prefix, bool) {
		first, _, _ := strings.Cut(value, " ")
		prefix, err := netip.ParsePrefix(first)
		if err != nil {
			// LXC takes an address without a length for one of its class (IPv4) or of 64 bits (IPv6).
			return netip.Prefix{}, false
		}
		return prefix, true
	}
	return netKey{
		sub: sub,
		write: func(i *Interface) ([]string, bool) {
			var values []string
			for _, prefix := range deref(i.Addresses) {
				if mine(prefix.Addr()) {
					values = append(values, prefix.String())
				}
			}
			return values, i.Addresses != nil
		},
		read: func(i *Interface, values []string) {
			prefixes := slices.Clone(deref(i.Addresses))
			for _, value := range values {
				if prefix, ok := parse(value); ok {
					prefixes = append(prefixes, prefix)
				}
			}
			slices.SortFunc(prefixes, comparePrefixes)
			i.Addresses = &prefixes
		},
		same: func(a, b string) bool {
			x, okX := parse(a)
			y, okY := parse(b)
			return a == b || okX && okY && x == y
		},
	}
}

func gatewayKey(sub string, field func(*Interface) **netip.Addr) netKey {
	return netKey{
		sub: sub,
		write: func(i *Interface) ([]string, bool) {
			gateway := *field(i)
			if gateway == nil || !gateway.IsValid() {
				return nil, gateway != nil
			}
			return []string{gateway.String()}, true
		},
		// LXC's "auto" and "dev" are no address; a declared gateway takes their place.
		read: func(i *Interface, values []string) {
			if gateway, err := netip.ParseAddr(values[0]); err == nil {
				*field(i) = &gateway
			}
		},
		same: func(a, b string) bool {
			x, errX := netip.ParseAddr(a)
			y, errY := netip.ParseAddr(b)
			return a == b || errX == nil && errY == nil && x == y
		},
	}
}

// configured reads the interfaces of a configuration, with what our own record adds to them.
func configured(config *lxc.Config, record Record) []*Configured {
	var all []*Configured
	for _, net := range config.Nets() {
		one := &Configured{Index: net.Index}
		for _, key := range netKeys {
			if values := net.Values[key.sub]; len(values) > 0 {
				key.read(&one.Interface, values)
			}
		}
		all = append(all, one)
	}
	nameRest(all)
	for _, one := range all {
		if extra := record.find(one.Name); extra != nil {
			recordRows().Overlay(&one.Interface, extra)
		}
		unset := unsetInterface
		optionRows().Overlay(&unset, &one.Interface)
		unset.Name = one.Name
		one.Interface = unset
	}
	return all
}

// unsetInterface is what a configuration means that says nothing.
var unsetInterface = Interface{
	Addresses: &[]netip.Prefix{}, Gateway: &netip.Addr{}, Gateway6: &netip.Addr{}, OnLink: point(false),
	Routes: &[]Route{}, Trunk: &[]uint16{},
	DHCP: point(false), DHCP6: point(false), DHCPRoutes: point(true), DHCPDNS: point(true), DHCPMTU: point(true),
	DHCPHostName: point(false),
	DHCPMetric:   point(uint32(0)), DHCPClientID: point("none"), DownRate: point(uint32(0)), UpRate: point(uint32(0)),
	LinkUp: point(true),
}

// nameRest finds the names that the kernel gives to interfaces without one: LXC sets those up last, in their order.
func nameRest(all []*Configured) {
	taken := map[string]bool{}
	for _, one := range all {
		taken[one.Name] = true
	}
	number := 0
	for _, one := range all {
		if one.Name != "" || !one.Supported() {
			continue
		}
		for taken["eth"+strconv.Itoa(number)] {
			number++
		}
		one.Name = "eth" + strconv.Itoa(number)
		taken[one.Name] = true
	}
}

// writeNet brings a network of the configuration to what is set in the interface.
func writeNet(config *lxc.Config, index int, wanted *Interface) {
	for _, key := range netKeys {
		if values, managed := key.write(wanted); managed {
			config.SetNet(index, key.sub, values, key.same)
		}
	}
}
