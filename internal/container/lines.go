package container

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// linesNote starts the comment that remembers the values that tasks have given to keys with several: those of others
// stay.
const linesNote = "# hostnet.linux config: "

// planLines brings the declared keys of the configuration to their values. A container that is yet to be made has none.
func (m *Machine) planLines(life *Spec, folder string, state lxc.State) ([]plan.Step, error) {
	file := configFile(folder, *life.Name)
	lines := deref(life.Config)
	if len(lines) == 0 {
		return nil, nil
	}
	var changes []schema.Change
	if state.Defined {
		config, err := lxc.ReadConfig(file, lxc.Disk{})
		if err != nil {
			return nil, err
		}
		if changes = setLines(config, lines); len(config.Changes()) == 0 {
			return nil, nil
		}
	} else {
		for _, line := range lines {
			if key, value := splitLine(line); value != "" {
				changes = append(changes, schema.Change{Option: key, New: value})
			}
		}
	}
	return []plan.Step{{
		Phase: plan.Change, Action: "write", Object: "file " + file, Changes: changes,
		Run: func() error {
			config, err := lxc.ReadConfig(file, lxc.Disk{})
			if err != nil {
				return err
			}
			setLines(config, lines)
			return writeConfig(config)
		},
	}}, nil
}

// checkLines finds what LXC does not take: with one such line it reads nothing of the container any more.
func (m *Machine) checkLines(life *Spec) error {
	var problems schema.Problems
	at := schema.At("", &problems)
	for i, line := range deref(life.Config) {
		if key, value := splitLine(line); value != "" && !m.Runtime.Takes(key, value) {
			at.Key("config").Index(i).Problem("LXC takes no %s = %s: see lxc.container.conf(5) for its keys and their values",
				key, value)
		}
	}
	return problems.Err()
}

func writeConfig(config *lxc.Config) error {
	for _, change := range config.Changes() {
		if err := lxc.WriteFile(change.Path, change.Now); err != nil {
			return err
		}
	}
	return nil
}

func splitLine(line string) (key, value string) {
	key, value, _ = strings.Cut(line, "=")
	return strings.TrimSpace(key), strings.TrimSpace(value)
}

// setLines edits the configuration, and says what differed.
func setLines(config *lxc.Config, lines []string) []schema.Change {
	ours := map[string][]string{}
	// A comment that nobody can read remembers nothing.
	_ = json.Unmarshal([]byte(config.Note(linesNote)), &ours)
	declared, order := map[string][]string{}, []string{}
	for _, line := range lines {
		key, value := splitLine(line)
		if _, known := declared[key]; !known {
			order = append(order, key)
			declared[key] = []string{}
		}
		if value != "" {
			declared[key] = append(declared[key], value)
		}
	}
	var changes []schema.Change
	for _, key := range order {
		before, values := config.Values(key), declared[key]
		if lxc.IsList(key) {
			setListKey(config, key, values, ours)
		} else {
			config.SetValue(key, lastOf(values))
			before = tail(before)
		}
		after := config.Values(key)
		if !slices.Equal(before, after) {
			changes = append(changes, schema.Change{Option: key, Old: shown(before), New: shown(after)})
		}
	}
	maps.DeleteFunc(ours, func(_ string, values []string) bool { return len(values) == 0 })
	note := ""
	if len(ours) > 0 {
		if text, err := json.Marshal(ours); err == nil {
			note = string(text)
		}
	}
	config.SetNote(linesNote, note)
	return changes
}

// setListKey adds what is missing of the declared values, and removes those that an earlier task declared.
func setListKey(config *lxc.Config, key string, values []string, ours map[string][]string) {
	config.RemoveValue(key, func(value string) bool {
		return slices.Contains(ours[key], value) && !slices.Contains(values, value)
	})
	kept := slices.DeleteFunc(ours[key], func(value string) bool { return !slices.Contains(values, value) })
	for _, value := range values {
		if slices.Contains(config.Values(key), value) {
			continue
		}
		config.AddValue(key, value)
		kept = append(kept, value)
	}
	ours[key] = kept
}

func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// tail is the value that counts of a key that stands once.
func tail(values []string) []string {
	if len(values) < 2 {
		return values
	}
	return values[len(values)-1:]
}

func shown(values []string) any {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	}
	out := make([]any, len(values))
	for i, value := range values {
		out[i] = value
	}
	return out
}
