package host

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hostnet.linux/internal/schema"
)

// configKey is an option of the network module that holds others of it, so that what network_info returns is given as
// it is.
const configKey = "config"

// ConfigDoc describes the option config of the network module.
func ConfigDoc() schema.Doc {
	return schema.Doc{
		Name: configKey, Type: "dict",
		Text: "Options of this module in one dictionary, such as RV(hostnet.linux.network_info#module:network). What is " +
			"given beside it may not be in it too.",
	}
}

// ExpandConfig puts the options that are given in config where they belong, and says which these are.
func ExpandConfig(arguments map[string]any) (expanded map[string]any, inside []string, err error) {
	raw, given := arguments[configKey]
	if !given {
		return arguments, nil, nil
	}
	expanded = maps.Clone(arguments)
	delete(expanded, configKey)
	if raw == nil {
		return expanded, nil, nil
	}
	config, isDict := raw.(map[string]any)
	var problems schema.Problems
	if !isDict {
		problems.Add(configKey, "must be a dictionary of this module's options, such as network_info returns")
		return expanded, nil, problems
	}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		_, beside := expanded[key]
		switch {
		case key == configKey:
			problems.Add(configKey+"."+key, "cannot hold another %s", configKey)
		case beside && expanded[key] != nil:
			problems.Add(configKey+"."+key, "%s is given beside %s as well: give it in one place", key, configKey)
		default:
			expanded[key] = config[key]
			inside = append(inside, key)
		}
	}
	return expanded, inside, problems.Err()
}

// InConfig names the places of problems as the task has them: those of options that were given in config are there.
func InConfig(problems schema.Problems, inside []string) schema.Problems {
	out := slices.Clone(problems)
	for i := range out {
		for _, key := range inside {
			rest, found := strings.CutPrefix(out[i].Path, key)
			if found && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				out[i].Path = fmt.Sprintf("%s.%s", configKey, out[i].Path)
				break
			}
		}
	}
	return out
}
