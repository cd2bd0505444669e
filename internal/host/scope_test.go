package host

import (
	"slices"
	"testing"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/kernel/fake"
)

// asking is a kernel that notes which routes it is asked for.
type asking struct {
	*fake.Kernel
	all    int
	scopes []kernel.RouteScope
}

func (a *asking) Routes() ([]kernel.Route, error) {
	a.all++
	return a.Kernel.Routes()
}

func (a *asking) RoutesWithin(scope kernel.RouteScope) ([]kernel.Route, error) {
	if !scope.Empty() {
		a.scopes = append(a.scopes, scope)
	}
	return a.Kernel.RoutesWithin(scope)
}

// TestRoutesAreReadOnlyAsFarAsATaskTouchesThem: beside the million routes of a routing daemon, a task costs what it
// touches.
func TestRoutesAreReadOnlyAsFarAsATaskTouchesThem(t *testing.T) {
	type list = []any
	type fields = map[string]any
	bridge := func(options fields) fields { return fields{"bridges": list{options}} }
	for name, c := range map[string]struct {
		second    fields
		asks      bool
		links     []string
		protocols bool
	}{
		"an option of a bridge": {second: bridge(fields{"name": "br0", "ageing_time": 100})},
		"nothing":               {second: bridge(fields{"name": "br0"})},
		"another bridge":        {second: bridge(fields{"name": "br1"})},
		"a bridge and its routes": {second: bridge(fields{"name": "br0", "routes": list{}}), asks: true,
			links: []string{"br0"}},
		"a bridge that goes": {second: bridge(fields{"name": "br0", "state": "absent"}), asks: true,
			links: []string{"br0"}},
		"a port that loses its routes": {second: bridge(fields{"name": "br0", "ports": list{"eth1"}}), asks: true,
			links: []string{"eth1"}},
		"a route": {
			second: fields{"routes": list{fields{"to": "198.51.100.0/24", "via": "10.0.0.2", "dev": "br0"}}}, asks: true},
		"a route without a link": {second: fields{"routes": list{fields{"to": "198.51.100.0/24", "via": "10.0.0.2"}}},
			asks: true, protocols: true},
	} {
		t.Run(name, func(t *testing.T) {
			h, k := begin(t, fields{"bridges": list{fields{"name": "br0", "addresses": list{"10.0.0.1/24"}}}})
			witness := &asking{Kernel: k}
			h.Kernel = witness
			if _, err := carryOut(t, h, c.second); err != nil {
				t.Fatal(err)
			}
			if witness.all > 0 {
				t.Errorf("all routes were read %d times", witness.all)
			}
			if (len(witness.scopes) > 0) != c.asks {
				t.Fatalf("asked for %+v", witness.scopes)
			}
			for _, link := range c.links {
				if !slices.Contains(witness.scopes[0].Links, link) {
					t.Errorf("not asked for routes by %s: %+v", link, witness.scopes[0])
				}
			}
			if c.asks && c.protocols != (len(witness.scopes[0].Protocols) > 0) {
				t.Errorf("asked for %+v", witness.scopes[0])
			}
		})
	}
}

// TestCheckpointsJoin: going back over two changes puts back what each of them has touched, and nothing else.
func TestCheckpointsJoin(t *testing.T) {
	type list = []any
	type fields = map[string]any
	route := func(to string) fields { return fields{"to": to, "via": "10.0.0.2", "dev": "br0"} }
	h, k := begin(t, fields{"bridges": list{fields{"name": "br0", "addresses": list{"10.0.0.1/24"}}},
		"dummies": list{fields{"name": "dm0"}, fields{"name": "dm1"}}})
	text := k.String()
	var first *Observed
	links := map[string]bool{}
	for _, change := range []fields{
		{"dummies": list{fields{"name": "dm0", "mtu": 1400, "addresses": list{"10.1.0.1/24"}}}},
		{"routes": list{route("198.51.100.0/24")}},
		{"dummies": list{fields{"name": "dm1", "state": "absent"}},
			"bridges": list{fields{"name": "br0", "ageing_time": 10}}},
	} {
		_, state, err := ParseNetwork(change)
		if err != nil {
			t.Fatal(err)
		}
		todo, err := h.Plan(state)
		if err != nil {
			t.Fatal(err)
		}
		before, err := h.Checkpoint(todo.Seen, todo.Steps)
		if err != nil {
			t.Fatal(err)
		}
		before = throughJSON(t, before)
		for name := range touched(todo.Steps) {
			links[name] = true
		}
		if first == nil {
			first = before
		} else {
			first.Join(before)
		}
		if err := h.Run(todo, state); err != nil {
			t.Fatal(err)
		}
	}
	left, err := h.Restore(first, links)
	if err != nil || len(left) > 0 {
		t.Fatalf("way back: %v, left %v", err, left)
	}
	if diff := differ(text, k); diff != "" {
		t.Errorf("after the way back (-before +after):\n%s", diff)
	}
}
