// Package netnstest gives tests throw-away network namespaces on the running kernel, and iproute2 as the witness of
// what is in them. Only tests with the build tag netns, which run as root, use it.
package netnstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace of one test. It starts with its loopback up and nothing else.
type Namespace struct {
	// Name is what `ip -n` and linux.Open take.
	Name string
}

// prefix is followed by the process and a number, so that packages can be tested at the same time.
const prefix = "hostnet-test-"

// folder is where iproute2 keeps the names of namespaces.
const folder = "/run/netns"

var (
	made    atomic.Int64
	sweeper sync.Once
)

// New makes a namespace, which goes away with the test. Processes that the test left in it are an error.
func New(t testing.TB) *Namespace {
	t.Helper()
	needRoot(t)
	sweeper.Do(sweep)
	namespace := &Namespace{Name: fmt.Sprintf("%s%d-%d", prefix, os.Getpid(), made.Add(1))}
	if output, err := run("ip", "netns", "add", namespace.Name); err != nil {
		t.Fatalf("cannot make a network namespace: %v: %s", err, output)
	}
	t.Cleanup(func() { namespace.remove(t) })
	namespace.IP(t, "link", "set", "lo", "up")
	return namespace
}

// Names are all that the namespace is called: its name, its path, and the number of a process in it, which the test
// ends.
func (n *Namespace) Names(t testing.TB) []string {
	t.Helper()
	process := exec.Command("sleep", "infinity")
	n.Do(t, func() {
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { _, _ = process.Process.Kill(), process.Wait() })
	return []string{n.Name, filepath.Join(folder, n.Name), strconv.Itoa(process.Process.Pid)}
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Skip(t, "network namespaces need root")
	}
}

// Skip skips the test with the reason, or fails it where every test must run (HOSTNET_NO_SKIP=1, as in the virtual
// machine, whose kernel has everything).
func Skip(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("HOSTNET_NO_SKIP") == "1" {
		t.Fatalf("must not be skipped here: "+format, args...)
	}
	t.Skipf(format, args...)
}

// remove deletes the namespace and complains about what the test left running in it: a process would keep the
// namespace and its links alive for ever.
func (n *Namespace) remove(t testing.TB) {
	pids, err := run("ip", "netns", "pids", n.Name)
	if err != nil {
		t.Errorf("cannot list the processes in namespace %s: %v: %s", n.Name, err, pids)
	}
	for pid := range strings.FieldsSeq(pids) {
		number, err := strconv.Atoi(pid)
		// This process counts itself while a thread of Do is on its way out.
		if err != nil || number == os.Getpid() {
			continue
		}
		command, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
		t.Errorf("the test left process %s in namespace %s: %s", pid, n.Name,
			bytes.ReplaceAll(command, []byte{0}, []byte{' '}))
		_ = unix.Kill(number, unix.SIGKILL)
	}
	if output, err := run("ip", "netns", "delete", n.Name); err != nil {
		t.Errorf("cannot delete namespace %s: %v: %s", n.Name, err, output)
	}
}

// sweep removes what test processes that were killed left behind.
func sweep() {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		rest, ours := strings.CutPrefix(entry.Name(), prefix)
		pid, _, _ := strings.Cut(rest, "-")
		if _, err := os.Stat(filepath.Join("/proc", pid)); ours && errors.Is(err, os.ErrNotExist) {
			_, _ = run("ip", "netns", "delete", entry.Name())
		}
	}
}

// run gives standard output, or standard error in its place when the command fails.
func run(command string, args ...string) (string, error) { return runWith(nil, command, args...) }

// runWith is run with something to read.
func runWith(input io.Reader, command string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	process := exec.Command(command, args...)
	process.Stdin, process.Stdout, process.Stderr = input, &stdout, &stderr
	if err := process.Run(); err != nil {
		return strings.TrimSpace(stderr.String() + stdout.String()), err
	}
	return stdout.String(), nil
}

// Try runs a command inside the namespace (which has its own /sys) and returns its standard output, or what it
// complained about together with the error.
func (n *Namespace) Try(command string, args ...string) (string, error) {
	if command == "ip" || command == "bridge" {
		return run(command, append([]string{"-n", n.Name}, args...)...)
	}
	return run("ip", append([]string{"netns", "exec", n.Name, command}, args...)...)
}

// Exec is Try for commands that must succeed.
func (n *Namespace) Exec(t testing.TB, command string, args ...string) string {
	t.Helper()
	output, err := n.Try(command, args...)
	if err != nil {
		t.Fatalf("%s %s: %v: %s", command, strings.Join(args, " "), err, output)
	}
	return output
}

// IP runs iproute2's ip in the namespace; it must succeed.
func (n *Namespace) IP(t testing.TB, args ...string) string {
	t.Helper()
	return n.Exec(t, "ip", args...)
}

// JSON decodes what `ip -j -d ARGS` says of the namespace. No output leaves value as it is.
func (n *Namespace) JSON(t testing.TB, value any, args ...string) {
	t.Helper()
	output := n.IP(t, append([]string{"-j", "-d"}, args...)...)
	if strings.TrimSpace(output) == "" {
		return
	}
	if err := json.Unmarshal([]byte(output), value); err != nil {
		t.Fatalf("ip -j -d %s: %v in %s", strings.Join(args, " "), err, output)
	}
}

// Do runs f on a thread inside the namespace and waits for it. The thread ends with f, so nothing else can come to
// run there. Goroutines that f starts are outside. f may end the test with t.Fatal.
func (n *Namespace) Do(t testing.TB, f func()) {
	t.Helper()
	var entering error
	returned, done := false, make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the runtime ends a thread whose goroutine ends locked
		if entering = n.enter(); entering != nil {
			return
		}
		f()
		returned = true
	}()
	<-done
	if entering != nil {
		t.Fatalf("cannot enter namespace %s: %v", n.Name, entering)
	}
	if !returned {
		t.FailNow() // f ended by t.Fatal, which stops only the goroutine that called it
	}
}

func (n *Namespace) enter() error {
	file, err := os.Open(filepath.Join(folder, n.Name))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
}
