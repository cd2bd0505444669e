package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/task"
	"hostnet.linux/modules/registry"
)

// compiled is a schema as an independent implementation reads it.
func compiled(t *testing.T, name string, docs []schema.Doc, templates bool) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(schema.JSONSchema(docs, templates))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	out, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// valueOf is what a YAML text holds, as a validator of JSON Schema takes it.
func valueOf(t *testing.T, yaml string) any {
	t.Helper()
	fields, err := ansible.ParseYAML([]byte(yaml))
	if err != nil {
		t.Fatalf("%v: %s", err, yaml)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestSchemaAndParser: the schemas take what our own parser takes, and refuse what it refuses.
func TestSchemaAndParser(t *testing.T) {
	t.Parallel()
	inTask, inFile := compiled(t, "task.json", task.NetworkDocs(), true), compiled(t, "kept.json", task.KeptDocs(), false)
	for text, sound := range map[string]bool{
		"bridges: [{name: br0, mtu: 1400, ports: [eth0, {name: eth1, optional: true}]}]": true,
		"bridges: {name: br0}":                                                true,
		"bridges: [{name: br0, mtu: '1400'}]":                                 true,
		"bridges: [{name: br0, mtu: null}]":                                   true,
		"bridges: [{name: br0, stp: 'Yes'}]":                                  true,
		"bridges: [{name: br0, forward_delay: 0}]":                            true,
		"bridges: [{name: br0, ports: 'eth0,eth1'}]":                          true,
		"bonds: [{name: bond0, mode: 802.3ad, lacp_rate: fast, miimon: 100}]": true,
		"vlans: [{name: v10, parent: eth0, id: 10}]":                          true,
		"routes: [{to: 192.0.2.0/24, via: 198.51.100.1, table: main}]":        true,
		"rules: [{from: 192.0.2.0/24, table: main}]":                          true,
		"lxc_bridges: [lxcbr0]":                                               true,
		"bridgse: []":                                                         false,
		"bridges: [{name: br0, mut: 1400}]":                                   false,
		"bridges: [{name: br0, mtu: 14O0}]":                                   false,
		"bridges: [{name: br0, mtu: [1]}]":                                    false,
		"bridges: [{name: br0, stp: maybe}]":                                  false,
		"bonds: [{name: bond0, mode: 802.3}]":                                 false,
		"bonds: [{name: bond0, ports: [{nmae: eth0}]}]":                       false,
		"routes: [{via: 198.51.100.1}]":                                       false,
		"bridges: [br0]":                                                      false,
		"bridges: 'br0'":                                                      false,
	} {
		fields, err := ansible.ParseYAML([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := services.ParseNetwork(fields); (err == nil) != sound {
			t.Errorf("%s: our own parser says %v", text, err)
		}
		for name, one := range map[string]*jsonschema.Schema{"task": inTask, "kept": inFile} {
			if err := one.Validate(valueOf(t, text)); (err == nil) != sound {
				t.Errorf("%s: the schema of %s says %v", text, name, err)
			}
		}
	}
	for text, sound := range map[string]bool{
		"bridges: '{{ bridges }}'":                         true,
		"bridges: [{name: br0, mtu: '{{ mtu }}'}]":         true,
		"{state: overridden, config: {bridges: []}}":       true,
		"{purge: true, persist: networkd, confirm: 'off'}": true,
		"{persist: true, watch: false, confirm: false}":    true,
		"{state: overriden}":                               false,
		"{confirm: {timeout: soon}}":                       false,
		"{return: all}":                                    false,
	} {
		if err := inTask.Validate(valueOf(t, text)); (err == nil) != sound {
			t.Errorf("%s: %v", text, err)
		}
		if err := inFile.Validate(valueOf(t, text)); err == nil {
			t.Errorf("%s: is no kept file, but the schema of those takes it", text)
		}
	}
}

// TestSchemaTakesExamples: every documented task of network is one of its schema, and those of the modules about one
// object are objects of it.
func TestSchemaTakesExamples(t *testing.T) {
	t.Parallel()
	inTask, tried := compiled(t, "task.json", task.NetworkDocs(), true), 0
	for _, module := range registry.Modules() {
		kind := spec.KindOfModule(module.Name)
		if module.Name != "network" && kind == nil {
			continue
		}
		document, err := ansible.ParseYAML([]byte("tasks:\n" + module.Examples))
		if err != nil {
			t.Fatal(err)
		}
		list, _ := document["tasks"].([]any)
		for _, element := range list {
			example, _ := element.(map[string]any)
			arguments, given := example[collection+module.Name].(map[string]any)
			if !given {
				continue
			}
			if kind != nil {
				arguments, _ = wrapped(kind, arguments)
			}
			text, err := ansible.YAML(objectOf(arguments))
			if err != nil {
				t.Fatal(err)
			}
			tried++
			if err := inTask.Validate(valueOf(t, text)); err != nil {
				t.Errorf("%s, %q: %v", module.Name, example["name"], err)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d examples were found", tried)
	}
}

func objectOf(fields map[string]any) schema.Object {
	var out schema.Object
	for key, value := range fields {
		out.Set(key, value)
	}
	return out
}

// TestEveryOptionIsExplained: whatever can be declared has a text, by its name and by its place.
func TestEveryOptionIsExplained(t *testing.T) {
	t.Parallel()
	var walk func(docs []schema.Doc, way string)
	count := 0
	walk = func(docs []schema.Doc, way string) {
		for _, doc := range docs {
			place := strings.TrimPrefix(way+"."+doc.Name, ".")
			for _, word := range []string{doc.Name, place} {
				found, _ := explanations(word)
				if len(found) == 0 || found[0].Text == "" || strings.Contains(found[0].Text, "O(") {
					t.Errorf("%s: %v", word, found)
				}
			}
			count++
			if doc.Suboptions != nil && strings.Count(place, ".") < 2 {
				walk(doc.Suboptions(), place)
			}
		}
	}
	for _, doc := range task.NetworkDocs() {
		if doc.Name == "bonds" || doc.Name == "confirm" || doc.Name == "state" {
			walk([]schema.Doc{doc}, "")
		}
	}
	if count < 40 {
		t.Errorf("only %d options were found", count)
	}
}

// TestExplain: one text for kinds that have an option alike, places as messages write them, and the nearest name.
func TestExplain(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"bonds[0].ports[1].queue_id": "queue_id (int), of bonds.ports\n",
		"bond.mode":                  "  One of: balance-rr, active-backup",
		"timeout":                    "timeout (int), of confirm\n",
		"purge":                      "purge (bool), of the task\n",
		"vlan":                       "Its options: name,",
		"vlans":                      "Its options: name,",
	} {
		var out bytes.Buffer
		if err := explain(&terminal{output: &out, arguments: []string{word}}); err != nil ||
			!strings.Contains(out.String(), want) {
			t.Errorf("%s: %v: %s", word, err, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if len(line) > 81 && !strings.Contains(line, ", of ") {
				t.Errorf("%s: %d columns: %s", word, len(line), line)
			}
		}
	}
	for word, want := range map[string]string{"miimom": `did you mean "miimon"?`, "xyzzyxyzzy": "hostnet explain bonds",
		"": "takes the name"} {
		arguments := []string{word}
		if word == "" {
			arguments = nil
		}
		if err := explain(&terminal{output: &bytes.Buffer{}, arguments: arguments}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", word, err)
		}
	}
	var out bytes.Buffer
	if err := explain(&terminal{output: &out, arguments: []string{"mtu"}, json: true}); err != nil {
		t.Fatal(err)
	}
	var found []explained
	if err := json.Unmarshal(out.Bytes(), &found); err != nil || len(found) == 0 || len(found[0].Of) < 2 {
		t.Errorf("%v: %s", err, fmt.Sprint(found))
	}
}
