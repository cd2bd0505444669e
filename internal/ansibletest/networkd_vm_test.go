//go:build vm

package ansibletest

import (
	"strings"
	"testing"
)

const networkdSetsUp = `printf '[Match]\nName=eth0\n[Network]\nAddress=10.9.9.1/24\nIPv6AcceptRA=no\n[Route]\nDestination=10.5.0.0/16\nGateway=10.9.9.2\n' >/etc/systemd/network/50-eth0.network
systemctl enable --now systemd-networkd 2>/dev/null
for i in $(seq 100); do ip route | grep -q '^10.5.0.0/16' && break; sleep 0.2; done
systemd-run --quiet --unit monitor sh -c 'exec ip monitor address route dev eth0 >/run/monitored'`

// testTakenFromNetworkd: systemd-networkd 257 and newer hand over to their next run what they have set up, and would take
// it away from a link that is theirs no more.
func testTakenFromNetworkd(t *testing.T, l lab) {
	l.host.MustRun(t, networkdSetsUp)
	const task = "hostnet.linux.network: {manager: takeover, interfaces: [{name: eth0, addresses: [10.9.9.1/24], " +
		"routes: [{to: 10.5.0.0/16, via: 10.9.9.2}]}]}"
	taken, _ := l.ok(t, task)
	taken.changed(t, true)
	for _, command := range []string{"systemctl restart systemd-networkd; sleep 1", "networkctl reload; sleep 1"} {
		l.host.MustRun(t, command+"; networkctl --no-pager list eth0 | grep -q unmanaged")
		again, _ := l.ok(t, task)
		again.changed(t, false)
	}
	if said := l.host.MustRun(t, "systemctl stop monitor; cat /run/monitored"); strings.Contains(said, "Deleted") {
		t.Errorf("the kernel says\n%s", said)
	}
	l.host.MustRun(t, "systemctl disable --now systemd-networkd systemd-networkd.socket 2>/dev/null; "+
		"rm /etc/systemd/network/50-eth0.network")
	l.ok(t, "hostnet.linux.interface: {name: eth0, state: absent}")
}

// deployedContainer is one as OpenStack-Ansible's roles leave it: a Debian whose systemd-networkd has set up what the
// units inside say. Its programs are the machine's own.
const deployedContainer = `set -e; c=/var/lib/lxc/u1_util-e5f6a7b8; r=$c/rootfs; n=$r/etc/systemd/network
mkdir -p $r/usr $r/var/log $r/var/lib $r/var/tmp $r/dev $r/proc $r/sys $r/run $r/tmp $r/root; chmod 1777 $r/tmp $r/var/tmp
cp -a /etc $r/; ln -s /run $r/var/run; for d in bin sbin lib lib64; do cp -a /$d $r/; done
rm -rf $r/etc/hostnet $r/etc/systemd/system/*hostnet* $r/etc/systemd/system/*.wants $n; mkdir -p $n/eth1.network.d $r/etc/systemd/system/multi-user.target.wants
ln -s /usr/lib/systemd/system/systemd-networkd.service $r/etc/systemd/system/multi-user.target.wants/
printf '[Match]\nName=eth1\n\n[Network]\n\n[Address]\nAddress=172.29.236.120/22\n' >$n/eth1.network
printf '[Route]\nDestination=10.176.0.0/12\nGateway=172.29.236.1\nMetric=21\n' >$n/eth1.network.d/routes.conf
printf 'lxc.net.0.type = veth\nlxc.net.0.name = eth1\nlxc.net.0.veth.pair = e5f6a7b8_eth1\nlxc.net.0.link = br-mgmt\nlxc.net.0.hwaddr = 00:16:3e:e5:f6:01\nlxc.net.0.flags = up\nlxc.net.0.mtu = 1500\n' >$c/eth1.ini
printf 'lxc.include = /usr/share/lxc/config/common.conf\nlxc.rootfs.path = dir:%s\nlxc.uts.name = u1\nlxc.mount.entry = /usr usr none bind,ro 0 0\nlxc.include = %s/eth1.ini\n' $r $c >$c/config
lxc-start -n u1_util-e5f6a7b8
for i in $(seq 200); do lxc-attach -n u1_util-e5f6a7b8 -- ip route | grep -q '^10.176.0.0/12' && break; sleep 0.2; done`

// testAdoptedContainer: what systemd-networkd inside has set up is found right, and moves over without a lost packet,
// neither then nor when it starts anew or reads its files.
func testAdoptedContainer(t *testing.T, l lab) {
	const attach, network = "lxc-attach -n u1_util-e5f6a7b8 -- ", "hostnet.linux.container_network: {" +
		"container: u1_util-e5f6a7b8, container_networks: {management_address: {address: 172.29.236.120, " +
		"netmask: 255.255.252.0, bridge: br-mgmt, interface: eth1, type: veth, mtu: 1500, " +
		"static_routes: [{cidr: 10.176.0.0/12, gateway: 172.29.236.1}]}}"
	l.host.MustRun(t, deployedContainer)
	for _, mode := range [][]string{{"--check"}, nil} {
		found, _ := l.ok(t, network+"}", mode...)
		if found.changed(t, false); found.Text("actions") != "[]" {
			t.Errorf("%v: %s", mode, found.Text("actions"))
		}
	}
	l.host.MustRun(t, "systemd-run --quiet --unit pinging sh -c 'exec ping -i 0.02 -W 1 -O 172.29.236.120 >/run/ping.log'")
	taken, _ := l.ok(t, network+", manager: takeover}")
	taken.changed(t, true)
	for _, command := range []string{"systemctl restart systemd-networkd", "networkctl reload"} {
		l.host.MustRun(t, attach+command+"; sleep 1; "+attach+"networkctl --no-pager list eth1 | grep unmanaged")
		again, _ := l.ok(t, network+"}")
		again.changed(t, false)
	}
	if log := l.host.MustRun(t, "systemctl stop pinging; cat /run/ping.log"); strings.Contains(log, "no answer") ||
		!strings.Contains(log, "bytes from") {
		t.Errorf("eth1 lost packets:\n%s", log)
	}
	l.host.MustRun(t, "lxc-stop -k -n u1_util-e5f6a7b8; lxc-start -n u1_util-e5f6a7b8; ping -c 1 -W 5 172.29.236.120")
	again, _ := l.ok(t, network+"}")
	again.changed(t, false)
	l.host.MustRun(t, "lxc-destroy -f -n u1_util-e5f6a7b8")
}
