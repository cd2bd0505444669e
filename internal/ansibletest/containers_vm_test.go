//go:build vm

package ansibletest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hostnet.linux"
	"hostnet.linux/internal/testhost"
)

// TestContainers makes and wires real containers over SSH: with LXC 5 and the oldest Ansible, and with LXC 6 and the
// newest.
func TestContainers(t *testing.T) {
	artifact := Artifact(t)
	inside := filepath.Join(t.TempDir(), "container.test")
	build := exec.Command("go", "test", "-c", "-tags", "netns", "-o", inside, "hostnet.linux/internal/container")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	// What needs Debian's kernel: its policers, its kinds of links, and in Debian 12 that it does not rename links that
	// are up.
	kernel := func(t *testing.T, l lab) {
		output, err := l.host.RunTestBinary(t.Context(), inside, "-test.v", "-test.run",
			"^(TestRates|TestRename|TestVLANs|TestIPVLANAndVLAN)$")
		if err != nil || strings.Contains(output, "--- SKIP") {
			t.Errorf("%v\n%s", err, output)
		}
	}
	for i, release := range []testhost.Release{testhost.Bookworm, testhost.Trixie} {
		// What the first of them does not share with the other is about cards and boots, not about LXC.
		last := []labTest{{"state absent", testContainerGone}}
		only := []labTest{{"without LXC", testNoLXC}, {"reboot", testReboot}, {"lent NIC", testLentNIC}, {"kernel", kernel}}
		if i > 0 {
			only = []labTest{{"taken from networkd", testTakenFromNetworkd},
				{"adopted container", testAdoptedContainer}, {"Debian inside", testDebianInside}}
			last = append(last, labTest{"README", testReadme})
		}
		controller, err := editions[i].build(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Run(string(release), func(t *testing.T) {
			host := testhost.ForTest(t, testhost.Machine{Name: "lxc-" + string(release), Release: release, Memory: 1024,
				NICs: []testhost.NIC{{}}})
			l := lab{NewSession(t, controller, artifact, host), host}
			all := slices.Concat([]labTest{{"role", testContainerRole}, {"live", testLiveContainer},
				{"plain lxc-start", testPlainStart}}, only, last)
			for _, test := range all {
				t.Run(test.name, func(t *testing.T) { test.run(t, l) })
			}
		})
	}
}

// testNoLXC: without liblxc the loader starts nothing; the operator learns what to install, warm and cold.
func testNoLXC(t *testing.T, l lab) {
	const away = "d=$(dirname $(ldconfig -p | sed -n 's/.*liblxc.so.1 .*=> //p')); mv $d/liblxc.so.1 $d/away"
	const back = "mv /usr/lib/*/away $(echo /usr/lib/*/away | sed 's/away$/liblxc.so.1/'); ldconfig"
	refused := func(when string) {
		t.Helper()
		l.host.MustRun(t, away)
		result, _ := l.task(t, "hostnet.linux.container_info:")
		l.host.MustRun(t, back)
		if result.Status != "failed" || !strings.Contains(result.Text("msg"), "the target has no LXC: install liblxc1") {
			t.Errorf("%s: %s %v", when, result.Status, result.Values)
		}
	}
	l.host.MustRun(t, "rm -rf "+rootCache)
	refused("cold")
	if result, _ := l.task(t, "hostnet.linux.container_info:", "-e", "ansible_user=operator"); result.Status != "failed" ||
		!strings.Contains(result.Text("msg"), "become: true") {
		t.Errorf("an ordinary user: %v", result.Values)
	}
	if _, outcome := l.ok(t, "hostnet.linux.container_info:"); outcome.SSH != 2 {
		t.Errorf("cold: %d round trips", outcome.SSH)
	}
	if _, outcome := l.ok(t, "hostnet.linux.container_info:"); outcome.SSH != 1 {
		t.Errorf("warm: %d round trips", outcome.SSH)
	}
	refused("warm")
}

const containerPlay = `- hosts: target
  gather_facts: false
  tasks:
    - hostnet.linux.bridge: {name: br-mgmt, forward_delay: 0, addresses: [172.29.236.1/22]}
    - hostnet.linux.lxc_bridge: {name: lxcbr0, verify: false}
    - ansible.builtin.include_role: {name: hostnet.linux.container}
      vars:
        container_name: infra1_utility_container-a1b2c3d4
        container_template: busybox
        container_config: [lxc.start.auto = 1]
        container_interfaces:
          - name: eth1
            bridge: br-mgmt
            addresses: [172.29.236.101/22]
            routes: [{to: 10.176.0.0/12, via: 172.29.236.1}]
          - {name: lan0, bridge: lxcbr0, dhcp: true}
`

const busy = "infra1_utility_container-a1b2c3d4"

// play runs the playbook, whose tasks must all succeed, and counts those that changed something.
func (l lab) play(t *testing.T, playbook string, arguments ...string) (changed int) {
	t.Helper()
	outcome := l.Play(t, playbook, arguments...)
	if outcome.Failed {
		t.Fatal(outcome.Output)
	}
	for _, result := range outcome.Results {
		if result.Values["changed"] == true {
			changed++
		}
	}
	return changed
}

func testContainerRole(t *testing.T, l lab) {
	if changed := l.play(t, containerPlay, "--check"); changed != 3 {
		t.Errorf("a check says that %d tasks would change something, want 3: two bridges and the container", changed)
	}
	if made := l.host.MustRun(t, "ls /var/lib/lxc"); made != "" {
		t.Errorf("the check made %s", made)
	}
	if changed := l.play(t, containerPlay); changed != 5 {
		t.Errorf("%d tasks changed something, want 5: two bridges, the container, its interfaces, its start", changed)
	}
	if changed := l.play(t, containerPlay); changed != 0 {
		t.Errorf("again: %d tasks changed something", changed)
	}
	l.wired(t, "by the role")
	l.host.MustRun(t, "tar -C /var/lib/lxc/"+busy+"/rootfs -czf "+archive+" .")
}

// archive is the root file system that the README makes a container of.
const archive = "/var/cache/debian-12.tar.gz"

// testReadme runs what the README shows of lxcbr0 and of a container, twice.
func testReadme(t *testing.T, l lab) {
	text, err := hostnet.Pages.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "```yaml\n") {
		tasks, _, _ := strings.Cut(block, "```")
		if !strings.Contains(tasks, archive) {
			continue
		}
		playbook := "- hosts: target\n  gather_facts: false\n  tasks:\n" + tasks
		if l.play(t, playbook) == 0 {
			t.Error("nothing changed")
		}
		if changed := l.play(t, playbook); changed != 0 {
			t.Errorf("again: %d tasks changed something", changed)
		}
		inside := l.host.MustRun(t, "nsenter -t $(lxc-info -n web1 -p -H) -n ip -4 -o address show eth1")
		if !strings.Contains(inside, "172.29.236.101/22") {
			t.Errorf("eth1 has %s", inside)
		}
		return
	}
	t.Errorf("the README makes no container of %s", archive)
}

// inside runs a command of the host's in the container's network.
func (l lab) inside(t *testing.T, command string) string {
	t.Helper()
	return l.host.MustRun(t, fmt.Sprintf("nsenter -t $(lxc-info -n %s -pH) -n %s", busy, command))
}

// wired compares with what iproute2 tells, and pings.
func (l lab) wired(t *testing.T, when string) {
	t.Helper()
	for command, want := range map[string]string{
		"ip address show eth1": "inet 172.29.236.101/22", "ip route": "10.176.0.0/12 via 172.29.236.1 dev eth1",
		"ping -c 1 -W 5 172.29.236.1": " 0% packet loss",
	} {
		if said := l.inside(t, command); !strings.Contains(said, want) {
			t.Errorf("%s: %s lacks %q: %s", when, command, want, said)
		}
	}
	// The client is started with the container, which does not wait for it.
	l.inside(t,
		"sh -c 'for i in $(seq 150); do ip address show lan0 | grep -q \"inet 10.0.3.\" && exit; sleep 0.2; done; exit 1'")
	if routes := l.inside(t, "ip route"); !strings.Contains(routes, "default via 10.0.3.1 dev lan0 proto dhcp") {
		t.Errorf("%s: %s", when, routes)
	}
	if end := l.host.MustRun(t, "ip link show dev a1b2c3d4_eth1"); !strings.Contains(end, "master br-mgmt") {
		t.Errorf("%s: %s", when, end)
	}
}

// testLiveContainer changes a running container: a check predicts it, its init stays, and a failing ping of another
// interface would show.
func testLiveContainer(t *testing.T, l lab) {
	const task = "hostnet.linux.container_interface:\n  container: " + busy +
		"\n  name: eth2\n  bridge: br-mgmt\n  mtu: 1400\n  addresses: [172.29.236.102/22]\n  down_rate: 100000"
	pid := l.host.MustRun(t, "lxc-info -n "+busy+" -pH")
	predicted, _ := l.ok(t, task, "--check", "--diff")
	predicted.changed(t, true)
	if diff := predicted.Text("diff"); !strings.Contains(diff, "eth2") || !strings.Contains(diff, "mtu: 1400") {
		t.Errorf("the difference: %s", diff)
	}
	l.host.MustRun(t, "systemd-run --unit=witness sh -c 'ping -i 0.05 -W 1 -O 172.29.236.101 >/run/ping.log'")
	done, _ := l.ok(t, task)
	if done.Text("actions") != predicted.Text("actions") {
		t.Errorf("predicted %s, done %s", predicted.Text("actions"), done.Text("actions"))
	}
	if containers := done.Text("containers"); !strings.Contains(containers, "a1b2c3d4_eth2") ||
		!strings.Contains(containers, "172.29.236.102/22") {
		t.Errorf("the result: %s", containers)
	}
	again, _ := l.ok(t, task)
	again.changed(t, false)
	if said := l.inside(t, "ip address show eth2"); !strings.Contains(said, "172.29.236.102/22") ||
		!strings.Contains(said, "mtu 1400") {
		t.Errorf("eth2: %s", said)
	}
	moved, _ := l.ok(t, "hostnet.linux.container_interface: {container: "+busy+
		", name: eth2, mtu: 1300, addresses: [172.29.236.103/22], down_rate: 0}")
	moved.changed(t, true)
	gone, _ := l.ok(t, "hostnet.linux.container_interface: {container: "+busy+", name: eth2, state: absent}")
	gone.changed(t, true)
	if l.link(t, "a1b2c3d4_eth2") {
		t.Error("eth2 stays")
	}
	log := l.host.MustRun(t, "systemctl stop witness; cat /run/ping.log")
	if strings.Contains(log, "no answer") || !strings.Contains(log, "bytes from") {
		t.Errorf("eth1 lost packets:\n%s", log)
	}
	if now := l.host.MustRun(t, "lxc-info -n "+busy+" -pH"); now != pid {
		t.Errorf("init was %s and is %s", pid, now)
	}
	bad, _ := l.task(t, "hostnet.linux.container_interface: {container: "+busy+", name: eth3, bridge: br-none, mtu: big}")
	if bad.Status != "failed" || !strings.Contains(bad.Text("msg"), "mtu") {
		t.Errorf("bad input: %v", bad.Values)
	}
}

// testPlainStart stops and starts without us.
func testPlainStart(t *testing.T, l lab) {
	l.host.MustRun(t, "lxc-stop -k -n "+busy+" && lxc-start -n "+busy)
	l.wired(t, "after lxc-start")
	result, _ := l.ok(t, "hostnet.linux.container: {name: "+busy+"}")
	result.changed(t, false)
	info, _ := l.ok(t, "hostnet.linux.container_info:")
	if text := info.Text("containers"); !strings.Contains(text, "RUNNING") || !strings.Contains(text, "br-mgmt") ||
		!strings.Contains(text, "carrier:true") {
		t.Errorf("container_info: %s", text)
	}
}

// testReboot: LXC starts the container at boot, on bridges that hostnet.service has made.
func testReboot(t *testing.T, l lab) {
	l.host.MustRun(t, "systemctl --quiet enable lxc.service")
	if err := l.host.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.host.MustRun(t, "for i in $(seq 150); do lxc-info -n "+busy+
		" -sH | grep -q RUNNING && exit; sleep 0.2; done; exit 1")
	if changed := l.play(t, containerPlay); changed != 0 {
		t.Errorf("after a reboot: %d tasks changed something", changed)
	}
	l.wired(t, "after a reboot")
}

// testLentNIC: a card that a container has comes back however the container ends, and is never deleted.
func testLentNIC(t *testing.T, l lab) {
	mac := l.host.MustRun(t, "cat /sys/class/net/eth0/address")
	const lend = "hostnet.linux.container_interface: {container: " + busy +
		", name: wan0, type: phys, parent: eth0, addresses: [192.0.2.2/30]}"
	lent := func(when string) {
		t.Helper()
		if said := l.inside(t, "ip address show wan0"); !strings.Contains(said, "192.0.2.2/30") ||
			!strings.Contains(said, strings.TrimSpace(mac)) || l.link(t, "eth0") {
			t.Errorf("%s: %s", when, said)
		}
	}
	result, _ := l.ok(t, lend)
	result.changed(t, true)
	lent("lent")
	// LXC knows nothing of a card that came while the container ran: it comes home under its own name all the same.
	l.host.MustRun(t, "lxc-stop -k -n "+busy+"; for i in $(seq 100); do grep -q "+strings.TrimSpace(mac)+
		" /sys/class/net/eth0/address && exit; sleep 0.1; done; exit 1")
	result, _ = l.ok(t, lend)
	result.changed(t, false)
	l.host.MustRun(t, "lxc-start -n "+busy)
	lent("started again")
	l.host.MustRun(t, "kill -9 $(lxc-info -n "+busy+" -pH); for i in $(seq 100); do lxc-info -n "+busy+
		" -sH | grep -q STOPPED && exit; sleep 0.1; done; exit 1")
	l.host.MustRun(t, "lxc-start -n "+busy)
	lent("started after a crash")
	result, _ = l.ok(t, lend)
	result.changed(t, false)
	result, _ = l.ok(t, "hostnet.linux.container_interface: {container: "+busy+", name: wan0, state: absent}")
	result.changed(t, true)
	if back := l.host.MustRun(t, "cat /sys/class/net/eth0/address"); back != mac {
		t.Errorf("eth0 had the address %s and has %s", mac, back)
	}
}

// debianRoot is a container that is not of our making. Its root file system is the machine's own, with what it changes
// in memory, so that it has a Debian with systemd that nobody had to copy.
const debianRoot = `set -e; c=/var/lib/lxc/debian; mkdir -p $c/rootfs /srv/debian; mount -t tmpfs tmpfs /srv/debian
mkdir /srv/debian/upper /srv/debian/work; mount -t overlay overlay -o lowerdir=/,upperdir=/srv/debian/upper,workdir=/srv/debian/work $c/rootfs
cd $c/rootfs/etc; rm -r hostnet systemd/system/*hostnet* systemd/system/multi-user.target.wants
printf 'lxc.include = /usr/share/lxc/config/common.conf\nlxc.rootfs.path = dir:%s\nlxc.uts.name = debian\nlxc.net.0.type = empty\n' $c/rootfs >$c/config`

// restartsOfDebian are ways in which LXC and a container's own systemd restart it; keeps are those that its init
// survives.
var restartsOfDebian = []struct {
	name, command string
	keeps         bool
}{
	{"frozen and thawed", "lxc-freeze -n debian && lxc-unfreeze -n debian", true},
	// Its systemd must be there to be asked, and to hear signals.
	{"restarted from inside", "for i in $(seq 150); do lxc-attach -n debian -- systemctl reboot --no-block 2>/dev/null " +
		"&& exit; sleep 0.2; done; exit 1", false},
	{"lxc-stop -r", "for i in 1 2 3; do timeout 25 lxc-stop -n debian -r -t 20 && exit; sleep 1; done; exit 1", false},
	{"killed", "kill -9 $(lxc-info -n debian -pH); for i in $(seq 100); do lxc-info -n debian -sH | grep -q STOPPED && " +
		"break; sleep 0.1; done; lxc-start -n debian", false},
}

// testDebianInside: what runs inside a container makes no difference, here Debian's systemd.
func testDebianInside(t *testing.T, l lab) {
	const eth1, eth2 = "{container: debian, name: eth1, bridge: br-mgmt, ", "{container: debian, name: eth2, "
	l.host.MustRun(t, debianRoot)
	l.ok(t, "hostnet.linux.container: {name: debian}")
	inside := func(command string) string {
		t.Helper()
		return l.host.MustRun(t, "lxc-attach -n debian -- "+command)
	}
	// Its bus is not there at once.
	inside("sh -c 'for i in $(seq 150); do systemctl is-system-running --wait 2>/dev/null && exit; sleep 0.2; done; " +
		"systemctl --failed; exit 1'")
	pid := l.host.MustRun(t, "lxc-info -n debian -pH")
	for _, arguments := range []string{
		eth1 + "addresses: [172.29.236.110/22], routes: [{to: 10.176.0.0/12, via: 172.29.236.1}]}",
		eth2 + "bridge: lxcbr0, dhcp: true}",
		eth1 + "addresses: [172.29.236.111/22], mtu: 1400}", eth2 + "state: absent}",
	} {
		result, _ := l.ok(t, "hostnet.linux.container_interface: "+arguments)
		result.changed(t, true)
	}
	if now := l.host.MustRun(t, "lxc-info -n debian -pH"); now != pid {
		t.Errorf("init was %s and is %s", pid, now)
	}
	look := func(when string) {
		t.Helper()
		links := inside("ip address")
		if !strings.Contains(links, "172.29.236.111/22") || !strings.Contains(links, "mtu 1400") ||
			strings.Contains(links, "eth2") ||
			strings.Contains(links, "172.29.236.110") ||
			!strings.Contains(inside("ip route"), "10.176.0.0/12 via 172.29.236.1 dev eth1") {
			t.Errorf("%s: %s", when, links)
		}
		inside("ping -c 1 -W 5 172.29.236.1")
	}
	look("live")
	for _, state := range []string{"stopped", "started"} {
		result, _ := l.ok(t, "hostnet.linux.container: {name: debian, state: "+state+"}")
		result.changed(t, true)
	}
	look("started again")
	silent := func() {
		t.Helper()
		result, _ := l.ok(t, "hostnet.linux.container_interface: "+eth1+"addresses: [172.29.236.111/22], mtu: 1400}")
		result.changed(t, false)
	}
	silent()
	for _, way := range restartsOfDebian {
		before := l.host.MustRun(t, "lxc-info -n debian -pH")
		l.host.MustRun(t, way.command)
		if !way.keeps {
			l.host.MustRun(t, "for i in $(seq 300); do p=$(lxc-info -n debian -pH 2>/dev/null); test \"$p\" -a \"$p\" != "+
				strings.TrimSpace(before)+
				" && lxc-info -n debian -sH | grep -q RUNNING && exit; sleep 0.2; done; exit 1")
		}
		look(way.name)
	}
	silent()
	l.host.MustRun(t,
		"lxc-stop -k -n debian; umount /var/lib/lxc/debian/rootfs /srv/debian; rm -r /var/lib/lxc/debian /srv/debian")
}

func testContainerGone(t *testing.T, l lab) {
	result, _ := l.ok(t, "hostnet.linux.container: {name: "+busy+", state: absent}")
	result.changed(t, true)
	if left := l.host.MustRun(t,
		"ls /var/lib/lxc; ip -brief link show type veth; systemctl list-units --no-legend 'hostnet-dhcp-*'"); left != "" {
		t.Errorf("left: %s", left)
	}
}
