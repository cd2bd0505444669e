//go:build vm

package ansibletest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/testhost"
)

// cutting are tasks that cut the controller off, each in another way. The machine has 10.0.2.15 on eth0, and the
// controller comes from 10.0.2.2.
var cutting = []struct{ name, task string }{
	{"wrong address", `hostnet.linux.interface:
  name: eth0
  addresses: [10.0.99.15/24]
  confirm: {timeout: 10}`},
	{"wrong VLAN", `hostnet.linux.network:
  vlans:
    - {name: eth0.77, parent: eth0, id: 77, addresses: [10.0.2.15/24], routes: [{to: default, via: 10.0.2.2}]}
  interfaces:
    - {name: eth0, addresses: []}
  confirm: {timeout: 10}`},
	{"wrong bond mode", `hostnet.linux.network:
  bonds:
    - {name: bond0, mode: active-backup, arp_interval: 100, arp_ip_target: [192.0.2.9], arp_validate: all, ports: [eth0, eth1],
       addresses: [10.0.2.15/24]}
  confirm: {timeout: 10}`},
	{"no route back", `hostnet.linux.network:
  interfaces:
    - {name: eth0, addresses: [10.0.2.15/32], routes: []}
  confirm: {timeout: 10}`},
	{"rule in the way", `hostnet.linux.network:
  rules:
    - {priority: 10, to: 10.0.2.0/24, action: prohibit}
  confirm: {mode: on, timeout: 10}`},
	// The host's own firewall, see firewall, drops what arrives by this bridge.
	{"nftables drop", `hostnet.linux.bridge:
  name: br-shut
  forward_delay: 0
  ports: [eth0]
  addresses: [10.0.2.15/24]
  confirm: {timeout: 10}`},
	{"port led elsewhere", `hostnet.linux.nat:
  name: wrong
  subnets: [10.77.0.0/24]
  port_forwards: [{port: 22, to: 10.77.0.1}]
  confirm: {mode: on, timeout: 10}`},
}

const firewall = `nft 'table inet own { chain in { type filter hook input priority 0; iifname "br-shut" drop; }; }'`

// TestConfirm: a change that cuts the controller off undoes itself, the right one stays, and it survives a reboot.
func TestConfirm(t *testing.T) {
	controller, err := Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host := testhost.ForTest(t, testhost.Machine{Name: "guarded", NICs: []testhost.NIC{{User: true}, {}}})
	l := lab{NewSession(t, controller, Artifact(t), host), host}
	// so that the machine keeps the program before the states are compared
	l.ok(t, "hostnet.linux.dummy:\n  name: d0\n  mac_address: 02:00:00:00:00:d0")
	// A link that has been up once keeps its queueing discipline, and loading modules takes its time.
	host.MustRun(t, "ip link set eth1 up; ip link set eth1 down; modprobe -aq nft_chain_nat nft_nat nft_masq nft_ct "+
		"nft_fib_inet nft_fib_ipv4 nft_fib_ipv6; "+
		firewall+" && systemd-run --unit=pulse sh -c 'ping -D -i 0.2 -W 1 10.0.2.2 >>/run/pulse.log'")
	for _, one := range cutting {
		t.Run(one.name, func(t *testing.T) { testCut(t, l, one.task) })
	}
	t.Run("become and serial", func(t *testing.T) { testConfirmOnTheWay(t, l) })
	t.Run("local connection", func(t *testing.T) { testConfirmLocally(t, l) })
	t.Run("probes", func(t *testing.T) { testProbes(t, l) })
	t.Run("rollback", func(t *testing.T) { testRollback(t, l) })
	t.Run("crash and reset", func(t *testing.T) { testCrash(t, l) })
	t.Run("resets", func(t *testing.T) { testResets(t, l) })
	t.Run("another address", func(t *testing.T) { testRenumbering(t, l) })
	t.Run("the right change", func(t *testing.T) { testRightChange(t, l) })
}

// witness is the whole network as iproute2 and nft tell it in JSON, without what passes by itself, and what is kept.
func witness(t *testing.T, l lab) []string {
	t.Helper()
	network := netnstest.RemoteSnapshot(t, func(command string) string { return l.host.MustRun(t, command) })
	return strings.Split(network+l.host.MustRun(t, "nft -j -s list ruleset | sed 's/\"handle\": [0-9]*//g'; cat "+
		"/proc/sys/net/ipv4/ip_forward; find /etc/hostnet -type f | sort | xargs cat"), "\n")
}

// limit is how long a cut may last: the timeout of the tasks, and five seconds.
const limit = 15 * time.Second

func testCut(t *testing.T, l lab, task string) {
	before := witness(t, l)
	l.host.MustRun(t, ": >/run/pulse.log")
	started := time.Now()
	result, outcome := l.task(t, task)
	took := time.Since(started)
	if result.Status != "failed" ||
		!strings.Contains(result.Text("msg"), "the change was rolled back: nobody confirmed it within 10s") {
		t.Errorf("%s: %v\n%s", result.Status, result.Values, outcome.Output)
	}
	if result.Values["changed"] != false || result.Values["actions"] == nil {
		t.Errorf("the result: %v", result.Values)
	}
	if diff := cmp.Diff(before, witness(t, l)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
	// From the start of the change until the host has noted that it is undone, and the longest silence meanwhile.
	noted := l.host.MustRun(t,
		`echo $(date +%s.%N -r /var/lib/hostnet/undone.json) $(date +%s.%N -d "$(sed 's/.*"started":"\([^"]*\)".*/\1/' /var/lib/hostnet/undone.json)")`)
	var end, begin float64
	if _, err := fmt.Sscan(noted, &end, &begin); err != nil || end-begin > limit.Seconds() || end < begin {
		t.Errorf("undone after %.1f s: %v", end-begin, err)
	}
	silence := longestSilence(t, l.host.MustRun(t, "cat /run/pulse.log"))
	if silence > limit {
		t.Errorf("the gateway did not answer for %s", silence)
	}
	t.Logf("undone after %.1f s, silent for %s; the task took %s: %v", end-begin, silence, took.Round(time.Second),
		result.Values["confirm"])
}

var pulse = regexp.MustCompile(`(?m)^\[([0-9.]+)\] \d+ bytes from`)

// longestSilence is the longest time between two answers to a ping.
func longestSilence(t *testing.T, log string) time.Duration {
	t.Helper()
	last, longest := 0.0, 0.0
	for _, match := range pulse.FindAllStringSubmatch(log, -1) {
		now, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if last > 0 {
			longest = max(longest, now-last)
		}
		last = now
	}
	if last == 0 {
		t.Fatalf("no ping was answered: %s", log)
	}
	return time.Duration(longest * float64(time.Second)).Round(time.Millisecond)
}

// testConfirmOnTheWay confirms as another user, in a play that takes its hosts one by one.
func testConfirmOnTheWay(t *testing.T, l lab) {
	outcome := l.Play(t, `- hosts: target
  gather_facts: false
  serial: 1
  become: true
  remote_user: operator
  tasks:
    - hostnet.linux.dummy: {name: d1, confirm: on}
    - hostnet.linux.dummy: {name: d1, state: absent, confirm: on}
`, "-e", "ansible_user=operator")
	if len(outcome.Results) != 2 {
		t.Fatalf("%s", outcome.Output)
	}
	for _, result := range outcome.Results {
		result.changed(t, true)
		if !strings.Contains(result.Text("confirm"), "verdict:confirmed") {
			t.Errorf("%v", result.Values)
		}
	}
}

// testConfirmLocally has the controller itself as its target, in a network namespace of its own.
func testConfirmLocally(t *testing.T, l lab) {
	here := *l.Session
	here.Controller.network = []string{"unshare", "--net"}
	t.Cleanup(func() {
		if err := os.RemoveAll(filepath.Join(here.Controller.folder, "run/hostnet")); err != nil {
			t.Error(err)
		}
	})
	outcome := here.Play(t, `- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - hostnet.linux.bridge: {name: br-here, confirm: on}
`)
	if len(outcome.Results) != 1 {
		t.Fatalf("%s", outcome.Output)
	}
	outcome.Results[0].changed(t, true)
	if said := outcome.Results[0].Text("warnings"); !strings.Contains(said,
		"that a controller elsewhere still reaches this host cannot be proven") {
		t.Errorf("warnings: %s, %v", said, outcome.Results[0].Values)
	}
}

// testProbes: a change that keeps the controller and loses something else that worked is undone.
func testProbes(t *testing.T, l lab) {
	before := witness(t, l)
	const task = `hostnet.linux.network:
  rules:
    - {priority: 10, to: 10.0.2.3/32, action: prohibit}
  confirm: off
  probes: {gateway: true, tcp: ["127.0.0.1:22", "127.0.0.1:9"], dns: [{server: 192.0.2.1, name: nowhere.invalid}]}`
	l.host.MustRun(t, "ip route add default via 10.0.2.3 metric 5000")
	result, _ := l.task(t, task)
	if !strings.Contains(result.Text("msg"), "the gateway 10.0.2.3 does not answer a ping") ||
		!strings.HasSuffix(result.Text("msg"), "the host is as it was") {
		t.Errorf("%s: %v", result.Status, result.Values)
	}
	if strings.Contains(result.Text("msg"), "127.0.0.1") || strings.Contains(result.Text("msg"), "nowhere") {
		t.Errorf("what did not pass before is held against the change: %v", result.Values)
	}
	l.host.MustRun(t, "ip route delete default via 10.0.2.3 metric 5000")
	if diff := cmp.Diff(before, witness(t, l)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
}

// testRollback undoes the last change, which was final, from the host's own command line.
func testRollback(t *testing.T, l lab) {
	before := witness(t, l)
	result, _ := l.ok(t, `hostnet.linux.network:
  bridges:
    - {name: br-late, ports: [eth1], addresses: [10.66.0.1/24]}
  rules:
    - {priority: 10, from: 10.66.0.0/24, table: 66}`)
	result.changed(t, true)
	said := l.host.MustRun(t, "hostnet rollback")
	if !strings.Contains(said, "undone: the change by hostnet.linux.network") {
		t.Errorf("rollback: %s", said)
	}
	if diff := cmp.Diff(before, witness(t, l)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
	// One that cuts the operator off: the last change has removed the rule which was in the way.
	const change = ` | hostnet module; hostnet rollback`
	l.host.MustRun(t, `: >/run/pulse.log; ip rule add priority 10 to 10.0.2.0/24 prohibit
echo '{"_ansible_module_name": "rule", "priority": 10, "to": "10.0.2.0/24", "action": "prohibit", "state": "absent", "confirm": "off", "persist": false}'`+
		change+
		` --confirm 5; while test -e /var/lib/hostnet/journal.json; do sleep 0.2; done; grep -q 'hostnet rollback.*nobody confirmed it within 5s' /var/lib/hostnet/undone.json; sleep 1`)
	if silence := longestSilence(t, l.host.MustRun(t, "cat /run/pulse.log")); silence < 3*time.Second ||
		silence > 10*time.Second {
		t.Errorf("the gateway did not answer for %s", silence)
	}
	if diff := cmp.Diff(before, witness(t, l)); diff != "" {
		t.Errorf("cut off, -before +after:\n%s", diff)
	}
	// At a terminal, one that touches the path of the session asks.
	said = l.host.MustRun(t,
		`echo '{"_ansible_module_name": "interface", "name": "eth0", "mtu": 1400, "confirm": "off", "persist": false}'`+
			strings.Replace(change, "hostnet rollback", `(echo y; sleep 4; echo) | script -qec "hostnet rollback" /dev/null`, 1))
	if !strings.Contains(said, "Undo it? [y/N]") || !strings.Contains(said, "kept: the change by hostnet rollback") {
		t.Errorf("at a terminal: %s", said)
	}
	if diff := cmp.Diff(before, witness(t, l)); diff != "" {
		t.Errorf("confirmed, -before +after:\n%s", diff)
	}
}

// testCrash resets the machine while a change waits for its confirmation: after the boot, nothing is left of it.
func testCrash(t *testing.T, l lab) {
	kept := l.host.MustRun(t, "find /etc/hostnet -type f | sort | xargs cat")
	const task = `{"_ansible_module_name": "hostnet.linux.network", "confirm": {"mode": "on", "timeout": 300},
		"bridges": [{"name": "br-crash", "addresses": ["10.55.0.1/24"]}], "interfaces": [{"name": "eth1", "mtu": 1400}]}`
	l.host.MustRun(t, "echo '"+task+"' | /usr/local/sbin/hostnet module >/dev/null; for i in $(seq 50); do grep -q "+
		"'\"phase\":\"waiting\"' /var/lib/hostnet/journal.json 2>/dev/null && exit; sleep 0.2; done; exit 1")
	if !l.link(t, "br-crash") {
		t.Error("the change was not made")
	}
	refused, _ := l.task(t, "hostnet.linux.dummy:\n  name: d1")
	if !strings.Contains(refused.Text("msg"), "waits for its confirmation") {
		t.Errorf("another task meanwhile: %v", refused.Values)
	}
	if err := l.host.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l.link(t, "br-crash") || !l.link(t, "d0") {
		t.Errorf("after the boot: %s", l.host.MustRun(t, "ip -br link; journalctl -u hostnet --no-pager"))
	}
	if now := l.host.MustRun(t,
		"find /etc/hostnet -type f | sort | xargs cat; test ! -e /var/lib/hostnet/journal.json"); now != kept {
		t.Errorf("files before\n%s\nafter\n%s", kept, now)
	}
}

// testResets cuts the power at several points of a change with hundreds of steps, after the first of them and after the
// last link: a boot finds no half of it.
func testResets(t *testing.T, l lab) {
	const kept = "find /etc/hostnet -type f | sort | xargs cat"
	before := l.host.MustRun(t, kept)
	var dummies []string
	for i := range 80 {
		dummies = append(dummies, fmt.Sprintf(`{"name": "half%d", "addresses": ["10.200.%d.1/24"]}`, i, i))
	}
	l.host.MustRun(t, `echo '{"_ansible_module_name": "hostnet.linux.network", "confirm": "off", "dummies": [`+
		strings.Join(dummies, ",")+`]}' >/root/half.json; sync`)
	for _, count := range []int{20, 80} {
		// As many of the links are there; then the files follow.
		l.host.MustRun(t, fmt.Sprintf(`systemd-run --quiet --collect sh -c '/usr/local/sbin/hostnet module </root/half.json'
for i in $(seq 300); do test -e /var/lib/hostnet/journal.json && test $(ls /sys/class/net | grep -c half) -ge %d && exit; sleep 0.02; done; exit 1`, count))
		if err := l.host.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		left := l.host.MustRun(t, "ls /sys/class/net | grep -c half; ls /var/lib/hostnet/journal.json 2>&1 || true")
		if !strings.HasPrefix(left, "0\n") || !strings.Contains(left, "No such file") {
			t.Errorf("reset with %d links made, left behind: %s\n%s", count, left,
				l.host.MustRun(t, "journalctl -b -u hostnet --no-pager"))
		}
		if diff := cmp.Diff(before, l.host.MustRun(t, kept)); diff != "" {
			t.Errorf("reset with %d links made: files -before +after:\n%s", count, diff)
		}
	}
}

const renumbering = `hostnet.linux.interface:
  name: eth0
  addresses: [%s/24]
  routes: [{to: default, via: 10.0.2.2}]
  confirm: {host: 127.0.0.1, port: %d, timeout: 30}`

// testRenumbering moves the very address of the session, there and back: the controller confirms over the new one.
func testRenumbering(t *testing.T, l lab) {
	home := l.host.SSH().Port
	port, err := l.host.Forward("10.0.2.99")
	if err != nil {
		t.Fatal(err)
	}
	there, back := fmt.Sprintf(renumbering, "10.0.2.99", port), fmt.Sprintf(renumbering, "10.0.2.15", home)
	planned, _ := l.ok(t, there, "--check")
	expected, _ := planned.Values["confirm"].(map[string]any)
	if expected["verdict"] != "not asked" || expected["host"] != "127.0.0.1" ||
		fmt.Sprint(expected["port"]) != fmt.Sprint(port) ||
		!strings.Contains(fmt.Sprint(expected["rollback"]), "10.0.2.15/24") {
		t.Errorf("a check says %v", planned.Values["confirm"])
	}
	for _, one := range []struct {
		task string
		from int
	}{{there, home}, {back, port}} {
		result, outcome := l.ok(t, one.task, "-e", fmt.Sprintf("ansible_port=%d", one.from))
		result.changed(t, true)
		if verdict, _ := result.Values["confirm"].(map[string]any); verdict["verdict"] != "confirmed" {
			t.Fatalf("%v\n%s", result.Values["confirm"], outcome.Output)
		}
	}
	silent, _ := l.ok(t, back)
	silent.changed(t, false)
	l.host.MustRun(t, `test "$(ip -br -4 address show dev eth0 | awk '{print $3, $4}')" = "10.0.2.15/24 "`)
}

const right = `hostnet.linux.network:
  bonds:
    - {name: bond0, mode: active-backup, miimon: 100, primary: eth0, ports: [eth0, eth1]}
  bridges:
    - {name: br-mgmt, forward_delay: 0, ports: [bond0], addresses: [10.0.2.15/24], routes: [{to: default, via: 10.0.2.2}]}
  interfaces:
    - {name: eth0, addresses: []}
  probes: {gateway: true, controller: true}`

// testRightChange moves the address of the task's own session to a bridge on a bond.
func testRightChange(t *testing.T, l lab) {
	result, _ := l.ok(t, right)
	result.changed(t, true)
	verdict, _ := result.Values["confirm"].(map[string]any)
	if verdict["verdict"] != "confirmed" ||
		!strings.Contains(result.Text("confirm"), "on the path of the SSH connection") {
		t.Errorf("confirm: %v", result.Values["confirm"])
	}
	again, _ := l.ok(t, right)
	again.changed(t, false)
	l.host.MustRun(t,
		"hostnet diff; hostnet show; hostnet export >/dev/null; hostnet --help >/dev/null 2>&1; hostnet apply --check")
	before := witness(t, l)
	if err := l.host.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, witness(t, l)); diff != "" {
		t.Errorf("-before the reboot +after:\n%s\n%s", diff, l.host.MustRun(t, "journalctl -u hostnet --no-pager"))
	}
	silent, _ := l.ok(t, right)
	silent.changed(t, false)
	// Somebody changes the host: diff sees it, apply mends it.
	l.host.MustRun(t, "ip link set eth1 nomaster; ! hostnet diff; hostnet apply; hostnet diff")
	l.host.MustRun(t, "test $(cat /sys/class/net/eth1/master/ifindex) = $(cat /sys/class/net/bond0/ifindex)")
}
