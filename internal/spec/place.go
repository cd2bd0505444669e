package spec

import (
	"fmt"
	"strings"

	"hostnet.linux/internal/schema"
)

// Where is what messages call an option of the object: its place in the task, or in the file that keeps it.
func (o *Object) Where(option string) string {
	name, _, _ := strings.Cut(option, ".")
	name, _, _ = strings.Cut(name, "[")
	if o.Declared != nil && (name == "" || o.Declared.gives(name) || o.Source == nil) {
		return strings.TrimPrefix(o.Declared.Path+dotted(option), ".")
	}
	if o.Source == nil {
		return o.Describe() + dotted(option)
	}
	where := fmt.Sprintf("%s:%d", o.Source.File, o.Source.Line(option))
	if option != "" {
		where += ": " + option
	}
	return where
}

func dotted(option string) string {
	if option == "" {
		return ""
	}
	return "." + option
}

// gives tells whether the task itself gives an option.
func (c *Change) gives(option string) bool { return c.Options.Get(option) != nil }

// Index tells where objects stand in the arguments that are made of them.
type Index map[string]*Object

// Arguments are the objects as arguments of the network module.
func Arguments(objects []*Object) (map[string]any, Index) {
	arguments, index := map[string]any{}, Index{}
	for _, object := range objects {
		list, _ := arguments[object.Kind.Key].([]any)
		index[fmt.Sprintf("%s[%d]", object.Kind.Key, len(list))] = object
		arguments[object.Kind.Key] = append(list, any(object.Options.Map()))
	}
	return arguments, index
}

// Label turns places in those arguments into places in the task and in kept files, in messages too.
func (i Index) Label(problems schema.Problems) schema.Problems {
	out := make(schema.Problems, len(problems))
	for n, problem := range problems {
		out[n] = schema.Problem{Path: i.label(problem.Path), Message: i.inText(problem.Message)}
	}
	return out
}

// Find is the object that a place is in, and the option there; nil if it is in none.
func (i Index) Find(path string) (*Object, string) {
	head, rest, found := strings.Cut(path, "]")
	if !found {
		return nil, path
	}
	return i[head+"]"], strings.TrimPrefix(rest, ".")
}

func (i Index) label(path string) string {
	if object, option := i.Find(path); object != nil {
		return object.Where(option)
	}
	return path
}

// inText replaces the places of other objects that a message names.
func (i Index) inText(message string) string {
	words := strings.Fields(message)
	for _, word := range words {
		place := strings.TrimRight(word, ".,:;)")
		place = strings.TrimLeft(place, "(")
		if object, option := i.Find(place); object != nil {
			if label := object.Where(option); label != "" {
				message = strings.Replace(message, place, label, 1)
			}
		}
	}
	return message
}
