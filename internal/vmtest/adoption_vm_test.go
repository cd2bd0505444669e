//go:build vm

package vmtest

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hostnet.linux/internal/testhost"
)

// deployed is a host as OpenStack-Ansible's openstack_hosts leaves it: systemd-networkd's files, and networkd that has
// made of them a bridge on a VLAN. A namespace stands for a container.
const deployed = `mkdir -p /etc/systemd/network; cd /etc/systemd/network
printf '[NetDev]\nName=eth0.10\nKind=vlan\n[VLAN]\nId=10\n' >0-openstack-net-eth0.10.netdev
printf '[NetDev]\nName=br-mgmt\nKind=bridge\n[Bridge]\nForwardDelaySec=0\nSTP=false\n' >1-openstack-net-br-mgmt.netdev
printf '[Match]\nName=eth0\n[Network]\nVLAN=eth0.10\nIPv6AcceptRA=no\n' >0-openstack-net-eth0.network
printf '[Match]\nName=eth0.10\n[Network]\nBridge=br-mgmt\n' >1-openstack-net-eth0.10.network
printf '[Match]\nName=br-mgmt\n[Network]\nAddress=172.29.236.11/22\nIPv6AcceptRA=no\n[Route]\nDestination=10.5.0.0/16\nGateway=172.29.236.1\nMetric=21\n' >2-openstack-net-br-mgmt.network
systemctl enable --now systemd-networkd 2>/dev/null; systemctl restart systemd-networkd
for i in $(seq 100); do ip route | grep -q '^10.5.0.0/16' && break; sleep 0.2; done
ip netns add container; ip link add a1b2c3d4_eth1 master br-mgmt up type veth peer name eth1 netns container
ip -n container address add 172.29.236.101/22 dev eth1; ip -n container link set eth1 up
ping -q -c 1 -W 5 172.29.236.101`

const undeploy = `ip netns delete container; systemctl disable --now systemd-networkd systemd-networkd.socket; rm -rf /etc/systemd/network/*
ip link delete br-mgmt; ip link delete eth0.10; true`

// adopted are OpenStack-Ansible's variables for that host.
func adopted(more map[string]any) map[string]any {
	arguments := map[string]any{
		"confirm": "off",
		"networkd_devices": []any{
			map[string]any{"NetDev": map[string]any{"Name": "eth0.10", "Kind": "vlan"}, "VLAN": map[string]any{"Id": 10}},
			map[string]any{"NetDev": map[string]any{"Name": "br-mgmt", "Kind": "bridge"},
				"Bridge": map[string]any{"ForwardDelaySec": 0, "STP": false}},
		},
		"networkd_networks": []any{
			map[string]any{"interface": "eth0", "vlan": []any{"eth0.10"}},
			map[string]any{"interface": "eth0.10", "bridge": "br-mgmt"},
			map[string]any{"interface": "br-mgmt", "address": "172.29.236.11", "netmask": "255.255.252.0",
				"static_routes": []any{map[string]any{"cidr": "10.5.0.0/16", "gateway": "172.29.236.1"}}},
		},
		"needed": map[string]any{"management_address": map[string]any{
			"bridge": "br-mgmt", "address": "172.29.236.11", "netmask": "255.255.252.0", "type": "veth"}},
	}
	for option, value := range more {
		arguments[option] = value
	}
	return arguments
}

var counted = regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`)

// testAdoption: what networkd has set up is found right, and moves over without a packet lost, neither then nor when
// networkd starts anew.
func testAdoption(t *testing.T, host *testhost.Host) {
	host.MustRun(t, deployed)
	defer host.MustRun(t, undeploy)
	before := remote(t, host)
	for _, check := range []bool{true, false} {
		found := call(t, host, "network", adopted(map[string]any{"_ansible_check_mode": check}))
		if found.Failed || found.Changed || len(found.Actions) > 0 {
			t.Errorf("check %t: changed %t, %s: %v", check, found.Changed, found.Msg, found.Actions)
		}
	}
	host.MustRun(t, "systemd-run --quiet --unit pinging sh -c 'exec ping -q -i 0.01 172.29.236.101 >/run/pinged'")
	taken := call(t, host, "network", adopted(map[string]any{"manager": "takeover"}))
	if taken.Failed || !taken.Changed {
		t.Errorf("takeover: changed %t, %s", taken.Changed, taken.Msg)
	}
	host.MustRun(t, "systemctl restart systemd-networkd; sleep 2")
	again := call(t, host, "network", adopted(nil))
	if again.Failed || again.Changed || len(again.Warnings) > 0 {
		t.Errorf("a second run: %+v", again)
	}
	host.MustRun(t, "systemctl kill --signal=INT pinging; for i in $(seq 50); do grep -q transmitted /run/pinged && "+
		"break; sleep 0.1; done")
	told := host.MustRun(t, "cat /run/pinged")
	numbers := counted.FindStringSubmatch(told)
	const least = 100
	if len(numbers) != 3 || numbers[1] != numbers[2] {
		t.Fatalf("packets were lost:\n%s", told)
	}
	if sent, _ := strconv.Atoi(numbers[1]); sent < least {
		t.Errorf("only %d packets were sent", sent)
	}
	if now := remote(t, host); now != before {
		t.Errorf("the network was\n%s\nand is\n%s", before, now)
	}
	if left := host.MustRun(t, "networkctl --no-pager list br-mgmt eth0.10"); strings.Count(left, "unmanaged") != 2 {
		t.Errorf("systemd-networkd still has links:\n%s", left)
	}
	host.MustRun(t, "ip link delete a1b2c3d4_eth1")
	gone := call(t, host, "network", map[string]any{"confirm": "off", "purge": true, "bridges": []any{}})
	if gone.Failed {
		t.Error(gone.Msg)
	}
}
