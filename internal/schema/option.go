package schema

import "cmp"

// Option is the one declaration of an option of objects of type T.
type Option[T any] struct {
	*Doc // shared by copies of the option, so it never changes
	access[T]
}

// access is how an option is reached in an object.
type access[T any] interface {
	Parse(object *T, raw any, at Place)
	// Export is the value of an option that is set, as a playbook would write it.
	Export(object *T) any
	// IsSet tells whether the object has a value for the option.
	IsSet(object *T) bool
	Equal(a, b *T) bool
	// Assign copies the option's value from src.
	Assign(dst, src *T)
}

// Doc is what the documentation says of an option.
type Doc struct {
	Name string
	// Text is sentences; Ansible's markup is allowed.
	Text           string
	Type, Elements string
	Choices        []string
	// Default is what the module assumes when the option is left out, not what the kernel does.
	Default  any
	Required bool
	// Clearable options take an empty string for "none".
	Clearable bool
	// Suboptions makes the descriptions of a dictionary's options, which a task does not need; it is nil if there are
	// none.
	Suboptions func() []Doc
}

// Field declares an option that is held in a pointer; nil is "unset, so unmanaged".
func Field[T, V any](name string, form Form[V], field func(*T) **V, text string) Option[T] {
	return Option[T]{form.doc(name, text), &pointer[T, V]{form: form, field: field}}
}

// Clearable declares an option like Field that an object may also be declared to be without, by an empty string. none
// is the value that says so.
func Clearable[T, V any](name string, form Form[V], none V, field func(*T) **V, text string) Option[T] {
	parse, format := form.Parse, form.Format
	form.Parse = func(raw any, at Place) (V, bool) {
		if raw == "" {
			return none, true
		}
		return parse(raw, at)
	}
	form.Format = func(value V) any {
		if form.Equal(value, none) {
			return ""
		}
		return format(value)
	}
	doc := form.doc(name, text+" An empty string removes it.")
	doc.Clearable = true
	return Option[T]{doc, &pointer[T, V]{form, field, &none}}
}

// pointer is access to an option that is held in a pointer.
type pointer[T, V any] struct {
	form  Form[V]
	field func(*T) **V
	// none is what equals an unset field, if anything does.
	none *V
}

func (p *pointer[T, V]) Parse(object *T, raw any, at Place) {
	if value, ok := p.form.Parse(raw, at); ok {
		*p.field(object) = &value
	}
}

func (p *pointer[T, V]) Export(object *T) any { return p.form.Format(**p.field(object)) }

func (p *pointer[T, V]) IsSet(object *T) bool { return *p.field(object) != nil }

func (p *pointer[T, V]) Equal(a, b *T) bool {
	x, y := cmp.Or(*p.field(a), p.none), cmp.Or(*p.field(b), p.none)
	if x == nil || y == nil {
		return x == y
	}
	return p.form.Equal(*x, *y)
}

func (p *pointer[T, V]) Assign(dst, src *T) { *p.field(dst) = *p.field(src) }

// Value declares an option that is held in a plain field, whose zero value is "unset".
func Value[T any, V comparable](name string, form Form[V], field func(*T) *V, text string) Option[T] {
	return Option[T]{form.doc(name, text), &plain[T, V]{form, field}}
}

// plain is access to an option that is held in a plain field.
type plain[T any, V comparable] struct {
	form  Form[V]
	field func(*T) *V
}

func (p *plain[T, V]) Parse(object *T, raw any, at Place) {
	if value, ok := p.form.Parse(raw, at); ok {
		*p.field(object) = value
	}
}

func (p *plain[T, V]) Export(object *T) any { return p.form.Format(*p.field(object)) }

func (p *plain[T, V]) IsSet(object *T) bool {
	var unset V
	return *p.field(object) != unset
}

func (p *plain[T, V]) Equal(a, b *T) bool { return *p.field(a) == *p.field(b) }

func (p *plain[T, V]) Assign(dst, src *T) { *p.field(dst) = *p.field(src) }

// with is the option with a changed description.
func (o Option[T]) with(change func(*Doc)) Option[T] {
	doc := *o.Doc
	change(&doc)
	o.Doc = &doc
	return o
}

// Require marks the option as one that must be given.
func (o Option[T]) Require() Option[T] { return o.with(func(d *Doc) { d.Required = true }) }

// Optional takes Require back.
func (o Option[T]) Optional() Option[T] { return o.with(func(d *Doc) { d.Required = false }) }

// Assume documents what the module takes when the option is left out.
func (o Option[T]) Assume(value any) Option[T] { return o.with(func(d *Doc) { d.Default = value }) }

// Note adds a sentence to the documentation.
func (o Option[T]) Note(text string) Option[T] { return o.with(func(d *Doc) { d.Text += " " + text }) }

// Export is the option's value as a playbook would write it, or nil.
func (o Option[T]) Export(object *T) any {
	if !o.IsSet(object) {
		return nil
	}
	return o.access.Export(object)
}

// Table is all options of objects of type T.
type Table[T any] []Option[T]

// Change is one option whose value differs. Old or New is nil when there is none.
type Change struct {
	Option string
	Old    any
	New    any
}

// Parse reads the fields into object and notes every problem: unknown options, wrong values, missing ones.
// A field that is null counts as left out, as in Ansible.
func (t Table[T]) Parse(object *T, fields map[string]any, at Place) {
	known := 0
	for i := range t {
		option := &t[i]
		var raw any
		given := false
		if known < len(fields) {
			raw, given = fields[option.Name]
		}
		if given {
			known++
		}
		switch {
		case given && raw != nil:
			option.Parse(object, raw, at.Key(option.Name))
		case option.Required:
			at.Problem("option %q is required", option.Name)
		}
	}
	if known == len(fields) {
		return
	}
	for _, key := range sortedKeys(fields) {
		if !t.has(key) {
			at.Key(key).Problem("%v", unknownName("option", key, t.names()))
		}
	}
}

// Export is the object as a playbook would write it, with only what is set.
func (t Table[T]) Export(object *T) Object {
	out := Object{}
	for _, option := range t {
		if option.IsSet(object) {
			out = append(out, Entry{Key: option.Name, Value: option.access.Export(object)})
		}
	}
	return out
}

// Diff lists the options that are set in want and have another value in have.
func (t Table[T]) Diff(want, have *T) []Change {
	var changes []Change
	for _, option := range t {
		if option.IsSet(want) && !option.Equal(want, have) {
			changes = append(changes, Change{Option: option.Name, Old: option.Export(have), New: option.Export(want)})
		}
	}
	return changes
}

// Changes lists the options that differ between two declared objects, those that only one of them has included.
func (t Table[T]) Changes(old, fresh *T) []Change {
	var changes []Change
	for _, option := range t {
		if option.IsSet(old) != option.IsSet(fresh) || option.IsSet(old) && !option.Equal(old, fresh) {
			changes = append(changes, Change{Option: option.Name, Old: option.Export(old), New: option.Export(fresh)})
		}
	}
	return changes
}

// Satisfied tells whether have has all that is set in want.
func (t Table[T]) Satisfied(want, have *T) bool {
	for i := range t {
		option := &t[i]
		if option.IsSet(want) && !option.Equal(want, have) {
			return false
		}
	}
	return true
}

// Equal tells whether all options are the same.
func (t Table[T]) Equal(a, b *T) bool {
	for _, option := range t {
		if !option.Equal(a, b) {
			return false
		}
	}
	return true
}

// Overlay copies into dst what is set in src.
func (t Table[T]) Overlay(dst, src *T) {
	for i := range t {
		option := &t[i]
		if option.IsSet(src) {
			option.Assign(dst, src)
		}
	}
}

// Docs is the documentation of all options.
func (t Table[T]) Docs() []Doc {
	docs := make([]Doc, len(t))
	for i, option := range t {
		docs[i] = *option.Doc
	}
	return docs
}

func (t Table[T]) has(name string) bool {
	for _, option := range t {
		if option.Name == name {
			return true
		}
	}
	return false
}

func (t Table[T]) names() []string {
	names := make([]string, len(t))
	for i, option := range t {
		names[i] = option.Name
	}
	return names
}

// Lift turns the options of a part into options of the whole that holds it.
func Lift[Part, Whole any](table Table[Part], part func(*Whole) *Part) Table[Whole] {
	out := make(Table[Whole], len(table))
	for i := range table {
		out[i] = Option[Whole]{table[i].Doc, &lifted[Part, Whole]{table[i].access, part}}
	}
	return out
}

// lifted is access to an option of a part by way of the whole.
type lifted[Part, Whole any] struct {
	own  access[Part]
	part func(*Whole) *Part
}

func (l *lifted[Part, Whole]) Parse(whole *Whole, raw any, at Place) {
	l.own.Parse(l.part(whole), raw, at)
}

func (l *lifted[Part, Whole]) Export(whole *Whole) any { return l.own.Export(l.part(whole)) }

func (l *lifted[Part, Whole]) IsSet(whole *Whole) bool { return l.own.IsSet(l.part(whole)) }

func (l *lifted[Part, Whole]) Equal(a, b *Whole) bool { return l.own.Equal(l.part(a), l.part(b)) }

func (l *lifted[Part, Whole]) Assign(dst, src *Whole) { l.own.Assign(l.part(dst), l.part(src)) }
