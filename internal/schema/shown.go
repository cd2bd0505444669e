package schema

import (
	"fmt"
	"strings"
)

// Shown is a value in words, as messages and steps show it: a dictionary as `via 10.5.0.9 dev eth2`, a list with
// commas; none is what stands for no value.
func Shown(value any, none string) string {
	switch v := value.(type) {
	case nil:
		return none
	case string:
		if v == "" {
			return none
		}
		return v
	case Object:
		parts := make([]string, 0, len(v))
		for _, entry := range v {
			parts = append(parts, entry.Key+" "+inside(entry.Value, none))
		}
		return strings.Join(parts, " ")
	case []Object:
		return list(v, none)
	case []any:
		return list(v, none)
	case []string:
		return list(v, none)
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, key := range sortedKeys(v) {
			parts = append(parts, key+" "+inside(v[key], none))
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(value)
}

// inside is a value in a dictionary, where a list could be taken for more of the dictionary.
func inside(value any, none string) string {
	text := Shown(value, none)
	switch value.(type) {
	case []any, []Object, []string, Object, map[string]any:
		return "(" + text + ")"
	}
	return text
}

func list[V any](values []V, none string) string {
	if len(values) == 0 {
		return none
	}
	parts := make([]string, len(values))
	for i, value := range values {
		parts[i] = Shown(value, none)
	}
	return strings.Join(parts, ", ")
}
