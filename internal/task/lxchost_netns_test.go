//go:build netns

package task_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/lxchost"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// prepared is what this test program is called with for a task lxc_host in place of one of the network.
const prepared = "lxc_host"

// prepareLXC runs the module lxc_host; beforeStep may end it.
func prepareLXC(root, bridge string, beforeStep func(int) error) (ansible.Result, error) {
	arguments := map[string]any{"packages": []any{}, "bridge": bridge}
	wanted, err := lxchost.Parse(arguments)
	if err != nil {
		return ansible.Result{}, err
	}
	site, done, err := task.OpenSite("", &system.System{Root: root})
	if err != nil {
		return ansible.Result{}, err
	}
	defer done()
	site.Host.BeforeStep = beforeStep
	result := task.PrepareLXC(site, ansible.Call{Module: "lxc_host", Arguments: arguments}, wanted)
	return result, result.Err
}

// TestLXCHostIsATransaction: refused or killed at any step, its files are as before, by the next run of anything or by
// the boot; what is done is a generation, and a rollback takes it back.
func TestLXCHostIsATransaction(t *testing.T) {
	t.Parallel()
	ns, root := lab(t)
	config := filepath.Join(root, "etc/lxc/default.conf")
	if err := errors.Join(os.MkdirAll(filepath.Dir(config), 0o755),
		os.WriteFile(config, []byte("lxc.net.0.type = empty\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	memory := filepath.Join(root, "var/lib/hostnet/lxc_host.json")
	state := func() string {
		_, err := os.Stat(memory)
		return snapshot(t, ns, root) + strconv.FormatBool(err == nil)
	}
	before := state()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const steps = 2
	refused := errors.New("refused")
	for step := range steps {
		ns.Do(t, func() {
			_, err := prepareLXC(root, "br9", func(number int) error {
				if number == step {
					return refused
				}
				return nil
			})
			if !errors.Is(err, refused) || state() != before {
				t.Errorf("refused at step %d: %v: %s", step, err, state())
			}
		})
		for _, boots := range []bool{false, true} {
			killAt(t, ns, self, root, step)
			within(t, ns, root, func(site *services.Site) {
				if boots {
					anotherBoot(t, site)
				}
				if said, err := task.Recover(site); err != nil || !strings.Contains(said, "hostnet.linux.lxc_host") {
					t.Errorf("killed at step %d: %q, %v", step, said, err)
				}
			})
			if after := state(); after != before {
				t.Fatalf("killed at step %d, boot %t: before\n%s\nafter\n%s", step, boots, before, after)
			}
		}
	}
	killAt(t, ns, self, root, 1)
	ns.Do(t, func() {
		result, err := prepareLXC(root, "br9", nil)
		if err != nil || !result.Changed ||
			!strings.Contains(strings.Join(result.Warnings, ""), "was left half-way: it was undone") {
			t.Fatalf("after a crash: %v, %v", result, err)
		}
		if result, err := prepareLXC(root, "br9", nil); err != nil || result.Changed {
			t.Errorf("again: %v, %v", result, err)
		}
	})
	within(t, ns, root, func(site *services.Site) {
		all, err := task.History(site)
		if err != nil || len(all) != 1 || all[0].Task != "hostnet.linux.lxc_host" || len(all[0].Steps) < 10 {
			t.Fatalf("history: %v, %v", all, err)
		}
		one := task.NewRollback()
		target, err := one.Target(site, -1)
		if err == nil {
			_, err = one.Rollback(site, target)
		}
		if after := state(); err != nil || after != before {
			t.Errorf("rolled back: %v: before\n%s\nafter\n%s", err, before, after)
		}
	})
}

func killAt(t *testing.T, ns *netnstest.Namespace, self, root string, step int) {
	t.Helper()
	command := exec.Command("ip", "netns", "exec", ns.Name, self, root, prepared)
	command.Env = append(os.Environ(), crash+"="+strconv.Itoa(step))
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("step %d: not killed: %v: %s", step, err, output)
	}
}

// anotherBoot makes the change that is not final one of an earlier boot.
func anotherBoot(t *testing.T, site *services.Site) {
	t.Helper()
	records := &store.Store{System: site.Services.System, Namespace: site.Namespace}
	left, err := records.Current()
	if err != nil || left == nil {
		t.Fatalf("%v, %v", left, err)
	}
	left.Boot = "another"
	if err := records.Write(left); err != nil {
		t.Fatal(err)
	}
}
