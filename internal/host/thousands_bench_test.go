//go:build bench

package host

import (
	"fmt"
	"os/exec"
	"runtime/debug"
	"testing"
	"time"

	"hostnet.linux/internal/kernel/linux"
)

// What 3,000 links and 3,000 bridges on them may cost.
const (
	mostForThousands = 1.2 // to make them, against ip -batch of the same
	mostForSilence   = 2.0 // to find nothing to do, against reading the same from the kernel; 1.5 is wanted
	// Of one option among them, against ip link set and a list of the links, which tells what stands on the one.
	mostForOneOption = 3.0
)

// TestBenchThousands makes them with the engine and with ip -batch, looks again, and changes one option of one.
func TestBenchThousands(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the program does
	const kind, count = "macvlan", 3000
	baseline := batch(t, kind, count)
	h := many(t, kind, count)
	creation := h.create(t)
	nothing, dump, option, set := forever, forever, forever, forever
	for n := range 10 {
		nothing, dump = min(nothing, h.afresh(t).nothing(t)), min(dump, h.dump(t))
		set = min(set, h.set(t, 200+n))
		option = min(option, h.afresh(t).change(t, 300+n))
		h.set(t, 300)
	}
	ratio := func(a, b time.Duration) float64 { return float64(a) / float64(b) }
	t.Logf("%d %ss and bridges: created in %.1f s (%.2f× ip -batch), nothing to do in %.3f s (%.2f× a dump), one option in "+
		"%.3f s (%.2f× ip link set and a list of links)", count, kind, creation.Seconds(), ratio(creation, baseline),
		nothing.Seconds(), ratio(nothing, dump), option.Seconds(), ratio(option, set))
	if ratio(creation, baseline) > mostForThousands || ratio(nothing, dump) > mostForSilence ||
		ratio(option, set) > mostForOneOption {
		t.Errorf("more than %.1f×, %.1f× and %.1f×", mostForThousands, mostForSilence, mostForOneOption)
	}
}

// afresh is the same for a program that has read nothing yet, as every task is.
func (m *manyLinks) afresh(t *testing.T) *manyLinks {
	t.Helper()
	handle, err := linux.Open(m.namespace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	return &manyLinks{&Host{Kernel: handle}, handle, m.namespace, m.wanted}
}

// change is how long a task about one option takes.
func (m *manyLinks) change(t *testing.T, ageing int) time.Duration {
	t.Helper()
	wanted := map[string]any{"bridges": []any{map[string]any{"name": "br7", "ageing_time": ageing}}}
	start := time.Now()
	if found, err := carryOut(t, m.host, wanted); err != nil || len(found.Steps) == 0 {
		t.Fatalf("%v", err)
	}
	return time.Since(start)
}

// set is how long iproute2 takes for the same, and a list of the links.
func (m *manyLinks) set(t *testing.T, ageing int) time.Duration {
	t.Helper()
	start := time.Now()
	output, err := exec.Command("ip", "-n", m.namespace, "link", "set", "br7", "type", "bridge", "ageing_time",
		fmt.Sprint(ageing*100)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if _, err := m.handle.Links(); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}
