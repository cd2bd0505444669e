package spec

import (
	"slices"

	"hostnet.linux/internal/schema"
)

// Object is one declared object with its options in their one form.
type Object struct {
	Kind    *Kind
	Options schema.Object
	// Source is where a kept object was read, nil for one that no file holds yet.
	Source *Source
	// Unread are the problems of options that could not be read, and are not among the others.
	Unread schema.Problems
	// Declared is the task's own part of an object that it edits, nil for one that it leaves alone.
	Declared *Change
	key      string
}

// Source is the file of a kept object.
type Source struct {
	File string
	// Line is where an option of the object stands, by its path in it, such as ports[1].name.
	Line func(path string) int
}

// Sound tells whether what could be read of the object is enough to be one.
func (o *Object) Sound() bool {
	var problems schema.Problems
	o.Kind.read(o.Options.Map(), schema.At("", &problems))
	return len(problems) == 0
}

// Identity is what the object is, however it was written: kind and identity tell objects of a set apart.
func (o *Object) Identity() string { return o.Kind.identity(o.Options) }

// Key tells objects of a set apart. Links have one space of names across kinds.
func (o *Object) Key() string {
	if o.key == "" {
		space := o.Kind.Key
		if o.Kind.Link {
			space = "link"
		}
		o.key = space + " " + o.Identity()
	}
	return o.key
}

// Name is the object's name, "" where its kind has none.
func (o *Object) Name() string {
	if name, given := o.Options.Get("name").(string); given {
		return name
	}
	if o.Kind.Link && o.Options.Get("match_mac_address") == nil && o.Options.Get("match_pci_address") == nil {
		return o.Identity()
	}
	return ""
}

// Describe is what steps and messages call the object.
func (o *Object) Describe() string { return o.Kind.Module + " " + o.Identity() }

// Absent tells whether the object is to be gone.
func (o *Object) Absent() bool { return o.Options.Get("state") == "absent" }

// Changes are the options that differ from another state of the object; nil is one that is not declared any more.
func (o *Object) Changes(fresh *Object) []schema.Change {
	if fresh != nil {
		changes := o.Kind.changes(o.Options, fresh.Options)
		for _, problem := range o.Unread {
			// The file cannot stay as it is once it is written.
			changes = append(changes, schema.Change{Option: problem.Path, Old: problem.Message})
		}
		return changes
	}
	var changes []schema.Change
	for _, entry := range o.Options {
		changes = append(changes, schema.Change{Option: entry.Key, Old: entry.Value})
	}
	return changes
}

// Added are the options of an object that was not declared before.
func (o *Object) Added() []schema.Change {
	var changes []schema.Change
	for _, entry := range o.Options {
		changes = append(changes, schema.Change{Option: entry.Key, New: entry.Value})
	}
	return changes
}

// with is the object with one option changed; nil takes it out.
func (o *Object) with(option string, value any) *Object {
	changed := *o
	changed.key = ""
	changed.Options = slices.Clone(o.Options)
	if value == nil {
		changed.Options = slices.DeleteFunc(changed.Options, func(e schema.Entry) bool { return e.Key == option })
	} else {
		changed.Options.Set(option, value)
	}
	return &changed
}

// listOf is an option that holds a list.
func (o *Object) listOf(option string) []any {
	list, _ := o.Options.Get(option).([]any)
	return list
}

// elementName is the name of a list's element: the value itself, or its option of that name.
func elementName(element any, option string) string {
	switch v := element.(type) {
	case string:
		return v
	case schema.Object:
		name, _ := v.Get(option).(string)
		return name
	}
	return ""
}

// StandsOn tells whether the object is a link that needs one of the named ones.
func (o *Object) StandsOn(links map[string]bool) bool {
	if parent, has := o.Options.Get("parent").(string); has && links[parent] {
		return true
	}
	return slices.ContainsFunc(o.listOf("ports"), func(port any) bool { return links[elementName(port, "name")] })
}
