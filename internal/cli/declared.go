package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
)

// cat shows the kept files that declare a name: an object's own, or with its kind before it.
func cat(t *terminal) error {
	if len(t.arguments) == 0 {
		return errors.New("cat takes the name of what is declared, such as br-mgmt: see hostnet cat --help")
	}
	files := &system.System{}
	kept, err := store.Load(files)
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return t.needRoot()
		}
		return err
	}
	name, known := t.arguments[0], []string{}
	shown := map[string]bool{}
	for _, object := range kept.Set.Objects {
		known = append(known, object.Identity())
		if object.Identity() != name && object.Describe() != name || shown[object.Source.File] {
			continue
		}
		shown[object.Source.File] = true
		file, err := files.File(object.Source.File)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.output, "%s\n%s", t.paint("1", "# "+object.Source.File), file.Content)
	}
	for _, problem := range kept.Problems {
		if place, _, _ := strings.Cut(problem.Path, ":"); shown[place] {
			fmt.Fprintln(t.output, t.paint("33", problem.Path+": "+problem.Message))
		}
	}
	if len(shown) > 0 {
		return nil
	}
	if near := schema.Nearest(name, known); near != "" {
		return fmt.Errorf("nothing called %q is declared: did you mean %q?", name, near)
	}
	return fmt.Errorf("nothing called %q is declared: see hostnet status", name)
}
