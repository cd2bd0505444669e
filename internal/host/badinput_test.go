package host

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"hostnet.linux/internal/kernel/fake"
	"hostnet.linux/internal/schema"
)

// TestBadInput declares what cannot be: every problem is named with its place, and the kernel is not written to.
func TestBadInput(t *testing.T) {
	for name, one := range map[string]struct {
		network  string
		problems []string
	}{
		"wrong types": {
			`{"bonds": "bond0", "vlans": [{"name": "v0", "id": "ten", "parent": "eth0"}], "bridges": [{"name": "br0", "stp": "maybe", "ports": {"a": 1}}]}`,
			[]string{"bonds[0]: must be a dictionary", "vlans[0].id: must be a whole number",
				"bridges[0].stp: must be a boolean", "bridges[0].ports[0]"},
		},
		"unknown options": {
			`{"bond": [], "bonds": [{"name": "bond0", "mimon": 100}], "bridges": [{"name": "br0", "ports": [{"name": "eth0", "csot": 1}]}]}`,
			[]string{`bond: unknown option "bond": did you mean "bonds"?`,
				`bonds[0].mimon: unknown option "mimon": did you mean "miimon"?`,
				`bridges[0].ports[0].csot: unknown option "csot": did you mean "cost"?`},
		},
		"out of range": {
			`{"bonds": [{"name": "bond0", "miimon": -1}], "vlans": [{"name": "v0", "parent": "eth0", "id": 4095}], "vxlans": [{"name": "x", "id": 16777216}], "bridges": [{"name": "br0", "priority": 65536}]}`,
			[]string{"bonds[0].miimon: must be from 0", "vlans[0].id: must be from 0 to 4094",
				"vxlans[0].id: must be from 0 to 16777215", "bridges[0].priority: must be from 0 to 65535"},
		},
		"times of the spanning tree": {
			`{"bridges": [{"name": "br0", "hello_time": 0.5, "max_age": 41}, {"name": "br1", "stp": true, "forward_delay": 0}, {"name": "br2", "stp": false, "forward_delay": 0}]}`,
			[]string{
				"bridges[0].hello_time: must be from 1 to 10 seconds", "bridges[0].max_age: must be from 6 to 40 seconds",
				"bridges[1].forward_delay: must be from 2 to 30 seconds with stp",
			},
		},
		"names": {
			`{"dummies": [{"name": "sixteen-bytes-xx"}, {"name": "a/b"}, {"name": ""}, {}]}`,
			[]string{"dummies[0].name", "is 16 bytes long", "dummies[1].name", "must not contain a slash", "dummies[2].name",
				`dummies[3]: option "name" is required`},
		},
		"duplicates": {
			`{"bridges": [{"name": "br0"}], "dummies": [{"name": "br0"}]}`,
			[]string{"name: br0 is declared twice"},
		},
		"a port of two": {
			`{"bonds": [{"name": "bond0", "ports": ["eth0"]}], "bridges": [{"name": "br0", "ports": ["eth0"]}]}`,
			[]string{"bridges[0].ports[0]: eth0 is a port of bond bond0 already"},
		},
		"a loop": {
			`{"vlans": [{"name": "v0", "parent": "br0", "id": 5}], "bridges": [{"name": "br0", "ports": ["v0"]}]}`,
			[]string{"v0", "br0"},
		},
		"a parent that is not there": {
			`{"vlans": [{"name": "v0", "parent": "eth7", "id": 5}], "bridges": [{"name": "br0", "ports": ["eth8"]}]}`,
			[]string{"vlans[0].parent", "eth7", "bridges[0].ports[0]", "eth8"},
		},
		"options outside of their mode": {
			`{"bonds": [{"name": "bond0", "mode": "active-backup", "lacp_rate": "fast"}, {"name": "bond1", "mode": "802.3ad", "primary": "eth0", "arp_interval": 100}]}`,
			[]string{"bonds[0].lacp_rate", "802.3ad", "bonds[1].primary", "bonds[1].arp_interval"},
		},
		"addresses": {
			`{"interfaces": [{"name": "eth0", "addresses": ["10.0.0.1", "10.0.0.1/33", "x/24"], "routes": [{"to": "10.0.0.1/24", "via": "10.0.0.300"}]}]}`,
			[]string{"interfaces[0].addresses[0]", "interfaces[0].addresses[1]", "interfaces[0].addresses[2]",
				"interfaces[0].routes[0].to", "interfaces[0].routes[0].via"},
		},
		"several kinds at once": {
			`{"bonds": [{"name": "bond0", "miimon": "often", "ports": ["eth0"]}, {"name": "bond1", "mode": "active-backup", "lacp_rate": "slow", "ports": ["eth0"]}],
			"dummies": [{"name": "bond1"}, {"name": "a/b", "mtu": 1}], "vlans": [{"name": "v0", "parent": "v0", "id": 5000}],
			"routes": [{"to": "10.0.0.0/8", "via": "192.0.2.1"}, {"to": "10.0.0.0/8", "via": "192.0.2.1"}]}`,
			[]string{"bonds[0].miimon: must be a whole number", "dummies[1].name", "dummies[1].mtu: must be from 68",
				"vlans[0].id: must be from 0", "vlans[0].parent: v0 cannot stand on itself",
				"bonds[1].name: bond1 is declared twice", "bonds[1].ports[0]: eth0 is a port of bond bond0 already",
				"bonds[1].lacp_rate: has no meaning in mode active-backup", "routes[1]: ", "is declared twice"},
		},
		"options of a VXLAN that exclude each other": {
			`{"vxlans": [{"name": "x", "id": 1, "remote": "192.0.2.1", "group": "239.0.0.1"}]}`,
			[]string{"vxlans[0].group: cannot be used together with remote"},
		},
		"what the kernel would take otherwise than meant, or not at all": {
			`{"macvlans": [{"name": "m0", "parent": "eth0"}, {"name": "m1", "parent": "m0"}], "veths": [{"name": "ve0", "peer": "ve1", "peer_netns": "none"}]}`,
			[]string{"macvlans[1].parent: m0 is a macvlan", "veths[0].peer_netns: ", `network namespace "none"`},
		},
		"pairs that cross": {
			`{"veths": [{"name": "a", "peer": "b"}, {"name": "b", "peer": "c"}, {"name": "d", "peer": "e"}, {"name": "f", "peer": "e"}, {"name": "g", "peer": "h"}, {"name": "h", "peer": "g"}]}`,
			[]string{"veths[1].peer: b is declared as the other end of a",
				"veths[3].peer: e is declared as the other end of d as well"},
		},
		"one network twice": {
			`{"vlans": [{"name": "v0", "parent": "eth0", "id": 5}, {"name": "v1", "parent": "eth0", "id": 5}, {"name": "v2", "parent": "eth1", "id": 5}, {"name": "v3", "parent": "eth0", "id": 5, "protocol": "802.1ad"}],
			"vxlans": [{"name": "x0", "id": 5}, {"name": "x1", "id": 5, "dst_port": 4789}, {"name": "x2", "id": 5, "parent": "eth0", "dst_port": 8472}]}`,
			[]string{"vlans[1].id: v0 is the vlan with this id already", "vxlans[2].id: x0 is the vxlan with this id already"},
		},
		"a group's MAC address": {
			`{"dummies": [{"name": "d0", "mac_address": "01:00:5e:00:00:01"}]}`,
			[]string{"dummies[0].mac_address: 01:00:5e:00:00:01 is a multicast MAC: use a unicast address"},
		},
		"what cannot be read beside what cannot be": {
			`{"dummies": [{"name": "d0", "mtu": 1}], "bonds": [{"name": "bond0", "miimon": "often", "ports": ["eth9"]}],
			"vlans": [{"name": "v0", "parent": "eth7", "id": 5}, {"name": "v1", "parent": "d0", "id": 6}, {"name": "v2", "parent": "v3", "id": 7}, {"name": "v3", "parent": "v2", "id": 7}]}`,
			[]string{"dummies[0].mtu", "bonds[0].miimon", "vlans[0].parent: there is no link eth7",
				"vlans[2]: vlan v2 stands on itself", "vlans[3]: vlan v3 stands on itself"},
		},
		"the wrong kind of address": {
			`{"vxlans": [{"name": "y", "id": 2, "group": "192.0.2.1"}]}`,
			[]string{"vxlans[0].group: 192.0.2.1 is the wrong kind of address"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := fake.New("eth0", "eth1")
			before := k.String()
			err := declareBad(t, &Host{Kernel: k}, one.network)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, problem := range one.problems {
				if !strings.Contains(err.Error(), problem) {
					t.Errorf("nothing of %q in:\n%v", problem, err)
				}
			}
			if k.Writes > 0 || k.String() != before {
				t.Errorf("the kernel was written to %d times", k.Writes)
			}
		})
	}
}

// TestOneProblemIsNamedOnce: what could not be read does not count as missing, or as equal to something else, as well.
func TestOneProblemIsNamedOnce(t *testing.T) {
	for declared, want := range map[string]string{
		`{"interfaces": [{"name": "a/b"}, {"name": "c/d"}]}`:                                                "interfaces[0].name: interfaces[1].name: ",
		`{"bonds": [{"name": "bond0", "mtu": "x"}], "vlans": [{"name": "v0", "parent": "bond0", "id": 5}]}`: "bonds[0].mtu: ",
		`{"bonds": [{"name": "a/b"}], "vlans": [{"name": "v0", "parent": "bond0", "id": 5}]}`:               "bonds[0].name: ",
		`{"routes": [{"to": "default", "via": "x"}]}`:                                                       "routes[0].via: ",
		`{"routes": [{"to": "default", "nexthops": [{"via": "x"}, {"via": "y"}]}]}`:                         "routes[0].nexthops[0].via: routes[0].nexthops[1].via: ",
		`{"routes": [{"to": "x"}, {"to": "y"}]}`:                                                            "routes[0].to: routes[1].to: ",
		`{"rules": [{"priority": 1, "from": "x", "table": 7}, {"priority": 1, "from": "y", "table": 7}]}`:   "rules[0].from: rules[1].from: ",
	} {
		got := ""
		for line := range strings.SplitSeq(declareBad(t, &Host{Kernel: fake.New("eth0")}, declared).Error(), "\n") {
			path, _, _ := strings.Cut(line, ": ")
			got += path + ": "
		}
		if got != want {
			t.Errorf("%s: problems at %s, want %s", declared, got, want)
		}
	}
}

// declareBad parses, and plans what can be parsed.
func declareBad(t *testing.T, h *Host, network string) error {
	t.Helper()
	var arguments map[string]any
	if err := json.Unmarshal([]byte(network), &arguments); err != nil {
		t.Fatal(err)
	}
	_, wanted, err := ParseNetwork(arguments)
	var problems schema.Problems
	if errors.As(err, &problems) {
		return h.MoreProblems(wanted, problems)
	}
	_, err = h.Plan(wanted)
	return err
}
