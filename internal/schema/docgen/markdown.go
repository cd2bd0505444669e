package docgen

import (
	"fmt"
	"strings"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/schema"
)

// Reference is the page of the site with all modules and their options.
func Reference(modules []ansible.Module) string {
	var out strings.Builder
	out.WriteString("# Reference\n\nGenerated from the option tables; `ansible-doc` shows the same.\n\n")
	for _, module := range modules {
		fmt.Fprintf(&out, "## %s\n\n", module.Name)
		for _, paragraph := range module.Description {
			out.WriteString(plain(paragraph) + "\n\n")
		}
		out.WriteString("| option | type | default | what it is |\n| --- | --- | --- | --- |\n")
		optionRows(&out, module.Options(), "")
		fmt.Fprintf(&out, "\n```yaml\n%s```\n\n", module.Examples)
		out.WriteString("| returned | type | when | what it is |\n| --- | --- | --- | --- |\n")
		returnRows(&out, module.Returns, "")
		out.WriteString("\n")
	}
	return out.String()
}

// deepest is how many levels of options the page shows: the module about many objects has those of the others.
const deepest = 2

func optionRows(out *strings.Builder, docs []schema.Doc, way string) {
	for _, doc := range docs {
		name := way + doc.Name
		text := plain(doc.Text)
		if len(doc.Choices) > 0 {
			text += " One of `" + strings.Join(doc.Choices, "`, `") + "`."
		}
		if doc.Required {
			text = "**Required.** " + text
		}
		value := ""
		if doc.Default != nil {
			value = fmt.Sprintf("`%v`", doc.Default)
		}
		kind := doc.Type
		if doc.Elements != "" {
			kind += " of " + doc.Elements
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", name, kind, value, cell(text))
		if doc.Suboptions != nil && strings.Count(name, ".") < deepest-1 {
			optionRows(out, doc.Suboptions(), name+".")
		}
	}
}

func returnRows(out *strings.Builder, returns []ansible.Return, way string) {
	for _, one := range returns {
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", way+one.Name, one.Type, one.Returned, cell(plain(one.Text)))
		returnRows(out, one.Contains, way+one.Name+".")
	}
}

func plain(text string) string { return schema.PlainText(text) }

// cell keeps a text inside its cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(text)
}
