package route

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// Options are those of a route that is declared by itself.
var Options = sync.OnceValue(func() schema.Table[Route] {
	state := schema.Field("state", schema.Choice("present", "absent"), func(r *Route) **string { return &r.State },
		"Whether the route is to be there. V(absent) removes every route to the destination in the table that is like all "+
			"that is given,"+
			" but for those that the kernel makes from addresses and router advertisements.").Assume("present")
	return slices.Clip(append(binding().Table(), state))
})

// Absent tells whether the route is to go.
func (r *Route) Absent() bool { return r.State != nil && *r.State == "absent" }

// List is the form of a link's option `routes`: exactly the static routes that leave through that link alone. It is
// made once, since every link that is shown needs it.
var List = sync.OnceValue(func() schema.Form[[]Route] {
	form := schema.List(schema.Dict(linkBinding().Table(), ""))
	parse := form.Parse
	form.Parse = func(raw any, at schema.Place) ([]Route, bool) {
		routes, ok := parse(raw, at)
		if !ok {
			return routes, false
		}
		for i := range routes {
			ok = checkOptions(&routes[i], at.Index(i), true) && ok
		}
		return routes, ok
	}
	return form
})

// CheckOptions finds what does not fit together in a route that is declared by itself, and completes it: from then on
// the family of the destination is known, and so is where the route was declared.
func CheckOptions(r *Route, at schema.Place) { checkOptions(r, at, false) }

// Identity tells routes apart as the kernel does: two of one identity take each other's place. CheckOptions has to have
// completed the route; "" is of one that it refused.
func (r *Route) Identity() string {
	if r.To == nil || !r.To.IsValid() {
		return ""
	}
	table, metric := uint32(schema.TableMain), usualMetric(r.To.Addr())
	if r.Table != nil {
		table = *r.Table
	}
	if r.Metric != nil && (*r.Metric != 0 || r.To.Addr().Is4()) {
		metric = *r.Metric
	}
	text := r.To.String()
	if r.To.Bits() == 0 {
		text = "default"
		if r.To.Addr().Is6() {
			text = "default inet6"
		}
	}
	if table != schema.TableMain {
		text += fmt.Sprintf(" table %v", schema.RoutingTable().Format(table))
	}
	if metric != usualMetric(r.To.Addr()) {
		text += fmt.Sprintf(" metric %d", metric)
	}
	if r.TOS != nil && *r.TOS != 0 {
		text += fmt.Sprintf(" tos %d", *r.TOS)
	}
	return text
}

// checker notes the problems of one route.
type checker struct {
	route *Route
	at    schema.Place
	sound bool
}

func (c *checker) problem(option, format string, args ...any) {
	c.sound = false
	c.at.Key(option).Problem(format, args...)
}

// refuse notes an option that is given and must not be.
func (c *checker) refuse(option string, given bool, reason string) {
	if given {
		c.problem(option, "%s", reason)
	}
}

func checkOptions(r *Route, at schema.Place, onLink bool) bool {
	r.Path = at.Path()
	c := &checker{route: r, at: at, sound: true}
	if r.To == nil {
		return false
	}
	c.checkFamily()
	if !c.sound {
		return false
	}
	c.checkWays(onLink)
	c.checkFamilyOptions()
	if c.sound {
		r.simplify()
	}
	return c.sound
}

// simplify writes a list of one way out as the route's own: the kernel makes no difference, and drops the weight
// (fib_dump_info in net/ipv4/fib_semantics.c).
func (r *Route) simplify() {
	if r.NextHops == nil || len(*r.NextHops) != 1 {
		return
	}
	only := (*r.NextHops)[0]
	r.Via, r.OnLink, r.NextHops = only.Via, only.OnLink, nil
	if only.Dev != nil {
		r.Dev = only.Dev
	}
}

// gateways are all of the route, each with the option that names it.
func (r *Route) gateways() (addresses []netip.Addr, options []string) {
	if r.Via != nil {
		addresses, options = append(addresses, *r.Via), append(options, "via")
	}
	if r.NextHops == nil {
		return addresses, options
	}
	for _, hop := range *r.NextHops {
		if hop.Via != nil {
			addresses, options = append(addresses, *hop.Via), append(options, "nexthops")
		}
	}
	return addresses, options
}

// checkFamily finds the family of the default route, and whether addresses are of the route's.
func (c *checker) checkFamily() {
	r := c.route
	gateways, options := r.gateways()
	if !r.To.IsValid() {
		switch {
		case r.Family != nil:
			r.To = defaultOf(*r.Family)
		case len(gateways) > 0:
			r.To = defaultOf(familyName(gateways[0]))
		case r.Source != nil && r.Source.IsValid():
			r.To = defaultOf(familyName(*r.Source))
		default:
			c.problem("family", "is required for a default route without a gateway: inet or inet6")
			return
		}
	}
	r.NameFamily()
	own := familyName(r.To.Addr())
	if r.Family != nil && *r.Family != own {
		c.problem("family", "%s is not of the family %s", r.To, *r.Family)
	}
	for i, gateway := range gateways {
		switch {
		case familyName(gateway) == own:
		case own == "inet6":
			c.problem(options[i], "%s is not of the same family as the destination %s", gateway, r.To)
		case r.Family == nil:
			// Linux has routed IPv4 through IPv6 gateways since 5.2, but hardly anyone means it.
			c.problem(options[i], "%s is not of the same family as the destination %s: if that is meant, say family: inet",
				gateway, r.To)
		}
	}
	if r.Source != nil && r.Source.IsValid() && familyName(*r.Source) != own {
		c.problem("src", "%s is not of the same family as the destination %s", *r.Source, r.To)
	}
}

// NameFamily notes the family of a default route that only its destination tells, such as ::/0: shown as "default", the
// route would be one of either.
func (r *Route) NameFamily() {
	if r.To == nil || !r.To.IsValid() || r.To.Bits() > 0 || r.Family != nil || r.Source != nil {
		return
	}
	if gateways, _ := r.gateways(); len(gateways) == 0 {
		family := familyName(r.To.Addr())
		r.Family = &family
	}
}

func defaultOf(family string) *netip.Prefix {
	prefix := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if family == "inet6" {
		prefix = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return &prefix
}

// checkWays sees to it that there is exactly one way of saying where the route leads.
func (c *checker) checkWays(onLink bool) {
	r := c.route
	if !leadsSomewhere(r) {
		const reason = "has no meaning for a route that leads nowhere"
		c.refuse("via", r.Via != nil, reason)
		c.refuse("dev", r.Dev != nil, reason)
		c.refuse("onlink", r.OnLink != nil, reason)
		c.refuse("nexthops", r.NextHops != nil, reason)
		if onLink {
			c.problem("type", "a route of type %s leads nowhere, so it is not a link's: declare it by itself",
				typeNames[*r.Type])
		}
		return
	}
	if r.NextHops != nil {
		c.checkHops(onLink)
		return
	}
	if !onLink && !r.Absent() {
		switch {
		case r.Via == nil && r.Dev == nil:
			c.at.Problem("one of via, dev and nexthops is required")
			c.sound = false
		case r.Dev == nil && (r.Via.IsLinkLocalUnicast() && r.Via.Is6() || isTrue(r.OnLink)):
			c.problem("dev", "is required: the gateway %s does not tell the link", *r.Via)
		}
	}
	if isTrue(r.OnLink) && r.Via == nil {
		c.problem("onlink", "needs a gateway (via)")
	}
}

func isTrue(flag *bool) bool { return flag != nil && *flag }

func (c *checker) checkHops(onLink bool) {
	r := c.route
	const reason = "has no meaning together with nexthops: give it for each of them"
	c.refuse("via", r.Via != nil, reason)
	c.refuse("dev", r.Dev != nil, reason)
	c.refuse("onlink", r.OnLink != nil, reason)
	if len(*r.NextHops) == 0 {
		c.problem("nexthops", "needs at least one element")
	}
	for i, hop := range *r.NextHops {
		at := c.at.Key("nexthops").Index(i)
		problem := func(format string, args ...any) {
			c.sound = false
			at.Problem(format, args...)
		}
		switch {
		case hop.Via == nil && (onLink || !r.To.Addr().Is4()):
			problem("needs a gateway (via)")
		case hop.Via == nil && hop.Dev == nil:
			problem("needs a gateway (via) or a link (dev)")
		case hop.Dev == nil && !onLink && (hop.Via.IsLinkLocalUnicast() && hop.Via.Is6() || isTrue(hop.OnLink)):
			problem("dev is required: the gateway %s does not tell the link", *hop.Via)
		}
	}
}

// checkFamilyOptions finds options that the other family has.
func (c *checker) checkFamilyOptions() {
	r, is4 := c.route, c.route.To.Addr().Is4()
	c.refuse("tos", r.TOS != nil && *r.TOS != 0 && !is4, "is of IPv4 routes only")
	c.refuse("scope", r.Scope != nil && !is4, "is of IPv4 routes only")
	c.refuse("pref", r.Preference != nil && is4, "is of IPv6 routes only")
}

// Check finds routes that cannot both be there.
func (d Declaration) Check(problems *schema.Problems) {
	var present, absent []*Route
	for _, one := range d.all() {
		if one.To == nil {
			continue // a problem that is named where it is read
		}
		if one.Absent() {
			absent = append(absent, one)
		} else {
			present = append(present, one)
		}
	}
	taken := map[slot][]*Route{}
	for _, one := range present {
		route := fresh(one)
		for _, other := range taken[slotOf(route)] {
			if !coexist(one, other) {
				problems.Add(one.Path,
					"%s is declared twice: it is also %s. Give them different metrics, or make them one with nexthops",
					describe(route), other.Path)
			}
		}
		taken[slotOf(route)] = append(taken[slotOf(route)], one)
		for _, other := range absent {
			if other.covers(route) {
				problems.Add(other.Path, "%s is to be absent here and present in %s", describe(route), one.Path)
			}
		}
	}
}

// all are the declared routes, those of links with their link.
func (d Declaration) all() []*Route {
	var all []*Route
	for _, link := range slices.Sorted(maps.Keys(d.Links)) {
		for _, one := range d.Links[link] {
			one.Dev = &link
			if one.NextHops != nil {
				one.Dev, one.NextHops = nil, withLink(*one.NextHops, link)
			}
			all = append(all, &one)
		}
	}
	for i := range d.Routes {
		all = append(all, &d.Routes[i])
	}
	return all
}

func withLink(hops []NextHop, link string) *[]NextHop {
	out := slices.Clone(hops)
	for i := range out {
		out[i].Dev = &link
	}
	return &out
}

// coexist tells whether the kernel keeps both of two routes in one slot: IPv6 does so with directly connected ones.
func coexist(a, b *Route) bool {
	return !a.To.Addr().Is4() && a.Via == nil && b.Via == nil && a.NextHops == nil && b.NextHops == nil &&
		a.Dev != nil && b.Dev != nil && *a.Dev != *b.Dev && a.Type == nil && b.Type == nil
}

// covers tells whether a route has all that is given here, which is what `state: absent` removes.
func (r *Route) covers(route kernel.Route) bool {
	if *r.To != route.To || route.Table != schema.TableMain && r.Table == nil {
		return false
	}
	have := binding().Read(&route)
	have.Metric, have.Table, have.Type, have.TOS, have.Scope = &route.Metric, &route.Table, &route.Type, &route.TOS,
		&route.Scope
	if have.Source == nil {
		have.Source = &netip.Addr{}
	}
	for _, option := range binding().Table() {
		if option.Name != "family" && option.IsSet(r) && !option.Equal(r, have) {
			return false
		}
	}
	return true
}

// Covers tells whether `state: absent` of this route stands for another declared one; dev is the link that the other is
// declared on, "" if it is declared by itself.
func (r *Route) Covers(other *Route, dev string) bool {
	if r.To == nil || other.To == nil || !r.To.IsValid() || !other.To.IsValid() {
		return false
	}
	declared := *other
	if dev != "" && declared.NextHops == nil {
		declared.Dev = &dev
	}
	have := fresh(&declared)
	// Which link a route leaves by is only told by one that names it.
	if declared.Dev == nil && declared.NextHops == nil && r.Dev != nil {
		only(&have).Link = *r.Dev
	}
	return r.covers(have)
}

// Same tells whether two routes are the same one to the kernel, however each is written; dev is the link that those are
// declared on which name none.
func (r *Route) Same(other *Route, dev string) bool {
	reported := func(declared Route) *Route {
		if declared.Dev == nil && declared.NextHops == nil && leadsSomewhere(&declared) {
			declared.Dev = &dev
		}
		route := fresh(&declared)
		return binding().Read(&route)
	}
	one, two := reported(*r), reported(*other)
	for _, option := range binding().Table() {
		if option.IsSet(one) != option.IsSet(two) || option.IsSet(one) && !option.Equal(one, two) {
			return false
		}
	}
	return true
}
