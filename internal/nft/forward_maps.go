package nft

import (
	"net/netip"
	"slices"

	"hostnet.linux/internal/kernel/nftables"
)

// shape is what a forward looks at. Forwards of one shape share a map, so that a packet is looked up once, however many
// there are.
type shape struct {
	v6      bool
	ports   portKind
	address bool
	source  bool
	inside  bool // packets that come in by the inside interface are forwarded too
}

// portKind is what a forward says of ports, from the narrowest on: the order in which packets are looked up.
type portKind int

const (
	// onePort leads to a port that is written; a range that is shifted is a port each.
	onePort portKind = iota
	// portRange leads to the same ports there.
	portRange
	// oneProtocol is every port of a protocol.
	oneProtocol
	// wholeAddress is everything.
	wholeAddress
)

var kindNames = map[portKind]string{onePort: "ports", portRange: "ranges", oneProtocol: "protocols",
	wholeAddress: "addresses"}

// shapes are all that there can be, narrow ones first.
func shapes() []shape {
	var out []shape
	for _, v6 := range []bool{false, true} {
		for kind := onePort; kind <= wholeAddress; kind++ {
			for _, address := range []bool{true, false} {
				for _, source := range []bool{true, false} {
					out = append(out, shape{v6, kind, address, source, true}, shape{v6, kind, address, source, false})
				}
			}
		}
	}
	return out
}

// name is that of the shape's map.
func (s shape) name() string {
	name := kindNames[s.ports] + "4"
	if s.v6 {
		name = kindNames[s.ports] + "6"
	}
	if s.source {
		name += "_saddr"
	}
	if s.address {
		name += "_daddr"
	}
	if !s.inside {
		name += "_outside"
	}
	return name
}

func shapeNamed(name string) (shape, bool) {
	all := shapes()
	i := slices.IndexFunc(all, func(s shape) bool { return s.name() == name })
	if i < 0 {
		return shape{}, false
	}
	return all[i], true
}

// fields are those of the key and of the data.
func (s shape) fields() (key, data []nftables.Field) {
	source, destination := nftables.SourceAddress4, nftables.DestinationAddress4
	if s.v6 {
		source, destination = nftables.SourceAddress6, nftables.DestinationAddress6
	}
	if s.source {
		key = append(key, source)
	}
	if s.address {
		key = append(key, destination)
	}
	if s.ports != wholeAddress {
		key = append(key, nftables.Protocol)
	}
	data = []nftables.Field{destination}
	if s.ports <= portRange {
		key = append(key, nftables.DestinationPort)
	}
	if s.ports == onePort {
		data = append(data, nftables.DestinationPort)
	}
	return key, data
}

// shape of a forward of the object.
func (n *NAT) shape(f PortForward) shape {
	kind := onePort
	switch {
	case !f.hasPort() && f.Protocol == "":
		kind = wholeAddress
	case !f.hasPort():
		kind = oneProtocol
	case f.Port.First != f.Port.Last && f.keepsPorts():
		kind = portRange
	}
	return shape{f.To.Is6(), kind, len(list(f.Address)) > 0, f.Source.IsValid(), f.hairpin() || n.Interface == ""}
}

// elements are the forward's in the map of its shape.
func (f PortForward) elements(s shape) []nftables.Element {
	addresses, ranges := list(f.Address), []PortRange{f.Port}
	if len(addresses) == 0 {
		addresses = []netip.Addr{{}}
	}
	if s.ports == onePort {
		ranges = nil
		for port := int(f.Port.First); port <= int(f.Port.Last); port++ {
			ranges = append(ranges, PortRange{uint16(port), uint16(port)})
		}
	}
	var out []nftables.Element
	for _, address := range addresses {
		for _, ports := range ranges {
			data := [][]byte{f.To.AsSlice()}
			if s.ports == onePort {
				data = append(data, nftables.PortValue(f.target(ports.First)))
			}
			element := nftables.Element{Key: f.key(s, address, f.Source.Masked().Addr(), ports.First),
				Data: nftables.Value(data...)}
			if s.interval() {
				element.Last = f.key(s, address, lastOf(f.Source), ports.Last)
			}
			out = append(out, element)
		}
	}
	return out
}

// interval tells whether keys are ranges: hashes, which are looked up faster, hold single values only.
func (s shape) interval() bool { return s.ports == portRange || s.source }

func (f PortForward) key(s shape, address, source netip.Addr, port uint16) []byte {
	var parts [][]byte
	if s.source {
		parts = append(parts, source.AsSlice())
	}
	if s.address {
		parts = append(parts, address.AsSlice())
	}
	if s.ports != wholeAddress {
		parts = append(parts, nftables.ProtocolValue(f.protocol()))
	}
	if s.ports <= portRange {
		parts = append(parts, nftables.PortValue(port))
	}
	return nftables.Value(parts...)
}

// lastOf is the last address of a subnet.
func lastOf(subnet netip.Prefix) netip.Addr {
	if !subnet.IsValid() {
		return netip.Addr{}
	}
	value := subnet.Masked().Addr().AsSlice()
	for bit := subnet.Bits(); bit < len(value)*8; bit++ {
		value[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(value)
	return last
}

// maps are those of the object's forwards, in the order in which they are asked.
func (n *NAT) maps() []*nftables.Map {
	byShape := map[shape]*nftables.Map{}
	for _, forward := range list(n.PortForwards) {
		s := n.shape(forward)
		if byShape[s] == nil {
			key, data := s.fields()
			byShape[s] = &nftables.Map{Name: s.name(), Key: key, Data: data, Interval: s.interval()}
		}
		byShape[s].Elements = append(byShape[s].Elements, forward.elements(s)...)
	}
	var out []*nftables.Map
	for _, s := range shapes() {
		if one := byShape[s]; one != nil {
			one.Sort()
			out = append(out, one)
		}
	}
	return out
}

// redirectRules look packets up in the maps: those from elsewhere, or with local those of the host itself.
func (n *NAT) redirectRules(maps []*nftables.Map, local bool) []nftables.Rule {
	var rules []nftables.Rule
	for _, one := range maps {
		s, _ := shapeNamed(one.Name)
		version, loopback := anyIPv4, loopback4
		if s.v6 {
			version, loopback = anyIPv6, loopback6
		}
		parts := []nftables.Part{nftables.Version(version)}
		if local {
			parts = append(parts, nftables.NotDestination(loopback))
		} else if !s.inside {
			parts = append(parts, nftables.NotFrom(n.Interface))
		}
		if !s.address {
			parts = append(parts, nftables.Local())
		}
		rules = append(rules, nftables.NewRule("port forward", append(parts, nftables.RewriteDestinationBy(one))...))
	}
	return rules
}
