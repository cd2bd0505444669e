// Package persist keeps what was declared on the disk of the host, one file an object, so that it comes back after a
// boot without Ansible, and so that we know what is ours.
package persist

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// Folder holds the declarations: a folder for each key of the network module, and in it a file for each object.
const Folder = "/etc/hostnet"

// Groups are the keys of the network module, in the order in which objects stand on each other.
var Groups = []string{
	"interfaces", "dummies", "bonds", "vlans", "vxlans", "bridges", "veths", "macvlans", "lxc_bridges", "routes", "rules", "nats", "dnsmasqs",
}

// naming are the options that tell the objects of a group apart; "name" where none is listed.
var naming = map[string][]string{
	"interfaces": {"name", "match_mac_address", "match_pci_address"},
	"routes":     {"to", "type", "table", "metric"},
	"rules":      {"priority", "family", "from", "to", "iif", "oif", "fwmark", "table", "action"},
	"dnsmasqs":   {"interface"},
}

// Object is one declared object, with the arguments as the task gave them.
type Object struct {
	Group     string
	Arguments map[string]any
}

// Absent tells whether the task wants the object to be gone.
func (o Object) Absent() bool { return o.Arguments["state"] == "absent" }

// Path is the file that keeps the object.
func (o Object) Path() string {
	options := naming[o.Group]
	if options == nil {
		options = []string{"name"}
	}
	var parts []string
	for _, option := range options {
		if value, given := o.Arguments[option]; given && value != nil {
			parts = append(parts, fmt.Sprint(value))
		}
	}
	if len(parts) == 0 && o.Group == "lxc_bridges" {
		parts = []string{lxcbridge.DefaultName}
	}
	return filepath.Join(Folder, o.Group, fileName(strings.Join(parts, "_"))+".yml")
}

// fileName replaces what has a meaning in paths.
func fileName(text string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/\\ \t\n*?[]{}'\"", r) {
			return '-'
		}
		return r
	}, text)
	return strings.TrimLeft(name, ".")
}

// Objects are the objects of the network module's arguments.
func Objects(arguments map[string]any) []Object {
	var out []Object
	for _, group := range Groups {
		list, _ := arguments[group].([]any)
		for _, element := range list {
			fields, isDict := element.(map[string]any)
			if !isDict {
				// The one option that a name alone stands for.
				fields = map[string]any{"name": element}
			}
			out = append(out, Object{Group: group, Arguments: fields})
		}
	}
	return out
}

// Arguments are the objects as arguments of the network module.
func Arguments(objects []Object) map[string]any {
	out := map[string]any{}
	for _, object := range objects {
		list, _ := out[object.Group].([]any)
		out[object.Group] = append(list, any(object.Arguments))
	}
	return out
}

const header = `# Kept by the Ansible collection hostnet.linux (task: %s).
# hostnet.service makes the host so at boot. After an edit: hostnet diff, then hostnet apply.
`

// text is the content of an object's file.
func (o Object) text(task string) (string, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, header, task)
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(plain(Arguments([]Object{o}))); err != nil {
		return "", fmt.Errorf("cannot write down %s: %w", o.Path(), err)
	}
	return out.String(), encoder.Close()
}

// Load reads all that is kept. A file that cannot be read is an error, and the others come with it.
func Load(s *system.System) ([]Object, error) {
	var objects []Object
	var failures []error
	for _, group := range Groups {
		entries, err := os.ReadDir(s.Path(filepath.Join(Folder, group)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failures = append(failures, fmt.Errorf("cannot list what is kept: %w", err))
		}
		for _, entry := range entries {
			if !strings.HasSuffix(entry.Name(), ".yml") || strings.HasPrefix(entry.Name(), ".") {
				continue
			}
			path := filepath.Join(Folder, group, entry.Name())
			file, err := s.File(path)
			if err == nil {
				var arguments map[string]any
				if arguments, err = ansible.ParseYAML(file.Content); err == nil {
					objects = append(objects, Objects(arguments)...)
				}
			}
			if err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", path, err))
			}
		}
	}
	return objects, errors.Join(failures...)
}

// Plan finds the steps that keep the objects, and the files that they write.
func Plan(s *system.System, objects []Object, task string) (steps []plan.Step, files []string, err error) {
	for _, object := range objects {
		have, err := s.File(object.Path())
		if err != nil {
			return nil, nil, err
		}
		want := system.NoFile(object.Path())
		action := "remove"
		if !object.Absent() {
			text, err := object.text(task)
			if err != nil {
				return nil, nil, err
			}
			want, action = system.Text(object.Path(), text), "write"
			if have.Present && sameDeclaration(have.Content, want.Content) {
				continue
			}
		}
		if have.Equal(want) {
			continue
		}
		files = append(files, object.Path())
		steps = append(steps, plan.Step{Phase: plan.Finish, Action: action, Object: "file " + object.Path(), Run: func() error {
			err := s.Put(want)
			if !want.Present {
				s.RemoveEmptyFolder(filepath.Dir(want.Path))
				s.RemoveEmptyFolder(Folder)
			}
			return err
		}})
	}
	return steps, files, nil
}

// sameDeclaration tells whether two files say the same, whichever task wrote them and however a person laid them out.
func sameDeclaration(a, b []byte) bool {
	one, errOne := ansible.ParseYAML(a)
	other, errOther := ansible.ParseYAML(b)
	if errOne != nil || errOther != nil {
		return false
	}
	textOne, errOne := yaml.Marshal(plain(one))
	textOther, errOther := yaml.Marshal(plain(other))
	return errOne == nil && errOther == nil && bytes.Equal(textOne, textOther)
}

// Undeclared are the kept objects that a task with the whole network does not declare any more, as absent ones.
func Undeclared(kept, declared []Object) []Object {
	paths := map[string]bool{}
	for _, object := range declared {
		paths[object.Path()] = true
	}
	var out []Object
	for _, object := range slices.Backward(kept) {
		if paths[object.Path()] {
			continue
		}
		gone := map[string]any{}
		for key, value := range object.Arguments {
			// What an object is found by, and what kind of it; the rest goes with it.
			if !namesObject(object.Group, key) {
				continue
			}
			gone[key] = value
		}
		gone["state"] = "absent"
		out = append(out, Object{Group: object.Group, Arguments: gone})
	}
	return out
}

func namesObject(group, option string) bool {
	// A route or a rule is all that it says; anything else has a name.
	return group == "routes" || group == "rules" || option == "name" || slices.Contains(naming[group], option)
}
