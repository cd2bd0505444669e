package lxc

import "strings"

// Note is the text of the comment with that prefix in the container's own configuration, "" without one. LXC keeps
// comments when it copies, renames or restores a container, as it keeps none of the other files in the folder.
func (c *Config) Note(prefix string) string {
	for _, l := range c.main.lines {
		if text, found := strings.CutPrefix(l.text, prefix); found && !l.gone {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// SetNote replaces the comment; an empty text removes it.
func (c *Config) SetNote(prefix, text string) {
	var kept *line
	for _, l := range c.main.lines {
		if l.gone || !strings.HasPrefix(l.text, prefix) {
			continue
		}
		if kept == nil && text != "" {
			kept = l
			continue
		}
		l.gone = true
	}
	switch {
	case text == "":
	case kept == nil:
		if n := len(c.main.lines); n > 0 && c.main.lines[n-1].ending == "" {
			c.main.lines[n-1].ending = "\n"
		}
		c.main.lines = append(c.main.lines, &line{text: prefix + text, ending: "\n"})
	case strings.TrimSpace(kept.text[len(prefix):]) != text:
		kept.text = prefix + text
	}
}
