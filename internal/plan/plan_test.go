package plan

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/schema"
)

// noting makes a step that notes its name when it runs.
func noting(ran *[]string, name string, phase Phase, depth int) Step {
	return Step{Phase: phase, Depth: depth, Action: "change", Object: name, Run: func() error {
		*ran = append(*ran, name)
		return nil
	}}
}

func TestOrderIsByPhaseThenDepthThenAsGiven(t *testing.T) {
	var ran []string
	steps := []Step{
		noting(&ran, "address", Address, 0), noting(&ran, "upper", Create, 1), noting(&ran, "second", Create, 0),
		noting(&ran, "third", Create, 0),
		noting(&ran, "delete", Delete, -1), noting(&ran, "old address", Retire, 0), noting(&ran, "route", Route, 0),
	}
	Order(steps)
	if err := Run(steps, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"delete", "second", "third", "upper", "address", "route", "old address"}
	if diff := cmp.Diff(want, ran); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestRunStopsAtTheFirstFailure(t *testing.T) {
	var ran []string
	refused := errors.New("device or resource busy")
	steps := []Step{
		noting(&ran, "first", Create, 0),
		{Action: "attach", Object: "port eth0 of bond0", Run: func() error { return refused }},
		noting(&ran, "last", Up, 0),
	}
	err := Run(steps, nil)
	var failed *StepError
	if !errors.As(err, &failed) || failed.Step.Action != "attach" || !errors.Is(err, refused) {
		t.Errorf("error %v", err)
	}
	if want := "port eth0 of bond0: cannot attach: device or resource busy"; err.Error() != want {
		t.Errorf("message %q, want %q", err, want)
	}
	if diff := cmp.Diff([]string{"first"}, ran); diff != "" {
		t.Errorf("steps that ran (-want +got):\n%s", diff)
	}
}

func TestBeforeStopsTheRun(t *testing.T) {
	var ran []string
	steps := []Step{noting(&ran, "first", Create, 0), noting(&ran, "second", Create, 0)}
	err := Run(steps, func(number int) error {
		if number == 1 {
			return errors.New("stop")
		}
		return nil
	})
	if err == nil || len(ran) != 1 {
		t.Errorf("error %v after %v", err, ran)
	}
}

func TestDescribe(t *testing.T) {
	steps := []Step{{
		Action: "change", Object: "bond bond0", Disruption: LinkDown,
		Changes: []schema.Change{{Option: "lacp_rate", Old: "slow", New: "fast"}},
	}, {Action: "restore", Object: "settings", Unlisted: true}}
	want := []schema.Object{{
		{Key: "action", Value: "change"}, {Key: "object", Value: "bond bond0"},
		{Key: "changes", Value: []schema.Object{
			{{Key: "option", Value: "lacp_rate"}, {Key: "old", Value: "slow"}, {Key: "new", Value: "fast"}}}},
		{Key: "disruption", Value: "link down"},
	}}
	if diff := cmp.Diff(want, Describe(steps)); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}
