// Package docgen writes the documentation of the modules as Ansible reads it: a Python file for each that holds
// nothing else, since a bare binary has no documentation (ansible-doc and Galaxy read DOCUMENTATION from Python).
package docgen

import (
	"fmt"
	"strings"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/schema"
)

const namespace = "hostnet.linux"

// firstVersion is the version of the collection that the modules appeared in.
const firstVersion = "1.0.0"

// Stub is the file plugins/modules/NAME.py.
func Stub(module ansible.Module) (string, error) {
	document, err := documentation(module)
	if err != nil {
		return "", fmt.Errorf("module %s: %w", module.Name, err)
	}
	documentation, err := ansible.YAML(document)
	if err != nil {
		return "", fmt.Errorf("module %s: %w", module.Name, err)
	}
	returns, err := ansible.YAML(returned(module.Returns))
	if err != nil {
		return "", fmt.Errorf("module %s: %w", module.Name, err)
	}
	for _, text := range []string{documentation, returns, module.Examples} {
		if strings.Contains(text, `"""`) {
			return "", fmt.Errorf("module %s: the documentation must not contain three double quotes", module.Name)
		}
	}
	examples := strings.ReplaceAll(module.Examples, "\n\n\n", "\n\n")
	return fmt.Sprintf(template, wrap(documentation), examples, wrap(returns)), nil
}

const template = `#!/usr/bin/python
# Copyright (c) The hostnet.linux authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Generated from the module's option table by "make docs". The module itself is a Go binary.

DOCUMENTATION = r"""
---
%s"""

EXAMPLES = r"""
%s"""

RETURN = r"""
%s"""
`

func documentation(module ansible.Module) (schema.Object, error) {
	described, err := options(module.Options(), nil)
	if err != nil {
		return nil, err
	}
	doc := schema.Object{
		{Key: "module", Value: module.Name},
		{Key: "short_description", Value: module.Short},
		{Key: "version_added", Value: firstVersion},
		{Key: "description", Value: anys(module.Description)},
		{Key: "author", Value: []any{"The hostnet.linux authors (@hostnet)"}},
		{Key: "options", Value: described},
		{Key: "attributes", Value: attributes(module)},
		{Key: "notes", Value: anys(append([]string{needs(module)}, module.Notes...))},
	}
	if module.LXC {
		doc.Set("requirements", []any{"LXC 5.0 or newer with its library (liblxc1 in Debian, lxc-libs in Fedora)", "glibc 2.34 or newer"})
	}
	var also []any
	for _, name := range module.SeeAlso {
		also = append(also, schema.Object{{Key: "module", Value: namespace + "." + name}})
	}
	if also != nil {
		doc.Set("seealso", also)
	}
	return doc, nil
}

func needs(module ansible.Module) string {
	if module.LXC {
		return "The target needs neither Python nor C(ip): the module is a binary that needs LXC's library alone. Containers need nothing."
	}
	return "The target needs neither Python nor C(ip) nor C(nft): the module is a static binary."
}

func attributes(module ansible.Module) schema.Object {
	change := "Shows exactly the steps that a run then performs."
	if module.ReadOnly {
		change = "The module changes nothing."
	}
	diff := "full"
	if module.ReadOnly {
		diff = "none"
	}
	attribute := func(text, support string) schema.Object {
		return schema.Object{{Key: "description", Value: text}, {Key: "support", Value: support}}
	}
	return schema.Object{
		{Key: "check_mode", Value: attribute(change, "full")},
		{Key: "diff_mode", Value: attribute("Shows the managed state before and after as YAML.", diff)},
	}
}

func options(docs []schema.Doc, around scopes) (schema.Object, error) {
	out := schema.Object{}
	around = append(around, scope{docs: docs, way: around.way()})
	for _, doc := range docs {
		text, err := around.qualify(doc.Text)
		if err != nil {
			return nil, fmt.Errorf("option %s: %w", doc.Name, err)
		}
		option := schema.Object{{Key: "description", Value: []any{text}}, {Key: "type", Value: doc.Type}}
		if doc.Elements != "" {
			option.Set("elements", doc.Elements)
		}
		if doc.Required {
			option.Set("required", true)
		}
		if doc.Default != nil {
			option.Set("default", doc.Default)
		}
		if len(doc.Choices) > 0 {
			option.Set("choices", anys(doc.Choices))
		}
		if doc.Suboptions != nil {
			around[len(around)-1].into = doc
			suboptions, err := options(doc.Suboptions(), around)
			if err != nil {
				return nil, fmt.Errorf("option %s: %w", doc.Name, err)
			}
			option.Set("suboptions", suboptions)
		}
		out.Set(doc.Name, option)
	}
	return out, nil
}

func returned(returns []ansible.Return) schema.Object {
	out := schema.Object{}
	for _, one := range returns {
		value := schema.Object{
			{Key: "description", Value: []any{one.Text}}, {Key: "returned", Value: one.Returned}, {Key: "type", Value: one.Type},
		}
		if one.Elements != "" {
			value.Set("elements", one.Elements)
		}
		if one.Sample != "" {
			value.Set("sample", one.Sample)
		}
		out.Set(one.Name, value)
	}
	return out
}

func anys(texts []string) []any {
	out := make([]any, len(texts))
	for i, text := range texts {
		out[i] = text
	}
	return out
}

// wrap breaks long lines, as ansible-test asks for: YAML reads a line break inside a plain or quoted text as a space.
func wrap(text string) string {
	const width = 150
	var out strings.Builder
	for line := range strings.Lines(text) {
		indent := line[:len(line)-len(strings.TrimLeft(line, " -"))]
		more := strings.Repeat(" ", len(indent)+2)
		for len(line) > width {
			at := strings.LastIndex(line[:width], " ")
			if at <= len(more) {
				break
			}
			out.WriteString(line[:at] + "\n")
			line = more + line[at+1:]
		}
		out.WriteString(line)
	}
	return out.String()
}
