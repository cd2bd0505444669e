package nft

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"hostnet.linux/internal/kernel/nftables"
)

// Priorities of base chains, by nft's names for them.
const (
	priorityMangle = -150
	priorityDstNAT = -100
	priorityFilter = 0
	prioritySrcNAT = 100
)

var (
	anyIPv4 = netip.IPv4Unspecified()
	anyIPv6 = netip.IPv6Unspecified()
	// loopbacks are not translated: an answer could not find its way back (net.ipv4.conf.*.route_localnet is 0).
	loopback4 = netip.MustParsePrefix("127.0.0.0/8")
	loopback6 = netip.MustParsePrefix("::1/128")
)

// Table is the table that the object needs. Chains without rules are left out.
func (n *NAT) Table() *nftables.Table {
	table := &nftables.Table{Family: Family, Name: TableName(n.Name)}
	add := func(name, typ, hook string, priority int32, rules []nftables.Rule) {
		if len(rules) > 0 {
			table.Chains = append(table.Chains,
				nftables.Chain{Name: name, Type: typ, Hook: hook, Priority: priority, Rules: rules})
		}
	}
	add("input", "filter", "input", priorityFilter, n.inputRules())
	add("mss", "filter", "forward", priorityMangle, n.mssRules())
	add("forward", "filter", "forward", priorityFilter, n.forwardRules())
	table.Maps = n.maps()
	add("dstnat", "nat", "prerouting", priorityDstNAT, n.redirectRules(table.Maps, false))
	add("dstnat_local", "nat", "output", priorityDstNAT, n.redirectRules(table.Maps, true))
	for _, source := range n.insides() {
		width, priority := n.width(source)
		rules := n.sourceRules(source)
		if chain := table.Chain("srcnat" + width); chain != nil {
			chain.Rules = append(chain.Rules, rules...)
			continue
		}
		add("srcnat"+width, "nat", "postrouting", priority, rules)
	}
	return table
}

func (n *NAT) inputRules() []nftables.Rule {
	inside := nftables.From(n.Interface)
	opened := map[string][]nftables.Rule{
		"dhcp": {
			nftables.NewRule("DHCP", inside, nftables.Port("udp", 67, 67), nftables.Accept()),
			nftables.NewRule("DHCP, as lxc-net", inside, nftables.Port("tcp", 67, 67), nftables.Accept()),
		},
		"dns": {
			nftables.NewRule("DNS", inside, nftables.Port("udp", 53, 53), nftables.Accept()),
			nftables.NewRule("DNS", inside, nftables.Port("tcp", 53, 53), nftables.Accept()),
		},
		"dhcp6": {nftables.NewRule("DHCPv6", inside, nftables.Port("udp", 547, 547), nftables.Accept())},
		"ra": {
			nftables.NewRule("IPv6 routers", inside, nftables.ICMPv6("nd-router-solicit", 133), nftables.Accept()),
			nftables.NewRule("IPv6 neighbours", inside, nftables.ICMPv6("nd-neighbor-solicit", 135), nftables.Accept()),
			nftables.NewRule("IPv6 neighbours", inside, nftables.ICMPv6("nd-neighbor-advert", 136), nftables.Accept()),
		},
	}
	var rules []nftables.Rule
	for _, service := range list(n.Services) {
		rules = append(rules, opened[service]...)
	}
	return rules
}

func (n *NAT) mssRules() []nftables.Rule {
	if n.MSSClamp == "" {
		return nil
	}
	size := 0
	if n.MSSClamp != pmtu {
		size, _ = strconv.Atoi(n.MSSClamp)
	}
	clamp := nftables.ClampSegments(uint16(size))
	return []nftables.Rule{
		nftables.NewRule("segment size", nftables.From(n.Interface), nftables.NotTo(n.Interface), clamp),
		nftables.NewRule("segment size", nftables.NotFrom(n.Interface), nftables.To(n.Interface), clamp),
	}
}

// forwardRules opens both directions, as lxc-net does. An accept here does not overrule a drop in a chain of others,
// see foreign.go.
func (n *NAT) forwardRules() []nftables.Rule {
	if n.Interface == "" {
		return nil
	}
	rules := []nftables.Rule{
		nftables.NewRule("answers", nftables.From(n.Interface), nftables.Established(), nftables.Accept()),
		nftables.NewRule("answers", nftables.To(n.Interface), nftables.Established(), nftables.Accept()),
	}
	rules = append(rules, n.isolationRules()...)
	return append(rules,
		nftables.NewRule("outwards", nftables.From(n.Interface), nftables.Accept()),
		nftables.NewRule("inwards", nftables.To(n.Interface), nftables.Accept()))
}

// isolationRules keep the interface apart from others, both ways, but for those that are ways out.
func (n *NAT) isolationRules() []nftables.Rule {
	if !n.isolated() {
		return nil
	}
	apart := func(from, to []nftables.Part) []nftables.Rule {
		return []nftables.Rule{
			nftables.NewRule("isolation", append(from, nftables.Drop())...),
			nftables.NewRule("isolation", append(to, nftables.Drop())...),
		}
	}
	if n.Isolated.Bridges {
		outwards := []nftables.Part{nftables.From(n.Interface), nftables.ToKind("bridge"), nftables.NotTo(n.Interface)}
		inwards := []nftables.Part{nftables.FromKind("bridge"), nftables.NotFrom(n.Interface), nftables.To(n.Interface)}
		for _, name := range list(n.OutInterface) {
			outwards, inwards = append(outwards, nftables.NotTo(name)), append(inwards, nftables.NotFrom(name))
		}
		return apart(outwards, inwards)
	}
	var rules []nftables.Rule
	for _, name := range n.Isolated.From {
		rules = append(rules, apart([]nftables.Part{nftables.From(n.Interface), nftables.To(name)},
			[]nftables.Part{nftables.From(name), nftables.To(n.Interface)})...)
	}
	return rules
}

// inside is one way to tell inside traffic by its source, with the address that stands for its IP version.
type inside struct {
	version netip.Addr
	subnet  netip.Prefix // none where it is whatever comes in by the interface
	from    nftables.Part
	// outwards matches what leaves the inside.
	outwards []nftables.Part
	back     nftables.Part // what turns round
}

func (n *NAT) insides() []inside {
	var out []inside
	for _, subnet := range list(n.Subnets) {
		one := inside{subnet.Addr(), subnet, nftables.Source(subnet), []nftables.Part{nftables.NotDestination(subnet)},
			nftables.Destination(subnet)}
		if n.Interface != "" && len(list(n.OutInterface)) == 0 {
			one.outwards = append(one.outwards, nftables.NotTo(n.Interface))
		}
		out = append(out, one)
	}
	if len(out) > 0 {
		return out
	}
	for _, version := range []netip.Addr{anyIPv4, anyIPv6} {
		// A postrouting chain sees the incoming link since Linux 5.7.
		out = append(out, inside{version, netip.Prefix{}, nftables.From(n.Interface),
			[]nftables.Part{nftables.Version(version), nftables.NotTo(n.Interface)}, nftables.To(n.Interface)})
	}
	return out
}

// width is how wide a source is, as a part of a chain's name, and the priority of that chain. The first translation
// that matches a connection counts, so narrower sources are asked first, whichever table was written last: a single
// address before its network, a network before a whole interface, and of the same source what leaves by one interface
// before the rest.
func (n *NAT) width(source inside) (name string, priority int32) {
	priority = prioritySrcNAT
	if source.subnet.IsValid() {
		bits := source.subnet.Bits()
		name, priority = fmt.Sprintf("_%d", bits), priority-2*int32(bits)
		if source.version.Is6() {
			name = fmt.Sprintf("6_%d", bits)
		}
	}
	if len(list(n.OutInterface)) > 0 {
		priority--
	}
	return name, priority
}

func (n *NAT) sourceRules(source inside) []nftables.Rule {
	var rules []nftables.Rule
	if n.hairpins(source.version) {
		// Without this, the neighbour would answer directly, to a client that asked somebody else.
		rules = append(rules, nftables.NewRule("hairpin", nftables.Version(source.version), source.from, source.back,
			nftables.Redirected(), nftables.Masquerade()))
	}
	if !n.wantsNAT(source.version) {
		return rules
	}
	for _, excluded := range list(n.Exclude) {
		to := nftables.To(excluded)
		if subnet, err := netip.ParsePrefix(excluded); err == nil {
			if subnet.Addr().Is6() != source.version.Is6() {
				continue
			}
			to = nftables.Destination(subnet)
		}
		rules = append(rules, nftables.NewRule("not translated", source.from, to, nftables.Accept()))
	}
	translate := nftables.Masquerade()
	if address := n.natAddress(source.version); address.IsValid() {
		translate = nftables.RewriteSource(address)
	}
	parts := append([]nftables.Part{source.from}, source.outwards...)
	for _, name := range list(n.OutInterface) {
		rules = append(rules, nftables.NewRule("translation",
			slices.Concat(parts, []nftables.Part{nftables.To(name), translate})...))
	}
	if len(list(n.OutInterface)) == 0 {
		rules = append(rules, nftables.NewRule("translation", append(parts, translate)...))
	}
	return rules
}

func (n *NAT) hairpins(version netip.Addr) bool {
	for _, forward := range list(n.PortForwards) {
		if forward.hairpin() && forward.To.Is6() == version.Is6() {
			return true
		}
	}
	return false
}
