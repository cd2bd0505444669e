package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Form tells how values of type V are written in a playbook.
type Form[V any] struct {
	// Type and Elements are Ansible's names of types: str, int, float, bool, list, dict, raw.
	Type, Elements string
	Choices        []string
	// Note is added to the documentation, such as the range of a number.
	Note       string
	Suboptions func() []Doc // nil if there are none
	// Parse reads what JSON or YAML decoded; false means that a problem was noted at the place.
	Parse func(raw any, at Place) (V, bool)
	// parseInto, where there is one, is Parse for values that are too large to be handed around. What wraps Parse drops
	// it.
	parseInto func(value *V, raw any, at Place) bool
	// Format is the inverse of Parse.
	Format func(V) any
	Equal  func(a, b V) bool
}

// doc is the documentation of an option of this form.
func (f *Form[V]) doc(name, text string) *Doc {
	if f.Note != "" {
		text += " " + f.Note
	}
	return &Doc{Name: name, Text: text, Type: f.Type, Elements: f.Elements, Choices: f.Choices, Suboptions: f.Suboptions}
}

// simple makes a form whose values compare with ==.
func simple[V comparable](typ string, parse func(any) (V, error), format func(V) any) Form[V] {
	return Form[V]{
		Type: typ,
		Parse: func(raw any, at Place) (V, bool) {
			value, err := parse(raw)
			if err != nil {
				at.Problem("%v", err)
			}
			return value, err == nil
		},
		Format: format,
		Equal:  func(a, b V) bool { return a == b },
	}
}

// Text is a form for values that are written as one string. Numbers are taken as their digits, since YAML
// reads an unquoted 10 as a number.
func Text[V comparable](parse func(string) (V, error), format func(V) string) Form[V] {
	return simple("str",
		func(raw any) (value V, err error) {
			text, ok := textOf(raw)
			if !ok {
				return value, fmt.Errorf("must be a string, not %s", describe(raw))
			}
			return parse(text)
		},
		func(v V) any { return format(v) })
}

// String is any string that is not empty.
func String() Form[string] {
	return Text(
		func(s string) (string, error) {
			if s == "" {
				return "", fmt.Errorf("must not be empty")
			}
			return s, nil
		},
		func(s string) string { return s })
}

// Bool takes what Ansible takes for a boolean.
func Bool() Form[bool] {
	return simple("bool", parseBool, func(v bool) any { return v })
}

func parseBool(raw any) (bool, error) {
	if b, ok := raw.(bool); ok {
		return b, nil
	}
	text, _ := textOf(raw)
	switch strings.ToLower(text) {
	case "yes", "on", "true", "y", "t", "1":
		return true, nil
	case "no", "off", "false", "n", "f", "0":
		return false, nil
	}
	return false, fmt.Errorf("must be a boolean (true or false), not %s", describe(raw))
}

// Integer is any of Go's integer types.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Int is a whole number from lowest to highest, both included. A digit string is taken too, as Ansible passes it.
func Int[V Integer](lowest, highest V) Form[V] {
	form := simple("int",
		func(raw any) (V, error) {
			n, err := parseInt(raw)
			if err != nil {
				return 0, err
			}
			if n < float64(lowest) || n > float64(highest) {
				return 0, fmt.Errorf("must be from %d to %d, not %s", lowest, highest, describe(raw))
			}
			return V(n), nil
		},
		func(v V) any { return int64(v) })
	form.Note = fmt.Sprintf("From %d to %d.", lowest, highest)
	return form
}

// parseInt reads a whole number of at most 2^53, beyond which JSON cannot be trusted.
func parseInt(raw any) (float64, error) {
	n, err := parseNumber(raw)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return 0, fmt.Errorf("must be a whole number, not %s", describe(raw))
	}
	return n, nil
}

func parseNumber(raw any) (float64, error) {
	if _, isBool := raw.(bool); isBool {
		return 0, fmt.Errorf("must be a number, not %s", describe(raw))
	}
	text, ok := textOf(raw)
	if !ok {
		return 0, fmt.Errorf("must be a number, not %s", describe(raw))
	}
	text = strings.TrimSpace(text)
	if hex, found := strings.CutPrefix(strings.ToLower(text), "0x"); found {
		n, err := strconv.ParseUint(hex, 16, 53)
		if err != nil {
			return 0, fmt.Errorf("must be a number, not %s", describe(raw))
		}
		return float64(n), nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(text, "xXpP_") {
		return 0, fmt.Errorf("must be a number, not %s", describe(raw))
	}
	return n, nil
}

// Ticks is a time in seconds, fractions allowed, held as a whole number of ticks, perSecond of them in a second.
func Ticks[V Integer](perSecond, lowest, highest V) Form[V] {
	form := simple("float",
		func(raw any) (V, error) {
			seconds, err := parseNumber(raw)
			if err != nil {
				return 0, err
			}
			ticks := math.Round(seconds * float64(perSecond))
			if ticks < float64(lowest) || ticks > float64(highest) {
				decimal := func(ticks V) string { return strconv.FormatFloat(float64(ticks)/float64(perSecond), 'f', -1, 64) }
				return 0, fmt.Errorf("must be from %s to %s seconds, not %s", decimal(lowest), decimal(highest), describe(raw))
			}
			return V(ticks), nil
		},
		func(v V) any {
			if v%perSecond == 0 {
				return int64(v / perSecond)
			}
			return float64(v) / float64(perSecond)
		})
	form.Note = "In seconds, fractions allowed."
	return form
}

// Choice is one of a set of names.
func Choice(names ...string) Form[string] {
	form := Text(
		func(s string) (string, error) {
			if !slices.Contains(names, s) {
				return "", unknownName("value", s, names)
			}
			return s, nil
		},
		func(s string) string { return s })
	form.Choices = names
	return form
}

// Numbered is one of a set of names that stand for numbers.
func Numbered[V Integer](names map[V]string, order ...string) Form[V] {
	form := Text(
		func(s string) (V, error) {
			for number, name := range names {
				if name == s {
					return number, nil
				}
			}
			return 0, unknownName("value", s, order)
		},
		func(number V) string { return names[number] })
	form.Choices = order
	return form
}

// Switch is a Choice that has "on" and "off" among its names: YAML 1.1, which Ansible reads, takes these for booleans.
func Switch(names ...string) Form[string] {
	form := Choice(names...)
	text := form.Parse
	form.Parse = func(raw any, at Place) (string, bool) {
		if value, isBool := raw.(bool); isBool {
			raw = map[bool]string{true: "on", false: "off"}[value]
		}
		return text(raw, at)
	}
	return form
}

// mostListed are the names that are listed beside the nearest: more would hide it.
const mostListed = 12

// UnknownName is the error for a name that is none of the known ones, with the nearest.
func UnknownName(what, name string, known []string) error { return unknownName(what, name, known) }

func unknownName(what, name string, known []string) error {
	near := Nearest(name, known)
	if near != "" && len(known) > mostListed {
		return fmt.Errorf("unknown %s %q: did you mean %q?", what, name, near)
	}
	if near != "" {
		return fmt.Errorf("unknown %s %q: did you mean %q? (one of: %s)", what, name, near, strings.Join(known, ", "))
	}
	return fmt.Errorf("unknown %s %q (one of: %s)", what, name, strings.Join(known, ", "))
}

// textOf is the text of a string or number; YAML and JSON decoders disagree on the types of numbers.
func textOf(raw any) (string, bool) {
	switch v := raw.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

// describe shows a wrong value without flooding the message.
func describe(raw any) string {
	switch v := raw.(type) {
	case nil:
		return "nothing"
	case map[string]any:
		return "a dictionary"
	case []any:
		return "a list"
	case bool:
		return strconv.FormatBool(v)
	}
	text, ok := textOf(raw)
	if !ok {
		return fmt.Sprintf("a %T", raw)
	}
	const longest = 60
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return strconv.Quote(text)
}
