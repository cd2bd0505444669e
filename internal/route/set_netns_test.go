//go:build netns

package route

import (
	"strings"
	"testing"

	"hostnet.linux/internal/plan"
)

func TestTypesAndTables(t *testing.T) {
	l := newLab(t)
	for _, kind := range []string{"blackhole", "unreachable", "prohibit", "throw"} {
		for _, c := range [][2]string{{"-4", "10.9.0.0/16"}, {"-6", "fd09::/32"}} {
			steps := l.apply(t, `{"": [{"to": "`+c[1]+`", "type": "`+kind+`", "table": 100}]}`)
			if route := l.one(t, c[0], c[1], "100"); route["type"] != kind {
				t.Errorf("route %v, want type %s, after\n%s", route, kind, steps)
			}
		}
	}
	l.apply(t,
		`{"": [{"to": "10.9.0.0/16", "table": 100, "via": "10.0.0.2"}, {"to": "default", "table": 4000000000, "dev": "l1", "family": "inet6"},
		{"to": "10.8.0.0/16", "type": "local", "dev": "lo", "table": "local"}]}`)
	if route := l.one(t, "-4", "10.9.0.0/16", "100"); route["gateway"] != "10.0.0.2" || route["dev"] != "l0" {
		t.Errorf("route %v, want a gateway on l0", route)
	}
	if route := l.one(t, "-6", "default", "4000000000"); route["dev"] != "l1" {
		t.Errorf("route %v, want dev l1", route)
	}
	if route := l.one(t, "-4", "10.8.0.0/16", "local"); route["type"] != "local" {
		t.Errorf("route %v, want type local", route)
	}
	l.apply(t,
		`{"": [{"to": "10.9.0.0/16", "table": 100, "state": "absent"}, {"to": "fd09::/32", "table": 100, "state": "absent"},
		{"to": "default", "family": "inet6", "table": 4000000000, "state": "absent"}, {"to": "10.8.0.0/16", "table": "local", "state": "absent"}]}`)
	if left := l.witness(t); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestTheSetOfALinkIsExact(t *testing.T) {
	l := newLab(t)
	l.IP(t, "route", "add", "10.1.0.0/16", "via", "10.0.0.2")
	l.IP(t, "route", "add", "10.2.0.0/16", "via", "10.0.0.2", "proto", "static", "table", "7")
	l.IP(t, "route", "add", "10.3.0.0/16", "via", "10.0.0.2", "proto", "bird")
	l.IP(t, "route", "add", "default", "via", "10.0.0.2", "proto", "dhcp", "metric", "100")
	l.IP(t, "route", "add", "10.4.0.0/16", "via", "10.0.1.2")
	l.IP(t, "route", "add", "10.5.0.0/16", "nexthop", "via", "10.0.0.2", "nexthop", "via", "10.0.1.2")
	l.IP(t, "route", "add", "blackhole", "10.6.0.0/16")
	l.IP(t, "-6", "route", "add", "fd01::/32", "via", "fd00::2")
	l.IP(t, "-6", "route", "add", "default", "via", "fe80::2", "dev", "l0", "proto", "ra", "expires", "600")
	l.apply(t, `{"l0": [{"to": "default", "via": "10.0.0.2"}, {"to": "10.1.0.0/16", "via": "10.0.0.2", "metric": 3}]}`)
	got := l.IP(t, "route") + l.IP(t, "route", "show", "table", "7") + l.IP(t, "-6", "route", "show", "default") +
		l.IP(t, "-6", "route", "show", "fd01::/32")
	for text, want := range map[string]bool{
		"default via 10.0.0.2 dev l0 proto static":                 true,
		"default via 10.0.0.2 dev l0 proto dhcp metric 100":        true,
		"10.1.0.0/16 via 10.0.0.2 dev l0 proto static metric 3":    true,
		"10.1.0.0/16 via 10.0.0.2 dev l0 \n":                       false,
		"10.2.0.0/16":                                              false,
		"10.3.0.0/16 via 10.0.0.2 dev l0 proto bird":               true,
		"10.4.0.0/16 via 10.0.1.2 dev l1":                          true,
		"10.5.0.0/16":                                              true,
		"blackhole 10.6.0.0/16":                                    true,
		"fd01::/32":                                                false,
		"default via fe80::2 dev l0 proto ra metric 1024 expires ": true,
	} {
		if strings.Contains(got, text) != want {
			t.Errorf("%q is there: %v, want %v, in\n%s", text, !want, want, got)
		}
	}
}

func TestExportFeedsBackSilently(t *testing.T) {
	l := newLab(t)
	for _, route := range []string{
		"default via 10.0.0.2", "default via 10.0.1.2 metric 5", "10.1.0.0/16 dev l0 scope link src 10.0.0.1 mtu lock 1400",
		"10.5.0.0/16 nexthop via 10.0.0.2 weight 3 nexthop via 10.0.1.2", "blackhole 10.6.0.0/16 table 9",
		"10.7.0.0/16 via inet6 fe80::1 dev l0",
		"10.8.0.0/16 via 10.77.0.1 dev l0 onlink", "local 10.9.0.0/16 dev lo table 12", "10.10.0.1 dev l0 tos 8",
	} {
		l.IP(t, append([]string{"route", "add"}, strings.Fields(route)...)...)
	}
	l.IP(t, "route", "append", "default", "via", "10.0.0.3") // shadowed: the kernel uses the first
	for _, route := range []string{
		"default dev l0", "default via fe80::1 dev l0 metric 3",
		"fd05::/32 nexthop via fd00::2 weight 3 nexthop via fd00:1::2", "unreachable fd06::/32",
		"fd07::/32 dev l0", "fd08::/32 via fd00::2 pref high hoplimit 7",
	} {
		l.IP(t, append([]string{"-6", "route", "add"}, strings.Fields(route)...)...)
	}
	l.IP(t, "-6", "route", "append", "fd07::/32", "dev", "l1")
	exported := l.observe(t).Declared()
	back := map[string]any{"": []any{}}
	for link, routes := range exported.Links {
		back[link] = List().Format(routes)
	}
	var others []any
	for i := range exported.Routes {
		others = append(others, Options().Export(&exported.Routes[i]))
	}
	back[""] = others
	declared := declare(t, jsonText(back))
	result, err := Plan(l.handle, l.observe(t), declared, plan.LinkEffects{}, l.addressing(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Steps) > 0 {
		t.Errorf("what was exported is not what is there:\n%s\n%s", show(result.Steps), jsonText(back))
	}
}

// TestRoutesChangeInPlace: a change in one step leaves no gap for a packet to meet.
func TestRoutesChangeInPlace(t *testing.T) {
	l := newLab(t)
	l.apply(t, `{"l0": [{"to": "10.9.0.0/16", "via": "10.0.0.2"}, {"to": "fd09::/32", "via": "fd00::2"}]}`)
	for _, text := range []string{
		`{"l0": [{"to": "10.9.0.0/16", "via": "10.0.0.3"}, {"to": "fd09::/32", "via": "fd00::3"}]}`,
		`{"l0": [{"to": "10.9.0.0/16", "via": "10.0.0.3", "mtu": 1300}, {"to": "fd09::/32", "via": "fd00::3", "mtu": 1300}]}`,
		`{"l0": [{"to": "10.9.0.0/16", "nexthops": ["10.0.0.3", "10.0.0.4"]}, {"to": "fd09::/32", "nexthops": ["fd00::3", "fd00::4"]}]}`,
		`{"l0": [{"to": "10.9.0.0/16", "via": "10.0.0.5"}, {"to": "fd09::/32", "via": "fd00::5"}]}`,
	} {
		steps := l.apply(t, text)
		if strings.Contains(steps, "add") || strings.Contains(steps, "remove") || strings.Count(steps, "change") != 2 {
			t.Errorf("not two changes in place:\n%s", steps)
		}
	}
}
