package spec_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/spec"
)

// edit reads the arguments of a module as a task gives them.
func edit(t *testing.T, module, text string) *spec.Edit {
	t.Helper()
	arguments := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&arguments); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return spec.NewEdit(module, arguments, nil)
}

// settled is a set as its files have it: nothing in it is of a task.
func settled(set *spec.Set) *spec.Set {
	out := &spec.Set{}
	for _, object := range set.Objects {
		kept := *object
		kept.Declared = nil
		kept.Source = &spec.Source{File: "/etc/hostnet/" + object.Kind.Key + ".yml", Line: func(string) int { return 3 }}
		out.Add(&kept)
	}
	return out
}

// declared applies tasks of the module network one after the other.
func declared(t *testing.T, tasks ...string) *spec.Set {
	t.Helper()
	set := &spec.Set{}
	for _, text := range tasks {
		set = settled(set.Apply(edit(t, "network", text)).Set)
	}
	return set
}

// text is the set as JSON, object by object.
func text(t *testing.T, set *spec.Set) string {
	t.Helper()
	var lines []string
	for _, object := range set.Objects {
		options, err := json.Marshal(object.Options.Map())
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, object.Kind.Module+" "+string(options))
	}
	return strings.Join(lines, "\n")
}

func TestMerge(t *testing.T) {
	t.Parallel()
	const before = `{"bridges": [{"name": "br-a", "mtu": 1500, "stp": true, "ports": ["eth0"], "addresses": ["192.0.2.1/24"]}]}`
	for name, test := range map[string]struct{ module, task, want string }{
		"one option": {
			"bridge", `{"name": "br-a", "mtu": 1400}`,
			`bridge {"addresses":["192.0.2.1/24"],"mtu":1400,"name":"br-a","ports":["eth0"],"stp":true}`,
		},
		"a number and a boolean as text": {
			"bridge", `{"name": "br-a", "mtu": "1400", "stp": "no"}`,
			`bridge {"addresses":["192.0.2.1/24"],"mtu":1400,"name":"br-a","ports":["eth0"],"stp":false}`,
		},
		"null forgets": {
			"bridge", `{"name": "br-a", "mtu": null}`,
			`bridge {"addresses":["192.0.2.1/24"],"name":"br-a","ports":["eth0"],"stp":true}`,
		},
		"ports add up": {
			"bridge", `{"name": "br-a", "ports": [{"name": "eth1", "cost": 7}]}`,
			`bridge {"addresses":["192.0.2.1/24"],"mtu":1500,"name":"br-a","ports":["eth0",{"cost":7,"name":"eth1"}],"stp":true}`,
		},
		"exclusive ports do not": {
			"bridge", `{"name": "br-a", "exclusive_ports": true, "ports": ["eth1"]}`,
			`bridge {"addresses":["192.0.2.1/24"],"exclusive_ports":true,"mtu":1500,"name":"br-a","ports":["eth1"],"stp":true}`,
		},
		"other lists are exact": {
			"bridge", `{"name": "br-a", "addresses": "198.51.100.1/24"}`,
			`bridge {"addresses":["198.51.100.1/24"],"mtu":1500,"name":"br-a","ports":["eth0"],"stp":true}`,
		},
		"exactly this": {
			"network", `{"replace": true, "bridges": [{"name": "br-a", "mtu": 1400}]}`,
			`bridge {"mtu":1400,"name":"br-a"}`,
		},
		"another object": {
			"network", `{"bridges": "br-b"}`,
			`bridge {"addresses":["192.0.2.1/24"],"mtu":1500,"name":"br-a","ports":["eth0"],"stp":true}` + "\n" +
				`bridge {"name":"br-b"}`,
		},
		"nothing else": {"network", `{"purge": true, "bridges": [{"name": "br-b"}]}`, `bridge {"name":"br-b"}`},
		"absent":       {"bridge", `{"name": "br-a", "state": "absent"}`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := edit(t, test.module, test.task)
			change.Replace, change.Purge = strings.Contains(test.task, `"replace"`), strings.Contains(test.task, `"purge"`)
			kept := declared(t, before)
			asBefore := text(t, kept)
			result := kept.Apply(change)
			if diff := cmp.Diff(strings.Split(test.want, "\n"), strings.Split(text(t, result.Set), "\n")); diff != "" ||
				len(result.Problems) > 0 {
				t.Errorf("%v\n%s", result.Problems, diff)
			}
			if text(t, kept) != asBefore {
				t.Errorf("the kept set itself has changed: %s", text(t, kept))
			}
			if again := settled(result.Set).Apply(change); text(t, again.Set) != text(t, result.Set) {
				t.Errorf("a second time: %s", text(t, again.Set))
			}
		})
	}
}

// TestRoutesAreOneList: a route in a link's list and one by itself are declared once, and go together.
func TestRoutesAreOneList(t *testing.T) {
	t.Parallel()
	set := declared(t,
		`{"bridges": [{"name": "br-a", "addresses": ["192.0.2.1/24"], "routes": [{"to": "0.0.0.0/0", "via": "192.0.2.9"}]}]}`,
		`{"routes": [{"to": "default", "via": "192.0.2.9", "dev": "br-a"}]}`)
	if len(set.Objects) != 1 {
		t.Errorf("the default route, written in two ways, is declared twice: %s", text(t, set))
	}
	set = declared(t,
		`{"bridges": [{"name": "br-a", "addresses": ["192.0.2.1/24"], "routes": [{"to": "0.0.0.0/0", "via": "192.0.2.9"}]}]}`,
		`{"routes": [{"to": "0.0.0.0/0", "dev": "br-a", "state": "absent"}]}`)
	if said := text(t, set); strings.Contains(said, "192.0.2.9") {
		t.Errorf("an absent route stays in its link's list: %s", said)
	}
	// What the link's own exact list would take away comes into the scope.
	set = declared(t, `{"bridges": [{"name": "br-a"}], "routes": [{"to": "198.51.100.0/24", "dev": "br-a"}]}`)
	result := set.Apply(edit(t, "bridge", `{"name": "br-a", "routes": [{"to": "203.0.113.0/24"}]}`))
	if len(result.Scope) != 2 {
		t.Errorf("the scope has %d objects, not the bridge and the route through it", len(result.Scope))
	}
}

// TestWhatMovesAlong: the address of a card that becomes a port is declared once, as are the routes through its
// network.
func TestWhatMovesAlong(t *testing.T) {
	t.Parallel()
	const card = `{"interfaces": [{"name": "eth0", "addresses": ["192.0.2.1/24", "198.51.100.1/24"], "routes": [{"to": "default", "via": "192.0.2.9"}]}],
		"routes": [{"to": "203.0.113.0/24", "via": "192.0.2.8", "dev": "eth0"}, {"to": "203.0.114.0/24", "via": "198.51.100.8", "dev": "eth0"}]}`
	set := declared(t, card, `{"bridges": [{"name": "br-a", "ports": ["eth0"], "addresses": ["192.0.2.1/24"]}]}`)
	said := text(t, set)
	for part, want := range map[string]int{"192.0.2.1/24": 1, "198.51.100.1/24": 1, "192.0.2.9": 1, "192.0.2.8": 1,
		`"dev":"br-a"`: 2, `"dev":"eth0"`: 1} {
		if strings.Count(said, part) != want {
			t.Errorf("%s stands there %d times, not %d:\n%s", part, strings.Count(said, part), want, said)
		}
	}
	// A removed link takes along the kept routes through it, and its place among ports.
	set = declared(t,
		`{"dummies": ["d0"], "bridges": [{"name": "br-a", "ports": ["d0", "eth1"]}], "routes": [{"to": "203.0.113.0/24", "dev": "d0"}]}`,
		`{"dummies": [{"name": "d0", "state": "absent"}]}`)
	if diff := cmp.Diff(`bridge {"name":"br-a","ports":["eth1"]}`, text(t, set)); diff != "" {
		t.Error(diff)
	}
}

func TestTheSetAsAWhole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, task, want string }{
		"a name of another kind": {
			`{"bridges": ["x0"]}`, `{"dummies": ["x0"]}`,
			"dummies[0].name: x0 is declared as a bridge in /etc/hostnet/bridges.yml:3: use that module, or declare it absent " +
				"there first",
		},
		"a VLAN above its parent": {
			`{"dummies": [{"name": "d0", "mtu": 1400}]}`, `{"vlans": [{"name": "v0", "parent": "d0", "id": 7, "mtu": 1500}]}`,
			"vlans[0].mtu: 1500 is above the 1400 of its parent d0 (/etc/hostnet/dummies.yml:3: mtu)",
		},
		"a parent below its VLAN": {
			`{"dummies": ["d0"], "vlans": [{"name": "v0", "parent": "d0", "id": 7, "mtu": 1500}]}`,
			`{"dummies": [{"name": "d0", "mtu": 1400}]}`,
			"dummies[0].mtu: 1400 is below the 1500 of v0 on it (/etc/hostnet/vlans.yml:3: mtu): lower that too",
		},
		"an address twice": {
			`{"dummies": [{"name": "d0", "addresses": ["192.0.2.1/24"]}]}`,
			`{"dummies": [{"name": "d1", "addresses": ["192.0.2.1/25"]}]}`,
			"dummies[0].addresses[0]: 192.0.2.1 is declared twice: it is also in /etc/hostnet/dummies.yml:3: addresses[0]",
		},
		"a link-local address twice": {
			`{"dummies": [{"name": "d0", "addresses": ["fe80::1/64"]}]}`,
			`{"dummies": [{"name": "d1", "addresses": ["fe80::1/64"]}]}`, "",
		},
		"a parent that goes": {
			`{"dummies": ["d0"], "vlans": [{"name": "v0", "parent": "d0", "id": 7}]}`,
			`{"dummies": [{"name": "d0", "state": "absent"}]}`,
			"/etc/hostnet/vlans.yml:3: parent: d0 goes, and vlan v0 stands on it: declare that absent as well, or on another " +
				"link",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := declared(t, test.before).Apply(edit(t, "network", test.task))
			var said []string
			for _, problem := range append(append(result.Problems, result.Dangling()...), result.Set.Check()...) {
				said = append(said, problem.String())
			}
			if strings.Join(said, "\n") != test.want {
				t.Errorf("want %q, got %q", test.want, said)
			}
		})
	}
}

// TestRandomEdits: whatever is declared, the same edit changes nothing the second time, and each key is there once.
func TestRandomEdits(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	for range 200 {
		set := &spec.Set{}
		for range 12 {
			name, number := fmt.Sprintf("l%d", random.IntN(4)), random.IntN(4)
			task := pick(
				fmt.Sprintf(`{"bridges": [{"name": "%s", "mtu": %d, "ports": ["p%d"]}]}`, name, 1400+number, number),
				fmt.Sprintf(`{"bridges": [{"name": "%s", "mtu": null, "addresses": ["192.0.2.%d/24"]}]}`, name, number),
				fmt.Sprintf(`{"bridges": [{"name": "%s", "state": "absent"}]}`, name),
				fmt.Sprintf(
					`{"interfaces": [{"name": "p%d", "addresses": ["192.0.2.%d/24"], "routes": [{"to": "default", "via": "192.0.2.9"}]}]}`, number, number),
				fmt.Sprintf(`{"routes": [{"to": "203.0.113.0/24", "via": "192.0.2.%d", "dev": "%s", "table": %d}]}`, number+1, name,
					1+number),
				fmt.Sprintf(`{"routes": [{"to": "203.0.113.0/24", "state": "absent", "table": %d}]}`, 1+number),
				fmt.Sprintf(`{"dummies": ["%s"]}`, name))
			change := edit(t, "network", task)
			change.Replace = random.IntN(5) == 0
			first := set.Apply(change)
			if len(first.Problems) > 0 {
				continue
			}
			set = settled(first.Set)
			if second := set.Apply(change); text(t, second.Set) != text(t, set) {
				t.Fatalf("%s a second time:\n%s\ninstead of\n%s", task, text(t, second.Set), text(t, set))
			}
			if keys := set.Keys(); len(keys) != len(set.Objects) {
				t.Fatalf("%d objects have %d keys:\n%s", len(set.Objects), len(keys), text(t, set))
			}
		}
	}
}

// TestOneObjectHoweverWritten: what the kernel takes for the same is one object, whose second declaration adds nothing.
func TestOneObjectHoweverWritten(t *testing.T) {
	t.Parallel()
	for name, ways := range map[string][]string{
		"a default route": {`{"routes": [{"to": "0.0.0.0/0", "dev": "d0"}]}`,
			`{"routes": [{"to": "default", "dev": "d0", "family": "inet"}]}`},
		"one of IPv6": {`{"routes": [{"to": "::/0", "dev": "d0"}]}`,
			`{"routes": [{"to": "0::0/0", "dev": "d0", "family": "inet6"}]}`},
		"one that leads nowhere": {`{"routes": [{"to": "::/0", "type": "unreachable"}]}`,
			`{"routes": [{"to": "default", "family": "inet6", "type": "unreachable"}]}`},
		"a host route": {`{"routes": [{"to": "192.0.2.7", "dev": "d0"}]}`,
			`{"routes": [{"to": "192.0.2.7/32", "dev": "d0"}]}`},
		"a table": {`{"routes": [{"to": "192.0.2.0/24", "dev": "d0", "table": 254}]}`,
			`{"routes": [{"to": "192.0.2.0/24", "dev": "d0", "table": "main"}]}`},
		"a rule for all": {`{"rules": [{"from": "0.0.0.0/0", "priority": 9, "table": 7}]}`,
			`{"rules": [{"family": "inet", "priority": 9, "table": 7}]}`,
			`{"rules": [{"from": "all", "priority": 9, "table": 7}]}`},
		"one of IPv6 for all": {`{"rules": [{"from": "::/0", "table": 7}]}`,
			`{"rules": [{"family": "inet6", "table": 7}]}`},
		"any protocol": {`{"rules": [{"from": "192.0.2.1", "ipproto": 0, "table": 7}]}`,
			`{"rules": [{"from": "192.0.2.1/32", "table": 7}]}`},
		"all bits of a mark": {`{"rules": [{"family": "inet", "fwmark": "0x10", "table": 7}]}`,
			`{"rules": [{"family": "inet", "fwmark": 16, "fwmask": "0xffffffff", "table": 7}]}`},
		"a card by its address": {`{"interfaces": [{"match_mac_address": "02:AB:00:00:00:01"}]}`,
			`{"interfaces": [{"match_mac_address": "02:ab:00:00:00:01"}]}`},
		"lxcbr0 without its name": {`{"lxc_bridges": [{}]}`, `{"lxc_bridges": [{"name": "lxcbr0"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := map[string]bool{}
			for _, way := range ways {
				for key := range declared(t, way).Keys() {
					keys[key] = true
				}
			}
			if len(keys) != 1 {
				t.Errorf("%d objects: %v", len(keys), keys)
			}
			if set := declared(t, ways...); len(set.Objects) != 1 {
				t.Errorf("one after the other:\n%s", text(t, set))
			}
		})
	}
}
