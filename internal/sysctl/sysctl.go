// Package sysctl is the domain of kernel settings that a host keeps across reboots. Each setting has owners, the
// objects that need it; with the last of them the value from before comes back.
package sysctl

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// Setting is a file under /proc/sys/net and the value that an object needs there.
type Setting struct {
	Key   string // such as ipv4/ip_forward
	Value string
	// Owner is the object.
	Owner string
	// Volatile settings belong to a link that the boot makes again, with the setting: no file keeps them.
	Volatile bool
	// Phase is when the setting is made; the order within a phase is that of the declaration.
	Phase plan.Phase
}

// path is the file with all settings. It is read late, since whoever reads it last wins (sysctl.d(5)), and Debian's
// /etc/sysctl.conf is read as 99-sysctl.conf.
const path = "/etc/sysctl.d/99-zz-hostnet.conf"

// State is the settings that a task is about. It survives JSON and can be restored.
type State struct {
	Values map[string]string `json:"values"`
	File   system.File       `json:"file"`
}

// Observe reads the file and the settings.
func Observe(k kernel.Settings, s *system.System, wanted []Setting) (*State, error) {
	file, err := s.File(path)
	if err != nil {
		return nil, err
	}
	state := &State{Values: map[string]string{}, File: file}
	keys := map[string]bool{}
	for _, setting := range wanted {
		keys[setting.Key] = true
	}
	for _, entry := range parse(file) {
		keys[entry.key] = true
	}
	for key := range keys {
		value, err := k.Setting(key)
		// A setting of a link that is still to come, or of a kernel without IPv6.
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		state.Values[key] = value
	}
	return state, nil
}

// Plan finds the steps towards what the objects need. gone are objects that need nothing any more.
func Plan(k kernel.Settings, s *system.System, current *State, wanted []Setting, gone []string) []plan.Step {
	var steps []plan.Step
	entries := parse(current.File)
	entries = disown(entries, wanted, gone)
	for _, setting := range wanted {
		old, known := current.Values[setting.Key]
		if !setting.Volatile && isWritable(setting.Key) {
			entries = own(entries, setting, old)
		}
		if old != setting.Value {
			steps = append(steps, setStep(k, setting.Phase, setting.Key, shown(old, known), setting.Value))
		}
	}
	kept := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return len(e.owners) == 0 })
	for _, e := range entries {
		if value, known := current.Values[e.key]; len(e.owners) == 0 && known && e.before != "" && value != e.before {
			steps = append(steps, setStep(k, plan.Remove, e.key, value, e.before))
		}
	}
	if file := render(kept); !file.Equal(current.File) {
		action := "write"
		if !file.Present {
			action = "remove"
		}
		steps = append(steps, plan.Step{
			Phase: plan.Finish, Action: action, Object: "file " + path, Run: func() error { return s.Put(file) },
			Changes: []schema.Change{{Option: "content", Old: text(current.File), New: text(file)}},
		})
	}
	return steps
}

func shown(value string, known bool) any {
	if !known {
		return nil
	}
	return value
}

func text(file system.File) any {
	if !file.Present {
		return nil
	}
	return string(file.Content)
}

func setStep(k kernel.Settings, phase plan.Phase, key string, old any, value string) plan.Step {
	return plan.Step{
		Phase: phase, Action: "change", Object: "setting " + dotted(key),
		Changes: []schema.Change{{Option: dotted(key), Old: old, New: value}},
		Run:     func() error { return k.SetSetting(key, value) },
	}
}

// Restore makes the settings as they were.
func Restore(k kernel.Settings, s *system.System, before *State) error {
	failures := []error{s.PutBack(before.File)}
	for _, key := range slices.Sorted(maps.Keys(before.Values)) {
		value, err := k.Setting(key)
		if errors.Is(err, fs.ErrNotExist) || err == nil && value == before.Values[key] {
			continue
		}
		failures = append(failures, err, k.SetSetting(key, before.Values[key]))
	}
	return errors.Join(failures...)
}

// entry is one setting in the file.
type entry struct {
	key, value, before string
	owners             []string
}

// disown takes the settings away from objects that are gone, and those that an object needs no more.
func disown(entries []entry, wanted []Setting, gone []string) []entry {
	about := map[string]bool{}
	for _, owner := range gone {
		about[owner] = true
	}
	needs := map[string]bool{}
	for _, setting := range wanted {
		about[setting.Owner] = true
		needs[setting.Owner+" "+setting.Key] = true
	}
	for i := range entries {
		entries[i].owners = slices.DeleteFunc(entries[i].owners, func(owner string) bool {
			return about[owner] && !needs[owner+" "+entries[i].key]
		})
	}
	return entries
}

func own(entries []entry, setting Setting, before string) []entry {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.key == setting.Key })
	if i < 0 {
		return append(entries, entry{setting.Key, setting.Value, before, []string{setting.Owner}})
	}
	entries[i].value = setting.Value
	if !slices.Contains(entries[i].owners, setting.Owner) {
		entries[i].owners = append(entries[i].owners, setting.Owner)
	}
	return entries
}

const (
	head       = "# Written by the Ansible collection hostnet.linux. Changes made here are overwritten.\n"
	ownersMark = "# needed by "
	beforeMark = "; was "
)

// render writes the file; without settings there is none.
func render(entries []entry) system.File {
	if len(entries) == 0 {
		return system.NoFile(path)
	}
	var out strings.Builder
	out.WriteString(head)
	for _, e := range entries {
		slices.Sort(e.owners)
		fmt.Fprintf(&out, "%s%s%s%s\n%s = %s\n", ownersMark, strings.Join(e.owners, " "), beforeMark, e.before, dotted(e.key),
			e.value)
	}
	return system.Text(path, out.String())
}

func parse(file system.File) []entry {
	var entries []entry
	var next entry
	for line := range strings.Lines(string(file.Content)) {
		line = strings.TrimRight(line, "\r\n")
		if note, found := strings.CutPrefix(line, ownersMark); found {
			owners, before, _ := strings.Cut(note, beforeMark)
			next = entry{owners: strings.Fields(owners), before: before}
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if found && !strings.HasPrefix(line, "#") && len(next.owners) > 0 {
			next.key, next.value = undotted(strings.TrimSpace(name)), strings.TrimSpace(value)
			entries, next = append(entries, next), entry{}
		}
	}
	return entries
}

// isWritable tells whether a file can name the setting: a key ends at the first =, the others make it a pattern
// (sysctl.d(5)), and nothing keeps them from that. The setting of a link with such a name is made again at boot, along
// with what needs it.
func isWritable(key string) bool { return !strings.ContainsAny(key, `=*?[]{}\\`) }

// dotted is how sysctl writes the key. With slashes in the first place a name may hold dots, as those of VLANs do.
func dotted(key string) string {
	if strings.Contains(key, ".") {
		return "net/" + key
	}
	return "net." + strings.ReplaceAll(key, "/", ".")
}

func undotted(name string) string {
	if key, found := strings.CutPrefix(name, "net/"); found {
		return key
	}
	return strings.ReplaceAll(strings.TrimPrefix(name, "net."), ".", "/")
}
