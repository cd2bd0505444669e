package networkd

import (
	"slices"
	"strings"
)

// file is a unit file that is being written.
type file struct {
	sections []*section
}

type section struct {
	name  string
	lines []string
}

// section is the one of that name.
func (f *file) section(name string) *section {
	for _, one := range f.sections {
		if one.name == name {
			return one
		}
	}
	return f.add(name)
}

// add is one more section of that name.
func (f *file) add(name string) *section {
	f.sections = append(f.sections, &section{name: name})
	return f.sections[len(f.sections)-1]
}

func (s *section) set(key, value string) { s.lines = append(s.lines, key+"="+value) }

func (s *section) has(key string) bool {
	return slices.ContainsFunc(s.lines, func(line string) bool { return strings.HasPrefix(line, key+"=") })
}

func (f *file) text() string {
	out := header
	for _, one := range f.sections {
		if len(one.lines) > 0 {
			out += "\n[" + one.name + "]\n" + strings.Join(one.lines, "\n") + "\n"
		}
	}
	return out
}
