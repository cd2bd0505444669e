package link

import (
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/kernel"
)

// problem notes what is wrong with an option of a wanted link.
func (p *planner) problem(link *Link, key, format string, args ...any) {
	path := key
	if link.Path != "" {
		path = strings.TrimSuffix(link.Path+"."+key, ".")
	}
	p.problems.Add(path, format, args...)
}

func (p *planner) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

func joined(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}

// check finds what only shows against the host as it is.
func (p *planner) check() {
	for _, want := range p.wanted {
		p.checkOnOtherEnd(want)
		if want.Absent() {
			p.checkNothingAbove(want)
			continue
		}
		if p.final[want.Name] == nil {
			continue
		}
		if p.gone[want.Name] && !p.fresh[want.Name] {
			p.problem(want, "name", "%s goes along with %s, whose other end it is: declare it with that pair, or absent",
				want.Name, deref(p.current.Find(want.Name).Peer))
			continue
		}
		p.checkParent(want)
		p.checkRoom(want)
		p.checkBridgeVLAN(want)
		p.checkPorts(want)
		p.checkOptions(want)
		p.checkCreation(want)
		p.checkTunnel(want)
		p.checkTogether(want)
		p.checkFrames(want)
		if p.depth(want.Name) < 0 {
			p.problem(want, "", "%s stands on itself: %s", want.Describe(), p.loop(want.Name))
		}
	}
	p.checkDuplicates()
	p.checkCards()
}

// exists tells whether a link will be there when the plan has run.
func (p *planner) exists(name string) bool {
	if p.final[name] != nil {
		return true
	}
	return p.current.Find(name) != nil && !p.gone[name]
}

func (p *planner) checkParent(want *Link) {
	if deref(want.Parent) == "" || p.gone[*want.Parent] && p.fresh[*want.Parent] {
		return
	}
	if !p.exists(*want.Parent) {
		p.problem(want, "parent", "%s", p.missing(*want.Parent))
		return
	}
	parent := p.becomes(*want.Parent)
	if want.Kind == Macvlan && parent.Kind == Macvlan {
		// macvlan_common_newlink in drivers/net/macvlan.c takes the real device below.
		p.problem(want, "parent", "%s is a macvlan, and the kernel puts %s beside it: declare the link that %s stands on",
			parent.Name, want.Name, parent.Name)
	}
	if want.Kind == VLAN && (parent.Kind == VRF || parent.Observed.Loopback) {
		// Their drivers set NETIF_F_VLAN_CHALLENGED (vlan_check_real_dev in net/8021q/vlan.c).
		p.problem(want, "parent", "%s carries no VLAN, as the kernel has it: declare the link that sends the frames",
			parent.Describe())
	}
}

// missing says that there is no such link, or whose further name it is: the kernel finds links by these, and lists and
// files go by one name.
func (p *planner) missing(name string) string {
	if owner := p.current.findAlternative(name); owner != nil {
		return fmt.Sprintf("%s is an alternative name of %s: write %s", name, owner.Name, owner.Name)
	}
	return fmt.Sprintf("there is no link %s on this host, and none is declared", name)
}

// checkRoom finds an MTU above what the link below leaves (vlan_dev_change_mtu, macvlan_change_mtu, vxlan_change_mtu).
func (p *planner) checkRoom(want *Link) {
	parent := deref(p.final[want.Name].Parent)
	room := p.coming(parent, longestStack)
	if room == nil || want.MTU == nil {
		return
	}
	switch {
	case (want.Kind == VLAN || want.Kind == Macvlan) && *want.MTU > *room:
		p.problem(want, "mtu", "%d is above the %d of its parent %s", *want.MTU, *room, parent)
	case want.Kind == VXLAN && *want.MTU > *room-min(*room, p.final[want.Name].VXLAN.overhead()):
		p.problem(want, "mtu", "%d is above the %d that its parent %s with mtu %d leaves: the tunnel's headers take %d",
			*want.MTU, *room-p.final[want.Name].VXLAN.overhead(), parent, *room, p.final[want.Name].VXLAN.overhead())
	}
}

// checkBridgeVLAN warns of a VLAN that its filtering bridge keeps from itself.
func (p *planner) checkBridgeVLAN(want *Link) {
	id, parent := p.final[want.Name].VLAN.ID, p.becomes(deref(p.final[want.Name].Parent))
	if want.Kind != VLAN || parent == nil || parent.Kind != Bridge || !deref(parent.Bridge.VLANFiltering) || id == nil {
		return
	}
	vlans := parent.Bridge.VLANs
	if vlans == nil && !p.fresh[parent.Name] {
		if err := p.current.Complete(p.kernel, Detail{VLANs: true}); err != nil {
			p.problem(want, "parent", "%v", err)
			return
		}
		vlans = p.current.Find(parent.Name).Bridge.VLANs
	}
	if vlans == nil {
		vlans = defaultVLANs(parent)
	}
	if !slices.ContainsFunc(*vlans, func(vlan kernel.BridgeVLAN) bool { return vlan.ID == *id }) {
		p.warn("vlan %s: bridge %s filters VLANs and is not in VLAN %d itself, so that no frame reaches %s: add %d to the "+
			"vlans of bridge %s",
			want.Name, parent.Name, *id, want.Name, *id, parent.Name)
	}
}

// becomes is a link as it will be, or as it is when the plan leaves it alone; nil when there is none.
func (p *planner) becomes(name string) *Link {
	if final := p.final[name]; final != nil {
		return final
	}
	if p.gone[name] {
		return nil
	}
	return p.current.Find(name)
}

func (p *planner) checkPorts(want *Link) {
	if want.Ports == nil {
		return
	}
	for i, port := range *want.Ports {
		key := fmt.Sprintf("ports[%d]", i)
		link := p.becomes(port.Name)
		switch {
		case link == nil:
			p.problem(want, key, "%s", p.missing(port.Name))
		case link.Observed.Loopback:
			p.problem(want, key, "the loopback cannot be a port")
		case want.Kind == Bridge && link.Kind == Bridge:
			p.problem(want, key, "%s is a bridge: the kernel takes no bridge as a port of another", port.Name)
		case want.Kind == VRF && link.Kind == VRF:
			p.problem(want, key, "%s is a VRF: the kernel takes no VRF as a port of another", port.Name)
		case want.Kind == Bond && link.Kind == Bond:
			p.problem(want, key, "%s is a bond: the kernel takes no bond as a port of another", port.Name)
		}
		if backup := deref(port.Bridge.BackupPort); backup != "" &&
			(backup == port.Name || p.controllerOf(backup) != want.Name) {
			p.problem(want, key+".backup_port", "%s is not another port of %s", backup, want.Name)
		}
	}
	primary := p.final[want.Name].Bond.Primary
	if deref(want.Bond.Primary) != "" && want.portNamed(*primary) == nil {
		p.problem(want, "primary", "%s is not one of the bond's ports", *primary)
	}
}

// checkOptions finds options that have no meaning for what the link will be.
func (p *planner) checkOptions(want *Link) {
	final := p.final[want.Name]
	if final.followsActivePort() && want.MAC != nil && want.Observed.Index == 0 {
		p.problem(want, "mac_address",
			"cannot be declared with fail_over_mac active: the bond has the address of its active port")
	}
	rows := kindRows(want.Kind)
	for i := range rows {
		row := &rows[i]
		if row.applies == nil || !row.IsSet(want) {
			continue
		}
		if reason := row.applies(final); reason != "" {
			p.problem(want, row.Name, "%s", reason)
		}
	}
	if want.Ports == nil {
		return
	}
	foreign := foreignRows(final)
	for i := range *want.Ports {
		for _, row := range foreign {
			if row.IsSet(&(*want.Ports)[i]) {
				p.problem(want, fmt.Sprintf("ports[%d].%s", i, row.Name), "%s", row.within(final))
			}
		}
	}
}

// checkCreation finds what is missing to make a link that is not there.
func (p *planner) checkCreation(want *Link) {
	if !p.fresh[want.Name] {
		return
	}
	final := p.final[want.Name]
	switch {
	case (want.Kind == VLAN || want.Kind == Macvlan) && final.Parent == nil:
		p.problem(want, "parent", "is required to make a %s: there is no link %s yet", want.Kind, want.Name)
	case want.Kind == VLAN && final.VLAN.ID == nil:
		p.problem(want, "id", "is required to make a VLAN: there is no link %s yet", want.Name)
	case want.Kind == VRF && final.VRF.Table == nil:
		p.problem(want, "table", "is required to make a VRF: there is no link %s yet", want.Name)
	case want.Kind == Veth && final.Peer == nil:
		p.problem(want, "peer", "is required to make the pair: there is no link %s yet", want.Name)
	case want.Kind == VXLAN && final.VXLAN.ID == nil && (final.VXLAN.External == nil || !*final.VXLAN.External):
		p.problem(want, "id", "is required to make a VXLAN: there is no link %s yet", want.Name)
	}
}

// checkTunnel finds what the ends of a VXLAN's tunnel lack, those that it has already among them.
func (p *planner) checkTunnel(want *Link) {
	tunnel := &p.final[want.Name].VXLAN
	if want.Kind != VXLAN {
		return
	}
	if isSet(tunnel.Group) && deref(p.final[want.Name].Parent) == "" {
		p.problem(want, "group", "the kernel wants a parent to join the group %s on", tunnel.Group)
	}
	if far := tunnel.farEnd(); isSet(far) && isSet(tunnel.Local) && far.Is4() != tunnel.Local.Is4() {
		p.problem(want, "local", "%s and %s are of different families: declare both ends", tunnel.Local, far)
	}
}

// checkNothingAbove refuses to take away undeclared links along with the one below them.
func (p *planner) checkNothingAbove(want *Link) {
	have := p.current.Find(want.Name)
	if have == nil || want.Kind == Hardware {
		return
	}
	if have.Kind != want.Kind {
		p.problem(want, "name", "%s is a %s: it is not removed as a %s", want.Name, kindName(have.Kind), want.Kind)
		return
	}
	for _, upper := range p.uppers(want.Name) {
		if !p.gone[upper.Name] {
			p.problem(want, "", "%s stands on %s: declare it absent too, or move it", upper.Describe(), want.Name)
		}
	}
	if have.Kind != Bridge {
		return
	}
	var left []string
	for _, port := range *have.Ports {
		target, moved := p.controller[port.Name]
		if p.isForeign(port.Name) && !p.gone[port.Name] && (!moved || target == want.Name) {
			left = append(left, port.Name)
		}
	}
	if len(left) > 0 {
		p.problem(want, "", "bridge %s still has interfaces of containers or virtual machines (%s): detach those first",
			want.Name, strings.Join(left, ", "))
	}
}

// checkOnOtherEnd refuses to take a pair away whose other end carries links that nobody moves.
func (p *planner) checkOnOtherEnd(want *Link) {
	have := p.current.Find(want.Name)
	if have == nil || have.Kind != Veth || deref(have.Peer) == "" || have.PeerNS != nil || !p.gone[want.Name] ||
		!want.Absent() && p.becomes(*have.Peer) != nil {
		return
	}
	for _, upper := range p.uppers(*have.Peer) {
		if next := p.becomes(upper.Name); next != nil && deref(next.Parent) == *have.Peer {
			p.problem(want, "name", "%s goes along with %s, whose other end it is, and %s stands on it: declare that absent too, "+
				"or move it", *have.Peer, want.Name, upper.Describe())
		}
	}
}

func kindName(kind string) string {
	if kind == Hardware {
		return "real interface"
	}
	return kind
}

// isForeign tells the interfaces of containers and virtual machines: a veth whose other end is in another namespace,
// or a tap.
func (p *planner) isForeign(name string) bool {
	link := p.current.Find(name)
	return link != nil && (link.Kind == "tun" || (link.Kind == Veth && link.Observed.PeerNSID >= 0))
}
