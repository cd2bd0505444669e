//go:build netns

package cli_test

import (
	"strings"
	"testing"
)

// TestStatus: what waits, differs and is missing comes first; then links, by name or pattern, and what the host serves.
func TestStatus(t *testing.T) {
	t.Parallel()
	said := apart(t, host+`mount -t sysfs sysfs /sys; echo 'nameserver 192.0.2.53' >/etc/resolv.conf
ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip address add 192.0.2.1/24 dev v1
export SSH_CONNECTION="192.0.2.5 40000 192.0.2.1 22"
task network '{"bridges": [{"name": "br-b", "ports": ["v0"], "mtu": 1400, "addresses": ["10.2.2.1/24"]}],
"nats": [{"name": "br-b", "interface": "br-b", "subnets": ["10.2.2.0/24"], "port_forwards": [{"port": 8080, "to": "10.2.2.7"}]}]}'
echo AS DECLARED; $hostnet status
ip link set br-b mtu 1300; echo DRIFT; $hostnet status br-b; echo PATTERN; $hostnet status 'v*'; ! $hostnet status nothing 2>&1
ip address delete 10.2.2.1/24 dev br-b; ip link set v0 down; echo WORDS; $hostnet status 'br-b' v0; $hostnet draw
ip address add 10.2.2.1/24 dev br-b; ip link set v0 up; echo JSON; $hostnet status --json br-b | tr -d ' \n'; echo
cp $hostnet /run/hostnet-copy; echo USER; setpriv --reuid 65534 --clear-groups /run/hostnet-copy status br-b; echo END
rm /etc/hostnet/bridges/br-b.yml; echo GONE; $hostnet status br-b; $hostnet diff || echo code $?; $hostnet verify || echo code $?
echo 'bridges: [' >/etc/hostnet/bridges/br-c.yml; echo BROKEN; { $hostnet diff || echo code $?; } 2>&1`)
	contains(t, said, "AS DECLARED", "generation 1", "objects as declared", "this session, peer ", "br-b", "bridge",
		"up", "10.2.2.1/24", "nat br-b 10.2.2.0/24", "forward", "8080",
		"name servers 192.0.2.53", "DRIFT", "differs: bridge br-b", "br-b", "differs: mtu", "PATTERN", "v0", "v1",
		"no link is called nothing (there are: lo, ",
		"WORDS", "differs: up, peer v1", "differs: mtu addresses", "drift: mtu, addresses)", "v0 (veth, down, peer v1, drift: up)",
		"JSON", `"drift":["bridgebr-b"]`, `"mtu":1300`, "USER", "told to root: sudo hostnet status", "br-b", "END",
		"GONE", "bridge br-b: no longer declared, still there", "bridge br-b: no longer declared, still there", "code 1",
		"bridge br-b: no longer declared, still there", "code 1", "BROKEN", "incomplete: /etc/hostnet/bridges/br-c.yml",
		"what is declared cannot be read as a whole", "code 2")
	_, pattern, _ := strings.Cut(said, "PATTERN")
	pattern, _, _ = strings.Cut(pattern, "nat ")
	if strings.Contains(pattern, "br-b  ") && strings.Contains(pattern, "\nbr-b") {
		t.Errorf("a link that the pattern leaves out: %s", pattern)
	}
}

// TestCatAndExport: a kept file by its object's name, and the host as a task that a person can read.
func TestCatAndExport(t *testing.T) {
	t.Parallel()
	said := apart(t,
		`$hostnet apply >/dev/null; $hostnet cat br-a; $hostnet cat "bridge br-a"; ! $hostnet cat br-q 2>&1; ! $hostnet cat 2>&1
echo EXPORT; $hostnet export --changed-only; $hostnet export --changed-only >/run/task.yml; $hostnet check /run/task.yml; $hostnet export >/run/full.yml; $hostnet check /run/full.yml`)
	contains(t, said, "# /etc/hostnet/bridges/br-a.yml", "addresses: [10.1.1.1/24]", "# /etc/hostnet/bridges/br-a.yml",
		`did you mean "br-a"?`, "cat takes the name",
		"EXPORT", "- name: Set up the network of ", "\n  hostnet.linux.network:\n", "10.1.1.1/24",
		"1 declaration without a mistake", "1 declaration without a mistake")
	_, export, _ := strings.Cut(said, "EXPORT")
	if strings.Contains(export, "ageing_time") || strings.Count(export, "\n") > 15 {
		t.Errorf("defaults are exported: %s", export)
	}
}

// TestCarrierSince: the watcher sees when a link loses its carrier, and the status tells.
func TestCarrierSince(t *testing.T) {
	t.Parallel()
	said := apart(t, host+`mount -t sysfs sysfs /sys
ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
task bridge '{"name": "br-b"}'
$hostnet watch >/run/log 2>&1 & watcher=$!
ends '$hostnet status v0 | grep -q "carrier at least since 2"' && $hostnet status v0
ip link set v1 down
ends '$hostnet status v0 | grep -q "no carrier since 2"' && $hostnet status v0
kill $watcher`)
	contains(t, said, "v0", "carrier at least since 2", "v0", "no carrier since 2")
}
