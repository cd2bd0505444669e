package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// statePath is where the agent tells what it sees. It goes with the boot.
const statePath = "/run/hostnet/watch.json"

// State is what the agent has seen and done.
type State struct {
	Mode       string    `json:"mode"`
	Looked     time.Time `json:"looked"`
	Repairs    int       `json:"repairs"`
	LastRepair time.Time `json:"last_repair,omitzero"`
	// Drift are the objects that differ from what is declared, Incomplete what cannot be made now, Left what is taken away
	// again and again.
	Drift      []string `json:"drift,omitempty"`
	Incomplete []string `json:"incomplete,omitempty"`
	Left       []string `json:"left,omitempty"`
	// Undeclared are objects that are no longer declared, and still there.
	Undeclared []string `json:"undeclared,omitempty"`
	// Unreadable tells that some of what is declared cannot be read.
	Unreadable bool  `json:"unreadable,omitempty"`
	Objects    int   `json:"objects"`
	Generation int   `json:"generation"`
	LastChange int64 `json:"last_change,omitempty"`
	// Carriers are the links by their names.
	Carriers map[string]Carrier `json:"carriers,omitempty"`
}

// LoadState is what the agent told last; it is empty where none has run.
func LoadState(s *system.System) State {
	var state State
	if file, err := s.File(statePath); err == nil && file.Present {
		_ = json.Unmarshal(file.Content, &state)
	}
	return state
}

// Look is the state of the host now, without an agent.
func Look(one *task.Task, a *Agent) (State, error) {
	found, err := one.Partial(a.Site)
	if err != nil {
		return State{}, err
	}
	return a.stateOf(found)
}

// stateOf sums up what was found.
func (a *Agent) stateOf(found *task.Partial) (State, error) {
	state := State{Mode: a.Mode, Looked: time.Now(), Objects: found.Objects, Repairs: a.state.Repairs,
		LastRepair: a.state.LastRepair}
	for _, step := range found.Plan.Steps {
		if object := step.Object; !step.Upkeep && !slices.Contains(state.Drift, object) {
			state.Drift = append(state.Drift, object)
		}
	}
	for _, one := range found.Incomplete {
		state.Unreadable = state.Unreadable || one.Unreadable
	}
	state.Incomplete = append(state.Incomplete, found.Warnings()...)
	state.Undeclared = found.Left
	last, err := (&store.Store{System: a.Site.Services.System, Namespace: a.Site.Namespace}).Last()
	if last != nil {
		state.Generation, state.LastChange = last.Number, last.Time.Unix()
	}
	return state, err
}

// tell writes down what the host was found to be like.
func (a *Agent) tell(found *task.Partial) error {
	generation := a.state.Generation
	state, err := a.stateOf(found)
	if err != nil {
		return err
	}
	if generation != state.Generation && generation != 0 && time.Since(state.LastRepair) > time.Second {
		// Something else was declared: what was left is worth another try.
		a.fights = fights{}
	}
	state.Carriers = carriers(found.Plan.Seen.Links.Raw(), a.state.Carriers, time.Now())
	state.Left = a.fights.objects()
	slices.Sort(state.Left)
	said, _ := json.Marshal(a.state.Drift)
	if now, _ := json.Marshal(state.Drift); string(now) != string(said) && len(state.Drift) > 0 {
		fmt.Fprintf(a.Output, "hostnet watch: not as declared: %s\n", strings.Join(state.Drift, ", "))
	}
	a.state = state
	content, err := json.Marshal(state)
	if err != nil {
		return err
	}
	err = a.Site.Services.System.Put(system.File{Path: statePath, Present: true, Content: content, Mode: 0o644})
	return errors.Join(err, WriteMetrics(a.Site.Services.System, a.Metrics, state))
}

// DefaultMetrics is where node_exporter's textfile collector looks, as Debian sets it up.
const DefaultMetrics = "/var/lib/node_exporter/textfile/hostnet.prom"

// WriteMetrics writes the state for node_exporter; an empty path writes none.
func WriteMetrics(s *system.System, path string, state State) error {
	if path == "" {
		return nil
	}
	var out strings.Builder
	gauge := func(name, kind, help string) {
		fmt.Fprintf(&out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}
	gauge("hostnet_drift_objects", "gauge", "Number of objects that differ from what is declared.")
	fmt.Fprintf(&out, "hostnet_drift_objects %d\n", len(state.Drift))
	gauge("hostnet_drift", "gauge", "Objects that differ from what is declared.")
	for _, object := range state.Drift {
		fmt.Fprintf(&out, "hostnet_drift{object=%s} 1\n", label(object))
	}
	gauge("hostnet_objects", "gauge", "Objects that are declared.")
	fmt.Fprintf(&out, "hostnet_objects %d\n", state.Objects)
	gauge("hostnet_incomplete", "gauge", "Problems that keep declared objects from being made whole.")
	fmt.Fprintf(&out, "hostnet_incomplete %d\n", len(state.Incomplete))
	gauge("hostnet_repairs_total", "counter", "Times that hostnet watch has put something back.")
	fmt.Fprintf(&out, "hostnet_repairs_total %d\n", state.Repairs)
	gauge("hostnet_left", "gauge", "Objects that are taken away again and again, and left so.")
	fmt.Fprintf(&out, "hostnet_left %d\n", len(state.Left))
	gauge("hostnet_generation", "gauge", "Number of the last change.")
	fmt.Fprintf(&out, "hostnet_generation %d\n", state.Generation)
	gauge("hostnet_last_change_timestamp_seconds", "gauge", "When the network was changed last.")
	fmt.Fprintf(&out, "hostnet_last_change_timestamp_seconds %d\n", state.LastChange)
	gauge("hostnet_last_look_timestamp_seconds", "gauge", "When the host was compared last.")
	fmt.Fprintf(&out, "hostnet_last_look_timestamp_seconds %d\n", state.Looked.Unix())
	return s.Put(system.Text(path, out.String()))
}

// label quotes a label's value as the exposition format does.
func label(value string) string {
	text := strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\"", "\\\"").Replace(value)
	return `"` + text + `"`
}
