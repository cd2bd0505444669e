//go:build bench

package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// mostForStart is what a start may cost against the smallest program that Go makes of fmt.
const mostForStart = 1.8

// TestBenchStart starts the program and a hello world in turn: the quickest of each, since what else the computer does
// only ever adds.
func TestBenchStart(t *testing.T) {
	folder := t.TempDir()
	hello := filepath.Join(folder, "hello.go")
	if err := os.WriteFile(hello, []byte("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	programs := map[string]string{hello: "hello", "hostnet.linux/modules": "hostnet"}
	for source, name := range programs {
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(folder, name), source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	quickest := map[string]time.Duration{"hello": math.MaxInt64, "hostnet": math.MaxInt64}
	for range 300 {
		for name := range quickest {
			start := time.Now()
			if err := exec.Command(filepath.Join(folder, name), "version").Run(); err != nil {
				t.Fatal(err)
			}
			quickest[name] = min(quickest[name], time.Since(start))
		}
	}
	ratio := float64(quickest["hostnet"]) / float64(quickest["hello"])
	t.Logf("start: %v, %.2f× a hello world (%v)", quickest["hostnet"], ratio, quickest["hello"])
	if ratio > mostForStart {
		t.Errorf("a start takes %.2f× a hello world", ratio)
	}
}
