package store

import (
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

// Lock takes the lock for a holder, and waits that long if another run has it. The error is a BusyError then.
func (s *Store) Lock(holder string, wait time.Duration) (*Lock, error) {
	return system.TakeLock(s.lockPath(""), holder, wait)
}

// LockGuard is taken by the guard of a change for as long as it lives.
func (s *Store) LockGuard(token string) (*Lock, error) {
	return system.TakeLock(s.lockPath(".guard-"+token), "the guard of a change", time.Second)
}

// IsGuarded tells whether the guard of a change lives.
func (s *Store) IsGuarded(token string) bool { return system.IsLocked(s.lockPath(".guard-" + token)) }
