//go:build bench

package task

import (
	"fmt"
	"math"
	"testing"
	"time"
)

const (
	mostForEach    = 20  // KiB of memory for an object, over everything
	mostForFourths = 6.0 // of the time that a fourth of the objects takes
)

// TestBenchManyObjects: time and memory of a task's arguments grow as they do.
func TestBenchManyObjects(t *testing.T) {
	program, host := buildProgram(t), beside(t, "")
	for key, object := range map[string]func(int) any{
		"bridges": func(i int) any { return map[string]any{"name": fmt.Sprintf("b%d", i)} },
		"routes": func(i int) any {
			return map[string]any{"to": fmt.Sprintf("10.%d.%d.%d/32", 64+i>>16, i>>8&255, i&255), "via": "10.0.0.2",
				"dev": "br0"}
		},
	} {
		var times [2]time.Duration
		for i, count := range []int{20_000, 80_000} {
			var list []any
			for number := range count {
				list = append(list, object(number))
			}
			times[i] = math.MaxInt64
			for range 2 {
				took, memory := measured(t, program, map[string]any{
					"_ansible_module_name": "network", "_ansible_check_mode": true, "netns": host.Name, key: list,
				})
				times[i] = min(times[i], took)
				each := float64(memory<<10) / float64(count)
				t.Logf("%d %s: %v, %d MiB, %.1f KiB for each", count, key, took, memory, each)
				if each > mostForEach {
					t.Errorf("%.1f KiB for each, want at most %d", each, mostForEach)
				}
			}
		}
		if ratio := float64(times[1]) / float64(times[0]); ratio > mostForFourths {
			t.Errorf("%s: four times as many take %.1f× as long", key, ratio)
		}
	}
}
