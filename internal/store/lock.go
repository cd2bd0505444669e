package store

import (
	"errors"
	"strings"
	"time"

	"hostnet.linux/internal/system"
)

// Lock keeps two tasks from changing one network at a time.
type Lock = system.Lock

// BusyError says who is changing the network.
type BusyError = system.BusyError

// lockPath is under /run, which is empty after a boot.
func (s *Store) lockPath(name string) string {
	network := "host"
	if s.Namespace != "" {
		network = strings.ReplaceAll(strings.Trim(s.Namespace, "/"), "/", "-")
	}
	return s.System.Path(system.RuntimeFolder + "/" + network + name + ".lock")
}

// Watcher and AtBoot hold the lock on nobody's behalf.
const (
	Watcher = "hostnet watch"
	AtBoot  = "hostnet boot"
)

// Lock takes the lock for a holder, and waits that long if another run has it. The error is a BusyError then. What the
// host does by itself, and soon ends, is waited for by everybody else.
func (s *Store) Lock(holder string, wait time.Duration) (*Lock, error) {
	lock, err := system.TakeLock(s.lockPath(""), holder, wait)
	var busy *BusyError
	const patience = time.Minute
	if wait < patience && holder != Watcher && errors.As(err, &busy) && (busy.HeldBy(Watcher) || busy.HeldBy(AtBoot)) {
		return system.TakeLock(s.lockPath(""), holder, patience)
	}
	return lock, err
}

// IsBusy tells whether a run is changing the network right now.
func (s *Store) IsBusy() bool { return system.IsLocked(s.lockPath("")) }

// LockGuard is taken by the guard of a change for as long as it lives.
func (s *Store) LockGuard(token string) (*Lock, error) {
	return system.TakeLock(s.lockPath(".guard-"+token), "the guard of a change", time.Second)
}

// IsGuarded tells whether the guard of a change lives.
func (s *Store) IsGuarded(token string) bool { return system.IsLocked(s.lockPath(".guard-" + token)) }
