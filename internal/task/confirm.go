package task

import (
	"errors"
	"fmt"
	"os"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/control"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// ConfirmKey and NonceKey are the arguments with which the controller confirms a change.
const (
	ConfirmKey = "_hostnet_confirm"
	NonceKey   = "_hostnet_nonce"
)

// The verdicts on a confirmation.
const (
	pending   = "pending"
	ready     = "ready"
	confirmed = "confirmed"
	tooLate   = "too late"
	failed    = "failed"
	unknown   = "unknown"
)

// Confirm makes a change final. It never waits: a process that was started before the change proves nothing about the
// way after it. The controller asks until the change is made, gets a nonce, and confirms with that: then an answer from
// after the change has reached it, and it has reached us. A second confirmation says the same again.
func Confirm(token, nonce string) ansible.Result {
	site, done, err := OpenSite("", &system.System{})
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	if err := replaceGuard(site, token); err != nil {
		return ansible.Fail(err)
	}
	verdict, entry, err := judge(storeOf(site), token, nonce)
	if err != nil {
		return ansible.Fail(err)
	}
	return answer(verdict, entry)
}

// replaceGuard undoes a change that cannot be confirmed any more and whose guard is gone.
func replaceGuard(site *services.Site, token string) error {
	records := storeOf(site)
	lock, err := records.Lock("a confirmation", 0)
	if err != nil {
		return nil // somebody makes or undoes the change
	}
	defer lock.Release()
	left, err := records.Current()
	if err != nil || left == nil || left.Token != token || records.IsGuarded(token) || left.Phase == store.Waiting &&
		left.Left() > 0 {
		return err
	}
	_, err = Recover(site)
	return err
}

func judge(records *store.Store, token, nonce string) (string, *store.Record, error) {
	if previous, err := records.Previous(); err != nil || (previous != nil && previous.Token == token) {
		return confirmed, previous, err
	}
	if undone, err := records.Undone(); err != nil || (undone != nil && undone.Token == token) {
		if err == nil && undone.Phase == store.Applying {
			return failed, undone, nil
		}
		return tooLate, undone, err
	}
	lock, err := records.Lock("a confirmation", 0)
	if err != nil {
		// The change is being made or undone.
		var busy *store.BusyError
		if errors.As(err, &busy) {
			return pending, nil, nil
		}
		return "", nil, err
	}
	defer lock.Release()
	current, err := records.Current()
	switch {
	case err != nil:
		return "", nil, err
	case current == nil || current.Token != token:
		return unknown, &store.Record{Reason: "this host knows nothing of the change: did it restart?"}, nil
	case current.Phase != store.Waiting || current.Left() <= 0:
		return pending, nil, nil
	case nonce != current.Nonce:
		return ready, current, nil
	}
	return confirmed, current, commit(records, current, true)
}

func answer(verdict string, entry *store.Record) ansible.Result {
	out := ansible.Result{Values: schema.Object{{Key: "verdict", Value: verdict}}}
	switch {
	case entry == nil:
	case verdict == ready:
		out.Values.Set("nonce", entry.Nonce)
	default:
		if entry.Reason != "" {
			out.Values.Set("reason", entry.Reason)
		}
		if len(entry.Result) > 0 {
			out.Values.Set("result", entry.Result)
		}
	}
	return out
}

// TokenOf names the change that the result leaves to a guard, "" if it leaves none.
func TokenOf(result ansible.Result) string {
	wanted, _ := result.Values.Get(ConfirmKey).(schema.Object)
	token, _ := wanted.Get("token").(string)
	return token
}

// Await waits until a change that was left to a guard is made, and asks for its confirmation, or is undone. Its error
// says why it was.
func Await(site *services.Site, token string) (*store.Record, error) {
	// The guard takes a moment to begin.
	begin := time.Now().Add(30 * time.Second)
	for {
		verdict, entry, err := judge(storeOf(site), token, "")
		switch {
		case err != nil:
			return nil, err
		case verdict == ready || verdict == confirmed:
			return entry, nil
		case verdict == tooLate || verdict == failed || verdict == unknown && time.Now().After(begin):
			return nil, fmt.Errorf("the change was undone: %s", entry.Reason)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// ConfirmPending confirms the change that waits for it; whoever asks for that has reached the host after the change.
func ConfirmPending(site *services.Site) (*store.Record, error) {
	records := storeOf(site)
	waiting, err := records.Current()
	if err != nil {
		return nil, err
	}
	if waiting == nil {
		return nil, errors.New("no change waits for its confirmation")
	}
	verdict, entry, err := judge(records, waiting.Token, waiting.Nonce)
	if err == nil && verdict != confirmed {
		err = fmt.Errorf("the change by %s cannot be confirmed: it is being made or undone", waiting.Task)
	}
	return entry, err
}

// connectionText is the SSH connection in the form of SSH_CONNECTION, for a process that sshd did not start.
func connectionText() string {
	if text := os.Getenv("SSH_CONNECTION"); text != "" {
		return text
	}
	connection, ok := control.Find()
	if !ok {
		return ""
	}
	return connection.Controller.String() + " 0 " + connection.Host.String() + " 0"
}
