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

// listed are the keys that may stand several times, each with a value of its own (lxc.container.conf(5)); of the others
// the last line counts.
var listed = map[string]bool{
	"lxc.apparmor.raw": true, "lxc.cap.drop": true, "lxc.cap.keep": true, "lxc.environment": true, "lxc.group": true,
	"lxc.idmap":   true,
	"lxc.include": true, "lxc.mount.auto": true, "lxc.mount.entry": true, "lxc.namespace.clone": true,
	"lxc.namespace.keep": true,
}

// IsList tells whether a key may stand several times.
func IsList(key string) bool {
	return listed[key] || strings.HasPrefix(key, "lxc.hook.") && key != "lxc.hook.version" ||
		strings.HasSuffix(key, ".devices.allow") || strings.HasSuffix(key, ".devices.deny")
}

// SetValue gives a key its one value, by one line: what the container's own files say else of it goes. An empty value
// removes the key; where an included file has one, it is cleared behind that.
func (c *Config) SetValue(key, value string) {
	own, foreign := 0, false
	for _, e := range c.entries {
		if e.key == key {
			foreign = foreign || !e.file.own
			if e.file.own {
				own++
			}
		}
	}
	current := ""
	if values := c.Values(key); len(values) > 0 {
		current = values[len(values)-1]
	}
	if current == value && own <= 1 {
		return
	}
	isKey := func(e entry) bool { return e.key == key }
	if value != "" && own > 0 && !foreign {
		last := c.lastOwn(key)
		c.remove(func(e entry) bool { return isKey(e) && e.line != last })
		c.replaceLast(isKey, value)
		return
	}
	c.remove(isKey)
	values := c.Values(key)
	if len(values) > 0 && values[len(values)-1] == value || len(values) == 0 && value == "" {
		return
	}
	c.AddValue(key, value)
}

func (c *Config) lastOwn(key string) *line {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if e := c.entries[i]; e.key == key && e.file.own {
			return e.line
		}
	}
	return nil
}
