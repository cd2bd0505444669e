package task

import (
	"encoding/json"
	"os"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/control"
	"hostnet.linux/internal/journal"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// ConfirmKey is the argument with which the controller confirms a change.
const ConfirmKey = "_hostnet_confirm"

// The verdicts on a confirmation.
const (
	confirmed = "confirmed"
	tooLate   = "too late"
	failed    = "failed"
	unknown   = "unknown"
)

// patience bounds how long a confirmation waits for a change that is being made: longer than the longest timeout.
const patience = 65 * time.Minute

// Confirm makes a change final. A second time says the same again.
func Confirm(token string) ansible.Result {
	site, done, err := OpenSite("", &system.System{})
	if err != nil {
		return ansible.Fail(err)
	}
	defer done()
	store := storeOf(site)
	// Between its order and its journal, nothing tells of a change.
	lost := time.Now().Add(30 * time.Second)
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		verdict, entry, err := judge(store, token)
		if err != nil {
			return ansible.Fail(err)
		}
		if verdict != "" {
			return answer(verdict, entry)
		}
		if entry != nil {
			continue
		}
		if time.Now().After(lost) {
			break
		}
	}
	return answer(unknown, &journal.Journal{Reason: "this host knows nothing of the change: did it restart?"})
}

// judge is the verdict, if it has fallen, and the change, if it is known.
func judge(store *journal.Store, token string) (string, *journal.Journal, error) {
	if previous, err := store.Previous(); err != nil || (previous != nil && previous.Token == token) {
		return confirmed, previous, err
	}
	if undone, err := store.Undone(); err != nil || (undone != nil && undone.Token == token) {
		if err == nil && undone.Phase == journal.Applying {
			return failed, undone, nil
		}
		return tooLate, undone, err
	}
	current, err := store.Current()
	if err != nil || current == nil || current.Token != token {
		return "", nil, err
	}
	if current.Phase != journal.Waiting {
		return "", current, nil
	}
	lock, err := store.Lock("a confirmation", 0)
	if err != nil {
		// The guard has it: what it does is the verdict.
		return "", current, nil //nolint:nilerr // busy is no failure here
	}
	defer lock.Release()
	again, err := store.Current()
	if err != nil || again == nil || again.Token != token || !time.Now().Before(again.Deadline) {
		return "", current, err
	}
	return "", current, store.Commit()
}

func answer(verdict string, entry *journal.Journal) ansible.Result {
	out := ansible.Result{Values: schema.Object{{Key: "verdict", Value: verdict}}}
	if entry.Reason != "" {
		out.Values.Set("reason", entry.Reason)
	}
	if len(entry.Result) > 0 {
		out.Values.Set("result", json.RawMessage(entry.Result))
	}
	return out
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
