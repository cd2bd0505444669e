//go:build netns

package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// TestRoutesWithinAScope reads narrow lists of routes, and compares them with what iproute2 lists and with the same
// part of the list of all.
func TestRoutesWithinAScope(t *testing.T) {
	l := newLab(t)
	for _, route := range []string{
		"10.1.0.0/16 via 10.0.0.2 proto static", "10.1.0.0/16 via 10.0.0.3 proto bird metric 32",
		"10.2.0.0/16 via 10.0.1.2 proto bird",
		"10.3.0.0/16 dev l1 proto dhcp", "10.4.0.0/16 proto zebra nexthop via 10.0.0.2 nexthop via 10.0.1.2",
		"10.5.0.0/16 via 10.0.1.9 proto boot",
		"10.6.0.0/16 via 10.0.0.2 proto bird src 10.0.1.1", "blackhole 10.7.0.0/16 proto static",
		"10.8.0.0/16 via 10.0.1.2 table 100 proto bird",
		"10.9.0.0/16 via 10.0.0.2 proto bird", "10.9.0.0/16 via 10.0.1.2 proto static", "10.9.1.0/24 via 10.0.0.2 proto bird",
		"fd01::/32 via fd00:0::2 proto static", "fd02::/32 via fd00:1::2 proto bird", "fd04::/32 dev l1 proto ospf",
	} {
		verb := "append"
		if strings.HasPrefix(route, "fd") {
			verb = "add"
		}
		l.IP(t, append([]string{"route", verb}, strings.Fields(route)...)...)
	}
	all, err := l.handle.Routes()
	if err != nil {
		t.Fatal(err)
	}
	to := func(table uint32, prefixes ...string) (out []kernel.Destination) {
		for _, prefix := range prefixes {
			out = append(out, kernel.Destination{To: netip.MustParsePrefix(prefix), Table: table})
		}
		return out
	}
	for name, c := range map[string]struct {
		scope   kernel.RouteScope
		witness []string
	}{
		"nothing":                    {kernel.RouteScope{}, nil},
		"administrators":             {kernel.RouteScope{Protocols: administrators}, []string{"proto static", "proto boot"}},
		"a daemon's":                 {kernel.RouteScope{Protocols: []uint8{unix.RTPROT_BIRD}}, []string{"proto bird"}},
		"a link":                     {kernel.RouteScope{Links: []string{"l1"}}, []string{"dev l1"}},
		"two links":                  {kernel.RouteScope{Links: []string{"l1", "l0"}}, nil},
		"links that are missing":     {kernel.RouteScope{Links: []string{"l9", "l1"}}, []string{"dev l1"}},
		"more than narrow lists pay": {kernel.RouteScope{Links: []string{"l0", "l1", "lo"}, Protocols: administrators}, nil},
		"a place that is free": {
			kernel.RouteScope{Destinations: to(schema.TableMain, "10.99.0.0/16"), Protocols: administrators}, nil},
		"a place that a daemon has": {
			kernel.RouteScope{Destinations: to(schema.TableMain, "10.2.0.0/16"), Protocols: administrators}, nil},
		"a place below another": {
			kernel.RouteScope{Destinations: to(schema.TableMain, "10.9.0.0/16"), Protocols: administrators}, nil},
		"a place in another table": {kernel.RouteScope{Destinations: to(100, "10.8.0.0/16")}, nil},
		"a place of IPv6": {
			kernel.RouteScope{Destinations: to(schema.TableMain, "fd02::/32"), Protocols: administrators}, nil},
		"a network": {kernel.RouteScope{Into: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/20")}},
			[]string{"root 10.9.0.0/16"}},
		"a source": {kernel.RouteScope{Sources: []netip.Addr{netip.MustParseAddr("10.0.1.1")}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := l.handle.RoutesWithin(c.scope)
			if err != nil {
				t.Fatal(err)
			}
			is4 := func(r kernel.Route) bool { return r.To.Addr().Is4() }
			want := slices.DeleteFunc(slices.Clone(all), func(r kernel.Route) bool { return !c.scope.Has(&r) })
			if len(c.scope.Links) == 0 && len(c.scope.Sources) == 0 && len(c.scope.Destinations)+len(c.scope.Into) > 0 {
				// Only the family that the scope is about is read.
				want = slices.DeleteFunc(want, func(r kernel.Route) bool {
					return !slices.ContainsFunc(c.scope.Destinations,
						func(d kernel.Destination) bool { return d.To.Addr().Is4() == is4(r) }) && len(c.scope.Into) == 0
				})
			}
			if missing := difference(want, got); len(missing) > 0 {
				t.Errorf("missing: %v", missing)
			}
			if more := difference(got, want); len(more) > 0 {
				t.Errorf("not asked for: %v", more)
			}
			if c.witness == nil {
				return
			}
			count := 0
			for _, filter := range c.witness {
				for _, family := range []string{"-4", "-6"} {
					if family == "-6" && strings.HasPrefix(filter, "root") {
						continue
					}
					arguments := []string{family, "-o", "route", "show", "table", "all"}
					// iproute2 leaves routes with several ways out away when it is asked for a link.
					byLink := strings.HasPrefix(filter, "dev")
					if !byLink {
						arguments = append(arguments, strings.Fields(filter)...)
					}
					for line := range strings.Lines(l.IP(t, arguments...)) {
						if !strings.Contains(line, "table local") && (!byLink || strings.Contains(line, filter)) {
							count++
						}
					}
				}
			}
			if count != len(got) {
				t.Errorf("%d routes, iproute2 lists %d for %v: %v", len(got), count, c.witness, got)
			}
		})
	}
}

// difference is what the one list has and the other has not.
func difference(one, other []kernel.Route) []string {
	have := map[string]int{}
	for _, route := range other {
		have[fmt.Sprint(route)]++
	}
	var out []string
	for _, route := range one {
		if have[fmt.Sprint(route)]--; have[fmt.Sprint(route)] < 0 {
			out = append(out, describe(route))
		}
	}
	return out
}

// TestRoutesOfDaemonsInADeclaredPlace: a routing daemon's route in the place of a declared one is found, however little
// is read, and is replaced as before.
func TestRoutesOfDaemonsInADeclaredPlace(t *testing.T) {
	l := newLab(t)
	l.IP(t, "route", "add", "10.2.0.0/16", "via", "10.0.0.9", "proto", "bird")
	l.IP(t, "route", "add", "10.3.0.0/16", "via", "10.0.0.9", "proto", "bird")
	prefix, via, dev := netip.MustParsePrefix("10.2.0.0/16"), netip.MustParseAddr("10.0.0.2"), "l0"
	declared := Declaration{Routes: []Route{{To: &prefix, Via: &via, Dev: &dev}}}
	scope := ScopeOf(declared, plan.LinkEffects{}, plan.Addressing{})
	state, err := ObserveWithin(l.handle, scope)
	if err != nil {
		t.Fatal(err)
	}
	found, err := Plan(l.handle, state, declared, plan.LinkEffects{}, l.addressing(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Steps) != 1 || found.Steps[0].Action != "change" {
		t.Fatalf("steps %v, want one that changes the route", found.Steps)
	}
	if err := plan.Run(found.Steps, nil); err != nil {
		t.Fatal(err)
	}
	if shown := l.IP(t, "route", "show", "10.2.0.0/16"); strings.Count(shown, "\n") != 1 ||
		!strings.Contains(shown, "via 10.0.0.2 dev l0 proto static") {
		t.Errorf("iproute2 shows %q", shown)
	}
}
