//go:build netns

package task_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// network is a change with most of what a step can be: links that come, change and move, addresses, routes, rules,
// files.
const network = `{
	"bridges": [{"name": "br-mgmt", "ports": ["eth0", "eth1"], "addresses": ["10.0.0.2/24"], "mac_address": "02:00:00:00:00:99"}],
	"veths": [{"name": "v0", "peer": "v1"}],
	"macvlans": [{"name": "mv0", "parent": "eth2", "addresses": ["10.9.0.1/24"]}],
	"interfaces": [{"name": "eth2", "mtu": 1400}],
	"routes": [{"to": "default", "via": "10.0.0.1"}],
	"rules": [{"priority": 100, "from": "10.9.0.0/24", "table": 100}],
	"nats": [{"name": "br-mgmt", "subnets": ["10.0.0.0/24"]}]
}`

// crash is what this test program does when it is called with it: the task, killed ahead of a step.
const crash = "HOSTNET_CRASH_AT"

func TestMain(m *testing.M) {
	if text, isGuarded := os.LookupEnv(guarded); isGuarded {
		os.Exit(runGuarded(text))
	}
	if len(os.Args) > 1 && os.Args[1] == task.GuardCommand {
		os.Exit(task.Guard(os.Args[2]))
	}
	if len(os.Args) > 1 && os.Args[1] == task.WorkerCommand {
		os.Exit(task.Work(runNetwork))
	}
	step, isCrash := os.LookupEnv(crash)
	if !isCrash {
		os.Exit(m.Run())
	}
	number, err := strconv.Atoi(step)
	if err == nil && os.Args[2] == prepared {
		_, err = prepareLXC(os.Args[1], "br9", dieAt(number))
	} else if err == nil {
		_, err = applyAndDie(os.Args[1], os.Args[2], number)
	}
	fmt.Fprintln(os.Stderr, "not killed:", err)
	os.Exit(3)
}

func applyAndDie(root, text string, step int) (ansible.Result, error) {
	one, declaration, err := parse(text)
	if err != nil {
		return ansible.Result{}, err
	}
	site, done, err := task.OpenSite("", &system.System{Root: root})
	if err != nil {
		return ansible.Result{}, err
	}
	defer done()
	site.Host.BeforeStep = dieAt(step)
	result := one.Apply(site, declaration)
	return result, result.Err
}

// dieAt kills this process ahead of a step.
func dieAt(step int) func(int) error {
	return func(number int) error {
		if number == step {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
}

func parse(text string) (*task.Task, *services.Declaration, error) {
	var arguments map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&arguments); err != nil {
		return nil, nil, err
	}
	settings, declaration, err := services.ParseNetwork(arguments)
	if err != nil {
		return nil, nil, err
	}
	return &task.Task{
		Call: ansible.Call{Module: "network", Arguments: arguments}, Settings: &settings.Settings,
		Edit: spec.NewEdit("network", arguments, host.TaskOptionNames()),
	}, declaration, nil
}

// lab is a namespace with three cards, one of which carries the host's address and default route, and files of its own.
func lab(t *testing.T) (*netnstest.Namespace, string) {
	t.Helper()
	ns, root := netnstest.New(t), t.TempDir()
	for i := range 3 {
		ns.IP(t, "link", "add", fmt.Sprintf("eth%d", i), "up", "type", "veth", "peer", "name", fmt.Sprintf("far%d", i))
		ns.IP(t, "link", "set", fmt.Sprintf("far%d", i), "up")
	}
	ns.IP(t, "address", "add", "10.0.0.2/24", "dev", "eth0")
	ns.IP(t, "route", "add", "default", "via", "10.0.0.1")
	return ns, root
}

// snapshot is the namespace, its rules and its files.
func snapshot(t *testing.T, ns *netnstest.Namespace, root string) string {
	t.Helper()
	out := []string{ns.Snapshot(t), ns.Exec(t, "nft", "-s", "list", "ruleset"),
		ns.Exec(t, "cat", "/proc/sys/net/ipv4/ip_forward")}
	_ = filepath.WalkDir(filepath.Join(root, "etc"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			content, _ := os.ReadFile(path)
			out = append(out, strings.TrimPrefix(path, root), string(content))
		}
		return nil
	})
	return strings.Join(out, "\n")
}

// within runs f with the site of the namespace.
func within(t *testing.T, ns *netnstest.Namespace, root string, f func(*services.Site)) {
	t.Helper()
	ns.Do(t, func() {
		site, done, err := task.OpenSite("", &system.System{Root: root})
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		f(site)
	})
}

// TestKilledAtEveryStep: whatever a killed run leaves behind, the next one puts back, and does its own work.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	ns, root := lab(t)
	before := snapshot(t, ns, root)
	steps := 0
	within(t, ns, root, func(site *services.Site) {
		one, declaration, err := parse(network)
		if err != nil {
			t.Fatal(err)
		}
		one.Call.CheckMode = true
		result := one.Apply(site, declaration)
		actions, _ := json.Marshal(result.Values.Get("actions"))
		var list []any
		if err := errors.Join(result.Err, json.Unmarshal(actions, &list)); err != nil {
			t.Fatal(err)
		}
		steps = len(list)
	})
	if steps < 15 {
		t.Fatalf("only %d steps: not worth the name", steps)
	}
	for step := range steps {
		killedAt(t, ns, root, step)
		within(t, ns, root, func(site *services.Site) {
			said, err := task.Recover(site)
			if err != nil || !strings.Contains(said, "was left half-way: it was undone") {
				t.Errorf("step %d: %q, %v", step, said, err)
			}
		})
		if after := snapshot(t, ns, root); after != before {
			t.Fatalf("killed at step %d: before\n%s\nafter\n%s", step, before, after)
		}
	}
}

// killedAt runs the task until it kills itself instead of a step.
func killedAt(t *testing.T, ns *netnstest.Namespace, root string, step int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("ip", "netns", "exec", ns.Name, self, root, network)
	command.Env = append(os.Environ(), crash+"="+strconv.Itoa(step))
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("step %d: not killed: %v: %s", step, err, output)
	}
}

// TestTaskWithNothingToDoRecovers: the next run puts back what a killed one has left, even if it has nothing to do.
func TestTaskWithNothingToDoRecovers(t *testing.T) {
	t.Parallel()
	ns, root := lab(t)
	const small = `{"bridges": [{"name": "br-small"}]}`
	apply(t, ns, root, small)
	before := snapshot(t, ns, root)
	killedAt(t, ns, root, 5)
	again := func(warned bool) {
		within(t, ns, root, func(site *services.Site) {
			one, declaration, err := parse(small)
			if err != nil {
				t.Fatal(err)
			}
			result := one.Apply(site, declaration)
			if result.Err != nil || result.Changed ||
				strings.Contains(strings.Join(result.Warnings, ""), "was left half-way: it was undone") != warned {
				t.Errorf("%v, changed %v, warnings %q", result.Err, result.Changed, result.Warnings)
			}
		})
		if after := snapshot(t, ns, root); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
	}
	again(true)
	again(false)
}

// TestRollback: the last change can be undone, once, and the host is as it was.
func TestRollback(t *testing.T) {
	t.Parallel()
	ns, root := lab(t)
	before := snapshot(t, ns, root)
	apply(t, ns, root, network)
	if after := snapshot(t, ns, root); after == before {
		t.Fatal("nothing was changed")
	}
	kept(t, root, "/etc/hostnet/bridges/br-mgmt.yml", "/etc/hostnet/routes/default.yml", "/etc/hostnet/nats/br-mgmt.yml",
		backend.Program)
	within(t, ns, root, func(site *services.Site) {
		one := task.NewRollback()
		target, err := one.Target(site, -1)
		if err == nil {
			_, err = one.Rollback(site, target)
		}
		if err != nil {
			t.Fatal(err)
		}
		if after := snapshot(t, ns, root); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
		if _, err := one.Target(site, -1); err == nil || !strings.Contains(err.Error(), "there is no change to undo") {
			t.Errorf("second rollback: %v", err)
		}
	})
}

// TestPurge removes what is not declared any more, and nothing of anyone else's.
func TestPurge(t *testing.T) {
	t.Parallel()
	ns, root := lab(t)
	ns.IP(t, "link", "add", "foreign", "type", "bridge")
	apply(t, ns, root,
		`{"bridges": [{"name": "br-a"}, {"name": "br-b"}], "routes": [{"to": "10.77.0.0/16", "via": "10.0.0.9"}]}`)
	declared(t, root, 3)
	apply(t, ns, root, `{"purge": true, "bridges": [{"name": "br-b"}]}`)
	links := ns.IP(t, "-br", "link")
	if strings.Contains(links, "br-a") || !strings.Contains(links, "br-b") || !strings.Contains(links, "foreign") {
		t.Errorf("links: %s", links)
	}
	if routes := ns.IP(t, "route"); strings.Contains(routes, "10.77.0.0") || !strings.Contains(routes, "default") {
		t.Errorf("routes: %s", routes)
	}
	declared(t, root, 1)
}

func declared(t *testing.T, root string, want int) {
	t.Helper()
	kept, err := store.Load(&system.System{Root: root})
	if err != nil || len(kept.Problems) > 0 || len(kept.Set.Objects) != want {
		t.Errorf("declared: %v, %v, %v; want %d", kept.Set.Objects, kept.Problems, err, want)
	}
}

// TestConcurrentRunsAreRefused: the second one names the first.
func TestConcurrentRunsAreRefused(t *testing.T) {
	t.Parallel()
	ns, root := lab(t)
	before := snapshot(t, ns, root)
	within(t, ns, root, func(site *services.Site) {
		lock, err := (&store.Store{System: site.Services.System, Namespace: site.Namespace}).Lock("hostnet.linux.bond", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Release()
		one, declaration, err := parse(network)
		if err != nil {
			t.Fatal(err)
		}
		result := one.Apply(site, declaration)
		want := fmt.Sprintf("hostnet.linux.bond (process %d", os.Getpid())
		if result.Err == nil || !strings.Contains(result.Err.Error(), want) {
			t.Errorf("error %v, want one with %q", result.Err, want)
		}
	})
	if after := snapshot(t, ns, root); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// apply must succeed, and a second run must find nothing to do.
func apply(t *testing.T, ns *netnstest.Namespace, root, text string) {
	t.Helper()
	within(t, ns, root, func(site *services.Site) {
		for _, changed := range []bool{true, false} {
			one, declaration, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			result := one.Apply(site, declaration)
			if result.Err != nil || result.Changed != changed {
				actions, _ := json.Marshal(result.Values.Get("actions"))
				t.Fatalf("changed %v, want %v; %v; %s", result.Changed, changed, result.Err, actions)
			}
		}
	})
}

func kept(t *testing.T, root string, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Error(err)
		}
	}
}
