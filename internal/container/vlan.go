package container

import (
	"slices"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// planVLANs sets the VLANs of the host's end as a port of its bridge. have is nil for a port that is new to the bridge:
// that has the bridge's default.
func (p *planner) planVLANs(t *target, haveVLAN *uint16, haveTrunk *[]uint16) {
	want := t.want
	if t.live == nil || t.live.Type == nil || haveTrunk == nil {
		want = t.final
	}
	if want.kind() != Veth || want.VLAN == nil && len(deref(want.Trunk)) == 0 && haveTrunk == nil {
		return
	}
	before := vlanSet(haveVLAN, haveTrunk)
	if haveTrunk == nil {
		before = nil
	}
	have := &Interface{VLAN: haveVLAN, Trunk: haveTrunk}
	changes := schema.Table[Interface]{vlanRow(), trunkRow()}.Diff(want, have)
	if haveTrunk == nil && len(deref(want.Trunk)) == 0 {
		changes = slices.DeleteFunc(changes, func(c schema.Change) bool { return c.Option == "trunk" })
	}
	if len(changes) == 0 {
		return
	}
	after := &Interface{VLAN: haveVLAN, Trunk: haveTrunk}
	schema.Table[Interface]{vlanRow(), trunkRow()}.Overlay(after, want)
	p.add(plan.Step{
		Phase: plan.Adjust, Action: "change", Object: t.describe(), Changes: changes,
		Run: func() error { return p.setVLANs(t, after, before) },
	})
}

func vlanSet(vlan *uint16, trunk *[]uint16) []kernel.BridgeVLAN {
	var set []kernel.BridgeVLAN
	if deref(vlan) != 0 {
		set = append(set, kernel.BridgeVLAN{ID: *vlan, PVID: true, Untagged: true})
	}
	for _, id := range deref(trunk) {
		set = append(set, kernel.BridgeVLAN{ID: id})
	}
	return set
}

// setVLANs adds first, so that a PVID moves without a moment in which frames are dropped. before is nil when the port
// has just come to the bridge, and is read from there.
func (p *planner) setVLANs(t *target, after *Interface, before []kernel.BridgeVLAN) error {
	name := t.hostEnd()
	if before == nil {
		var err error
		if before, err = p.portVLANs(name); err != nil {
			return err
		}
	}
	wanted := vlanSet(after.VLAN, after.Trunk)
	if after.VLAN == nil {
		wanted = append(wanted, slices.DeleteFunc(slices.Clone(before), func(v kernel.BridgeVLAN) bool { return !v.PVID })...)
	}
	var add, remove []kernel.BridgeVLAN
	for _, vlan := range wanted {
		if !slices.Contains(before, vlan) {
			add = append(add, vlan)
		}
	}
	for _, vlan := range before {
		if !slices.ContainsFunc(wanted, func(w kernel.BridgeVLAN) bool { return w.ID == vlan.ID }) {
			remove = append(remove, vlan)
		}
	}
	if len(add) > 0 {
		if err := p.host.kernel.AddBridgeVLANs(name, false, add); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		return p.host.kernel.DeleteBridgeVLANs(name, false, remove)
	}
	return nil
}

func (p *planner) portVLANs(name string) ([]kernel.BridgeVLAN, error) {
	links, err := p.host.kernel.Links()
	if err != nil {
		return nil, err
	}
	vlans, err := p.host.kernel.BridgeVLANs()
	if err != nil {
		return nil, err
	}
	for _, link := range links {
		if link.Name == name {
			return vlans[link.Index], nil
		}
	}
	return nil, nil
}
