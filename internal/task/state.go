package task

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
)

// The options of the network module that say what becomes of its objects, as resource modules of network collections
// have them.
const (
	stateKey = "state"
	textKey  = "running_config"
)

// The states of the network module.
const (
	merged     = "merged"
	replaced   = "replaced"
	overridden = "overridden"
	deleted    = "deleted"
	gathered   = "gathered"
	rendered   = "rendered"
	parsedText = "parsed"
)

var states = []string{merged, replaced, overridden, deleted, gathered, rendered, parsedText}

// StateDocs describes the options that ExpandState reads.
func StateDocs() []schema.Doc {
	return []schema.Doc{
		{
			Name: stateKey, Type: "str", Choices: states, Default: merged,
			Text: "What becomes of the task's objects, in the words of network collections. V(merged) adds them to what is " +
				"declared on the host, option by " +
				"option. V(replaced) declares each of them exactly so, as O(replace) does. V(overridden) declares these objects " +
				"and no others, as O(purge) " +
				"does. V(deleted) removes them, whatever options they have beside their names; without any object, it removes " +
				"all that earlier tasks have " +
				"declared. V(gathered) returns the host's network. V(rendered) returns the files that would be kept of the " +
				"objects, and V(parsed) the " +
				"objects that are in the text O(running_config); these two neither read nor change the host, and need no root. " +
				"Each object has a " +
				"state of its own beside it.",
		},
		{
			Name: textKey, Type: "str",
			Text: "The text of files in C(/etc/hostnet), one or several after each other, for O(state=parsed).",
		},
	}
}

// StateReturns documents what the states that change nothing return.
func StateReturns() []ansible.Return {
	sample := map[string]any{"bridges": []any{map[string]any{"name": "br-mgmt", "ports": []any{"bond0.10"}}}}
	network := func(name, text string) ansible.Return {
		return ansible.Return{
			Name: name, Returned: "with O(state=" + name + ")", Type: "dict", Text: text, Sample: sample,
			Contains: []ansible.Return{{
				Name: "bridges", Returned: "when there are bridges", Type: "list", Elements: "dict", Sample: sample["bridges"],
				Text: "The bridges. The other kinds have their keys beside it.",
				Contains: []ansible.Return{
					{Name: "name", Returned: "always", Type: "str", Text: "The bridge's name.", Sample: "br-mgmt"}},
			}},
		}
	}
	return []ansible.Return{
		network(gathered, "The host's network as O(config) takes it, as M(hostnet.linux.network_info) returns it."),
		network(parsedText, "The objects of the text, as O(config) takes them."),
		{
			Name: rendered, Returned: "with O(state=rendered)", Type: "list", Elements: "dict",
			Text: "The files that a host would keep on which nothing is declared yet; with O(persist=networkd) those of " +
				"systemd-networkd as well.",
			Sample: []any{map[string]any{"path": "/etc/hostnet/bridges/br-mgmt.yml", "content": "bridges:\n- name: br-mgmt\n"}},
			Contains: []ansible.Return{
				{Name: "path", Returned: "always", Type: "str", Text: "The file.", Sample: "/etc/hostnet/bridges/br-mgmt.yml"},
				{Name: "content", Returned: "always", Type: "str", Text: "What is in it.", Sample: "bridges:\n- name: br-mgmt\n"},
			},
		},
	}
}

// ExpandState turns the state of the network module's arguments into the options and objects that it stands for.
func ExpandState(arguments map[string]any) (expanded map[string]any, state string, err error) {
	raw, text := arguments[stateKey], arguments[textKey]
	expanded = maps.Clone(arguments)
	delete(expanded, stateKey)
	delete(expanded, textKey)
	var problems schema.Problems
	state = merged
	if raw != nil {
		var known bool
		if state, known = schema.Choice(states...).Parse(raw, schema.At(stateKey, &problems)); !known {
			if raw == "present" || raw == "absent" {
				problems[len(problems)-1].Message += "; present and absent are states of a single object"
			}
			return expanded, merged, problems
		}
	}
	if text != nil && state != parsedText {
		problems.Add(textKey, "is for state: %s alone", parsedText)
	}
	for _, option := range []string{"replace", "purge"} {
		if raw != nil && arguments[option] != nil {
			problems.Add(option, "state: %s says already what becomes of other objects and options: leave one of both out",
				state)
		}
	}
	switch state {
	case replaced:
		expanded["replace"] = true
	case overridden:
		expanded["purge"] = true
	case deleted:
		deleteAll(expanded)
	}
	if expanded["purge"] == true && raw != nil && (arguments["netns"] != nil || isOff(arguments["persist"])) {
		problems.Add(stateKey, "%s compares with what is kept on the host, and nothing is kept with netns or persist: false",
			state)
	}
	return expanded, state, problems.Err()
}

func isOff(persist any) bool {
	return persist != nil && slices.Contains([]string{"false", "no", "off"}, strings.ToLower(fmt.Sprint(persist)))
}

// deleteAll has every object be absent, or everything that is declared where there is none.
func deleteAll(arguments map[string]any) {
	found := false
	kinds := spec.Kinds()
	for i := range kinds {
		kind := &kinds[i]
		elements := spec.ElementsOf(arguments[kind.Key])
		gone := make([]any, len(elements))
		for j, element := range elements {
			gone[j] = kind.Gone(element)
			found = true
		}
		if arguments[kind.Key] != nil {
			arguments[kind.Key] = gone
		}
	}
	if !found {
		arguments["purge"] = true
	}
}

// runState answers a task whose state changes nothing; false is one that changes the host.
func runState(call ansible.Call, state string, text any, parse ParseServices) (ansible.Result, bool) {
	var found any
	var err error
	switch state {
	case gathered:
		found, err = gather(call.Arguments)
	case rendered:
		found, err = render(call, parse)
	case parsedText:
		found, err = parseText(text)
	default:
		return ansible.Result{}, false
	}
	if err != nil {
		return ansible.Fail(err), true
	}
	return ansible.Result{Values: schema.Object{{Key: state, Value: found}}}, true
}

// gather is what network_info returns of the network.
func gather(arguments map[string]any) (schema.Object, error) {
	settings, err := host.ParseInfo(map[string]any{"netns": arguments["netns"]})
	if err != nil {
		return nil, err
	}
	handle, err := linux.Open(settings.Namespace())
	if err != nil {
		return nil, err
	}
	defer handle.Close()
	reader := &host.Host{Kernel: handle}
	seen, err := reader.Observe()
	if err != nil {
		return nil, err
	}
	return reader.ExportDeclared(seen), nil
}

// render is the files of a host that has nothing else declared, from the arguments alone.
func render(call ansible.Call, parse ParseServices) ([]schema.Object, error) {
	settings, _, err := parse(call.Arguments)
	if err != nil {
		return nil, err
	}
	result := (&spec.Set{}).Apply(spec.NewEdit(call.Module, call.Arguments, host.TaskOptionNames()))
	problems := slices.Concat(result.Problems, result.Set.Check())
	if err := problems.Err(); err != nil {
		return nil, err
	}
	files, err := store.Files(result.Set, nameOf(call))
	if err != nil {
		return nil, err
	}
	if persist := settings.Settings.Persist; persist != nil && *persist == host.PersistNetworkd {
		more, err := networkdFiles(result.Set, &link.State{})
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	out := []schema.Object{}
	for _, file := range files {
		if file.Present {
			out = append(out, schema.Object{{Key: "path", Value: file.Path}, {Key: "content", Value: string(file.Content)}})
		}
	}
	return out, nil
}

// parseText is the objects in the text of kept files.
func parseText(raw any) (schema.Object, error) {
	var problems schema.Problems
	text, isText := raw.(string)
	if !isText {
		problems.Add(textKey, "is the text of kept files, which state: %s needs", parsedText)
		return nil, problems
	}
	kept := store.Parse(textKey, []byte(text))
	if len(kept.Problems) > 0 {
		return nil, kept.Problems
	}
	if err := wrong(kept.Set).Err(); err != nil {
		return nil, err
	}
	out := schema.Object{}
	for _, kind := range spec.Kinds() {
		var list []any
		for _, object := range kept.Set.Objects {
			if object.Kind.Key == kind.Key {
				list = append(list, object.Options)
			}
		}
		if list != nil {
			out.Set(kind.Key, list)
		}
	}
	return out, nil
}
