package host

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/schema"
)

func TestExpandConfig(t *testing.T) {
	bridges, bonds := []any{map[string]any{"name": "br0"}}, []any{map[string]any{"name": "bond0"}}
	for name, one := range map[string]struct {
		arguments, want map[string]any
		problem         string
	}{
		"none": {map[string]any{"bridges": bridges}, map[string]any{"bridges": bridges}, ""},
		"null": {map[string]any{"config": nil, "bridges": bridges}, map[string]any{"bridges": bridges}, ""},
		"all in it": {map[string]any{"config": map[string]any{"bridges": bridges, "bonds": bonds}},
			map[string]any{"bridges": bridges, "bonds": bonds}, ""},
		"some beside": {
			map[string]any{"config": map[string]any{"bridges": bridges}, "persist": false},
			map[string]any{"bridges": bridges, "persist": false}, "",
		},
		"one in both": {
			map[string]any{"config": map[string]any{"bridges": bridges}, "bridges": bridges}, nil,
			"config.bridges: bridges is given beside config as well: give it in one place",
		},
		"a list": {map[string]any{"config": bridges}, nil,
			"config: must be a dictionary of this module's options, such as network_info returns"},
		"itself": {map[string]any{"config": map[string]any{"config": nil}}, nil, "config.config: cannot hold another config"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := ExpandConfig(one.arguments)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != one.problem || err == nil && cmp.Diff(one.want, got) != "" {
				t.Errorf("got %v, %q", got, text)
			}
		})
	}
}

func TestProblemsInConfigAreNamedThere(t *testing.T) {
	arguments, inside, err := ExpandConfig(map[string]any{
		"config": map[string]any{"bonds": []any{map[string]any{"name": "bond0", "miimon": "soon"}}, "bridgez": nil}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = ParseNetwork(arguments)
	var problems schema.Problems
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	got := InConfig(problems, inside)
	if len(got) != 2 || got[0].Path != "config.bonds[0].miimon" || got[1].Path != "config.bridgez" {
		t.Errorf("problems %v", got)
	}
}
