package fake

import (
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// link is a link and what the kernel remembers of it beside what it reports.
type link struct {
	kernel.Link
	// chosenAddress and chosenMTU tell that someone has set them, so that they no longer follow the ports.
	chosenAddress, chosenMTU bool
	// ownAddress is what a port of a bond gets back when it leaves.
	ownAddress string
	ownMTU     uint32
}

// CurrentLinks lists all links.
func (k *Kernel) CurrentLinks() ([]kernel.Link, error) { return k.Links() }

// Links lists every link.
func (k *Kernel) Links() ([]kernel.Link, error) {
	out := make([]kernel.Link, len(k.links))
	for i, one := range k.links {
		out[i] = one.Link
		out[i].IPv4, out[i].IPv6 = slices.Clone(one.IPv4), slices.Clone(one.IPv6)
		out[i].Data, out[i].PortData = slices.Clone(one.Data), slices.Clone(one.PortData)
	}
	return out, nil
}

func (k *Kernel) find(name string) *link {
	for _, one := range k.links {
		if one.Name == name {
			return one
		}
	}
	return nil
}

func (k *Kernel) byIndex(index int) *link {
	for _, one := range k.links {
		if one.Index == index {
			return one
		}
	}
	return nil
}

func (k *Kernel) mustFind(name string) (*link, error) {
	if found := k.find(name); found != nil {
		return found, nil
	}
	return nil, refusal(unix.ENODEV, "link %s", name)
}

// enter makes a link with the kernel's defaults.
func (k *Kernel) enter(name, kind string) *link {
	k.nextIndex++
	one := &link{Link: kernel.Link{
		Index: k.nextIndex, Name: name, Kind: kind, ParentNamespace: -1, MTU: 1500,
		Address: fmt.Sprintf("02:00:00:00:00:%02x", k.nextIndex),
		IPv4:    make([]int32, 33), IPv6: make([]int32, 60),
	}}
	one.IPv6[settingPlaces["ipv6/accept_ra"]] = 1
	one.ownAddress = one.Address
	k.links = append(k.links, one)
	return one
}

func defaultVLANs() []kernel.BridgeVLAN {
	return []kernel.BridgeVLAN{{ID: 1, PVID: true, Untagged: true}}
}

// CreateLink makes a link, and the other end of a pair with it.
func (k *Kernel) CreateLink(request kernel.LinkRequest) error {
	if k.find(request.Name) != nil || (request.Peer != nil && k.find(request.Peer.Name) != nil) {
		return refusal(unix.EEXIST, "link %s", request.Name)
	}
	parent := k.find(request.Parent)
	if request.Parent != "" && parent == nil {
		return refusal(unix.ENODEV, "parent %s", request.Parent)
	}
	if parent != nil && request.MTU != nil && *request.MTU > parent.MTU {
		return refusal(unix.EINVAL, "mtu %d is above that of %s", *request.MTU, parent.Name)
	}
	if err := k.write(); err != nil {
		return err
	}
	one := k.enter(request.Name, request.Kind)
	if request.Index != 0 && k.byIndex(request.Index) == nil {
		one.Index = request.Index
		k.nextIndex = max(k.nextIndex, request.Index)
	}
	if request.Kind == "bridge" {
		k.vlans[one.Index] = defaultVLANs()
	}
	one.Data = slices.Clone(kindDefaults[request.Kind])
	if parent != nil {
		one.Parent, one.MTU = parent.Index, parent.MTU
		if request.Kind == "vlan" {
			one.Address = parent.Address
		}
	}
	if request.Peer != nil {
		peer := k.enter(request.Peer.Name, request.Kind)
		one.Parent, peer.Parent = peer.Index, one.Index
		k.fill(peer, kernel.LinkRequest{MTU: request.Peer.MTU, Address: request.Peer.Address})
		peer.raise(request.Peer.Up)
	}
	k.fill(one, request)
	return nil
}

// ChangeLink alters a link.
func (k *Kernel) ChangeLink(name string, request kernel.LinkRequest) error {
	one, err := k.mustFind(name)
	if err != nil {
		return err
	}
	if err := k.refuseChange(one, request); err != nil {
		return err
	}
	if err := k.write(); err != nil {
		return err
	}
	if request.Controller != nil {
		k.move(one, *request.Controller)
	}
	k.fill(one, request)
	return nil
}

// refuseChange says what Linux does not do.
func (k *Kernel) refuseChange(one *link, request kernel.LinkRequest) error {
	isUp := one.Flags&unix.IFF_UP != 0
	if one.Kind == "" && isUp && request.Address != nil {
		return refusal(unix.EBUSY, "the address of %s while it is up", one.Name)
	}
	if err := k.refuseBondOptions(one, request.Data); err != nil {
		return err
	}
	if request.MTU != nil && one.Kind == "vlan" && *request.MTU > k.byIndex(one.Parent).MTU {
		return refusal(unix.ERANGE, "mtu %d of %s is above its parent's", *request.MTU, one.Name)
	}
	if request.Controller == nil || *request.Controller == "" {
		return nil
	}
	controller, err := k.mustFind(*request.Controller)
	switch {
	case err != nil:
		return err
	case one.Controller != 0 && one.Controller != controller.Index:
		return refusal(unix.EBUSY, "%s is a port already", one.Name)
	case controller.Kind == "bond" && isUp:
		return refusal(unix.EPERM, "%s can not be enslaved while up", one.Name)
	case controller.Kind != "bond" && controller.Kind != "bridge":
		return refusal(unix.EOPNOTSUPP, "%s has no ports", controller.Name)
	}
	return nil
}

// fill sets what the request has.
func (k *Kernel) fill(one *link, request kernel.LinkRequest) {
	flags := one.Data.Get(unix.IFLA_VLAN_FLAGS)
	if request.Alias != nil {
		one.Alias = *request.Alias
	}
	if request.Group != nil {
		one.Group = *request.Group
	}
	if request.TransmitQueue != nil {
		one.TransmitQueue = *request.TransmitQueue
	}
	if request.Flags != nil {
		one.Flags = one.Flags&^kernel.FlagsToSet() | *request.Flags
	}
	if request.Address != nil {
		k.flush(one.Name)
		one.Address, one.chosenAddress = *request.Address, true
		for _, port := range k.ports(one) {
			if one.Kind == "bond" {
				port.Address = one.Address
			}
		}
	}
	if request.MTU != nil {
		one.MTU, one.chosenMTU = *request.MTU, true
		k.lowerUppers(one)
		for _, port := range k.ports(one) {
			if one.Kind == "bond" {
				port.MTU = one.MTU
			}
		}
	}
	if controller := k.byIndex(one.Controller); controller != nil && controller.Kind == "bridge" {
		k.followPorts(controller)
	}
	one.Data = k.merge(one.Data, request.Data)
	if one.Kind == "vlan" {
		keepFlags(one.Data, flags)
	}
	if one.Kind == "bond" {
		roundDelays(one.Data)
		one.Data = dropEmptyTargets(one.Data)
	}
	one.PortData = k.merge(one.PortData, request.PortData)
	if request.Up == nil {
		return
	}
	if *request.Up {
		k.lift(one)
	} else {
		k.lower(one)
	}
}

// lowerUppers: VLANs do not keep an MTU above their parent's (vlan_device_event).
func (k *Kernel) lowerUppers(one *link) {
	for _, upper := range k.links {
		if upper.Kind == "vlan" && upper.Parent == one.Index && upper.MTU > one.MTU {
			upper.MTU = one.MTU
			k.lowerUppers(upper)
		}
	}
}

// merge replaces attributes by type. Of two bit masks the bits that count are merged.
func (k *Kernel) merge(have, change kernel.Attributes) kernel.Attributes {
	out := slices.Clone(have)
	for _, attribute := range change {
		if attribute.LinkName != "" {
			index := k.find(attribute.LinkName)
			attribute.LinkName = ""
			attribute.Data = binary.NativeEndian.AppendUint32(nil, 0)
			if index != nil {
				attribute.Data = binary.NativeEndian.AppendUint32(nil, uint32(index.Index))
			}
		}
		place := slices.IndexFunc(out, func(a kernel.Attribute) bool { return a.Type == attribute.Type })
		if place < 0 {
			out = append(out, attribute)
		} else {
			out[place] = attribute
		}
	}
	slices.SortFunc(out, func(a, b kernel.Attribute) int { return int(a.Type) - int(b.Type) })
	return out
}

func (l *link) raise(up bool) {
	if up {
		l.Flags |= unix.IFF_UP | unix.IFF_LOWER_UP
	} else {
		l.Flags &^= unix.IFF_UP | unix.IFF_LOWER_UP
	}
}

// lift brings a link up, and with it the VLANs on it.
func (k *Kernel) lift(one *link) {
	if one.Flags&unix.IFF_UP != 0 {
		return
	}
	one.raise(true)
	for _, upper := range k.links {
		if upper.Kind == "vlan" && upper.Parent == one.Index {
			k.lift(upper)
		}
	}
}

// lower takes a link down, and with it the VLANs on it. Its routes and IPv6 addresses go (fib_disable_ip,
// addrconf_ifdown).
func (k *Kernel) lower(one *link) {
	if one.Flags&unix.IFF_UP == 0 {
		return
	}
	one.raise(false)
	k.flush(one.Name)
	k.dropAddresses(one.Name, func(a kernel.Address) bool { return a.Prefix.Addr().Is6() })
	k.dropRoutes(func(route kernel.Route) bool { return leavesBy(route, one.Name) })
	for _, upper := range k.links {
		if upper.Kind == "vlan" && upper.Parent == one.Index {
			k.lower(upper)
		}
	}
}

// DeleteLink removes a link with all that stands on it.
func (k *Kernel) DeleteLink(name string) error {
	one, err := k.mustFind(name)
	if err != nil {
		return err
	}
	if one.Kind == "" {
		return refusal(unix.EOPNOTSUPP, "link %s is hardware", name)
	}
	if err := k.write(); err != nil {
		return err
	}
	k.remove(one)
	return nil
}

// DeleteLinks removes links, and takes that for one write.
func (k *Kernel) DeleteLinks(names []string) error {
	for _, name := range names {
		one, err := k.mustFind(name)
		if err != nil {
			return err
		}
		if one.Kind == "" {
			return refusal(unix.EOPNOTSUPP, "link %s is hardware", name)
		}
	}
	if err := k.write(); err != nil {
		return err
	}
	for _, name := range names {
		if one := k.find(name); one != nil {
			k.remove(one)
		}
	}
	return nil
}

func (k *Kernel) remove(one *link) {
	k.lower(one)
	for _, port := range k.ports(one) {
		k.move(port, "")
	}
	former := k.byIndex(one.Controller)
	k.links = slices.DeleteFunc(k.links, func(l *link) bool { return l == one })
	if former != nil && former.Kind == "bridge" {
		k.followPorts(former)
	}
	delete(k.vlans, one.Index)
	delete(k.forwarding, one.Index)
	k.neighbours = slices.DeleteFunc(k.neighbours, func(n kernel.Neighbour) bool { return n.Link == one.Name })
	k.addresses = slices.DeleteFunc(k.addresses, func(a kernel.Address) bool { return a.Link == one.Name })
	k.dropRoutes(func(route kernel.Route) bool { return leavesBy(route, one.Name) })
	for _, other := range slices.Clone(k.links) {
		if other.Parent == one.Index && k.byIndex(other.Index) != nil {
			k.remove(other)
		}
	}
}
