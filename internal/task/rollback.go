package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// NewRollback is the task of undoing the last change, which waits for no confirmation unless its settings are changed.
func NewRollback() *Task {
	off := "off"
	return &Task{Call: ansible.Call{Module: rollbackModule}, Settings: &host.Settings{Confirm: &host.Confirm{Mode: &off}}}
}

// Target is what a rollback goes back to.
type Target struct {
	// Number is the generation whose state comes back, 0 the one before the first; Last is the newest change that goes.
	Number int
	Last   *store.Generation
	// before is what the changes have replaced; nil if all of them were about containers alone.
	before *services.Checkpoint
	// past is set in place of before where a boot lies between.
	past *past
	// wiring is what becomes of containers.
	wiring wiring
}

// Notes say what does not come back.
func (t *Target) Notes() []string { return t.wiring.notes }

// links are those that the changes have touched.
func (t *Target) links() map[string]bool {
	if t.before == nil {
		return nil
	}
	return t.before.Links
}

// Target finds the state of generation number, or of the one before the present if that is negative.
func (t *Task) Target(site *services.Site, number int) (*Target, error) {
	records := storeOf(site)
	if open, err := records.Current(); err != nil {
		return nil, err
	} else if open != nil {
		return nil,
			fmt.Errorf("a change by %s of %s is not final: keep it with `hostnet confirm`, or wait until it undoes itself; "+
				"what a crash has left behind is undone by `hostnet recover`", open.Task, open.Started.Format(time.DateTime))
	}
	last, err := records.Last()
	if err != nil {
		return nil, err
	}
	if last == nil || number < 0 && last.Effective() == 0 {
		return nil, errors.New("there is no change to undo")
	}
	if number < 0 {
		number = last.Effective() - 1
	}
	if number >= last.Number {
		return nil, fmt.Errorf("generation %d is not in the past: the last one is %d, see `hostnet log`", number, last.Number)
	}
	since, err := records.Since(number)
	if err != nil {
		return nil, err
	}
	if len(since) == 0 || since[0].Number != number+1 {
		return nil, notKept(number)
	}
	out := &Target{Number: number, Last: last}
	overBoot := false
	for _, one := range since {
		overBoot = overBoot || one.Boot != store.Boot()
		if err := out.wiring.add(one); err != nil {
			return nil, err
		}
	}
	if overBoot {
		out.past, err = pastOf(records, number, since)
		return out, err
	}
	for _, one := range since {
		before, err := replacedBy(one.Before)
		if err != nil {
			return nil, err
		}
		if out.before == nil {
			out.before = before
		} else if before != nil {
			out.before.Join(before)
		}
	}
	return out, nil
}

// Rollback goes back to a target. Where that has to be confirmed, it leaves it to a guard, and returns its token.
func (t *Task) Rollback(site *services.Site, target *Target) (string, error) {
	if target.past != nil {
		result := t.towards(target).Apply(site, nil)
		return TokenOf(result), result.Err
	}
	records := storeOf(site)
	if guarded, why := t.needsConfirmation(site, target.links()); guarded {
		if _, err := target.replaced(site); err != nil {
			return "", target.failed(err)
		}
		t.Call.Arguments = map[string]any{"to": target.Number}
		result := t.guard(site, ansible.Result{}, why)
		t.pending = result.Values.Get(ConfirmKey)
		return TokenOf(result), result.Err
	}
	lock, err := records.Lock(t.name(), 0)
	if err != nil {
		return "", err
	}
	defer lock.Release()
	entry, err := t.goBack(site, target)
	if err != nil {
		return "", target.failed(err)
	}
	return "", commit(records, entry, true)
}

// towards is the task of declaring what was declared before a boot.
func (t *Task) towards(target *Target) *Task {
	yes := true
	out, settings := *t, *t.Settings
	settings.Purge, settings.Replace = &yes, &yes
	out.Settings, out.Edit, out.target, out.past = &settings, target.past.edit(), target, target.past
	out.Call.Arguments = map[string]any{"to": target.Number}
	return &out
}

func (t *Target) failed(err error) error {
	return fmt.Errorf("cannot undo the change by %s: %w", t.Last.Task, err)
}

// goBack puts a checkpoint back, with a record of what that replaces.
func (t *Task) goBack(site *services.Site, target *Target) (*store.Record, error) {
	records := storeOf(site)
	content, err := target.replaced(site)
	if err != nil {
		return nil, err
	}
	containers := containersByProgram(site.Services.System)
	steps, wired, err := target.backward(site, containers)
	if err != nil {
		return nil, err
	}
	described, err := json.Marshal(plan.Describe(steps))
	if err != nil {
		return nil, err
	}
	entry := &store.Record{
		Steps: described, Token: t.Call.Token, Who: t.who(), Phase: store.Applying, Started: time.Now(),
		Deadline: t.Call.Deadline,
		Until:    t.Call.Until, Boot: store.Boot(),
		Before: content, Containers: wired, To: &target.Number,
	}
	if entry.Token == "" {
		entry.Token = newToken()
	}
	if err := records.Write(entry); err != nil {
		return nil, err
	}
	if err := target.restore(site, containers); err != nil {
		if undoErr := undo(site, entry, containers); undoErr != nil {
			return nil, fmt.Errorf("%w; putting the host back failed as well: %w", err, undoErr)
		}
		return nil, errors.Join(err, records.Undo(entry, err.Error()))
	}
	entry.Set, err = setNow(site)
	return entry, err
}

// backward finds the steps of going back within a boot, and what they replace of containers, as a record keeps it.
func (t *Target) backward(site *services.Site, containers containersBack) (
	steps []plan.Step, wired json.RawMessage, err error,
) {
	if t.before != nil {
		if steps, err = site.Back(t.before); err != nil {
			return nil, nil, err
		}
	}
	wired, others, err := t.wiring.backward(containers)
	return append(steps, others...), wired, err
}

// replaced is what going back replaces of the host, as a record keeps it.
func (t *Target) replaced(site *services.Site) (json.RawMessage, error) {
	if t.before == nil {
		return json.RawMessage("null"), nil
	}
	replaced, err := site.Inverse(t.before)
	if err != nil {
		return nil, err
	}
	return json.Marshal(replaced)
}

// restore goes back.
func (t *Target) restore(site *services.Site, containers containersBack) error {
	if t.before != nil {
		if err := site.Restore(t.before); err != nil {
			return err
		}
	}
	for _, one := range t.wiring.before {
		if err := containers.restore(one); err != nil {
			return err
		}
	}
	return nil
}

// rollbackWorker is a rollback by a guard's worker: a change of its own, with a record and a deadline.
func rollbackWorker(call ansible.Call) ansible.Result {
	site, done, err := OpenSite("", &system.System{})
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	t := &Task{Call: call}
	number, err := strconv.Atoi(fmt.Sprint(call.Arguments["to"]))
	if err != nil {
		number = -1
	}
	target, err := t.Target(site, number)
	if err != nil {
		return ansible.Fail(err)
	}
	if target.past != nil {
		t.Settings = &host.Settings{}
		return t.towards(target).change(site, nil)
	}
	entry, err := t.goBack(site, target)
	if err != nil {
		return ansible.Fail(target.failed(err))
	}
	entry.Phase, entry.Nonce = store.Waiting, newToken()
	return ansible.Result{Err: storeOf(site).Write(entry)}
}
