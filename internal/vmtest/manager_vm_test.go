//go:build vm

package vmtest

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/testhost"
)

// rivals are the programs that set up links beside us: how each is made to have eth0 and eth1, and how it is restarted.
var rivals = []struct {
	name, start, restart, stop string
	// claims are parts of the warnings, taken what is there once it has lost the links.
	claims []string
	taken  string
	// has tells that it has eth0.
	has string
}{
	{
		"NetworkManager",
		`printf '[connection]\nid=up\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=10.50.0.2/24,10.50.0.1\n[ipv6]\nmethod=disabled\n' >/etc/NetworkManager/system-connections/up.nmconnection
printf '[connection]\nid=second\ntype=ethernet\ninterface-name=eth1\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n' >/etc/NetworkManager/system-connections/second.nmconnection
chmod 600 /etc/NetworkManager/system-connections/*; printf '[keyfile]\nunmanaged-devices+=interface-name:eth2;interface-name:eth3\n' >/etc/NetworkManager/conf.d/zz-test.conf
systemctl restart NetworkManager; nmcli connection reload; nmcli connection up up >/dev/null; nmcli connection up second >/dev/null`,
		"systemctl restart NetworkManager; nm-online -s -q -t 10 || true",
		"systemctl disable --now NetworkManager; rm /etc/NetworkManager/conf.d/zz-test.conf",
		[]string{"eth0 is set up by NetworkManager as well (/etc/NetworkManager/system-connections/up.nmconnection)",
			"eth1 is set up by NetworkManager as well"},
		"test -e /etc/NetworkManager/conf.d/zz-hostnet-bond0.conf -o -e /etc/NetworkManager/conf.d/zz-hostnet-eth0.conf",
		"nmcli -t -f DEVICE,STATE device | grep -q '^eth0:connected'",
	},
	{
		"networkd and netplan",
		`printf '[Match]\nName=eth0\n[Network]\nAddress=10.50.0.2/24\nGateway=10.50.0.1\nIPv6AcceptRA=no\n' >/etc/systemd/network/10-up.network
printf 'network:\n  version: 2\n  renderer: networkd\n  ethernets:\n    eth1: {addresses: [10.51.0.2/24], accept-ra: false}\n' >/etc/netplan/test.yaml
chmod 600 /etc/netplan/test.yaml; netplan generate
systemctl enable --now systemd-networkd 2>/dev/null; for i in $(seq 100); do ip route | grep -q 'default via 10.50.0.1' && break; sleep 0.2; done; sleep 2`,
		"netplan apply; systemctl restart systemd-networkd; sleep 3",
		"systemctl disable --now systemd-networkd systemd-networkd.socket; rm -rf /etc/systemd/network/*.network " +
			"/etc/netplan/* /run/systemd/network",
		[]string{"eth0 is set up by systemd-networkd as well (/etc/systemd/network/10-up.network)",
			"eth1 is set up by netplan, which uses systemd-networkd as well (/run/systemd/network/10-netplan-eth1.network)",
			"removes routing policy rules"},
		"test -e /etc/systemd/network/0-hostnet.unmanaged-eth0.network",
		"networkctl status eth0 | grep -q /etc/systemd/network/10-up.network",
	},
	{
		"ifupdown",
		`printf 'auto lo eth0\niface lo inet loopback\niface eth0 inet static\n  address 10.50.0.2/24\n  gateway 10.50.0.1\n\nauto eth1\niface eth1 inet manual\n  up ip link set $IFACE up\n' >/etc/network/interfaces
systemctl enable --now networking`,
		"systemctl restart networking", "systemctl disable networking",
		[]string{"eth0 is set up by ifupdown as well (/etc/network/interfaces)", "eth1 is set up by ifupdown as well"},
		"grep -q '#hostnet(eth0)# iface eth0' /etc/network/interfaces",
		"ifquery --list -a | grep -qx eth0",
	},
}

// TestOtherManagers: links that other programs set up as well are named, taken over so that a restart of the program
// changes nothing of ours, and given back with the objects that wanted them. One machine has all of the programs.
func TestOtherManagers(t *testing.T) {
	host := testhost.ForTest(t, testhost.Machine{
		Name: "managed", Packages: []string{"netplan.io", "network-manager", "openrc"}, NICs: []testhost.NIC{{}, {}, {}, {}},
		Memory: 768,
	})
	install(t, host)
	for _, rival := range rivals {
		t.Run(rival.name, func(t *testing.T) {
			host.MustRun(t, rival.start)
			defer host.MustRun(t, rival.stop+"; ip -4 address flush dev eth0; ip -4 address flush dev eth1")
			before := remote(t, host)
			warned := call(t, host, "network", bonded("warn", true))
			for _, claim := range rival.claims {
				if !strings.Contains(strings.Join(warned.Warnings, "\n"), claim) {
					t.Errorf("no warning %q in %q", claim, warned.Warnings)
				}
			}
			testRelease(t, host, rival.taken, rival.has, before)
			would := call(t, host, "network", bonded("takeover", true))
			did := call(t, host, "network", bonded("takeover", false))
			if did.Failed || !did.Changed || cmp.Diff(would.Actions, did.Actions) != "" {
				t.Fatalf("takeover: %s\nchecked: %v\nrun: %v", did.Msg, would.Actions, did.Actions)
			}
			ours := remote(t, host)
			host.MustRun(t, rival.taken+" && { "+rival.restart+"; }")
			if diff := cmp.Diff(ours, remote(t, host)); diff != "" {
				t.Errorf("a restart changes what is ours (-before +after):\n%s", diff)
			}
			again := call(t, host, "network", bonded("takeover", false))
			if again.Failed || again.Changed || len(again.Warnings) > 0 {
				t.Errorf("a second run: %+v", again)
			}
			host.MustRun(t, "hostnet rollback")
			host.MustRun(t, "! { "+rival.taken+"; }")
			returns(t, host, before)
			if now := call(t, host, "network", bonded("warn", true)); len(now.Warnings) < len(rival.claims) {
				t.Errorf("after the way back: %q", now.Warnings)
			}
			call(t, host, "network", bonded("takeover", false))
			gone := call(t, host, "network",
				map[string]any{"bonds": []any{map[string]any{"name": "bond0", "state": "absent"}}, "confirm": "off",
					"rules": []any{map[string]any{"priority": 77, "from": "10.50.0.0/24", "table": 77, "state": "absent"}}})
			if gone.Failed || !gone.Changed {
				t.Errorf("absent: %+v", gone)
			}
			host.MustRun(t, "! { "+rival.taken+
				"; }; test ! -e /etc/systemd/networkd.conf.d/hostnet.conf; test ! -e /etc/hostnet/bonds")
		})
	}
	t.Run("adoption", func(t *testing.T) { testAdoption(t, host) })
	t.Run("init scripts", func(t *testing.T) { testInitScripts(t, host) })
	t.Run("persist networkd", func(t *testing.T) { testPersistNetworkd(t, host) })
}

// returns waits until the machine is as it was: a program that has its links again may still be setting them up.
func returns(t *testing.T, host *testhost.Host, before string) {
	t.Helper()
	diff := cmp.Diff(before, remote(t, host))
	for limit := time.Now().Add(40 * time.Second); diff != "" && time.Now().Before(limit); {
		time.Sleep(2 * time.Second)
		diff = cmp.Diff(before, remote(t, host))
	}
	if diff != "" {
		t.Errorf("the way back (-before +after):\n%s", diff)
	}
}

// testRelease takes links as they are out of the program's hands, and gives them back.
func testRelease(t *testing.T, host *testhost.Host, taken, has, before string) {
	t.Helper()
	links := func(manager string) map[string]any {
		return map[string]any{"manager": manager, "confirm": "off", "persist": false, "interfaces": []any{
			map[string]any{"name": "eth0", "addresses": []any{"10.50.0.2/24"}}, map[string]any{"name": "eth1"},
		}}
	}
	const files = "find /etc/systemd/network /etc/systemd/networkd.conf.d /etc/NetworkManager/conf.d /etc/network " +
		"/etc/netplan -type f 2>/dev/null | sort | xargs sha256sum"
	kept := host.MustRun(t, has+"; "+files)
	if took := call(t, host, "network", links("takeover")); took.Failed || !took.Changed || len(took.Warnings) > 0 {
		t.Errorf("takeover of links as they are: %+v", took)
	}
	host.MustRun(t, taken)
	if gave := call(t, host, "network", links("release")); gave.Failed || !gave.Changed {
		t.Errorf("release: %+v", gave)
	}
	host.MustRun(t, "! { "+taken+"; }; for i in $(seq 100); do "+has+" && break; sleep 0.2; done; "+has)
	if diff := cmp.Diff(kept, host.MustRun(t, files)); diff != "" {
		t.Errorf("files before the takeover and after the release (-before +after):\n%s", diff)
	}
	returns(t, host, before)
	if again := call(t, host, "network", links("release")); again.Failed || again.Changed {
		t.Errorf("a second release: %+v", again)
	}
}

func bonded(manager string, check bool) map[string]any {
	return map[string]any{
		"_ansible_check_mode": check, "manager": manager, "confirm": "off",
		"bonds": []any{map[string]any{
			"name": "bond0", "mode": "active-backup", "miimon": 100, "ports": []any{"eth0", "eth1"},
			"addresses": []any{"10.50.0.2/24"},
			"routes":    []any{map[string]any{"to": "default", "via": "10.50.0.1"}},
		}},
		"rules": []any{map[string]any{"priority": 77, "from": "10.50.0.0/24", "table": 77}},
	}
}

// linkLocal is how the kernel makes link-local addresses: NetworkManager and networkd both set it, and nobody declares
// it.
var linkLocal = regexp.MustCompile(`"inet6_addr_gen_mode":"[a-z0-9]*",?`)

// remote is the whole network of the machine.
func remote(t *testing.T, host *testhost.Host) string {
	t.Helper()
	return linkLocal.ReplaceAllString(netnstest.RemoteSnapshot(t,
		func(command string) string { return host.MustRun(t, command) }), "")
}

// all is a network with what networkd has words for.
func all() map[string]any {
	return map[string]any{
		"confirm": "off", "persist": "networkd", "purge": true,
		"interfaces": []any{map[string]any{"name": "eth3", "mtu": 1450, "addresses": []any{"10.63.0.1/24"}}},
		"bonds": []any{map[string]any{
			"name": "bond0", "mode": "802.3ad", "miimon": 100, "lacp_rate": "fast", "xmit_hash_policy": "layer3+4",
			"ports": []any{"eth0", "eth1"},
		}},
		"vlans": []any{
			map[string]any{"name": "bond0.10", "parent": "bond0", "id": 10},
			map[string]any{"name": "bond0.20", "parent": "bond0", "id": 20, "egress_qos_map": map[string]any{"1": 2},
				"addresses": []any{"10.62.0.1/24"}},
		},
		"bridges": []any{
			map[string]any{
				"name": "br-mgmt", "forward_delay": 2, "stp": false,
				"ports":     []any{map[string]any{"name": "bond0.10", "cost": 7}, "v0"},
				"addresses": []any{"10.61.0.1/24", "2001:db8:61::1/64"}, "mac_address": "02:00:00:00:61:01",
				"routes": []any{map[string]any{"to": "10.99.0.0/16", "via": "10.61.0.254", "metric": 50}},
			},
			map[string]any{"name": "br-own", "vlan_filtering": true, "vlan_default_pvid": 0, "vlans": []any{7}, "ports": []any{
				map[string]any{"name": "eth2", "vlans": []any{map[string]any{"vid": 10, "pvid": true, "untagged": true}, "20-29",
					map[string]any{"vid": 31, "untagged": true}}},
			}},
			map[string]any{"name": "br-plain", "vlan_filtering": true, "mac_address": "02:00:00:00:61:07", "ports": []any{
				map[string]any{"name": "v2", "vlans": []any{1, map[string]any{"vid": 9, "pvid": true}}},
			}},
		},
		"veths": []any{map[string]any{"name": "v0", "peer": "v1", "mac_address": "02:00:00:00:61:02"},
			map[string]any{"name": "v2", "peer": "v3", "mac_address": "02:00:00:00:61:08"}},
		"dummies": []any{map[string]any{"name": "dm0", "mac_address": "02:00:00:00:61:03",
			"addresses": []any{"192.0.2.1/32"}},
			map[string]any{"name": "dm1", "mac_address": "02:00:00:00:61:0a", "addresses": []any{"192.0.2.65/26"}}},
		"vrfs": []any{map[string]any{"name": "blue", "table": 63, "mac_address": "02:00:00:00:61:0b",
			"ports": []any{"dm1"}}},
		"macvlans": []any{map[string]any{"name": "mv0", "parent": "eth3", "mode": "bridge",
			"mac_address": "02:00:00:00:61:04"}},
		"vxlans": []any{map[string]any{
			"name": "vx0", "id": 7, "dst_port": 4789, "local": "10.61.0.1", "learning": false,
			"mac_address": "02:00:00:00:61:05",
			"fdb":         []any{map[string]any{"dst": "10.61.0.9"}},
		}},
		"routes": []any{map[string]any{"to": "10.98.0.0/16", "via": "10.62.0.254", "table": 62},
			map[string]any{"to": "10.97.0.0/16", "type": "blackhole"}},
		"rules": []any{map[string]any{"priority": 62, "from": "10.62.0.0/24", "table": 62}},
	}
}

// testPersistNetworkd: networkd makes after a reboot what we made before it, without our service.
func testPersistNetworkd(t *testing.T, host *testhost.Host) {
	refused := all()
	refused["dummies"] = []any{map[string]any{"name": "dm0", "rp_filter": 1}, map[string]any{"name": "dm1"}}
	before := remote(t, host)
	if answer := call(t, host, "network", refused); !answer.Failed ||
		!strings.Contains(answer.Msg, "dummies[0].rp_filter: systemd-networkd has no setting") {
		t.Errorf("unsayable: %+v", answer)
	}
	if diff := cmp.Diff(before, remote(t, host)); diff != "" {
		t.Errorf("it was refused and changed the host (-before +after):\n%s", diff)
	}
	if answer := call(t, host, "network", all()); answer.Failed || !answer.Changed {
		t.Fatalf("%+v", answer)
	}
	// Nobody declares the far ends of pairs.
	const undeclared = "ip link set v1 up address 02:00:00:00:61:06; ip link set v3 up address 02:00:00:00:61:09; "
	host.MustRun(t, undeclared+"systemctl is-enabled systemd-networkd; ! grep boot /etc/systemd/system/hostnet.service")
	if again := call(t, host, "network", all()); again.Failed || again.Changed {
		t.Errorf("a second run: %+v", again)
	}
	if vlans := host.MustRun(t, "bridge -j vlan show dev eth2"); !strings.Contains(vlans,
		`{"vlan":29},{"vlan":31,"flags":["Egress Untagged"]}`) {
		t.Errorf("the port has no VLANs: %s", vlans)
	}
	ours := remote(t, host)
	if err := host.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	host.MustRun(t, "for i in $(seq 100); do ip route show table 62 | grep -q 10.98 && ip -6 address show br-mgmt | "+
		"grep -q 2001: && break; sleep 0.2; done; sleep 1")
	host.MustRun(t, undeclared+"! journalctl -b -u systemd-networkd | grep -i 'unknown key\\|invalid\\|failed to parse'")
	if diff := cmp.Diff(strings.Split(ours, "\n"), strings.Split(remote(t, host), "\n")); diff != "" {
		t.Errorf("-before the reboot +after:\n%s", diff)
	}
	if silent := call(t, host, "network", all()); silent.Failed || silent.Changed {
		t.Errorf("after the reboot: %+v", silent)
	}
	host.MustRun(t, program+" diff")
}

// testInitScripts runs what hosts without systemd get as their init does, under a shell and under OpenRC.
func testInitScripts(t *testing.T, host *testhost.Host) {
	for _, file := range []string{"testdata/init.sh", "../backend/hostnet.init", "../backend/hostnet.openrc"} {
		if err := host.Put(t.Context(), file, "/root/"+filepath.Base(file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said := host.MustRun(t,
		"cd /root; unshare --mount --net --propagation private sh init.sh hostnet.init hostnet.openrc 2>&1")
	sysv, openrc, _ := strings.Cut(said, "--- hostnet.openrc")
	const there = "br-a             UNKNOWN        10.1.1.1/24"
	for name, one := range map[string]struct {
		said  string
		parts []string
	}{
		"sysv": {sysv, []string{
			"3 steps to make the host as declared", "status: 1", "does not exist", "1 object as declared", "start: 0", there,
			"the host is as declared", "status: 0", "stop: 0", there,
			"1 object as declared", "restart: 0", there, "usage: /etc/init.d/hostnet", "nonsense: 2",
		}},
		"openrc": {openrc, []string{
			"stopped", "status: 3", "does not exist", "Making the network as declared", "1 object as declared", "start: 0",
			there, "started", "status: 0",
			"stop: 0", there, "1 object as declared", "restart: 0", there, "nonsense: 1",
		}},
	} {
		rest := one.said
		for _, part := range one.parts {
			_, after, found := strings.Cut(rest, part)
			if !found {
				t.Errorf("%s: %q is missing, or out of order, in:\n%s", name, part, one.said)
				break
			}
			rest = after
		}
	}
}
