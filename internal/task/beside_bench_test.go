//go:build bench

package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
)

// TestBenchBeside runs a task about one object on a host that has much else, in turn with the same task on a small
// host.
func TestBenchBeside(t *testing.T) {
	program := buildProgram(t)
	small := beside(t, "")
	number := 0
	bridge := func() map[string]any {
		number++
		return map[string]any{"_ansible_module_name": "bridge", "name": "br0", "ageing_time": 100 + number}
	}
	route := func() map[string]any {
		number++
		return map[string]any{"_ansible_module_name": "route", "to": fmt.Sprintf("198.18.%d.0/24", number%256),
			"via": "10.0.0.2", "dev": "br0",
			"metric": number}
	}
	nat := func() map[string]any {
		number++
		return map[string]any{"_ansible_module_name": "nat", "name": "web", "interface": "br0",
			"subnets": []any{fmt.Sprintf("10.0.%d.0/24", number%256)}}
	}
	routes, links, rules := manyRoutes(100_000), manyLinks(10_000), manyRules(10_000)
	// Written by a program of its own: the memory of this one counts as that of what it starts.
	const million = "1000000 routes"
	for _, c := range []struct {
		name    string
		lines   string
		task    func() map[string]any
		ratio   float64
		mostMiB int64
	}{
		{"a bridge beside 100,000 routes of a daemon", routes, bridge, 1.5, 40},
		{"a route beside 100,000 routes of a daemon", routes, route, 3, 40},
		{"a bridge beside 1,000,000 routes of a daemon", million, bridge, 1.5, 60},
		{"a route beside 1,000,000 routes of a daemon", million, route, 3, 60},
		{"a bridge beside 10,000 links", links, bridge, 16, 60},
		{"a NAT beside 10,000 rules of others", rules, nat, 4, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			large := beside(t, c.lines)
			quickest := map[*netnstest.Namespace]time.Duration{small: math.MaxInt64, large: math.MaxInt64}
			memory := int64(0)
			for range 15 {
				for _, host := range []*netnstest.Namespace{small, large} {
					arguments := c.task()
					arguments["netns"] = host.Name
					took, used := measured(t, program, arguments)
					quickest[host] = min(quickest[host], took)
					memory = max(memory, used)
				}
			}
			ratio := float64(quickest[large]) / float64(quickest[small])
			t.Logf("%s: %v, %.2f× of that beside none (%v), %d MiB", c.name, quickest[large], ratio, quickest[small], memory)
			if ratio > c.ratio {
				t.Errorf("%.2f×, want at most %.1f×", ratio, c.ratio)
			}
			if memory > c.mostMiB {
				t.Errorf("%d MiB, want at most %d", memory, c.mostMiB)
			}
		})
	}
}

// measured runs the program as timed does, and tells its processor time, which other programs do not add to, and its
// memory in MiB.
func measured(t *testing.T, program string, arguments map[string]any) (time.Duration, int64) {
	t.Helper()
	text, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "module")
	command.Stdin = bytes.NewReader(text)
	output, err := command.CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte(`"changed":true`)) {
		t.Fatalf("%v: %s", err, output)
	}
	state := command.ProcessState
	return state.UserTime() + state.SystemTime(), state.SysUsage().(*syscall.Rusage).Maxrss >> 10
}

// beside is a namespace with a bridge, and with what the lines make; those of nftables begin with add.
func beside(t *testing.T, lines string) *netnstest.Namespace {
	t.Helper()
	namespace := netnstest.New(t)
	batch(t, namespace, "link add br0 up type bridge\naddress add 10.0.0.1/24 dev br0\n")
	switch {
	case strings.HasPrefix(lines, "add table"):
		command := exec.Command("ip", "netns", "exec", namespace.Name, "nft", "-f", "-")
		command.Stdin = strings.NewReader(lines)
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	case strings.HasSuffix(lines, " routes"):
		batch(t, namespace, manyRoutes(0))
		const script = `seq 0 $(($2 - 1)) | awk '{ printf "route add 20.%d.%d.%d/32 via 10.9.0.2 proto bird\n",
			$1 / 65536, $1 / 256 % 256, $1 % 256 }' | ip -n "$1" -batch -`
		if output, err := exec.Command("sh", "-c", script, "sh", namespace.Name,
			strings.TrimSuffix(lines, " routes")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	case lines != "":
		batch(t, namespace, lines)
	}
	return namespace
}

func manyRoutes(count int) string {
	var lines strings.Builder
	lines.WriteString("link add far up type bridge\naddress add 10.9.0.1/24 dev far\n")
	for i := range count {
		fmt.Fprintf(&lines, "route add 20.%d.%d.%d/32 via 10.9.0.2 proto bird\n", i>>16, i>>8&255, i&255)
	}
	return lines.String()
}

func manyLinks(count int) string {
	var lines strings.Builder
	for i := range count / 2 {
		fmt.Fprintf(&lines, "link add v%d type veth peer name w%d\n", i, i)
	}
	return lines.String()
}

func manyRules(count int) string {
	var lines strings.Builder
	lines.WriteString("add table ip others\nadd chain ip others input { type filter hook input priority 0; }\n")
	for i := range count {
		fmt.Fprintf(&lines, "add rule ip others input ip saddr 20.%d.%d.%d tcp dport %d counter\n", i>>16, i>>8&255, i&255,
			1+i%60000)
	}
	return lines.String()
}
