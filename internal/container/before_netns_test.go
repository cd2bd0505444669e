//go:build netns

package container

import (
	"encoding/json"
	"runtime"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestCutShort ends a run ahead of each of its steps without an undo, as a crash does. What it had written down is
// enough for another process to put containers and files back.
func TestCutShort(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-cut")
	c := lxctest.New(t, folder, "cut_short")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-cut", "addresses": []any{"10.77.0.2/24"},
		"gateway": "10.77.0.1"})
	state := func() string {
		return c.Config(t) + c.Enter(t, "ip", "-br", "address") + c.Enter(t, "ip", "route") + c.Enter(t, "ip", "-br", "link")
	}
	before := state()
	change := args{"container": c.Name, "interfaces": []any{
		args{"name": "eth1", "bridge": "br-cut", "addresses": []any{"10.77.0.3/24"}, "mtu": 1400},
		args{"name": "eth2", "bridge": "br-cut", "addresses": []any{"10.78.0.2/24"}},
	}}
	checked, err := task(t, folder, change, true)
	if err != nil {
		t.Fatal(err)
	}
	for number := range checked.Steps {
		var kept []byte
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, wanted, err := ParseNetwork(change)
			if err != nil {
				t.Error(err)
				return
			}
			m := testMachine()
			m.Begin = func(replaced *Before) (err error) {
				kept, err = json.Marshal(replaced)
				return err
			}
			m.BeforeStep = func(at int) error {
				if at == number {
					runtime.Goexit()
				}
				return nil
			}
			_, _ = m.Apply(folder, wanted, false)
		}()
		<-ended
		var replaced Before
		if err := json.Unmarshal(kept, &replaced); err != nil {
			t.Fatal(err)
		}
		if err := testMachine().Restore(&replaced); err != nil {
			t.Errorf("cut short ahead of %s %s: %v", checked.Steps[number].Action, checked.Steps[number].Object, err)
		}
		if after := state(); after != before {
			t.Fatalf("cut short ahead of %s %s: before\n%s\nafter\n%s", checked.Steps[number].Action,
				checked.Steps[number].Object, before, after)
		}
	}
	if len(checked.Steps) < 4 {
		t.Errorf("only %d steps: not worth the name", len(checked.Steps))
	}
}
