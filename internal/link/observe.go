package link

import (
	"cmp"
	"slices"
	"sort"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// Detail says how much to ask the kernel for.
type Detail struct {
	// VLANs are those of filtering bridges, Forwarding the static entries of VXLANs.
	VLANs, Forwarding bool
}

// Everything is all that can be asked for.
var Everything = Detail{VLANs: true, Forwarding: true}

// DetailFor is what it takes to compare with the wanted links.
func DetailFor(wanted []*Link) Detail {
	var detail Detail
	for _, link := range wanted {
		detail.VLANs = detail.VLANs || link.Bridge.VLANs != nil
		detail.Forwarding = detail.Forwarding || link.VXLAN.FDB != nil
		if link.Ports == nil {
			continue
		}
		for _, port := range *link.Ports {
			detail.VLANs = detail.VLANs || port.VLANs != nil
		}
	}
	return detail
}

// Indexes of settings in the kernel's answer: linux/ip.h (IPV4_DEVCONF_* less one) and linux/ipv6.h (DEVCONF_*).
const (
	ipv4Forwarding = 0
	ipv4ProxyARP   = 2
	ipv4RPFilter   = 7
	ipv6Forwarding = 0
	ipv6AcceptRA   = 3
	ipv6Disabled   = 26
)

// Observe reads every link of the namespace. Links that have not changed since an earlier look are taken from that,
// which may be nil.
func Observe(k Kernel, detail Detail, earlier *State) (*State, error) {
	raw, err := k.CurrentLinks()
	if err != nil {
		return nil, err
	}
	byIndex := func(a, b kernel.Link) int { return cmp.Compare(a.Index, b.Index) }
	if !slices.IsSortedFunc(raw, byIndex) {
		raw = slices.SortedFunc(slices.Values(raw), byIndex)
	}
	name := func(index int) string {
		if index == 0 {
			return ""
		}
		if at := placeOf(raw, index); at >= 0 {
			return raw[at].Name
		}
		return ""
	}
	same := earlier.unchanged(raw)
	links := make([]*Link, len(raw))
	for i := range raw {
		if same != nil && same[i] {
			links[i] = earlier.Links[i].again()
			continue
		}
		links[i] = &Link{}
		decode(links[i], &raw[i], name)
	}
	state := earlier.with(links, same)
	state.raw = raw
	for i := range raw {
		if raw[i].Controller == 0 {
			continue
		}
		if controller := state.Find(links[i].Observed.Controller); controller != nil &&
			(same == nil || !same[state.place(controller)]) {
			state.addPort(&raw[i], links[i], name)
		}
	}
	return state, state.Complete(k, detail)
}

// unchanged tells of each link whether it is as it was in this state, together with its ports; nil where links have
// come, gone or changed their names, which others show.
func (s *State) unchanged(raw []kernel.Link) []bool {
	if s == nil || len(s.raw) != len(raw) || len(s.Links) != len(raw) {
		return nil
	}
	same := make([]bool, len(raw))
	for i := range raw {
		if raw[i].Index != s.raw[i].Index || raw[i].Name != s.raw[i].Name {
			return nil
		}
		same[i] = raw[i].Reading != 0 && raw[i].Reading == s.raw[i].Reading
	}
	for i := range raw {
		if !same[i] {
			// A controller shows what its ports are like.
			for _, controller := range []int{raw[i].Controller, s.raw[i].Controller} {
				if at := placeOf(raw, controller); at >= 0 {
					same[at] = false
				}
			}
		}
	}
	return same
}

// with is a state of links that have the names of this one's, but for those that are not the same; nil is every one.
func (s *State) with(links []*Link, same []bool) *State {
	if same == nil {
		return NewState(links)
	}
	for i := range links {
		if !same[i] && !slices.Equal(links[i].Observed.AlternativeNames, s.Links[i].Observed.AlternativeNames) {
			return NewState(links)
		}
	}
	return &State{Links: links, places: s.places, alternative: s.alternative}
}

// place is where a link of this state is in its list.
func (s *State) place(link *Link) int { return placeOf(s.raw, link.Observed.Index) }

// placeOf is where the link with a number is in the list, -1 if it is not.
func placeOf(raw []kernel.Link, index int) int {
	// The library's search copies what it looks at, which is large.
	at := sort.Search(len(raw), func(i int) bool { return raw[i].Index >= index })
	if at == len(raw) || raw[at].Index != index {
		return -1
	}
	return at
}

// again is a link for another state, without what that has to ask for by itself.
func (l *Link) again() *Link {
	elsewhere := l.Observed.PeerNSID >= 0
	if l.Kind != VXLAN && !isController(l.Kind) && !elsewhere {
		return l
	}
	out := clone(l)
	out.VXLAN.FDB, out.Bridge.VLANs = nil, nil
	if elsewhere {
		out.Peer, out.PeerNS = nil, nil
	}
	if out.Ports != nil {
		for i := range *out.Ports {
			(*out.Ports)[i].VLANs = nil
		}
	}
	return out
}

// Complete asks the kernel for what was left out so far.
func (s *State) Complete(k Kernel, detail Detail) error {
	if detail.VLANs && !s.read.VLANs {
		if err := s.readVLANs(k); err != nil {
			return err
		}
		s.read.VLANs = true
	}
	if detail.Forwarding && !s.read.Forwarding {
		if err := s.readForwarding(k); err != nil {
			return err
		}
		s.read.Forwarding = true
	}
	return nil
}

func decode(link *Link, raw *kernel.Link, name func(int) string) {
	up := raw.Flags&unix.IFF_UP != 0
	// One by one, since a whole Link is large to copy.
	link.Name, link.Kind, link.Up, link.MTU = raw.Name, raw.Kind, &up, &raw.MTU
	link.Observed = Observed{
		Index: raw.Index, Controller: name(raw.Controller), PermanentMAC: raw.PermanentAddress,
		Carrier: raw.Flags&unix.IFF_LOWER_UP != 0, Loopback: raw.Flags&unix.IFF_LOOPBACK != 0, PeerNSID: -1,
		Elsewhere: raw.ParentNamespace >= 0, AlternativeNames: raw.AlternativeNames,
		PhysicalPort: raw.PhysicalPort, PhysicalSwitch: raw.PhysicalSwitch,
	}
	// A tunnel's address is that of its end, with another length.
	const ethernet = len("02:00:00:00:00:00")
	// A bridge without a chosen one has none when its last port has left (br_stp_recalculate_bridge_id), and takes none
	// such.
	const none = "00:00:00:00:00:00"
	if len(raw.Address) == ethernet && raw.Address != none && !link.Observed.Loopback {
		link.MAC = &raw.Address
	}
	decodeSettings(link, raw)
	switch raw.Kind {
	case Veth:
		link.Observed.PeerIndex, link.Observed.PeerNSID = raw.Parent, raw.ParentNamespace
		if peer := name(raw.Parent); raw.ParentNamespace < 0 && peer != "" {
			link.Peer = &peer
		}
	case Bond, Bridge, VRF:
		link.Ports = &[]Port{}
	default:
		// Kinds that cannot be declared are read too: they may stand on a link that is to be made again.
		if parent := name(raw.Parent); raw.ParentNamespace < 0 && parent != "" && raw.Parent != raw.Index {
			link.Parent = &parent
		}
	}
	kindRows(raw.Kind).read(link, raw.Data, name)
	if raw.Kind == Bridge {
		decodeTopology(link, raw)
	}
	dropMeaningless(link)
}

func decodeSettings(link *Link, raw *kernel.Link) {
	if len(raw.IPv4) > ipv4RPFilter {
		proxy, filter, forwarding := raw.IPv4[ipv4ProxyARP] != 0, raw.IPv4[ipv4RPFilter], raw.IPv4[ipv4Forwarding] != 0
		link.ProxyARP, link.RPFilter = &proxy, &filter
		// One option for both protocols: where they differ there is no value to report.
		if len(raw.IPv6) <= ipv6Forwarding || (raw.IPv6[ipv6Forwarding] != 0) == forwarding {
			link.Forwarding = &forwarding
		}
	}
	if len(raw.IPv6) > ipv6AcceptRA {
		link.AcceptRA = &raw.IPv6[ipv6AcceptRA]
	}
	link.Observed.IPv6Off = len(raw.IPv6) > ipv6Disabled && raw.IPv6[ipv6Disabled] != 0
}

// decodeTopology: while the spanning tree changes, the kernel uses and reports twice the forward delay as the ageing
// time, and tells the one that was set to nobody (__br_set_topology_change in net/bridge/br_stp.c).
func decodeTopology(link *Link, raw *kernel.Link) {
	changes := raw.Data.Get(unix.IFLA_BR_TOPOLOGY_CHANGE)
	if len(changes) > 0 && changes[0] != 0 && deref(link.Bridge.STP) {
		link.Observed.HidesAgeing = true
		link.Bridge.AgeingTime = nil
	}
}

// dropMeaningless removes what the kernel reports but would not take back, such as LACP options in other modes.
func dropMeaningless(link *Link) {
	rows := kindRows(link.Kind)
	for i := range rows {
		row := &rows[i]
		if row.applies != nil && row.IsSet(link) && row.applies(link) != "" {
			if link.Observed.Dormant == nil {
				link.Observed.Dormant = &Link{}
			}
			row.Assign(link.Observed.Dormant, link)
			row.Assign(link, &Link{})
		}
	}
}

// addPort enters a link in its controller's list of ports.
func (s *State) addPort(raw *kernel.Link, link *Link, name func(int) string) {
	controller := s.Find(link.Observed.Controller)
	if controller == nil || !isController(controller.Kind) {
		return
	}
	port := Port{Name: link.Name}
	portRows(controller.Kind).read(&port, raw.PortData, name)
	for _, row := range foreignRows(controller) {
		row.Assign(&port, &Port{})
	}
	if controller.Kind == Bond {
		// A port shows the bond's address; its own comes back when it leaves.
		if own, ok := decodeMAC(raw.PortData.Get(unix.IFLA_BOND_SLAVE_PERM_HWADDR)); ok {
			link.MAC = &own
		}
	}
	*controller.Ports = append(*controller.Ports, port)
}

func (s *State) readVLANs(k Kernel) error {
	if !slices.ContainsFunc(s.Links, func(link *Link) bool { return link.Kind == Bridge }) {
		return nil
	}
	vlans, err := k.BridgeVLANs()
	if err != nil {
		return err
	}
	for _, link := range s.Links {
		if link.Kind != Bridge {
			continue
		}
		own := sortedVLANs(vlans[link.Observed.Index])
		link.Bridge.VLANs = &own
		for i := range *link.Ports {
			port := &(*link.Ports)[i]
			found := sortedVLANs(vlans[s.Find(port.Name).Observed.Index])
			port.VLANs = &found
		}
	}
	return nil
}

func sortedVLANs(vlans []kernel.BridgeVLAN) []kernel.BridgeVLAN {
	sorted := append([]kernel.BridgeVLAN{}, vlans...)
	slices.SortFunc(sorted, func(a, b kernel.BridgeVLAN) int { return cmp.Compare(a.ID, b.ID) })
	return sorted
}

func (s *State) readForwarding(k Kernel) error {
	if !slices.ContainsFunc(s.Links, func(link *Link) bool { return link.Kind == VXLAN }) {
		return nil
	}
	entries, err := k.ForwardingEntries()
	if err != nil {
		return err
	}
	for _, link := range s.Links {
		if link.Kind != VXLAN {
			continue
		}
		own := []kernel.ForwardingEntry{}
		for _, entry := range entries[link.Observed.Index] {
			if !link.VXLAN.isDefault(entry) {
				own = append(own, entry)
			}
		}
		slices.SortFunc(own, compareForwarding)
		link.VXLAN.FDB = &own
	}
	return nil
}

// isDefault tells the entry that the kernel makes itself of remote or group.
func (v *VXLANOptions) isDefault(entry kernel.ForwardingEntry) bool {
	far := v.farEnd()
	return entry.Address == "00:00:00:00:00:00" && far != nil && far.String() == entry.Destination
}
