// Package schema declares options once: from one row come parsing, validation, comparison, export and documentation.
package schema

import (
	"fmt"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with the arguments, and where.
type Problem struct {
	Path    string
	Message string
}

func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Meaningless tells that an option is refused for what else is declared, whatever its value.
func (p Problem) Meaningless() bool { return strings.HasPrefix(p.Message, "has no meaning") }

// Problems collects everything that is wrong, so that the operator mends it in one go.
type Problems []Problem

// Add notes one problem; path may be empty when the whole of the arguments is meant.
func (p *Problems) Add(path, format string, args ...any) {
	if p.Full() {
		return
	}
	*p = append(*p, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// Full tells that there are as many as a person is told: no more are kept, and no more need to be looked for.
func (p *Problems) Full() bool { return len(*p) > mostProblems }

// Err is nil when there are no problems, else the Problems themselves.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Place is where in the arguments a value stands, and the list that collects what is wrong there.
type Place struct {
	path     string
	problems *Problems
}

// At makes the place of the outermost value. An empty path is the arguments themselves.
func At(path string, problems *Problems) Place {
	return Place{path: path, problems: problems}
}

// Key is the place of one option of the object that stands here.
func (p Place) Key(name string) Place {
	if p.path == "" {
		return Place{path: name, problems: p.problems}
	}
	return Place{path: p.path + "." + name, problems: p.problems}
}

// Index is the place of one element of the list that stands here, counted from 0.
func (p Place) Index(i int) Place {
	return Place{path: p.path + "[" + strconv.Itoa(i) + "]", problems: p.problems}
}

// Problem notes what is wrong with the value that stands here.
func (p Place) Problem(format string, args ...any) {
	p.problems.Add(p.path, format, args...)
}

// Path is the place as it is shown to the operator, such as bonds[0].ports[1].
func (p Place) Path() string { return p.path }
