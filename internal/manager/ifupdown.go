package manager

import (
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/system"
)

const interfacesFile = "/etc/network/interfaces"

func ifupdownClaims(s *system.System, links []Link) ([]Claim, error) {
	if !s.Exists("/usr/sbin/ifup") && !s.Exists("/sbin/ifup") {
		return nil, nil
	}
	sources, err := interfacesFiles(s)
	if err != nil {
		return nil, err
	}
	var claims []Claim
	for _, link := range links {
		for _, source := range sources {
			if slices.ContainsFunc(parseInterfaces(string(source.Content)), func(p part) bool { return p.sets(link.Name) }) {
				claims = append(claims, Claim{link.Name, ifupdown, source.Path})
				break
			}
		}
	}
	return claims, nil
}

// interfacesFiles are the file of ifupdown and those that it includes (interfaces(5)).
func interfacesFiles(s *system.System) ([]system.File, error) {
	var out []system.File
	waiting := []string{interfacesFile}
	for len(waiting) > 0 {
		file, err := s.File(waiting[0])
		if err != nil && !system.IsNotPlain(err) {
			return nil, err
		}
		waiting = waiting[1:]
		if err != nil || !file.Present || slices.ContainsFunc(out, func(f system.File) bool { return f.Path == file.Path }) {
			continue
		}
		out = append(out, file)
		for _, part := range parseInterfaces(string(file.Content)) {
			waiting = append(waiting, included(s, part)...)
		}
	}
	return out, nil
}

// names that source-directory takes.
var directoryName = pattern.Of(`^[a-zA-Z0-9_-]+$`)

func included(s *system.System, p part) []string {
	if p.keyword != "source" && p.keyword != "source-directory" {
		return nil
	}
	var out []string
	for _, pattern := range p.words {
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(interfacesFile), pattern)
		}
		if p.keyword == "source-directory" {
			pattern = filepath.Join(pattern, "*")
		}
		paths, err := filepath.Glob(s.Path(pattern))
		if err != nil {
			continue
		}
		for _, path := range paths {
			if p.keyword == "source" || directoryName().MatchString(filepath.Base(path)) {
				out = append(out, "/"+strings.TrimPrefix(strings.TrimPrefix(path, filepath.Clean(s.Root)), "/"))
			}
		}
	}
	return out
}

// part is a stanza or a line of its own.
type part struct {
	keyword string
	words   []string
	options [][]string
	// lines are all of it, as they stand in the file.
	lines []string
}

// parseInterfaces cuts the file into its parts; comments and empty lines belong to the part before them.
func parseInterfaces(text string) []part {
	parts := []part{{}}
	var open []string
	for line := range strings.Lines(text) {
		open = append(open, line)
		comment := len(open) == 1 && strings.HasPrefix(strings.TrimSpace(line), "#")
		if !comment && strings.HasSuffix(strings.TrimRight(line, "\n"), "\\") {
			continue
		}
		words := strings.Fields(strings.ReplaceAll(strings.Join(open, ""), "\\\n", " "))
		current := &parts[len(parts)-1]
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case startsPart(words[0]):
			parts = append(parts, part{keyword: words[0], words: words[1:]})
			current = &parts[len(parts)-1]
		default:
			current.options = append(current.options, words)
		}
		current.lines = append(current.lines, open...)
		open = nil
	}
	// A backslash at the end of the file goes on with nothing.
	last := &parts[len(parts)-1]
	last.lines = append(last.lines, open...)
	return parts
}

func startsPart(word string) bool {
	switch word {
	case "iface", "mapping", "auto", "source", "source-directory", "no-auto-down", "no-scripts", "rename", "template":
		return true
	}
	return strings.HasPrefix(word, "allow-")
}

// portOptions list links that become ports of a stanza's.
var portOptions = []string{"bridge_ports", "bridge-ports", "bond-slaves", "bond_slaves", "slaves"}

// sets tells whether a stanza changes the link: its own, that of its alias, or one that makes it a port.
func (p part) sets(link string) bool {
	if p.keyword != "iface" || len(p.words) == 0 {
		return false
	}
	name, _, _ := strings.Cut(p.words[0], ":")
	return name == link || slices.ContainsFunc(p.options, func(option []string) bool {
		return slices.Contains(portOptions, option[0]) && slices.Contains(option[1:], link)
	})
}

// starts tells whether a line has the link brought up: at boot or when it appears.
func (p part) starts(link string) bool {
	return (p.keyword == "auto" || strings.HasPrefix(p.keyword, "allow-")) && slices.Contains(p.words, link)
}

// The marks in the file: a line that is switched off for the sake of some links, what is left of it in the next one,
// and, first of all, that the file's last line had no end.
var (
	switchedOff = pattern.Of(`^#hostnet\(([^)]*)\)# ?(.*\n?)$`)
	rest        = "#hostnet: the next line is what is left of the one above\n"
	noEnd       = "#hostnet: the last line of this file had no end\n"
)

// withoutLinks is the text of a file as it would be if ifupdown had nothing to do with the links.
func withoutLinks(text string, links []string) string {
	text, _ = restored(text)
	var out strings.Builder
	ended := text == "" || strings.HasSuffix(text, "\n")
	for _, p := range parseInterfaces(text) {
		var gone []string
		for _, link := range links {
			if p.sets(link) || p.starts(link) {
				gone = append(gone, link)
			}
		}
		for _, line := range p.lines {
			blank := strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#")
			if len(gone) > 0 && !blank {
				line = "#hostnet(" + strings.Join(gone, " ") + ")# " + line
			}
			out.WriteString(line)
		}
		left := slices.DeleteFunc(slices.Clone(p.words), func(word string) bool { return slices.Contains(gone, word) })
		if len(gone) > 0 && p.keyword != "iface" && len(left) > 0 {
			if !strings.HasSuffix(out.String(), "\n") {
				out.WriteString("\n")
			}
			out.WriteString(rest + p.keyword + " " + strings.Join(left, " ") + "\n")
		}
	}
	if !ended && strings.HasSuffix(out.String(), "\n") {
		return noEnd + out.String()
	}
	return out.String()
}

// restored is the text as it was, and the links for whose sake it was changed.
func restored(text string) (string, []string) {
	var out strings.Builder
	var links []string
	text, hadNoEnd := strings.CutPrefix(text, noEnd)
	skip := false
	for line := range strings.Lines(text) {
		found := switchedOff().FindStringSubmatch(line)
		switch {
		case skip:
			skip = false
		case line == rest:
			skip = true
		case found != nil:
			links = append(links, strings.Fields(found[1])...)
			out.WriteString(found[2])
		default:
			out.WriteString(line)
		}
	}
	slices.Sort(links)
	before := out.String()
	if hadNoEnd {
		before = strings.TrimSuffix(before, "\n")
	}
	return before, slices.Compact(links)
}
