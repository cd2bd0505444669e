package networkd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/schema"
)

func TestTimeSpan(t *testing.T) {
	for _, test := range []struct{ text, unit, want string }{
		{"100ms", "ms", "100"}, {"0.1", "ms", "100"}, {"1", "ms", "1000"}, {"1min 30s", "s", "90"}, {"2 s", "s", "2"},
		{"0", "s", "0"},
		{"1.5s", "ms", "1500"}, {"100ms", "s", ""}, {"soon", "s", ""}, {"", "s", ""}, {"-1s", "s", ""},
		{"1 fortnight", "s", ""},
	} {
		got, err := timeSpan(test.text, test.unit)
		if test.want == "" && err == nil || test.want != "" && got != test.want {
			t.Errorf("%q in %s is %v %v, want %q", test.text, test.unit, got, err, test.want)
		}
	}
}

func TestRouteRead(t *testing.T) {
	var problems schema.Problems
	options, keys := Route(map[string]any{"cidr": "10.0.0.0/8", "Gateway": "10.1.0.1", "GatewayOnLink": true,
		"TCPCongestionControlAlgorithm": "cubic"},
		21, schema.At("r", &problems))
	want := map[string]any{"to": "10.0.0.0/8", "via": "10.1.0.1", "onlink": "yes", "congctl": "cubic", "metric": 21}
	if diff := cmp.Diff(want, options); diff != "" || len(problems) > 0 {
		t.Error(diff, problems)
	}
	if diff := cmp.Diff(map[string]string{"to": "cidr", "via": "Gateway", "onlink": "GatewayOnLink",
		"congctl": "TCPCongestionControlAlgorithm"}, keys); diff != "" {
		t.Error(diff)
	}
	Route(map[string]any{"gateway": "10.1.0.1", "Gateway": "10.1.0.1", "Metrc": 1, "Kitchen": 1}, 21,
		schema.At("r", &problems))
	for _, want := range []string{"r.gateway: stands for Gateway, as does Gateway",
		"r.Metrc: unknown key of [Route]: did you mean Metric?",
		"r.Kitchen: unknown key of [Route]: it takes", "r: needs cidr"} {
		if !strings.Contains(problems.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, problems)
		}
	}
}

// FuzzSpan: no time of systemd's, nor anything else, makes it fail otherwise than by an error.
func FuzzSpan(f *testing.F) {
	for _, seed := range []string{"100ms", "1min 30s", ".", "1..2s", "9e99", "٣s", "100 ms s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := timeSpan(text, "ms"); err != nil && err.Error() == "" {
			t.Error("an error that says nothing")
		}
	})
}
