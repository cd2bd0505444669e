package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/task"
)

// mistake is a problem at its line.
type mistake struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Option  string `json:"option,omitempty"`
	Message string `json:"message"`
}

func (m mistake) String() string {
	text := fmt.Sprintf("%s:%d: ", m.File, m.Line)
	if m.Option != "" {
		text += m.Option + ": "
	}
	return text + m.Message
}

// declaration is a task of a module in a file, or a kept file, which is like a task of network.
type declaration struct {
	module string
	node   *yaml.Node
}

const collection = "hostnet.linux."

// ModuleNames are the modules of the collection: a name that is none of them is a mistake in a playbook.
var ModuleNames = []string{
	"async_status", "bond", "bridge", "container", "container_info", "container_interface", "container_network", "dnsmasq",
	"dummy", "interface", "lxc_bridge", "lxc_host", "macvlan", "nat", "network", "network_diagram", "network_info",
	"network_path", "rollback", "route", "rule", "veth", "vlan", "vrf", "vxlan",
}

// checkFile tells every mistake of a file, from what is in it alone.
func checkFile(t *terminal) error {
	if len(t.arguments) == 0 {
		return errors.New("check takes a file, or - for the standard input: see hostnet check --help")
	}
	file, content, err := readArgument(t.arguments[0])
	if err != nil {
		return err
	}
	checked, mistakes := mistakesIn(file, content)
	if t.json {
		if err := t.printJSON(append([]mistake{}, mistakes...)); err != nil {
			return err
		}
	} else {
		for _, one := range mistakes {
			fmt.Fprintln(t.output, t.paint("31", one.String()))
		}
	}
	switch {
	case len(mistakes) > 0:
		return errDiffers
	case !t.json:
		fmt.Fprintf(t.output, "%s: %s without a mistake\n", file, plan.Count(checked, "declaration"))
	}
	return nil
}

func readArgument(name string) (file string, content []byte, err error) {
	if name == "-" {
		content, err = io.ReadAll(os.Stdin)
		return "standard input", content, err
	}
	content, err = os.ReadFile(name)
	return name, content, err
}

// lineInError is how the YAML library tells a line.
var lineInError = pattern.Of(`line (\d+): (.*)`)

// mistakesIn are the mistakes of a file, by line, and how many declarations it has.
func mistakesIn(file string, content []byte) (checked int, mistakes []mistake) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return 0, []mistake{unreadable(file, 1, err)}
	}
	if len(document.Content) == 0 {
		return 0, nil
	}
	root := document.Content[0]
	found := declarationsIn(root)
	if len(found) == 0 && root.Kind == yaml.MappingNode {
		found = []declaration{{"network", root}}
	}
	if len(found) == 0 && root.Kind != yaml.SequenceNode {
		return 0, []mistake{{File: file, Line: root.Line,
			Message: "this is neither a playbook nor a dictionary with the name of a kind, such as bridges"}}
	}
	for _, one := range found {
		mistakes = append(mistakes, one.mistakes(file)...)
	}
	slices.SortStableFunc(mistakes, func(a, b mistake) int { return cmp.Compare(a.Line, b.Line) })
	return len(found), mistakes
}

func unreadable(file string, line int, err error) mistake {
	message := err.Error()
	if parts := lineInError().FindStringSubmatch(message); parts != nil {
		line, _ = strconv.Atoi(parts[1])
		message = parts[2]
	}
	return mistake{File: file, Line: line, Message: message}
}

// declarationsIn are the tasks of our modules that declare something, in plays and blocks however deep.
func declarationsIn(node *yaml.Node) []declaration {
	var out []declaration
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i].Value, node.Content[i+1]
			if key == "module_defaults" {
				continue // a part of what its tasks declare
			}
			module, ours := strings.CutPrefix(key, collection)
			if ours && !slices.Contains(ModuleNames, module) {
				out = append(out, declaration{module, node.Content[i]})
				continue
			}
			if ours && value.Kind == yaml.MappingNode && (module == "network" || spec.KindOfModule(module) != nil) {
				out = append(out, declaration{module, value})
				continue
			}
			out = append(out, declarationsIn(value)...)
		}
		return out
	}
	for _, one := range node.Content {
		out = append(out, declarationsIn(one)...)
	}
	return out
}

// mistakes are those that can be told without the host. What a template gives is not known.
func (d declaration) mistakes(file string) []mistake {
	if !slices.Contains(ModuleNames, d.module) {
		message := fmt.Sprintf("there is no module %s%s", collection, d.module)
		if near := schema.Nearest(d.module, ModuleNames); near != "" {
			message += fmt.Sprintf(": did you mean %s%s?", collection, near)
		}
		return []mistake{{File: file, Line: d.node.Line, Message: message}}
	}
	fields, err := ansible.YAMLNode(d.node)
	if err != nil {
		return []mistake{unreadable(file, d.node.Line, err)}
	}
	arguments, prefix := fields, ""
	if kind := spec.KindOfModule(d.module); kind != nil {
		arguments, prefix = wrapped(kind, fields)
	}
	if isTemplate(fmt.Sprint(arguments["config"])) {
		arguments = maps.Clone(arguments)
		delete(arguments, "config")
	}
	arguments, inside, err := host.ExpandConfig(arguments)
	var openstack *task.OpenStack
	if err == nil && d.module == "network" {
		arguments, openstack, err = task.ExpandOpenStack(untemplated(arguments))
	}
	if err == nil && d.module == "network" {
		arguments, _, err = task.ExpandState(arguments)
	}
	if err == nil {
		_, _, err = services.ParseNetwork(arguments)
	}
	var problems schema.Problems
	if err != nil && !errors.As(err, &problems) {
		return []mistake{{File: file, Line: d.node.Line, Message: err.Error()}}
	}
	if len(problems) == 0 {
		set := (&spec.Set{}).Apply(spec.NewEdit("network", arguments, nil))
		problems = slices.Concat(set.Problems, set.Set.Check())
	}
	if openstack != nil {
		_ = errors.As(openstack.Label(problems), &problems)
	}
	var out []mistake
	for _, one := range host.InConfig(problems, inside) {
		path := strings.TrimPrefix(strings.TrimPrefix(one.Path, prefix), ".")
		line, value := store.Locate(d.node, path)
		if !isTemplate(one.Message) && !isTemplate(value) {
			out = append(out, mistake{File: file, Line: line, Option: path, Message: one.Message})
		}
	}
	return out
}

// untemplated leaves out OpenStack-Ansible's variables that a template gives.
func untemplated(arguments map[string]any) map[string]any {
	known := maps.Clone(arguments)
	for _, doc := range task.OpenStackDocs() {
		if value, isText := known[doc.Name].(string); isText && isTemplate(value) {
			delete(known, doc.Name)
		}
	}
	return known
}

// wrapped are the arguments of a module about one object as those of network, and the object's place in them.
func wrapped(kind *spec.Kind, fields map[string]any) (arguments map[string]any, prefix string) {
	arguments, own := map[string]any{}, map[string]any{}
	for key, value := range fields {
		if slices.Contains(host.TaskOptionNames(), key) {
			arguments[key] = value
		} else {
			own[key] = value
		}
	}
	arguments[kind.Key] = []any{own}
	return arguments, kind.Key + "[0]"
}

// isTemplate tells whether Ansible makes the text when the task runs.
func isTemplate(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%")
}
