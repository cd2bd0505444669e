// Package store keeps what is declared on the disk, and what a change replaces, from before its first write until it is
// final, so that a change which nobody finishes can be undone by whoever comes next.
package store

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

// Record is one change that is not final.
type Record struct {
	Token string `json:"token"`
	// Who changes the host, for people.
	Who
	Phase   Phase     `json:"phase"`
	Started time.Time `json:"started"`
	// Deadline is when the change undoes itself, for people; zero waits for no confirmation. Until is what counts: the
	// same by the kernel's uptime, which stays right when somebody sets the clock.
	Deadline time.Time     `json:"deadline,omitzero"`
	Until    time.Duration `json:"until,omitempty"`
	// Nonce is told to whoever asks after the change is made.
	Nonce string `json:"nonce,omitempty"`
	// Boot is the kernel's boot: what was in the kernel before another one is gone.
	Boot string `json:"boot"`
	// Before is what the change replaces.
	Before json.RawMessage `json:"before"`
	// Containers is what a change of containers replaces, folder by folder.
	Containers json.RawMessage `json:"containers,omitempty"`
	// Result is what the task reports once it is confirmed.
	Result json.RawMessage `json:"result,omitempty"`
	// Edit, Steps and Set become those of the generation.
	Edit  json.RawMessage `json:"edit,omitempty"`
	Steps json.RawMessage `json:"steps,omitempty"`
	Set   json.RawMessage `json:"set,omitempty"`
	// To is the generation that a rollback goes back to.
	To *int `json:"to,omitempty"`
	// Attempts is how often undoing it has failed.
	Attempts int `json:"attempts,omitempty"`
	// Reason says why the change was undone.
	Reason string `json:"reason,omitempty"`
}

// Left is the time until the change undoes itself.
func (r *Record) Left() time.Duration {
	switch {
	case r.Boot != Boot():
		return 0
	case r.Until == 0:
		// A record of release 1.0.0.
		return time.Until(r.Deadline)
	}
	return r.Until - system.Uptime()
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
func (s *Store) Current() (*Record, error) { return s.read(s.current()) }

// Previous is the last change that was made final; nil is "there is none".
func (s *Store) Previous() (*Record, error) { return s.read(s.previous()) }

// Undone is the last change that was undone; nil is "there is none".
func (s *Store) Undone() (*Record, error) { return s.read(s.undone()) }

func (s *Store) read(path string) (*Record, error) {
	var record Record
	there, err := s.readJSON(path, &record)
	if err != nil || !there {
		return nil, err
	}
	if record.Token == "" || record.Phase != Applying && record.Phase != Waiting {
		return nil, s.setAside(path, errors.New("it is not what this program wrote"))
	}
	return &record, nil
}

// Write puts the journal on the disk, whole or not at all.
func (s *Store) Write(record *Record) error { return s.put(s.current(), record) }

func (s *Store) put(path string, record *Record) error {
	content, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("cannot write the journal: %w", err)
	}
	// It may hold what a task's no_log hides.
	return s.System.Put(system.File{Path: path, Present: true, Content: content, Mode: 0o600})
}

// Commit makes the change final: what it has changed becomes a generation, then, in one atomic step, its record the
// previous one. generation is nil where it has changed nothing.
func (s *Store) Commit(generation *Generation) error {
	if generation != nil {
		if err := s.append(generation); err != nil {
			return err
		}
	}
	return s.System.Rename(s.current(), s.previous())
}

// IsFinal tells whether the change of a record has its generation already: a crash came between that and the record's
// end.
func (s *Store) IsFinal(record *Record) bool {
	last, err := s.Last()
	return err == nil && last != nil && record.Token != "" && last.Token == record.Token
}

// Undo notes that the change was undone, and why.
func (s *Store) Undo(record *Record, reason string) error {
	record.Reason = reason
	if err := s.put(s.undone(), record); err != nil {
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

// Generation is the record's change as one that is final, nil if it has touched nothing.
func (r *Record) Generation() *Generation {
	if (len(r.Before) == 0 || string(r.Before) == "null") && len(r.Containers) == 0 {
		return nil
	}
	return &Generation{
		Time: time.Now(), Who: r.Who, Edit: r.Edit, Steps: r.Steps, Set: r.Set, Boot: r.Boot, Before: r.Before,
		Containers: r.Containers,
		Token:      r.Token, To: r.To,
	}
}
