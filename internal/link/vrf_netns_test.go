//go:build netns

package link_test

import (
	"strings"
	"testing"

	"hostnet.linux/internal/link"
)

var vrfOptions = []option{
	{name: "table", place: data + "table", values: [][2]string{{"7", "7"}, {"4294967295", "4294967295"}, {"8", "8"}}},
}

func TestVRFOptions(t *testing.T) {
	complete(t, link.VRF, vrfOptions, append([]string{"ports"}, everywhere...)...)
	need(t, link.VRF)
	t.Parallel()
	try(t, link.VRF, `"name": "x0"`, "x0", vrfOptions)
}

// TestVRFPorts: links enter and leave with their addresses and routes, and a VRF with another table takes them along.
func TestVRFPorts(t *testing.T) {
	need(t, link.VRF)
	t.Parallel()
	l := newLab(t)
	both := `"interfaces": [
		{"name": "a0", "addresses": ["10.1.0.2/24", "2001:db8:1::2/64"], "routes": [%s]},
		{"name": "a1", "addresses": ["10.2.0.2/24", "2001:db8:2::2/64"], "routes": [{"to": "10.8.0.0/16", "via": "10.2.0.1"}]}]`
	task := func(routes, table, ports string) string {
		return `{"vrfs": [{"name": "blue", "table": ` + table + `, "ports": [` + ports + `]}], ` +
			strings.Replace(both, "%s", routes, 1) + "}"
	}
	route := func(table string) string {
		return `{"to": "default", "via": "10.1.0.1", "table": ` + table +
			`}, {"to": "2001:db8:9::/48", "via": "2001:db8:1::1", "table": ` + table + `}`
	}
	holds := func(table string, ports ...string) {
		t.Helper()
		for _, name := range []string{"a0", "a1"} {
			controller := "null"
			for _, port := range ports {
				if port == name {
					controller = `"blue"`
				}
			}
			if got := l.told(t, name, "master"); got != controller {
				t.Errorf("%s is a port of %s, want %s", name, got, controller)
			}
			number := map[string]string{"a0": "1", "a1": "2"}[name]
			text := l.IP(t, "address", "show", "dev", name)
			for _, address := range []string{"10." + number + ".0.2/24", "2001:db8:" + number + "::2/64"} {
				if !strings.Contains(text, address) {
					t.Errorf("%s lacks %s:\n%s", name, address, text)
				}
			}
		}
		if text := l.IP(t, "-4", "route", "show", "table", table); !strings.Contains(text, "default via 10.1.0.1 dev a0") {
			t.Errorf("table %s:\n%s", table, text)
		}
		if text := l.IP(t, "-6", "route", "show", "table", table); !strings.Contains(text,
			"2001:db8:9::/48 via 2001:db8:1::1 dev a0") {
			t.Errorf("table %s:\n%s", table, text)
		}
	}
	l.mustNetwork(t, task(route("7"), "7", `"a0"`))
	holds("7", "a0")
	l.mustNetwork(t, task(route("7"), "7", `"a0", {"name": "a1"}`))
	holds("7", "a0", "a1")
	l.mustNetwork(t, task(route("8"), "8", `"a1", "a0"`))
	holds("8", "a0", "a1")
	// A task about the table alone keeps the ports.
	l.must(t, link.VRF, `{"name": "blue", "table": 9}`)
	for _, name := range []string{"a0", "a1"} {
		if got := l.told(t, name, "master"); got != `"blue"` {
			t.Errorf("%s is a port of %s", name, got)
		}
	}
	l.mustNetwork(t, task(route("9"), "9", `"a0"`))
	holds("9", "a0")
	l.mustNetwork(t, `{"vrfs": [{"name": "blue", "state": "absent"}], `+
		strings.Replace(both, "%s", `{"to": "default", "via": "10.1.0.1"}, {"to": "2001:db8:9::/48", "via": "2001:db8:1::1"}`,
			1)+"}")
	holds("main")
}

// TestVRFProblems: what the kernel would refuse is told beforehand, with the option.
func TestVRFProblems(t *testing.T) {
	need(t, link.VRF)
	t.Parallel()
	l := newLab(t)
	l.must(t, link.VRF, `{"name": "blue", "table": 7}`)
	for arguments, want := range map[string]string{
		`{"vrfs": [{"name": "red"}]}`:                                      "vrfs[0].table: is required to make a VRF",
		`{"vrfs": [{"name": "red", "table": 0}]}`:                          "vrfs[0].table: ",
		`{"vrfs": [{"name": "red", "table": 8, "ports": ["blue"]}]}`:       "vrfs[0].ports[0]: blue is a VRF",
		`{"vrfs": [{"name": "red", "table": 8, "ports": ["lo", "none"]}]}`: "vrfs[0].ports[1]: there is no link none",
	} {
		before := l.Snapshot(t)
		if _, err := l.network(t, arguments); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", arguments, err)
		}
		if after := l.Snapshot(t); after != before {
			t.Errorf("%s: the host differs:\n%s\n%s", arguments, before, after)
		}
	}
}
