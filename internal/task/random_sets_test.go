package task

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
)

// TestRandomSets edits declared sets with anything that the JSON Schema allows: whatever an object comes to be, it is
// taken or refused with its path, and what was taken is the same when it is taken again.
func TestRandomSets(t *testing.T) {
	t.Parallel()
	g := newGenerator(t)
	taken, refused := 0, 0
	for seed := range uint64(1000) {
		g.Rand = rand.New(rand.NewPCG(seed, 11))
		kept := &store.Kept{Set: &spec.Set{}}
		for range 6 {
			arguments := g.arguments()
			text, err := json.Marshal(arguments)
			if err != nil {
				t.Fatal(err)
			}
			change, ok := g.apply(t, kept, arguments)
			if !ok {
				refused++
				continue
			}
			taken++
			kept = &store.Kept{Set: settled(change.after.Set)}
			if again, ok := g.apply(t, kept, arguments); !ok || show(again.after.Set) != show(kept.Set) {
				t.Fatalf("seed %d: %s again (taken: %t):\n%s\ninstead of\n%s", seed, text, ok, show(again.after.Set),
					show(kept.Set))
			}
		}
	}
	if taken < 300 || refused < 300 {
		t.Errorf("%d edits were taken and %d refused: the test says little", taken, refused)
	}
}

// apply is what a task does before it looks at the kernel. A crash says which arguments it was.
func (g *generator) apply(t *testing.T, kept *store.Kept, arguments map[string]any) (*desired, bool) {
	t.Helper()
	defer func() {
		if fault := recover(); fault != nil {
			text, _ := json.Marshal(arguments)
			t.Fatalf("%v: %s after\n%s", fault, text, show(kept.Set))
		}
	}()
	if _, _, err := services.ParseNetwork(arguments); err != nil {
		return &desired{after: &spec.Result{Set: &spec.Set{}}}, false
	}
	want := &desired{kept: kept, after: kept.Set.Apply(spec.NewEdit("network", arguments, nil))}
	if want.check() != nil {
		return want, false
	}
	return want, want.declare(false) == nil
}

// settled is a set as it is read again.
func settled(set *spec.Set) *spec.Set {
	out := &spec.Set{}
	for _, object := range set.Objects {
		kept := *object
		kept.Declared, kept.Source = nil,
			&spec.Source{File: "/etc/hostnet/" + object.Kind.Key + "/x.yml", Line: func(string) int { return 1 }}
		out.Add(&kept)
	}
	return out
}

func show(set *spec.Set) string {
	var lines []string
	for _, object := range set.Objects {
		options, _ := json.Marshal(object.Options.Map())
		lines = append(lines, object.Kind.Module+" "+string(options))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// generator makes values that a JSON Schema allows, and a few that it does not.
type generator struct {
	*rand.Rand
	definitions map[string]any
	properties  map[string]any
}

func newGenerator(t *testing.T) *generator {
	t.Helper()
	text, err := os.ReadFile("../../docs/schema/network.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties  map[string]any `json:"properties"`
		Definitions map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	return &generator{definitions: schema.Definitions, properties: schema.Properties}
}

// arguments declare one to three objects.
func (g *generator) arguments() map[string]any {
	kinds := spec.Kinds()
	out := map[string]any{}
	for range 1 + g.IntN(3) {
		kind := kinds[g.IntN(len(kinds))]
		if object, isDict := g.value(g.objectOf(kind.Key), 0).(map[string]any); isDict {
			list, _ := out[kind.Key].([]any)
			out[kind.Key] = append(list, any(object))
		}
	}
	return out
}

// objectOf is the schema of one object of a kind.
func (g *generator) objectOf(key string) map[string]any {
	pending := []any{g.properties[key]}
	for len(pending) > 0 {
		found := g.resolve(pending[0])
		if found["properties"] != nil {
			return found
		}
		pending = append(append(pending[1:], choices(found)...), found["items"])
	}
	panic("the schema has no object for " + key)
}

// choices are what a value may be, but for templates of Ansible's.
func choices(schema map[string]any) []any {
	var out []any
	for _, option := range []string{"anyOf", "oneOf"} {
		list, _ := schema[option].([]any)
		for _, one := range list {
			if dict, isDict := one.(map[string]any); !isDict || dict["pattern"] == nil || dict["enum"] != nil {
				out = append(out, one)
			}
		}
	}
	return out
}

func (g *generator) resolve(schema any) map[string]any {
	found, _ := schema.(map[string]any)
	for range 5 {
		reference, has := found["$ref"].(string)
		if !has {
			return found
		}
		found, _ = g.definitions[strings.TrimPrefix(reference, "#/definitions/")].(map[string]any)
	}
	return found
}

// texts are good for some option or other.
var texts = []string{
	"a0", "a1", "br-a", "lo", "eth0", "192.0.2.1/24", "192.0.2.2", "192.0.2.0/24", "198.51.100.1/25", "fd00::1/64",
	"fd00::2", "fd00::/64", "fe80::1/64",
	"0.0.0.0/0", "::/0", "default", "all", "none", "main", "100", "02:00:00:00:00:01", "239.1.1.1", "ff05::1", "80",
	"8000-8010", "tcp", "unreachable",
	"blackhole", "1h", "infinite", "example.test", "pmtu", "",
}

func (g *generator) value(of any, depth int) any {
	schema := g.resolve(of)
	if list := choices(schema); len(list) > 0 {
		return g.value(list[g.IntN(len(list))], depth)
	}
	if values, has := schema["enum"].([]any); has {
		return values[g.IntN(len(values))]
	}
	kind := schema["type"]
	if list, several := kind.([]any); several {
		kind = list[g.IntN(len(list))]
	}
	switch kind {
	case "boolean":
		return g.IntN(2) == 0
	case "integer", "number":
		low, _ := schema["minimum"].(float64)
		return json.Number(fmt.Sprint(int64(low) + g.Int64N(1+int64(g.IntN(3))*600)))
	case "array":
		list := []any{}
		for range g.IntN(3) {
			list = append(list, g.value(schema["items"], depth+1))
		}
		return list
	case "object":
		return g.object(schema, depth)
	case "null":
		return nil
	}
	return texts[g.IntN(len(texts))]
}

func (g *generator) object(schema map[string]any, depth int) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	out := map[string]any{}
	required, _ := schema["required"].([]any)
	for _, name := range names {
		if depth < 4 && (slices.Contains(required, any(name)) || g.IntN(len(names)) < 3) {
			out[name] = g.value(properties[name], depth+1)
		}
	}
	if _, named := properties["name"]; named {
		out["name"] = texts[g.IntN(4)]
	}
	return out
}
