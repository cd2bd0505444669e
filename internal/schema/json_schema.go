package schema

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Dialect is the version of JSON Schema that editors read (yaml-language-server among them).
const Dialect = "http://json-schema.org/draft-07/schema#"

// template is what Ansible fills in when the task runs.
var template = Object{{Key: "type", Value: "string"}, {Key: "pattern", Value: `\{\{|\{%`}}

// JSONSchema describes a dictionary of these options in JSON Schema. It takes what the options' forms take: a digit
// string for a number, one element for a list of one; with templates also what Ansible fills in.
func JSONSchema(docs []Doc, templates bool) Object {
	writer := &schemaWriter{templates: templates, known: map[string]string{}, numbers: map[string]int{}}
	out := append(Object{{Key: "$schema", Value: Dialect}}, writer.dictionary(docs)...)
	out.Set("definitions", writer.definitions)
	return out
}

// schemaWriter gathers what many kinds have alike, such as the option mtu, in one place each.
type schemaWriter struct {
	templates   bool
	definitions Object
	// known are the names of the definitions by their text, numbers tells how many have a name.
	known   map[string]string
	numbers map[string]int
}

// shared is a reference to a definition.
func (w *schemaWriter) shared(name string, value Object) Object {
	text, err := json.Marshal(value)
	if err != nil {
		return value
	}
	place, known := w.known[string(text)]
	if !known {
		w.numbers[name]++
		if number := w.numbers[name]; number > 1 {
			name += "-" + strconv.Itoa(number)
		}
		w.definitions.Set(name, value)
		place = "#/definitions/" + name
		w.known[string(text)] = place
	}
	return Object{{Key: "$ref", Value: place}}
}

func (w *schemaWriter) dictionary(docs []Doc) Object {
	properties := Object{}
	var required []any
	for _, doc := range docs {
		value := w.value(doc)
		value.Set("description", strings.ReplaceAll(PlainText(doc.Text), "`", ""))
		if doc.Default != nil {
			value.Set("default", doc.Default)
		}
		properties.Set(doc.Name, w.shared(doc.Name, value))
		if doc.Required {
			required = append(required, doc.Name)
		}
	}
	out := Object{{Key: "type", Value: "object"}, {Key: "additionalProperties", Value: false},
		{Key: "properties", Value: properties}}
	if required != nil {
		out.Set("required", required)
	}
	return out
}

// value takes null for an option that is left out, or no longer managed.
func (w *schemaWriter) value(doc Doc) Object {
	forms := []any{Object{{Key: "type", Value: "null"}}}
	if doc.Clearable {
		forms = append(forms, Object{{Key: "const", Value: ""}})
	}
	if w.templates {
		forms = append(forms, template)
	}
	if doc.Type != "list" {
		return anyOf(append(forms, w.plain(doc, doc.Type)...))
	}
	element := w.plain(doc, doc.Elements)
	items := element
	if w.templates {
		items = append([]any{template}, element...)
	}
	forms = append(forms, Object{{Key: "type", Value: "array"}, {Key: "items", Value: anyOf(items)}})
	if doc.Elements != "dict" {
		// A string with commas is a list of its parts.
		forms = append(forms, Object{{Key: "type", Value: "string"}})
	}
	return anyOf(append(forms, element...))
}

// plain are the forms of one value of Ansible's type.
func (w *schemaWriter) plain(doc Doc, kind string) []any {
	if doc.Suboptions != nil {
		forms := []any{w.shared(doc.Name+"-options", w.dictionary(doc.Suboptions()))}
		if kind == "raw" {
			forms = append(forms, Object{{Key: "type", Value: []any{"string", "number", "boolean"}}})
		}
		return forms
	}
	if len(doc.Choices) > 0 {
		return []any{Object{{Key: "enum", Value: choiceValues(doc.Choices)}}}
	}
	switch kind {
	case "bool":
		words := []any{0, 1, "1", "0"}
		for _, word := range []string{"yes", "no", "on", "off", "true", "false", "y", "n", "t", "f"} {
			words = append(words, word, strings.ToUpper(word))
			if len(word) > 1 {
				words = append(words, strings.ToUpper(word[:1])+word[1:])
			}
		}
		return []any{Object{{Key: "type", Value: "boolean"}}, Object{{Key: "enum", Value: words}}}
	case "int":
		digits := Object{{Key: "type", Value: "string"}, {Key: "pattern", Value: `^\s*([+-]?[0-9]+|0[xX][0-9a-fA-F]+)\s*$`}}
		return []any{Object{{Key: "type", Value: "integer"}}, digits}
	case "float":
		return []any{Object{{Key: "type", Value: "number"}},
			Object{{Key: "type", Value: "string"}, {Key: "pattern", Value: `^\s*[+-]?[0-9.]+\s*$`}}}
	case "str":
		return []any{Object{{Key: "type", Value: []any{"string", "number"}}}}
	case "dict":
		return []any{Object{{Key: "type", Value: "object"}}}
	case "list":
		return []any{Object{{Key: "type", Value: "array"}}}
	}
	return []any{Object{}}
}

// choiceValues are the names, and what YAML reads some of them as.
func choiceValues(choices []string) []any {
	var out []any
	for _, name := range choices {
		out = append(out, name)
		if _, err := strconv.ParseFloat(name, 64); err == nil {
			out = append(out, json.Number(name))
		}
	}
	if slices.Contains(choices, "on") || slices.Contains(choices, "true") {
		out = append(out, true)
	}
	if slices.Contains(choices, "off") || slices.Contains(choices, "false") {
		out = append(out, false)
	}
	return out
}

func anyOf(forms []any) Object {
	if len(forms) == 1 {
		one, _ := forms[0].(Object)
		return slices.Clone(one)
	}
	return Object{{Key: "anyOf", Value: forms}}
}

// markup is Ansible's own in texts: C(code), O(option), V(value), M(module), RV(returned), I(italic).
var markup = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(?:C|O|V|M|RV|I|P)\(([^)]*)\)`) })

// PlainText is a text of the documentation without Ansible's markup: what it marks is in backquotes.
func PlainText(text string) string { return markup().ReplaceAllString(text, "`$1`") }
