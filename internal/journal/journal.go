// Package journal keeps on the disk what a change replaces, from before its first write until it is final, so that a
// change which nobody finishes can be undone by whoever comes next.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"hostnet.linux/internal/system"
)

// Folder holds the journal of the host's own network namespace.
const Folder = "/var/lib/hostnet"

// Phase says how far a change has come.
type Phase string

// A change is applied, then it may wait for its confirmation.
const (
	Applying Phase = "applying"
	Waiting  Phase = "waiting"
)

// Journal is one change that is not final.
type Journal struct {
	Token string `json:"token"`
	// Task is what changes the host, for people.
	Task    string    `json:"task"`
	Phase   Phase     `json:"phase"`
	Started time.Time `json:"started"`
	// Deadline is when the change undoes itself; zero waits for no confirmation.
	Deadline time.Time `json:"deadline,omitzero"`
	// Nonce is told to whoever asks after the change is made.
	Nonce string `json:"nonce,omitempty"`
	// Boot is the kernel's boot: what was in the kernel before another one is gone.
	Boot string `json:"boot"`
	// Before is what the change replaces.
	Before json.RawMessage `json:"before"`
	// Result is what the task reports once it is confirmed.
	Result json.RawMessage `json:"result,omitempty"`
	// Reason says why the change was undone.
	Reason string `json:"reason,omitempty"`
}

// Store is where the journal of one network namespace is kept.
type Store struct {
	System *system.System
	// Namespace is "" for the host's own. Another one does not outlive the boot, and neither does its journal.
	Namespace string
}

func (s *Store) folder() string {
	if s.Namespace == "" {
		return Folder
	}
	return "/run/hostnet/" + strings.ReplaceAll(strings.Trim(s.Namespace, "/"), "/", "-")
}

// The names of the files: the change that is going on, the last that was made final, the last that was undone.
func (s *Store) current() string  { return filepath.Join(s.folder(), "journal.json") }
func (s *Store) previous() string { return filepath.Join(s.folder(), "previous.json") }
func (s *Store) undone() string   { return filepath.Join(s.folder(), "undone.json") }

// Boot names the kernel's boot, "" if the kernel does not.
func Boot() string {
	file, err := (&system.System{}).File("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(file.Content))
}

// Current is the change that is not final; nil is "there is none".
func (s *Store) Current() (*Journal, error) { return s.read(s.current()) }

// Previous is the last change that was made final; nil is "there is none".
func (s *Store) Previous() (*Journal, error) { return s.read(s.previous()) }

// Undone is the last change that was undone; nil is "there is none".
func (s *Store) Undone() (*Journal, error) { return s.read(s.undone()) }

func (s *Store) read(path string) (*Journal, error) {
	file, err := s.System.File(path)
	if err != nil || !file.Present {
		return nil, err
	}
	var journal Journal
	if err := json.Unmarshal(file.Content, &journal); err != nil {
		return nil, fmt.Errorf("the journal %s is damaged: %w: look at the host with `hostnet diff`, then remove the file", path, err)
	}
	return &journal, nil
}

// Write puts the journal on the disk, whole or not at all.
func (s *Store) Write(journal *Journal) error { return s.put(s.current(), journal) }

func (s *Store) put(path string, journal *Journal) error {
	content, err := json.Marshal(journal)
	if err != nil {
		return fmt.Errorf("cannot write the journal: %w", err)
	}
	// It may hold what a task's no_log hides.
	return s.System.Put(system.File{Path: path, Present: true, Content: content, Mode: 0o600})
}

// Commit makes the change final, in one atomic step: the journal becomes the previous one.
func (s *Store) Commit() error { return s.System.Rename(s.current(), s.previous()) }

// Undo notes that the change was undone, and why.
func (s *Store) Undo(journal *Journal, reason string) error {
	journal.Reason = reason
	if err := s.put(s.undone(), journal); err != nil {
		return err
	}
	return s.Drop()
}

// Drop forgets the change that is not final.
func (s *Store) Drop() error {
	err := errors.Join(s.System.Sweep(s.current()), s.System.Put(system.NoFile(s.current())))
	s.System.RemoveEmptyFolder(s.folder())
	return err
}

// DropPrevious forgets the last change that was made final.
func (s *Store) DropPrevious() error { return s.System.Put(system.NoFile(s.previous())) }
