//go:build netns

package cli_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestContainersInHistory: tasks about containers are generations like the others; a rollback takes their files and the
// network that runs back, also after a restart of the container and over a boot, and says what it does not take back.
func TestContainersInHistory(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	program := filepath.Join(t.TempDir(), "hostnet-lxc")
	if output, err := exec.Command("go", "build", "-o", program,
		"hostnet.linux/modules/hostnet-lxc").CombinedOutput(); err != nil {
		t.Skipf("this machine does not build what links LXC: %s", output)
	}
	lxctest.Stopped(t, folder, "web", "lxc.net.0.type = empty\n")
	t.Setenv("containers", folder)
	t.Setenv("lxc", program)
	// LXC looks for a bridge in /sys, which is of the network namespace that it was mounted in.
	said := apart(t, `export HOSTNET_NAMESPACE=
mount -t tmpfs tmpfs /usr/local/lib; mkdir -p /run/lxc /run/cgroup
mount --rbind /sys/fs/cgroup /run/cgroup; mount -t sysfs sysfs /sys; mount --rbind /run/cgroup /sys/fs/cgroup
task() { printf '{"_ansible_module_name": "%s", "lxc_path": "%s", %s}' "$2" $containers "$3" | $1 module | grep -o '"changed":[a-z]*\|"msg":.*\|"warnings":.*' | tr '\n' ' '; echo; }
host() { printf '{"_ansible_module_name": "%s", "confirm": "off", "watch": false, %s}' "$1" "$2" | $hostnet module | grep -o '"changed":[a-z]*\|"msg":.*' | head -1; }
state() { cat $containers/web/config; for what in "-o -4 address" "-o link" route; do lxc-attach -P $containers -n web -- ip $what 2>/dev/null || nsenter -t $(lxc-info -P $containers -n web -pH) -n ip $what; done | sed 's/^[0-9]*: //; s/@[^:]*:/:/; s/,M-DOWN//; s/ brd [^ ]*//; s/ proto static//; s/link-netnsid.*//; s/ state .*//; s/ *$//'; }
same() { state >/run/now; cmp -s /run/$1 /run/now && echo "same as $1" || { echo "not as $1"; diff /run/$1 /run/now; }; }
# An interface without a declared MTU has that of its bridge from its container's start on.
same_but_mtu() { sed -i 's/ mtu [0-9]*//' /run/$1; state | sed 's/ mtu [0-9]*//' >/run/now; cmp -s /run/$1 /run/now && echo "same as $1" || { echo "not as $1"; diff /run/$1 /run/now; }; }
host bridge '"name": "br0", "addresses": ["10.3.0.1/24"]'
task $lxc container '"name": "web", "config": ["lxc.start.auto = 1"], "wait_for": "none"'
task $lxc container_network '"container": "web", "interfaces": [{"name": "eth1", "bridge": "br0", "addresses": ["10.3.0.2/24"]}]'
task $lxc container_network '"container": "web", "interfaces": [{"name": "eth1", "bridge": "br0", "addresses": ["10.3.0.2/24"]}]'
state >/run/3
task $lxc container_network '"container": "web", "interfaces": [{"name": "eth1", "bridge": "br0", "addresses": ["10.3.0.3/24"], "mtu": 1400}, {"name": "eth2", "bridge": "br0", "addresses": ["10.4.0.2/24"]}]'
printf '{"_ansible_module_name": "lxc_host", "packages": [], "bridge": "br7"}' | $hostnet module >/dev/null
state >/run/5
$hostnet log; $hostnet log 4
echo "back:"; $hostnet rollback 3 --check; $hostnet rollback 3; same 3; ! cat /etc/lxc/default.conf
$hostnet rollback 3 --check; $hostnet rollback 5; same 5; grep br7 /etc/lxc/default.conf
lxc-stop -k -P $containers -n web; lxc-start -P $containers -n web; echo "started anew:"; $hostnet rollback 3; same_but_mtu 3
echo "boots:"; sed -i 's/"boot":"[^"]*"/"boot":"another"/' /var/lib/hostnet/generations/*.json
$hostnet rollback 5; same_but_mtu 5; ip -br link show br0
task $lxc container '"name": "web", "state": "absent"'
! $hostnet rollback; $hostnet rollback 1; $hostnet log`)
	contains(t, said, `"changed":true`, `"changed":true`, `"changed":true`, `"changed":false`, `"changed":true`,
		"2 ", "hostnet.linux.container ", "3 ", "hostnet.linux.container_network", "4 ", "hostnet.linux.container_network",
		"5 ", "hostnet.linux.lxc_host",
		"generation 4", "mtu: 1500 -> 1400",
		"back:", "remove file /etc/lxc/default.conf", "write file "+folder+"/web/config",
		"delete interface eth2 of container web",
		"undone: the changes after generation 3", "same as 3", "No such file", "undone:", "same as 5", "br7",
		"started anew:", "undone:", "same as 3", "boots:", "undone:", "same as 5", "br0", "UP",
		"note: container web was deleted by generation", "a rollback neither deletes containers nor brings them back",
		"there is nothing else to undo",
		"undone:", "hostnet rollback to 1")
	if strings.Contains(said, "not as") {
		t.Error(said)
	}
}
