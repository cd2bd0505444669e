package link

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// forwarding is one entry as it is written.
type forwarding struct {
	MAC  *string
	Dst  *netip.Addr
	Port *uint16
	VNI  *uint32
	Via  *string
}

var forwardingTable = sync.OnceValue(func() schema.Table[forwarding] {
	return schema.Table[forwarding]{
		schema.Field("mac_address", schema.MAC(), func(f *forwarding) **string { return &f.MAC },
			"The address whose frames go to the far end.").Assume("00:00:00:00:00:00"),
		schema.Field("dst", schema.Address(), func(f *forwarding) **netip.Addr { return &f.Dst },
			"The far end of the tunnel.").Require(),
		schema.Field("port", schema.Int[uint16](1, 65535), func(f *forwarding) **uint16 { return &f.Port },
			"The far end's UDP port, where it is not the VXLAN's."),
		schema.Field("vni", schema.Int[uint32](0, 1<<24-1), func(f *forwarding) **uint32 { return &f.VNI },
			"The far end's VXLAN network identifier, where it is not the VXLAN's."),
		schema.Field("via", schema.LinkName(), func(f *forwarding) **string { return &f.Via },
			"The link that the tunnel's packets leave by."),
	}
})

func forwardingForm() schema.Form[[]kernel.ForwardingEntry] {
	written := schema.List(schema.Dict(forwardingTable(), ""))
	entries := schema.Form[kernel.ForwardingEntry]{Equal: func(a, b kernel.ForwardingEntry) bool { return a == b }}
	return schema.Form[[]kernel.ForwardingEntry]{
		Type: "list", Elements: "dict", Suboptions: forwardingTable().Docs,
		Parse: func(raw any, at schema.Place) ([]kernel.ForwardingEntry, bool) {
			list, ok := written.Parse(raw, at)
			out := make([]kernel.ForwardingEntry, 0, len(list))
			for _, f := range list {
				if ok {
					out = append(out, f.entry())
				}
			}
			slices.SortFunc(out, compareForwarding)
			return out, ok
		},
		Format: func(list []kernel.ForwardingEntry) any {
			out := make([]forwarding, len(list))
			for i, entry := range list {
				out[i] = writtenEntry(entry)
			}
			return written.Format(out)
		},
		Equal: schema.List(entries).Equal,
	}
}

func (f forwarding) entry() kernel.ForwardingEntry {
	entry := kernel.ForwardingEntry{Address: "00:00:00:00:00:00", Destination: f.Dst.String()}
	if f.MAC != nil {
		entry.Address = *f.MAC
	}
	if f.Port != nil {
		entry.Port = *f.Port
	}
	if f.VNI != nil {
		entry.VNI = *f.VNI
	}
	if f.Via != nil {
		entry.Via = *f.Via
	}
	return entry
}

func writtenEntry(entry kernel.ForwardingEntry) forwarding {
	f := forwarding{MAC: &entry.Address}
	if address, err := netip.ParseAddr(entry.Destination); err == nil {
		f.Dst = &address
	}
	if entry.Port != 0 {
		f.Port = &entry.Port
	}
	if entry.VNI != 0 {
		f.VNI = &entry.VNI
	}
	if entry.Via != "" {
		f.Via = &entry.Via
	}
	return f
}

func compareForwarding(a, b kernel.ForwardingEntry) int {
	return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Destination, b.Destination),
		cmp.Compare(a.Port, b.Port), cmp.Compare(a.VNI, b.VNI), cmp.Compare(a.Via, b.Via))
}
