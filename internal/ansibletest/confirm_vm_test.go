//go:build vm

package ansibletest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/testhost"
)

// cutting are tasks that cut the controller off, each in another way. The machine has 10.0.2.15 on eth0, and the
// controller comes from 10.0.2.2.
var cutting = []struct{ name, task string }{
	{"wrong address", `hostnet.linux.interface:
  name: eth0
  addresses: [10.0.99.15/24]
  confirm: {timeout: 8}`},
	{"wrong VLAN", `hostnet.linux.network:
  vlans:
    - {name: eth0.77, parent: eth0, id: 77, addresses: [10.0.2.15/24], routes: [{to: default, via: 10.0.2.2}]}
  interfaces:
    - {name: eth0, addresses: []}
  confirm: {timeout: 8}`},
	{"wrong bond mode", `hostnet.linux.network:
  bonds:
    - {name: bond0, mode: active-backup, arp_interval: 100, arp_ip_target: [192.0.2.9], arp_validate: all, ports: [eth0, eth1],
       addresses: [10.0.2.15/24]}
  confirm: {timeout: 8}`},
	{"no route back", `hostnet.linux.network:
  interfaces:
    - {name: eth0, addresses: [10.0.2.15/32], routes: []}
  confirm: {timeout: 8}`},
	{"rule in the way", `hostnet.linux.network:
  rules:
    - {priority: 10, to: 10.0.2.0/24, action: prohibit}
  confirm: {mode: on, timeout: 8}`},
}

// TestConfirm: a change that cuts the controller off undoes itself, the right one stays, and it survives a reboot.
func TestConfirm(t *testing.T) {
	controller, err := Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host := testhost.ForTest(t, testhost.Machine{Name: "guarded", NICs: []testhost.NIC{{User: true}, {}}})
	l := lab{NewSession(t, controller, Artifact(t), host), host}
	l.ok(t, "hostnet.linux.dummy:\n  name: d0\n  mac_address: 02:00:00:00:00:d0") // so that the machine keeps the program before the states are compared
	for _, one := range cutting {
		t.Run(one.name, func(t *testing.T) { testCut(t, l, one.task) })
	}
	t.Run("probes", func(t *testing.T) { testProbes(t, l) })
	t.Run("rollback", func(t *testing.T) { testRollback(t, l) })
	t.Run("crash and reset", func(t *testing.T) { testCrash(t, l) })
	t.Run("the right change", func(t *testing.T) { testRightChange(t, l) })
}

// witness is the whole network as iproute2 and nft tell it, without what passes by itself.
func witness(t *testing.T, l lab) string {
	t.Helper()
	return l.host.MustRun(t, `ip -d address | sed 's/valid_lft [^ ]*//; s/preferred_lft [^ ]*//; s/^[0-9]*: //; s/ promiscuity [0-9]*//; s/ allmulti [0-9]*//; s/link-netnsid [0-9]*//; s/_timer  *[0-9.]*//g; s/qdisc [a-z_]*//'
ip -4 route show table all; ip -4 rule; ip -6 rule; ip -6 route show table main | sed 's/expires [0-9]*sec//' | sort; nft -s list ruleset
find /etc/hostnet -type f | sort | xargs cat`)
}

func testCut(t *testing.T, l lab, task string) {
	before := witness(t, l)
	started := time.Now()
	result, outcome := l.task(t, task)
	took := time.Since(started)
	if result.Status != "failed" || !strings.Contains(result.Text("msg"), "the change was rolled back: nobody confirmed it within 8s") {
		t.Errorf("%s: %v\n%s", result.Status, result.Values, outcome.Output)
	}
	if result.Values["changed"] != false || result.Values["actions"] == nil {
		t.Errorf("the result: %v", result.Values)
	}
	if diff := cmp.Diff(before, witness(t, l)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
	t.Logf("the task took %s: %v", took.Round(time.Second), result.Values["confirm"])
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
	if !strings.Contains(result.Text("msg"), "the gateway 10.0.2.3 does not answer a ping") || !strings.HasSuffix(result.Text("msg"), "the host is as it was") {
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
	said := l.host.MustRun(t, "hostnet rollback; ! hostnet rollback")
	if !strings.Contains(said, "undone: the change by hostnet.linux.network") {
		t.Errorf("rollback: %s", said)
	}
	if diff := cmp.Diff(before, witness(t, l)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
}

// testCrash resets the machine while a change waits for its confirmation: after the boot, nothing is left of it.
func testCrash(t *testing.T, l lab) {
	kept := l.host.MustRun(t, "find /etc/hostnet -type f | sort | xargs cat")
	const task = `{"_ansible_module_name": "hostnet.linux.network", "confirm": {"mode": "on", "timeout": 300},
		"bridges": [{"name": "br-crash", "addresses": ["10.55.0.1/24"]}], "interfaces": [{"name": "eth1", "mtu": 1400}]}`
	l.host.MustRun(t, "echo '"+task+"' | /usr/local/sbin/hostnet module >/dev/null; for i in $(seq 50); do grep -q '\"phase\":\"waiting\"' /var/lib/hostnet/journal.json 2>/dev/null && exit; sleep 0.2; done; exit 1")
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
	if now := l.host.MustRun(t, "find /etc/hostnet -type f | sort | xargs cat; test ! -e /var/lib/hostnet/journal.json"); now != kept {
		t.Errorf("files before\n%s\nafter\n%s", kept, now)
	}
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
	if verdict["verdict"] != "confirmed" || !strings.Contains(result.Text("confirm"), "on the path of the SSH connection") {
		t.Errorf("confirm: %v", result.Values["confirm"])
	}
	again, _ := l.ok(t, right)
	again.changed(t, false)
	l.host.MustRun(t, "hostnet diff; hostnet show; hostnet export >/dev/null; hostnet --help >/dev/null 2>&1; hostnet apply --check")
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
