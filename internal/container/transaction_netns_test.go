//go:build netns

package container_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/container"
	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/task"
)

func init() { container.Crashing = crashing }

// crashing is a task in a process of its own, by the loop that production uses: killed ahead of step KILL, refused
// there if REFUSE says so.
func crashing(arguments []string) error {
	module, text := arguments[0], arguments[1]
	step, refuse := arguments[2], arguments[3] == "refuse"
	var given map[string]any
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return err
	}
	factory := task.MachineFactory(func() *container.Machine {
		m := container.LabMachine()
		m.BeforeStep = func(number int) error {
			switch {
			case strconv.Itoa(number) != step:
				return nil
			case refuse:
				return errors.New("refused")
			}
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return m
	})
	run := factory.Life()
	if module == "container_network" {
		run = factory.Module(container.ParseNetwork)
	}
	result := run(context.Background(), ansible.Call{Module: module, Arguments: given, CheckMode: arguments[3] == "check"})
	for _, warning := range result.Warnings {
		fmt.Println("warning:", warning)
	}
	if result.Err != nil {
		return result.Err
	}
	steps, err := json.Marshal(result.Values.Get("actions"))
	fmt.Println(string(steps))
	return err
}

// attempt runs a task in its own process. killed tells whether it died on the way.
func attempt(t *testing.T, module string, arguments map[string]any, step int, way string) (said string, killed bool) {
	t.Helper()
	text, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	command := exec.Command("/proc/self/exe", container.Crash, module, string(text), strconv.Itoa(step), way)
	command.Stdout, command.Stderr = &output, &output
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return output.String(), true
	}
	return output.String(), false
}

// anotherBoot makes the change that is not final one of an earlier boot.
func anotherBoot(t *testing.T) {
	t.Helper()
	journals, err := filepath.Glob("/run/hostnet/*/journal.json")
	if err != nil || len(journals) == 0 {
		t.Fatalf("no journal: %v", err)
	}
	for _, path := range journals {
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, bytes.ReplaceAll(content, []byte(store.Boot()), []byte("another")), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestTasksOfContainersAreTransactions: a task about containers that is refused at any of its steps undoes itself, and
// one that is killed is undone by the next, whatever that is about, or after a boot.
func TestTasksOfContainersAreTransactions(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-tx")
	c := lxctest.New(t, folder, "tx_runs")
	stopped := lxctest.Stopped(t, folder, "tx_stands", "lxc.net.0.type = empty\n")
	root := filepath.Join(t.TempDir(), "rootfs")
	if err := os.CopyFS(root, os.DirFS(filepath.Join(folder, c.Name, "rootfs/etc"))); err != nil {
		t.Fatal(err)
	}
	network := map[string]any{"container": c.Name, "lxc_path": folder, "interfaces": []any{
		map[string]any{"name": "eth1", "bridge": "br-tx", "addresses": []any{"10.77.0.2/24"}, "gateway": "10.77.0.1",
			"mtu": 1500},
	}}
	if said, _ := attempt(t, "container_network", network, -1, ""); !strings.Contains(said, "create") {
		t.Fatal(said)
	}
	state := func() string {
		text := c.Config(t) + stopped.Config(t) + lxctest.Must(t, "lxc-ls", "-P", folder, "-1") +
			lxctest.Must(t, "lxc-ls", "-P", folder, "-1", "--running")
		inside := c.Enter(t, "ip", "-4", "-o", "address") + c.Enter(t, "ip", "route") + c.Enter(t, "ip", "-o", "link")
		// A container that was stopped and started has other indexes, and addresses and routes as LXC makes them.
		return text + regexp.MustCompile(
			`(?m)^\d+: |@if\d+|link-netnsid \d+| state .*| brd 0.0.0.255| proto static`).ReplaceAllString(inside, "")
	}
	before := state()
	next := map[string]any{"name": stopped.Name, "lxc_path": folder, "state": "present"}
	for name, one := range transactions(folder, c.Name, stopped.Name, root) {
		t.Run(name, func(t *testing.T) {
			checked, _ := attempt(t, one.module, one.arguments, -1, "check")
			var steps []any
			if err := json.Unmarshal([]byte(checked), &steps); err != nil || len(steps) < one.steps {
				t.Fatalf("%v: %s", err, checked)
			}
			ways := []string{"refuse", "kill", "boot"}
			if one.restarts {
				ways = ways[:2] // what runs after a boot is for LXC to say
			}
			for step := range steps {
				for _, way := range ways {
					if way == "boot" && step > 0 && step < len(steps)-1 {
						continue // recovery reads the same record, whatever has begun it
					}
					said, killed := attempt(t, one.module, one.arguments, step, way)
					if killed == (way == "refuse") || way == "refuse" && !strings.Contains(said, "refused") {
						t.Fatalf("%s at step %d: killed %t: %s", way, step, killed, said)
					}
					if way == "boot" {
						anotherBoot(t)
					}
					recovered, _ := attempt(t, "container", next, -1, "")
					if told := strings.Contains(recovered, "was left half-way: it was undone"); told != killed {
						t.Errorf("%s at step %d: %s; then: %s", way, step, said, recovered)
					}
					if way == "boot" {
						// In this one, containers run on: what runs in them is put right here.
						_, _ = attempt(t, "container_network", network, -1, "")
						_, _ = lxctest.Run("lxc-stop", "-k", "-P", folder, "-n", stopped.Name)
					}
					if after := state(); after != before {
						t.Fatalf("%s at step %d: before\n%s\nafter\n%s\n%s", way, step, before, after, recovered)
					}
				}
			}
		})
	}
	if journals, _ := filepath.Glob("/run/hostnet/*/journal.json"); len(journals) > 0 {
		t.Errorf("left behind: %v", journals)
	}
}

type transaction struct {
	module    string
	arguments map[string]any
	// steps is how many it takes at least.
	steps    int
	restarts bool
}

func transactions(folder, runs, stands, root string) map[string]transaction {
	life := func(name string, more map[string]any) map[string]any {
		maps.Copy(more, map[string]any{"name": name, "lxc_path": folder})
		return more
	}
	auto := []any{"lxc.start.auto = 1"}
	return map[string]transaction{
		"network": {"container_network", map[string]any{"container": runs, "lxc_path": folder, "interfaces": []any{
			map[string]any{"name": "eth1", "bridge": "br-tx", "addresses": []any{"10.77.0.3/24"}, "mtu": 1400},
			map[string]any{
				"name": "eth2", "bridge": "br-tx", "addresses": []any{"10.78.0.2/24"},
				"routes": []any{map[string]any{"to": "10.79.0.0/16", "via": "10.78.0.1"}},
			},
		}}, 5, false},
		"start": {"container", life(stands, map[string]any{"config": auto, "wait_for": "none"}), 2, false},
		"make":  {"container", life("tx_new", map[string]any{"rootfs": root, "state": "present", "config": auto}), 2, false},
		"stop":  {"container", life(runs, map[string]any{"config": auto, "state": "stopped"}), 2, true},
		"end":   {"container", life(runs, map[string]any{"state": "absent"}), 2, true},
	}
}
