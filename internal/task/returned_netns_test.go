//go:build netns

package task_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/task"
)

// TestReturned: a task returns of its links what it declares of them, of those that changed alone, or everything; what
// earlier tasks declared is not among it.
func TestReturned(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-r", "mtu": 1400}`)
	m.declare("bridge", `{"name": "br-s", "mtu": 1400}`)
	for _, one := range []struct{ name, module, text, want string }{
		{"a no-op", "bridge", `{"name": "br-r", "forward_delay": 15}`, `{"bridges":[{"name":"br-r","forward_delay":15}]}`},
		{"a change", "bridge", `{"name": "br-r", "ageing_time": 100}`, `{"bridges":[{"name":"br-r","ageing_time":100}]}`},
		{"changed, and nothing is", "bridge", `{"name": "br-r", "ageing_time": 100, "return": "changed"}`, `{}`},
		{
			"changed, one of two", "network",
			`{"bridges": [{"name": "br-r", "ageing_time": 200}, {"name": "br-s", "mtu": 1400}], "return": "changed"}`,
			`{"bridges":[{"name":"br-r","ageing_time":200}]}`,
		},
		{"absent", "bridge", `{"name": "br-s", "state": "absent"}`, `{}`},
		{"a route", "route", `{"to": "192.0.2.0/24", "type": "blackhole"}`, `{}`},
	} {
		if got := returnedBy(m, one.module, one.text); got != one.want {
			t.Errorf("%s: %s, want %s", one.name, got, one.want)
		}
	}
	full := returnedBy(m, "bridge", `{"name": "br-r", "return": "full"}`)
	for _, part := range []string{`"mtu":1400`, `"stp":`, `"addresses":[]`, `"ageing_time":200`} {
		if !strings.Contains(full, part) {
			t.Errorf("full: %s is missing in %s", part, full)
		}
	}
}

// returnedBy is what a task returns beside its steps.
func returnedBy(m *machine, module, text string) string {
	m.Helper()
	result := m.module(module, text)
	if result.Err != nil {
		m.Fatalf("%s %s: %v", module, text, result.Err)
	}
	values := slices.DeleteFunc(slices.Clone(result.Values),
		func(entry schema.Entry) bool { return entry.Key == "actions" })
	out, err := json.Marshal(values)
	if err != nil {
		m.Fatal(err)
	}
	return string(out)
}

// TestCheckFailsAsTheRun: a kind of link that the kernel does not have fails a check with the run's own reason, and
// both leave the host as it was.
func TestCheckFailsAsTheRun(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	kind, key := m.missingKind()
	arguments := map[string]any{key: []any{map[string]any{"name": "x0"}}}
	before := snapshot(m.T, m.ns, m.root)
	var said [2]string
	for i, check := range []bool{true, false} {
		settings, declaration, err := services.ParseNetwork(arguments)
		if err != nil {
			t.Fatal(err)
		}
		var result ansible.Result
		within(m.T, m.ns, m.root, func(site *services.Site) {
			one := &task.Task{
				Call: ansible.Call{Module: "network", Arguments: arguments, CheckMode: check}, Settings: &settings.Settings,
				Edit: spec.NewEdit("network", arguments, host.TaskOptionNames()),
			}
			result = one.Apply(site, declaration)
		})
		if result.Err == nil || result.Changed {
			t.Fatalf("check %t: changed %t, %v", check, result.Changed, result.Err)
		}
		said[i] = result.Err.Error()
	}
	reason := "this kernel has no links of kind " + kind
	if !strings.Contains(said[0], reason) || !strings.Contains(said[1], reason) {
		t.Errorf("the check says %q, the run %q", said[0], said[1])
	}
	if after := snapshot(m.T, m.ns, m.root); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// missingKind is a kind of link that this kernel does not have.
func (m *machine) missingKind() (kind, key string) {
	m.Helper()
	for _, kind := range []string{"bond", "dummy"} {
		if output, err := m.ns.Try("ip", "link", "add", "probe", "type", kind); err != nil {
			m.Logf("%s: %s", kind, output)
			return kind, map[string]string{"bond": "bonds", "dummy": "dummies"}[kind]
		}
		m.ns.IP(m.T, "link", "delete", "probe")
	}
	m.Skip("this kernel has all kinds of links: a missing one cannot be tried")
	return "", ""
}

// TestNoCards: where a host has links and no card, a message about a missing card names the links that there are.
func TestNoCards(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-n"}`)
	m.refuse("interface", `{"name": "eth77"}`, "there is no interface eth77 on this host (there are: no cards, but ",
		"br-n")
}
