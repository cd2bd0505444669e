package kernel

import "net/netip"

// Neighbour is an entry of the ARP or the IPv6 neighbour table that somebody has made: it does not expire.
type Neighbour struct {
	Link    string
	Address netip.Addr
	// MAC is "" on links without addresses, and of a proxy entry.
	MAC string `json:",omitempty"`
	// Proxy entries make the host answer for the address.
	Proxy bool `json:",omitempty"`
	// Flags are NTF_*, ExtendedFlags NTF_EXT_*, Protocol is an RTPROT_*.
	Flags         uint8  `json:",omitempty"`
	ExtendedFlags uint32 `json:",omitempty"`
	Protocol      uint8  `json:",omitempty"`
}

// BridgeEntry is an entry of a bridge's forwarding table that somebody has made: it does not age.
type BridgeEntry struct {
	// Link is the port, or with Self the bridge itself.
	Link string
	Self bool `json:",omitempty"`
	MAC  string
	VLAN uint16 `json:",omitempty"`
	// State is NUD_NOARP for a static entry, NUD_PERMANENT for one of the bridge's own. Flags are NTF_*.
	State uint16
	Flags uint8 `json:",omitempty"`
}

// QueueingDiscipline is what is at the root of a link's queues, or ahead of what it receives.
type QueueingDiscipline struct {
	Kind string
	// Handle is 0 of those that the kernel chooses itself.
	Handle  uint32 `json:",omitempty"`
	Options []byte `json:",omitempty"`
	Ingress bool   `json:",omitempty"`
}

// Undeclared is what links have that no option declares.
type Undeclared interface {
	// Neighbours are those of the named links.
	Neighbours(links map[string]bool) ([]Neighbour, error)
	SetNeighbour(Neighbour) error
	DeleteNeighbour(Neighbour) error
	// BridgeEntries are those of the named links, without those that the kernel makes of the links' own addresses.
	BridgeEntries(links map[string]bool) ([]BridgeEntry, error)
	SetBridgeEntry(BridgeEntry) error
	DeleteBridgeEntry(BridgeEntry) error
	// QueueingDisciplines are those of the named links, none of a link that has never been up.
	QueueingDisciplines(links map[string]bool) (map[string][]QueueingDiscipline, error)
	// SetQueueingDiscipline puts one at the root. One without a kind takes away what a link has there: the kernel chooses
	// anew when the link comes up.
	SetQueueingDiscipline(link string, discipline QueueingDiscipline) error
	AddAlternativeNames(link string, names []string) error
	DeleteAlternativeNames(link string, names []string) error
}
