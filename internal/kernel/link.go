// Package kernel says what the domains ask of a kernel. kernel/linux asks the running one over netlink,
// kernel/fake is one to test against. Every call is about one network namespace.
package kernel

import "golang.org/x/sys/unix"

// Link is one network interface as the kernel reports it.
type Link struct {
	Index int
	Name  string
	// Kind is the kernel's name of the driver kind, such as "bond"; "" is hardware or loopback.
	Kind string
	// Parent is the index of the link below, or of the veth peer; 0 is none.
	Parent int
	// ParentNamespace is the kernel's number (nsid) of the namespace that holds Parent; -1 is this namespace.
	ParentNamespace int
	// Controller is the index of the bond, bridge or other link that this one is a port of; 0 is none.
	Controller int
	// PortKind is the kind of the controller.
	PortKind         string
	Flags            uint32
	MTU              uint32
	Address          string
	PermanentAddress string
	// Data is IFLA_INFO_DATA, PortData IFLA_INFO_SLAVE_DATA.
	Data, PortData Attributes
	// PhysicalPort and PhysicalSwitch are the driver's identifiers in hexadecimal, "" where it has none.
	PhysicalPort, PhysicalSwitch string
	// IPv4 and IPv6 are the settings of the interface, indexed as in linux/ip.h less one and linux/ipv6.h;
	// nil when the link has no such protocol.
	IPv4, IPv6 []int32
	// AlternativeNames, Alias and Group are what other programs know the link by; TransmitQueue is a length in packets.
	AlternativeNames     []string
	Alias                string
	Group, TransmitQueue uint32
	// Reading numbers the readings of links: two with the same one are the same. 0 tells nothing.
	Reading uint64
	// CarrierChanges counts how often the carrier came and went.
	CarrierChanges uint32
}

// Attribute is one netlink attribute. Its value is Data, or the index of the link called LinkName, which is
// looked up when the request is sent, since the link may only just have been made.
type Attribute struct {
	Type     uint16
	Data     []byte
	LinkName string
}

// Attributes keep the kernel's order.
type Attributes []Attribute

// Get is the data of the attribute of that type, or nil.
func (a Attributes) Get(typ uint16) []byte {
	for _, attribute := range a {
		if attribute.Type == typ {
			return attribute.Data
		}
	}
	return nil
}

// LinkRequest is what to create a link with, or to change of it. Nil leaves a property alone.
type LinkRequest struct {
	// Name renames when it is not the link's name already.
	Name string
	// Index, Kind, Parent and Peer count at creation only. Index 0 lets the kernel choose.
	Index  int
	Kind   string
	Parent string
	Peer   *Peer
	// Namespace is where the link is made, or moved to; "" is this one. The other changes of a link that moves are made
	// there, so it cannot get a Controller of this namespace.
	Namespace string
	// Controller "" releases the link from its controller.
	Controller     *string
	Up             *bool
	MTU            *uint32
	Address        *string
	Data, PortData Attributes
	// Alias "" takes it away.
	Alias                *string
	Group, TransmitQueue *uint32
	// Flags are those of FlagsToSet that the link is to have.
	Flags *uint32
}

// settableFlags are those of a link that people set beside up (__dev_change_flags in net/core/dev.c), by the names that
// iproute2 has for them.
var settableFlags = []struct {
	flag uint32
	name string
}{
	{unix.IFF_DEBUG, "DEBUG"}, {unix.IFF_NOTRAILERS, "NOTRAILERS"}, {unix.IFF_NOARP, "NOARP"},
	{unix.IFF_PROMISC, "PROMISC"}, {unix.IFF_ALLMULTI, "ALLMULTI"}, {unix.IFF_MULTICAST, "MULTICAST"},
	{unix.IFF_DYNAMIC, "DYNAMIC"}, {unix.IFF_PORTSEL, "PORTSEL"}, {unix.IFF_AUTOMEDIA, "AUTOMEDIA"},
}

// FlagsToSet are the flags of a link that people set beside up.
func FlagsToSet() (flags uint32) {
	for _, one := range settableFlags {
		flags |= one.flag
	}
	return flags
}

// FlagNames names those of FlagsToSet.
func FlagNames(flags uint32) []string {
	var names []string
	for _, one := range settableFlags {
		if flags&one.flag != 0 {
			names = append(names, one.name)
		}
	}
	return names
}

// Peer is the other end of a veth pair.
type Peer struct {
	Name string
	// Namespace is where the peer is made; "" is the namespace of the first end.
	Namespace string
	// Index 0 lets the kernel choose.
	Index   int
	Up      bool
	MTU     *uint32
	Address *string
}

// BridgeVLAN is one VLAN on a bridge port or on the bridge itself. Numbers are from 1 to 4094.
type BridgeVLAN struct {
	ID       uint16
	PVID     bool
	Untagged bool
}

// ForwardingEntry is a static entry in the forwarding table of a VXLAN.
type ForwardingEntry struct {
	Address     string // MAC; all zeros is "every unknown or many-destination frame"
	Destination string // IP address of the far tunnel end
	Port        uint16 // 0 is the VXLAN's own
	VNI         uint32 // 0 is the VXLAN's own
	Via         string // outgoing link; "" is by route
}

// Links is what the link domain asks of the kernel. Links are named, since indexes change when a link is made
// again. Errors wrap the syscall.Errno and carry the kernel's own explanation where it gives one.
type Links interface {
	Links() ([]Link, error)
	// CurrentLinks is Links for whoever asks again and again: it may ask the kernel only for what has changed.
	CurrentLinks() ([]Link, error)
	CreateLink(LinkRequest) error
	ChangeLink(name string, request LinkRequest) error
	DeleteLink(name string) error
	// DeleteLinks removes several links at once, or none. It is much faster than one after the other.
	DeleteLinks(names []string) error
	// NamespaceID is the nsid of another namespace as this one numbers it, or -1 if it has no number.
	NamespaceID(namespace string) (int, error)
	// BusAddress is where a link's hardware sits, such as 0000:05:00.1 on PCI; "" when there is no hardware.
	BusAddress(name string) (string, error)
	// ChosenAddresses are the links whose MAC address somebody has set, as opposed to those that the kernel has made up.
	ChosenAddresses() (map[string]bool, error)
	// LinkNameIn looks up the name of a link in another namespace.
	LinkNameIn(namespace string, index int) (string, error)
}

// BridgeVLANs is what the link domain asks of filtering bridges. The maps are keyed by link index.
type BridgeVLANs interface {
	BridgeVLANs() (map[int][]BridgeVLAN, error)
	// AddBridgeVLANs and DeleteBridgeVLANs take a port's name, or the bridge's own with self.
	AddBridgeVLANs(name string, self bool, vlans []BridgeVLAN) error
	DeleteBridgeVLANs(name string, self bool, vlans []BridgeVLAN) error
}

// Forwarding is what the link domain asks of a VXLAN's forwarding table.
type Forwarding interface {
	ForwardingEntries() (map[int][]ForwardingEntry, error)
	AddForwardingEntry(link string, entry ForwardingEntry) error
	DeleteForwardingEntry(link string, entry ForwardingEntry) error
}

// Settings is what the domains ask of /proc/sys/net. A path is relative to it, such as "ipv4/conf/br0/rp_filter".
type Settings interface {
	Setting(path string) (string, error)
	SetSetting(path, value string) error
}

// Modules loads what the kernel has as a module.
type Modules interface {
	// LoadKind makes links of the kind possible, or says plainly that this kernel has none.
	LoadKind(kind string) error
	// CheckKind tells why LoadKind, or making such a link, would fail. It loads nothing and changes nothing.
	CheckKind(kind string) error
}
