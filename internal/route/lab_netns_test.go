//go:build netns

package route

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// lab is a namespace with the links l0 and l1, each with addresses of both families, whose other ends are p0 and p1.
type lab struct {
	*netnstest.Namespace
	handle *linux.Handle
}

func newLab(t *testing.T) *lab {
	t.Helper()
	t.Parallel()
	l := &lab{Namespace: netnstest.New(t)}
	for _, n := range []string{"0", "1"} {
		l.IP(t, "link", "add", "name", "l"+n, "type", "veth", "peer", "name", "p"+n)
		l.IP(t, "link", "set", "l"+n, "up")
		l.IP(t, "link", "set", "p"+n, "up")
		l.IP(t, "address", "add", "10.0."+n+".1/24", "dev", "l"+n)
		l.IP(t, "address", "add", "fd00:"+n+"::1/64", "dev", "l"+n, "nodad")
	}
	l.open(t)
	return l
}

func (l *lab) open(t *testing.T) {
	t.Helper()
	handle, err := linux.Open(l.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	l.handle = handle
}

func (l *lab) observe(t *testing.T) *State {
	t.Helper()
	state, err := Observe(l.handle)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// addressing is what the address domain would tell if it changed nothing.
func (l *lab) addressing(t *testing.T) plan.Addressing {
	t.Helper()
	addresses, err := l.handle.Addresses()
	if err != nil {
		t.Fatal(err)
	}
	told := plan.Addressing{Networks: map[string][]netip.Prefix{}, Own: map[netip.Addr]bool{}}
	for _, address := range addresses {
		told.Own[address.Prefix.Addr()] = true
		told.Networks[address.Link] = append(told.Networks[address.Link], address.Prefix.Masked())
	}
	return told
}

// declare parses what a playbook says: JSON such as {"l0": [routes of l0], "": [routes by themselves]}.
func declare(t *testing.T, text string) Declaration {
	t.Helper()
	var raw map[string][]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	declared := Declaration{Links: map[string][]Route{}}
	var problems schema.Problems
	for link, list := range raw {
		if link != "" {
			declared.Links[link], _ = List().Parse(list, schema.At(link, &problems))
			continue
		}
		at := schema.At("routes", &problems)
		for i, fields := range list {
			var one Route
			Options().Parse(&one, fields.(map[string]any), at.Index(i))
			CheckOptions(&one, at.Index(i))
			declared.Routes = append(declared.Routes, one)
		}
	}
	declared.Check(&problems)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return declared
}

// apply makes it so and demands that a second run is silent. It returns the steps as text.
func (l *lab) apply(t *testing.T, text string) string {
	t.Helper()
	declared := declare(t, text)
	steps := l.run(t, func() (*Result, error) {
		return Plan(l.handle, l.observe(t), declared, plan.LinkEffects{}, l.addressing(t))
	})
	again, err := Plan(l.handle, l.observe(t), declared, plan.LinkEffects{}, l.addressing(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Steps) > 0 {
		t.Errorf("the second run is not silent:\n%s", show(again.Steps))
	}
	return steps
}

func (l *lab) run(t *testing.T, make func() (*Result, error)) string {
	t.Helper()
	result, err := make()
	if err != nil {
		t.Fatal(err)
	}
	plan.Order(result.Steps)
	if err := plan.Run(result.Steps, nil); err != nil {
		t.Fatalf("%v\n%s", err, show(result.Steps))
	}
	return show(result.Steps)
}

func show(steps []plan.Step) string {
	var lines []string
	for _, step := range steps {
		line := step.Action + " " + step.Object
		for _, change := range step.Changes {
			old, _ := json.Marshal(change.Old)
			fresh, _ := json.Marshal(change.New)
			line += " " + change.Option + "=" + string(old) + "→" + string(fresh)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// witness is what iproute2 says of all routes but those that the kernel makes, as text of JSON, sorted.
func (l *lab) witness(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, family := range []string{"-4", "-6"} {
		var routes []map[string]any
		l.JSON(t, &routes, family, "route", "show", "table", "all")
		for _, route := range routes {
			if route["protocol"] == "kernel" {
				continue
			}
			withoutCarrier(route)
			if hops, several := route["nexthops"].([]any); several {
				for _, hop := range hops {
					withoutCarrier(hop.(map[string]any))
				}
				slices.SortFunc(hops, func(a, b any) int { return strings.Compare(jsonText(a), jsonText(b)) })
			}
			out = append(out, jsonText(route))
		}
	}
	slices.Sort(out)
	return out
}

// withoutCarrier takes out the flags that follow the carrier of the moment.
func withoutCarrier(route map[string]any) {
	flags, _ := route["flags"].([]any)
	route["flags"] = slices.DeleteFunc(flags, func(flag any) bool { return flag == "dead" || flag == "linkdown" })
}

func jsonText(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}

// one is what iproute2 says of the only route to a destination.
func (l *lab) one(t *testing.T, family, to, table string) map[string]any {
	t.Helper()
	var routes []map[string]any
	l.JSON(t, &routes, family, "route", "show", "table", table, "exact", to)
	routes = slices.DeleteFunc(routes, func(route map[string]any) bool { return route["protocol"] == "kernel" })
	if len(routes) != 1 {
		t.Fatalf("routes to %s in table %s: %v, want one", to, table, routes)
	}
	return routes[0]
}
