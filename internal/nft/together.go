package nft

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/schema"
)

// Server is what the host itself serves on an interface, which a port forward may take away.
type Server struct {
	Name, Path, Interface string
	// Addresses are those of the host there, with their networks.
	Addresses []netip.Prefix
	// Ports are those that clients ask, by protocol and what is behind them.
	Ports []ServedPort
}

// ServedPort is one port of a Server.
type ServedPort struct {
	Service, Protocol string
	Port              uint16
}

// CheckTogether notes what does not fit between the objects of a task, and between them and those that are kept: two
// forwards of one port, forwards that take a server of the host away, overlapping inside subnets, and translations of
// one source that contradict each other. Problems are placed at the task's own objects.
func CheckTogether(declared, kept []*NAT, servers, keptServers []Server, problems *schema.Problems) {
	checkClashes(placed(declared, kept), problems)
	for i, one := range declared {
		if problems.Full() {
			return
		}
		at := schema.At(one.Path, problems)
		for _, others := range [][]*NAT{declared[:i], kept} {
			for _, other := range others {
				if !one.Absent() && !other.Absent() {
					one.checkBeside(other, at)
				}
			}
		}
		for _, other := range kept {
			if TableName(one.Name) == TableName(other.Name) {
				at.Key("name").Problem("%s shares its table of rules with %s: use another name", one.Name,
					title(other.Name, other.Path))
			}
		}
		for _, list := range [][]Server{servers, keptServers} {
			for _, server := range list {
				one.checkServer(server, one.Path, problems)
			}
		}
	}
	for _, other := range kept {
		for _, server := range servers {
			// The forward was there first: the task's own server is what does not fit.
			other.checkServer(server, server.Path, problems)
		}
	}
}

// title is how a problem calls an object that stands elsewhere.
func title(name, path string) string {
	if path == "" {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, path)
}

// placedForward is a forward and where it stands.
type placedForward struct {
	*PortForward
	owner *NAT
	index int
	kept  bool
}

func placed(declared, kept []*NAT) []placedForward {
	var out []placedForward
	for i, nat := range slices.Concat(declared, kept) {
		if nat.Absent() {
			continue
		}
		forwards := list(nat.PortForwards)
		for index := range forwards {
			out = append(out, placedForward{&forwards[index], nat, index, i >= len(declared)})
		}
	}
	return out
}

// checkClashes notes forwards that would take the same packets. Sorted by port, each is compared with its neighbours
// only.
func checkClashes(forwards []placedForward, problems *schema.Problems) {
	order := make([]int, len(forwards))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(forwards[a].Port.First, forwards[b].Port.First) })
	type clash struct{ first, second int }
	var clashes []clash
	for i, a := range order {
		for _, b := range order[i+1:] {
			if forwards[b].Port.First > forwards[a].Port.Last {
				break
			}
			one, other := &forwards[a], &forwards[b]
			if (one.kept && other.kept) || !one.clashes(*other.PortForward) {
				continue
			}
			clashes = append(clashes, clash{min(a, b), max(a, b)})
		}
	}
	slices.SortFunc(clashes, func(a, b clash) int { return cmp.Or(a.second-b.second, a.first-b.first) })
	told := map[int]bool{}
	for _, one := range clashes {
		late, early := forwards[one.second], forwards[one.first]
		if late.kept {
			late, early = early, late
		}
		if !told[one.second] {
			told[one.second] = true
			late.problem(early, problems)
		}
	}
}

func (f placedForward) problem(other placedForward, problems *schema.Problems) {
	where := fmt.Sprintf("port_forwards[%d]", other.index)
	switch {
	case other.owner.observed:
		where = title(other.owner.Name, other.owner.Path)
	case other.owner != f.owner:
		where = fmt.Sprintf("%s of %s", where, title(other.owner.Name, other.owner.Path))
	}
	schema.At(f.owner.Path, problems).Key("port_forwards").Index(f.index).Problem("%s is forwarded already by %s",
		f.what(), where)
}

// clashes tells whether some packet would match both, and neither is the narrower one: a port goes before an address
// with all its ports, and one protocol of it before all of them.
func (f PortForward) clashes(other PortForward) bool {
	return f.protocol() == other.protocol() && f.hasPort() == other.hasPort() && f.Port.overlaps(other.Port) &&
		f.To.Is6() == other.To.Is6() &&
		shareAddress(list(f.Address), list(other.Address)) &&
		(!f.Source.IsValid() || !other.Source.IsValid() || f.Source.Overlaps(other.Source))
}

// shareAddress tells whether a packet can be for both: without addresses, it is for every one.
func shareAddress(one, other []netip.Addr) bool {
	return len(one) == 0 || len(other) == 0 ||
		slices.ContainsFunc(one, func(a netip.Addr) bool { return slices.Contains(other, a) })
}

// checkServer notes forwards that take packets which the host itself is to answer.
func (n *NAT) checkServer(server Server, path string, problems *schema.Problems) {
	if n.Absent() {
		return
	}
	for i, forward := range list(n.PortForwards) {
		if !forward.hairpin() && n.Interface == server.Interface {
			continue // what comes in by the interface itself is left alone
		}
		for _, served := range server.Ports {
			for _, address := range server.Addresses {
				if !forward.takes(served, address) {
					continue
				}
				place := schema.At(path, problems)
				remedy := "give the forward an address that clients do not ask"
				if n.Interface == server.Interface {
					remedy += ", or hairpin: false"
				}
				if path == n.Path {
					place.Key("port_forwards").Index(i).Problem("%s port %d of %s is where %s serves %s: %s",
						served.Protocol, served.Port, address.Addr(), title(server.Name, server.Path), served.Service, remedy)
				} else {
					place.Problem("%s at %s would not be reached: a forward of %s takes %s port %d: %s",
						served.Service, address.Addr(), title(n.Name, n.Path), served.Protocol, served.Port, remedy)
				}
			}
		}
	}
}

// takes tells whether the forward leads away what clients send to a server of the host.
func (f PortForward) takes(served ServedPort, address netip.Prefix) bool {
	return (f.protocol() == served.Protocol || f.protocol() == "") &&
		(!f.hasPort() || f.Port.overlaps(PortRange{served.Port, served.Port})) &&
		f.To.Is6() == address.Addr().Is6() && shareAddress(list(f.Address), []netip.Addr{address.Addr()}) &&
		(!f.Source.IsValid() || f.Source.Overlaps(address.Masked()))
}

// checkBeside notes what does not fit between the translations of two objects. A narrower source goes before a wider
// one (see sourcePriority), so only sources that are the same can contradict each other.
func (n *NAT) checkBeside(other *NAT, at schema.Place) {
	if n.Interface != "" && other.Interface != "" && n.Interface != other.Interface && (!n.OfBridge || !other.OfBridge) {
		n.checkOverlaps(other, at)
	}
	for _, version := range []netip.Addr{anyIPv4, anyIPv6} {
		if source, same := n.sameSource(other, version); same && n.contradicts(other, version) {
			at.Problem("%s becomes %s here and %s in %s: have one of them translate it, or give them different out_interface",
				source, n.translationText(version), other.translationText(version), title(other.Name, other.Path))
			return
		}
	}
}

// checkOverlaps notes subnets that are inside of two interfaces. Bridges compare their addresses by themselves.
func (n *NAT) checkOverlaps(other *NAT, at schema.Place) {
	for i, one := range list(n.Subnets) {
		place := at.Key("subnets").Index(i)
		if n.OfBridge {
			place = at.Key(map[bool]string{false: "address", true: "address6"}[one.Addr().Is6()])
		}
		for _, two := range list(other.Subnets) {
			if one.Overlaps(two) {
				place.Problem("%s on %s overlaps %s on %s, which is %s", one, n.Interface, two, other.Interface,
					title(other.Name, other.Path))
			}
		}
	}
}

// sameSource is a source that both objects translate, if there is one.
func (n *NAT) sameSource(other *NAT, version netip.Addr) (string, bool) {
	if !n.wantsNAT(version) || !other.wantsNAT(version) || !sameWay(list(n.OutInterface), list(other.OutInterface)) {
		return "", false
	}
	mine, theirs := list(n.Subnets), list(other.Subnets)
	if len(mine) == 0 && len(theirs) == 0 {
		return n.Interface, n.Interface == other.Interface
	}
	for _, one := range mine {
		if one.Addr().Is6() == version.Is6() && slices.Contains(theirs, one) {
			return one.String(), true
		}
	}
	return "", false
}

// sameWay tells whether two translations are as narrow in the way out, and share one.
func sameWay(one, other []string) bool {
	if len(one) == 0 || len(other) == 0 {
		return len(one) == len(other)
	}
	return slices.ContainsFunc(one, func(name string) bool { return slices.Contains(other, name) })
}

func (n *NAT) contradicts(other *NAT, version netip.Addr) bool {
	return n.natAddress(version) != other.natAddress(version) || !slices.Equal(list(n.Exclude), list(other.Exclude))
}

func (n *NAT) translationText(version netip.Addr) string {
	text := "the address of the way out"
	if address := n.natAddress(version); address.IsValid() {
		text = address.String()
	}
	if excluded := list(n.Exclude); len(excluded) > 0 {
		text += " but towards " + strings.Join(excluded, ", ")
	}
	return text
}
