package rule

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

type bound = schema.Bound[Rule, kernel.Rule]

// binding is every option of a rule, with its place in what the kernel reports.
var binding = sync.OnceValue(func() schema.Binding[Rule, kernel.Rule] {
	return schema.Binding[Rule, kernel.Rule]{
		schema.Bind("priority", schema.Int[uint32](0, 1<<32-1), func(r *Rule) **uint32 { return &r.Priority },
			func(k *kernel.Rule) (uint32, bool) { return k.Priority, true },
			func(k *kernel.Rule, v uint32) { k.Priority = v },
			"The place of the rule: those with lower numbers are consulted first. Left out, a rule that matches the same is "+
				"taken whatever"+
				" its priority, and a new one gets the number before the lowest that is in use, not counting 0."),
		schema.Bind("family", schema.Choice("inet", "inet6"), func(r *Rule) **string { return &r.Family },
			func(k *kernel.Rule) (string, bool) {
				return map[bool]string{true: "inet", false: "inet6"}[k.Family == unix.AF_INET], true
			},
			func(k *kernel.Rule, v string) { k.Family = familyOf(v) },
			"The family of the rule. Required unless O(from) or O(to) tells it."),
		schema.Bind("invert", schema.Bool(), func(r *Rule) **bool { return &r.Invert },
			func(k *kernel.Rule) (bool, bool) { return k.Invert, k.Invert },
			func(k *kernel.Rule, v bool) { k.Invert = v },
			"Whether the rule is for what does not match (C(not) in C(ip rule)).").Assume(false),
		network("from", func(r *Rule) **netip.Prefix { return &r.From },
			func(k *kernel.Rule) *netip.Prefix { return &k.From },
			"The network or address that packets come from."),
		network("to", func(r *Rule) **netip.Prefix { return &r.To }, func(k *kernel.Rule) *netip.Prefix { return &k.To },
			"The network or address that packets go to."),
		link("iif", func(r *Rule) **string { return &r.Input }, func(k *kernel.Rule) *string { return &k.Input },
			"The link that packets come in on; V(lo) is for packets of this host. It need not exist."),
		link("oif", func(r *Rule) **string { return &r.Output }, func(k *kernel.Rule) *string { return &k.Output },
			"The link that packets of sockets bound to it go out on. It need not exist."),
		schema.Bind("fwmark", schema.Int[uint32](0, 1<<32-1), func(r *Rule) **uint32 { return &r.Mark },
			func(k *kernel.Rule) (uint32, bool) { return k.Mark, k.Mask != 0 },
			func(k *kernel.Rule, v uint32) { k.Mark = v },
			"The packet's mark."),
		schema.Bind("fwmask", schema.Int[uint32](1, 1<<32-1), func(r *Rule) **uint32 { return &r.Mask },
			func(k *kernel.Rule) (uint32, bool) { return k.Mask, k.Mask != 0 && k.Mask != 1<<32-1 },
			func(k *kernel.Rule, v uint32) { k.Mask = v },
			"The bits of the packet's mark that count. Left out, all do."),
		schema.Bind("tos", schema.Int[uint8](0, 255), func(r *Rule) **uint8 { return &r.TOS },
			func(k *kernel.Rule) (uint8, bool) { return k.TOS, k.TOS != 0 },
			func(k *kernel.Rule, v uint8) { k.TOS = v },
			"The packet's type of service; 0 is any."),
		schema.Bind("ipproto", schema.Named(protocols, 255), func(r *Rule) **uint8 { return &r.IPProtocol },
			func(k *kernel.Rule) (uint8, bool) { return k.IPProtocol, k.IPProtocol != 0 },
			func(k *kernel.Rule, v uint8) { k.IPProtocol = v },
			"The packet's protocol; 0 is any."),
		span("sport", 1, highestPort, func(r *Rule) **kernel.Range { return &r.SourcePorts },
			func(k *kernel.Rule) **kernel.Range { return &k.SourcePorts },
			"The source port or range of ports, such as 8000-8080."),
		span("dport", 1, highestPort, func(r *Rule) **kernel.Range { return &r.DestinationPorts },
			func(k *kernel.Rule) **kernel.Range { return &k.DestinationPorts },
			"The destination port or range of ports."),
		span("uidrange", 0, 1<<32-2, func(r *Rule) **kernel.Range { return &r.UIDs },
			func(k *kernel.Rule) **kernel.Range { return &k.UIDs },
			"The number of the user that sends, or a range such as 1000-1999."),
		schema.Bind("l3mdev", schema.Bool(), func(r *Rule) **bool { return &r.L3MDev },
			func(k *kernel.Rule) (bool, bool) { return k.L3MDev, k.L3MDev },
			func(k *kernel.Rule, v bool) { k.L3MDev = v },
			"Whether the table is that of the VRF which the packet's link belongs to.").Assume(false),
		schema.Bind("action", action(), func(r *Rule) **uint8 { return &r.Action },
			func(k *kernel.Rule) (uint8, bool) {
				return k.Action, k.Action != unix.FR_ACT_TO_TBL && k.Action != unix.FR_ACT_GOTO
			},
			func(k *kernel.Rule, v uint8) { k.Action = v },
			"What is done with packets that match. Left out, it is V(goto) with O(goto), and else V(lookup)."),
		schema.Bind("table", schema.RoutingTable(), func(r *Rule) **uint32 { return &r.Table },
			func(k *kernel.Rule) (uint32, bool) { return k.Table, effectOf(*k).table != 0 },
			func(k *kernel.Rule, v uint32) { k.Table = v },
			"The routing table to look into."),
		schema.Bind("suppress_prefixlength", schema.Int[int32](-1, 128), func(r *Rule) **int32 { return &r.Suppress },
			func(k *kernel.Rule) (int32, bool) { return k.SuppressPrefixLength, k.SuppressPrefixLength >= 0 },
			func(k *kernel.Rule, v int32) { k.SuppressPrefixLength = v },
			"Routes whose prefix is at most that long do not count, such as 0 for all but the default route; -1 is none."),
		schema.Bind("goto", schema.Int[uint32](1, 1<<32-1), func(r *Rule) **uint32 { return &r.Goto },
			func(k *kernel.Rule) (uint32, bool) { return k.Goto, k.Action == unix.FR_ACT_GOTO },
			func(k *kernel.Rule, v uint32) { k.Goto = v },
			"The priority of the rule to go on with, which must be a later one."),
	}
})

// highestPort is one less than what fits: fib_rule_port_range_valid refuses 65535.
const highestPort = 65534

// protocols are IPPROTO_* by the names of /etc/protocols.
var protocols = map[string]uint8{
	"icmp": unix.IPPROTO_ICMP, "tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "gre": unix.IPPROTO_GRE,
	"esp": unix.IPPROTO_ESP,
	"ah":  unix.IPPROTO_AH, "ipv6-icmp": unix.IPPROTO_ICMPV6, "sctp": unix.IPPROTO_SCTP, "dccp": unix.IPPROTO_DCCP,
}

// actionNames are what can be done with packets (linux/fib_rules.h).
var actionNames = map[uint8]string{
	unix.FR_ACT_TO_TBL: "lookup", unix.FR_ACT_GOTO: "goto", unix.FR_ACT_NOP: "nop",
	unix.FR_ACT_BLACKHOLE: "blackhole", unix.FR_ACT_UNREACHABLE: "unreachable", unix.FR_ACT_PROHIBIT: "prohibit",
}

func action() schema.Form[uint8] {
	return schema.Numbered(actionNames, "lookup", "goto", "nop", "blackhole", "unreachable", "prohibit")
}

// network is a selector by network; `all`, and a network without bits, is everything.
func network(name string, field func(*Rule) **netip.Prefix, place func(*kernel.Rule) *netip.Prefix, text string) bound {
	parse := schema.HostOrNetwork().Parse
	form := schema.Text(
		func(s string) (netip.Prefix, error) {
			if s == "all" {
				return netip.Prefix{}, nil
			}
			var problems schema.Problems
			prefix, _ := parse(s, schema.At("", &problems))
			return prefix, problems.Err()
		},
		func(prefix netip.Prefix) string {
			if !prefix.IsValid() {
				return "all"
			}
			return prefix.String()
		})
	return schema.Bind(name, form, field,
		func(k *kernel.Rule) (netip.Prefix, bool) { return *place(k), place(k).IsValid() },
		func(k *kernel.Rule, v netip.Prefix) {
			if v.Bits() == 0 {
				v = netip.Prefix{} // as the kernel reports it
			}
			*place(k) = v
		}, text+" Left out or V(all), any.")
}

func link(name string, field func(*Rule) **string, place func(*kernel.Rule) *string, text string) bound {
	return schema.Bind(name, schema.LinkName(), field,
		func(k *kernel.Rule) (string, bool) { return *place(k), *place(k) != "" },
		func(k *kernel.Rule, v string) { *place(k) = v }, text)
}

// span is a selector by number or range of numbers.
func span(name string, lowest, highest uint32, field func(*Rule) **kernel.Range,
	place func(*kernel.Rule) **kernel.Range, text string) bound {
	form := schema.Text(
		func(s string) (kernel.Range, error) { return parseSpan(s, lowest, highest) },
		func(r kernel.Range) string {
			if r.First == r.Last {
				return strconv.FormatUint(uint64(r.First), 10)
			}
			return fmt.Sprintf("%d-%d", r.First, r.Last)
		})
	form.Note = fmt.Sprintf("From %d to %d.", lowest, highest)
	return schema.Bind(name, form, field,
		func(k *kernel.Rule) (kernel.Range, bool) {
			if *place(k) == nil {
				return kernel.Range{}, false
			}
			return **place(k), true
		},
		func(k *kernel.Rule, v kernel.Range) { *place(k) = &v }, text)
}

func parseSpan(s string, lowest, highest uint32) (kernel.Range, error) {
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	low, err := strconv.ParseUint(strings.TrimSpace(first), 10, 32)
	high, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 32)
	if err != nil || err2 != nil || low > high || low < uint64(lowest) || high > uint64(highest) {
		return kernel.Range{}, fmt.Errorf("must be a number or a range such as %d-%d, from %d to %d, not %q", lowest+1,
			lowest+9, lowest, highest, s)
	}
	return kernel.Range{First: uint32(low), Last: uint32(high)}, nil
}
