// Package topology is one host as it is wired: every network namespace with its links, and which end of a pair is
// whose. It is what pictures and paths are made of, and travels as JSON in the result of the module network_info.
package topology

// Host is a host with all its namespaces.
type Host struct {
	Name string `json:"name"`
	// Namespaces start with the host's own.
	Namespaces []*Namespace `json:"namespaces"`
}

// Kinds of namespaces.
const (
	Machine   = "host"
	Container = "container"
	Named     = "namespace"
)

// Namespace is one network namespace.
type Namespace struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Within is the name of the container that has the namespace, "" for what the host has.
	Within string  `json:"within,omitempty"`
	Links  []*Link `json:"links"`
	// Stopped containers have only configured interfaces.
	Stopped bool `json:"stopped,omitempty"`

	// Routing is there where it was asked for.
	Routing *Routing `json:"routing,omitempty"`

	// path is where the namespace is to be entered.
	path string
	// numbers are the namespaces that this one has a number (nsid) for.
	numbers map[int]*Namespace
}

// Path is where the namespace is to be entered on this host, "" for the one that this process is in.
func (n *Namespace) Path() string { return n.path }

// States of links.
const (
	Up        = "up"
	Down      = "down"
	NoCarrier = "no carrier"
)

// Link is one network interface.
type Link struct {
	Name  string `json:"name"`
	Index int    `json:"ifindex,omitempty"`
	// Kind is the kernel's, "" for hardware.
	Kind  string `json:"kind,omitempty"`
	State string `json:"state,omitempty"`
	MTU   uint32 `json:"mtu,omitempty"`
	MAC   string `json:"mac_address,omitempty"`
	// Controller is the bond or bridge, Parent the link below, each by its name in the same namespace.
	Controller string `json:"controller,omitempty"`
	Parent     string `json:"parent,omitempty"`
	// Peer is the other end of a pair, or what a macvlan or VLAN stands on in another namespace, where that is known.
	Peer      *End     `json:"peer,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	Loopback  bool     `json:"loopback,omitempty"`

	// VLAN is the tag of a VLAN link, VNI the number of a VXLAN.
	VLAN uint16 `json:"vlan,omitempty"`
	VNI  uint32 `json:"vni,omitempty"`
	// Local and Remote are the ends of a tunnel; Remote may be a group.
	Local  string `json:"local,omitempty"`
	Remote string `json:"remote,omitempty"`
	// Filtering tells of a bridge that it knows VLANs, VLANs which of them a port or the bridge carries.
	Filtering bool       `json:"vlan_filtering,omitempty"`
	VLANs     []PortVLAN `json:"vlans,omitempty"`
	// Isolated ports of a bridge reach only ports that are not; PortState is that of a port that does not forward:
	// disabled, listening, learning or blocking.
	Isolated  bool   `json:"isolated,omitempty"`
	PortState string `json:"port_state,omitempty"`
	// BondMode is of a bond, Role of its ports: active, backup, or down where the bond found the port dead.
	BondMode string `json:"bond_mode,omitempty"`
	Role     string `json:"role,omitempty"`
	// Bus is where the hardware sits, such as 0000:05:00.1.
	Bus string `json:"bus_address,omitempty"`
	// Neighbour is the switch at the other end of the wire, where it tells (LLDP).
	Neighbour *Neighbour `json:"lldp,omitempty"`
	// Drift are the options that are not as declared.
	Drift []string `json:"drift,omitempty"`

	parentIndex, parentNumber int
}

// End is the other end of a pair.
type End struct {
	Namespace string `json:"namespace"`
	Within    string `json:"within,omitempty"`
	Link      string `json:"link"`
}

// PortVLAN is a VLAN on the port of a filtering bridge.
type PortVLAN struct {
	ID       uint16 `json:"id"`
	PVID     bool   `json:"pvid,omitempty"`
	Untagged bool   `json:"untagged,omitempty"`
}

// Neighbour is what a switch tells of itself and of its port.
type Neighbour struct {
	System string   `json:"system,omitempty"`
	Port   string   `json:"port,omitempty"`
	VLANs  []uint16 `json:"vlans,omitempty"`
	PVID   uint16   `json:"pvid,omitempty"`
	MTU    uint32   `json:"mtu,omitempty"`
}

// Root is the host's own namespace, or nil.
func (h *Host) Root() *Namespace {
	if len(h.Namespaces) == 0 {
		return nil
	}
	return h.Namespaces[0]
}

// Find is the namespace of that name within a container, or within the host where within is "".
func (h *Host) Find(name, within string) *Namespace {
	for _, one := range h.Namespaces {
		if one.Name == name && one.Within == within {
			return one
		}
	}
	return nil
}

// Other is the namespace and link at the other end of a pair, or nil.
func (h *Host) Other(link *Link) (*Namespace, *Link) {
	if link.Peer == nil {
		return nil, nil
	}
	namespace := h.Find(link.Peer.Namespace, link.Peer.Within)
	if namespace == nil {
		return nil, nil
	}
	return namespace, namespace.Link(link.Peer.Link)
}

// Link is the link of that name, or nil.
func (n *Namespace) Link(name string) *Link {
	for _, one := range n.Links {
		if one.Name == name {
			return one
		}
	}
	return nil
}

// Ports are the ports of a bond or bridge.
func (n *Namespace) Ports(controller string) []*Link {
	var ports []*Link
	for _, one := range n.Links {
		if one.Controller == controller && controller != "" {
			ports = append(ports, one)
		}
	}
	return ports
}
