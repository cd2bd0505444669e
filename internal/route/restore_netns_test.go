//go:build netns

package route

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/plan"
)

// routesOfAllSorts stand on l0 alone, on both links, and on none.
var routesOfAllSorts = [][]string{
	{"-4", "169.254.9.1 dev l0 scope link"},
	{"-4", "default via 169.254.9.1 dev l0 proto dhcp metric 50"},
	{"-4", "default via 10.0.0.2 proto bird metric 7 src 10.0.0.1 mtu 1400 initcwnd 20"},
	{"-4", "10.5.0.0/16 proto static nexthop via 10.0.0.2 weight 3 nexthop via 10.0.1.2"},
	{"-4", "10.6.0.0/16 via 10.66.0.1 dev l0 onlink table 66 tos 8"},
	{"-4", "10.7.0.0/16 via 10.0.1.2 src 10.0.0.1"},
	{"-4", "10.8.0.0/16 via inet6 fe80::7 dev l0 realms 3/4"},
	{"-4", "blackhole 10.9.0.0/16"},
	{"-6", "default via fe80::2 dev l0 proto dhcp metric 9 pref high"},
	{"-6", "fd05::/32 nexthop via fd00::2 weight 3 nexthop via fd00:1::2"},
	{"-6", "fd06::/32 dev l0 proto static expires 500 mtu 1300"},
	{"-6", "fd07::/32 via fd00:1::2 src fd00::1"},
	{"-6", "unreachable fd08::/32"},
}

func (l *lab) addAllSorts(t *testing.T) {
	t.Helper()
	for _, route := range routesOfAllSorts {
		l.IP(t, append([]string{route[0], "route", "add"}, strings.Fields(route[1])...)...)
	}
}

// still takes out what ticks.
func still(routes []string) []string {
	for i, route := range routes {
		if before, after, found := strings.Cut(route, `"expires":`); found {
			_, after, _ = strings.Cut(after, ",")
			routes[i] = before + after
		}
	}
	return routes
}

func TestRoutesArePutBack(t *testing.T) {
	for _, loss := range []plan.Impact{plan.Flapped, plan.Recreated} {
		t.Run([]string{"kept", "bounced", "recreated"}[loss], func(t *testing.T) {
			l := newLab(t)
			l.addAllSorts(t)
			before, state := still(l.witness(t)), l.observe(t)
			told := l.addressing(t)
			told.Interrupted = map[netip.Addr]bool{netip.MustParseAddr("fd00::1"): true}
			if loss == plan.Flapped {
				l.IP(t, "link", "set", "l0", "down")
			} else {
				told.Interrupted[netip.MustParseAddr("10.0.0.1")] = true
				l.IP(t, "link", "delete", "l0")
				l.IP(t, "link", "add", "name", "l0", "type", "veth", "peer", "name", "p0")
				l.IP(t, "link", "set", "p0", "up")
				l.IP(t, "address", "add", "10.0.0.1/24", "dev", "l0")
			}
			l.IP(t, "link", "set", "l0", "up")
			l.IP(t, "address", "add", "fd00::1/64", "dev", "l0", "nodad")
			l.open(t)
			steps := l.run(t, func() (*Result, error) {
				return Plan(l.handle, state, Declaration{}, plan.LinkEffects{Impacts: map[string]plan.Impact{"l0": loss}}, told)
			})
			if diff := cmp.Diff(before, still(l.witness(t))); diff != "" {
				t.Errorf("not as before:\n%s\n%s", diff, steps)
			}
		})
	}
}

func TestRoutesMoveToTheController(t *testing.T) {
	for _, managed := range []bool{false, true} {
		t.Run(map[bool]string{false: "unmanaged", true: "managed"}[managed], func(t *testing.T) {
			l := newLab(t)
			l.IP(t, "route", "add", "10.0.0.254", "dev", "l0", "src", "10.0.0.1", "proto", "dhcp", "scope", "link")
			l.IP(t, "route", "add", "default", "via", "10.0.0.254", "proto", "dhcp", "metric", "100", "mtu", "1400", "src",
				"10.0.0.1")
			l.IP(t, "-6", "route", "add", "default", "via", "fe80::2", "dev", "l0")
			l.IP(t, "route", "add", "10.9.0.0/16", "dev", "l0")
			l.IP(t, "link", "add", "name", "br0", "type", "bridge")
			l.IP(t, "link", "set", "br0", "up")
			told := l.addressing(t)
			state := l.observe(t)
			l.IP(t, "link", "set", "l0", "master", "br0")
			l.IP(t, "address", "add", "10.0.0.1/24", "dev", "br0")
			l.IP(t, "address", "add", "fd00::1/64", "dev", "br0", "nodad")
			told.Networks["br0"], told.Networks["l0"] = told.Networks["l0"], nil
			told.Moves = []plan.Move{
				{From: "l0", To: "br0", Address: netip.MustParseAddr("10.0.0.1"), Network: netip.MustParsePrefix("10.0.0.0/24")},
				{From: "l0", To: "br0", Address: netip.MustParseAddr("fd00::1"), Network: netip.MustParsePrefix("fd00::/64")},
			}
			declared := Declaration{}
			if managed {
				declared = declare(t, `{"br0": [{"to": "default", "via": "10.0.0.253"}]}`)
			}
			ground := plan.LinkEffects{Joins: map[string]string{"l0": "br0"}}
			result, err := Plan(l.handle, state, declared, ground, told)
			if err != nil {
				t.Fatal(err)
			}
			l.run(t, func() (*Result, error) { return result, nil })
			if len(result.Warnings) != 1 || !strings.Contains(result.Warnings[0], "route 10.9.0.0/16 dev l0 is of no use") {
				t.Errorf("warnings %q, want one about 10.9.0.0/16", result.Warnings)
			}
			got := l.IP(t, "route") + l.IP(t, "-6", "route")
			wanted := []string{
				"10.0.0.254 dev br0 proto dhcp scope link src 10.0.0.1",
				"default via 10.0.0.254 dev br0 proto dhcp src 10.0.0.1 metric 100 mtu 1400",
				"default via fe80::2 dev br0 metric 1024",
			}
			if managed {
				wanted = []string{"default via 10.0.0.253 dev br0 proto static"}
			}
			for _, want := range wanted {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s\nafter\n%s", want, got, show(result.Steps))
				}
			}
			if strings.Contains(got, "default via 10.0.0.254 dev l0") || (managed && strings.Contains(got, "10.0.0.254")) {
				t.Errorf("a route stays behind:\n%s\nafter\n%s", got, show(result.Steps))
			}
		})
	}
}

// TestRestoreBringsBackEverything changes routes at random and puts them back.
func TestRestoreBringsBackEverything(t *testing.T) {
	l := newLab(t)
	random := rand.New(rand.NewPCG(1, 2))
	pool := append(slices.Clone(routesOfAllSorts), [][]string{
		{"-4", "default via 10.0.1.2 proto bird metric 7"}, {"-4", "10.5.0.0/16 via 10.0.0.9"}, {"-4", "10.9.0.0/16 dev l1"},
		{"-6", "fd05::/32 via fd00::9"}, {"-6", "fd06::/32 dev l1"}, {"-6", "fd08::/32 via fd00::9"},
		{"-6", "fd07::/32 dev l1"},
	}...)
	scramble := func() {
		for _, family := range []string{"-4", "-6"} {
			for _, protocol := range []string{"boot", "static", "dhcp", "bird"} {
				_, _ = l.Try("ip", family, "route", "flush", "table", "all", "proto", protocol)
			}
		}
		l.IP(t, "route", "add", "169.254.9.1", "dev", "l0", "scope", "link")
		for _, i := range random.Perm(len(pool))[:random.IntN(len(pool)+1)] {
			// some exclude each other
			_, _ = l.Try("ip", append([]string{pool[i][0], "route", "add"}, strings.Fields(pool[i][1])...)...)
		}
	}
	for range 30 {
		scramble()
		before, checkpoint := still(l.witness(t)), l.observe(t)
		scramble()
		// Whatever a daemon has added meanwhile stays; here, none has.
		for _, family := range []string{"-4", "-6"} {
			for _, protocol := range []string{"dhcp", "bird"} {
				_, _ = l.Try("ip", family, "route", "flush", "table", "all", "proto", protocol)
			}
		}
		_, _ = l.Try("ip", "-6", "route", "del", "fd06::/32", "dev", "l0") // its lifetime makes it a foreign one
		_, _ = l.Try("ip", "route", "del", "10.8.0.0/16")                  // so do its realms
		steps := l.run(t, func() (*Result, error) {
			return Restore(l.handle, l.observe(t), checkpoint, plan.LinkEffects{}, l.addressing(t)), nil
		})
		if diff := cmp.Diff(before, still(l.witness(t))); diff != "" {
			t.Fatalf("not as before:\n%s\n%s", diff, steps)
		}
	}
}
