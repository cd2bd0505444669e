//go:build bench

package openstack

import (
	"encoding/json"
	"runtime"
	"testing"
	"time"
)

const (
	mostForPlan   = 3 * time.Second // 500 hosts with 10,000 containers
	mostForGrowth = 2.5             // of the cost of a container, from 1,000 to 10,000; quadratic is 10
	mostMemory    = 500 << 20
)

// TestBenchPlan: the plan of a large cloud is quick, small and linear, without a memory and with one.
func TestBenchPlan(t *testing.T) {
	var first [2]time.Duration
	for _, hosts := range []int{50, 500} {
		read := large(hosts)
		for i, kind := range []string{"without a memory", "with a memory"} {
			least, memory := time.Hour, uint64(0)
			var plan *Plan
			for range 3 {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				begin := time.Now()
				plan = read.plan(MemoryFile)
				least = min(least, time.Since(begin))
				runtime.ReadMemStats(&after)
				memory = max(memory, after.TotalAlloc-before.TotalAlloc)
			}
			if len(plan.Containers) != hosts*20 || len(plan.Problems) > 0 {
				t.Fatal(len(plan.Containers), plan.Problems)
			}
			each := least / time.Duration(hosts*20)
			if first[i] == 0 {
				first[i] = each
			}
			growth := float64(each) / float64(first[i])
			t.Logf("%d containers %s: %.2f s, %d MB allocated in all, %.2f× the cost of a container of 1,000", hosts*20, kind, least.Seconds(),
				memory>>20, growth)
			if least > mostForPlan || memory > mostMemory || growth > mostForGrowth {
				t.Errorf("%d containers %s: too much", hosts*20, kind)
			}
			content, err := json.Marshal(plan.recorded())
			if err != nil {
				t.Fatal(err)
			}
			read.memory = content
		}
	}
}
