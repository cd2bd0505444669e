//go:build vm

package vmtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// testRemove has the role's script take away what is ours: the bridge stays, and is no longer in a zone that we put it
// into, as firewalld itself says.
func (l *lxcLab) testRemove(t *testing.T) {
	if err := l.host.Put(t.Context(), "../../roles/hostnet_remove/files/remove.sh", "/root/remove.sh", 0o700); err != nil {
		t.Fatal(err)
	}
	l.host.MustRun(t, "systemctl start firewalld")
	l.must(t, "lxc_bridge", lxcbr0With(map[string]any{"verify": false}))
	const zone = "firewall-cmd --permanent --get-zone-of-interface=lxcbr0 2>&1 || true"
	if said := l.host.MustRun(t, zone); said != "trusted\n" {
		t.Errorf("before: %s", said)
	}
	l.host.MustRun(t, "sh /root/remove.sh yes")
	if said := l.host.MustRun(t, zone); said != "no zone\n" {
		t.Errorf("after: %s", said)
	}
	if left := l.host.MustRun(t,
		`ls -d /etc/hostnet /var/lib/hostnet /usr/local/sbin/hostnet /etc/systemd/system/hostnet* 2>/dev/null; grep -l lxcbr0 -r --exclude='*.old' /etc/firewalld
ip -o link show lxcbr0 | grep -o lxcbr0; true`); left != "lxcbr0\n" {
		t.Errorf("left: %s", left)
	}
	l.host.MustRun(t, "systemctl stop firewalld")
}

// testFirewalld starts firewalld, whose zone "public" drops what containers send.
func (l *lxcLab) testFirewalld(t *testing.T) {
	l.host.MustRun(t, "systemctl start firewalld")
	zones := func() string {
		// As firewall-cmd asks, which takes seconds to start.
		return l.host.MustRun(t, `for place in "" .config; do busctl call org.fedoraproject.FirewallD1 \
/org/fedoraproject/FirewallD1$(echo $place | tr . /) org.fedoraproject.FirewallD1${place:-.zone} getZoneOfInterface s lxcbr0; done`)
	}
	before := zones()
	warned := l.must(t, "lxc_bridge", lxcbr0With(map[string]any{"firewall": "warn", "verify": false}))
	for _, part := range []string{"DHCP from lxcbr0 is dropped by a rule in chain inet firewalld filter_IN_public",
		"traffic to the outside from lxcbr0 is dropped by a rule in chain inet firewalld filter_FWD_public"} {
		if !slices.ContainsFunc(warned.Warnings, func(w string) bool { return strings.Contains(w, part) }) {
			t.Errorf("%q is not told in %q", part, warned.Warnings)
		}
	}
	result := l.bridge(t, nil)
	if len(result.Warnings) > 0 || !result.Checks["lxcbr0"].GatewayReached {
		t.Errorf("warnings %q, checks %+v", result.Warnings, result.Checks)
	}
	if got := zones(); got != "s \"trusted\"\ns \"trusted\"\n" {
		t.Errorf("zones: %s", got)
	}
	l.must(t, "lxc_bridge", map[string]any{"state": "absent"})
	if after := zones(); after != before {
		t.Errorf("zones after absent: %s, before: %s", after, before)
	}
	l.host.MustRun(t, "systemctl stop firewalld")
}

// testInstall takes dnsmasq away, and offers it in a repository of the machine's own.
func (l *lxcLab) testInstall(t *testing.T) {
	l.host.MustRun(t, `set -e; mkdir -p /srv/pkg/DEBIAN /srv/repo; cd /srv/pkg
dpkg -L dnsmasq-base | while read -r f; do [ ! -f "$f" ] || cp --parents -a "$f" .; done
dpkg-query -W -f='Package: ${Package}\nVersion: ${Version}\nArchitecture: ${Architecture}\nMaintainer: nobody\nDescription: DHCP and DNS\n' dnsmasq-base >DEBIAN/control
dpkg-deb -Znone --build . /srv/repo/dnsmasq-base.deb >/dev/null; cd /srv/repo
{ cat /srv/pkg/DEBIAN/control; echo "Filename: ./dnsmasq-base.deb"; echo "Size: $(stat -c %s dnsmasq-base.deb)"; echo "SHA256: $(sha256sum dnsmasq-base.deb | cut -d' ' -f1)"; } >Packages
mkdir -p /srv/apt; mv /etc/apt/sources.list* /srv/apt; echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list
dpkg --remove --force-depends dnsmasq-base >/dev/null 2>&1; rm -rf /srv/pkg`)
	if refused := module(t, l.host, "lxc_bridge", lxcbr0With(nil)); !refused.Failed ||
		!strings.Contains(refused.Msg, "dnsmasq is not installed: install the package dnsmasq-base, or set install: true") {
		t.Errorf("without dnsmasq: %+v", refused)
	}
	host := map[string]any{"packages": []any{"lxc", "dnsmasq-base"}}
	if installed := l.must(t, "lxc_host", host); installed.Actions[0].Object != "packages dnsmasq-base" {
		t.Errorf("lxc_host: %+v", installed.Actions)
	}
	if again := l.must(t, "lxc_host", host); again.Changed {
		t.Errorf("lxc_host once more: %+v", again.Actions)
	}
	l.must(t, "lxc_host", map[string]any{"state": "absent"})
	l.host.MustRun(t, "dpkg --remove --force-depends dnsmasq-base >/dev/null 2>&1")
	result := l.must(t, "lxc_bridge", lxcbr0With(map[string]any{"install": true}))
	if result.Actions[0].Action != "install" || result.Actions[0].Object != "package dnsmasq-base" {
		t.Errorf("actions: %+v", result.Actions)
	}
	l.must(t, "lxc_bridge", map[string]any{"state": "absent"})
	l.host.MustRun(t, "rm -r /etc/apt/sources.list* /srv/repo; mv /srv/apt/* /etc/apt; rmdir /srv/apt")
}

// openStackAnsible is a service like that of the role lxc_hosts.
const openStackAnsible = `[Service]
Type=forking
PIDFile=/run/lxc/dnsmasq.pid
ExecStartPre=mkdir -p /run/lxc
ExecStart=/usr/sbin/dnsmasq --user=nobody --pid-file=/run/lxc/dnsmasq.pid --conf-file=/dev/null --listen-address=10.0.3.1 \
  --dhcp-range=10.0.3.2,10.0.3.253 --dhcp-option=6,10.0.3.1 --dhcp-lease-max=253 --except-interface=lo --interface=lxcbr0 --no-ping \
  --dhcp-leasefile=/var/lib/misc/dnsmasq.lxcbr0.leases --dhcp-no-override --strict-order --bind-interfaces --no-hosts --dhcp-authoritative
Restart=on-failure
[Install]
WantedBy=multi-user.target
`

func (l *lxcLab) testOpenStackAnsible(t *testing.T) {
	const unit = "/etc/systemd/system/lxc-dnsmasq.service"
	if err := l.host.Write(t.Context(), strings.NewReader(openStackAnsible), unit, 0o644); err != nil {
		t.Fatal(err)
	}
	l.host.MustRun(t, `ip link add lxcbr0 up type bridge && ip address add 10.0.3.1/24 dev lxcbr0
systemctl daemon-reload; systemctl enable -q --now lxc-dnsmasq; echo '9999999999 00:16:3e:00:00:99 10.0.3.99 old *' >>/var/lib/misc/dnsmasq.lxcbr0.leases; systemctl restart lxc-dnsmasq`)
	if refused := module(t, l.host, "lxc_bridge", lxcbr0With(nil)); !refused.Failed ||
		!strings.Contains(refused.Msg, "OpenStack-Ansible's lxc-dnsmasq.service serves lxcbr0 already") {
		t.Errorf("without takeover: %+v", refused)
	}
	l.must(t, "lxc_bridge", lxcbr0With(map[string]any{"takeover": true}))
	if got := l.host.MustRun(t,
		"systemctl is-active lxc-dnsmasq; systemctl is-enabled lxc-dnsmasq; cat "+
			"/var/lib/misc/dnsmasq.lxcbr0.leases"); !strings.HasPrefix(got, "inactive\ndisabled\n") ||
		!strings.Contains(got, "10.0.3.99 old") {
		t.Errorf("taken over: %s", got)
	}
	l.must(t, "lxc_bridge", map[string]any{"state": "absent"})
	if got := l.host.MustRun(t,
		"systemctl is-active lxc-dnsmasq; systemctl is-enabled lxc-dnsmasq; ip -br -4 "+
			"address show lxcbr0"); !strings.HasPrefix(got, "active\nenabled\n") || !strings.Contains(got, "10.0.3.1/24") {
		t.Errorf("given back: %s", got)
	}
	l.host.MustRun(t, "systemctl disable -q --now lxc-dnsmasq; rm "+unit+
		"; systemctl daemon-reload; ip link delete lxcbr0; rm -f /var/lib/misc/dnsmasq.lxcbr0.leases")
}

// opening is a rule that lets packets through, as nft shows it.
var opening = regexp.MustCompile(
	`(iifname|oifname) "lxcbr0" (?:(udp|tcp) dport (\{[^}]*\}|\d+) )?(?:counter packets \d+ bytes \d+ )?accept`)

// openings are what a table lets through, one port an element.
func openings(rules string) []string {
	var out []string
	for _, match := range opening.FindAllStringSubmatch(rules, -1) {
		if match[2] == "" {
			out = append(out, match[1])
			continue
		}
		for port := range strings.FieldsFuncSeq(match[3], func(r rune) bool { return strings.ContainsRune("{}, ", r) }) {
			out = append(out, fmt.Sprintf("%s %s %s", match[1], match[2], port))
		}
	}
	return out
}

// testTakeover moves a bridge over on which a container runs and talks.
func (l *lxcLab) testTakeover(t *testing.T) {
	l.host.MustRun(t, "systemctl enable -q lxc-net; systemctl start lxc-net")
	address := l.container(t, "c1")
	facts := func() string {
		return l.host.MustRun(t, "cat /sys/class/net/lxcbr0/ifindex /sys/class/net/lxcbr0/address; ls "+
			"/sys/class/net/lxcbr0/brif; lxc-info -n c1 -pH; grep -c "+address+" /var/lib/misc/dnsmasq.lxcbr0.leases")
	}
	before := facts()
	theirs := openings(l.host.MustRun(t, "nft list table inet lxc"))
	if refused := module(t, l.host, "lxc_bridge", lxcbr0With(nil)); !refused.Failed ||
		!strings.Contains(refused.Msg, "lxc-net serves lxcbr0 already") {
		t.Errorf("without takeover: %+v", refused)
	}
	l.refuseTakeover(t, facts)
	l.host.MustRun(t,
		"systemd-run --quiet --unit=talk lxc-attach -n c1 -- sh -c 'ping -i 0.2 -W 1 192.0.2.254 >/tmp/talk'")
	l.bridge(t, map[string]any{"takeover": true})
	talk := l.host.MustRun(t, "sleep 1; pkill -INT -x ping; sleep 1; cat /var/lib/lxc/c1/rootfs/tmp/talk")
	lost := longestGap(t, strings.ReplaceAll(talk, " seq=", " icmp_seq="))
	if lost > 5 {
		t.Errorf("%d pings in a row, at five a second, had no answer", lost)
	}
	if after := facts(); after != before {
		t.Errorf("bridge, container or lease changed:\n%s\nbefore\n%s", after, before)
	}
	if got := l.host.MustRun(t,
		"nft list tables | grep lxc; systemctl is-active lxc-net; systemctl is-enabled lxc-net; "+
			"pgrep -c dnsmasq"); got != "table inet hostnet_lxcbr0\ninactive\ndisabled\n1\n" {
		t.Errorf("what is left of lxc-net: %s", got)
	}
	ours := openings(l.host.MustRun(t, "nft list table inet hostnet_lxcbr0"))
	if len(theirs) != 6 {
		t.Errorf("lxc-net opens %q: the test reads its rules wrongly", theirs)
	}
	for _, one := range theirs {
		if !slices.Contains(ours, one) {
			t.Errorf("lxc-net opens %s, we do not: %q", one, ours)
		}
	}
	l.inside(t, "c1", "udhcpc -i eth0 -n -q -x hostname:c1")
	if got := l.address(t, "c1"); got != address {
		t.Errorf("c1 has %s now, before %s", got, address)
	}
}

// refuseTakeover has the proof fail after lxc-net was stopped: it comes back, and the container has noticed nothing.
func (l *lxcLab) refuseTakeover(t *testing.T, facts func() string) {
	t.Helper()
	before := facts() + l.state(t)
	l.host.MustRun(t,
		"nft 'add table inet wall; add chain inet wall c { type filter hook forward priority 0; policy drop; }'")
	refused := module(t, l.host, "lxc_bridge", lxcbr0With(map[string]any{"takeover": true}))
	if !refused.Failed || !strings.HasSuffix(refused.Msg, "; the host is as it was") ||
		!strings.Contains(fmt.Sprint(refused.Warnings), "the policy of chain inet wall c") {
		t.Errorf("behind a wall: %+v", refused)
	}
	// The kernel looks for a carrier again once a second (net/core/link_watch.c).
	l.host.MustRun(t, "nft delete table inet wall; systemctl is-active lxc-net; for i in $(seq 30); do grep -q up "+
		"/sys/class/net/lxcbr0/operstate && exit; sleep 0.1; done")
	if after := facts() + l.state(t); after != before {
		t.Errorf("after a takeover that failed:\n%s\nbefore\n%s", after, before)
	}
}

// load puts recorded rules in place, as iptables-nft makes them.
func (l *lxcLab) load(t *testing.T, program, file string) {
	t.Helper()
	rules, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rules.Close() }()
	if err := l.host.Exec(t.Context(), program, rules, nil, nil); err != nil {
		t.Fatal(err)
	}
}

func (l *lxcLab) testDocker(t *testing.T) {
	l.load(t, "iptables-restore", "docker.rules")
	result := l.bridge(t, nil)
	if len(result.Warnings) > 0 || !result.Checks["lxcbr0"].GatewayReached {
		t.Errorf("warnings %q, checks %+v", result.Warnings, result.Checks)
	}
	if got := l.seen(t, "c1", "192.0.2.254"); got != "192.0.2.1" {
		t.Errorf("the outside saw %s", got)
	}
	if got := l.host.MustRun(t, "iptables -S DOCKER-USER"); !strings.Contains(got, "-A DOCKER-USER -i lxcbr0") ||
		!strings.Contains(got, "-A DOCKER-USER -o lxcbr0") {
		t.Errorf("what iptables shows of it: %s", got)
	}
	l.host.MustRun(t, "nft delete table ip filter; nft delete table ip nat")
}

// testWatcher has others take away what is declared: it is back soon, without a task.
func (l *lxcLab) testWatcher(t *testing.T) {
	back := func(what, harm, whole string) {
		t.Helper()
		begin := time.Now()
		l.host.MustRun(t, harm+`
for i in $(seq 200); do `+whole+` && exit; sleep 0.1; done; journalctl -u hostnet-watch -n 20 --no-pager; exit 1`)
		t.Logf("%s: back after %.1f s", what, time.Since(begin).Seconds())
		if got := l.seen(t, "c1", "192.0.2.254"); got != "192.0.2.1" {
			t.Errorf("%s: the outside saw %s", what, got)
		}
	}
	const table, rules = "nft list table inet hostnet_lxcbr0 >/dev/null 2>&1",
		"iptables -S DOCKER-USER | grep -q -- '-i lxcbr0'"
	back("nftables.service is restarted", "systemctl restart nftables", table)
	back("the watcher is killed", "pid=$(systemctl show -P MainPID hostnet-watch); kill -9 $pid; nft flush ruleset", table)
	docker, err := os.ReadFile(filepath.Join("testdata", "docker.rules"))
	if err != nil {
		t.Fatal(err)
	}
	// Its chains come with it, and again empty when it is restarted.
	l.host.MustRun(t, "cat >/root/docker.rules <<'END'\n"+string(docker)+"END")
	back("Docker starts", "iptables-restore </root/docker.rules", rules)
	back("Docker is restarted", "iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN", rules)
	l.host.MustRun(t, "nft delete table ip filter; nft delete table ip nat; nft delete table inet filter 2>/dev/null; "+
		"rm /root/docker.rules; hostnet diff")
}

// handle is the kernel's number of a rule.
var handle = regexp.MustCompile(`handle \d+`)

func (l *lxcLab) testUFW(t *testing.T) {
	l.load(t, "iptables-restore", "ufw.rules")
	l.load(t, "ip6tables-restore", "ufw6.rules")
	if refused := module(t, l.host, "lxc_bridge", lxcbr0With(nil)); !refused.Failed {
		t.Errorf("ufw drops, and the proof passes: %+v", refused)
	}
	warned := l.must(t, "lxc_bridge", lxcbr0With(map[string]any{"verify": false})).Warnings
	for _, part := range []string{
		"DHCP from lxcbr0 is dropped by a rule in chain ip filter ufw-skip-to-policy-input (rule 1, handle HANDLE: drop) " +
			"(ufw): run `ufw allow in on lxcbr0 to any port 67 proto udp`",
		"DNS from lxcbr0 is dropped by the policy of chain ip filter INPUT (ufw): run `ufw allow in on lxcbr0 to any port " +
			"53 proto udp`",
		"traffic to the outside from lxcbr0 is dropped by the policy of chain ip filter FORWARD (ufw): run `ufw route " +
			"allow in on lxcbr0`",
	} {
		if !slices.ContainsFunc(warned, func(w string) bool { return handle.ReplaceAllString(w, "handle HANDLE") == part }) {
			t.Errorf("%q is not among %q", part, warned)
		}
	}
	// What these commands do.
	l.host.MustRun(t, `for port in 53 67; do iptables -A ufw-user-input -i lxcbr0 -p udp --dport $port -j ACCEPT; done
iptables -A ufw-user-forward -i lxcbr0 -j ACCEPT`)
	if result := l.must(t, "lxc_bridge", lxcbr0With(nil)); len(result.Warnings) > 0 {
		t.Errorf("warnings: %q", result.Warnings)
	}
	if got := l.seen(t, "c1", "192.0.2.254"); got != "192.0.2.1" {
		t.Errorf("the outside saw %s", got)
	}
	l.host.MustRun(t, "nft delete table ip filter; nft delete table ip6 filter")
}
