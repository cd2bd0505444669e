package topology

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/kernel/linux"
)

// Read reads the whole host, or that namespace alone. A container that ends meanwhile is left out.
func Read(namespace string) (*Host, error) {
	list := []*Namespace{{Name: namespace, Kind: Machine, path: linux.NamespacePath(namespace)}}
	if namespace == "" {
		var err error
		if list, err = find(); err != nil {
			return nil, err
		}
	}
	return read(list)
}

// ReadNamed reads namespaces with names as if the first were a host's own and the others within it.
func ReadNamed(names ...string) (*Host, error) {
	var list []*Namespace
	for i, name := range names {
		one := &Namespace{Name: name, Kind: Named, path: linux.NamespacePath(name)}
		if i == 0 {
			one.Kind = Machine
		}
		list = append(list, one)
	}
	return read(list)
}

func read(list []*Namespace) (*Host, error) {
	host := &Host{Name: list[0].Name}
	for i, one := range list {
		err := one.read()
		if err != nil && i == 0 {
			return nil, err
		}
		if err == nil {
			host.Namespaces = append(host.Namespaces, one)
		}
		if i == 0 {
			one.number(list)
		}
	}
	host.join()
	for _, one := range host.Namespaces {
		if one.path != "" && one.leadsElsewhere() {
			one.number(list)
		}
	}
	host.join()
	return host, nil
}

// leadsElsewhere tells whether there are pairs whose other end was not found yet. Those of the host are found first,
// which leaves the few between containers, or into namespaces within them.
func (n *Namespace) leadsElsewhere() bool {
	return slices.ContainsFunc(n.Links, func(one *Link) bool {
		return one.Peer == nil && one.parentNumber >= 0
	})
}

// read reads the links of one namespace.
func (n *Namespace) read() error {
	handle, err := linux.Open(n.path)
	if err != nil {
		return err
	}
	defer handle.Close()
	raw, err := handle.Links()
	if err != nil {
		return err
	}
	names := map[int]string{}
	for _, one := range raw {
		names[one.Index] = one.Name
	}
	for i := range raw {
		n.Links = append(n.Links, decode(&raw[i], names))
	}
	return n.readBelongings(handle)
}

func (n *Namespace) readBelongings(handle *linux.Handle) error {
	addresses, err := handle.Addresses()
	if err != nil {
		return fmt.Errorf("cannot read the addresses: %w", err)
	}
	for _, one := range addresses {
		if link := n.Link(one.Link); link != nil && (one.Scope != unix.RT_SCOPE_LINK || one.Prefix.Addr().Is4()) {
			link.Addresses = append(link.Addresses, one.Prefix.String())
		}
	}
	filters := false
	for _, one := range n.Links {
		filters = filters || one.Filtering
		if one.Kind == "" && !one.Loopback {
			// It is for the picture: a link without hardware has none.
			one.Bus, _ = handle.BusAddress(one.Name)
		}
	}
	if !filters {
		return nil
	}
	vlans, err := handle.BridgeVLANs()
	if err != nil {
		return fmt.Errorf("cannot read the VLANs of bridges: %w", err)
	}
	for _, one := range n.Links {
		for _, vlan := range vlans[one.Index] {
			one.VLANs = append(one.VLANs, PortVLAN{ID: vlan.ID, PVID: vlan.PVID, Untagged: vlan.Untagged})
		}
	}
	return nil
}

// number asks which number this namespace has for the others. The kernel gave numbers to those that its links lead to
// while it listed the links (rtnl_fill_link_netnsid in net/core/rtnetlink.c).
func (n *Namespace) number(all []*Namespace) {
	handle, err := linux.Open(n.path)
	if err != nil {
		return
	}
	defer handle.Close()
	n.numbers = map[int]*Namespace{}
	for _, other := range all {
		if other == n {
			continue
		}
		if number, err := handle.NamespaceID(cmp.Or(other.path, "/proc/thread-self/ns/net")); err == nil && number >= 0 {
			n.numbers[number] = other
		}
	}
}

// join finds the other end of every pair.
func (h *Host) join() {
	for _, n := range h.Namespaces {
		for _, link := range n.Links {
			switch {
			case link.Peer != nil:
			case link.parentNumber >= 0 && link.Kind != "veth":
				link.Peer = n.numbers[link.parentNumber].end(link.parentIndex)
			case link.parentNumber >= 0:
				h.pair(n, link, n.numbers[link.parentNumber])
			case link.Kind == "veth":
				h.pair(n, link, n)
			}
		}
	}
}

// end is the link with that index, which something in another namespace stands on, or nil.
func (n *Namespace) end(index int) *End {
	if n == nil {
		return nil
	}
	for _, one := range n.Links {
		if one.Index == index {
			return &End{Namespace: n.Name, Within: n.Within, Link: one.Name}
		}
	}
	return nil
}

func (h *Host) pair(n *Namespace, link *Link, other *Namespace) {
	if other == nil {
		return
	}
	for _, one := range other.Links {
		if one.Kind == "veth" && one.Index == link.parentIndex && one.parentIndex == link.Index && one != link {
			link.Peer = &End{Namespace: other.Name, Within: other.Within, Link: one.Name}
			one.Peer = &End{Namespace: n.Name, Within: n.Within, Link: link.Name}
			return
		}
	}
}

func decode(raw *kernel.Link, names map[int]string) *Link {
	link := &Link{
		Name: raw.Name, Index: raw.Index, Kind: raw.Kind, MTU: raw.MTU, MAC: raw.Address, State: Up,
		Controller: names[raw.Controller], Loopback: raw.Flags&unix.IFF_LOOPBACK != 0,
		parentIndex: raw.Parent, parentNumber: raw.ParentNamespace,
	}
	switch {
	case raw.Flags&unix.IFF_UP == 0:
		link.State = Down
	case raw.Flags&unix.IFF_LOWER_UP == 0:
		link.State = NoCarrier
	}
	if raw.Kind != "veth" && raw.ParentNamespace < 0 && raw.Parent != raw.Index {
		link.Parent = names[raw.Parent]
	}
	switch raw.Kind {
	case "vlan":
		link.VLAN = uint16(number(raw.Data.Get(unix.IFLA_VLAN_ID)))
	case "vxlan":
		link.decodeTunnel(raw, names)
	case "bridge":
		link.Filtering = number(raw.Data.Get(unix.IFLA_BR_VLAN_FILTERING)) != 0
	case "bond":
		link.BondMode = bondModes[number(raw.Data.Get(unix.IFLA_BOND_MODE))]
	}
	switch raw.PortKind {
	case "bond":
		link.Role = roleOf(raw.PortData)
	case "bridge":
		link.Isolated = number(raw.PortData.Get(unix.IFLA_BRPORT_ISOLATED)) != 0
		if state := raw.PortData.Get(unix.IFLA_BRPORT_STATE); len(state) > 0 && link.State == Up {
			link.PortState = portStates[number(state)]
		}
	}
	return link
}

func (l *Link) decodeTunnel(raw *kernel.Link, names map[int]string) {
	l.VNI = number(raw.Data.Get(unix.IFLA_VXLAN_ID))
	l.Parent = names[int(number(raw.Data.Get(unix.IFLA_VXLAN_LINK)))]
	for _, local := range [][]byte{raw.Data.Get(unix.IFLA_VXLAN_LOCAL), raw.Data.Get(unix.IFLA_VXLAN_LOCAL6)} {
		if address, ok := netip.AddrFromSlice(local); ok && !address.IsUnspecified() {
			l.Local = address.String()
		}
	}
	for _, remote := range [][]byte{raw.Data.Get(unix.IFLA_VXLAN_GROUP), raw.Data.Get(unix.IFLA_VXLAN_GROUP6)} {
		if address, ok := netip.AddrFromSlice(remote); ok && !address.IsUnspecified() {
			l.Remote = address.String()
		}
	}
}

// portStates are those of ports that do not forward (BR_STATE_* in linux/if_bridge.h).
var portStates = map[uint32]string{0: "disabled", 1: "listening", 2: "learning", 4: "blocking"}

// bondModes are in the order of BOND_MODE_* in linux/if_bonding.h.
var bondModes = map[uint32]string{
	0: "balance-rr", 1: "active-backup", 2: "balance-xor", 3: "broadcast", 4: "802.3ad", 5: "balance-tlb",
	6: "balance-alb",
}

// roleOf reads a bond port: BOND_STATE_* and BOND_LINK_* in linux/if_bonding.h.
func roleOf(port kernel.Attributes) string {
	const linkUp, backup = 0, 1
	switch {
	case number(port.Get(unix.IFLA_BOND_SLAVE_MII_STATUS)) != linkUp:
		return Down
	case number(port.Get(unix.IFLA_BOND_SLAVE_STATE)) == backup:
		return "backup"
	}
	return "active"
}

// number reads an attribute of 1, 2 or 4 bytes; a missing one is 0.
func number(data []byte) uint32 {
	switch len(data) {
	case 1:
		return uint32(data[0])
	case 2:
		return uint32(binary.NativeEndian.Uint16(data))
	case 4:
		return binary.NativeEndian.Uint32(data)
	}
	return 0
}
