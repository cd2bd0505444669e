// Package plan holds the steps that turn what is into what is wanted: their order, their run, their cost.
package plan

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"hostnet.linux/internal/schema"
)

// Disruption is what a step costs the traffic of its object.
type Disruption int

// From harmless to harmful.
const (
	None Disruption = iota
	PortFlap
	// ConnectionsLost: what runs over an address or a route that goes ends, and nothing else.
	ConnectionsLost
	LinkDown
	Recreate
)

// String is the name that the result's actions show.
func (d Disruption) String() string {
	return [...]string{"none", "port flap", "connections lost", "link down", "recreate"}[d]
}

// Phase says when a step runs. What others stand on is made first and removed last, and between the first phase
// that disturbs traffic and the last there is nothing that could as well be done before or after.
type Phase int

// The phases, in the order in which they run.
const (
	Prepare Phase = iota // kernel modules, files that others read
	Remove               // rules and entries that must not outlive what they point to
	Release              // ports leave their controllers
	Delete               // links that go, or that come again as something else; the upper ones first
	Widen                // larger MTUs of lower links, which upper ones need; the lower ones first
	Create               // links that come; the lower ones first
	Down                 // links that must be down to be changed
	Change               // options of links that stay
	Attach               // ports join their controllers
	Adjust               // options that need ports or a controller: port options, primary, VLANs; smaller MTUs
	Up                   // the lower ones first
	Address              // addresses come, then old ones go
	Route                // routes, then rules
	Retire               // addresses that other links have taken over
	Forward              // NAT and openings
	Serve                // services that need all of the above
	Finish               // files that remember what was done
)

// Step is one thing that is done to one object.
type Step struct {
	Phase Phase
	// Depth orders the steps of one phase: the number of links below the object, or its negative.
	Depth int
	// Action is a verb: create, change, delete, attach, release, up, down, add, remove, write, start…
	Action string
	// Object is a kind and a name, such as "bond bond0" or "address 10.0.3.1/24 on lxcbr0".
	Object     string
	Changes    []schema.Change
	Disruption Disruption
	// Cause is why something happens that nobody declares, "" when somebody does.
	Cause string
	// Destinations are those that the step changes the way to, beside what its links tell.
	Destinations []netip.Prefix
	// Links are the links whose state the step may alter, beside the object itself: an undo looks at these.
	Links []string
	// Upkeep steps keep our own program current: they change nothing of the host's network, so they do not count as a
	// change.
	Upkeep bool
	// Unlisted steps look for themselves what there is to do when they run: nothing of it can be shown beforehand.
	Unlisted bool
	// Check tells why Run would fail, as far as that can be told without changing anything; nil is nothing to tell.
	Check func() error
	Run   func() error
}

// Effect is what the kernel does by itself along with other steps: it is shown, and undone, but takes no step of ours.
func Effect(step Step) Step {
	step.Run = func() error { return nil }
	return step
}

// NotAsPlanned is the error of a step that a second look, after the change, would take again.
func (s Step) NotAsPlanned() error {
	return fmt.Errorf("%s is not as planned after the change: a second run would %s it", s.Object, s.Action)
}

// Order sorts the steps by phase and depth; steps that are equal in both keep their order.
func Order(steps []Step) {
	slices.SortStableFunc(steps, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Depth, b.Depth))
	})
}

// Check tells why the steps would fail, as far as that can be told without carrying them out.
func Check(steps []Step) error {
	var problems []error
	for _, step := range steps {
		if step.Check == nil {
			continue
		}
		if err := step.Check(); err != nil {
			problems = append(problems, fmt.Errorf("%s: cannot %s it: %w", step.Object, step.Action, err))
		}
	}
	return errors.Join(problems...)
}

// Changes tells whether the steps change more than our own program.
func Changes(steps []Step) bool {
	return slices.ContainsFunc(steps, func(step Step) bool { return !step.Upkeep })
}

// Describe is what the task's result says of the steps, in the order in which they run.
func Describe(steps []Step) []schema.Object {
	actions := make([]schema.Object, 0, len(steps))
	for _, step := range steps {
		if step.Unlisted {
			continue
		}
		action := schema.Object{{Key: "action", Value: step.Action}, {Key: "object", Value: step.Object}}
		if len(step.Changes) > 0 {
			changes := make([]schema.Object, len(step.Changes))
			for j, change := range step.Changes {
				changes[j] = schema.Object{
					{Key: "option", Value: change.Option}, {Key: "old", Value: change.Old}, {Key: "new", Value: change.New},
				}
			}
			action.Set("changes", changes)
		}
		action.Set("disruption", step.Disruption.String())
		if step.Cause != "" {
			action.Set("cause", step.Cause)
		}
		actions = append(actions, action)
	}
	return actions
}

// Count is a number of things in words: "1 step", "2 steps".
func Count(number int, thing string) string {
	if number == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", number, thing)
}
