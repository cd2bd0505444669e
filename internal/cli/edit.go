package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// edit changes a kept file in the person's editor. What was written is read and planned before anything is touched, and
// then made like any other change: it is undone if it fails, or if nobody confirms it.
func edit(t *terminal) error {
	if len(t.arguments) == 0 {
		return errors.New("edit takes the name of what is declared, such as br-mgmt: see hostnet edit --help")
	}
	site, done, err := t.openAsRoot()
	if err != nil {
		return err
	}
	defer done()
	if site.Namespace != "" {
		return errors.New("what is kept is about the host's own network namespace: edit it from there")
	}
	kept, err := store.Load(site.Services.System)
	if err != nil {
		return err
	}
	path, err := fileOf(kept, t.arguments[0])
	if err != nil {
		return err
	}
	file, err := site.Services.System.File(path)
	if err != nil {
		return err
	}
	one := &edited{path: path, before: file.Content, kept: kept}
	defer one.forget()
	if err := one.write(); err != nil {
		return err
	}
	for {
		if err := one.open(); err != nil {
			return err
		}
		if bytes.Equal(one.text, one.before) {
			fmt.Fprintln(t.output, "nothing was changed")
			return nil
		}
		change, actions, err := one.plan(site)
		if err == nil {
			return t.makeEdit(site, one, change, actions)
		}
		fmt.Fprintln(t.output, t.paint("31", err.Error()))
		if !system.IsTerminal(os.Stdin) || !t.yes("Edit it once more?") {
			return errors.New("nothing was changed")
		}
	}
}

// fileOf is the file that declares a name.
func fileOf(kept *store.Kept, name string) (string, error) {
	var files, known []string
	for _, object := range kept.Set.Objects {
		known = append(known, object.Identity())
		if (object.Identity() == name || object.Describe() == name) && !slices.Contains(files, object.Source.File) {
			files = append(files, object.Source.File)
		}
	}
	switch {
	case len(files) == 1:
		return files[0], nil
	case len(files) > 1:
		return "", fmt.Errorf("%q is declared in %s: give its kind as well, such as %q", name, strings.Join(files, " and "),
			"bridge "+name)
	}
	if near := schema.Nearest(name, known); near != "" {
		return "", fmt.Errorf("nothing called %q is declared: did you mean %q?", name, near)
	}
	return "", fmt.Errorf("nothing called %q is declared: see hostnet status", name)
}

// edited is a kept file, and what a person makes of it.
type edited struct {
	path, copy   string
	before, text []byte
	kept         *store.Kept
}

// write makes the copy that the editor works on; nobody else may read it, and the boot never sees half of an edit.
func (e *edited) write() error {
	copied, err := os.CreateTemp("", "hostnet-*.yml")
	if err != nil {
		return err
	}
	e.copy = copied.Name()
	_, err = copied.Write(e.before)
	return errors.Join(err, copied.Close())
}

func (e *edited) forget() {
	if e.copy != "" {
		_ = os.Remove(e.copy)
	}
}

// open has the person's editor change the copy.
func (e *edited) open() error {
	editor := ""
	for _, variable := range []string{"VISUAL", "EDITOR"} {
		if editor == "" {
			editor = os.Getenv(variable)
		}
	}
	for _, candidate := range []string{"sensible-editor", "editor", "nano", "vi"} {
		if _, err := exec.LookPath(candidate); editor == "" && err == nil {
			editor = candidate
		}
	}
	if editor == "" {
		return errors.New("there is no editor: set EDITOR")
	}
	// The variable may hold options, as git takes it.
	command := exec.Command("sh", "-c", editor+` "$1"`, "sh", e.copy)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("the editor %s: %w: nothing was changed", editor, err)
	}
	var err error
	e.text, err = os.ReadFile(e.copy)
	return err
}

// plan is the task that makes the host as the text says, and its steps. Problems have the file and the line.
func (e *edited) plan(site *services.Site) (*task.Task, []schema.Object, error) {
	fresh := store.Parse(e.path, e.text)
	if len(fresh.Problems) > 0 {
		return nil, nil, fresh.Problems
	}
	if err := fresh.Set.Check().Err(); err != nil {
		return nil, nil, e.located(err)
	}
	written := fresh.Set.Keys()
	var gone []*spec.Object
	for _, object := range e.kept.Set.Objects {
		if object.Source.File == e.path && !written[object.Key()] {
			gone = append(gone, object)
		}
	}
	change, err := task.NewEdited(fresh.Set.Objects, gone)
	if err != nil {
		return nil, nil, e.located(err)
	}
	actions, err := change.Preview(site)
	return change, actions, e.located(err)
}

// located gives problems the line that they are in.
func (e *edited) located(err error) error {
	var problems schema.Problems
	var document yaml.Node
	if !errors.As(err, &problems) || yaml.Unmarshal(e.text, &document) != nil || len(document.Content) == 0 {
		return err
	}
	out := slices.Clone(problems)
	for i, problem := range problems {
		if group, _, _ := strings.Cut(problem.Path, "["); spec.KindOf(group) != nil {
			line, _ := store.Locate(document.Content[0], problem.Path)
			_, option, _ := strings.Cut(problem.Path, ".")
			out[i].Path = strings.TrimSuffix(fmt.Sprintf("%s:%d: %s", e.path, line, option), ": ")
		}
	}
	return out
}

// makeEdit shows the steps, and takes them once a person has agreed.
func (t *terminal) makeEdit(site *services.Site, one *edited, change *task.Task, actions []schema.Object) error {
	t.steps(actions)
	if system.IsTerminal(os.Stdin) && len(actions) > 0 &&
		!t.yes(plan.Count(len(actions), "step")+" to make the host as declared. Go on?") {
		return errors.New("nothing was changed")
	}
	token := ""
	if len(actions) > 0 {
		t.guard(change)
		result := change.Apply(site, &services.Declaration{})
		if result.Err != nil {
			return result.Err
		}
		for _, warning := range result.Warnings {
			fmt.Fprintln(t.output, t.paint("33", "warning: "+warning))
		}
		if token = task.TokenOf(result); token == "" {
			fmt.Fprintf(t.output, "%s done: the host is as declared\n", plan.Count(len(actions), "step"))
		}
	}
	if token != "" {
		if err := t.await(site, token); err != nil {
			return err
		}
	}
	return one.keepText(site.Services.System)
}

// keepText puts the person's own text in the place of ours, which says the same without their comments.
func (e *edited) keepText(s *system.System) error {
	now, err := store.Load(s)
	if err != nil {
		return err
	}
	fresh := store.Parse(e.path, e.text)
	written := fresh.Set.Keys()
	for _, object := range now.Set.Objects {
		if (object.Source.File == e.path) != written[object.Key()] {
			// What was added has a file of its own now.
			return nil
		}
		if other := fresh.Set.Find(object.Key()); other != nil && len(other.Changes(object)) > 0 {
			// It is not final yet, or somebody has changed it since.
			return nil
		}
	}
	if len(written) == 0 {
		return nil
	}
	file, err := s.File(e.path)
	if err != nil || !file.Present {
		return err
	}
	file.Content = e.text
	return s.Put(file)
}
