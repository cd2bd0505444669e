package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/system"
)

// Declarations holds what is declared: a folder for each key of the network module, and in it a file for each object.
const Declarations = "/etc/hostnet"

// servedFolder is beside the declarations: dnsmasq's own configuration.
const servedFolder = "dnsmasq"

// Kept is the declared set as it is on the disk.
type Kept struct {
	Set *spec.Set
	// Problems are of files and options that could not be read, each with its file and line. The rest is in the set.
	Problems schema.Problems
	// files hold the objects of each file, damaged those that could not be read at all.
	files   map[string][]*spec.Object
	damaged map[string]bool
	seen    map[string]*spec.Object
}

// Load reads all that is declared. What cannot be read is noted, and the rest is read.
func Load(s *system.System) (*Kept, error) {
	kept := &Kept{Set: &spec.Set{}, files: map[string][]*spec.Object{}, damaged: map[string]bool{},
		seen: map[string]*spec.Object{}}
	folders, err := os.ReadDir(s.Path(Declarations))
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list what is declared: %w", err)
	}
	known := map[string]bool{}
	for _, folder := range folders {
		path := filepath.Join(Declarations, folder.Name())
		switch {
		case strings.HasPrefix(folder.Name(), "."), folder.Name() == servedFolder:
		case !folder.IsDir():
			kept.Problems.Add(path,
				"not read: a declaration is in a folder named after its kind, such as %s/bridges: move or remove it", Declarations)
		case spec.KindOf(folder.Name()) == nil:
			kept.Problems.Add(path, "not read: no kind of object is called %s (there are: %s)", folder.Name(),
				strings.Join(keys(), ", "))
		default:
			known[folder.Name()] = true
		}
	}
	for _, key := range keys() {
		if known[key] {
			if err := kept.loadFolder(s, filepath.Join(Declarations, key)); err != nil {
				return nil, err
			}
		}
	}
	kept.index()
	return kept, nil
}

func keys() []string {
	var out []string
	for _, kind := range spec.Kinds() {
		out = append(out, kind.Key)
	}
	return out
}

// manyFiles are so many that what is read of them takes the most of what a task may take by itself.
const manyFiles = 2000

// Many is called before many files are read. The program has it allow more memory, see there.
var Many = func() {}

func (k *Kept) loadFolder(s *system.System, folder string) error {
	entries, err := os.ReadDir(s.Path(folder))
	if err != nil {
		return fmt.Errorf("cannot list what is declared: %w", err)
	}
	if len(entries) > manyFiles {
		Many()
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		switch {
		case strings.HasPrefix(entry.Name(), ".") || strings.HasSuffix(entry.Name(), "~"):
		case !entry.Type().IsRegular():
			k.Problems.Add(path, "not read: it is no regular file")
		case !strings.HasSuffix(entry.Name(), ".yml"):
			k.Problems.Add(path, "not read: its name does not end in .yml: rename or remove it")
		default:
			file, err := s.File(path)
			if err == nil {
				err = k.read(path, file.Content)
			}
			if err != nil {
				k.damaged[path] = true
				k.Problems.Add(path, "%v", err)
			}
		}
	}
	return nil
}

// Parse reads the text of files as Load does; name is what problems call it.
func Parse(name string, text []byte) *Kept {
	kept := &Kept{Set: &spec.Set{}, files: map[string][]*spec.Object{}, damaged: map[string]bool{},
		seen: map[string]*spec.Object{}}
	if err := kept.read(name, text); err != nil {
		kept.Problems.Add(name, "%v", err)
	}
	return kept
}

// Files are those that keep a set on a host on which nothing is declared.
func Files(set *spec.Set, task string) ([]system.File, error) {
	placed := (&Kept{}).place(set)
	var out []system.File
	for _, path := range slices.Sorted(maps.Keys(placed)) {
		text, err := Text(placed[path], task)
		if err != nil {
			return nil, fmt.Errorf("cannot write down %s: %w", path, err)
		}
		out = append(out, system.Text(path, text))
	}
	return out, nil
}

// read takes the objects of one file in.
func (k *Kept) read(path string, content []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("cannot be read: %w", err)
		case len(document.Content) > 0:
			if err := k.readDocument(path, document.Content[0]); err != nil {
				return err
			}
		}
	}
}

// readDocument takes the objects of one document in; most files have one.
func (k *Kept) readDocument(path string, root *yaml.Node) error {
	if root.Kind != yaml.MappingNode {
		return errors.New("cannot be read: it is no dictionary with the name of a kind, such as bridges")
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		kind := spec.KindOf(key.Value)
		if kind == nil {
			k.Problems.Add(fmt.Sprintf("%s:%d", path, key.Line), "%v", schema.UnknownName("key", key.Value, keys()))
			continue
		}
		elements := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			elements = value.Content
		}
		for _, element := range elements {
			k.readObject(path, kind, element)
		}
	}
	return nil
}

func (k *Kept) readObject(path string, kind *spec.Kind, node *yaml.Node) {
	source := &spec.Source{File: path, Line: func(option string) int { return lineOf(node, option) }}
	fields, err := ansible.YAMLNode(node)
	if err != nil {
		k.Problems.Add(fmt.Sprintf("%s:%d", path, node.Line), "%v", err)
		k.damaged[path] = true
		return
	}
	var problems schema.Problems
	object := &spec.Object{Kind: kind, Options: kind.Read(fields, schema.At("", &problems)), Source: source}
	for _, problem := range problems {
		object.Unread = append(object.Unread, problem)
		k.Problems = append(k.Problems, schema.Problem{Path: object.Where(problem.Path), Message: problem.Message})
	}
	if len(problems) > 0 && !object.Sound() {
		k.damaged[path] = true
		return
	}
	if object.Absent() {
		k.Problems.Add(object.Where("state"), "a declaration of something absent has no effect here: remove the file")
		return
	}
	if other := k.seen[object.Key()]; other != nil {
		k.Problems.Add(object.Where(""), "%s is declared twice: this is left out, as it is also in %s", object.Describe(),
			other.Where(""))
		return
	}
	k.seen[object.Key()] = object
	k.Set.Add(object)
}

// lineOf is the line of an option, or of what holds it.
func lineOf(node *yaml.Node, option string) int {
	line, _ := Locate(node, option)
	return line
}

// Locate is the line of an option, such as ports[1].name, or of what holds it, and the value that is there.
func Locate(node *yaml.Node, option string) (line int, value string) {
	line = node.Line
	for _, part := range strings.FieldsFunc(option, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		next := childOf(node, part)
		if next == nil {
			break
		}
		node, line = next, next.Line
	}
	return line, node.Value
}

func childOf(node *yaml.Node, part string) *yaml.Node {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == part {
				// The value of a nested list or dictionary begins a line later than its name.
				value := *node.Content[i+1]
				value.Line = node.Content[i].Line
				return &value
			}
		}
	case yaml.SequenceNode:
		var index int
		if _, err := fmt.Sscan(part, &index); err == nil && index >= 0 && index < len(node.Content) {
			return node.Content[index]
		}
	}
	return nil
}

// index notes which objects are in which file.
func (k *Kept) index() {
	for _, object := range k.Set.Objects {
		k.files[object.Source.File] = append(k.files[object.Source.File], object)
	}
}

const header = `# Kept by the Ansible collection hostnet.linux (task: %s).
# hostnet.service applies it at boot. After an edit: hostnet diff, then hostnet apply; hostnet edit does both.
# yaml-language-server: $schema=https://hostnet.github.io/hostnet.linux/schema/kept.json
`

// Text is the content of a file with these objects.
func Text(objects []*spec.Object, task string) (string, error) {
	content := schema.Object{}
	for _, object := range objects {
		list, _ := content.Get(object.Kind.Key).([]any)
		content.Set(object.Kind.Key, append(list, any(object.Options)))
	}
	text, err := ansible.YAML(content)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(header, strings.ReplaceAll(task, "\n", " ")) + text, nil
}

// Plan finds the steps that make the disk hold the set, and the files that they write. Files that say the same already
// stay as a person laid them out.
func (k *Kept) Plan(s *system.System, after *spec.Set, task string) (steps []plan.Step, files []string, err error) {
	wanted := k.place(after)
	paths := slices.Sorted(maps.Keys(wanted))
	for path := range k.files {
		if wanted[path] == nil {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		changes := changesOf(k.files[path], wanted[path])
		if len(changes) == 0 && len(k.files[path]) == len(wanted[path]) {
			continue
		}
		step, want := plan.Step{Phase: plan.Finish, Action: "remove", Object: "file " + path, Changes: changes},
			system.NoFile(path)
		if objects := wanted[path]; objects != nil {
			text, err := Text(objects, task)
			if err != nil {
				return nil, nil, fmt.Errorf("cannot write down %s: %w", path, err)
			}
			step.Action, want = "write", system.Text(path, text)
		}
		step.Run = func() error {
			err := s.Put(want)
			if !want.Present {
				s.RemoveEmptyFolder(filepath.Dir(path))
				s.RemoveEmptyFolder(Declarations)
			}
			return err
		}
		steps, files = append(steps, step), append(files, path)
	}
	return steps, files, nil
}

// place gives each object its file: the one it is in, or a new one with its name.
func (k *Kept) place(set *spec.Set) map[string][]*spec.Object {
	out := map[string][]*spec.Object{}
	for _, object := range set.Objects {
		if object.Source != nil {
			out[object.Source.File] = append(out[object.Source.File], object)
		}
	}
	for _, object := range set.Objects {
		if object.Source != nil {
			continue
		}
		base := filepath.Join(Declarations, object.Kind.Key, FileName(object.Identity()))
		path := base + ".yml"
		for n := 2; out[path] != nil; n++ {
			path = fmt.Sprintf("%s-%d.yml", base, n)
		}
		out[path] = append(out[path], object)
	}
	return out
}

// FileName is a name for a file with that object: what has a meaning in paths is replaced.
func FileName(identity string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '_'
		case r < ' ' || r == 0x7f || strings.ContainsRune("/\\*?[]{}'\"`$!&;|<>()", r):
			return '-'
		}
		return r
	}, strings.TrimLeft(identity, "."))
	if name == "" {
		return "object"
	}
	const longest = 200 // NAME_MAX is 255 bytes, and a temporary file's name is longer
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "")
	}
	return name
}

// changesOf are the options that differ between what a file holds and what it is to hold.
func changesOf(before, after []*spec.Object) []schema.Change {
	var changes []schema.Change
	for _, old := range before {
		if i := slices.IndexFunc(after, func(o *spec.Object) bool { return o.Key() == old.Key() }); i >= 0 {
			if after[i] != old {
				changes = append(changes, old.Changes(after[i])...)
			}
			continue
		}
		changes = append(changes, old.Changes(nil)...)
	}
	for _, fresh := range after {
		if !slices.ContainsFunc(before, func(o *spec.Object) bool { return o.Key() == fresh.Key() }) {
			changes = append(changes, fresh.Added()...)
		}
	}
	return changes
}

// Rescue are objects of an earlier set whose files cannot be read now.
func (k *Kept) Rescue(earlier *spec.Set) []*spec.Object {
	declared := k.Set.Keys()
	var out []*spec.Object
	for _, object := range earlier.Objects {
		path := filepath.Join(Declarations, object.Kind.Key, FileName(object.Identity())+".yml")
		if k.damaged[path] && !declared[object.Key()] {
			object.Source = &spec.Source{File: path, Line: func(string) int { return 1 }}
			out = append(out, object)
		}
	}
	return out
}
