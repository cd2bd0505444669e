package networkd

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hostnet.linux/internal/schema"
)

// directive is how systemd writes an option: which section and key, and the value. It answers false for a value that
// systemd has no word for. back takes a value of systemd's for ours, and says what it must be.
type directive struct {
	section, key string
	value        func(any) (string, bool)
	back         func(string) (any, error)
}

func as(section, key string) directive { return directive{section, key, plain, asWritten} }

// asWritten leaves it to the option to understand the value.
func asWritten(text string) (any, error) { return text, nil }

// plain writes numbers, names, booleans and lists.
func plain(value any) (string, bool) {
	switch v := value.(type) {
	case bool:
		return yesNo(v), true
	case []any:
		words := make([]string, len(v))
		for i, word := range v {
			words[i] = fmt.Sprint(word)
		}
		return strings.Join(words, " "), true
	}
	return fmt.Sprint(value), true
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

// with adds a unit.
func (s directive) with(unit string) directive {
	s.value = func(value any) (string, bool) { return fmt.Sprint(value) + unit, true }
	s.back = func(text string) (any, error) { return timeSpan(text, unit) }
	return s
}

// inverted is for a key that says the opposite of our option.
func (s directive) inverted() directive {
	s.value = func(value any) (string, bool) { return yesNo(value != true), true }
	s.back = func(text string) (any, error) {
		on, err := truth(text)
		return !on, err
	}
	return s
}

// words translates values; others have no word.
func (s directive) words(dictionary map[string]string) directive {
	s.value = func(value any) (string, bool) {
		word, known := dictionary[fmt.Sprint(value)]
		return word, known
	}
	s.back = func(text string) (any, error) {
		for _, ours := range slices.Sorted(maps.Keys(dictionary)) {
			on, err := truth(text)
			if dictionary[ours] == text || err == nil && dictionary[ours] == yesNo(on) {
				return ours, nil
			}
		}
		return nil, fmt.Errorf("must be one of %s, not %q", strings.Join(slices.Sorted(maps.Values(dictionary)), ", "), text)
	}
	return s
}

// except leaves out values that systemd 252 does not know.
func (s directive) except(unknown ...string) directive {
	s.value = func(value any) (string, bool) {
		for _, one := range unknown {
			if fmt.Sprint(value) == one {
				return "", false
			}
		}
		return plain(value)
	}
	return s
}

// pairs writes a map of numbers as FROM-TO.
func (s directive) pairs() directive {
	s.value = func(value any) (string, bool) {
		pairs, isMap := value.(schema.Object)
		words := make([]string, len(pairs))
		for i, pair := range pairs {
			words[i] = fmt.Sprintf("%s-%v", pair.Key, pair.Value)
		}
		return strings.Join(words, " "), isMap
	}
	s.back = func(text string) (any, error) {
		pairs := map[string]any{}
		for _, word := range strings.Fields(text) {
			from, to, ok := strings.Cut(word, "-")
			if !ok {
				return nil, fmt.Errorf("must be pairs such as 1-2, not %q", word)
			}
			pairs[from] = to
		}
		return pairs, nil
	}
	return s
}

// dictionary is the sayings of one kind of object, by our options.
type dictionary map[string]directive

// writtenByCode marks options that are not one line, and are written by the code around the table.
var writtenByCode = directive{}
