//go:build netns

package task_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hostnet.linux/internal/netnstest"
)

// has tells whether the namespace has a link, by ip.
func (m *machine) has(name string) bool {
	m.Helper()
	_, err := m.ns.Try("ip", "link", "show", "dev", name)
	return err == nil
}

// TestStates: what becomes of objects and options that earlier tasks declared, and that a second run is silent.
func TestStates(t *testing.T) {
	t.Parallel()
	declared :=
		`{"bridges": [{"name": "br-a", "mtu": 1400, "ageing_time": 100}, {"name": "br-b"}], "routes": [{"to": "198.51.100.0/24", "type": "blackhole"}]}`
	for _, one := range []struct {
		name, text string
		links      string // that are there
		kept       string // in br-a's file
		route      bool
	}{
		{"merged", `{"state": "merged", "bridges": [{"name": "br-a", "forward_delay": 0}]}`, "br-a br-b",
			"mtu ageing_time forward_delay", true},
		{"left out", `{"bridges": [{"name": "br-a", "forward_delay": 0}]}`, "br-a br-b", "mtu ageing_time forward_delay",
			true},
		{"replaced", `{"state": "replaced", "bridges": [{"name": "br-a", "forward_delay": 0}]}`, "br-a br-b", "forward_delay",
			true},
		{"overridden", `{"state": "overridden", "bridges": [{"name": "br-a", "forward_delay": 0}]}`, "br-a", "forward_delay",
			false},
		{"deleted, one", `{"state": "deleted", "bridges": [{"name": "br-b", "mtu": 1300}]}`, "br-a", "mtu ageing_time", true},
		{"deleted, by its name alone", `{"state": "deleted", "bridges": {"name": "br-b"}}`, "br-a", "mtu ageing_time", true},
		{"deleted, a route", `{"state": "deleted", "routes": [{"to": "198.51.100.0/24", "type": "blackhole"}]}`, "br-a br-b",
			"mtu ageing_time", false},
		{"deleted, all", `{"state": "deleted"}`, "", "", false},
		{"objects have states beside it", `{"state": "merged", "bridges": [{"name": "br-b", "state": "absent"}]}`, "br-a",
			"mtu ageing_time", true},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.declare("network", declared)
			m.ns.IP(t, "link", "add", "by-hand", "type", "bridge")
			m.declare("network", one.text)
			for _, name := range []string{"br-a", "br-b"} {
				if wanted := strings.Contains(one.links, name); m.has(name) != wanted {
					t.Errorf("%s is there: %t", name, !wanted)
				}
			}
			if !m.has("by-hand") {
				t.Error("what others made is gone")
			}
			if found := strings.Contains(m.ns.IP(t, "route", "show", "type", "blackhole"),
				"198.51.100.0/24"); found != one.route {
				t.Errorf("the route is there: %t", found)
			}
			if one.kept == "" {
				return
			}
			kept := m.file("/etc/hostnet/bridges/br-a.yml")
			for _, option := range []string{"mtu", "ageing_time", "forward_delay"} {
				if wanted := strings.Contains(one.kept, option); strings.Contains(kept, option+":") != wanted {
					t.Errorf("%s is kept: %t:\n%s", option, !wanted, kept)
				}
			}
		})
	}
}

// TestGathered: what is gathered is what network_info returns, and declaring it changes nothing.
func TestGathered(t *testing.T) {
	t.Parallel()
	ns := netnstest.New(t)
	ns.IP(t, "link", "add", "eth0", "type", "veth", "peer", "name", "far0")
	ns.IP(t, "link", "add", "br0", "type", "bridge", "forward_delay", "200")
	ns.IP(t, "link", "set", "eth0", "master", "br0")
	ns.IP(t, "address", "add", "192.0.2.1/24", "dev", "br0")
	ns.IP(t, "link", "set", "br0", "up")
	netns := fmt.Sprintf("%q", ns.Names(t)[0])
	for _, check := range []string{"false", "true"} {
		result := callNetwork(t, `{"state": "gathered", "netns": `+netns+`, "_ansible_check_mode": `+check+`}`)
		if result.Err != nil || result.Changed {
			t.Fatalf("changed %t, %v", result.Changed, result.Err)
		}
		config, err := json.Marshal(result.Values.Get("gathered"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`"name":"br0"`, `"ports":["eth0"]`, `"192.0.2.1/24"`} {
			if !strings.Contains(string(config), part) {
				t.Errorf("%s is missing in %s", part, config)
			}
		}
		again := callNetwork(t, `{"netns": `+netns+`, "config": `+string(config)+`}`)
		if again.Err != nil || again.Changed {
			t.Errorf("declared as it was gathered: changed %t, %v: %s", again.Changed, again.Err, actionsOf(again))
		}
	}
}
