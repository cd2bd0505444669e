package container

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/addr"
	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
)

// Kernel is what this package asks of a kernel, about one network namespace.
type Kernel interface {
	kernel.Links
	kernel.BridgeVLANs
	kernel.Addresses
	kernel.Routes
	kernel.Modules
	kernel.Rates
	DeleteAlternativeNames(link string, names []string) error
	Close()
}

// Machine is the host with what its containers are made of.
type Machine struct {
	Runtime lxc.Runtime
	// Open opens a network namespace; "" is the host's.
	Open func(namespace string) (Kernel, error)
	// Program is what LXC's hooks call: a program that hands its arguments to Hook. It is installed on first use.
	Program Program
	// LeaseTime bounds the wait for a DHCP server; 0 is usualLeaseTime.
	LeaseTime time.Duration
	// BeforeStep, if set, is called ahead of each step with its number from 0. An error stops the run there.
	BeforeStep func(number int) error
	// Begin, if set, keeps what a change replaces ahead of its first step. An error stops the change there.
	Begin func(*Before) error
}

// hostNamespace leads back to the host's namespace out of a container's. The thread is named since only some of this
// process's threads may be trusted to be there.
const hostNamespace = "/proc/thread-self/ns/net"

// host is the host's own namespace as it is now.
type host struct {
	kernel  Kernel
	links   []kernel.Link
	byIndex map[int]*kernel.Link
	byName  map[string]*kernel.Link
	vlans   map[int][]kernel.BridgeVLAN
	rates   map[int]kernel.Rate
}

func (h *host) observe() error {
	links, err := h.kernel.Links()
	if err != nil {
		return err
	}
	vlans, err := h.kernel.BridgeVLANs()
	if err != nil {
		return err
	}
	rates, err := h.kernel.Rates()
	if err != nil {
		return err
	}
	h.links, h.vlans, h.rates = links, vlans, rates
	h.byIndex, h.byName = make(map[int]*kernel.Link, len(links)), make(map[string]*kernel.Link, len(links))
	for i := range links {
		h.byIndex[links[i].Index], h.byName[links[i].Name] = &links[i], &links[i]
	}
	return nil
}

func (h *host) nameOf(index int) string {
	if link := h.byIndex[index]; link != nil {
		return link.Name
	}
	return ""
}

// Container is one container as it is now.
type Container struct {
	Folder, Name string
	State        lxc.State
	ConfigFile   string

	config     *lxc.Config
	record     Record
	configured []*Configured
	// kernel is nil unless the container runs.
	kernel Kernel
	// nsid is how the host's links refer to the container's namespace.
	nsid      int
	links     []kernel.Link
	addresses *addr.State
	routes    []kernel.Route
	live      []*LiveInterface
}

// LiveInterface is a link inside a running container. Its Interface has no Type unless it is one that a declaration
// could have made.
type LiveInterface struct {
	Interface
	Index int
	Kind  string
	// HostIndex is the veth's other end, or a macvlan's parent.
	HostIndex          int
	Up, HostUp         bool
	Carrier, HostCarry bool
	HostMAC            string
	DynamicAddresses   []netip.Prefix
	loopback           bool
	// hiddenWays are gateways of other networks that the kernel reaches by a route which nobody declared.
	hiddenWays []netip.Addr
	// otherTables are static routes in tables that nobody declares a route in.
	otherTables []Route
	// insideMTU is that of the end inside, which a DHCP server may have set.
	insideMTU uint32
	// lease is what our DHCP client says of itself, if there is one.
	lease *dhcp.State
}

func (c *Container) running() bool { return c.kernel != nil }

func (c *Container) namespace() string { return strconv.Itoa(c.State.InitPID) }

func (c *Container) findLive(name string) *LiveInterface {
	for _, live := range c.live {
		if live.Name == name {
			return live
		}
	}
	return nil
}

func (c *Container) findConfigured(name string) *Configured {
	for _, one := range c.configured {
		if one.Name == name {
			return one
		}
	}
	return nil
}

// observe reads the container's namespace.
func (c *Container) observe(h *host) error {
	if c.kernel == nil {
		return nil
	}
	if err := c.read(h); err != nil {
		return fmt.Errorf("container %s: %w", c.Name, err)
	}
	c.live = nil
	for i := range c.links {
		c.live = append(c.live, c.decode(&c.links[i], h))
	}
	c.addAddresses()
	c.addRoutes()
	return nil
}

func (c *Container) read(h *host) (err error) {
	if c.nsid, err = h.kernel.NamespaceID(c.namespace()); err != nil {
		return err
	}
	if c.links, err = c.kernel.Links(); err != nil {
		return err
	}
	slices.SortFunc(c.links, func(a, b kernel.Link) int { return cmp.Compare(a.Index, b.Index) })
	if c.addresses, err = addr.Observe(c.kernel); err != nil {
		return err
	}
	c.routes, err = c.kernel.Routes()
	return err
}

func (c *Container) decode(link *kernel.Link, h *host) *LiveInterface {
	live := &LiveInterface{
		Interface: Interface{
			Name: link.Name, MTU: point(link.MTU), Addresses: &[]netip.Prefix{}, Gateway: &netip.Addr{}, Gateway6: &netip.Addr{},
			Routes: &[]Route{},
		},
		Index: link.Index, Kind: link.Kind, Up: link.Flags&unix.IFF_UP != 0, Carrier: link.Flags&unix.IFF_LOWER_UP != 0,
		loopback: link.Flags&unix.IFF_LOOPBACK != 0, insideMTU: link.MTU,
	}
	if link.Address != "" && !live.loopback {
		live.MAC = point(link.Address)
	}
	lent := c.lentAs(link)
	switch {
	case live.loopback:
	case lent != "":
		live.Type, live.Parent = point(Phys), &lent
	case link.Kind == Veth:
		c.decodeVeth(live, link, h)
	case link.Kind == Macvlan && link.ParentNamespace >= 0 && h.byIndex[link.Parent] != nil:
		live.Type, live.HostIndex, live.Parent = point(Macvlan), link.Parent, point(h.nameOf(link.Parent))
		live.Mode = macvlanMode(link)
	case (link.Kind == IPVLAN || link.Kind == VLAN) && link.ParentNamespace >= 0 && h.byIndex[link.Parent] != nil:
		live.Type, live.HostIndex, live.Parent = point(link.Kind), link.Parent, point(h.nameOf(link.Parent))
		decodeStanding(live, link)
	}
	if live.Type != nil {
		live.LinkUp = &live.Up
		c.decodeDHCP(live)
	}
	return live
}

// decodeVeth finds the other end among the host's links. Indexes alone prove nothing, as each namespace counts for
// itself: the host's link must point to this container's namespace.
func (c *Container) decodeVeth(live *LiveInterface, link *kernel.Link, h *host) {
	end := h.byIndex[link.Parent]
	if link.ParentNamespace < 0 || end == nil || end.Kind != Veth || end.ParentNamespace != c.nsid ||
		end.Parent != link.Index {
		return
	}
	live.Type, live.HostIndex, live.HostName = point(Veth), end.Index, point(end.Name)
	live.HostUp, live.HostCarry, live.HostMAC = end.Flags&unix.IFF_UP != 0, end.Flags&unix.IFF_LOWER_UP != 0, end.Address
	live.Bridge = point(h.nameOf(end.Controller))
	vlan, trunk := uint16(0), []uint16{}
	for _, one := range h.vlans[end.Index] {
		switch {
		case one.PVID:
			vlan = one.ID
		case !one.Untagged:
			trunk = append(trunk, one.ID)
		}
	}
	slices.Sort(trunk)
	rate := h.rates[end.Index]
	live.DownRate, live.UpRate = &rate.Down, &rate.Up
	live.VLAN, live.Trunk = &vlan, &trunk
	if end.MTU != link.MTU {
		// The ends differ: no declared value is right, so any will be set.
		live.MTU = point(min(end.MTU, link.MTU) - 1)
	}
}

// lentAs is the name that a link had on the host, if the configuration says that it is lent to the container.
func (c *Container) lentAs(link *kernel.Link) string {
	if one := c.findConfigured(link.Name); one != nil && one.kind() == Phys {
		return deref(one.Parent)
	}
	return ""
}

// decodeStanding decodes what an ipvlan or a VLAN says of itself (linux/if_link.h): numbers of 16 bits.
func decodeStanding(live *LiveInterface, link *kernel.Link) {
	number := func(attribute uint16) (uint16, bool) {
		data := link.Data.Get(attribute)
		if len(data) < 2 {
			return 0, false
		}
		return binary.NativeEndian.Uint16(data), true
	}
	if id, known := number(unix.IFLA_VLAN_ID); known && link.Kind == VLAN {
		live.VLANID = &id
	}
	if link.Kind != IPVLAN {
		return
	}
	if mode, known := number(unix.IFLA_IPVLAN_MODE); known {
		live.IPVLANMode = nameOfNumber(ipvlanModes, mode)
	}
	if flags, known := number(unix.IFLA_IPVLAN_FLAGS); known {
		live.IPVLANIsolation = nameOfNumber(ipvlanIsolations, flags)
	}
}

// IPVLAN_MODE_* and IPVLAN_F_* of linux/if_link.h by LXC's names.
var (
	ipvlanModes      = map[string]uint16{"l2": 0, "l3": 1, "l3s": 2}
	ipvlanIsolations = map[string]uint16{"bridge": 0, "private": 1, "vepa": 2}
)

func nameOfNumber(names map[string]uint16, wanted uint16) *string {
	for name, number := range names {
		if number == wanted {
			return &name
		}
	}
	return nil
}

// macvlanMode decodes IFLA_MACVLAN_MODE of linux/if_link.h.
func macvlanMode(link *kernel.Link) *string {
	data := link.Data.Get(unix.IFLA_MACVLAN_MODE)
	for name, number := range macvlanModes {
		if len(data) >= 1 && data[0] == number {
			return &name
		}
	}
	return nil
}

var macvlanModes = map[string]byte{"private": 1, "vepa": 2, "bridge": 4, "passthru": 8}

func (c *Container) addAddresses() {
	declared := c.addresses.Declared()
	static := map[string]map[netip.Prefix]bool{}
	for link, addresses := range declared {
		static[link] = map[netip.Prefix]bool{}
		for _, address := range addresses {
			static[link][*address.Prefix] = true
		}
	}
	for _, address := range c.addresses.Addresses {
		live := c.findLive(address.Link)
		switch {
		case live == nil:
		case static[address.Link][address.Prefix]:
			*live.Addresses = append(*live.Addresses, address.Prefix)
		default:
			live.DynamicAddresses = append(live.DynamicAddresses, address.Prefix)
		}
	}
	for _, live := range c.live {
		slices.SortFunc(*live.Addresses, comparePrefixes)
	}
}

func (c *Container) addRoutes() {
	for i := range c.routes {
		route := &c.routes[i]
		if !isStatic(route) {
			continue
		}
		live := c.findLive(route.NextHops[0].Link)
		if live == nil {
			continue
		}
		one := decodeRoute(route)
		switch {
		case one.table() != unix.RT_TABLE_MAIN && !c.declaresTable(live.Name, one.table()):
			live.otherTables = append(live.otherTables, one)
		case one.To.Bits() != 0 || one.Metric != nil || one.table() != unix.RT_TABLE_MAIN:
			*live.Routes = append(*live.Routes, one)
		case one.To.Addr().Is4():
			live.Gateway = point(deref(one.Via))
		default:
			live.Gateway6 = point(deref(one.Via))
		}
	}
	for _, live := range c.live {
		c.hideWays(live)
		slices.SortFunc(*live.Routes, compareRoutes)
	}
}

// declaresTable tells whether a route in that table is declared, which makes all of them there the declaration's.
func (c *Container) declaresTable(name string, table uint32) bool {
	one := c.findConfigured(name)
	return one != nil && slices.ContainsFunc(deref(one.Routes), func(r Route) bool { return r.table() == table })
}

// hideWays takes the routes to gateways of other networks from the static ones, as they are part of the gateway.
func (c *Container) hideWays(live *LiveInterface) {
	declared := []Route{}
	if one := c.findConfigured(live.Name); one != nil {
		declared = deref(one.Routes)
	}
	*live.Routes = slices.DeleteFunc(*live.Routes, func(route Route) bool {
		for _, gateway := range []netip.Addr{*live.Gateway, *live.Gateway6} {
			same := func(r Route) bool { return compareRoutes(r, route) == 0 }
			if gateway.IsValid() && live.isElsewhere(gateway) && compareRoutes(route, wayTo(gateway)) == 0 &&
				!slices.ContainsFunc(declared, same) {
				live.hiddenWays = append(live.hiddenWays, gateway)
				return true
			}
		}
		return false
	})
}
