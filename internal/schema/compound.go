package schema

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// mostProblems bounds how many a person is told at once, and so what they take in memory; firstElements is how many
// elements of a list get their place beforehand.
const (
	mostProblems  = 1000
	firstElements = 4096
)

// List is a list of elements. A single element is taken for a list of one and a string with commas for
// a list of its parts, as Ansible does.
func List[V any](element Form[V]) Form[[]V] {
	return Form[[]V]{
		Type: "list", Elements: element.Type,
		Choices: element.Choices, Note: element.Note, Suboptions: element.Suboptions,
		Parse: func(raw any, at Place) ([]V, bool) {
			elements, sound := listOf(raw), true
			values := make([]V, 0, min(len(elements), firstElements))
			for i, one := range elements {
				if len(*at.problems) >= mostProblems {
					at.Problem("the elements from %d on are not looked at: there are %d problems already", i, len(*at.problems))
					return values, false
				}
				var none V
				values = append(values, none)
				var ok bool
				if element.parseInto != nil {
					ok = element.parseInto(&values[i], one, at.Index(i))
				} else {
					values[i], ok = element.Parse(one, at.Index(i))
				}
				sound = sound && ok
			}
			return values, sound
		},
		Format: func(values []V) any {
			out := make([]any, len(values))
			for i, value := range values {
				out[i] = element.Format(value)
			}
			return out
		},
		Equal: func(a, b []V) bool { return slices.EqualFunc(a, b, element.Equal) },
	}
}

func listOf(raw any) []any {
	switch v := raw.(type) {
	case []any:
		return v
	case string:
		if strings.TrimSpace(v) == "" {
			return nil
		}
		var parts []any
		for part := range strings.SplitSeq(v, ",") {
			parts = append(parts, strings.TrimSpace(part))
		}
		return parts
	case nil:
		return nil
	}
	return []any{raw}
}

// Set is a List in which order and repetition mean nothing.
func Set[V any](element Form[V], order func(a, b V) int) Form[[]V] {
	form := List(element)
	parse := form.Parse
	form.Parse = func(raw any, at Place) ([]V, bool) {
		values, ok := parse(raw, at)
		if ok {
			slices.SortStableFunc(values, order)
			values = slices.CompactFunc(values, element.Equal)
		}
		return values, ok
	}
	return form
}

// Dict is a dictionary with options of its own. A plain value is taken for the option that shorthand names,
// unless that is empty: `ports: [eth0]` stands for `ports: [{name: eth0}]`.
func Dict[T any](table Table[T], shorthand string) Form[T] {
	typ := "dict"
	if shorthand != "" {
		typ = "raw"
	}
	parse := func(value *T, raw any, at Place) bool {
		before := len(*at.problems)
		fields, isDict := raw.(map[string]any)
		switch {
		case isDict:
		case shorthand != "" && raw != nil:
			fields = map[string]any{shorthand: raw}
		default:
			at.Problem("must be a dictionary, not %s", describe(raw))
			return false
		}
		table.Parse(value, fields, at)
		return len(*at.problems) == before
	}
	return Form[T]{
		Type: typ, Suboptions: table.Docs,
		Parse: func(raw any, at Place) (T, bool) {
			var value T
			ok := parse(&value, raw, at)
			return value, ok
		},
		parseInto: parse,
		Format: func(value T) any {
			out := table.Export(&value)
			if shorthand != "" && len(out) == 1 && out[0].Key == shorthand {
				return out[0].Value
			}
			return out
		},
		Equal: func(a, b T) bool { return table.Equal(&a, &b) },
	}
}

// NumberMap is a dictionary of numbers to numbers, such as a VLAN's map of priorities.
func NumberMap[K, V Integer](key Form[K], value Form[V]) Form[map[K]V] {
	return Form[map[K]V]{
		Type: "dict",
		Note: "Keys: " + lowerFirst(key.Note) + " Values: " + lowerFirst(value.Note),
		Parse: func(raw any, at Place) (map[K]V, bool) {
			fields, ok := raw.(map[string]any)
			if !ok {
				at.Problem("must be a dictionary, not %s", describe(raw))
				return nil, false
			}
			out, sound := make(map[K]V, len(fields)), true
			for name, rawValue := range fields {
				k, keyOK := key.Parse(name, at.Key(name))
				v, valueOK := value.Parse(rawValue, at.Key(name))
				sound = sound && keyOK && valueOK
				out[k] = v
			}
			return out, sound
		},
		Format: func(m map[K]V) any {
			keys := make([]K, 0, len(m))
			for k := range m {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			out := Object{}
			for _, k := range keys {
				out = append(out, Entry{Key: fmt.Sprint(k), Value: value.Format(m[k])})
			}
			return out
		},
		Equal: func(a, b map[K]V) bool {
			if len(a) != len(b) {
				return false
			}
			for k, v := range a {
				if other, found := b[k]; !found || other != v {
					return false
				}
			}
			return true
		},
	}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// sortedKeys makes messages about dictionaries come in the same order each time.
func sortedKeys(fields map[string]any) []string {
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
