package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/host/hosttest"
	"hostnet.linux/internal/kernel/fake"
)

var everything = hosttest.Options{Cards: []string{"eth0", "eth1", "eth2", "eth3"}, Bonds: true, VLANs: true,
	Dummies: true, Filtering: true}

// TestRandomNetworks goes from one random network to another, sees that a second run is silent, and goes back.
func TestRandomNetworks(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			tryTransition(t, hosttest.Network(seed, everything), hosttest.Network(seed+1, everything))
		})
	}
}

// TestRandomFailures lets the kernel refuse one write on the way from one random network to another.
func TestRandomFailures(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			tryFailure(t, hosttest.Network(seed, everything), hosttest.Network(seed+1000, everything), int(seed%40))
		})
	}
}

func FuzzNetworks(f *testing.F) {
	f.Add(uint64(3), uint64(4), 5)
	f.Add(uint64(1214), uint64(1215), 0)
	f.Fuzz(func(t *testing.T, first, second uint64, refused int) {
		tryTransition(t, hosttest.Network(first, everything), hosttest.Network(second, everything))
		tryFailure(t, hosttest.Network(first, everything), hosttest.Network(second, everything), refused)
	})
}

func begin(t *testing.T, arguments map[string]any) (*Host, *fake.Kernel) {
	t.Helper()
	k := fake.New(everything.Cards...)
	h := &Host{Kernel: k}
	if _, err := carryOut(t, h, arguments); err != nil {
		t.Fatalf("first: %v\n%v", err, arguments)
	}
	return h, k
}

func differ(before string, k *fake.Kernel) string {
	return cmp.Diff(strings.Split(before, "\n"), strings.Split(k.String(), "\n"))
}

func tryTransition(t *testing.T, first, second map[string]any) {
	h, k := begin(t, first)
	before, text := observed(t, h), k.String()
	found, err := carryOut(t, h, second)
	if err != nil {
		// Some networks cannot follow each other, such as one whose VLAN has the number of another that stays.
		if diff := differ(text, k); diff != "" {
			t.Errorf("refused (%v), but the host differs (-before +after):\n%s", err, diff)
		}
		return
	}
	again, err := carryOut(t, h, second)
	if err != nil || len(again.Steps) > 0 {
		t.Errorf("a second run: %v\n%s", err, describe(again))
	}
	if left, err := h.Restore(throughJSON(t, before), touched(found.Steps)); err != nil || len(left) > 0 {
		t.Fatalf("way back: %v, left %s", err, left)
	}
	if diff := differ(text, k); diff != "" {
		t.Errorf("after the way back (-before +after):\n%s\nfrom %v\nto %v", diff, first, second)
	}
}

func tryFailure(t *testing.T, first, second map[string]any, refused int) {
	h, _ := begin(t, first)
	if _, err := carryOut(t, h, second); err != nil {
		return
	}
	h, k := begin(t, first)
	text, start := k.String(), k.Writes
	k.Refuse = func(number int) error {
		if number-start == refused {
			return errors.New("refused by the test")
		}
		return nil
	}
	if _, err := carryOut(t, h, second); err == nil {
		return
	}
	if diff := differ(text, k); diff != "" {
		t.Errorf("write %d refused: the host differs (-before +after):\n%s\nfrom %v\nto %v", refused, diff, first, second)
	}
}

func observed(t *testing.T, h *Host) *Observed {
	t.Helper()
	state, err := h.Observe()
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// throughJSON is the state as another process would read it from the journal.
func throughJSON(t *testing.T, before *Observed) *Observed {
	t.Helper()
	text, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	var read *Observed
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}
