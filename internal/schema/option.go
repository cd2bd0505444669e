package schema

// Option is the one declaration of an option of objects of type T.
type Option[T any] struct {
	Doc
	parse  func(*T, any, Place)
	export func(*T) any
	isSet  func(*T) bool
	equal  func(a, b *T) bool
	assign func(dst, src *T)
}

// Doc is what the documentation says of an option.
type Doc struct {
	Name string
	// Text is sentences; Ansible's markup is allowed.
	Text           string
	Type, Elements string
	Choices        []string
	// Default is what the module assumes when the option is left out, not what the kernel does.
	Default    any
	Required   bool
	Secret     bool
	Suboptions []Doc
}

// Field declares an option that is held in a pointer; nil is "unset, so unmanaged".
func Field[T, V any](name string, form Form[V], field func(*T) **V, text string) Option[T] {
	if form.Note != "" {
		text += " " + form.Note
	}
	return Option[T]{
		Doc: Doc{
			Name: name, Text: text, Type: form.Type, Elements: form.Elements,
			Choices: form.Choices, Suboptions: form.Suboptions,
		},
		parse: func(object *T, raw any, at Place) {
			if value, ok := form.Parse(raw, at); ok {
				*field(object) = &value
			}
		},
		export: func(object *T) any { return form.Format(**field(object)) },
		isSet:  func(object *T) bool { return *field(object) != nil },
		equal: func(a, b *T) bool {
			x, y := *field(a), *field(b)
			if x == nil || y == nil {
				return x == y
			}
			return form.Equal(*x, *y)
		},
		assign: func(dst, src *T) { *field(dst) = *field(src) },
	}
}

// Value declares an option that is held in a plain field, whose zero value is "unset".
func Value[T any, V comparable](name string, form Form[V], field func(*T) *V, text string) Option[T] {
	if form.Note != "" {
		text += " " + form.Note
	}
	var zero V
	return Option[T]{
		Doc: Doc{
			Name: name, Text: text, Type: form.Type, Elements: form.Elements,
			Choices: form.Choices, Suboptions: form.Suboptions,
		},
		parse: func(object *T, raw any, at Place) {
			if value, ok := form.Parse(raw, at); ok {
				*field(object) = value
			}
		},
		export: func(object *T) any { return form.Format(*field(object)) },
		isSet:  func(object *T) bool { return *field(object) != zero },
		equal:  func(a, b *T) bool { return *field(a) == *field(b) },
		assign: func(dst, src *T) { *field(dst) = *field(src) },
	}
}

// Require marks the option as one that must be given.
func (o Option[T]) Require() Option[T] {
	o.Required = true
	return o
}

// Hidden marks the option's value as one that must not be shown.
func (o Option[T]) Hidden() Option[T] {
	o.Secret = true
	return o
}

// Assume documents what the module takes when the option is left out.
func (o Option[T]) Assume(value any) Option[T] {
	o.Default = value
	return o
}

// IsSet tells whether the object has a value for the option.
func (o Option[T]) IsSet(object *T) bool { return o.isSet(object) }

// Export is the option's value as a playbook would write it, or nil.
func (o Option[T]) Export(object *T) any {
	if !o.isSet(object) {
		return nil
	}
	return o.export(object)
}

// Equal compares the option in two objects.
func (o Option[T]) Equal(a, b *T) bool { return o.equal(a, b) }

// Assign copies the option's value from src.
func (o Option[T]) Assign(dst, src *T) { o.assign(dst, src) }

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
			option.parse(object, raw, at.Key(option.Name))
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
		if option.isSet(object) {
			out = append(out, Entry{Key: option.Name, Value: option.export(object)})
		}
	}
	return out
}

// Diff lists the options that are set in want and have another value in have.
func (t Table[T]) Diff(want, have *T) []Change {
	var changes []Change
	for _, option := range t {
		if option.isSet(want) && !option.equal(want, have) {
			changes = append(changes, Change{Option: option.Name, Old: option.Export(have), New: option.Export(want)})
		}
	}
	return changes
}

// Satisfied tells whether have has all that is set in want.
func (t Table[T]) Satisfied(want, have *T) bool {
	for i := range t {
		option := &t[i]
		if option.isSet(want) && !option.equal(want, have) {
			return false
		}
	}
	return true
}

// Equal tells whether all options are the same.
func (t Table[T]) Equal(a, b *T) bool {
	for _, option := range t {
		if !option.equal(a, b) {
			return false
		}
	}
	return true
}

// Overlay copies into dst what is set in src.
func (t Table[T]) Overlay(dst, src *T) {
	for i := range t {
		option := &t[i]
		if option.isSet(src) {
			option.assign(dst, src)
		}
	}
}

// Docs is the documentation of all options.
func (t Table[T]) Docs() []Doc {
	docs := make([]Doc, len(t))
	for i, option := range t {
		docs[i] = option.Doc
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
	lifted := make(Table[Whole], len(table))
	for i, option := range table {
		lifted[i] = Option[Whole]{
			Doc:    option.Doc,
			parse:  func(whole *Whole, raw any, at Place) { option.parse(part(whole), raw, at) },
			export: func(whole *Whole) any { return option.export(part(whole)) },
			isSet:  func(whole *Whole) bool { return option.isSet(part(whole)) },
			equal:  func(a, b *Whole) bool { return option.equal(part(a), part(b)) },
			assign: func(dst, src *Whole) { option.assign(part(dst), part(src)) },
		}
	}
	return lifted
}
