// Package lxc knows LXC's containers: the files that configure them, which it edits line by line and leaves otherwise
// as they are, and the running ones.
package lxc

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/system"
)

// Config is a container's configuration: its file, and those that it includes.
type Config struct {
	main *file
	// files are the main one and the included ones, once each.
	files []*file
	// entries are the settings in the order in which LXC reads them.
	entries []entry
}

// file is one file, kept line by line so that everything that is not ours stays as it was written.
type file struct {
	path string
	// original is what was read; "" with fresh for a file that is not there.
	original []byte
	lines    []*line
	// own files belong to this container alone and may be edited: the others are shared, such as LXC's common.conf.
	own bool
}

type line struct {
	text string
	// ending is "\n", "\r\n", or "" at the end of a file that lacks one.
	ending string
	gone   bool
}

// entry is one setting and where it stands.
type entry struct {
	file       *file
	line       *line
	key, value string
}

// Limits that keep a wrong or hostile file from filling the memory. LXC has none, and overflows its stack.
const (
	deepestInclude = 16
	mostEntries    = 100_000
	largestFile    = 4 << 20
)

// Reader gives the contents of a file, or an error as os.ReadFile does.
type Reader interface {
	ReadFile(path string) ([]byte, error)
	// ReadDir lists the names in a folder, or fails with an error that is not fs.ErrNotExist if it is a file.
	ReadDir(path string) ([]string, error)
}

// Disk reads the files of this machine.
type Disk struct{}

// ReadFile reads a regular file of at most 4 MiB: an include may lead into a container's own files, and lxc_path to a
// user's.
func (Disk) ReadFile(path string) ([]byte, error) {
	return system.Read(path, largestFile)
}

// ReadDir lists a folder.
func (Disk) ReadDir(path string) ([]string, error) {
	return system.List(path)
}

// ReadConfig reads a container's configuration and all that it includes.
func ReadConfig(path string, reader Reader) (*Config, error) {
	config := &Config{}
	if err := config.include(reader, path, filepath.Dir(path), 0); err != nil {
		return nil, err
	}
	config.main = config.files[0]
	return config, nil
}

// include reads one file into the settings. LXC reads an included file at the place of the include, and again if it is
// included again.
func (c *Config) include(reader Reader, path, folder string, depth int) error {
	if depth > deepestInclude {
		return fmt.Errorf("%s: includes are nested more than %d deep: does a file include itself?", path, deepestInclude)
	}
	read, err := c.open(reader, path, folder)
	if err != nil {
		return err
	}
	for _, l := range read.lines {
		key, value, ok := parseLine(l.text)
		if !ok {
			continue
		}
		if len(c.entries) >= mostEntries {
			return fmt.Errorf("%s: more than %d settings: that is no LXC configuration", path, mostEntries)
		}
		c.entries = append(c.entries, entry{file: read, line: l, key: key, value: value})
		if key != "lxc.include" || value == "" {
			continue
		}
		if err := c.includeAt(reader, value, folder, depth); err != nil {
			return fmt.Errorf("%s includes %w", path, err)
		}
	}
	return nil
}

// includeAt reads a file, or the *.conf files of a folder (do_includedir in lxc/confile.c).
func (c *Config) includeAt(reader Reader, path, folder string, depth int) error {
	names, err := reader.ReadDir(path)
	if err != nil {
		return c.include(reader, path, folder, depth+1)
	}
	slices.Sort(names)
	for _, name := range names {
		if strings.HasSuffix(name, ".conf") {
			if err := c.include(reader, filepath.Join(path, name), folder, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// ErrMissing says that a configuration, or what it includes, is not there.
var ErrMissing = errors.New("which does not exist")

func (c *Config) open(reader Reader, path, folder string) (*file, error) {
	for _, known := range c.files {
		if known.path == path {
			return known, nil
		}
	}
	text, err := reader.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s, %w", path, ErrMissing)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	opened := &file{path: path, original: text, lines: splitLines(string(text)), own: filepath.Dir(path) == folder}
	c.files = append(c.files, opened)
	return opened, nil
}

func splitLines(text string) []*line {
	var lines []*line
	for text != "" {
		one, rest, found := strings.Cut(text, "\n")
		l := &line{text: one}
		if found {
			l.ending = "\n"
		}
		lines = append(lines, l)
		text = rest
	}
	return lines
}

// blanks are what LXC trims (is_whitespace in lxc/string_utils.c would be isspace).
const blanks = " \t\v\f\r"

// parseLine reads a line as parse_line in lxc/confile.c does. Comments, blank lines and what LXC passes over are not
// ok.
func parseLine(text string) (key, value string, ok bool) {
	text = strings.TrimLeft(text, blanks)
	if !strings.HasPrefix(text, "lxc.") {
		return "", "", false
	}
	key, value, ok = strings.Cut(text, "=")
	key, value = strings.TrimRight(key, blanks), strings.Trim(value, blanks)
	if n := len(value); n > 1 && (value[0] == '\'' || value[0] == '"') && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	return key, value, ok
}

// quoted is a value as LXC reads it back: it trims blanks and then takes one pair of quotes off. A line's end has no
// quotes that keep it, and is refused wherever a value comes from; one that got here would only end up as a blank.
func quoted(value string) string {
	value = strings.NewReplacer("\n", " ", "\x00", " ").Replace(value)
	n := len(value)
	inQuotes := n > 1 && (value[0] == '\'' || value[0] == '"') && value[n-1] == value[0]
	if inQuotes || strings.Trim(value, blanks) != value {
		return `"` + value + `"`
	}
	return value
}

// replaceValue keeps the way in which the line is written.
func (l *line) replaceValue(value string) {
	before, after, _ := strings.Cut(l.text, "=")
	space := after[:len(after)-len(strings.TrimLeft(after, blanks))]
	if strings.TrimLeft(after, blanks) == "" {
		space = " "
	}
	tail := ""
	if strings.HasSuffix(l.text, "\r") {
		tail = "\r"
	}
	l.text = before + "=" + space + quoted(value) + tail
}

// Values are all values of a key that may stand several times, such as lxc.hook.start-host; an empty value clears
// those before it.
func (c *Config) Values(key string) []string {
	var values []string
	for _, e := range c.entries {
		switch {
		case e.key != key:
		case e.value == "":
			values = nil
		default:
			values = append(values, e.value)
		}
	}
	return values
}

// AddValue appends a setting to the container's own file.
func (c *Config) AddValue(key, value string) { c.insertAfter(c.main, nil, key, value) }

// RemoveValue deletes the settings of a key whose value matches, where they stand in the container's own files.
func (c *Config) RemoveValue(key string, matches func(value string) bool) {
	c.remove(func(e entry) bool { return e.key == key && matches(e.value) })
}

// remove drops settings of the container's own files.
func (c *Config) remove(matches func(entry) bool) {
	c.entries = slices.DeleteFunc(c.entries, func(e entry) bool {
		if !e.file.own || !matches(e) {
			return false
		}
		e.line.gone = true
		return true
	})
}

// insertAfter writes a new line behind another one, or at the end of the file.
func (c *Config) insertAfter(into *file, after *line, key, value string) *line {
	fresh := &line{text: strings.TrimRight(key+" = "+quoted(value), " "), ending: "\n"}
	position, where := len(into.lines), len(c.entries)
	if after != nil {
		position = slices.Index(into.lines, after) + 1
		where = slices.IndexFunc(c.entries, func(e entry) bool { return e.line == after }) + 1
	}
	if position > 0 && into.lines[position-1].ending == "" {
		into.lines[position-1].ending = "\n"
	}
	if position > 0 && strings.HasSuffix(into.lines[position-1].text, "\r") {
		fresh.text += "\r"
	}
	into.lines = slices.Insert(into.lines, position, fresh)
	c.entries = slices.Insert(c.entries, where, entry{file: into, line: fresh, key: key, value: value})
	return fresh
}

// Change is a file whose contents are to be replaced.
type Change struct {
	Path        string
	Before, Now []byte
}

// Changes are the files that were edited.
func (c *Config) Changes() []Change {
	var changes []Change
	for _, f := range c.files {
		var out strings.Builder
		for _, l := range f.lines {
			if !l.gone {
				out.WriteString(l.text + l.ending)
			}
		}
		if out.String() != string(f.original) {
			changes = append(changes, Change{Path: f.path, Before: f.original, Now: []byte(out.String())})
		}
	}
	return changes
}
