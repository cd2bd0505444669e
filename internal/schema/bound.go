package schema

// Bound is an option of declared objects of type T together with its place in K, which is what the kernel reports.
type Bound[T, K any] struct {
	Option[T]
	read  func(*T, *K)
	write func(*T, *K)
}

// Bind declares an option whose value get takes from a K, unless it says that there is none, and set puts into one.
func Bind[T, K, V any](name string, form Form[V], field func(*T) **V,
	get func(*K) (value V, found bool), set func(*K, V), text string,
) Bound[T, K] {
	return Bound[T, K]{
		Option: Field(name, form, field, text),
		read: func(object *T, reported *K) {
			if value, found := get(reported); found {
				*field(object) = &value
			}
		},
		write: func(object *T, reported *K) { set(reported, **field(object)) },
	}
}

// Require marks the option as one that must be given.
func (b Bound[T, K]) Require() Bound[T, K] {
	b.Option = b.Option.Require()
	return b
}

// Assume documents what the module takes when the option is left out.
func (b Bound[T, K]) Assume(value any) Bound[T, K] {
	b.Option = b.Option.Assume(value)
	return b
}

// Binding is all options of objects of type T that stand in a K.
type Binding[T, K any] []Bound[T, K]

// Table is the options by themselves.
func (b Binding[T, K]) Table() Table[T] {
	table := make(Table[T], len(b))
	for i, bound := range b {
		table[i] = bound.Option
	}
	return table
}

// Read is what is reported, in terms of the options.
func (b Binding[T, K]) Read(reported *K) *T {
	object := new(T)
	for _, bound := range b {
		bound.read(object, reported)
	}
	return object
}

// Write puts the options that are set in object into reported.
func (b Binding[T, K]) Write(object *T, reported *K) {
	for _, bound := range b {
		if bound.IsSet(object) {
			bound.write(object, reported)
		}
	}
}
