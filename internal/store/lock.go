package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Lock keeps two tasks from changing one network at a time. The kernel lets go of it when its holder dies (flock(2)).
type Lock struct {
	file *os.File
}

// BusyError says who is changing the network.
type BusyError struct {
	Holder string
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("another run is changing this network: %s; run the task again when it is done", e.Holder)
}

// path is under /run, which is empty after a boot.
func (s *Store) lockPath() string {
	name := "host"
	if s.Namespace != "" {
		name = strings.ReplaceAll(strings.Trim(s.Namespace, "/"), "/", "-")
	}
	return s.System.Path("/run/hostnet/" + name + ".lock")
}

// Lock takes the lock for a holder, and waits that long if another run has it. The error is a BusyError then.
func (s *Store) Lock(holder string, wait time.Duration) (*Lock, error) {
	deadline := time.Now().Add(wait)
	for {
		lock, err := s.tryLock(holder)
		var busy *BusyError
		if err == nil || !errors.As(err, &busy) || time.Now().After(deadline) {
			return lock, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *Store) tryLock(holder string) (*Lock, error) {
	path := s.lockPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("cannot lock this network: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot lock this network: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer func() { _ = file.Close() }()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("cannot lock this network: %w", err)
		}
		text, _ := os.ReadFile(path)
		return nil, &BusyError{Holder: strings.TrimSpace(string(text))}
	}
	if !isStill(file, path) {
		// Its last holder has removed it between our open and our lock.
		_ = file.Close()
		return nil, &BusyError{Holder: "a run that just ended"}
	}
	text := fmt.Sprintf("%s (process %d, since %s)\n", holder, os.Getpid(), time.Now().Format(time.DateTime))
	if err := errors.Join(file.Truncate(0), writeAt(file, text)); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("cannot write who locks this network: %w", err)
	}
	return &Lock{file: file}, nil
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func isStill(file *os.File, path string) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// Release lets others go on.
func (l *Lock) Release() {
	if l == nil {
		return
	}
	_ = os.Remove(l.file.Name())
	_ = l.file.Close()
}
