package link

import (
	"encoding/binary"
	"slices"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/schema"
)

// change says what the kernel needs in order to take a new value of an option.
type change int

const (
	live         change = iota
	whileDown           // the link must be down
	withoutPorts        // the link must be down and have no ports
	recreate            // only a new link takes it
)

// option is one row: all that is known of one option of a T, which is a Link or a Port.
type option[T any] struct {
	schema.Option[T]
	// attribute is the type in IFLA_INFO_DATA or IFLA_INFO_SLAVE_DATA; 0 when the option does not travel there.
	attribute uint16
	// otherAttribute is a second type that carries the same option, such as the IPv6 one of an address.
	otherAttribute uint16
	// encode makes the attribute; type 0 is none.
	encode func(*T) kernel.Attribute
	decode func(object *T, data []byte, name func(index int) string)
	// absent is called when the kernel reports the object without the attribute, where that means a value.
	absent func(*T)
	// beside are attributes that the kernel wants along with this one.
	beside []kernel.Attribute
	change change
	// late options need the ports in place.
	late bool
	// given tells values that a new object has anyway, so that a kernel without the option makes it too; nil is none.
	given func(*T) bool
	// none declares the object to be without the option; nil where nothing can. A restored object is told so.
	none func(*T)
	// harder is what one change needs where others of the option need less; nil is nothing.
	harder func(final, have *T) change
	// applies says why the option has no meaning for the object as it would become, or "".
	applies func(*T) string
	// within says why the option has no meaning for a port of that controller, or "".
	within func(controller *Link) string
	// since is the first mainline kernel with the option, or with the value that the object has of it, and "" where Linux
	// 6.1 has it; nil is always "".
	since func(*T) string
}

func (o option[T]) needs(c change) option[T] {
	o.change = c
	return o
}

func (o option[T]) when(applies func(*T) string) option[T] {
	o.applies = applies
	return o
}

func (o option[T]) in(within func(controller *Link) string) option[T] {
	o.within = within
	return o
}

func (o option[T]) unless(given func(*T) bool) option[T] {
	o.given = given
	return o
}

func (o option[T]) from(release string) option[T] {
	o.since = func(*T) string { return release }
	o.Option = o.Note("Needs Linux " + release + ".")
	return o
}

func (o option[T]) assume(value any) option[T] {
	o.Option = o.Assume(value)
	return o
}

// plain is an option that does not travel in the kind's own attributes.
func plain[T, V any](name string, form schema.Form[V], field func(*T) **V, text string) option[T] {
	return option[T]{Option: schema.Field(name, form, field, text)}
}

// carried is an option with an attribute of its own.
func carried[T, V any](name string, attribute uint16, form schema.Form[V], field func(*T) **V,
	encode func(V) []byte, decode func([]byte) (V, bool), text string,
) option[T] {
	o := plain(name, form, field, text)
	o.attribute = attribute
	o.encode = func(object *T) kernel.Attribute {
		return kernel.Attribute{Type: attribute, Data: encode(**field(object))}
	}
	o.decode = func(object *T, data []byte, _ func(int) string) {
		if value, ok := decode(data); ok {
			*field(object) = &value
		}
	}
	return o
}

// number is an option that travels as a number of the width of V, in the machine's byte order.
func number[T any, V schema.Integer](name string, attribute uint16, form schema.Form[V], field func(*T) **V,
	text string) option[T] {
	return carried(name, attribute, form, field, encodeNumber[V], decodeNumber[V], text)
}

// flag is a boolean that travels as one byte.
func flag[T any](name string, attribute uint16, field func(*T) **bool, text string) option[T] {
	return carried(name, attribute, schema.Bool(), field,
		func(on bool) []byte { return []byte{oneIf(on)} },
		func(data []byte) (bool, bool) { return len(data) > 0 && data[0] != 0, len(data) > 0 }, text)
}

// namedLink is another link, which travels as its number. There is none with the number 0, and none that the kernel
// tells of when the object has none.
func namedLink[T any](name string, attribute uint16, field func(*T) **string, text string) option[T] {
	return option[T]{
		Option:    schema.Clearable(name, schema.LinkName(), "", field, text),
		attribute: attribute,
		encode: func(object *T) kernel.Attribute {
			if link := **field(object); link != "" {
				return kernel.Attribute{Type: attribute, LinkName: link}
			}
			return kernel.Attribute{Type: attribute, Data: encodeNumber(uint32(0))}
		},
		decode: func(object *T, data []byte, name func(int) string) {
			if index, ok := decodeNumber[uint32](data); ok && name(int(index)) != "" {
				link := name(int(index))
				*field(object) = &link
			}
		},
		none:  func(object *T) { *field(object) = new(string) },
		given: func(object *T) bool { return **field(object) == "" },
	}
}

// offWhenAbsent is for a flag of which the kernel tells only when it is on.
func offWhenAbsent(row option[Link], field func(*Link) **bool) option[Link] {
	row.absent = func(l *Link) {
		off := false
		*field(l) = &off
	}
	return row
}

// bit is a boolean that shares an attribute with others: two numbers of 32 bits, the values and which of them count,
// which in the kernel's answer are those that it knows (br_boolopt_multi_get in net/bridge/br.c).
func bit[T any](name string, attribute uint16, mask uint32, field func(*T) **bool, text string) option[T] {
	return carried(name, attribute, schema.Bool(), field,
		func(on bool) []byte {
			values := uint32(0)
			if on {
				values = mask
			}
			return append(encodeNumber(values), encodeNumber(mask)...)
		},
		func(data []byte) (bool, bool) {
			values, _ := decodeNumber[uint32](data)
			known, ok := decodeNumber[uint32](data[min(len(data), 4):])
			return values&mask != 0, ok && known&mask != 0
		}, text)
}

// choice is a name that travels as its place in the list, as a number of the width of V.
func choice[V schema.Integer, T any](name string, attribute uint16, names []string, field func(*T) **string,
	text string) option[T] {
	return carried(name, attribute, schema.Choice(names...), field,
		func(value string) []byte { return encodeNumber(V(slices.Index(names, value))) },
		func(data []byte) (string, bool) {
			place, ok := decodeNumber[V](data)
			if !ok || int(place) < 0 || int(place) >= len(names) {
				return "", false
			}
			return names[place], true
		}, text)
}

func encodeNumber[V schema.Integer](value V) []byte {
	out, err := binary.Append(nil, binary.NativeEndian, value)
	if err != nil {
		return nil
	}
	return out
}

func decodeNumber[V schema.Integer](data []byte) (V, bool) {
	var value V
	if len(data) < binary.Size(value) {
		return 0, false
	}
	_, err := binary.Decode(data, binary.NativeEndian, &value)
	return value, err == nil
}

func oneIf(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// options is a table of rows.
type options[T any] []option[T]

// table is the rows as the schema sees them.
func (o options[T]) table() schema.Table[T] {
	table := make(schema.Table[T], len(o))
	for i, row := range o {
		table[i] = row.Option
	}
	return table
}

// where are the rows that pick chooses. It reads them in place, as a row is large.
func (o options[T]) where(pick func(*option[T]) bool) options[T] {
	var chosen options[T]
	for i := range o {
		if pick(&o[i]) {
			chosen = append(chosen, o[i])
		}
	}
	return chosen
}

// attributes encodes the rows. Rows that share an attribute are merged: the kernel would take only the last of two.
func (o options[T]) attributes(object *T) kernel.Attributes {
	var out kernel.Attributes
	place := map[uint16]int{}
	for i := range o {
		row := &o[i]
		if row.encode == nil || !row.IsSet(object) {
			continue
		}
		attribute := row.encode(object)
		if attribute.Type == 0 {
			continue
		}
		out = append(out, row.beside...)
		at, shared := place[attribute.Type]
		if !shared {
			place[attribute.Type] = len(out)
			out = append(out, attribute)
			continue
		}
		merged := slices.Clone(out[at].Data)
		for i := range min(len(merged), len(attribute.Data)) {
			merged[i] |= attribute.Data[i]
		}
		out[at].Data = merged
	}
	return out
}

// read decodes the attributes into the object.
func (o options[T]) read(object *T, attributes kernel.Attributes, name func(index int) string) {
	// A bridge has more than forty rows and as many attributes: a search for each would be most of the reading.
	var byType [128][]byte
	for i := range attributes {
		if attribute := &attributes[i]; int(attribute.Type) < len(byType) {
			byType[attribute.Type] = attribute.Data
		}
	}
	for i := range o {
		row := &o[i] // a row is large
		if row.decode == nil {
			continue
		}
		data := byType[row.attribute]
		if data == nil && row.otherAttribute != 0 {
			data = byType[row.otherAttribute]
		}
		switch {
		case data != nil:
			row.decode(object, data, name)
		case row.absent != nil:
			row.absent(object)
		}
	}
}
