package lxc

import (
	"path/filepath"
	"slices"
)

// TakeIn puts the lines of the container's own *.ini files into its configuration, in the places of their includes: so
// OpenStack-Ansible's roles keep each interface. The files stay as they are.
func (c *Config) TakeIn() {
	for _, f := range c.files {
		if f == c.main || !f.own || filepath.Ext(f.path) != ".ini" {
			continue
		}
		include := -1
		for i, e := range c.entries {
			if e.file == c.main && e.key == "lxc.include" && filepath.Clean(e.value) == filepath.Clean(f.path) {
				if include >= 0 {
					return // LXC reads it twice, and so must we
				}
				include = i
			}
		}
		if include >= 0 {
			c.takeIn(f, include)
		}
	}
}

func (c *Config) takeIn(f *file, include int) {
	at := slices.Index(c.main.lines, c.entries[include].line)
	copies := map[*line]*line{}
	var lines []*line
	for _, l := range f.lines {
		fresh := &line{text: l.text, ending: "\n", gone: l.gone}
		copies[l] = fresh
		lines = append(lines, fresh)
	}
	c.entries[include].line.gone = true
	c.main.lines = slices.Insert(c.main.lines, at+1, lines...)
	c.entries = slices.Delete(c.entries, include, include+1)
	for i := range c.entries {
		if c.entries[i].file == f {
			c.entries[i].file, c.entries[i].line = c.main, copies[c.entries[i].line]
		}
	}
}
