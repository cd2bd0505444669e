package task

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/control"
	"hostnet.linux/internal/journal"
	"hostnet.linux/internal/services"
)

// newToken names a change. Whoever confirms it has to know it.
func newToken() string {
	bytes := make([]byte, 16)
	_, _ = rand.Read(bytes) // never fails (crypto/rand)
	return hex.EncodeToString(bytes)
}

// storeOf is where the journal of the site's network is kept.
func storeOf(site *services.Site) *journal.Store {
	return &journal.Store{System: site.Services.System, Namespace: site.Namespace}
}

func (t *Task) name() string { return nameOf(t.Call) }

// nameOf is what messages call the change.
func nameOf(call ansible.Call) string {
	if call.Module == rollbackModule {
		return "hostnet rollback"
	}
	return "hostnet.linux." + call.Module
}

// change makes the plan once more under the lock, and carries it out with its journal on the disk.
func (t *Task) change(site *services.Site, declaration *services.Declaration) ansible.Result {
	store := storeOf(site)
	if t.Call.Token == "" {
		lock, err := store.Lock(t.name(), 0)
		if err != nil {
			return ansible.Fail(err)
		}
		defer lock.Release()
	}
	recovered, err := Recover(site)
	if err != nil {
		return ansible.Fail(err)
	}
	todo, err := t.plan(site, declaration)
	if err != nil {
		return ansible.Fail(err)
	}
	result := report(todo)
	if recovered != "" {
		result.Warnings = append(result.Warnings, recovered)
	}
	entry := &journal.Journal{Token: t.Call.Token, Task: t.name(), Phase: journal.Applying, Started: time.Now(), Boot: journal.Boot()}
	if entry.Token == "" {
		entry.Token = newToken()
	} else {
		entry.Deadline = t.Call.Deadline
	}
	routes, err := site.Kernel.Routes()
	if err != nil {
		return ansible.Fail(err)
	}
	checks := checksOf(t.Settings.Probes, routes)
	if t.Settings.Probes != nil && !isTrue(t.Settings.Probes.Force) {
		checks = passing(checks)
	}
	hooks := &services.Hooks{
		Begin: func(before *services.Checkpoint) error {
			content, err := json.Marshal(before)
			if err != nil {
				return fmt.Errorf("cannot write down what the change replaces: %w", err)
			}
			entry.Before = content
			return store.Write(entry)
		},
		Prove: func() error { return passAll(checks) },
	}
	result = t.finish(site, declaration, &result, todo, hooks)
	return t.settle(store, entry, result)
}

// settle makes the change final, or leaves it to whoever waits for the confirmation.
func (t *Task) settle(store *journal.Store, entry *journal.Journal, result ansible.Result) ansible.Result {
	var err error
	switch {
	case entry.Deadline.IsZero() && store.Namespace != "":
		// Nobody asks later about a change in a namespace that is gone with the boot.
		err = store.Drop()
	case entry.Before == nil:
		// Nothing was touched, so there is nothing to confirm or undo; but the controller waits for an answer.
		if entry.Deadline.IsZero() {
			return result
		}
		entry.Before = json.RawMessage("null")
		if result.Err == nil {
			entry.Phase, entry.Nonce = journal.Waiting, newToken()
			entry.Result = result.Encode(t.Call.Diff)
			err = store.Write(entry)
			break
		}
		entry.Result = result.Encode(t.Call.Diff)
		err = store.Undo(entry, result.Err.Error())
	case result.Err != nil:
		entry.Result = result.Encode(t.Call.Diff)
		err = store.Undo(entry, result.Err.Error())
	case entry.Deadline.IsZero():
		err = store.Commit()
	default:
		entry.Phase, entry.Nonce = journal.Waiting, newToken()
		entry.Result = result.Encode(t.Call.Diff)
		err = store.Write(entry)
	}
	if err != nil && result.Err == nil {
		return ansible.Fail(fmt.Errorf("the change is made, but its journal cannot be closed, so the next run undoes it: %w", err))
	}
	return result
}

// Recover finishes what another run has left behind: it undoes a change that nobody made final. What it says is for the
// operator, "" where there was nothing.
func Recover(site *services.Site) (string, error) {
	store := storeOf(site)
	left, err := store.Current()
	if err != nil || left == nil {
		return "", err
	}
	// The guard undoes a change at its deadline; only if it is not there any more is it for us.
	const grace = 10 * time.Second
	if now := time.Now(); left.Boot == journal.Boot() && now.Before(left.Deadline.Add(grace)) && now.After(left.Started) {
		return "", &journal.BusyError{Holder: fmt.Sprintf("a change by %s waits for its confirmation until %s", left.Task, left.Deadline.Format(time.TimeOnly))}
	}
	reason := "its run did not come to its end"
	if err := undo(site, left); err != nil {
		return "", fmt.Errorf("a change by %s of %s was left half-way, and undoing it failed: %w", left.Task, left.Started.Format(time.DateTime), err)
	}
	return fmt.Sprintf("a change by %s of %s was left half-way: it was undone", left.Task, left.Started.Format(time.DateTime)), store.Undo(left, reason)
}

// replacedBy is what a change has replaced, nil if it has touched nothing.
func replacedBy(change *journal.Journal) (*services.Checkpoint, error) {
	var before *services.Checkpoint
	if err := json.Unmarshal(change.Before, &before); err != nil {
		return nil, fmt.Errorf("the journal is damaged: %w", err)
	}
	return before, nil
}

// undo puts back what a change has replaced.
func undo(site *services.Site, left *journal.Journal) error {
	before, err := replacedBy(left)
	if err != nil || before == nil {
		return err
	}
	if left.Boot != journal.Boot() {
		return site.RestoreFiles(before)
	}
	return site.Restore(before)
}

// needsConfirmation tells whether the controller has to confirm a change of these links, and why.
func (t *Task) needsConfirmation(site *services.Site, links map[string]bool) (bool, string) {
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
	seen, err := site.Host.Observe()
	if err != nil {
		return true, err.Error()
	}
	path := seen.Path(towards, connection.Host)
	for link := range links {
		if path[link] {
			return true, link + " is on the path of the SSH connection"
		}
	}
	return false, ""
}
