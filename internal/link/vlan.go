package link

import (
	"math"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// VLANOptions are the options of a VLAN.
type VLANOptions struct {
	ID            *uint16
	Protocol      *string
	ReorderHdr    *bool
	GVRP          *bool
	MVRP          *bool
	LooseBinding  *bool
	BridgeBinding *bool
	IngressQOSMap *map[uint32]uint32
	EgressQOSMap  *map[uint32]uint32
}

// From linux/if_vlan.h.
const (
	vlanReorderHdr    = 1 << 0
	vlanGVRP          = 1 << 1
	vlanLooseBinding  = 1 << 2
	vlanMVRP          = 1 << 3
	vlanBridgeBinding = 1 << 4
)

var vlanRows = sync.OnceValue(func() options[Link] {
	return options[Link]{
		parentRow("The link that the VLAN is on. Needed to make a VLAN.").needs(recreate),
		number("id", unix.IFLA_VLAN_ID, schema.Int[uint16](0, 4094), func(l *Link) **uint16 { return &l.VLAN.ID },
			"The VLAN's number. Needed to make a VLAN.").needs(recreate),
		carried("protocol", unix.IFLA_VLAN_PROTOCOL, schema.Choice("802.1q", "802.1ad"),
			func(l *Link) **string { return &l.VLAN.Protocol },
			encodeVLANProtocol, decodeVLANProtocol, "The kind of tag.").needs(recreate),
		vlanFlag("reorder_hdr", vlanReorderHdr, func(l *Link) **bool { return &l.VLAN.ReorderHdr },
			"Whether the VLAN's frames look untagged to programs that capture them."),
		vlanFlag("gvrp", vlanGVRP, func(l *Link) **bool { return &l.VLAN.GVRP },
			"Whether the VLAN is announced to the switch by GVRP."),
		vlanFlag("mvrp", vlanMVRP, func(l *Link) **bool { return &l.VLAN.MVRP },
			"Whether the VLAN is announced to the switch by MVRP."),
		vlanFlag("loose_binding", vlanLooseBinding, func(l *Link) **bool { return &l.VLAN.LooseBinding },
			"Whether the VLAN keeps its own state when its parent goes up or down."),
		vlanFlag("bridge_binding", vlanBridgeBinding, func(l *Link) **bool { return &l.VLAN.BridgeBinding },
			"Whether the VLAN's carrier follows the bridge ports that are in the VLAN."),
		qosMap("ingress_qos_map", unix.IFLA_VLAN_INGRESS_QOS, schema.Int[uint32](0, 7), schema.Int[uint32](0, math.MaxUint32),
			func(l *Link) **map[uint32]uint32 { return &l.VLAN.IngressQOSMap },
			"Exactly the map of frames' priorities to the kernel's that differs from 0."),
		qosMap("egress_qos_map", unix.IFLA_VLAN_EGRESS_QOS, schema.Int[uint32](0, math.MaxUint32), schema.Int[uint32](0, 7),
			func(l *Link) **map[uint32]uint32 { return &l.VLAN.EgressQOSMap },
			"Exactly the map of the kernel's priorities to frames' that differs from 0."),
	}
})

// vlanFlag is one of the flags, of which the kernel tells nothing when all are off (vlan_fill_info).
func vlanFlag(name string, mask uint32, field func(*Link) **bool, text string) option[Link] {
	return offWhenAbsent(bit(name, unix.IFLA_VLAN_FLAGS, mask, field, text), field)
}

// withRemovals adds the pairs that go, as pairs to 0: the kernel keeps those that it is told nothing of.
func (v *VLANOptions) withRemovals(have *VLANOptions) {
	for _, maps := range [][2]**map[uint32]uint32{{&v.IngressQOSMap, &have.IngressQOSMap},
		{&v.EgressQOSMap, &have.EgressQOSMap}} {
		want, old := *maps[0], *maps[1]
		if want == nil || old == nil {
			continue
		}
		pairs := map[uint32]uint32{}
		for from := range *old {
			pairs[from] = 0
		}
		for from, to := range *want {
			pairs[from] = to
		}
		*maps[0] = &pairs
	}
}

// qosMap travels as a nest of pairs. An entry that maps to 0 is one that is not there: the kernel neither reports it
// nor has another way to remove one (vlan_dev_set_egress_priority and vlan_fill_info in net/8021q).
func qosMap(name string, attribute uint16, key, value schema.Form[uint32], field func(*Link) **map[uint32]uint32,
	text string) option[Link] {
	form := schema.NumberMap(key, value)
	parse := form.Parse
	form.Parse = func(raw any, at schema.Place) (map[uint32]uint32, bool) {
		pairs, ok := parse(raw, at)
		for from, to := range pairs {
			if to == 0 {
				delete(pairs, from)
			}
		}
		return pairs, ok
	}
	row := carried(name, attribute, form, field, encodePairs, decodePairs, text)
	row.absent = func(l *Link) { *field(l) = &map[uint32]uint32{} }
	encode := row.encode
	row.encode = func(l *Link) kernel.Attribute {
		if len(**field(l)) == 0 {
			return kernel.Attribute{}
		}
		return encode(l)
	}
	return row
}

func encodePairs(pairs map[uint32]uint32) []byte {
	var nest []byte
	for from, to := range pairs {
		pair := append(encodeNumber(from), encodeNumber(to)...)
		nest = append(nest, attributeBytes(unix.IFLA_VLAN_QOS_MAPPING, pair)...)
	}
	return nest
}

func decodePairs(nest []byte) (map[uint32]uint32, bool) {
	pairs := map[uint32]uint32{}
	const size = unix.SizeofRtAttr + 8
	for ; len(nest) >= size; nest = nest[size:] {
		from, _ := decodeNumber[uint32](nest[unix.SizeofRtAttr:])
		to, _ := decodeNumber[uint32](nest[unix.SizeofRtAttr+4:])
		if to != 0 {
			pairs[from] = to
		}
	}
	return pairs, true
}
