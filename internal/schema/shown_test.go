package schema

import "testing"

func TestShown(t *testing.T) {
	for _, one := range []struct {
		value any
		want  string
	}{
		{nil, "unset"}, {"", "unset"}, {1400, "1400"}, {true, "true"}, {[]any{}, "unset"}, {[]any{"a", "b"}, "a, b"},
		{[]string{"a", "b"}, "a, b"},
		{[]any{Object{{"via", "10.5.0.9"}, {"dev", "eth2"}}}, "via 10.5.0.9 dev eth2"},
		{
			[]any{Object{{"to", "default"}, {"nexthops", []any{Object{{"via", "10.5.0.9"}}, Object{{"via", "10.5.0.8"}}}}},
				"br0"},
			"to default nexthops (via 10.5.0.9, via 10.5.0.8), br0",
		},
		{map[string]any{"b": 1, "a": []any{"x"}}, "a (x) b 1"},
		{[]Object{{{"name", "eth0"}}}, "name eth0"},
	} {
		if got := Shown(one.value, "unset"); got != one.want {
			t.Errorf("%v: %q, want %q", one.value, got, one.want)
		}
	}
}
