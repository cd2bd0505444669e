//go:build netns

package task_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestOneWayTakesThePlaceOfAnother: options that exclude each other are declared one after the other; the later ones
// count, and what is no longer declared is said.
func TestOneWayTakesThePlaceOfAnother(t *testing.T) {
	t.Parallel()
	m := &randomHost{machine: newMachine(t)}
	m.must("bridge", `{"name": "br-w", "addresses": ["192.0.2.1/24"]}`)
	for _, one := range []struct{ options, says, route string }{
		{`"nexthops": [{"via": "192.0.2.8"}]`, "", "via 192.0.2.8"},
		{`"via": "192.0.2.8"`, "nexthops is no longer declared", "via 192.0.2.8"},
		{`"nexthops": [{"via": "192.0.2.8"}, {"via": "192.0.2.7"}]`, "via is no longer declared", "nexthop via 192.0.2.7"},
		{`"dev": "br-w"`, "nexthops is no longer declared", "dev br-w"},
		{`"type": "unreachable"`, "dev is no longer declared", "unreachable"},
		{`"via": "192.0.2.9"`, "type is no longer declared", "via 192.0.2.9"},
	} {
		text := `{"to": "203.0.113.0/24", ` + one.options + `}`
		result := m.module("route", text)
		if said := strings.Join(result.Warnings, "\n"); result.Err != nil || !strings.Contains(said, one.says) {
			t.Errorf("%s: %v, warnings %q", text, result.Err, said)
		}
		if there := m.ns.IP(t, "route", "show", "203.0.113.0/24"); !strings.Contains(there, one.route) {
			t.Errorf("%s: %s", text, there)
		}
		m.must("route", text)
		m.clean()
	}
	// Where an option has a meaning and no room, nothing that was declared goes.
	m.must("bridge", `{"name": "br-x", "addresses": ["10.9.0.1/24", "fd09::1/64"]}`)
	m.refuse("bridge", `{"name": "br-x", "mtu": 1200}`, "fd09::1/64", "mtu", "1280")
}

// TestInfoOfRoutesFedBack: what network_info returns is taken, also where single routes say in full what it leaves out.
func TestInfoOfRoutesFedBack(t *testing.T) {
	t.Parallel()
	m := &randomHost{machine: newMachine(t)}
	m.must("bridge", `{"name": "br-w", "addresses": ["192.0.2.1/24", "fd00::1/64"]}`)
	m.must("route",
		`{"to": "203.0.113.0/24", "via": "192.0.2.9", "dev": "br-w", "table": "main", "metric": 0, "type": "unicast", "scope": "global"}`)
	m.must("route", `{"to": "203.0.114.0/24", "nexthops": [{"via": "192.0.2.8", "weight": 5}]}`)
	m.must("route", `{"to": "fd01::/64", "via": "fd00::9", "metric": 1024, "family": "inet6", "pref": "medium"}`)
	m.must("rule", `{"from": "0.0.0.0/0", "to": "all", "table": 100, "priority": 99, "ipproto": 0, "invert": false}`)
	gathered := callNetwork(t, fmt.Sprintf(`{"state": "gathered", "netns": %q}`, m.ns.Name))
	config, err := json.Marshal(gathered.Values.Get("gathered"))
	if err != nil || gathered.Err != nil {
		t.Fatal(err, gathered.Err)
	}
	m.must("network", string(config))
	m.clean()
}
