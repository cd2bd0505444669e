// Package container wires LXC containers: it gives them network interfaces, at once where they run and in their
// configuration for every later start.
package container

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/route"
	"hostnet.linux/internal/schema"
)

// Types of interfaces that can be declared, by LXC's names.
const (
	Veth    = "veth"
	Phys    = "phys"
	Macvlan = "macvlan"
	IPVLAN  = "ipvlan"
	VLAN    = "vlan"
)

// Interface is a container's interface as it is declared, configured or observed. What is nil is not managed.
type Interface struct {
	// Name is the one inside the container.
	Name  string
	State string
	Type  *string

	Bridge *string
	Parent *string
	Mode   *string
	// VLANID is the tag of an interface of type vlan.
	VLANID *uint16
	// IPVLANMode and IPVLANIsolation are LXC's.
	IPVLANMode, IPVLANIsolation *string
	HostName                    *string
	MAC                         *string
	MTU                         *uint32

	Addresses *[]netip.Prefix
	// Gateways are the zero Addr for "none".
	Gateway, Gateway6 *netip.Addr
	// OnLink says that the gateways are on the link although in none of its networks.
	OnLink *bool
	Routes *[]Route

	DHCP, DHCP6, DHCPRoutes, DHCPDNS *bool
	DHCPMTU, DHCPHostName            *bool
	// DHCPMetric 0 follows from the interface's place; DHCPClientID "none" sends none.
	DHCPMetric   *uint32
	DHCPClientID *string

	// VLAN is the one of untagged frames, 0 for none; nil is the bridge's default.
	VLAN  *uint16
	Trunk *[]uint16
	// Rates are in kilobits a second, 0 is no limit.
	DownRate, UpRate *uint32

	// openstack says that the interface is declared as OpenStack-Ansible's inventory has it.
	openstack bool
	// usualMTU says that the MTU is not declared, and that one which was declared before is to go back to OSA's.
	usualMTU bool

	// LinkUp says whether the interface is up inside.
	LinkUp *bool

	// Path is where the interface stands in the arguments, for messages.
	Path string
}

// Absent tells whether the interface is declared to be gone.
func (i *Interface) Absent() bool { return i.State == "absent" }

// isDown tells whether the interface is declared to be there and down.
func (i *Interface) isDown() bool { return i.LinkUp != nil && !*i.LinkUp }

func (i *Interface) kind() string { return deref(i.Type) }

// Route is a route out of one interface.
type Route struct {
	To     *netip.Prefix
	Via    *netip.Addr
	Metric *uint32
	OnLink *bool
	// Further is what else a route can say, its table among it.
	Further route.Route
}

var routeTable = sync.OnceValue(func() schema.Table[Route] {
	return append(schema.Table[Route]{
		schema.Field("to", destination(), func(r *Route) **netip.Prefix { return &r.To },
			"The network to reach, such as 10.176.0.0/12, or V(default).").Require(),
		schema.Field("via", schema.Address(), func(r *Route) **netip.Addr { return &r.Via },
			"The router. Left out, the network is directly on the link."),
		schema.Field("metric", schema.Int[uint32](0, 1<<32-1), func(r *Route) **uint32 { return &r.Metric },
			"The lower of two routes to the same network is used."),
		schema.Field("onlink", schema.Bool(), func(r *Route) **bool { return &r.OnLink },
			"Whether the router is directly on the link although it is in none of its networks."),
	}, schema.Lift(route.Further().Table(), func(r *Route) *route.Route { return &r.Further })...)
})

// destination is a network, or `default`, whose family is that of the router.
func destination() schema.Form[netip.Prefix] {
	return schema.Text(
		func(s string) (netip.Prefix, error) {
			if s == "default" {
				return netip.PrefixFrom(netip.IPv4Unspecified(), 0), nil
			}
			prefix, err := netip.ParsePrefix(s)
			if err != nil || prefix.Addr().Is4In6() {
				return prefix, fmt.Errorf("must be a network such as 10.176.0.0/12 or default, not %q", s)
			}
			if prefix != prefix.Masked() {
				return prefix, fmt.Errorf("%q has bits set beyond its prefix length: the network is %s", s, prefix.Masked())
			}
			return prefix, nil
		},
		func(prefix netip.Prefix) string {
			if prefix.Bits() == 0 {
				return "default"
			}
			return prefix.String()
		})
}

// routeForm sorts, and gives `default` the family of its router, so that equal sets are equal lists.
func routeForm() schema.Form[[]Route] {
	form := schema.List(schema.Dict(routeTable(), ""))
	parse := form.Parse
	form.Parse = func(raw any, at schema.Place) ([]Route, bool) {
		routes, ok := parse(raw, at)
		if !ok {
			return nil, false
		}
		for i := range routes {
			ok = routes[i].complete(at.Index(i)) && ok
			for j := range i {
				if compareRoutes(routes[i], routes[j]) == 0 {
					at.Index(i).Problem("is the same as %s", at.Index(j).Path())
					ok = false
				}
			}
		}
		slices.SortFunc(routes, compareRoutes)
		return routes, ok
	}
	return form
}

func (r *Route) complete(at schema.Place) bool {
	if r.To.Bits() == 0 && (r.Via == nil || deref(r.Metric) == 0 && r.table() == unix.RT_TABLE_MAIN) {
		at.Problem("a default route here needs via and a metric above 0: the one without a metric is declared as gateway")
		return false
	}
	if r.To.Bits() == 0 && r.Via.Is6() {
		ipv6 := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		r.To = &ipv6
	}
	if r.OnLink != nil && (r.Via == nil || !*r.OnLink) {
		r.OnLink = nil // on the link anyway, or the usual case
	}
	r.Metric = usualMetric(r.To.Addr(), deref(r.Metric))
	// What is as usual is not said.
	usual := encodeRoute(*r, "")
	r.Further = *route.Further().Read(&usual)
	if r.Via == nil {
		return true
	}
	if r.To.Addr().Is4() != r.Via.Is4() {
		at.Key("via").Problem("%s is not of the same family as %s", r.Via, r.To)
		return false
	}
	return true
}

// usualMetric is nil for the metric that the kernel gives to a route without one: IP6_RT_PRIO_USER for IPv6.
func usualMetric(to netip.Addr, metric uint32) *uint32 {
	const ipv6 = 1024
	if metric == 0 || to.Is6() && metric == ipv6 {
		return nil
	}
	return &metric
}

// table is the number of the routing table.
func (r *Route) table() uint32 {
	if r.Further.Table == nil {
		return unix.RT_TABLE_MAIN
	}
	return *r.Further.Table
}

func compareRoutes(a, b Route) int {
	if c := cmp.Or(cmp.Compare(a.table(), b.table()), a.To.Addr().Compare(b.To.Addr()),
		cmp.Compare(a.To.Bits(), b.To.Bits()),
		cmp.Compare(deref(a.Metric), deref(b.Metric)), deref(a.Via).Compare(deref(b.Via)),
		compareBool(deref(a.OnLink), deref(b.OnLink))); c != 0 {
		return c
	}
	table := route.Further().Table()
	if table.Equal(&a.Further, &b.Further) {
		return 0
	}
	return cmp.Compare(fmt.Sprint(table.Export(&a.Further)), fmt.Sprint(table.Export(&b.Further)))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// trunkForm is a list of VLANs and ranges such as 20-29, held one by one.
func trunkForm() schema.Form[[]uint16] {
	ranges := schema.List(schema.Text(parseVLANs, formatVLANs))
	return schema.Form[[]uint16]{
		Type: "list", Elements: "str",
		Parse: func(raw any, at schema.Place) ([]uint16, bool) {
			written, ok := ranges.Parse(raw, at)
			ids := []uint16{}
			for _, one := range written {
				for id := one[0]; ok && id <= one[1]; id++ {
					ids = append(ids, id)
				}
			}
			slices.Sort(ids)
			return slices.Compact(ids), ok
		},
		Format: func(ids []uint16) any { return ranges.Format(gather(ids)) },
		Equal:  slices.Equal[[]uint16],
	}
}

const highestVLAN = 4094

func parseVLANs(text string) ([2]uint16, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, errA := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
	b, errB := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
	if errA != nil || errB != nil || a < 1 || b > highestVLAN || a > b {
		return [2]uint16{}, fmt.Errorf("must be a VLAN from 1 to %d or a range such as 20-29, not %q", highestVLAN, text)
	}
	return [2]uint16{uint16(a), uint16(b)}, nil
}

func formatVLANs(ids [2]uint16) string {
	if ids[0] == ids[1] {
		return strconv.Itoa(int(ids[0]))
	}
	return fmt.Sprintf("%d-%d", ids[0], ids[1])
}

// gather makes ranges of neighbours.
func gather(ids []uint16) [][2]uint16 {
	ranges := [][2]uint16{}
	for _, id := range ids {
		if n := len(ranges); n > 0 && ranges[n-1][1]+1 == id {
			ranges[n-1][1] = id
			continue
		}
		ranges = append(ranges, [2]uint16{id, id})
	}
	return ranges
}

func deref[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}

func point[T any](value T) *T { return &value }
