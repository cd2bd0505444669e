//go:build netns

package cli_test

import (
	"strings"
	"testing"
)

// TestDiskFaults: where a file cannot be written, because the disk is full or read-only, the task says so and the host
// is as it was, and so are all files.
func TestDiskFaults(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"/etc/hostnet", "/var/lib/hostnet", "/run/hostnet"} {
		for how, harm := range map[string]string{
			"full":      "dd if=/dev/zero of=$folder/fill bs=1 count=100000 2>/dev/null || true",
			"read-only": "mount -o remount,bind,ro $folder",
		} {
			t.Run(folder+" "+how, func(t *testing.T) {
				t.Parallel()
				said := apart(t, `export HOSTNET_NAMESPACE=; folder=`+folder+`
task() { printf '{"_ansible_module_name": "bridge", "confirm": "off", "watch": false, "name": %s}' "$1" | $hostnet module | grep -o '"failed":true\|the host is as it was' || true; }
state() { ip -br link | sed 's/@.*//; s/ .*//'; find /etc/hostnet /var/lib/hostnet -type f ! -name fill ! -name undone.json -exec cksum {} +; }
task '"br-k", "mtu": 1400'; mkdir -p $folder
mkdir -p /run/copy; cp -a $folder/. /run/copy/
mount -t tmpfs -o size=64k none $folder; [ -d /run/copy ] && cp -a /run/copy/. $folder/; rm -rf /run/copy
state >/run/before; `+harm+`
task '"br-new", "addresses": ["10.9.0.1/24"]'; task '"br-k", "mtu": 1300'
state >/run/after; diff /run/before /run/after && echo "nothing is left"`)
				if strings.Count(said, `"failed":true`) != 2 || !strings.Contains(said, "nothing is left") {
					t.Errorf("%s", said)
				}
			})
		}
	}
}

// TestAbsentLeavesNothing: what a bridge for containers has brought along is gone with it, however often it comes and
// goes.
func TestAbsentLeavesNothing(t *testing.T) {
	t.Parallel()
	said := apart(t, `export HOSTNET_NAMESPACE=; ip link set lo up
mkdir -p /var/lib/hostnet /run/hostnet
printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >/etc/passwd; printf 'root:x:0:\nnogroup:x:65534:\n' >/etc/group
task() { printf '{"_ansible_module_name": "lxc_bridge", "confirm": "off", "watch": false, %s}' "$1" | $hostnet module | grep -o '"changed":[a-z]*\|"msg":.*'; }
state() { find /etc/hostnet /var/lib/hostnet /run/hostnet -mindepth 1 ! -path '*/generations*' ! -name '*.json' ! -name .no-watch; nft list tables; ip -br link | sed 's/ .*//'; }
state >/run/before
for i in 1 2 3; do task '"verify": false'; ip -br link show lxcbr0; task '"state": "absent"'; done
state >/run/after; diff /run/before /run/after && echo "nothing is left"`)
	if strings.Count(said, `"changed":true`) != 6 || strings.Count(said, "lxcbr0 ") != 3 ||
		!strings.Contains(said, "nothing is left") {
		t.Errorf("%s", said)
	}
}
