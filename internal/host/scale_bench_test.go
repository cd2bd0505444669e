//go:build bench

package host

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
)

// What a host with many networks may cost, always against a baseline of the same run.
const (
	mostForCreation = 1.5 // against ip -batch of the same
	mostForNothing  = 2.0 // against reading the same from the kernel
	mostForGrowth   = 1.3 // of the cost of an object, from the fewest to the most, beyond that of ip -batch
)

// TestBenchScale makes N links and N bridges on them, with the engine and with ip -batch, and looks again.
func TestBenchScale(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the program does
	kind := "vlan"
	if _, err := netnstest.New(t).Try("ip", "link", "add", "p", "type", "vlan"); err != nil &&
		strings.Contains(err.Error()+probe(t), "Unknown device type") {
		kind = "macvlan" // this kernel has no VLANs
	}
	var first, firstBaseline time.Duration
	for _, count := range []int{100, 300, 1000} {
		// What is compared takes turns, so that a moment in which the computer is busy meets both.
		const rounds = 3
		baseline, creation, nothing, dump := forever, forever, forever, forever
		for range rounds {
			baseline = min(baseline, batch(t, kind, count))
			h := many(t, kind, count)
			creation = min(creation, h.create(t))
			for range 10 {
				nothing, dump = min(nothing, h.nothing(t)), min(dump, h.dump(t))
			}
		}
		each, baselineEach := creation/time.Duration(count), baseline/time.Duration(count)
		if first == 0 {
			first, firstBaseline = each, baselineEach
		}
		ratio := func(a, b time.Duration) float64 { return float64(a) / float64(b) }
		growth, kernels := ratio(each, first), ratio(baselineEach, firstBaseline)
		t.Logf("%d %ss and bridges: created in %.2f s (%.2f× ip -batch), nothing to do in %.3f s (%.2f× a dump), %.2f× the "+
			"cost of an object at 100 (ip -batch %.2f×)",
			count, kind, creation.Seconds(), ratio(creation, baseline), nothing.Seconds(), ratio(nothing, dump), growth, kernels)
		if ratio(creation, baseline) > mostForCreation {
			t.Errorf("%d: creation takes %.2f× ip -batch", count, ratio(creation, baseline))
		}
		switch {
		case ratio(nothing, dump) <= mostForNothing:
		case emulated():
			t.Log("the processor is emulated, which slows what computes by far more than what copies: not compared with a dump")
		default:
			t.Errorf("%d: a run without a change takes %.2f× a dump", count, ratio(nothing, dump))
		}
		// What the kernel itself takes longer for, with many links around, is not held against us.
		if growth > mostForGrowth*max(1, kernels) {
			t.Errorf("%d: an object costs %.2f× what it costs at 100, with ip -batch %.2f×", count, growth, kernels)
		}
	}
}

// emulated tells whether QEMU plays the processor, which systemd knows from what it is by itself.
func emulated() bool {
	output, err := exec.Command("systemd-detect-virt").Output()
	return err == nil && strings.TrimSpace(string(output)) == "qemu"
}

func probe(t *testing.T) string {
	t.Helper()
	output, _ := netnstest.New(t).Try("ip", "link", "add", "p", "type", "vlan", "id", "1")
	return output
}

// forever is longer than anything that is measured.
const forever = time.Duration(math.MaxInt64)

// batch is how long iproute2 takes.
func batch(t *testing.T, kind string, count int) time.Duration {
	t.Helper()
	n := card(t)
	var text strings.Builder
	for i := range count {
		options := map[string]string{"vlan": fmt.Sprintf("vlan id %d", i+1), "macvlan": "macvlan mode bridge"}[kind]
		fmt.Fprintf(&text, "link add link eth0 name u%d type %s\nlink add name br%d type bridge forward_delay 0\nlink set "+
			"u%d master br%d\nlink set u%d up\nlink set br%d up\n",
			i, options, i, i, i, i, i)
	}
	file := filepath.Join(t.TempDir(), "batch")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if output, err := exec.Command("ip", "-n", n.Name, "-batch", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return time.Since(start)
}

func card(t *testing.T) *netnstest.Namespace {
	t.Helper()
	n := netnstest.New(t)
	n.IP(t, "link", "add", "eth0", "type", "veth", "peer", "name", "far0")
	n.IP(t, "link", "set", "eth0", "up")
	return n
}

type manyLinks struct {
	host      *Host
	handle    *linux.Handle
	namespace string
	wanted    map[string]any
}

func many(t *testing.T, kind string, count int) *manyLinks {
	t.Helper()
	namespace := card(t).Name
	handle, err := linux.Open(namespace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handle.Close)
	var links, bridges []any
	for i := range count {
		one := map[string]any{"name": fmt.Sprintf("u%d", i), "parent": "eth0"}
		if kind == "vlan" {
			one["id"] = i + 1
		} else {
			one["mode"] = "bridge"
		}
		links = append(links, one)
		bridges = append(bridges, map[string]any{"name": fmt.Sprintf("br%d", i), "forward_delay": 0,
			"ports": []any{fmt.Sprintf("u%d", i)}})
	}
	return &manyLinks{&Host{Kernel: handle}, handle, namespace, map[string]any{kind + "s": links, "bridges": bridges}}
}

// create is how long the whole of a task takes: parsing, planning, running and looking again.
func (m *manyLinks) create(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := carryOut(t, m.host, m.wanted); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// nothing is how long a task takes that finds nothing to do.
func (m *manyLinks) nothing(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	if found, err := carryOut(t, m.host, m.wanted); err != nil || len(found.Steps) > 0 {
		t.Fatalf("%v, %d steps", err, len(found.Steps))
	}
	return time.Since(start)
}

// dump is how long reading alone takes.
func (m *manyLinks) dump(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	_, linksErr := m.handle.Links()
	_, addressesErr := m.handle.Addresses()
	_, routesErr := m.handle.Routes()
	_, rulesErr := m.handle.Rules()
	if err := errors.Join(linksErr, addressesErr, routesErr, rulesErr); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}
