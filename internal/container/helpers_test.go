//go:build netns || bench

package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/dhcp"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/schema"
)

// The main thread never ends, so a test that leaves another namespace to the end of its thread must not run on it.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	lxctest.Main(m, func(arguments []string) error {
		switch {
		case arguments[0] == dhcp.Command:
			return testMachine().DHCP(arguments[1:])
		case arguments[0] == Crash:
			return Crashing(arguments[1:])
		case arguments[0] == FollowCommand:
			return testMachine().Follow()
		case IsTemplate(arguments):
			return Template(arguments)
		}
		return testMachine().Hook(arguments[1], os.Getenv)
	})
}

// Crash is the argument of this test program for a task of the collection's that may be killed, and Crashing runs it.
const Crash = "crash"

var Crashing func(arguments []string) error

// LabMachine is the machine of tests outside of the package.
func LabMachine() *Machine { return testMachine() }

func testMachine() *Machine {
	return &Machine{
		Runtime: lxctest.Runtime{},
		Open:    func(namespace string) (Kernel, error) { return linux.Open(namespace) },
		Program: Program{Path: DefaultProgram, Source: "/proc/self/exe"},
	}
}

// args are what a task says, as Ansible would pass it.
type args = map[string]any

// task runs container_interface or, if interfaces are listed, container_network.
func task(t testing.TB, folder string, arguments args, check bool) (*Outcome, error) {
	t.Helper()
	parse := ParseInterface
	if _, single := arguments["name"]; !single {
		parse = ParseNetwork
	}
	_, wanted, err := parse(arguments)
	if err != nil {
		return nil, err
	}
	return testMachine().Apply(folder, wanted, check)
}

// apply runs a task three times: checked, for real, and again, which must find nothing to do.
func apply(t testing.TB, folder string, arguments args) *Outcome {
	t.Helper()
	checked, err := task(t, folder, arguments, true)
	if err != nil {
		t.Fatal(err)
	}
	done, err := task(t, folder, arguments, false)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := steps(done), steps(checked); !slices.Equal(got, want) {
		t.Errorf("check mode said\n%s\nthe run did\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	again, err := task(t, folder, arguments, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Steps) > 0 {
		t.Errorf("the second run was not silent:\n%s", strings.Join(steps(again), "\n"))
	}
	return done
}

func steps(o *Outcome) []string {
	var list []string
	for _, step := range o.Steps {
		list = append(list, fmt.Sprint(step.Action, " ", step.Object, " ", step.Changes, " ", step.Disruption))
	}
	return list
}

// problems must be what the task fails with, and nothing may have changed.
func wantProblem(t *testing.T, folder string, arguments args, texts ...string) {
	t.Helper()
	before := snapshot(t, folder)
	_, err := task(t, folder, arguments, false)
	if err == nil {
		t.Fatalf("no error, want %q", texts)
	}
	var problems schema.Problems
	if asProblems(err, &problems) && len(problems) != len(texts) {
		t.Errorf("%d problems, want %d: %v", len(problems), len(texts), err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error\n%v\nlacks %q", err, text)
		}
	}
	wantSame(t, before, snapshot(t, folder))
}

func asProblems(err error, problems *schema.Problems) bool { return errors.As(err, problems) }

// snapshot is all that a task may change, a line each: the host's links, each container's, and the files. What the
// kernel counts or makes up by itself is left out.
func snapshot(t testing.TB, folder string) []string {
	t.Helper()
	lines := look(t, "host")
	for line := range strings.Lines(lxctest.Must(t, "tc", "qdisc", "show")) {
		if strings.Contains(line, " tbf ") {
			lines = append(lines, "host "+strings.TrimSpace(line))
		}
	}
	for line := range strings.Lines(lxctest.Must(t, "bridge", "vlan")) {
		lines = append(lines, "host vlan "+strings.TrimSpace(line))
	}
	names, err := lxctest.Runtime{}.Containers(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		c := &lxctest.Container{Folder: folder, Name: name}
		files, err := filepath.Glob(filepath.Join(folder, name, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, _ := os.ReadFile(file)
			if !strings.HasSuffix(file, ".log") {
				lines = append(lines, file+"\n"+string(text))
			}
		}
		if state, _ := (lxctest.Runtime{}).State(folder, name); state.Running() {
			lines = append(lines, look(t, name, "nsenter", "-t", fmt.Sprint(c.PID(t)), "-n")...)
		}
	}
	slices.Sort(lines)
	return lines
}

// look lists links, addresses and routes as iproute2 sees them.
func look(t testing.TB, who string, enter ...string) []string {
	t.Helper()
	var lines []string
	for _, query := range []struct {
		arguments []string
		keys      []string
	}{
		{[]string{"link"}, []string{"ifname", "mtu", "master", "link_type", "address", "operstate"}},
		{[]string{"address"}, []string{"ifname", "addr_info"}},
		{[]string{"route"}, []string{"dst", "gateway", "dev", "metric", "scope", "prefsrc"}},
		{[]string{"-6", "route"}, []string{"dst", "gateway", "dev", "metric"}},
	} {
		command := append(append(slices.Clone(enter), "ip", "-j"), query.arguments...)
		var list []map[string]any
		if err := json.Unmarshal([]byte(lxctest.Must(t, command[0], command[1:]...)), &list); err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			line := who + " " + query.arguments[0]
			for _, key := range query.keys {
				line += fmt.Sprintf(" %s=%v", key, tidy(one[key]))
			}
			if !strings.Contains(line, "dst=fe80:") && !strings.Contains(line, "dst=multicast") {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// tidy leaves out what the kernel makes up: link-local addresses, and the host ends' MAC addresses that bridges take
// on.
func tidy(value any) any {
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, "fe:") || v == "UNKNOWN" || v == "DOWN" || v == "UP" {
			return ""
		}
	case []any:
		var out []string
		for _, one := range v {
			fields, ok := one.(map[string]any)
			if ok && fields["scope"] != "link" {
				out = append(out, fmt.Sprint(fields["local"], "/", fields["prefixlen"]))
			}
		}
		slices.Sort(out)
		return out
	}
	return value
}

// wantSame shows only what differs.
func wantSame(t testing.TB, before, after []string) {
	t.Helper()
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("lost: %s", line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			t.Errorf("new: %s", line)
		}
	}
}

// three are the interfaces of one of many containers.
func three(number int) []any {
	var interfaces []any
	for i := range 3 {
		interfaces = append(interfaces, args{
			"name": fmt.Sprintf("eth%d", i+1), "bridge": "br-w", "addresses": []any{fmt.Sprintf("10.%d.%d.2/24", i+1, number)},
		})
	}
	return interfaces
}

// emptyRoot is a root file system that holds one static program and nothing else.
func emptyRoot(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	source := filepath.Join(folder, "init.go")
	const text = "package main\n\nimport \"time\"\n\nfunc main() { time.Sleep(time.Hour) }\n"
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(folder, "root")
	build := exec.Command("go", "build", "-o", filepath.Join(root, "sbin", "init"), source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return root
}
