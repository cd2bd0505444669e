package container

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/system"
)

// beforeLife is how a container was ahead of a task about it as a whole.
type beforeLife struct {
	folder, name string
	state        lxc.State
	// files are those of its configuration that a task writes to; nil contents are a file that was not there.
	files map[string][]byte
}

func lifeBefore(folder, name string, state lxc.State) (*beforeLife, error) {
	before := &beforeLife{folder: folder, name: name, state: state, files: map[string][]byte{}}
	if !state.Defined {
		return before, nil
	}
	file := configFile(folder, name)
	for _, path := range []string{file, recordPath(file)} {
		contents, err := system.Read(path, largestRecord)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		before.files[path] = contents
	}
	return before, nil
}

// written is the same as it is kept on the disk. Contents that a task will write are not known yet.
func (b *beforeLife) written() *Before {
	out := &Before{Folder: b.folder, Lives: []LifeBefore{{b.name, b.state.Defined, b.state.Running()}}}
	for _, path := range slices.Sorted(maps.Keys(b.files)) {
		out.Files = append(out.Files, lxc.Change{Path: path, Before: b.files[path]})
	}
	return out
}

// begin has what a change replaces written down, where somebody does.
func (m *Machine) begin(before *Before) error {
	if m.Begin == nil {
		return nil
	}
	return m.Begin(before)
}

// restoreLives makes containers run, stand still or be gone as they were before a task that a crash has cut short.
func (m *Machine) restoreLives(before *Before) error {
	var failed []error
	for _, one := range before.Lives {
		was := &beforeLife{folder: before.Folder, name: one.Name, state: lxc.State{Defined: one.Defined},
			files: map[string][]byte{}}
		file := configFile(before.Folder, one.Name)
		for _, change := range before.Files {
			if filepath.Dir(change.Path) == filepath.Dir(file) {
				was.files[change.Path] = change.Before
			}
		}
		if one.Running {
			was.state.InitPID = unknownInit
		}
		failed = append(failed, m.undoLife(was))
	}
	return errors.Join(failed...)
}

// unknownInit stands for a container that ran: which process it was then says nothing now.
const unknownInit = 1

// removeHalfMade removes what LXC has left of a container that it was about to make, which it marks with this file
// (create_partial in lxc/lxccontainer.c).
func removeHalfMade(folder string) error {
	if (&system.System{}).Exists(filepath.Join(folder, "partial")) {
		return os.RemoveAll(folder)
	}
	return nil
}

// withUndo puts a container back as it was after a task that failed, and says so in the error.
func (m *Machine) withUndo(before *beforeLife, touched bool, failure error) error {
	if !touched {
		return failure
	}
	if err := m.undoLife(before); err != nil {
		return fmt.Errorf("%w; container %s: %w: %w", failure, before.name, ErrNotUndone, err)
	}
	return fmt.Errorf("%w; container %s is as it was", failure, before.name)
}

func (m *Machine) undoLife(before *beforeLife) error {
	folder, name := before.folder, before.name
	now, err := m.Runtime.State(folder, name)
	if err != nil {
		return err
	}
	if !now.Defined && !before.state.Defined {
		return removeHalfMade(filepath.Join(folder, name))
	}
	var failed []error
	if now.Running() && !before.state.Running() {
		failed = append(failed, m.Runtime.Stop(folder, name, patience))
	}
	if now.Defined && !before.state.Defined {
		return errors.Join(append(failed, m.Runtime.Destroy(folder, name))...)
	}
	for path, contents := range before.files {
		if current, err := system.Read(path, largestRecord); err != nil && contents == nil || err == nil &&
			bytes.Equal(current, contents) {
			continue
		}
		failed = append(failed, replaceFile(path, contents))
	}
	if before.state.Running() && !now.Running() && now.Defined {
		failed = append(failed, m.Runtime.Start(folder, name))
	}
	return errors.Join(failed...)
}
