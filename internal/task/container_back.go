package task

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"hostnet.linux/internal/container"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// containersBack puts back what changes of containers have replaced, and finds what that would take.
type containersBack struct {
	restore  func(*container.Before) error
	backward func(*container.Before) (*container.Backward, error)
}

// The arguments of the program with LXC that puts containers back as they were, or only finds what that takes; Before
// comes on its input.
const (
	RestoreCommand  = "restore"
	BackwardCommand = "backward"
)

// containersByProgram is for this program, which has no LXC: it calls the one that LXC's hooks call. Without that there
// is no container whose running network a task has changed, only files.
func containersByProgram(files *system.System) containersBack {
	call := func(before *container.Before, command string) (string, error) {
		content, err := json.Marshal(before)
		if err != nil {
			return "", err
		}
		return files.Run(time.Minute, content, container.DefaultProgram, command)
	}
	return containersBack{
		restore: func(before *container.Before) error {
			if !files.Exists(container.DefaultProgram) {
				return container.RestoreFiles(before)
			}
			_, err := call(before, RestoreCommand)
			return err
		},
		backward: func(before *container.Before) (*container.Backward, error) {
			if !files.Exists(container.DefaultProgram) {
				return container.BackwardFiles(before)
			}
			said, err := call(before, BackwardCommand)
			if err != nil {
				return nil, err
			}
			var out container.Backward
			if err := json.Unmarshal([]byte(said), &out); err != nil {
				return nil, fmt.Errorf("%s %s says what cannot be read: %w", container.DefaultProgram, BackwardCommand, err)
			}
			return &out, nil
		},
	}
}

// IsContainersBack tells the arguments that ContainersBack takes.
func IsContainersBack(argument string) bool {
	return argument == RestoreCommand || argument == BackwardCommand
}

// ContainersBack makes containers as they were, or writes what that would take.
func (w MachineFactory) ContainersBack(command string, input io.Reader, output io.Writer) error {
	var before container.Before
	if err := json.NewDecoder(input).Decode(&before); err != nil {
		return fmt.Errorf("cannot read what to restore: %w", err)
	}
	if command == RestoreCommand {
		return w().Restore(&before)
	}
	found, err := w().Backward(&before)
	if err != nil {
		return err
	}
	return json.NewEncoder(output).Encode(found)
}

// containersOf is what a record or a generation says that a change of containers has replaced.
func containersOf(content json.RawMessage) ([]*container.Before, error) {
	var before []*container.Before
	if len(content) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(content, &before); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return before, nil
}

// lostBy are the containers whose deletion a change has begun.
func lostBy(left *store.Record) []string {
	var lost []string
	wired, _ := containersOf(left.Containers)
	for _, one := range wired {
		lost = append(lost, one.Lost...)
	}
	return lost
}

// wiring is what a rollback does to containers.
type wiring struct {
	// before has one entry a folder of containers.
	before []*container.Before
	// notes say what does not come back.
	notes []string
}

// add takes in a change, the oldest first. A container's life is its own: a rollback makes none, starts, stops and
// deletes none, but says so.
func (w *wiring) add(generation *store.Generation) error {
	changes, err := containersOf(generation.Containers)
	if err != nil {
		return err
	}
	for _, change := range changes {
		for _, one := range change.Lives {
			if !one.Defined {
				w.note(generation, one.Name, "was made")
			}
		}
		for _, name := range change.Lost {
			w.note(generation, name, "was deleted")
		}
		change.Lives, change.Lost = nil, nil
		w.join(change)
	}
	return nil
}

func (w *wiring) note(generation *store.Generation, name, what string) {
	w.notes = append(w.notes,
		fmt.Sprintf("container %s %s by generation %d: a rollback neither deletes containers nor brings them back", name,
			what, generation.Number))
}

func (w *wiring) join(change *container.Before) {
	for _, known := range w.before {
		if known.Folder == change.Folder {
			known.Join(change)
			return
		}
	}
	w.before = append(w.before, change)
}

// backward is what going back replaces, as a record keeps it, and the steps of it.
func (w *wiring) backward(containers containersBack) (present json.RawMessage, steps []plan.Step, err error) {
	var all []*container.Before
	for _, one := range w.before {
		found, err := containers.backward(one)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, found.Present)
		for _, step := range found.Steps {
			steps = append(steps, plan.Step{Phase: plan.Finish, Action: step.Action, Object: step.Object, Changes: step.Changes})
		}
	}
	if len(all) > 0 {
		present, err = json.Marshal(all)
	}
	return present, steps, err
}

// planBeside adds what a rollback over a boot does to files that are not of the declared set, and to containers.
func (t *Target) planBeside(site *services.Site, todo *services.Plan) error {
	files := site.Services.System
	for i, was := range t.past.files {
		if slices.ContainsFunc(t.past.files[:i], func(earlier system.File) bool { return earlier.Path == was.Path }) {
			continue
		}
		now, err := files.File(was.Path)
		if err != nil {
			return err
		}
		if todo.Files = append(todo.Files, was.Path); !now.Equal(was) {
			action := "write"
			if !was.Present {
				action = "remove"
			}
			step := plan.Step{Phase: plan.Finish, Action: action, Object: "file " + was.Path,
				Run: func() error { return files.Put(was) }}
			todo.Steps = append(todo.Steps, step)
		}
	}
	containers := containersByProgram(files)
	for _, one := range t.wiring.before {
		back := &container.Before{Folder: one.Folder, Files: one.Files}
		for _, was := range one.Containers {
			// None of those that ran then runs still: the present ones follow their configuration.
			back.Containers = append(back.Containers, was.OfAnotherRun())
		}
		found, err := containers.backward(back)
		if err != nil {
			return err
		}
		restore := sync.OnceValue(func() error { return containers.restore(back) })
		for _, step := range found.Steps {
			todo.Steps = append(todo.Steps,
				plan.Step{Phase: plan.Finish, Action: step.Action, Object: step.Object, Changes: step.Changes, Run: restore})
		}
		for _, file := range one.Files {
			todo.Files = append(todo.Files, file.Path)
		}
	}
	return nil
}
