package services

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// ErrNotUndone is of a change that failed and could not be undone.
var ErrNotUndone = errors.New("undoing the change failed as well")

// verify compares once more.
func (s *Site) verify(d *Declaration) error {
	return Verify(func() (*Plan, error) { return s.Plan(d) })
}

// settling is how long what the kernel and services do in their own time may take: duplicate address detection,
// carrier, a service that starts.
const settling = 3 * time.Second

// Verify plans once more, until nothing is left to do: what was accepted and is not there is named.
func Verify(again func() (*Plan, error)) error {
	pause := 20 * time.Millisecond
	for deadline := time.Now().Add(settling); ; pause *= 2 {
		left, err := again()
		if err != nil {
			return err
		}
		if !plan.Changes(left.Steps) {
			return nil
		}
		if time.Now().Add(pause).After(deadline) {
			return notKept(left.Steps)
		}
		time.Sleep(pause)
	}
}

// notKept names what would have to be done again.
func notKept(steps []plan.Step) error {
	var problems []error
	for _, step := range steps {
		if step.Upkeep {
			continue
		}
		if len(step.Changes) == 0 {
			problems = append(problems, step.NotAsPlanned())
		}
		for _, change := range step.Changes {
			problems = append(problems, fmt.Errorf("%s: the kernel did not keep %s: it is %s, not %s",
				step.Object, change.Option, schema.Shown(change.Old, "unset"), schema.Shown(change.New, "unset")))
		}
	}
	return errors.Join(problems...)
}

// prove tries every bridge as a container would, and its port forwards as the outside does.
func (s *Site) prove(d *Declaration, todo *Plan) (schema.Object, error) {
	out := schema.Object{}
	var problems []error
	for _, bridge := range d.Bridges {
		if !bridge.Verified() {
			continue
		}
		checks, err := bridge.Prove(s.Kernel, s.Open)
		if reasons := todo.about(bridge.Name); err != nil && len(reasons) > 0 {
			err = fmt.Errorf("%w; %s", err, strings.Join(reasons, "; "))
		}
		problems = append(problems, err)
		if checks == nil {
			continue
		}
		exported := checks.Export()
		if err == nil {
			forwards, err := bridge.ProveForwards(s.Kernel, s.Open)
			problems = append(problems, err)
			exported = append(exported, todo.addForwards(forwards)...)
		}
		out.Set(bridge.Name, exported)
	}
	return out, errors.Join(problems...)
}

// about are the warnings of firewalls that drop what the containers of a bridge send.
func (p *Plan) about(bridge string) []string {
	return slices.DeleteFunc(slices.Clone(p.Warnings),
		func(text string) bool { return !strings.Contains(text, " from "+bridge+" is dropped by ") })
}

// addForwards notes what came of the connections to forwards. One whose chain is named already needs no other warning.
func (p *Plan) addForwards(checks []lxcbridge.ForwardCheck) schema.Object {
	if len(checks) == 0 {
		return nil
	}
	var list []schema.Object
	for _, check := range checks {
		list = append(list, check.Export())
		named := slices.ContainsFunc(p.Warnings,
			func(text string) bool { return strings.HasPrefix(text, "the forward of "+check.Forward.What()+" to ") })
		if text := check.Warning(); text != "" && !named {
			p.Found = append(p.Found, text)
		}
	}
	return schema.Object{{Key: "forwards", Value: list}}
}
