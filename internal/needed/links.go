package needed

import (
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel"
)

// link is a link of the host as it is once all that is declared is made.
type link struct {
	name, kind string
	// mtu is the declared one, else the kernel's; 0 is a new link's own.
	mtu       uint32
	declared  bool
	fixed     bool // the MTU is declared
	away      bool // the other end of a veth is in a container
	ports     []string
	parent    string
	addresses []string
}

// Links are the host's, by name.
type Links map[string]*link

// See takes what the kernel has.
func See(links []kernel.Link, addresses []kernel.Address) Links {
	all, names := Links{}, map[int]string{}
	for i := range links {
		names[links[i].Index] = links[i].Name
		kind := links[i].Kind
		all[links[i].Name] = &link{
			name: links[i].Name, kind: kind, mtu: links[i].MTU, away: kind == "tun" || kind == "veth" &&
				links[i].ParentNamespace >= 0,
		}
	}
	for i := range links {
		if controller := all[names[links[i].Controller]]; controller != nil {
			controller.ports = append(controller.ports, links[i].Name)
		}
		if links[i].ParentNamespace < 0 && links[i].Kind != "veth" {
			all[links[i].Name].parent = names[links[i].Parent]
		}
	}
	for i := range addresses {
		if one := all[addresses[i].Link]; one != nil && !addresses[i].Prefix.Addr().IsLinkLocalUnicast() {
			one.addresses = append(one.addresses, addresses[i].Prefix.String())
		}
	}
	return all
}

// Declare lays what is declared over it: options of the network module, as they are kept.
func (l Links) Declare(arguments map[string]any) {
	for _, group := range append(host.LinkGroups(), host.LinkGroup{Kind: "bridge", Key: "lxc_bridges"}) {
		kind := group.Kind
		list, _ := arguments[group.Key].([]any)
		for _, element := range list {
			fields, _ := element.(map[string]any)
			name := text(fields["name"])
			if name == "" {
				continue
			}
			if fields["state"] == "absent" {
				delete(l, name)
				continue
			}
			one := l[name]
			if one == nil {
				one = &link{name: name}
				l[name] = one
			}
			one.declare(kind, fields)
			if peer := text(fields["peer"]); kind == "veth" && peer != "" && l[peer] == nil {
				l[peer] = &link{name: peer, kind: kind, declared: true}
			}
		}
	}
}

func (o *link) declare(kind string, fields map[string]any) {
	o.declared = true
	if kind != "" {
		o.kind = kind
	}
	if mtu := number(fields["mtu"]); mtu > 0 {
		o.mtu, o.fixed = mtu, true
	}
	if parent := text(fields["parent"]); parent != "" {
		o.parent = parent
	}
	for _, port := range elements(fields["ports"]) {
		if name := nameOf(port, "name"); !slices.Contains(o.ports, name) {
			o.ports = append(o.ports, name)
		}
	}
	for _, address := range append(elements(fields["addresses"]), elements(fields["address"])...) {
		o.addresses = append(o.addresses, nameOf(address, "address"))
	}
}

func elements(raw any) []any {
	if list, isList := raw.([]any); isList || raw == nil {
		return list
	}
	return []any{raw}
}

func nameOf(element any, key string) string {
	if fields, isDict := element.(map[string]any); isDict {
		return text(fields[key])
	}
	return text(element)
}

// controllerOf is whose port a link is.
func (l Links) controllerOf(name string) *link {
	for _, one := range l {
		if slices.Contains(one.ports, name) {
			return one
		}
	}
	return nil
}

// ethernet is the MTU of a new link for which nothing is said.
const ethernet uint32 = 1500

// mtuOf is what a link carries in the end. A bond's ports follow it, and a bridge its smallest port.
func (l Links) mtuOf(name string, depth int) uint32 {
	one := l[name]
	if one == nil || depth > len(l) {
		return ethernet
	}
	if one.fixed {
		return one.mtu
	}
	if controller := l.controllerOf(name); controller != nil && controller.kind == "bond" && controller.fixed {
		return controller.mtu
	}
	switch {
	case one.kind == "bridge" && (one.mtu == 0 || l.portsChange(one, depth)):
		least := uint32(0)
		for _, port := range one.ports {
			if mtu := l.mtuOf(port, depth+1); least == 0 || mtu < least {
				least = mtu
			}
		}
		if least > 0 {
			return least
		}
	case one.mtu == 0 && one.kind != "bond" && one.parent != "":
		const header = 50 // of VXLAN over IPv4
		mtu := l.mtuOf(one.parent, depth+1)
		if one.kind == "vxlan" {
			mtu -= header
		}
		return mtu
	}
	if one.mtu == 0 {
		return ethernet
	}
	return one.mtu
}

func (l Links) portsChange(bridge *link, depth int) bool {
	return slices.ContainsFunc(bridge.ports, func(port string) bool {
		one := l[port]
		return one != nil && one.mtu != 0 && !one.fixed && l.mtuOf(port, depth+1) != one.mtu || one != nil && one.fixed
	})
}

// below are the ways from a link down to what it stands on, each from the top. A container's or a machine's end is
// none.
func (l Links) below(name string, depth int) [][]string {
	one := l[name]
	var under []string
	if one != nil && depth < len(l) {
		for _, port := range one.ports {
			if p := l[port]; p == nil || !p.away {
				under = append(under, port)
			}
		}
		if one.parent != "" {
			under = append(under, one.parent)
		}
	}
	if len(under) == 0 {
		return [][]string{{name}}
	}
	var ways [][]string
	for _, next := range under {
		for _, way := range l.below(next, depth+1) {
			ways = append(ways, append([]string{name}, way...))
		}
	}
	return ways
}

// narrow is the way, with what each link of it carries, and whether one carries less than the MTU.
func (l Links) narrow(way []string, mtu uint32) (told string, small []string) {
	var parts []string
	for _, name := range way {
		carries := l.mtuOf(name, 0)
		parts = append(parts, fmt.Sprintf("%s (%d)", name, carries))
		if carries < mtu {
			small = append(small, name)
		}
	}
	return strings.Join(parts, " > "), small
}
