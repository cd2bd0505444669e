package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/journal"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
)

// rollbackModule stands for a module in a guard's order to undo the last change.
const rollbackModule = "rollback"

// NewRollback is the task of undoing the last change, which waits for no confirmation unless its settings are changed.
func NewRollback() *Task {
	off := "off"
	return &Task{Call: ansible.Call{Module: rollbackModule}, Settings: &host.Settings{Confirm: &host.Confirm{Mode: &off}}}
}

// Rollback puts back what the last change replaced, and says which one it was. Where that has to be confirmed, it leaves
// it to a guard, and returns its token.
func (t *Task) Rollback(site *services.Site) (*journal.Journal, string, error) {
	store := storeOf(site)
	last, before, err := lastChange(store)
	if err != nil {
		return nil, "", err
	}
	if guarded, why := t.needsConfirmation(site, before.Links); guarded {
		if _, err := site.Opposite(before); err != nil {
			return nil, "", fmt.Errorf("cannot undo the change by %s: %w", last.Task, err)
		}
		result := t.guard(site, ansible.Result{}, why)
		return last, TokenOf(result), result.Err
	}
	lock, err := store.Lock(t.name(), 0)
	if err != nil {
		return nil, "", err
	}
	defer lock.Release()
	if err := site.Restore(before); err != nil {
		return nil, "", fmt.Errorf("cannot undo the change by %s: %w", last.Task, err)
	}
	return last, "", store.DropPrevious()
}

// lastChange is the change that can be undone, and what it replaced.
func lastChange(store *journal.Store) (*journal.Journal, *services.Checkpoint, error) {
	if open, err := store.Current(); err != nil {
		return nil, nil, err
	} else if open != nil {
		return nil, nil, fmt.Errorf("a change by %s of %s is not final: keep it with `hostnet confirm`, or wait until it undoes itself; "+
			"what a crash has left behind is undone by `hostnet recover`", open.Task, open.Started.Format(time.DateTime))
	}
	last, err := store.Previous()
	if err != nil {
		return nil, nil, err
	}
	if last == nil {
		return nil, nil, errors.New("there is no change to undo: hostnet remembers the last one only")
	}
	if last.Boot != journal.Boot() {
		return nil, nil, fmt.Errorf("the last change, by %s of %s, was made before this host's boot: declare what you want instead, see `hostnet diff`",
			last.Task, last.Started.Format(time.DateTime))
	}
	before, err := replacedBy(last)
	if err != nil {
		return nil, nil, err
	}
	if before == nil {
		return nil, nil, fmt.Errorf("the last change, by %s of %s, touched nothing", last.Task, last.Started.Format(time.DateTime))
	}
	return last, before, nil
}

// turnBack undoes the last change as a guard's worker: as a change of its own, with a journal and a deadline.
func turnBack(call ansible.Call) ansible.Result {
	site, done, err := OpenSite("", &system.System{})
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	store := storeOf(site)
	last, before, err := lastChange(store)
	if err != nil {
		return ansible.Fail(err)
	}
	replaced, err := site.Opposite(before)
	if err != nil {
		return ansible.Fail(err)
	}
	content, err := json.Marshal(replaced)
	if err != nil {
		return ansible.Fail(err)
	}
	entry := &journal.Journal{
		Token: call.Token, Task: nameOf(call), Phase: journal.Applying, Started: time.Now(), Deadline: call.Deadline, Boot: journal.Boot(), Before: content,
	}
	if err := store.Write(entry); err != nil {
		return ansible.Fail(err)
	}
	if err := site.Restore(before); err != nil {
		// The guard puts back what there was.
		return ansible.Fail(fmt.Errorf("cannot undo the change by %s: %w", last.Task, err))
	}
	entry.Phase, entry.Nonce = journal.Waiting, newToken()
	return ansible.Result{Err: store.Write(entry)}
}
