package task

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/control"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// newToken names a change. Whoever confirms it has to know it.
func newToken() string {
	bytes := make([]byte, 16)
	_, _ = rand.Read(bytes) // never fails (crypto/rand)
	return hex.EncodeToString(bytes)
}

// storeOf is where the journal of the site's network is kept.
func storeOf(site *services.Site) *store.Store {
	return &store.Store{System: site.Services.System, Namespace: site.Namespace}
}

func (t *Task) name() string { return nameOf(t.Call) }

// nameOf is what messages call the change.
func nameOf(call ansible.Call) string {
	if slices.Contains([]string{rollbackModule, applyModule, bootModule, watchModule, editModule}, call.Module) {
		return "hostnet " + call.Module
	}
	return "hostnet.linux." + call.Module
}

// change makes the plan once more under the lock, and carries it out with its record on the disk.
func (t *Task) change(site *services.Site, own *services.Declaration) ansible.Result {
	records := storeOf(site)
	if t.Call.Token == "" {
		lock, err := records.Lock(t.name(), 0)
		if err != nil {
			return ansible.Fail(err)
		}
		defer lock.Release()
	}
	recovered, err := Recover(site)
	if err != nil {
		return ansible.Fail(err)
	}
	want, todo, err := t.plan(site, own)
	if err != nil {
		return ansible.Fail(err)
	}
	result := report(want, todo)
	if recovered != "" {
		result.Warnings = append(result.Warnings, recovered)
	}
	checks, err := t.checks(site)
	if err != nil {
		return ansible.Fail(err)
	}
	entry := t.record(want, todo)
	hooks := &services.Hooks{
		Begin: func(before *services.Checkpoint) error {
			content, err := json.Marshal(before)
			if err != nil {
				return fmt.Errorf("cannot write down what the change replaces: %w", err)
			}
			entry.Before = content
			return records.Write(entry)
		},
		Verify: func() error {
			return services.Verify(func() (*services.Plan, error) {
				_, left, err := t.plan(site, own)
				return left, err
			})
		},
		Prove: func() error { return passAll(checks) },
	}
	result = t.finish(site, want, &result, todo, hooks)
	return t.settle(records, entry, result)
}

// checks are those that passed before the change, or all that are forced.
func (t *Task) checks(site *services.Site) ([]check, error) {
	if t.Settings.Probes == nil {
		return nil, nil
	}
	routes, err := site.Kernel.Routes()
	if err != nil {
		return nil, err
	}
	checks := checksOf(t.Settings.Probes, routes)
	if !isTrue(t.Settings.Probes.Force) {
		checks = passing(checks)
	}
	return checks, nil
}

// record is the change as it is kept until it is final, but for what it replaces.
func (t *Task) record(want *desired, todo *services.Plan) *store.Record {
	entry := &store.Record{Token: t.Call.Token, Who: t.who(), Phase: store.Applying, Started: time.Now(),
		Boot: store.Boot()}
	if entry.Token == "" {
		entry.Token = newToken()
	} else {
		entry.Deadline, entry.Until = t.Call.Deadline, t.Call.Until
	}
	if t.target != nil {
		entry.To = &t.target.Number
	} else if len(t.Call.Arguments) > 0 {
		entry.Edit, _ = json.Marshal(t.Call.Arguments)
	}
	entry.Steps, _ = json.Marshal(plan.Describe(todo.Steps))
	if want.after != nil {
		arguments, _ := spec.Arguments(want.after.Set.Objects)
		entry.Set, _ = json.Marshal(arguments)
	}
	return entry
}

// who is behind the change.
func (t *Task) who() store.Who {
	who := store.Who{Task: t.name(), User: system.LoginUser()}
	if connection, ok := control.Find(); ok {
		who.From = connection.Controller.String()
	}
	return who
}

// settle makes the change final, or leaves it to whoever waits for the confirmation.
func (t *Task) settle(records *store.Store, entry *store.Record, result ansible.Result) ansible.Result {
	var err error
	switch {
	case entry.Deadline.IsZero() && records.Namespace != "":
		// Nobody asks later about a change in a namespace that is gone with the boot.
		err = records.Drop()
	case entry.Before == nil:
		// Nothing was touched, so there is nothing to confirm or undo; but the controller waits for an answer.
		if entry.Deadline.IsZero() {
			return result
		}
		entry.Before = json.RawMessage("null")
		if result.Err == nil {
			entry.Phase, entry.Nonce = store.Waiting, newToken()
			entry.Result = result.Encode(t.Call.Diff)
			err = records.Write(entry)
			break
		}
		entry.Result = result.Encode(t.Call.Diff)
		err = records.Undo(entry, result.Err.Error())
	case result.Err != nil:
		entry.Result = result.Encode(t.Call.Diff)
		if errors.Is(result.Err, services.ErrNotUndone) {
			// The next run tries again.
			entry.Attempts++
			err = records.Write(entry)
			break
		}
		err = records.Undo(entry, result.Err.Error())
		logged(records.System, entry, "failed and was undone", nil)
	case entry.Deadline.IsZero():
		err = commit(records, entry, result.Changed)
	default:
		entry.Phase, entry.Nonce = store.Waiting, newToken()
		entry.Result = result.Encode(t.Call.Diff)
		err = records.Write(entry)
	}
	if err != nil && result.Err == nil {
		return ansible.Fail(fmt.Errorf("the change is made, but its record cannot be closed, so the next run undoes it: %w",
			err))
	}
	return result
}

// commit makes a change final. One that has only kept our own program current is no generation.
func commit(records *store.Store, entry *store.Record, changed bool) error {
	var generation *store.Generation
	if changed {
		generation = entry.Generation()
	}
	if err := records.Commit(generation); err != nil {
		return err
	}
	if generation != nil {
		logged(records.System, entry, "final", generation)
	}
	return nil
}

// Recover finishes what another run has left behind: it undoes a change that nobody made final. What it says is for the
// operator, "" where there was nothing.
func Recover(site *services.Site) (string, error) {
	return recoverWith(site, containersByProgram(site.Services.System))
}

func recoverWith(site *services.Site, containers containersBack) (string, error) {
	records := storeOf(site)
	left, err := records.Current()
	if err != nil || left == nil {
		return "", err
	}
	if records.IsFinal(left) {
		return "", records.Commit(nil)
	}
	// The guard undoes a change at its deadline; only if it is not there any more, or hangs, is it for us.
	if Pending(site, left) {
		return "",
			&store.BusyError{Holder: fmt.Sprintf("a change by %s waits for its confirmation until %s", left.Task,
				left.Deadline.Format(time.TimeOnly))}
	}
	// A guard that is started anew meanwhile leaves it to us.
	if dead, err := records.LockGuard(left.Token); err == nil {
		defer dead.Release()
		_ = records.System.Put(system.NoFile(orderPath(left.Token) + takenEnding))
	}
	err = undo(site, left, containers)
	if errors.Is(err, errDamaged) {
		told := fmt.Sprintf("a change by %s of %s was left half-way, and its record is damaged, so that it cannot be "+
			"undone: look at the host with `hostnet diff`",
			left.Task, left.Started.Format(time.DateTime))
		return told, records.SetAside(err)
	}
	if err != nil {
		return recoverLater(records, left, err)
	}
	reason := "its run did not come to its end"
	told := fmt.Sprintf("a change by %s of %s was left half-way: it was undone", left.Task,
		left.Started.Format(time.DateTime))
	if lost := lostBy(left); len(lost) > 0 {
		told += fmt.Sprintf(", but for the deletion of container %s, which had begun: nothing brings its files back",
			strings.Join(lost, ", "))
	}
	return told, records.Undo(left, reason)
}

// leftHalfway tells of a change whose run is gone, and which nobody comes back to.
func leftHalfway(site *services.Site) bool {
	records := storeOf(site)
	left, err := records.Current()
	return err == nil && left != nil && !records.IsBusy() && !Pending(site, left)
}

// grace is how long a guard may take to undo a change after its deadline.
const grace = 10 * time.Second

// mostAttempts is how often an undo is tried: then what nothing brings back must not keep the host from being set up.
const mostAttempts = 3

// recoverLater keeps the record of a change that could not be undone, so that the next run tries again.
func recoverLater(records *store.Store, left *store.Record, failure error) (string, error) {
	what := fmt.Sprintf("a change by %s of %s was left half-way", left.Task, left.Started.Format(time.DateTime))
	left.Attempts++
	if left.Attempts >= mostAttempts {
		told := fmt.Sprintf("%s, and undoing it failed %d times: %v: look at it with `hostnet diff`", what, left.Attempts,
			failure)
		return told, records.Undo(left, failure.Error())
	}
	return "", errors.Join(fmt.Errorf("%s, and undoing it failed: %w", what, failure), records.Write(left))
}

// replacedBy is what a change has replaced, nil if it has touched nothing.
func replacedBy(content json.RawMessage) (*services.Checkpoint, error) {
	var before *services.Checkpoint
	if err := json.Unmarshal(content, &before); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return before, nil
}

// errDamaged is a record that says nothing of what there was before.
var errDamaged = errors.New("the record of the change is damaged")

// undo puts back what a change has replaced.
func undo(site *services.Site, left *store.Record, containers containersBack) error {
	before, err := replacedBy(left.Before)
	if err != nil {
		return err
	}
	wired, err := containersOf(left.Containers)
	if err != nil {
		return err
	}
	sameBoot := left.Boot == store.Boot()
	switch {
	case before == nil:
	case sameBoot:
		err = site.Restore(before)
	default:
		err = site.RestoreFiles(before)
	}
	for _, one := range wired {
		if !sameBoot {
			one = one.AfterBoot()
		}
		err = errors.Join(err, containers.restore(one))
	}
	return err
}

// needsConfirmation tells whether the controller has to confirm a change of these links by these steps, and why.
func (t *Task) needsConfirmation(site *services.Site, links map[string]bool, steps ...plan.Step) (bool, string) {
	switch mode := t.Settings.Mode(); {
	case mode == "off" || t.Settings.Netns != nil:
		return false, ""
	case mode == "on":
		return true, "confirm is on"
	}
	connection, ok := control.Find()
	if !ok {
		return false, ""
	}
	towards, err := site.Towards(connection.Controller)
	if err != nil {
		return true, err.Error()
	}
	seen, err := site.Host.ObserveLinks()
	if err != nil {
		return true, err.Error()
	}
	path := seen.Path(towards, connection.Host)
	for link := range links {
		if path[link] {
			return true, link + " is on the path of the SSH connection"
		}
	}
	for _, step := range steps {
		for _, destination := range step.Destinations {
			if destination.Contains(connection.Controller) {
				return true, step.Object + " decides on the way of the SSH connection"
			}
		}
	}
	return false, ""
}
