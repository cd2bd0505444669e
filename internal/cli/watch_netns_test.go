//go:build netns

package cli_test

import (
	"testing"
)

// host has a program run as on a host of its own, with a function for tasks.
const host = `export HOSTNET_NAMESPACE=; rm -r /etc/hostnet/bridges
task() { module=$1; printf '%s' "$2" | sed "s/^{/{\"_ansible_module_name\": \"$module\", \"confirm\": \"off\", \"watch\": ${watch:-false}, /" | $hostnet module >/run/result || { cat /run/result; exit 1; }
  grep -q '"failed":true' /run/result && { cat /run/result; exit 1; } || true; }
ends() { for i in $(seq 50); do if eval "$1" >/dev/null 2>&1; then return 0; fi; sleep 0.1; done; echo "NEVER: $1"; return 1; }
`

// TestWatchRepairs: rules that somebody flushes and a port that comes late are put back; what a person changes is told.
func TestWatchRepairs(t *testing.T) {
	t.Parallel()
	said := apart(t, host+`
ip link add e1 type veth peer name f1
task network '{"bridges": [{"name": "br-b", "ports": ["e1"], "mtu": 1400, "addresses": ["10.2.2.1/24"]}], "nats": [{"name": "br-b", "subnets": ["10.2.2.0/24"]}]}'
$hostnet watch >/run/log 2>&1 & watcher=$!
sleep 1
nft flush ruleset
ends 'nft list ruleset | grep -q masquerade' && echo "rules are back"
ip link del e1; ends '! ip link show e1'; sleep 1.2
ip link add e1 type veth peer name f1
ends 'ip link show master br-b | grep -q e1' && echo "port is back"
sleep 1; ip addr del 10.2.2.1/24 dev br-b; sleep 2
ip addr show br-b | grep -q 10.2.2.1 || echo "a person's change stays"
ends 'grep -q "10.2.2.1/24" /run/hostnet/watch.json' && echo "and is told"
! $hostnet verify --metrics /run/metrics; grep -q 'hostnet_drift{object="address 10.2.2.1/24 on br-b"} 1' /run/metrics && echo metrics
$hostnet log; kill $watcher; wait $watcher || true; cat /run/log`)
	contains(t, said, "rules are back", "port is back", "a person's change stays", "and is told", "differs: address 10.2.2.1/24", "metrics", "hostnet watch", "put back")
}

// TestWatchEnforces: everything comes back, until it is taken away for the third time in a minute.
func TestWatchEnforces(t *testing.T) {
	t.Parallel()
	said := apart(t, host+`
task bridge '{"name": "br-b", "mtu": 1400, "addresses": ["10.2.2.1/24"]}'
$hostnet watch --mode enforce >/run/log 2>&1 & watcher=$!
sleep 1
for round in 1 2; do ip addr del 10.2.2.1/24 dev br-b; ends 'ip addr show br-b | grep -q 10.2.2.1' && echo "back $round"; sleep 1; done
ip addr del 10.2.2.1/24 dev br-b; sleep 2; ip addr show br-b | grep -q 10.2.2.1 || echo "left"
ip link set br-b mtu 1300; ends 'ip link show br-b | grep -q "mtu 1400"' && echo "another thing is put back"
kill $watcher; wait $watcher || true; cat /run/log`)
	contains(t, said, "back 1", "back 2", "left", "another thing is put back", "three times in a minute")
}

// TestWatchHoldsOff: a change that waits for its confirmation, and what it undoes, are left alone.
func TestWatchHoldsOff(t *testing.T) {
	t.Parallel()
	said := apart(t, host+`
task bridge '{"name": "br-b", "mtu": 1400}'
$hostnet watch --mode enforce >/run/log 2>&1 & watcher=$!
sleep 1
printf '{"_ansible_module_name": "bridge", "name": "br-b", "mtu": 1300, "watch": false, "confirm": {"mode": "on", "timeout": 6}}' | $hostnet module >/dev/null
ends 'ip link show br-b | grep -q "mtu 1300"'; sleep 3; ip link show br-b | grep -q "mtu 1300" && echo "held off"
ends 'ip link show br-b | grep -q "mtu 1400"' && echo "undone"
kill $watcher; wait $watcher || true; grep -c "put back" /run/log || echo "nothing put back"`)
	contains(t, said, "held off", "undone", "nothing put back")
}

// TestWatchSupervised: without systemd, a task that needs it starts the watcher, which is started anew when it dies, and
// ended by a task that does without.
func TestWatchSupervised(t *testing.T) {
	t.Parallel()
	said := apart(t, host+`
watch='"repair"'; task nat '{"name": "n", "subnets": ["10.2.2.0/24"]}'
ends 'test -s /run/hostnet/watch.json'; nft flush ruleset; ends 'nft list ruleset | grep -q masquerade' && echo "rules are back"
worker=$(pgrep -P $(cat /run/hostnet/watch.pid)); kill -9 $worker; sleep 2.5
nft flush ruleset; ends 'nft list ruleset | grep -q masquerade' && echo "rules are back again"
supervisor=$(cat /run/hostnet/watch.pid); watch=false; task nat '{"name": "n", "subnets": ["10.2.2.0/24"]}'
ends "! kill -0 $supervisor" && echo "ended"; $hostnet diff`)
	contains(t, said, "rules are back", "rules are back again", "ended", "the host is as declared")
}
