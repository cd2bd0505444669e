package link

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// MacvlanOptions are the options of a macvlan.
type MacvlanOptions struct {
	Mode       *string
	NoPromisc  *bool
	SourceMACs *[]string
	BcQueueLen *uint32
	BcCutoff   *int32
}

// macvlanModes are the values of enum macvlan_mode in linux/if_link.h.
var macvlanModes = []struct {
	name  string
	value uint32
}{{"private", 1}, {"vepa", 2}, {"bridge", 4}, {"passthru", 8}, {"source", 16}}

// macvlanNoPromisc is MACVLAN_FLAG_NOPROMISC of linux/if_link.h.
const macvlanNoPromisc = 1

func sourceMode(l *Link) string {
	if l.Macvlan.Mode == nil || *l.Macvlan.Mode == "source" {
		return ""
	}
	return fmt.Sprintf("has no meaning in mode %s: only in source", *l.Macvlan.Mode)
}

var macvlanRows = sync.OnceValue(func() options[Link] {
	return options[Link]{
		parentRow("The link that the macvlan shares. Needed to make a macvlan.").needs(recreate),
		macvlanModeRow(),
		carried("nopromisc", unix.IFLA_MACVLAN_FLAGS, schema.Bool(), func(l *Link) **bool { return &l.Macvlan.NoPromisc },
			func(on bool) []byte { return encodeNumber(uint16(oneIf(on)) * macvlanNoPromisc) },
			func(data []byte) (bool, bool) {
				flags, ok := decodeNumber[uint16](data)
				return flags&macvlanNoPromisc != 0, ok
			}, "Whether a passthru macvlan leaves its parent out of promiscuous mode.").needs(recreate),
		sourceMACsRow(),
		number("bc_queue_len", unix.IFLA_MACVLAN_BC_QUEUE_LEN, schema.Int[uint32](0, 1<<32-1),
			func(l *Link) **uint32 { return &l.Macvlan.BcQueueLen },
			"How many broadcast frames may wait on the parent; the largest wish of all its macvlans counts."),
		bcCutoffRow(),
	}
})

// bcCutoffRow: the kernel tells of the value only when it is not its default (macvlan_fill_info).
func bcCutoffRow() option[Link] {
	row := number("bc_cutoff", unix.IFLA_MACVLAN_BC_CUTOFF, schema.Int[int32](-1<<31, 1<<31-1),
		func(l *Link) **int32 { return &l.Macvlan.BcCutoff },
		"How many receivers a multicast frame may have to be handled at once rather than from the queue.").from("6.4")
	row.absent = func(l *Link) {
		usual := int32(1)
		l.Macvlan.BcCutoff = &usual
	}
	return row
}

func macvlanModeRow() option[Link] {
	names := make([]string, len(macvlanModes))
	for i, mode := range macvlanModes {
		names[i] = mode.name
	}
	return carried("mode", unix.IFLA_MACVLAN_MODE, schema.Choice(names...),
		func(l *Link) **string { return &l.Macvlan.Mode },
		func(name string) []byte { return encodeNumber(macvlanModes[slices.Index(names, name)].value) },
		func(data []byte) (string, bool) {
			value, _ := decodeNumber[uint32](data)
			for _, mode := range macvlanModes {
				if mode.value == value {
					return mode.name, true
				}
			}
			return "", false
		}, "Who reaches whom among the macvlans of one parent.").needs(recreate)
}

// sourceMACsRow replaces the whole list, MACVLAN_MACADDR_SET in linux/if_link.h. The count goes out before the data,
// so reading waits for the nest.
func sourceMACsRow() option[Link] {
	const set = 3
	form := schema.Set(schema.MAC(), strings.Compare)
	row := carried("source_macs", unix.IFLA_MACVLAN_MACADDR_DATA, form,
		func(l *Link) **[]string { return &l.Macvlan.SourceMACs },
		func(macs []string) []byte {
			var nest []byte
			for _, mac := range macs {
				nest = append(nest, attributeBytes(unix.IFLA_MACVLAN_MACADDR, encodeMAC(mac))...)
			}
			return nest
		},
		func(nest []byte) ([]string, bool) {
			macs := []string{}
			const size = unix.SizeofRtAttr + 8 // six bytes, padded
			for ; len(nest) >= size; nest = nest[size:] {
				mac, _ := decodeMAC(nest[unix.SizeofRtAttr : unix.SizeofRtAttr+6])
				macs = append(macs, mac)
			}
			slices.Sort(macs)
			return macs, true
		}, "Exactly the senders whose frames a macvlan in mode source takes.").when(sourceMode)
	row.absent = func(l *Link) {
		if deref(l.Macvlan.Mode) == "source" {
			l.Macvlan.SourceMACs = &[]string{}
		}
	}
	row.beside = []kernel.Attribute{{Type: unix.IFLA_MACVLAN_MACADDR_MODE, Data: encodeNumber(uint32(set))}}
	return row
}
