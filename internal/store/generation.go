package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"hostnet.linux/internal/system"
)

// The history is bounded in number and in bytes; the oldest go first.
const (
	mostGenerations = 50
	mostBytes       = 10 << 20
)

// Generation is one change of the network or of the declared set that was made final.
type Generation struct {
	Number int       `json:"number"`
	Time   time.Time `json:"time"`
	Who
	// Edit is what was asked for, Steps what was done, Set all that is declared since, as arguments of the network module.
	Edit  json.RawMessage `json:"edit,omitempty"`
	Steps json.RawMessage `json:"steps,omitempty"`
	Set   json.RawMessage `json:"set,omitempty"`
	// Boot is the kernel's boot that the change was made in, and Before what the change replaced in it.
	Boot   string          `json:"boot"`
	Before json.RawMessage `json:"before,omitempty"`
	// Containers is what a change of containers replaced.
	Containers json.RawMessage `json:"containers,omitempty"`
	Token      string          `json:"token"`
	// To is the generation that a rollback has gone back to, 0 the state before the first; nil is no rollback.
	To *int `json:"to,omitempty"`
}

// Effective is the number of the generation whose state this one is.
func (g *Generation) Effective() int {
	if g.To != nil {
		return *g.To
	}
	return g.Number
}

// Since are the generations after a number that can be read, the oldest first.
func (s *Store) Since(number int) ([]*Generation, error) {
	numbers, err := s.Numbers()
	if err != nil {
		return nil, err
	}
	var out []*Generation
	for _, n := range numbers {
		if n <= number {
			continue
		}
		one, err := s.Generation(n)
		if err != nil {
			return nil, err
		}
		if one != nil {
			out = append(out, one)
		}
	}
	return out, nil
}

// Who is behind a change.
type Who struct {
	// Task is the module or command, User the login's user, From the address that the login came from.
	Task string `json:"task"`
	User string `json:"user,omitempty"`
	From string `json:"from,omitempty"`
}

// String is who it was, for messages.
func (w Who) String() string {
	text := w.Task
	if w.User != "" {
		text += " of " + w.User
	}
	if w.From != "" {
		text += " from " + w.From
	}
	return text
}

func (s *Store) generations() string { return filepath.Join(s.folder(), "generations") }

func (s *Store) generation(number int) string {
	return filepath.Join(s.generations(), fmt.Sprintf("%d.json", number))
}

// Numbers are those of the generations that are kept, the oldest first.
func (s *Store) Numbers() ([]int, error) {
	entries, err := os.ReadDir(s.System.Path(s.generations()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the generations: %w", err)
	}
	var numbers []int
	for _, entry := range entries {
		text, isOne := strings.CutSuffix(entry.Name(), ".json")
		if number, err := strconv.Atoi(text); isOne && err == nil && number > 0 {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// Generation reads one of them; nil is "there is none of that number". A damaged one is set aside.
func (s *Store) Generation(number int) (*Generation, error) {
	var generation Generation
	there, err := s.readJSON(s.generation(number), &generation)
	if err != nil || !there {
		return nil, err
	}
	return &generation, nil
}

// Last is the newest generation that can be read; nil is "there is none".
func (s *Store) Last() (*Generation, error) {
	numbers, err := s.Numbers()
	if err != nil {
		return nil, err
	}
	for _, number := range slices.Backward(numbers) {
		if one, err := s.Generation(number); err != nil || one != nil {
			return one, err
		}
	}
	return nil, nil
}

// append writes one more generation, and forgets those over the bounds.
func (s *Store) append(generation *Generation) error {
	numbers, err := s.Numbers()
	if err != nil {
		return err
	}
	generation.Number = 1
	if len(numbers) > 0 {
		generation.Number = numbers[len(numbers)-1] + 1
	}
	content, err := json.Marshal(generation)
	if err != nil {
		return fmt.Errorf("cannot write generation %d: %w", generation.Number, err)
	}
	// It may hold what a task's no_log hides.
	file := system.File{Path: s.generation(generation.Number), Present: true, Content: content, Mode: 0o600}
	if err := s.System.Put(file); err != nil {
		return err
	}
	return s.prune(append(numbers, generation.Number))
}

func (s *Store) prune(numbers []int) error {
	var failures []error
	total := int64(0)
	for i, number := range slices.Backward(numbers) {
		info, err := os.Stat(s.System.Path(s.generation(number)))
		if err != nil {
			continue
		}
		total += info.Size()
		if newest := len(numbers) - 1 - i; newest > 0 && (newest >= mostGenerations || total > mostBytes) {
			failures = append(failures, s.System.Put(system.NoFile(s.generation(number))))
		}
	}
	return errors.Join(failures...)
}

// readJSON reads a file of ours. One that is damaged is set aside under a name that says so, and told on standard
// error: it must not keep the host from being set up.
func (s *Store) readJSON(path string, into any) (bool, error) {
	file, err := s.System.File(path)
	if system.IsNotPlain(err) {
		return false, s.setAside(path, err)
	}
	if err != nil || !file.Present {
		return false, err
	}
	if err := json.Unmarshal(file.Content, into); err != nil {
		return false, s.setAside(path, err)
	}
	return true, nil
}

// setAside moves a file out of the way. One that was set aside before goes: the newest is the one to look at.
func (s *Store) setAside(path string, why error) error {
	aside := path + ".damaged"
	if err := os.RemoveAll(s.System.Path(aside)); err != nil {
		return err
	}
	if err := s.System.Rename(path, aside); err != nil {
		return fmt.Errorf("%s is damaged (%w) and cannot be set aside: %w", path, why, err)
	}
	fmt.Fprintf(os.Stderr, "hostnet: %s is damaged (%v): it is set aside as %s\n", path, why, aside)
	return nil
}

// SetAside moves the record of the change that is not final out of the way, since nothing can be made of it.
func (s *Store) SetAside(why error) error { return s.setAside(s.current(), why) }
