//go:build bench

package container

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/lxc/lxctest"
)

// mostForWiring is what wiring may cost against ip -batch of the same, mostForSilence what it may cost to find nothing
// to do.
const (
	mostForWiring  = 2.0
	mostForSilence = 1.0
)

// TestBenchWiring wires 100 running containers with 3 interfaces each in one task, and looks again.
func TestBenchWiring(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	const many = 100
	root := emptyRoot(t)
	lxctest.Bridge(t, "br-w")
	pids := map[int]int{}
	var declared, empty []any
	for i := range many {
		c := bare(t, folder, fmt.Sprintf("wired%03d", i), root)
		pids[i] = c.PID(t)
		declared = append(declared, args{"container": c.Name, "interfaces": three(i)})
		empty = append(empty, args{"container": c.Name, "interfaces": []any{}})
	}
	wire := func(containers []any) *Outcome {
		outcome, err := task(t, folder, args{"containers": containers}, false)
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	byIP, ours, silent := time.Hour, time.Hour, time.Hour
	for range 3 {
		byIP = min(byIP, took(func() { batch(t, pids) }))
		for i := range many {
			for j := range 3 {
				lxctest.Must(t, "ip", "link", "delete", fmt.Sprintf("b%d_%d", i, j))
			}
		}
		ours = min(ours, took(func() { wire(declared) }))
		silent = min(silent, took(func() {
			if again := wire(declared); len(again.Steps) > 0 {
				t.Fatal(steps(again))
			}
		}))
		wire(empty)
	}
	ratio, repeated := ours.Seconds()/byIP.Seconds(), silent.Seconds()/byIP.Seconds()
	t.Logf("300 veths: ip -batch %v, ours %v (%.2f×), again %v (%.2f×)", byIP, ours, ratio, silent, repeated)
	if ratio > mostForWiring || repeated > mostForSilence {
		t.Errorf("more than %.1f× and %.1f×", mostForWiring, mostForSilence)
	}
}

// bare starts a container of the root file system as it is, which many can share.
func bare(t *testing.T, folder, name, root string) *lxctest.Container {
	t.Helper()
	c := &lxctest.Container{Folder: folder, Name: name}
	if err := os.Mkdir(filepath.Dir(c.File()), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "lxc.rootfs.path = dir:" + root + "\nlxc.uts.name = " + name + "\nlxc.net.0.type = empty\n"
	if err := os.WriteFile(c.File(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = lxctest.Run("lxc-stop", "-k", "-P", folder, "-n", name) })
	c.Start(t)
	return c
}

func took(what func()) time.Duration {
	start := time.Now()
	what()
	return time.Since(start)
}

// batch makes the same with iproute2: one batch on the host, one in each container.
func batch(t testing.TB, pids map[int]int) {
	var host strings.Builder
	for i, pid := range pids {
		for j := range 3 {
			fmt.Fprintf(&host, "link add name b%d_%d up master br-w type veth peer name eth%d netns %d\n", i, j, j+1, pid)
		}
	}
	file := t.TempDir() + "/batch"
	run := func(text string, enter ...string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		command := slices.Concat(enter, []string{"ip", "-batch", file})
		lxctest.Must(t, command[0], command[1:]...)
	}
	run(host.String())
	for i, pid := range pids {
		var inside strings.Builder
		for j := range 3 {
			fmt.Fprintf(&inside, "address add 10.%d.%d.2/24 dev eth%d\nlink set eth%d up\n", j+1, i, j+1, j+1)
		}
		run(inside.String(), "nsenter", "-t", fmt.Sprint(pid), "-n")
	}
}
