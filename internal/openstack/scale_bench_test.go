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
	// What is allocated for a container does not depend on how many there are; what the time grows by beyond that, up to
	// 1.7 times, is the processor's caches, which hold a cloud of 1,000 containers and not one of 10,000.
	mostForAllocation = 1.2
	// To be recorded takes no more than some microseconds, so that these caches count for more; with a search of each
	// group for each member it was 16 to 20.
	mostForRecording = 5
)

// TestBenchPlan: the plan of a large cloud is quick, small and linear, without a memory and with one, and so is what is
// to be recorded of it.
func TestBenchPlan(t *testing.T) {
	var first, recorded [2]time.Duration
	var allocated [2]float64
	for _, hosts := range []int{50, 500} {
		read := large(hosts)
		for i, kind := range []string{"without a memory", "with a memory"} {
			least, record, memory := time.Hour, time.Hour, uint64(0)
			var plan *Plan
			var memories map[string]any
			for range 3 {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				begin := time.Now()
				plan = read.plan(MemoryFile)
				least = min(least, time.Since(begin))
				runtime.ReadMemStats(&after)
				memory = max(memory, after.TotalAlloc-before.TotalAlloc)
				runtime.GC()
				begin = time.Now()
				memories = plan.recorded()
				record = min(record, time.Since(begin)/time.Duration(hosts*20))
			}
			if len(plan.Containers) != hosts*20 || len(plan.Problems) > 0 {
				t.Fatal(len(plan.Containers), plan.Problems)
			}
			each := least / time.Duration(hosts*20)
			if first[i] == 0 {
				first[i] = each
			}
			growth := float64(each) / float64(first[i])
			bytes := float64(memory) / float64(hosts*20)
			if allocated[i] == 0 {
				allocated[i] = bytes
			}
			if recorded[i] == 0 {
				recorded[i] = record
			}
			t.Logf("%d containers %s: %.2f s, %d MB allocated in all; a container costs %.2f× what one of 1,000 does in time, "+
				"%.2f× in memory, "+
				"and %.2f× to be recorded", hosts*20, kind, least.Seconds(), memory>>20, growth, bytes/allocated[i],
				float64(record)/float64(recorded[i]))
			if least > mostForPlan || memory > mostMemory || growth > mostForGrowth || bytes > mostForAllocation*allocated[i] ||
				float64(record) > mostForRecording*float64(recorded[i]) {
				t.Errorf("%d containers %s: too much", hosts*20, kind)
			}
			content, err := json.Marshal(memories)
			if err != nil {
				t.Fatal(err)
			}
			read.memory = content
		}
	}
}
