package firewalld

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// daemon is a firewalld in memory: zones by "now NAME" and "permanent NAME".
type daemon map[string]string

func key(link string, permanent bool) string {
	if permanent {
		return "permanent " + link
	}
	return "now " + link
}

func (d daemon) Running() bool { return d["stopped"] == "" }

func (d daemon) Zone(link string, permanent bool) (string, error) {
	if !d.Running() || strings.HasPrefix(link, "stops") {
		d["stopped"] = "by somebody"
		return "", errors.New("the name was not provided by any .service files")
	}
	return d[key(link, permanent)], nil
}

func (d daemon) SetZone(link, zone string, permanent bool) error {
	if strings.HasPrefix(link, "broken") {
		return errors.New("broken on purpose")
	}
	if d[key(link, permanent)] = zone; zone == "" {
		delete(d, key(link, permanent))
	}
	return nil
}

func run(t *testing.T, d daemon, s *system.System, wanted, gone []string) *State {
	t.Helper()
	var requests []Request
	for _, link := range wanted {
		requests = append(requests, Request{link, "owner of " + link})
	}
	for i := range gone {
		gone[i] = "owner of " + gone[i]
	}
	before, err := Observe(d, s, requests)
	if err != nil {
		t.Fatal(err)
	}
	steps := Plan(d, s, before, requests, gone)
	plan.Order(steps)
	if err := plan.Run(steps, nil); err != nil {
		t.Fatal(err)
	}
	after, err := Observe(d, s, requests)
	if err != nil {
		t.Fatal(err)
	}
	if left := Plan(d, s, after, requests, gone); len(left) > 0 {
		t.Fatalf("a second run would %v", plan.Describe(left))
	}
	return before
}

func TestZonesComeAndGoBack(t *testing.T) {
	d, s := daemon{"now lxcbr1": "internal", "permanent lxcbr1": "internal"}, &system.System{Root: t.TempDir()}
	was := maps.Clone(d)
	run(t, d, s, []string{"lxcbr0", "lxcbr1"}, nil)
	for _, place := range []string{"now lxcbr0", "permanent lxcbr0", "now lxcbr1", "permanent lxcbr1"} {
		if d[place] != trusted {
			t.Errorf("%s: %q", place, d[place])
		}
	}
	// A reload of firewalld keeps what is permanent; somebody who changes the rest is overruled by the next run.
	delete(d, "now lxcbr0")
	run(t, d, s, []string{"lxcbr0"}, nil)
	run(t, d, s, nil, []string{"lxcbr0"})
	run(t, d, s, nil, []string{"lxcbr1"})
	if !maps.Equal(d, was) || s.Exists(memoryPath) {
		t.Errorf("afterwards %v, before %v", d, was)
	}
}

func TestAnObjectWithAnotherInterfaceGivesTheFirstOneBack(t *testing.T) {
	d, s := daemon{}, &system.System{Root: t.TempDir()}
	for _, link := range []string{"br0", "br1"} {
		state, err := Observe(d, s, []Request{{link, "nat"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := plan.Run(Plan(d, s, state, []Request{{link, "nat"}}, nil), nil); err != nil {
			t.Fatal(err)
		}
	}
	if !maps.Equal(d, daemon{"now br1": trusted, "permanent br1": trusted}) {
		t.Errorf("zones: %v", d)
	}
}

func TestAnInterfaceThatWasTrustedStaysSo(t *testing.T) {
	d, s := daemon{"now lxcbr0": trusted, "permanent lxcbr0": trusted}, &system.System{Root: t.TempDir()}
	run(t, d, s, []string{"lxcbr0"}, nil)
	run(t, d, s, nil, []string{"lxcbr0"})
	if d["now lxcbr0"] != trusted || d["permanent lxcbr0"] != trusted {
		t.Errorf("afterwards %v", d)
	}
}

func TestRestoreThroughJSON(t *testing.T) {
	d, s := daemon{"permanent lxcbr0": "internal"}, &system.System{Root: t.TempDir()}
	was := maps.Clone(d)
	text, err := json.Marshal(run(t, d, s, []string{"lxcbr0"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var before State
	if err := json.Unmarshal(text, &before); err != nil {
		t.Fatal(err)
	}
	if err := Restore(d, s, &before); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(d, was) || s.Exists(memoryPath) {
		t.Errorf("restored %v, before %v", d, was)
	}
}

func TestWithoutFirewalldThereIsNothingToDo(t *testing.T) {
	s := &system.System{Root: t.TempDir()}
	state, err := Observe(nil, s, []Request{{"lxcbr0", "lxcbr0"}})
	if err != nil || state.Trusts("lxcbr0") || len(Plan(nil, s, state, []Request{{"lxcbr0", "lxcbr0"}}, nil)) > 0 {
		t.Errorf("%+v, %v", state, err)
	}
}

// TestStoppedMeanwhile: a firewalld that somebody stops, before it is asked or while it is, is none.
func TestStoppedMeanwhile(t *testing.T) {
	s := &system.System{Root: t.TempDir()}
	for _, d := range []daemon{{"stopped": "before"}, {}} {
		state, err := Observe(d, s, []Request{{"stops0", "owner"}})
		if err != nil || state.Running || len(state.Zones) > 0 {
			t.Errorf("%+v, %v", state, err)
		}
		if err := Restore(d, s, &State{Running: true, Zones: map[string]Zones{"lxcbr0": {}}, File: state.File}); err != nil {
			t.Error(err)
		}
	}
}
