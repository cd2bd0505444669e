//go:build bench

package ansibletest

import (
	"slices"
	"strings"
	"testing"
)

// What a task that finds nothing to do may cost, against Ansible's own in the same run.
const (
	mostAgainstRaw  = 1.2 // raw: true, the least that any task takes
	mostAgainstPing = 0.7 // ping with pipelining, the least that a task in Python takes
)

// TestBenchTask runs three kinds of tasks in turn, over one SSH connection to a Debian that has Python for ping's sake.
// It runs on this computer's kernel and processor, as emulation would measure itself.
func TestBenchTask(t *testing.T) {
	const rounds = 60
	target := newTarget(t)
	artifact := Artifact(t)
	target.namespace.IP(t, "link", "add", "br0", "up", "type", "bridge")
	playbook := "- hosts: target\n  gather_facts: false\n  tasks:\n" + strings.Repeat(`
    - {name: raw, ansible.builtin.raw: "true"}
    - {name: ping, ansible.builtin.ping: }
    - {name: hostnet, hostnet.linux.bridge: {name: br0, persist: false}}
`, rounds+1)
	for _, edition := range editions {
		controller, err := edition.build(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		controller.network = []string{"ip", "netns", "exec", target.namespace.Name}
		s := NewSession(t, controller, artifact, target)
		outcome := s.Play(t, playbook, "ANSIBLE_PIPELINING=true", "-e", "ansible_python_interpreter=/usr/bin/python3")
		if outcome.Failed {
			t.Fatal(outcome.Output)
		}
		seconds := map[string][]float64{}
		for _, result := range outcome.Results[3:] { // the first round connects and stores the binary
			seconds[result.Task] = append(seconds[result.Task], result.Seconds)
		}
		for name, all := range seconds {
			if len(all) != rounds {
				t.Fatalf("%d results of %s", len(all), name)
			}
			slices.Sort(all)
		}
		median := func(name string) float64 { return seconds[name][rounds/2] }
		raw, ping := median("hostnet")/median("raw"), median("hostnet")/median("ping")
		t.Logf("%s: a task takes %.0f ms: %.2f× raw (%.0f ms), %.2f× ping (%.0f ms)",
			controller.Name, median("hostnet")*1000, raw, median("raw")*1000, ping, median("ping")*1000)
		if raw > mostAgainstRaw {
			t.Errorf("%s: a task takes %.2f× raw", controller.Name, raw)
		}
		if ping > mostAgainstPing {
			t.Errorf("%s: a task takes %.2f× ping", controller.Name, ping)
		}
	}
}
