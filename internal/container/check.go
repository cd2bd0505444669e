package container

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// checkDeclared finds what is wrong whatever the host is like.
func checkDeclared(all []*Wanted, problems *schema.Problems) {
	containers := map[string]string{}
	for _, wanted := range all {
		at := schema.At(wanted.Path, problems)
		if !validName(wanted.Container) {
			at.Key("container").Problem("must be a container's name, not %q", wanted.Container)
		}
		if other, twice := containers[wanted.Container]; twice {
			at.Key("container").Problem("%s is declared twice: it is also %s", wanted.Container, other)
		}
		containers[wanted.Container] = at.Key("container").Path()
		names := map[string]string{}
		for _, one := range wanted.Interfaces {
			place := schema.At(one.Path, problems)
			if one.Name == "" {
				continue
			}
			if other, twice := names[one.Name]; twice {
				place.Key("name").Problem("%s is declared twice: it is also %s", one.Name, other)
			}
			names[one.Name] = place.Key("name").Path()
			if one.Type != nil || one.Absent() {
				checkOptions(one, place)
			}
		}
	}
}

func checkOptions(one *Interface, at schema.Place) {
	if one.Absent() {
		return
	}
	kind := one.kind()
	for _, row := range optionRows() {
		owner := onlyFor[row.Name]
		if owner != "" && kind != "" && kind != owner && row.IsSet(one) {
			at.Key(row.Name).Problem("is of type %s only, and this is a %s", owner, kind)
		}
	}
	if kind == Veth && one.Parent != nil {
		at.Key("parent").Problem("is of types phys, macvlan, ipvlan and vlan only: a veth goes to a bridge")
	}
	if one.Gateway != nil && one.Gateway.IsValid() && !one.Gateway.Is4() {
		at.Key("gateway").Problem("must be an IPv4 address: %s belongs to gateway6", one.Gateway)
	}
	if one.Gateway6 != nil && one.Gateway6.IsValid() && !one.Gateway6.Is6() {
		at.Key("gateway6").Problem("must be an IPv6 address: %s belongs to gateway", one.Gateway6)
	}
	if kind == IPVLAN && one.MAC != nil {
		at.Key("mac_address").Problem("an ipvlan has the MAC address of its parent")
	}
	if one.VLAN != nil && one.Trunk != nil && slices.Contains(*one.Trunk, *one.VLAN) {
		at.Key("trunk").Problem("VLAN %d is the one of untagged frames already", *one.VLAN)
	}
}

// check finds what does not fit the host, the containers, or the other interfaces.
func (p *planner) check() {
	for _, t := range p.targets {
		if t.want.Absent() {
			p.checkRemoval(t)
			continue
		}
		at := t.at(&p.problems)
		if t.assumed {
			checkOptions(t.want, at)
		}
		p.checkUnique(t, at)
		switch t.want.kind() {
		case Veth:
			p.checkBridge(t, at)
			p.checkHostName(t, at)
		default:
			p.checkParent(t, at)
		}
		checkReachable(t, at)
		checkDown(t, at)
		if t.live != nil && t.live.Type == nil {
			at.Key("name").Problem("%s is taken in container %s by a %s that neither LXC nor this collection made",
				t.live.Name, t.container.Name, kindName(t.live))
		}
		if t.have != nil && !t.have.Supported() && t.have.kind() != "" {
			at.Key("type").Problem("lxc.net.%d of container %s is a %s named %s: remove it from the configuration first",
				t.have.Index, t.container.Name, t.have.kind(), t.have.Name)
		}
	}
	for _, c := range p.containers {
		p.checkDefaultRoutes(c)
	}
}

func kindName(live *LiveInterface) string {
	switch {
	case live.loopback:
		return "loopback"
	case live.Kind == "":
		return "network card"
	}
	return live.Kind
}

// checkUnique finds names and addresses that two interfaces would have.
func (p *planner) checkUnique(t *target, at schema.Place) {
	owner := t.describe()
	if name := t.want.HostName; name != nil && t.named {
		if other, taken := p.names.owners[*name]; taken {
			at.Key("host_name").Problem("%s is the name of %s's", *name, other)
		}
	}
	if mac := t.want.MAC; mac != nil && t.addressed {
		if other, taken := p.names.macs[*mac]; taken {
			at.Key("mac_address").Problem("%s is the address of %s", *mac, other)
		}
	}
	for i, prefix := range deref(t.want.Addresses) {
		if other, taken := p.names.addresses[deref(t.final.Bridge)+" "+prefix.Addr().String()]; taken {
			at.Key("addresses").Index(i).Problem("%s is the address of %s", prefix.Addr(), other)
		}
	}
	p.names.note(t.final, owner)
}

func (p *planner) checkBridge(t *target, at schema.Place) {
	place, name := at.Key("bridge"), deref(t.final.Bridge)
	if name == "" {
		place.Problem("is required: the container has no veth %s yet", t.want.Name)
		return
	}
	bridge := p.host.byName[name]
	switch {
	case bridge == nil:
		place.Problem("there is no bridge %s on this host (there are: %s)", name, p.bridges())
		return
	case bridge.Kind != "bridge":
		place.Problem("%s is no bridge but a %s", name, bridge.Kind)
		return
	}
	if mtu, most := t.final.MTU, p.mostMTU(bridge); mtu != nil && *mtu > most {
		at.Key("mtu").Problem("%d is above the %d of bridge %s", *mtu, most, name)
	}
	filters := number8(bridge.Data.Get(unix.IFLA_BR_VLAN_FILTERING)) != 0
	if !filters && (t.want.VLAN != nil || len(deref(t.want.Trunk)) > 0) {
		option := "vlan"
		if t.want.VLAN == nil {
			option = "trunk"
		}
		at.Key(option).Problem("bridge %s does not filter VLANs: set its vlan_filtering", name)
	}
}

// mostMTU is the bridge's, unless one of this task's own interfaces may be what keeps it so low: a bridge follows its
// smallest port (br_mtu_auto_adjust in net/bridge/br_if.c).
func (p *planner) mostMTU(bridge *kernel.Link) uint32 {
	mine := map[int]bool{}
	for _, t := range p.targets {
		if t.live != nil && t.live.kind() == Veth {
			mine[t.live.HostIndex] = true
		}
	}
	follows, least := false, uint32(math.MaxInt32)
	for i := range p.host.links {
		port := &p.host.links[i]
		switch {
		case port.Controller != bridge.Index:
		case mine[port.Index]:
			follows = follows || port.MTU == bridge.MTU
		default:
			least = min(least, port.MTU)
		}
	}
	if follows {
		return least
	}
	return bridge.MTU
}

func number8(data []byte) uint8 {
	if len(data) == 0 {
		return 0
	}
	return data[0]
}

func (p *planner) bridges() string {
	var names []string
	for _, link := range p.host.links {
		if link.Kind == "bridge" {
			names = append(names, link.Name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// checkRemoval finds what a removed interface left on the host.
func (p *planner) checkRemoval(t *target) {
	if t.live != nil && t.live.Type == nil && t.have == nil {
		t.at(&p.problems).Key("name").Problem(
			"%s in container %s is a %s that neither LXC nor this collection made: it is not removed",
			t.live.Name, t.container.Name, kindName(t.live))
	}
	if t.live != nil || t.have == nil || t.have.kind() != Veth {
		return
	}
	if link := p.host.byName[deref(t.have.HostName)]; link != nil && p.ownerOf(link) == "" {
		p.leftovers[t] = link
	}
}

// checkHostName refuses a name that another link has, unless that is a leftover of this very interface.
func (p *planner) checkHostName(t *target, at schema.Place) {
	name := *t.want.HostName
	link := p.host.byName[name]
	if link == nil || t.live != nil && t.live.HostIndex == link.Index {
		return
	}
	owner := p.ownerOf(link)
	if owner == "" && t.named && (t.have == nil || deref(t.have.HostName) != name) {
		owner = "it is an end of a veth that this container never had"
	}
	if owner != "" {
		at.Key("host_name").Problem("%s exists on this host: %s", name, owner)
		return
	}
	p.leftovers[t] = link
}

// ownerOf says who a link with the name of a host end belongs to, "" if to nobody: then it is what a container that
// died left behind, or half a pair.
func (p *planner) ownerOf(link *kernel.Link) string {
	if link.Kind != Veth {
		return fmt.Sprintf("it is a %s", cmpOr(link.Kind, "network card"))
	}
	if link.ParentNamespace < 0 {
		far := p.host.byIndex[link.Parent]
		if far != nil && (far.Controller != 0 || far.Flags&unix.IFF_UP != 0) {
			return fmt.Sprintf("it is the other end of %s, which is in use", far.Name)
		}
		return ""
	}
	for _, c := range p.containers {
		if c.running() && c.nsid == link.ParentNamespace {
			for _, live := range c.live {
				if live.HostIndex == link.Index {
					return fmt.Sprintf("it is the host's end of %s of container %s", live.Name, c.Name)
				}
			}
		}
	}
	return namespaceOwner(p.host.kernel, link.ParentNamespace)
}

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (p *planner) checkParent(t *target, at schema.Place) {
	place, name := at.Key("parent"), deref(t.final.Parent)
	if name == "" {
		place.Problem("is required: it is the host's link for a new %s", t.want.kind())
		return
	}
	if t.live != nil && t.live.kind() == t.want.kind() && deref(t.live.Parent) == name {
		return
	}
	if t.want.kind() == VLAN && t.final.VLANID == nil {
		at.Key("vlan_id").Problem("is required: the container has no vlan %s yet", t.want.Name)
	}
	link := p.host.byName[name]
	if link == nil && t.want.kind() == Phys && !t.container.running() {
		link = p.returned(t.container, t.final)
	}
	switch {
	case link == nil:
		place.Problem("there is no link %s on this host", name)
	case link.Flags&unix.IFF_LOOPBACK != 0:
		place.Problem("the loopback cannot leave the host")
	case t.want.kind() == Phys && link.Controller != 0:
		place.Problem("%s is a port of %s: release it first", name, p.host.nameOf(link.Controller))
	case t.want.kind() != Phys && t.final.MTU != nil && *t.final.MTU > link.MTU:
		at.Key("mtu").Problem("%d is above the %d of %s", *t.final.MTU, link.MTU, name)
	}
}

// checkDefaultRoutes: LXC does not start a container with two.
func (p *planner) checkDefaultRoutes(c *Container) {
	becomes := map[string]*Interface{}
	for _, one := range c.configured {
		becomes[one.Name] = &one.Interface
	}
	places := map[string]schema.Place{}
	for _, t := range p.targets {
		if t.container != c {
			continue
		}
		if t.have != nil {
			delete(becomes, t.have.Name)
		}
		delete(becomes, t.want.Name)
		if !t.want.Absent() {
			becomes[t.want.Name] = t.final
			places[t.want.Name] = t.at(&p.problems)
		}
	}
	fields := map[string]func(*Interface) *netip.Addr{
		"gateway":  func(i *Interface) *netip.Addr { return i.Gateway },
		"gateway6": func(i *Interface) *netip.Addr { return i.Gateway6 },
	}
	for option, field := range fields {
		var owners []string
		for name, one := range becomes {
			if gateway := field(one); gateway != nil && gateway.IsValid() {
				owners = append(owners, name)
			}
		}
		if len(owners) < 2 {
			continue
		}
		slices.Sort(owners)
		for _, name := range owners {
			if place, declared := places[name]; declared {
				place.Key(option).Problem("container %s would have a default route by each of %s: it takes one", c.Name,
					strings.Join(owners, ", "))
				break
			}
		}
	}
}
