package store

import (
	"errors"
	"testing"
	"time"

	"hostnet.linux/internal/system"
)

// TestTasksWaitForTheWatcher: a repair that is under way is no reason for a task to fail, and another task is one.
func TestTasksWaitForTheWatcher(t *testing.T) {
	t.Parallel()
	records := &Store{System: &system.System{Root: t.TempDir()}}
	for _, holder := range []string{Watcher, AtBoot} {
		held, err := records.Lock(holder, 0)
		if err != nil {
			t.Fatal(err)
		}
		const repair = 300 * time.Millisecond
		begin := time.Now()
		time.AfterFunc(repair, held.Release)
		lock, err := records.Lock("hostnet.linux.bridge", 0)
		if err != nil {
			t.Fatalf("behind %s: %v", holder, err)
		}
		if waited := time.Since(begin); waited < repair {
			t.Errorf("behind %s: got the lock after %v", holder, waited)
		}
		var busy *BusyError
		if _, err := records.Lock("hostnet.linux.route", 0); !errors.As(err, &busy) || !busy.HeldBy("hostnet.linux.bridge") {
			t.Errorf("two tasks: %v", err)
		}
		if _, err := records.Lock(Watcher, 0); !errors.As(err, &busy) {
			t.Errorf("the watcher beside a task: %v", err)
		}
		lock.Release()
	}
}
