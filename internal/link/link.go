// Package link is the domain of network interfaces: bonds, bridges, VLANs and so on, with their ports and options.
package link

import (
	"encoding/json"

	"hostnet.linux/internal/kernel"
)

// Kinds of links that can be declared, by the kernel's names. Hardware is every link that is only found, never made.
const (
	Hardware = ""
	Bond     = "bond"
	Bridge   = "bridge"
	VLAN     = "vlan"
	VXLAN    = "vxlan"
	Veth     = "veth"
	Dummy    = "dummy"
	Macvlan  = "macvlan"
	VRF      = "vrf"
)

// Link is a link as it is declared or as it is observed. What is nil is not managed, or not there.
type Link struct {
	Name string
	Kind string
	// State is present or absent; "" is present.
	State string

	Up         *bool
	MTU        *uint32
	MAC        *string
	AcceptRA   *int32
	ProxyARP   *bool
	RPFilter   *int32
	Forwarding *bool

	// Parent is the link that this one stands on (vlan, vxlan, macvlan).
	Parent *string
	// Ports are those of a bond, bridge or VRF, in the order of their declaration.
	Ports          *[]Port
	ExclusivePorts *bool
	SameCard       *string
	MatchMAC       *string
	MatchPCI       *string
	// Required links hold the boot's network-online.target back.
	Required *bool

	Bond     BondOptions
	Bridge   BridgeOptions
	VLAN     VLANOptions
	VXLAN    VXLANOptions
	Macvlan  MacvlanOptions
	VRF      VRFOptions
	Peer     *string
	PeerNS   *string
	Observed Observed

	// Path is where the link stands in the arguments, for messages; "" when it is the arguments.
	Path string
	// Controller says whose port the link is to be, "" nobody's; nil leaves it to the ports lists.
	Controller *string
	// MACFrom names the port whose MAC address a new bond or bridge takes on.
	MACFrom string
}

// Observed is what the kernel tells of a link and nobody declares.
type Observed struct {
	Index      int
	Controller string
	// PeerIndex and PeerNSID locate a veth's other end; PeerNSID is -1 in this namespace.
	PeerIndex, PeerNSID int
	// Elsewhere tells that what the link stands on, or the other end of it, is in another namespace.
	Elsewhere    bool
	PermanentMAC string
	Carrier      bool
	Loopback     bool
	// PhysicalPort and PhysicalSwitch are the driver's identifiers, "" where it has none.
	PhysicalPort, PhysicalSwitch string
	// IPv6Off tells that the setting disable_ipv6 keeps IPv6 off the link.
	IPv6Off bool
	// AlternativeNames are further names of the link.
	AlternativeNames []string
	// HidesAgeing tells that a bridge's spanning tree is changing, and its ageing time cannot be read.
	HidesAgeing bool
	// Dormant holds options that the kernel keeps although they have no meaning in the link's mode, nil when there are
	// none.
	Dormant *Link
}

// Port is a link as a port of its bond, bridge or VRF.
type Port struct {
	Name string
	// Optional ports may be missing.
	Optional *bool
	Bond     BondPortOptions
	Bridge   BridgePortOptions
	VLANs    *[]kernel.BridgeVLAN
}

// Absent tells whether the link is declared to be gone.
func (l *Link) Absent() bool { return l.State == "absent" }

// Describe is the kind and name, as steps and messages show it.
func (l *Link) Describe() string {
	if l.Kind == Hardware {
		return "interface " + l.Name
	}
	return l.Kind + " " + l.Name
}

// isController tells whether links of the kind have ports that can be declared.
func isController(kind string) bool { return kind == Bond || kind == Bridge || kind == VRF }

// State is every link of a namespace.
type State struct {
	Links []*Link
	// places are where links are, by their names, and alternative by their further ones.
	places, alternative map[string]int
	// read is what the kernel was asked for.
	read Detail
	// raw is the kernel's own answer.
	raw []kernel.Link
}

// Raw are the observed links in the kernel's words, nil of a state that another process has written down.
func (s *State) Raw() []kernel.Link { return s.raw }

// NewState indexes the links by name.
func NewState(links []*Link) *State {
	state := &State{Links: links, places: make(map[string]int, len(links)), alternative: map[string]int{}}
	for i, link := range links {
		state.places[link.Name] = i
		for _, name := range link.Observed.AlternativeNames {
			state.alternative[name] = i
		}
	}
	return state
}

// UnmarshalJSON reads a state that another process has written down.
func (s *State) UnmarshalJSON(text []byte) error {
	var plain struct{ Links []*Link }
	if err := json.Unmarshal(text, &plain); err != nil {
		return err
	}
	*s = *NewState(plain.Links)
	return nil
}

// Within is some of the links, as they are.
func (s *State) Within(names map[string]bool) *State {
	var links []*Link
	for _, link := range s.Links {
		if names[link.Name] {
			links = append(links, link)
		}
	}
	out := NewState(links)
	out.read = s.read
	return out
}

// Find is the link of that name, or nil.
func (s *State) Find(name string) *Link {
	if at, there := s.places[name]; there {
		return s.Links[at]
	}
	return nil
}

// findAlternative is the link with that further name, or nil.
func (s *State) findAlternative(name string) *Link {
	if at, there := s.alternative[name]; there {
		return s.Links[at]
	}
	return nil
}

// portNamed is the declared or observed port of that name, or nil.
func (l *Link) portNamed(name string) *Port {
	if l.Ports == nil {
		return nil
	}
	for i := range *l.Ports {
		if (*l.Ports)[i].Name == name {
			return &(*l.Ports)[i]
		}
	}
	return nil
}
