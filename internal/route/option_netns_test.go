//go:build netns

package route

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryOption(t *testing.T) {
	metric := func(key string) func(map[string]any) any {
		return func(route map[string]any) any {
			metrics, _ := route["metrics"].([]any)
			if len(metrics) == 0 {
				return nil
			}
			return metrics[0].(map[string]any)[key]
		}
	}
	plain := func(key string) func(map[string]any) any {
		return func(route map[string]any) any { return route[key] }
	}
	flags := func(route map[string]any) any { return jsonText(route["flags"]) }
	hops := func(route map[string]any) any {
		var out []string
		list, _ := route["nexthops"].([]any)
		for _, hop := range list {
			h := hop.(map[string]any)
			out = append(out, jsonText(h["gateway"])+jsonText(h["dev"])+jsonText(h["weight"]))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	// Each row is set, changed and reset in a route to 10.9.0.0/16 or fd09::/32 through l0; want is what iproute2 shows.
	rows := []struct {
		name                string
		family              string
		set, changed, reset string
		show                func(map[string]any) any
		want                [3]any
	}{
		{"via", "-4", `"via": "10.0.0.2"`, `"via": "10.0.0.3"`, `"scope": "link"`, plain("gateway"),
			[3]any{"10.0.0.2", "10.0.0.3", nil}},
		{"via", "-6", `"via": "fd00:0::2"`, `"via": "fe80::3"`, `"mtu": 0`, plain("gateway"),
			[3]any{"fd00::2", "fe80::3", nil}},
		{"via of the other family", "-4", `"via": "fe80::2", "family": "inet"`, `"via": "fd00::3", "family": "inet"`,
			`"via": "10.0.0.2"`,
			func(route map[string]any) any { return jsonText(route["via"]) },
			[3]any{`{"family":"inet6","host":"fe80::2"}`, `{"family":"inet6","host":"fd00::3"}`, "null"}},
		{"onlink", "-4", `"via": "10.7.0.2", "onlink": true`, `"via": "10.7.0.3", "onlink": "yes"`,
			`"via": "10.0.0.2", "onlink": false`,
			flags, [3]any{`["onlink"]`, `["onlink"]`, `[]`}},
		{"onlink", "-6", `"via": "fd07::2", "onlink": true`, `"via": "fd07::3", "onlink": true`,
			`"via": "fd00::2", "onlink": false`,
			flags, [3]any{`["onlink"]`, `["onlink"]`, `[]`}},
		{"nexthops", "-4", `"nexthops": ["10.0.0.2", {"via": "10.0.0.3", "weight": 5}]`,
			`"nexthops": ["10.0.0.2", {"via": "10.0.0.4", "weight": 6}]`,
			`"via": "10.0.0.2"`, hops, [3]any{`"10.0.0.2""l0"1 "10.0.0.3""l0"5`, `"10.0.0.2""l0"1 "10.0.0.4""l0"6`, ""}},
		{"nexthops", "-6", `"nexthops": ["fd00::2", {"via": "fd00::3", "weight": 5}]`,
			`"nexthops": ["fd00::2", {"via": "fd00::4", "weight": 6}]`,
			`"via": "fd00::2"`, hops, [3]any{`"fd00::2""l0"1 "fd00::3""l0"5`, `"fd00::2""l0"1 "fd00::4""l0"6`, ""}},
		{"metric", "-4", `"metric": 5`, `"metric": 6`, `"metric": 0`, plain("metric"), [3]any{5., 6., nil}},
		{"metric", "-6", `"metric": 5`, `"metric": 6`, `"metric": 0`, plain("metric"), [3]any{5., 6., 1024.}},
		{"src", "-4", `"src": "10.0.0.1"`, `"src": "10.0.1.1"`, `"src": "none"`, plain("prefsrc"),
			[3]any{"10.0.0.1", "10.0.1.1", nil}},
		{"src", "-6", `"src": "fd00::1"`, `"src": "fd00:1::1"`, `"src": "none"`, plain("prefsrc"),
			[3]any{"fd00::1", "fd00:1::1", nil}},
		{"scope", "-4", `"scope": "global"`, `"scope": "host"`, `"scope": "link"`, plain("scope"),
			[3]any{"global", "host", "link"}},
		{"tos", "-4", `"tos": 16`, `"tos": 8`, `"tos": 0`, plain("tos"), [3]any{"0x10", "0x08", nil}},
		{"pref", "-6", `"via": "fd00::2", "pref": "high"`, `"via": "fd00::2", "pref": "low"`,
			`"via": "fd00::2", "pref": "medium"`, plain("pref"),
			[3]any{"high", "low", "medium"}},
		{"mtu", "-4", `"mtu": 1400`, `"mtu": 1300`, `"mtu": 0`, metric("mtu"), [3]any{1400., 1300., nil}},
		{"mtu", "-6", `"mtu": 1400`, `"mtu": 1300`, `"mtu": 0`, metric("mtu"), [3]any{1400., 1300., nil}},
		{"advmss", "-4", `"advmss": 1400`, `"advmss": 1300`, `"advmss": 0`, metric("advmss"), [3]any{1400., 1300., nil}},
		{"window", "-4", `"window": 1400`, `"window": 1300`, `"window": 0`, metric("window"), [3]any{1400., 1300., nil}},
		{"hoplimit", "-6", `"hoplimit": 40`, `"hoplimit": 30`, `"hoplimit": 0`, metric("hoplimit"), [3]any{40., 30., nil}},
		{"initcwnd", "-4", `"initcwnd": 40`, `"initcwnd": 30`, `"initcwnd": 0`, metric("initcwnd"), [3]any{40., 30., nil}},
		{"initrwnd", "-4", `"initrwnd": 40`, `"initrwnd": 30`, `"initrwnd": 0`, metric("initrwnd"), [3]any{40., 30., nil}},
		{"rto_min", "-4", `"rto_min": 40`, `"rto_min": 30`, `"rto_min": 0`, metric("rto_min"), [3]any{40., 30., nil}},
		{"quickack", "-4", `"quickack": true`, `"quickack": true`, `"quickack": false`, metric("quickack"),
			[3]any{1., 1., nil}},
		{"fastopen_no_cookie", "-4", `"fastopen_no_cookie": true`, `"fastopen_no_cookie": true`,
			`"fastopen_no_cookie": false`,
			metric("fastopen_no_cookie"), [3]any{1., 1., nil}},
		{"congctl", "-4", `"congctl": "cubic"`, `"congctl": "reno"`, `"congctl": "cubic"`, metric("congestion"),
			[3]any{"cubic", "reno", "cubic"}},
	}
	for _, row := range rows {
		t.Run(row.name+row.family, func(t *testing.T) {
			l := newLab(t)
			to := map[string]string{"-4": "10.9.0.0/16", "-6": "fd09::/32"}[row.family]
			for i, value := range []string{row.set, row.changed, row.reset} {
				steps := l.apply(t, `{"l0": [{"to": "`+to+`", `+value+`}]}`)
				route := l.one(t, row.family, to, "main")
				if diff := cmp.Diff(row.want[i], row.show(route)); diff != "" {
					t.Errorf("after %s: %s\n%v\n%s", value, diff, route, steps)
				}
				if route["protocol"] != "static" {
					t.Errorf("protocol %v, want static", route["protocol"])
				}
			}
			l.apply(t, `{"l0": []}`)
			if left := l.witness(t); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
		})
	}
}
