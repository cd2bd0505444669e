//go:build bench

package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
)

// mostToDelete is against ip -batch, which deletes one after the other.
const mostToDelete = 1.0

// TestBenchDelete deletes bridges and pairs with one task, and with ip -batch.
func TestBenchDelete(t *testing.T) {
	program := buildProgram(t)
	const count = 300
	var lines strings.Builder
	var bridges, pairs []any
	for i := range count {
		fmt.Fprintf(&lines, "link delete br%d\nlink delete v%d\n", i, i)
		bridges = append(bridges, map[string]any{"name": fmt.Sprintf("br%d", i), "state": "absent"})
		pairs = append(pairs, map[string]any{"name": fmt.Sprintf("v%d", i), "state": "absent"})
	}
	ours, theirs := many(t, count), many(t, count)
	took := timed(t, program, map[string]any{"_ansible_module_name": "network", "netns": ours.Name, "bridges": bridges,
		"veths": pairs})
	start := time.Now()
	batch(t, theirs, lines.String())
	baseline := time.Since(start)
	t.Logf("%d bridges and %d pairs: deleted in %.2f s, %.2f× ip -batch", count, count, took.Seconds(),
		float64(took)/float64(baseline))
	if float64(took) > mostToDelete*float64(baseline) {
		t.Errorf("%s, ip -batch takes %s", took, baseline)
	}
	if left := strings.Count(ours.IP(t, "-br", "link"), "\n"); left != 1 {
		t.Errorf("%d links are left, want the loopback", left)
	}
}

// buildProgram builds the program as it is distributed.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "hostnet")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "hostnet.linux/modules")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return program
}

// timed runs the program as Ansible does, and looks whether it has changed something.
func timed(t *testing.T, program string, arguments map[string]any) time.Duration {
	t.Helper()
	text, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "module")
	command.Stdin = bytes.NewReader(text)
	start := time.Now()
	output, err := command.CombinedOutput()
	took := time.Since(start)
	if err != nil || !bytes.Contains(output, []byte(`"changed":true`)) {
		t.Fatalf("%v: %s", err, output)
	}
	return took
}

// many is a namespace with so many bridges and pairs.
func many(t *testing.T, count int) *netnstest.Namespace {
	t.Helper()
	namespace := netnstest.New(t)
	var lines strings.Builder
	for i := range count {
		fmt.Fprintf(&lines, "link add br%d type bridge\nlink add v%d type veth peer name w%d\n", i, i, i)
	}
	batch(t, namespace, lines.String())
	return namespace
}

func batch(t *testing.T, namespace *netnstest.Namespace, lines string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "batch")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command("ip", "-n", namespace.Name, "-batch", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}
