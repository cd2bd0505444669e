package networkd

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"hostnet.linux/internal/schema"
)

// read gives the options that a section of systemd's says, each with the key that it stood under. Keys that stand for
// no option of ours are noted.
func (d dictionary) read(name string, fields map[string]any, at schema.Place) (options map[string]any,
	keys map[string]string) {
	options, keys = map[string]any{}, map[string]string{}
	byKey := map[string]string{}
	for option, saying := range d {
		if saying.section == name {
			byKey[saying.key] = option
		}
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		raw := fields[key]
		if raw == nil {
			continue
		}
		option, known := byKey[key]
		if !known {
			at.Key(key).Problem("%s", unknownKey(key, name, slices.Collect(maps.Keys(byKey))))
			continue
		}
		value, err := d[option].back(textIn(raw))
		if err != nil {
			at.Key(key).Problem("%v", err)
			continue
		}
		options[option], keys[option] = value, key
	}
	return options, keys
}

func unknownKey(key, section string, known []string) string {
	slices.Sort(known)
	for _, one := range known {
		if strings.EqualFold(one, key) {
			return fmt.Sprintf("unknown key of [%s]: did you mean %s?", section, one)
		}
	}
	if near := schema.Nearest(key, known); near != "" {
		return fmt.Sprintf("unknown key of [%s]: did you mean %s?", section, near)
	}
	return fmt.Sprintf("unknown key of [%s]: it takes %s", section, strings.Join(known, ", "))
}

// textIn is a value of YAML as it would stand in systemd's file.
func textIn(raw any) string {
	switch v := raw.(type) {
	case bool:
		return yesNo(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		words := make([]string, len(v))
		for i, word := range v {
			words[i] = textIn(word)
		}
		return strings.Join(words, " ")
	}
	return strings.TrimSpace(fmt.Sprint(raw))
}

// truth is parse_boolean of systemd's.
func truth(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "1", "yes", "y", "true", "t", "on":
		return true, nil
	case "0", "no", "n", "false", "f", "off":
		return false, nil
	}
	return false, fmt.Errorf("must be yes or no, not %q", text)
}

// spans are the units of systemd.time(7) in microseconds, which a network has need of.
var spans = map[string]float64{
	"us": 1, "usec": 1, "ms": 1e3, "msec": 1e3, "s": 1e6, "sec": 1e6, "second": 1e6, "seconds": 1e6, "": 1e6,
	"m": 60e6, "min": 60e6, "minute": 60e6, "minutes": 60e6, "h": 3600e6, "hr": 3600e6, "hour": 3600e6, "hours": 3600e6,
}

// timeSpan reads 100ms, 1.5s or "1min 30s" for a whole number of units; a number without a unit is in seconds.
func timeSpan(text, unit string) (any, error) {
	total, rest := 0.0, text
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		end := strings.IndexFunc(rest, func(c rune) bool { return c != '.' && !unicode.IsDigit(c) })
		if end < 0 {
			end = len(rest)
		}
		number, err := strconv.ParseFloat(rest[:end], 64)
		rest = strings.TrimSpace(rest[end:])
		end = strings.IndexFunc(rest, func(c rune) bool { return !unicode.IsLetter(c) })
		if end < 0 {
			end = len(rest)
		}
		size, known := spans[rest[:end]]
		if err != nil || !known {
			return nil, fmt.Errorf("must be a time such as 100ms or 1s, not %q", text)
		}
		total, rest = total+number*size, rest[end:]
	}
	count := total / spans[unit]
	if text == "" || count != float64(int64(count)) {
		return nil, fmt.Errorf("must be a time of whole %s, not %q", unit, text)
	}
	return strconv.FormatInt(int64(count), 10), nil
}

// routeNames are those that OSA has for the two keys of [Route] that every route has.
var routeNames = map[string]string{"cidr": "Destination", "gateway": "Gateway"}

// Route reads a [Route] as OSA's static_routes have it, with cidr and gateway for Destination and Gateway or not. A
// route without a Metric gets the given one. The keys tell where in the fields each option stood.
func Route(fields map[string]any, metric int, at schema.Place) (options map[string]any, keys map[string]string) {
	named, written := map[string]any{}, map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		name := key
		if ours, ok := routeNames[key]; ok {
			name = ours
		}
		if before, twice := written[name]; twice {
			at.Key(key).Problem("stands for %s, as does %s: leave one", name, before)
			continue
		}
		named[name], written[name] = fields[key], key
	}
	words := maps.Clone(routeWords())
	words["to"] = as("Route", "Destination")
	options, keys = words.read("Route", named, at)
	for option, key := range keys {
		keys[option] = written[key]
	}
	if options["to"] == nil {
		at.Problem("needs cidr (or Destination)")
	}
	if options["metric"] == nil {
		options["metric"] = metric
	}
	return options, keys
}
