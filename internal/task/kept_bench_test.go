//go:build bench

package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"syscall"
	"testing"
	"time"
)

const (
	mostBesideKept    = 10.0 // of a task about one object, beside 1,000 that are kept, against one beside none
	mostMiBBesideKept = 60
	mostForTenths     = 2.2 // of the cost of an object among 10,000, against one among 1,000; 1.2 is wanted
)

// TestBenchKept makes and keeps 1,000 routes and 10,000 with a task each, and changes one object beside them.
func TestBenchKept(t *testing.T) {
	program := buildProgram(t)
	number := 0
	var each [2]time.Duration
	small := newHost(t)
	small.output(t, "ip", "link", "add", "br0", "up", "type", "bridge")
	change := func(host *ownHost) (time.Duration, int64) {
		number++
		return host.measured(t, program, map[string]any{"_ansible_module_name": "bridge", "watch": false, "name": "br0",
			"ageing_time": 100 + number})
	}
	for i, count := range []int{1_000, 10_000} {
		host := newHost(t)
		host.output(t, "ip", "link", "add", "br0", "up", "type", "bridge")
		host.output(t, "ip", "address", "add", "10.0.0.1/24", "dev", "br0")
		var routes []any
		for n := range count {
			routes = append(routes, map[string]any{"to": fmt.Sprintf("10.64.%d.%d/32", n>>8, n&255), "via": "10.0.0.2",
				"dev": "br0"})
		}
		took, memory := host.measured(t, program, map[string]any{"_ansible_module_name": "network", "watch": false,
			"routes": routes})
		each[i] = took / time.Duration(count)
		if perObject := float64(memory<<10) / float64(count); count == 10_000 && perObject > mostForEach {
			t.Errorf("%.1f KiB for each of %d, want at most %d", perObject, count, mostForEach)
		}
		beside, alone, most := forever, forever, int64(0)
		for range 5 {
			took, memory := change(host)
			beside, most = min(beside, took), max(most, memory)
			took, _ = change(small)
			alone = min(alone, took)
		}
		ratio := float64(beside) / float64(alone)
		t.Logf("%d routes made and kept: %v for each; a bridge beside them: %v, %.2f× of that beside none (%v), %d MiB", count,
			each[i], beside, ratio, alone, most)
		if count == 1_000 && (ratio > mostBesideKept || most > mostMiBBesideKept) {
			t.Errorf("%.2f×, %d MiB, want at most %.1f× and %d", ratio, most, mostBesideKept, mostMiBBesideKept)
		}
	}
	if growth := float64(each[1]) / float64(each[0]); growth > mostForTenths {
		t.Errorf("a route among 10,000 costs %.2f× one among 1,000", growth)
	}
}

// measured runs a task that changes something, and tells its processor time and its memory in MiB.
func (h *ownHost) measured(t *testing.T, program string, arguments map[string]any) (time.Duration, int64) {
	t.Helper()
	text, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	command := h.command(program, "module")
	command.Stdin = bytes.NewReader(text)
	output, err := command.CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte(`"changed":true`)) {
		t.Fatalf("%v: %.500s", err, output)
	}
	state := command.ProcessState
	return state.UserTime() + state.SystemTime(), state.SysUsage().(*syscall.Rusage).Maxrss >> 10
}
