package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/task"
)

// explained is an option with the places that have it.
type explained struct {
	Option  string   `json:"option"`
	Of      []string `json:"of"`
	Type    string   `json:"type"`
	Choices []string `json:"choices,omitempty"`
	Default any      `json:"default,omitempty"`
	Needed  bool     `json:"required,omitempty"`
	Text    string   `json:"text"`
	Options []string `json:"options,omitempty"`
}

// taskItself is where options stand that belong to no object.
const taskItself = "the task"

// explain prints the documentation of an option: all that are called so, or the one at a place such as
// bonds.ports.name.
func explain(t *terminal) error {
	if len(t.arguments) == 0 {
		return errors.New("explain takes the name of an option, such as mtu or bonds.mode: see hostnet explain --help")
	}
	found, known := explanations(t.arguments[0])
	if len(found) == 0 {
		if near := schema.Nearest(t.arguments[0], known); near != "" {
			return fmt.Errorf("no option %q: did you mean %q?", t.arguments[0], near)
		}
		return fmt.Errorf("no option %q: hostnet explain bonds lists those of bonds", t.arguments[0])
	}
	if t.json {
		return t.printJSON(found)
	}
	for i, one := range found {
		if i > 0 {
			fmt.Fprintln(t.output)
		}
		t.explanation(one)
	}
	return nil
}

func (t *terminal) explanation(one *explained) {
	fmt.Fprintf(t.output, "%s (%s), of %s\n", t.paint("1", one.Option), one.Type, strings.Join(one.Of, ", "))
	for line := range strings.SplitSeq(wrapped80(one.Text), "\n") {
		fmt.Fprintln(t.output, " ", line)
	}
	if len(one.Choices) > 0 {
		for line := range strings.SplitSeq(wrapped80("One of: "+strings.Join(one.Choices, ", ")), "\n") {
			fmt.Fprintln(t.output, " ", line)
		}
	}
	if one.Default != nil {
		fmt.Fprintln(t.output, "  Left out:", one.Default)
	}
	if one.Needed {
		fmt.Fprintln(t.output, "  It must be given.")
	}
	if len(one.Options) > 0 {
		for line := range strings.SplitSeq(wrapped80("Its options: "+strings.Join(one.Options, ", ")), "\n") {
			fmt.Fprintln(t.output, " ", line)
		}
	}
}

// wrapped80 breaks a text at blanks, so that it fits a terminal of the usual width.
func wrapped80(text string) string {
	const width = 76
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

var listIndex = pattern.Of(`\[\d*\]`)

// explanations are the options that the word names; known are the names that there are.
func explanations(word string) (found []*explained, known []string) {
	word = listIndex().ReplaceAllString(strings.TrimSpace(word), "")
	head, rest, nested := strings.Cut(word, ".")
	if kind := spec.KindOfModule(head); kind != nil {
		// Modules about one object have its options at the top.
		head = kind.Key
		if word = head; nested {
			word += "." + rest
		}
	}
	var walk func(docs []schema.Doc, way string)
	walk = func(docs []schema.Doc, way string) {
		for _, doc := range docs {
			known = append(known, doc.Name)
			place := strings.TrimPrefix(way+"."+doc.Name, ".")
			if doc.Name == word || place == word {
				found = gather(found, &doc, way)
			}
			if doc.Suboptions != nil {
				walk(doc.Suboptions(), place)
			}
		}
	}
	walk(task.NetworkDocs(), "")
	return found, known
}

// gather adds an option to those found, or its place to the one that says the same.
func gather(found []*explained, doc *schema.Doc, way string) []*explained {
	one := &explained{
		Option: doc.Name, Type: doc.Type, Choices: doc.Choices, Default: doc.Default, Needed: doc.Required,
		Text: schema.PlainText(doc.Text),
	}
	if doc.Elements != "" {
		one.Type += " of " + doc.Elements
	}
	if way == "" {
		way = taskItself
	}
	one.Of = []string{way}
	if doc.Suboptions != nil {
		for _, sub := range doc.Suboptions() {
			one.Options = append(one.Options, sub.Name)
		}
	}
	for _, other := range found {
		if other.Text == one.Text && other.Type == one.Type && slices.Equal(other.Choices, one.Choices) &&
			slices.Equal(other.Options, one.Options) &&
			other.Needed == one.Needed {
			other.Of = append(other.Of, way)
			return found
		}
	}
	return append(found, one)
}

// printSchema is the JSON Schema of the task, whose values Ansible may fill in, or of kept files.
func printSchema(t *terminal) error {
	what := "task"
	if len(t.arguments) > 0 {
		what = t.arguments[0]
	}
	switch what {
	case "task":
		return t.printJSON(schema.JSONSchema(task.NetworkDocs(), true))
	case "kept":
		return t.printJSON(schema.JSONSchema(task.KeptDocs(), false))
	}
	return fmt.Errorf("there is a schema of task and one of kept, none of %q", what)
}
