package container

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

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

// withUndo puts a container back as it was after a task that failed, and says so in the error.
func (m *Machine) withUndo(before *beforeLife, touched bool, failure error) error {
	if !touched {
		return failure
	}
	if err := m.undoLife(before); err != nil {
		return fmt.Errorf("%w; putting container %s back failed as well: %w", failure, before.name, err)
	}
	return fmt.Errorf("%w; container %s is as it was", failure, before.name)
}

func (m *Machine) undoLife(before *beforeLife) error {
	folder, name := before.folder, before.name
	now, err := m.Runtime.State(folder, name)
	if err != nil {
		return err
	}
	var failed []error
	if now.Running() && !before.state.Running() {
		failed = append(failed, m.Runtime.Stop(folder, name, patience))
	}
	if now.Defined && !before.state.Defined {
		return errors.Join(append(failed, m.Runtime.Destroy(folder, name))...)
	}
	for path, contents := range before.files {
		if current, err := system.Read(path, largestRecord); err != nil && contents == nil || err == nil && bytes.Equal(current, contents) {
			continue
		}
		failed = append(failed, replaceFile(path, contents))
	}
	if before.state.Running() && !now.Running() && now.Defined {
		failed = append(failed, m.Runtime.Start(folder, name))
	}
	return errors.Join(failed...)
}
