package docgen

import (
	"strings"
	"testing"

	"hostnet.linux/internal/schema"
)

func TestReferencesHaveTheirWholeWay(t *testing.T) {
	docs := []schema.Doc{
		{Name: "stp", Text: "See O(ports[].cost)."},
		{Name: "ports", Elements: "dict",
			Suboptions: of(schema.Doc{Name: "cost", Text: "With O(stp=true), and not with O(prio)."}, schema.Doc{Name: "prio"})},
		{Name: "confirm", Suboptions: of(schema.Doc{Name: "mode"}, schema.Doc{Name: "timeout", Text: "Needs O(mode)."})},
	}
	for name, one := range map[string]struct {
		docs []schema.Doc
		want []string
	}{
		"one object": {docs, []string{"See O(ports[].cost).", "With O(stp=true), and not with O(ports[].prio).",
			"Needs O(confirm.mode)."}},
		"many objects": {[]schema.Doc{{Name: "bridges", Elements: "dict", Suboptions: of(docs...)}},
			[]string{"See O(bridges[].ports[].cost).", "With O(bridges[].stp=true), and not with O(bridges[].ports[].prio).",
				"Needs O(bridges[].confirm.mode)."}},
	} {
		described, err := options(one.docs, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		said := texts(described)
		for _, want := range one.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: want %q in:\n%s", name, want, said)
			}
		}
	}
	if _, err := options([]schema.Doc{{Name: "a", Text: "See O(b)."}}, nil); err == nil ||
		!strings.Contains(err.Error(), `option a: its text names the option "b"`) {
		t.Errorf("a name that nothing has: %v", err)
	}
}

func of(docs ...schema.Doc) func() []schema.Doc { return func() []schema.Doc { return docs } }

// texts are all descriptions, a line each.
func texts(described schema.Object) string {
	var out strings.Builder
	for _, entry := range described {
		option, _ := entry.Value.(schema.Object)
		out.WriteString(option.Get("description").([]any)[0].(string) + "\n")
		if below, has := option.Get("suboptions").(schema.Object); has {
			out.WriteString(texts(below))
		}
	}
	return out.String()
}
