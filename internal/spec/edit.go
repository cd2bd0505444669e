package spec

import (
	"fmt"
	"slices"

	"hostnet.linux/internal/schema"
)

// Edit is what a task asks of the set.
type Edit struct {
	Changes []*Change
	// Replace forgets what was declared before of the edit's objects; Purge also removes all other objects.
	Replace, Purge bool
}

// Change is one object of an edit.
type Change struct {
	Kind    *Kind
	Options schema.Object
	// Forget are the options that are not managed any more: those that the task gives as null.
	Forget []string
	// Path is where the object stands in the arguments, "" where it is the arguments.
	Path string
}

// Absent tells whether the object is to be gone.
func (c *Change) Absent() bool { return c.Options.Get("state") == "absent" }

func (c *Change) object() *Object { return &Object{Kind: c.Kind, Options: c.Options, Declared: c} }

// NewEdit reads the objects of a module's arguments, which have passed the module's own check; settings are the options
// that belong to no object.
func NewEdit(module string, arguments map[string]any, settings []string) *Edit {
	edit := &Edit{}
	if kind := KindOfModule(module); kind != nil {
		own := map[string]any{}
		for key, value := range arguments {
			if !slices.Contains(settings, key) {
				own[key] = value
			}
		}
		edit.add(kind, own, "")
		return edit
	}
	kinds := registry()
	for i := range kinds {
		kind := &kinds[i]
		for j, element := range ElementsOf(arguments[kind.Key]) {
			edit.add(kind, fieldsOf(element), fmt.Sprintf("%s[%d]", kind.Key, j))
		}
	}
	return edit
}

// fieldsOf are the options of an object as a task gives it; a name alone stands for one option.
func fieldsOf(element any) map[string]any {
	if fields, isDict := element.(map[string]any); isDict {
		return fields
	}
	return map[string]any{"name": element}
}

// Gone is an object as a task gives it, made one that is to be absent: what it is told by, and whether to use force.
func (k *Kind) Gone(element any) map[string]any {
	gone := map[string]any{}
	for option, value := range fieldsOf(element) {
		if k.Naming == nil || slices.Contains(k.Naming, option) || option == "force" {
			gone[option] = value
		}
	}
	gone["state"] = "absent"
	return gone
}

// ElementsOf takes a single object for a list of one, as the list's form does.
func ElementsOf(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

func (e *Edit) add(kind *Kind, fields map[string]any, path string) {
	var none schema.Problems
	change := &Change{Kind: kind, Options: kind.read(fields, schema.At("", &none)), Path: path}
	for key, value := range fields {
		if value == nil && key != "state" {
			change.Forget = append(change.Forget, key)
		}
	}
	slices.Sort(change.Forget)
	e.Changes = append(e.Changes, change)
}
