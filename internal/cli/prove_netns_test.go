//go:build netns

package cli_test

import "testing"

// TestProve: the command sends packets on this host alone, and its exit code tells whether they did what was computed.
func TestProve(t *testing.T) {
	t.Parallel()
	said := apart(t, `mkdir -p /run/netns; mount --bind /run/netns /run/netns; ip link set lo up
ip netns add far; trap 'ip netns delete far' EXIT
ip link add e0 type veth peer name e1 netns far; ip link set e0 up; ip address add 192.0.2.1/24 dev e0
ip -n far link set e1 up; ip -n far address add 192.0.2.2/24 dev e1
for i in $(seq 50); do ping -c 1 -W 1 -n 192.0.2.2 >/dev/null 2>&1 && break; sleep 0.1; done
$hostnet path "$(uname -n)" 192.0.2.2 --prove; echo code $?
$hostnet path "$(uname -n)" 192.0.2.2 --prove --json | grep -c '"agrees": true'
{ $hostnet path "$(uname -n)" 192.0.2.2 --prove --protocol tcp || echo code $?; $hostnet path "$(uname -n)" far --prove --host /etc/passwd || echo code $?; } 2>&1`)
	contains(t, said, "192.0.2.1 -> 192.0.2.2", "proof, by 1 marked packet:",
		"host, e0 out: request 192.0.2.1 -> 192.0.2.2", "far, e1 in: request",
		"as computed: it arrives, and is answered", "code 0", "1\n", "--prove needs the --port of tcp", "code 2",
		"leave --host out", "code 2")
}
