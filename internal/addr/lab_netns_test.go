//go:build netns

package addr

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

// lab is a namespace with the up veth link l0, whose other end is l1.
type lab struct {
	*netnstest.Namespace
	handle *linux.Handle
}

func newLab(t *testing.T) *lab {
	t.Helper()
	t.Parallel()
	l := &lab{Namespace: netnstest.New(t)}
	l.IP(t, "link", "add", "name", "l0", "type", "veth", "peer", "name", "l1")
	l.IP(t, "link", "set", "l0", "up")
	l.IP(t, "link", "set", "l1", "up")
	handle, err := linux.Open(l.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	l.handle = handle
	return l
}

func (l *lab) observe(t *testing.T) *State {
	t.Helper()
	state, err := Observe(l.handle)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// declare parses what a playbook says of links: JSON such as {"l0": ["10.0.0.1/24"]}.
func declare(t *testing.T, text string) map[string][]Address {
	t.Helper()
	var raw map[string]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	declared := map[string][]Address{}
	var problems schema.Problems
	for link, list := range raw {
		declared[link], _ = List().Parse(list, schema.At(link, &problems))
	}
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return declared
}

// apply makes it so and demands that a second run is silent. It returns the steps as text.
func (l *lab) apply(t *testing.T, text string, ground plan.LinkEffects) string {
	t.Helper()
	declared := declare(t, text)
	result := Plan(l.handle, l.observe(t), declared, ground)
	run(t, result)
	if again := Plan(l.handle, l.observe(t), declared, plan.LinkEffects{}); len(again.Steps) > 0 {
		t.Errorf("the second run is not silent:\n%s", show(again.Steps))
	}
	return show(result.Steps)
}

func run(t *testing.T, result *Result) {
	t.Helper()
	plan.Order(result.Steps)
	if err := plan.Run(result.Steps, nil); err != nil {
		t.Fatalf("%v\n%s", err, show(result.Steps))
	}
}

func show(steps []plan.Step) string {
	var lines []string
	for _, step := range steps {
		line := step.Action + " " + step.Object
		for _, change := range step.Changes {
			old, _ := json.Marshal(change.Old)
			fresh, _ := json.Marshal(change.New)
			line += " " + change.Option + "=" + string(old) + "→" + string(fresh)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// witness is what iproute2 says of the addresses of a link, in its order.
func (l *lab) witness(t *testing.T, link string) []map[string]any {
	t.Helper()
	var links []struct {
		Addresses []map[string]any `json:"addr_info"`
	}
	l.JSON(t, &links, "address", "show", "dev", link)
	var out []map[string]any
	for _, one := range links {
		out = append(out, one.Addresses...)
	}
	return out
}

// still is the witness without what ticks, and without the link-local address, which follows the MAC address.
func (l *lab) still(t *testing.T, link string) []map[string]any {
	t.Helper()
	addresses := slices.DeleteFunc(l.witness(t, link), func(address map[string]any) bool {
		return strings.HasPrefix(address["local"].(string), "fe80")
	})
	for _, address := range addresses {
		delete(address, "tentative") // which ends by itself
		for _, lifetime := range []string{"valid_life_time", "preferred_life_time"} {
			seconds, _ := address[lifetime].(float64)
			if seconds > 0 && seconds < 1<<32-1 {
				address[lifetime] = "ticking"
			}
		}
	}
	return addresses
}

// add adds what older versions of iproute2 cannot: an address with a protocol.
func (l *lab) add(t *testing.T, address kernel.Address) {
	t.Helper()
	address.ValidLifetime, address.PreferredLifetime = kernel.Forever, kernel.Forever
	if err := l.handle.AddAddress(address); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) locals(t *testing.T, link string) string {
	t.Helper()
	var out []string
	for _, address := range l.witness(t, link) {
		if local := address["local"].(string); !strings.HasPrefix(local, "fe80") {
			out = append(out, local)
		}
	}
	return strings.Join(out, " ")
}

func jsonNumber(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}
