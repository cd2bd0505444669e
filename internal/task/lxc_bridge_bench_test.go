//go:build bench

package task

import (
	"encoding/json"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What an lxc_bridge may cost against what lxc-net takes to start, which proves nothing and keeps nothing for the boot.
const (
	mostForFirst   = 5.0
	mostForAgain   = 1.5 // 50 ms are wanted
	mostForRemoval = 5.0
)

// TestBenchBridge makes lxcbr0 as it is without any option, with its proof, again while nothing differs, and removes it,
// in turn with lxc-net.
func TestBenchBridge(t *testing.T) {
	const script = "/usr/libexec/lxc/lxc-net"
	if _, err := exec.LookPath(script); err != nil {
		t.Fatalf("%v: the lxc package is needed for what is compared", err)
	}
	program := buildProgram(t)
	start, first, again, removal := forever, forever, forever, forever
	for range 5 {
		theirs := newHost(t)
		start = min(start, theirs.took(t, nil, script, "start"))
		if out := theirs.output(t, "nft", "list", "ruleset"); !strings.Contains(out, "masquerade") {
			t.Fatalf("lxc-net has not started: %s", out)
		}
		theirs.end()
		ours := newHost(t)
		declared := map[string]any{"_ansible_module_name": "lxc_bridge"}
		first = min(first, ours.took(t, declared, program, "module"))
		for range 10 {
			again = min(again, ours.took(t, declared, program, "module"))
		}
		declared["state"] = "absent"
		removal = min(removal, ours.took(t, declared, program, "module"))
		if out := ours.output(t, "ip", "-br", "link"); strings.Contains(out, "lxcbr0") {
			t.Fatalf("it is not removed: %s", out)
		}
		ours.end()
	}
	ratio := func(took time.Duration) float64 { return float64(took) / float64(start) }
	t.Logf("lxc-net starts in %v; lxc_bridge with its proof: %v (%.2f×), again %v (%.2f×), removed %v (%.2f×)",
		start, first, ratio(first), again, ratio(again), removal, ratio(removal))
	if ratio(first) > mostForFirst || ratio(again) > mostForAgain || ratio(removal) > mostForRemoval {
		t.Errorf("more than %.1f×, %.1f× and %.1f× of lxc-net's start", mostForFirst, mostForAgain, mostForRemoval)
	}
}

const forever = time.Duration(math.MaxInt64)

// ownHost is a host with namespaces and folders of its own, without an init system.
type ownHost struct {
	pid string
	end func()
}

func newHost(t *testing.T) *ownHost {
	t.Helper()
	const body = `for folder in /etc/hostnet /etc/init.d /run /var/lib /usr/local/sbin /usr/local/share; do
	mkdir -p $folder && mount -t tmpfs tmpfs $folder; done; mkdir -p /var/lib/misc; ip link set lo up; echo ready; exec sleep 600`
	process := exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", body)
	output, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	host := &ownHost{}
	host.end = func() { _ = process.Process.Kill(); _ = process.Wait() }
	t.Cleanup(host.end)
	if _, err := output.Read(make([]byte, len("ready"))); err != nil {
		t.Fatal(err)
	}
	children, err := exec.Command("pgrep", "-P", strconv.Itoa(process.Process.Pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	host.pid = strings.TrimSpace(string(children))
	return host
}

func (h *ownHost) command(arguments ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--target", h.pid, "--net", "--mount", "--pid"}, arguments...)...)
}

func (h *ownHost) output(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := h.command(arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", arguments, err, output)
	}
	return string(output)
}

// took is how long a command takes, with the arguments of a module if there are any.
func (h *ownHost) took(t *testing.T, module map[string]any, arguments ...string) time.Duration {
	t.Helper()
	command := h.command(arguments...)
	if module != nil {
		text, err := json.Marshal(module)
		if err != nil {
			t.Fatal(err)
		}
		command.Stdin = strings.NewReader(string(text))
	}
	start := time.Now()
	output, err := command.CombinedOutput()
	took := time.Since(start)
	if err != nil {
		t.Fatalf("%v: %v: %s", arguments, err, output)
	}
	return took
}
