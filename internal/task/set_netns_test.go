//go:build netns

package task_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/task"
	"hostnet.linux/modules/registry"
)

// machine is a host of a test's own: a namespace with cards, and files.
type machine struct {
	*testing.T
	ns   *netnstest.Namespace
	root string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	ns, root := lab(t)
	return &machine{t, ns, root}
}

// module runs a task of a module as Ansible would.
func (m *machine) module(module, text string) ansible.Result {
	m.Helper()
	var arguments map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&arguments); err != nil {
		m.Fatal(err)
	}
	if _, err := registry.Find(module); err != nil {
		m.Fatal(err)
	}
	var settings *host.Declaration
	var declaration *services.Declaration
	var openstack *task.OpenStack
	var err error
	switch module {
	case "network":
		if arguments, openstack, err = task.ExpandOpenStack(arguments); err != nil {
			return ansible.Fail(err)
		}
		if arguments, _, err = task.ExpandState(arguments); err != nil {
			return ansible.Fail(err)
		}
		settings, declaration, err = services.ParseNetwork(arguments)
	case "route", "rule":
		parse := map[string]func(map[string]any) (*host.Declaration, *host.State, error){
			"route": host.ParseRoute, "rule": host.ParseRule}[module]
		var state *host.State
		settings, state, err = parse(arguments)
		declaration = &services.Declaration{Host: state}
	case "lxc_bridge":
		settings, declaration, err = services.ParseBridge(arguments)
	default:
		var state *host.State
		settings, state, err = host.ParseSingle(strings.TrimSuffix(module, "interface"), arguments)
		declaration = &services.Declaration{Host: state}
	}
	if err != nil {
		return ansible.Fail(openstack.Label(err))
	}
	var result ansible.Result
	within(m.T, m.ns, m.root, func(site *services.Site) {
		one := &task.Task{
			Call: ansible.Call{Module: module, Arguments: arguments}, Settings: &settings.Settings,
			Edit: spec.NewEdit(module, arguments, host.TaskOptionNames()), OpenStack: openstack,
		}
		result = openstack.Finish(one.Apply(site, declaration))
	})
	return result
}

// declare must succeed, and a second run must be silent.
func (m *machine) declare(module, text string) ansible.Result {
	m.Helper()
	first := m.module(module, text)
	if first.Err != nil {
		m.Fatalf("%s %s: %v", module, text, first.Err)
	}
	if first.Changed && len(first.Before) == 0 && len(first.After) == 0 {
		m.Errorf("%s %s: changed, and the difference is empty: %s", module, text, actionsOf(first))
	}
	if again := m.module(module, text); again.Err != nil || again.Changed {
		m.Errorf("%s %s again: changed %t, %v: %s", module, text, again.Changed, again.Err, actionsOf(again))
	}
	m.clean()
	return first
}

// refuse must name all of these, and change nothing.
func (m *machine) refuse(module, text string, parts ...string) {
	m.Helper()
	before := snapshot(m.T, m.ns, m.root)
	result := m.module(module, text)
	if result.Err == nil {
		m.Fatalf("%s %s was taken: %s", module, text, actionsOf(result))
	}
	for _, part := range parts {
		if !strings.Contains(result.Err.Error(), part) {
			m.Errorf("%s %s: %q is missing in: %v", module, text, part, result.Err)
		}
	}
	if after := snapshot(m.T, m.ns, m.root); after != before {
		m.Errorf("refused, and before\n%s\nafter\n%s", before, after)
	}
}

func actionsOf(result ansible.Result) string {
	text, _ := json.Marshal(result.Values.Get("actions"))
	return string(text)
}

// clean is `hostnet diff` without a difference.
func (m *machine) clean() {
	m.Helper()
	within(m.T, m.ns, m.root, func(site *services.Site) {
		one := task.NewWhole()
		one.Call.CheckMode = true
		if result := one.Apply(site, nil); result.Err != nil || result.Changed {
			m.Errorf("diff: changed %t, %v: %s", result.Changed, result.Err, actionsOf(result))
		}
	})
}

// boot removes the links, and makes what is declared as the boot does.
func (m *machine) boot(gone ...string) *task.Partial {
	m.Helper()
	for _, name := range gone {
		m.ns.IP(m.T, "link", "delete", name)
	}
	var made *task.Partial
	within(m.T, m.ns, m.root, func(site *services.Site) {
		var err error
		if made, err = task.Boot(site); err != nil {
			m.Fatal(err)
		}
	})
	return made
}

// told is what `hostnet diff` says is incomplete.
func (m *machine) told() string {
	m.Helper()
	var out string
	within(m.T, m.ns, m.root, func(site *services.Site) {
		one := task.NewWhole()
		one.Call.CheckMode = true
		result := one.Apply(site, nil)
		if result.Err != nil {
			m.Fatal(result.Err)
		}
		for _, line := range task.IncompleteOf(result) {
			out += line.String() + "\n"
		}
	})
	return out
}

func (m *machine) file(path string) string {
	m.Helper()
	text, err := os.ReadFile(filepath.Join(m.root, path))
	if err != nil {
		m.Error(err)
	}
	return string(text)
}

func (m *machine) write(path, text string) {
	m.Helper()
	path = filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.Fatal(err)
	}
}

// TestPartialTask: what a later task leaves out stays declared, and comes back with the boot.
func TestPartialTask(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-g", "ports": ["eth1"], "addresses": ["10.5.0.2/24"], "forward_delay": 0}`)
	m.declare("bridge", `{"name": "br-g", "mtu": 1400}`)
	m.declare("bridge", `{"name": "br-g", "ports": [{"name": "eth2", "cost": 7}]}`)
	made := m.boot("br-g")
	if len(made.Incomplete) > 0 {
		t.Errorf("incomplete: %v", made.Incomplete)
	}
	seen := m.ns.IP(t, "-d", "address", "show", "br-g") + m.ns.IP(t, "-d", "link", "show", "master", "br-g")
	for _, part := range []string{"mtu 1400", "10.5.0.2/24", "forward_delay 0", "eth1@", "eth2@", "cost 7"} {
		if !strings.Contains(seen, part) {
			t.Errorf("%q is missing after the boot: %s", part, seen)
		}
	}
	m.clean()
}

// TestForgetting: null stops managing an option, replace forgets what was declared before of the object.
func TestForgetting(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-g", "mtu": 1400, "addresses": ["10.5.0.2/24"], "ageing_time": 100}`)
	m.declare("bridge", `{"name": "br-g", "mtu": null}`)
	if text := m.file("/etc/hostnet/bridges/br-g.yml"); strings.Contains(text, "mtu") ||
		!strings.Contains(text, "10.5.0.2/24") {
		t.Errorf("kept:\n%s", text)
	}
	if seen := m.ns.IP(t, "link", "show", "br-g"); !strings.Contains(seen, "mtu 1400") {
		t.Errorf("what is not managed any more stays as it is: %s", seen)
	}
	m.declare("bridge", `{"name": "br-g", "addresses": ["10.5.0.3/24"], "replace": true}`)
	if text := m.file("/etc/hostnet/bridges/br-g.yml"); strings.Contains(text, "ageing_time") ||
		strings.Contains(text, "replace") {
		t.Errorf("kept:\n%s", text)
	}
}

// TestOneNameOneKind: a name is one link, whatever kind a task takes it for.
func TestOneNameOneKind(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-y"}`)
	m.refuse("vxlan", `{"name": "br-y", "id": 7, "local": "10.0.0.2"}`,
		"name: br-y is declared as a bridge in /etc/hostnet/bridges/br-y.yml:")
	m.refuse("network", `{"dummies": [{"name": "br-y"}]}`, "dummies[0].name: br-y is declared as a bridge")
	m.refuse("interface", `{"name": "br-y", "state": "absent"}`, "name: br-y is declared as a bridge")
	m.declare("bridge", `{"name": "br-y", "state": "absent"}`)
	m.declare("vxlan", `{"name": "br-y", "id": 7, "local": "10.0.0.2"}`)
}

// TestNewWithTheKept: what a task declares is checked together with what others have declared.
func TestNewWithTheKept(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge",
		`{"name": "br-a", "ports": ["eth1"], "addresses": ["10.5.0.2/24"], "routes": [{"to": "10.66.0.0/16", "via": "10.5.0.1"}]}`)
	m.refuse("bridge", `{"name": "br-b", "ports": ["eth1"]}`, "ports[0]: eth1 is a port of", "br-a")
	m.refuse("bridge", `{"name": "br-b", "addresses": ["10.5.0.2/24"]}`, "addresses[0]: 10.5.0.2 is declared twice",
		"/etc/hostnet/bridges/br-a.yml:")
	m.refuse("route", `{"to": "10.66.0.0/16", "via": "10.0.0.1"}`, "is declared twice", "/etc/hostnet/bridges/br-a.yml:")
	m.declare("macvlan", `{"name": "mv0", "parent": "eth2", "mtu": 1500}`)
	m.refuse("interface", `{"name": "eth2", "mtu": 1300}`, "mtu: 1300 is below the 1500 of mv0",
		"/etc/hostnet/macvlans/mv0.yml:")
	m.declare("veth", `{"name": "v0", "peer": "v1"}`)
	m.declare("macvlan", `{"name": "mv1", "parent": "v0"}`)
	m.refuse("veth", `{"name": "v0", "peer": "v1", "state": "absent"}`, "/etc/hostnet/macvlans/mv1.yml:",
		"parent: v0 goes")
	m.refuse("bridge", `{"name": "v1"}`, "name: v1 is the other end of veth v0 (/etc/hostnet/veths/v0.yml:")
	m.refuse("veth", `{"name": "v2", "peer": "br-a"}`, "peer: br-a is a bridge (/etc/hostnet/bridges/br-a.yml:")
	m.refuse("network", `{"veths": [{"name": "v2", "peer": "b0"}], "bridges": [{"name": "b0"}]}`,
		"veths[0].peer: b0 is a bridge (bridges[0].name)")
	m.refuse("veth", `{"name": "v1", "state": "absent"}`, "/etc/hostnet/veths/v0.yml:", "peer: v1 goes")
	m.declare("network",
		`{"veths": [{"name": "v0", "peer": "v1", "state": "absent"}], "macvlans": [{"name": "mv1", "parent": "v0", "state": "absent"}]}`)
}

// TestOneListOfRoutes: a link's routes and the module route do not undo each other.
func TestOneListOfRoutes(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge",
		`{"name": "br-a", "ports": ["eth1"], "addresses": ["10.5.0.2/24"], "routes": [{"to": "10.66.0.0/16", "via": "10.5.0.1"}]}`)
	m.declare("route", `{"to": "10.67.0.0/16", "via": "10.5.0.1"}`)
	m.declare("bridge", `{"name": "br-a", "routes": [{"to": "10.68.0.0/16", "via": "10.5.0.1"}]}`)
	routes := m.ns.IP(t, "route")
	if !strings.Contains(routes, "10.67.0.0/16") || !strings.Contains(routes, "10.68.0.0/16") ||
		strings.Contains(routes, "10.66.0.0/16") {
		t.Errorf("routes: %s", routes)
	}
	m.declare("route", `{"to": "10.68.0.0/16", "state": "absent"}`)
	if text := m.file("/etc/hostnet/bridges/br-a.yml"); strings.Contains(text, "10.68") {
		t.Errorf("kept:\n%s", text)
	}
	// The bridge comes into the plan of its port, as the MTU follows.
	m.declare("interface", `{"name": "eth1", "mtu": 1400}`)
	if routes := m.ns.IP(t, "route"); !strings.Contains(routes, "10.67.0.0/16") {
		t.Errorf("routes: %s", routes)
	}
	m.clean()
	m.declare("route", `{"to": "0.0.0.0/0", "via": "10.5.0.1", "metric": 7}`)
	m.declare("route", `{"to": "default", "metric": "7", "via": "10.5.0.1", "table": 254}`)
	m.declare("route", `{"to": "default", "family": "inet", "metric": 7, "table": "main", "state": "absent"}`)
}

// TestMovesInTheSet: a declared card whose address and route go into a bridge keeps neither.
func TestMovesInTheSet(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("interface",
		`{"name": "eth0", "addresses": ["10.0.0.2/24"], "routes": [{"to": "default", "via": "10.0.0.1"}]}`)
	m.declare("route", `{"to": "10.70.0.0/16", "via": "10.0.0.9", "dev": "eth0"}`)
	m.declare("bridge", `{"name": "br-m", "ports": ["eth0"], "addresses": ["10.0.0.2/24"]}`)
	if text := m.file("/etc/hostnet/interfaces/eth0.yml"); strings.Contains(text, "10.0.0.") {
		t.Errorf("kept:\n%s", text)
	}
	want := m.ns.IP(t, "route")
	if !strings.Contains(want, "default via 10.0.0.1 dev br-m") ||
		!strings.Contains(want, "10.70.0.0/16 via 10.0.0.9 dev br-m") {
		t.Errorf("routes: %s", want)
	}
	if made := m.boot("br-m"); len(made.Incomplete) > 0 {
		t.Errorf("incomplete: %v", made.Incomplete)
	}
	if got := m.ns.IP(t, "route"); strings.ReplaceAll(got, "linkdown ", "") != strings.ReplaceAll(want, "linkdown ", "") {
		t.Errorf("routes after the boot:\n%s\nbefore:\n%s", got, want)
	}
	m.clean()
}

// TestEqualIsEqual: the same in other words is no change.
func TestEqualIsEqual(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge",
		`{"name": "br-a", "mtu": "1400", "stp": "no", "ports": "eth1", "mac_address": "02:AA:00:00:00:01", "addresses": ["fd00:0:0::1/64"]}`)
	for _, same := range []string{
		`{"mtu": 1400, "name": "br-a"}`, `{"name": "br-a", "stp": false}`, `{"name": "br-a", "ports": ["eth1"]}`,
		`{"name": "br-a", "mac_address": "02:aa:00:00:00:01"}`, `{"name": "br-a", "addresses": "FD00::1/64"}`,
	} {
		if result := m.module("bridge", same); result.Err != nil || result.Changed {
			t.Errorf("%s: changed %t, %v: %s", same, result.Changed, result.Err, actionsOf(result))
		}
	}
}

// TestFolderOfAPerson: what a person edits, misplaces and deletes is told with its file and line.
func TestFolderOfAPerson(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-a", "mtu": 1400}`)
	m.write("/etc/hostnet/foo.yml", "bridges: []\n")
	m.write("/etc/hostnet/bridges/br-b.yml", "bridges:\n  - name: br-b\n    mtu: 14O0\n    addresses: [10.9.0.1/24]\n")
	m.write("/etc/hostnet/bridges/br-c.yml", "bridges: [}\n")
	told := m.told()
	for _, part := range []string{"/etc/hostnet/foo.yml: not read",
		"/etc/hostnet/bridges/br-b.yml:3: mtu: must be a whole number", "/etc/hostnet/bridges/br-c.yml"} {
		if !strings.Contains(told, part) {
			t.Errorf("%q is missing in: %s", part, told)
		}
	}
	made := m.boot("br-a")
	if seen := m.ns.IP(t, "address"); !strings.Contains(seen, "10.9.0.1/24") || !strings.Contains(seen, "br-a") {
		t.Errorf("the rest was not made: %s", seen)
	}
	if len(made.Incomplete) != 3 || !strings.Contains(made.Status(), "of 2 objects incomplete: ") {
		t.Errorf("incomplete: %v; %s", made.Incomplete, made.Status())
	}
	// A task about something else goes on, and warns.
	result := m.module("veth", `{"name": "v5", "peer": "v6"}`)
	if text, _ := json.Marshal(result.Warnings); result.Err != nil || !strings.Contains(string(text), "br-b.yml:3") {
		t.Errorf("warnings: %s", text)
	}
}

// TestBootWithoutACard: the bridge comes up on the ports that are there.
func TestBootWithoutACard(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("network",
		`{"bridges": [{"name": "br-a", "ports": ["eth1", "eth2"], "addresses": ["10.5.0.2/24"]}], "veths": [{"name": "v0", "peer": "v1"}],
		"macvlans": [{"name": "mv0", "parent": "far2", "addresses": ["10.6.0.2/24"]}, {"name": "mv1", "parent": "br-a", "addresses": ["10.7.0.2/24"]}]}`)
	made := m.boot("br-a", "eth2")
	seen := m.ns.IP(t, "-br", "address")
	if !strings.Contains(seen, "10.5.0.2/24") || !strings.Contains(seen, "10.7.0.2/24") ||
		strings.Contains(seen, "10.6.0.2/24") {
		t.Errorf("addresses: %s", seen)
	}
	text := schema.Problems{}
	for _, one := range made.Incomplete {
		text.Add("", "%s", one)
	}
	if len(made.Incomplete) != 2 || !strings.Contains(text.Error(), "br-a.yml:") ||
		!strings.Contains(text.Error(), "eth2") {
		t.Errorf("incomplete: %v", made.Incomplete)
	}
	m.ns.IP(t, "link", "add", "eth2", "up", "type", "veth", "peer", "name", "far2")
	if made = m.boot(); len(made.Incomplete) > 0 {
		t.Errorf("incomplete: %v", made.Incomplete)
	}
	m.clean()
}

// TestOptionalPort: a port that is declared to be optional may be missing, and is taken in when it comes.
func TestOptionalPort(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-a", "ports": ["eth1", {"name": "usb0", "optional": true}], "required": true}`)
	if made := m.boot("br-a"); len(made.Incomplete) > 0 || made.RequiredMissing() {
		t.Errorf("incomplete: %v", made.Incomplete)
	}
	m.ns.IP(t, "link", "add", "usb0", "type", "veth", "peer", "name", "far9")
	m.boot()
	if seen := m.ns.IP(t, "link", "show", "master", "br-a"); !strings.Contains(seen, "usb0") ||
		!strings.Contains(seen, "eth1") {
		t.Errorf("ports: %s", seen)
	}
	m.refuse("bridge", `{"name": "br-b", "ports": ["usb7"]}`, "ports[0]: there is no link usb7")
	m.ns.IP(t, "link", "delete", "eth1")
	if made := m.boot(); len(made.Incomplete) != 1 || !made.RequiredMissing() {
		t.Errorf("incomplete: %v", made.Incomplete)
	}
}

// TestDeletedFile: an object whose file somebody has removed is no longer declared, and said to be still there.
func TestDeletedFile(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-p", "mtu": 1400}`)
	m.declare("route", `{"to": "10.77.0.0/16", "via": "10.0.0.9"}`)
	for _, path := range []string{"/etc/hostnet/bridges/br-p.yml", "/etc/hostnet/routes/10.77.0.0-16.yml"} {
		if err := os.Remove(filepath.Join(m.root, path)); err != nil {
			t.Fatal(err)
		}
	}
	within(t, m.ns, m.root, func(site *services.Site) {
		found, err := task.NewWhole().Partial(site)
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Join(found.Left, "; "); !strings.Contains(told, "bridge br-p") ||
			!strings.Contains(told, "route 10.77.0.0/16") {
			t.Errorf("told: %s", told)
		}
		if len(found.Plan.Steps) > 0 {
			t.Errorf("steps: %v", found.Plan.Steps)
		}
	})
}

// TestDamagedFileAtBoot: the boot takes what the last generation has of a file that cannot be read.
func TestDamagedFileAtBoot(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("bridge", `{"name": "br-p", "addresses": ["10.9.0.1/24"]}`)
	for _, damage := range []string{"bridges: [}", "bridges:\n  - {name: br-p, addresses: [10.9", "\x00\x00\x00"} {
		m.write("/etc/hostnet/bridges/br-p.yml", damage)
		made := m.boot("br-p")
		if seen := m.ns.IP(t, "address", "show", "br-p"); !strings.Contains(seen, "10.9.0.1/24") {
			t.Errorf("after %q: %s", damage, seen)
		}
		told := false
		for _, one := range made.Incomplete {
			told = told || strings.Contains(one.String(), "/etc/hostnet/bridges/br-p.yml") &&
				strings.Contains(one.String(), "generation 1")
		}
		if !told {
			t.Errorf("after %q: %v", damage, made.Incomplete)
		}
		m.write("/etc/hostnet/bridges/br-p.yml", "bridges:\n- name: br-p\n  addresses: [10.9.0.1/24]\n")
	}
}

// TestWhatStandsOnIt: a change of a link's MTU puts what is declared on it right in the same run.
func TestWhatStandsOnIt(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.declare("interface", `{"name": "eth2", "mtu": 1500}`)
	m.declare("macvlan", `{"name": "mv0", "parent": "eth2", "mtu": 1400, "addresses": ["10.9.0.1/24"]}`)
	m.declare("interface", `{"name": "eth2", "mtu": 1400}`)
	m.declare("interface", `{"name": "eth2", "mtu": 1450}`)
	if seen := m.ns.IP(t, "address", "show", "mv0"); !strings.Contains(seen, "mtu 1400") ||
		!strings.Contains(seen, "10.9.0.1/24") {
		t.Errorf("mv0: %s", seen)
	}
}

// TestUndoTouchesNothingElse: what a change of rules, routes or files replaced, written down and read again, brings
// back that alone: links, addresses and routes that it did not touch stay.
func TestUndoTouchesNothingElse(t *testing.T) {
	t.Parallel()
	for module, text := range map[string]string{
		"rule":   `{"priority": 10, "to": "10.99.0.0/24", "action": "prohibit"}`,
		"route":  `{"to": "10.99.0.0/24", "type": "blackhole"}`,
		"bridge": `{"name": "br-b"}`,
		"veth":   `{"name": "v0", "peer": "v1"}`,
	} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.declare("interface", `{"name": "eth2", "addresses": ["10.9.0.1/24"]}`)
			before := snapshot(t, m.ns, m.root)
			m.declare(module, text)
			within(t, m.ns, m.root, func(site *services.Site) {
				one := task.NewRollback()
				target, err := one.Target(site, -1)
				if err == nil {
					_, err = one.Rollback(site, target)
				}
				if err != nil {
					t.Error(err)
				}
			})
			if after := snapshot(t, m.ns, m.root); after != before {
				t.Errorf("before\n%s\nafter\n%s", before, after)
			}
		})
	}
}
