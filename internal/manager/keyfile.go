package manager

import (
	"os"
	"strings"

	"hostnet.linux/internal/system"
)

// entry is a line KEY=VALUE of a file with sections, as systemd's and NetworkManager's are.
type entry struct {
	section, key, value string
}

func parseKeyfile(text string) []entry {
	var entries []entry
	section := ""
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		if key, value, found := strings.Cut(line, "="); found {
			entries = append(entries, entry{section, strings.TrimSpace(key), strings.TrimSpace(value)})
		}
	}
	return entries
}

// last is the value that counts of a key that holds one.
func last(entries []entry, section, key string) string {
	value := ""
	for _, one := range entries {
		if one.section == section && one.key == key {
			value = one.value
		}
	}
	return value
}

// truth reads systemd's and GLib's booleans.
func truth(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off":
		return false, true
	}
	return false, false
}

func linkExists(s *system.System, path string) bool {
	_, err := os.Lstat(s.Path(path))
	return err == nil
}
