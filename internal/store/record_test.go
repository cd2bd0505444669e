package store

import (
	"testing"
	"time"

	"hostnet.linux/internal/system"
)

// TestLeft: the clock on the wall may be set to anything; what counts is the time since the boot.
func TestLeft(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"an hour back": -time.Hour, "an hour on": time.Hour} {
		entry := Record{Boot: Boot(), Deadline: time.Now().Add(time.Minute + step), Until: system.Uptime() + time.Minute}
		if left := entry.Left(); left < 50*time.Second || left > time.Minute {
			t.Errorf("the clock was set %s: %s are left", name, left)
		}
	}
	older := Record{Boot: Boot(), Deadline: time.Now().Add(time.Minute)}
	if left := older.Left(); left < 50*time.Second {
		t.Errorf("a record of release 1.0.0: %s are left", left)
	}
	foreign := Record{Boot: "another", Deadline: time.Now().Add(time.Minute), Until: system.Uptime() + time.Minute}
	if left := foreign.Left(); left > 0 {
		t.Errorf("a record of another boot: %s are left", left)
	}
}
