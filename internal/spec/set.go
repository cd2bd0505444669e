package spec

import (
	"maps"
	"slices"

	"hostnet.linux/internal/schema"
)

// Set is all that is declared on a host.
type Set struct {
	Objects []*Object
}

// Find is the object with that key, or nil.
func (s *Set) Find(key string) *Object {
	for _, object := range s.Objects {
		if object.Key() == key {
			return object
		}
	}
	return nil
}

// Add puts one more object into the set.
func (s *Set) Add(object *Object) { s.Objects = append(s.Objects, object) }

// Keys are those of all objects.
func (s *Set) Keys() map[string]bool {
	keys := make(map[string]bool, len(s.Objects))
	for _, object := range s.Objects {
		keys[object.Key()] = true
	}
	return keys
}

// Gone is the object as one that is to be absent: what it is found by. A route or a rule is all that it says.
func (o *Object) Gone() *Object {
	gone := &Object{Kind: o.Kind, Source: o.Source}
	for _, entry := range o.Options {
		if o.Kind.Naming == nil || slices.Contains(o.Kind.Naming, entry.Key) {
			gone.Options = append(gone.Options, entry)
		}
	}
	gone.Options.Set("state", "absent")
	return gone
}

// Result is a set with an edit applied.
type Result struct {
	Set *Set
	// Scope are the objects to plan: those of the edit, merged with what was declared before, absent ones included, and
	// those that the edit moves something away from.
	Scope []*Object
	// Problems are of the edit against the kept set.
	Problems schema.Problems
	Warnings []string
}

// merging is a set while an edit is applied to it.
type merging struct {
	*Result
	objects map[string]*Object
	order   []string
	scope   map[string]*Object
	edit    *Edit
}

// Apply merges an edit into the set, which stays as it is. Options that the edit leaves out stay as they were declared.
func (s *Set) Apply(edit *Edit) *Result {
	m := &merging{Result: &Result{Set: &Set{}}, objects: map[string]*Object{}, scope: map[string]*Object{}, edit: edit}
	for _, object := range s.Objects {
		key := object.Key()
		m.objects[key] = object
		m.order = append(m.order, key)
	}
	for _, change := range edit.Changes {
		if change.Absent() {
			m.remove(change)
		}
	}
	for _, change := range edit.Changes {
		if !change.Absent() {
			m.merge(change)
		}
	}
	if edit.Purge {
		m.purge()
	}
	m.unite()
	m.move(s)
	for _, key := range m.order {
		if object := m.objects[key]; object != nil && !object.Absent() {
			m.Set.Objects = append(m.Set.Objects, object)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.scope)) {
		m.Scope = append(m.Scope, m.scope[key])
	}
	m.Widen()
	slices.SortStableFunc(m.Scope, func(a, b *Object) int { return a.place() - b.place() })
	return m.Result
}

// place orders objects as the task gave them, those of others last.
func (o *Object) place() int {
	kinds := registry()
	for i := range kinds {
		if &kinds[i] == o.Kind {
			return i
		}
	}
	return len(kinds)
}

// remove takes all objects out that an absent one stands for.
func (m *merging) remove(change *Change) {
	gone := change.object()
	if kept := m.objects[gone.Key()]; kept != nil && m.otherKind(change, kept) {
		return
	}
	m.scope[gone.Key()+" absent "+change.Path] = gone
	for _, key := range m.order {
		if kept := m.objects[key]; kept != nil && kept.Kind == change.Kind && change.matches(kept) {
			delete(m.objects, key)
		}
	}
	if change.Kind.Key == "routes" {
		m.removeFromLinks(change)
	}
}

// matches tells whether an absent object stands for a kept one.
func (c *Change) matches(kept *Object) bool {
	if c.Kind.covers != nil {
		return c.Kind.covers(c.Options, kept.Options)
	}
	return c.object().Key() == kept.Key()
}

// merge makes one declared object of what was declared before and the change.
func (m *merging) merge(change *Change) {
	fresh := change.object()
	key := fresh.Key()
	kept := m.objects[key]
	if kept != nil && m.otherKind(change, kept) {
		return
	}
	merged := fresh
	if kept != nil {
		merged = &Object{Kind: kept.Kind, Source: kept.Source, Declared: change, Options: fresh.Options}
		if !m.edit.Replace && !m.edit.Purge {
			merged.Options = kept.merged(change)
		}
		if kept.Declared != nil {
			// The same object twice in one edit is told by the check of the arguments.
			merged.Declared = change
		}
	} else {
		m.order = append(m.order, key)
	}
	m.objects[key], m.scope[key] = merged, merged
}

// otherKind notes that a change names what is declared as another kind of link.
func (m *merging) otherKind(change *Change, kept *Object) bool {
	if kept.Kind == change.Kind {
		return false
	}
	schema.At(change.Path, &m.Problems).Key("name").Problem(
		"%s is declared as %s in %s: use that module, or declare it absent there first", kept.Identity(),
		article(kept.Kind.Module), kept.Where(""))
	return true
}

// merged are the object's options with those of a change on top.
func (o *Object) merged(change *Change) schema.Object {
	options := slices.Clone(o.Options)
	for _, entry := range change.Options {
		if exclusive, adds := o.Kind.union[entry.Key]; adds && !isTrue(change.Options, o.Options, exclusive) {
			entry.Value = united(o.listOf(entry.Key), entry.Value)
		}
		options.Set(entry.Key, entry.Value)
	}
	options = slices.DeleteFunc(options, func(e schema.Entry) bool { return slices.Contains(change.Forget, e.Key) })
	var none schema.Problems
	return o.Kind.read(options.Map(), schema.At("", &none))
}

func isTrue(first, second schema.Object, option string) bool {
	if value := first.Get(option); value != nil {
		return value == true
	}
	return second.Get(option) == true
}

// united adds named elements to a list; one that is there already keeps its options that the other leaves out.
func united(kept []any, added any) []any {
	out := slices.Clone(kept)
	list, _ := added.([]any)
	for _, element := range list {
		name := elementName(element, "name")
		at := slices.IndexFunc(out, func(other any) bool { return elementName(other, "name") == name })
		options, hasOptions := element.(schema.Object)
		switch {
		case at < 0:
			out = append(out, element)
		case hasOptions:
			both := schema.Object{{Key: "name", Value: name}}
			if before, had := out[at].(schema.Object); had {
				both = slices.Clone(before)
			}
			for _, entry := range options {
				both.Set(entry.Key, entry.Value)
			}
			out[at] = both
		}
	}
	return out
}

// purge takes out what the edit does not declare, the upper objects first.
func (m *merging) purge() {
	for _, key := range m.order {
		kept := m.objects[key]
		if kept == nil || kept.Declared != nil {
			continue
		}
		delete(m.objects, key)
		m.scope[key+" purged"] = kept.Gone()
	}
}

// replace puts a changed object in the place of a kept one, and has it planned.
func (m *merging) replace(key string, changed *Object) {
	m.objects[key], m.scope[key] = changed, changed
}

func article(word string) string {
	if len(word) > 0 && slices.Contains([]byte("aeiou"), word[0]) {
		return "an " + word
	}
	return "a " + word
}
