package link

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// vlanRange is one element of a list of VLANs as it is written.
type vlanRange struct {
	VID      *[2]uint16
	PVID     *bool
	Untagged *bool
}

var vlanRangeTable = sync.OnceValue(func() schema.Table[vlanRange] {
	return schema.Table[vlanRange]{
		schema.Field("vid", vidRange(), func(v *vlanRange) **[2]uint16 { return &v.VID },
			"A VLAN from 1 to 4094, or a range such as 20-29.").Require(),
		schema.Field("pvid", schema.Bool(), func(v *vlanRange) **bool { return &v.PVID },
			"Whether untagged frames that come in belong to the VLAN."),
		schema.Field("untagged", schema.Bool(), func(v *vlanRange) **bool { return &v.Untagged },
			"Whether frames of the VLAN leave untagged."),
	}
})

func vidRange() schema.Form[[2]uint16] {
	const highest = 4094
	form := schema.Text(
		func(text string) ([2]uint16, error) {
			first, last, isRange := strings.Cut(text, "-")
			if !isRange {
				last = first
			}
			a, errA := strconv.ParseUint(strings.TrimSpace(first), 10, 16)
			b, errB := strconv.ParseUint(strings.TrimSpace(last), 10, 16)
			if errA != nil || errB != nil || a < 1 || b > highest || a > b {
				return [2]uint16{}, fmt.Errorf("must be a VLAN from 1 to %d or a range such as 20-29, not %q", highest, text)
			}
			return [2]uint16{uint16(a), uint16(b)}, nil
		},
		func(v [2]uint16) string {
			return fmt.Sprintf("%d-%d", v[0], v[1])
		})
	text := form.Format
	form.Format = func(v [2]uint16) any {
		if v[0] == v[1] {
			return int(v[0])
		}
		return text(v)
	}
	return form
}

// vlanList is a list of VLANs and ranges, held one by one and sorted.
func vlanList() schema.Form[[]kernel.BridgeVLAN] {
	ranges := schema.List(schema.Dict(vlanRangeTable(), "vid"))
	return schema.Form[[]kernel.BridgeVLAN]{
		Type: "list", Elements: "raw", Suboptions: vlanRangeTable().Docs,
		Parse: func(raw any, at schema.Place) ([]kernel.BridgeVLAN, bool) {
			written, ok := ranges.Parse(raw, at)
			if !ok {
				return nil, false
			}
			return spread(written, at)
		},
		Format: func(vlans []kernel.BridgeVLAN) any { return ranges.Format(gather(vlans)) },
		Equal:  slices.Equal[[]kernel.BridgeVLAN],
	}
}

func spread(written []vlanRange, at schema.Place) ([]kernel.BridgeVLAN, bool) {
	vlans, sound, pvid := []kernel.BridgeVLAN{}, true, uint16(0)
	seen := map[uint16]bool{}
	for i, r := range written {
		isPVID := r.PVID != nil && *r.PVID
		switch {
		case isPVID && r.VID[0] != r.VID[1]:
			at.Index(i).Key("pvid").Problem("a range of VLANs cannot be the PVID: a port has one")
			sound = false
		case isPVID && pvid != 0:
			at.Index(i).Key("pvid").Problem("VLAN %d is the PVID already: a port has one", pvid)
			sound = false
		case isPVID:
			pvid = r.VID[0]
		}
		for id := r.VID[0]; id <= r.VID[1]; id++ {
			if seen[id] {
				at.Index(i).Key("vid").Problem("VLAN %d is listed twice", id)
				sound = false
			}
			seen[id] = true
			vlans = append(vlans, kernel.BridgeVLAN{ID: id, PVID: isPVID, Untagged: r.Untagged != nil && *r.Untagged})
		}
	}
	slices.SortFunc(vlans, func(a, b kernel.BridgeVLAN) int { return cmp.Compare(a.ID, b.ID) })
	return vlans, sound
}

// gather is the inverse of spread: neighbours with the same flags become a range.
func gather(vlans []kernel.BridgeVLAN) []vlanRange {
	var written []vlanRange
	for _, vlan := range vlans {
		if n := len(written); n > 0 {
			last := &written[n-1]
			if !vlan.PVID && last.PVID == nil && last.VID[1]+1 == vlan.ID && (last.Untagged != nil) == vlan.Untagged {
				last.VID[1] = vlan.ID
				continue
			}
		}
		r := vlanRange{VID: &[2]uint16{vlan.ID, vlan.ID}}
		if vlan.PVID {
			r.PVID = &vlan.PVID
		}
		if vlan.Untagged {
			r.Untagged = &vlan.Untagged
		}
		written = append(written, r)
	}
	return written
}

// vlanDifference lists what must be removed and what added or changed to get from have to want, both sorted.
func vlanDifference(have, want []kernel.BridgeVLAN) (remove, add []kernel.BridgeVLAN) {
	had := map[uint16]kernel.BridgeVLAN{}
	for _, vlan := range have {
		had[vlan.ID] = vlan
	}
	for _, vlan := range want {
		if old, found := had[vlan.ID]; !found || old != vlan {
			add = append(add, vlan)
		}
		delete(had, vlan.ID)
	}
	for _, vlan := range have {
		if _, left := had[vlan.ID]; left {
			remove = append(remove, vlan)
		}
	}
	return remove, add
}
