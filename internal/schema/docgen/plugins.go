package docgen

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// written is the documentation of a role or plugin, which is written by hand where Ansible looks for it.
type written struct {
	Name        string
	Short       string `yaml:"short_description"`
	Description paragraphs
	Options     map[string]writtenOption
}

type writtenOption struct {
	Description paragraphs
	Type        string
	Elements    string
	Required    bool
	Default     any
	Choices     []any
}

// paragraphs is a description; Ansible takes one without a list.
type paragraphs []string

func (t *paragraphs) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		return node.Decode((*[]string)(t))
	}
	*t = paragraphs{node.Value}
	return nil
}

// PluginReference is the part of the page with the roles and the plugins beside the modules of the collection in root.
func PluginReference(root string) (string, error) {
	var out strings.Builder
	roles, err := filepath.Glob(filepath.Join(root, "roles", "*", "meta", "argument_specs.yml"))
	if err != nil {
		return "", err
	}
	for _, file := range roles {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		var specs struct {
			Main map[string]written `yaml:"argument_specs"`
		}
		if err := yaml.Unmarshal(text, &specs); err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		name := filepath.Base(filepath.Dir(filepath.Dir(file)))
		specs.Main["main"].section(&out, "Role "+name, "variable", "")
	}
	for _, kind := range []string{"filter", "lookup", "inventory"} {
		plugins, err := filepath.Glob(filepath.Join(root, "plugins", kind, "*.py"))
		if err != nil {
			return "", err
		}
		for _, file := range plugins {
			if err := pluginSection(&out, kind, file); err != nil {
				return "", fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return out.String(), nil
}

func pluginSection(out *strings.Builder, kind, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var documentation written
	if err := yaml.Unmarshal([]byte(constant(string(text), "DOCUMENTATION")), &documentation); err != nil {
		return err
	}
	title := strings.ToUpper(kind[:1]) + kind[1:] + " " + documentation.Name
	documentation.section(out, title, "option", constant(string(text), "EXAMPLES"))
	return nil
}

// constant is the text of a Python constant such as DOCUMENTATION, "" if there is none.
func constant(python, name string) string {
	match := regexp.MustCompile(`(?s)\n` + name + ` = r"""\n(.*?)"""\n`).FindStringSubmatch(python)
	if match == nil {
		return ""
	}
	return match[1]
}

func (w written) section(out *strings.Builder, title, option, examples string) {
	fmt.Fprintf(out, "## %s\n\n%s.\n\n", title, plain(w.Short))
	for _, paragraph := range w.Description {
		out.WriteString(plain(paragraph) + "\n\n")
	}
	fmt.Fprintf(out, "| %s | type | default | what it is |\n| --- | --- | --- | --- |\n", option)
	for _, name := range slices.Sorted(maps.Keys(w.Options)) {
		one := w.Options[name]
		text := plain(strings.Join(one.Description, " "))
		if len(one.Choices) > 0 {
			choices := strings.Fields(strings.Trim(fmt.Sprint(one.Choices), "[]"))
			text += " One of `" + strings.Join(choices, "`, `") + "`."
		}
		if one.Required {
			text = "**Required.** " + text
		}
		kind, value := one.Type, ""
		if one.Elements != "" {
			kind += " of " + one.Elements
		}
		if one.Default != nil {
			value = fmt.Sprintf("`%v`", one.Default)
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", name, kind, value, cell(text))
	}
	if examples != "" {
		fmt.Fprintf(out, "\n```yaml\n%s```\n", examples)
	}
	out.WriteString("\n")
}
