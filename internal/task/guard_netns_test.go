//go:build netns

package task_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// guarded is what this test program does when it is called with it: a task that waits for its confirmation.
const guarded = "HOSTNET_GUARDED"

func runGuarded(text string) int {
	var call ansible.Call
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&call); err != nil {
		return 2
	}
	result := runNetwork(call)
	_, _ = os.Stdout.Write(result.Encode(false))
	return 0
}

func runNetwork(call ansible.Call) ansible.Result {
	return task.RunServices(services.ParseNetwork)(context.Background(), call)
}

// startGuarded has a bridge made that somebody has to confirm, and returns the token.
func startGuarded(t *testing.T, ns *netnstest.Namespace, timeout int) string {
	t.Helper()
	call, err := json.Marshal(ansible.Call{Module: "network", Arguments: map[string]any{
		"bridges": []any{map[string]any{"name": "br-a"}}, "confirm": map[string]any{"mode": "on", "timeout": timeout},
	}})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("ip", "netns", "exec", ns.Name, self)
	command.Env = append(os.Environ(), guarded+"="+string(call), "SECRET_OF_THE_TASK=hush")
	output, err := command.Output()
	var answer struct {
		Confirm struct {
			Token string `json:"token"`
		} `json:"_hostnet_confirm"`
		Msg string `json:"msg"`
	}
	if err != nil || json.Unmarshal(output, &answer) != nil || answer.Confirm.Token == "" {
		t.Fatalf("%v: %s", err, output)
	}
	return answer.Confirm.Token
}

// guardOf is the number of the guard's process.
func guardOf(t *testing.T, token string) int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && bytes.Contains(line, []byte("\x00"+task.GuardCommand+"\x00")) &&
			bytes.Contains(line, []byte(token)) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			return pid
		}
	}
	return 0
}

func waitFor(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in %s: not %s", limit, what)
		}
	}
}

func hasBridge(t *testing.T, ns *netnstest.Namespace) bool {
	t.Helper()
	return strings.Contains(ns.IP(t, "-br", "link"), "br-a")
}

// namespaced is a namespace with the journal of its own, which goes with the test.
func namespaced(t *testing.T) (*netnstest.Namespace, *store.Store) {
	t.Helper()
	ns := netnstest.New(t)
	key, err := system.NamespaceKey("/run/netns/" + ns.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, err := filepath.Glob(system.RuntimeFolder + "/" + key + "*.lock"); err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
		_ = os.RemoveAll(system.RuntimeFolder + "/" + key)
	})
	return ns, &store.Store{System: &system.System{}, Namespace: key}
}

func isWaiting(records *store.Store) func() bool {
	return func() bool {
		left, err := records.Current()
		return err == nil && left != nil && left.Phase == store.Waiting
	}
}

// TestGuardActsAtItsDeadline: a change that nobody confirms goes, although another process holds the lock all the time.
// Its guard knows nothing of the task's environment.
func TestGuardActsAtItsDeadline(t *testing.T) {
	t.Parallel()
	ns, records := namespaced(t)
	token := startGuarded(t, ns, 5)
	waitFor(t, 20*time.Second, "made", isWaiting(records))
	if !hasBridge(t, ns) {
		t.Error("the change is waiting and not made")
	}
	if text, err := os.ReadFile("/proc/" + strconv.Itoa(guardOf(t, token)) + "/environ"); err != nil ||
		bytes.Contains(text, []byte("hush")) {
		t.Errorf("the guard's environment: %q, %v", text, err)
	}
	lock, err := records.Lock("a test that hangs", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	waitFor(t, 20*time.Second, "undone", func() bool { return !hasBridge(t, ns) })
	waitFor(t, 20*time.Second, "noted", func() bool {
		undone, err := records.Undone()
		return err == nil && undone != nil && undone.Token == token &&
			strings.Contains(undone.Reason, "nobody confirmed it within 5s")
	})
	waitFor(t, 5*time.Second, "ended", func() bool { return guardOf(t, token) == 0 })
	if left, _ := filepath.Glob(system.RuntimeFolder + "/" + token + "*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestKilledGuard: the next call undoes what the guard would have, at once; and another guard that is started in its
// place does so by itself.
func TestKilledGuard(t *testing.T) {
	t.Parallel()
	for _, successor := range []string{"task", "guard"} {
		t.Run(successor, func(t *testing.T) {
			t.Parallel()
			ns, records := namespaced(t)
			token := startGuarded(t, ns, 8)
			waitFor(t, 20*time.Second, "made", isWaiting(records))
			if err := syscall.Kill(guardOf(t, token), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			waitFor(t, 5*time.Second, "killed", func() bool { return !records.IsGuarded(token) })
			path := filepath.Join(system.RuntimeFolder, token+".json")
			if successor == "guard" {
				self, err := os.Executable()
				if err != nil {
					t.Fatal(err)
				}
				// As systemd starts it again.
				if output, err := exec.Command("ip", "netns", "exec", ns.Name, self, task.GuardCommand,
					path).CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, output)
				}
			} else {
				ns.Do(t, func() {
					result := runNetwork(ansible.Call{Module: "network",
						Arguments: map[string]any{"veths": []any{map[string]any{"name": "v0", "peer": "v1"}}}})
					if said := strings.Join(result.Warnings, " "); result.Err != nil ||
						!strings.Contains(said, "was left half-way: it was undone") {
						t.Errorf("%v, warnings %s", result.Err, said)
					}
				})
			}
			if hasBridge(t, ns) {
				t.Error("the change is still there")
			}
			if left, err := records.Current(); left != nil || err != nil {
				t.Errorf("journal %v, %v", left, err)
			}
			if left, _ := filepath.Glob(path + "*"); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}
