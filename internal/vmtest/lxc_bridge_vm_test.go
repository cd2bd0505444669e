//go:build vm

package vmtest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hostnet.linux/internal/testhost"
)

// lxcLab is a host of containers, and a machine outside that knows nothing of what is inside.
type lxcLab struct {
	host, outside *testhost.Host
	// out runs a command outside where that is a namespace of the host.
	out string
}

// TestLXCBridge takes one host through the life of lxcbr0: taken over from lxc-net, with containers and the world
// outside, through a crash of dnsmasq and a reboot, under the rules of others, away again, and under firewalld.
func TestLXCBridge(t *testing.T) {
	lab := newLXCLab(t)
	clean := lab.state(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"taken over from lxc-net", lab.testTakeover},
		{"containers", lab.testContainers},
		{"port forward", lab.testPortForward},
		{"IPv6", lab.testIPv6},
		{"dnsmasq is killed", lab.testKilled},
		{"a new name needs no restart", lab.testReload},
		{"reboot", lab.testReboot},
		{"what others take away comes back", lab.testWatcher},
		{"Docker's rules", lab.testDocker},
		{"ufw's rules", lab.testUFW},
		{"absent", func(t *testing.T) { lab.testAbsent(t, clean) }},
		{"firewalld trusts the bridge", lab.testFirewalld},
		{"dnsmasq is installed", lab.testInstall},
		{"taken over from OpenStack-Ansible", lab.testOpenStackAnsible},
		{"hostnet_remove beside firewalld", lab.testRemove},
	} {
		if !t.Run(part.name, part.run) && t.Context().Err() != nil {
			return
		}
	}
}

func newLXCLab(t *testing.T) *lxcLab {
	wire := testhost.NewSegment("wan")
	machines := []testhost.Machine{
		{Name: "outside", NICs: []testhost.NIC{{Segment: wire}}},
		{Name: "lxc-host", NICs: []testhost.NIC{{Segment: wire}}, Memory: 1024, Packages: []string{"firewalld", "iptables"}},
	}
	hosts, failures := make([]*testhost.Host, len(machines)), make([]error, len(machines))
	var all sync.WaitGroup
	for i, machine := range machines {
		machine.Log = t.Output()
		all.Go(func() { hosts[i], failures[i] = testhost.Start(t.Context(), machine) })
	}
	all.Wait()
	for _, host := range hosts {
		if host != nil {
			t.Cleanup(func() { _ = host.Stop() })
		}
	}
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	lab := &lxcLab{outside: hosts[0], host: hosts[1]}
	lab.outside.MustRun(t,
		`ip link set eth0 up && ip address add 192.0.2.254/24 dev eth0 && ip address add 2001:db8::254/64 dev eth0 nodad
mkdir -p /srv/www && echo outside >/srv/www/index.html && systemd-run --quiet --unit=www busybox httpd -f -vv -p 80 -h /srv/www`)
	install(t, lab.host)
	// Stopped right after its start, it may leave its rules behind, which let no DHCP in.
	lab.host.MustRun(t, "systemctl disable -q --now firewalld; nft flush ruleset")
	lab.must(t, "interface", map[string]any{
		"name": "eth0", "up": true, "addresses": []any{"192.0.2.1/24", "2001:db8::1/64"},
		"routes": []any{map[string]any{"to": "default", "via": "192.0.2.254"},
			map[string]any{"to": "::/0", "via": "2001:db8::254"}},
	})
	return lab
}

// must runs a module that has to succeed.
func (l *lxcLab) must(t *testing.T, name string, arguments map[string]any) answer {
	t.Helper()
	result := module(t, l.host, name, arguments)
	if result.Failed {
		t.Fatalf("%s: %s %q", name, result.Msg, result.Warnings)
	}
	return result
}

// bridge makes lxcbr0 so, and looks that a second run has nothing to do.
func (l *lxcLab) bridge(t *testing.T, more map[string]any) answer {
	t.Helper()
	arguments := lxcbr0With(more)
	result := l.must(t, "lxc_bridge", arguments)
	if again := l.must(t, "lxc_bridge", arguments); again.Changed {
		t.Errorf("the second run changes: %+v", again.Actions)
	}
	return result
}

// lxcbr0With are arguments, whatever was declared before; without no-ping, dnsmasq looks for three seconds whether an
// address is free.
func lxcbr0With(more map[string]any) map[string]any {
	arguments := map[string]any{"domain": "lxc.example", "extra_lines": []any{"no-ping"}, "upstream_servers": []any{},
		"replace": true}
	for key, value := range more {
		arguments[key] = value
	}
	return arguments
}

// state is what must be the same when all is gone.
func (l *lxcLab) state(t *testing.T) string {
	t.Helper()
	return l.host.MustRun(t, `ip -o link show lxcbr0 2>/dev/null; nft -s list tables | grep -v firewalld
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv6/conf/eth0/accept_ra
systemctl list-unit-files --no-legend 'hostnet-dnsmasq*' 'lxc*'; ls /etc/systemd/system | grep hostnet; ls /etc/sysctl.d
cat /etc/default/lxc-net; find /etc/hostnet /var/lib/hostnet -type f | grep -vE 'journal|previous|undone|generations' | sort; true`)
}

// inside runs a command in a container.
func (l *lxcLab) inside(t *testing.T, name, command string) string {
	t.Helper()
	return l.host.MustRun(t, fmt.Sprintf("lxc-attach -n %s -- sh -c '%s'", name, command))
}

// container makes and starts a container on lxcbr0 and returns the address that it leases by its name.
func (l *lxcLab) container(t *testing.T, name string) string {
	t.Helper()
	l.host.MustRun(t, fmt.Sprintf(`lxc-create -n %[1]s -t busybox >/dev/null
sed -i 's:^/bin/udhcpc:& -x hostname\:%[1]s:' /var/lib/lxc/%[1]s/rootfs/etc/init.d/rcS
echo 'lxc.start.auto = 1' >>/var/lib/lxc/%[1]s/config; lxc-start -n %[1]s`, name))
	return l.address(t, name)
}

// address waits for a container's lease: busybox's client pauses for twenty seconds after its first three requests.
func (l *lxcLab) address(t *testing.T, name string) string {
	t.Helper()
	out := strings.TrimSpace(l.host.MustRun(t, fmt.Sprintf(
		`for i in $(seq 90); do lxc-info -n %s -iH 2>/dev/null | grep '^10\.0\.3\.' && exit; sleep 0.5; done; true`, name)))
	if out == "" {
		t.Fatalf("%s has no lease: %s", name, l.host.MustRun(t, "lxc-attach -n "+name+" -- ps; systemctl status -n 5 "+
			"firewalld; nft list ruleset; cat /var/lib/misc/dnsmasq.lxcbr0.leases; journalctl -n 30 --no-pager"))
	}
	return out
}

// get is a command that fetches a page and prints its last line. The wget of Debian's static busybox crashes.
func get(address, port string) string {
	return fmt.Sprintf(`printf "GET /index.html HTTP/1.0\r\n\r\n" | busybox nc -w 8 %s %s | tail -n 1`, address, port)
}

// seen is the address from which the outside saw the container's request come.
func (l *lxcLab) seen(t *testing.T, name, server string) string {
	t.Helper()
	const count = "journalctl -u www -o cat --no-pager | grep -c response:200; true"
	before := l.outside.MustRun(t, count)
	if got := l.inside(t, name, get(server, "80")); strings.TrimSpace(got) != "outside" {
		t.Fatalf("%s got %q from %s", name, got, server)
	}
	for range 20 {
		if l.outside.MustRun(t, count) != before {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	log := l.outside.MustRun(t, "journalctl -u www -o cat --no-pager | grep response:200 | tail -n 1")
	address, _, found := strings.Cut(log, "]:")
	if !found {
		t.Fatalf("the outside saw nobody: %s", log)
	}
	return strings.TrimPrefix(strings.TrimPrefix(address, "["), "::ffff:")
}

func (l *lxcLab) testContainers(t *testing.T) {
	l.must(t, "lxc_bridge", lxcbr0With(nil))
	second := l.container(t, "c2")
	first := l.address(t, "c1")
	for name, want := range map[string]string{"c2": second, "c2.lxc.example": second, "c1.lxc.example": first} {
		if got := l.inside(t, "c1", "nslookup -type=a "+name+" 10.0.3.1"); !strings.Contains(got, want) {
			t.Errorf("%s resolves to %s, want %s", name, got, want)
		}
	}
	if got := l.inside(t, "c1", "nslookup "+second+" 10.0.3.1"); !strings.Contains(got, "c2.lxc.example") {
		t.Errorf("%s resolves to %s", second, got)
	}
	if got := l.seen(t, "c1", "192.0.2.254"); got != "192.0.2.1" {
		t.Errorf("the outside saw %s, want the host's address", got)
	}
}

func (l *lxcLab) testPortForward(t *testing.T) {
	to := l.address(t, "c1")
	l.inside(t, "c1", "mkdir -p /tmp/www; echo inside >/tmp/www/index.html; httpd -p 80 -h /tmp/www")
	l.must(t, "lxc_bridge",
		lxcbr0With(map[string]any{"port_forwards": []any{map[string]any{"port": 8080, "to": to, "to_port": 80}}}))
	for _, from := range []*testhost.Host{l.outside, l.host} {
		if got := from.MustRun(t, get("192.0.2.1", "8080")); strings.TrimSpace(got) != "inside" {
			t.Errorf("%s got %q", from.Name(), got)
		}
	}
	if got := l.inside(t, "c2", get("192.0.2.1", "8080")); strings.TrimSpace(got) != "inside" {
		t.Errorf("the neighbour got %q", got)
	}
}

func (l *lxcLab) testIPv6(t *testing.T) {
	l.must(t, "lxc_bridge", lxcbr0With(map[string]any{"address6": "fd05:1:2:3::1/64", "nat6": true}))
	l.waitFor6(t, "c1", "fd05:1:2:3:")
	if got := l.seen(t, "c1", "2001:db8::254"); got != "2001:db8::1" {
		t.Errorf("with NAT66 the outside saw %s", got)
	}
	l.outside.MustRun(t, "ip route replace 2001:db8:0:5::/64 via 2001:db8::1")
	l.must(t, "lxc_bridge", lxcbr0With(map[string]any{"address6": "2001:db8:0:5::1/64"}))
	l.waitFor6(t, "c1", "2001:db8:0:5:")
	if got := l.seen(t, "c1", "2001:db8::254"); !strings.HasPrefix(got, "2001:db8:0:5:") {
		t.Errorf("with a routed prefix the outside saw %s", got)
	}
}

// waitFor6 waits until the container has made itself an address and has a router.
func (l *lxcLab) waitFor6(t *testing.T, name, prefix string) {
	t.Helper()
	l.inside(t, name,
		fmt.Sprintf(
			`for i in $(seq 60); do ip -6 addr show dev eth0 | grep -v tentative | grep -q %q && ip -6 route | grep -q ^default && exit 0; sleep 0.5; done
ip -6 addr; ip -6 route; exit 1`, prefix))
}

func (l *lxcLab) testKilled(t *testing.T) {
	first := l.address(t, "c1")
	leases := l.host.MustRun(t, "cut -d' ' -f2-4 /var/lib/misc/dnsmasq.lxcbr0.leases | sort")
	l.host.MustRun(t, `pid=$(systemctl show -P MainPID hostnet-dnsmasq@lxcbr0); kill -9 $pid
for i in $(seq 40); do new=$(systemctl show -P MainPID hostnet-dnsmasq@lxcbr0); [ "$new" != 0 ] && [ "$new" != $pid ] && systemctl is-active -q hostnet-dnsmasq@lxcbr0 && exit; sleep 0.25; done; exit 1`)
	if got := l.inside(t, "c2", "nslookup -type=a c1.lxc.example 10.0.3.1"); !strings.Contains(got, first) {
		t.Errorf("c1 resolves to %s, want %s", got, first)
	}
	if got := l.host.MustRun(t, "cut -d' ' -f2-4 /var/lib/misc/dnsmasq.lxcbr0.leases | sort"); got != leases {
		t.Errorf("leases\n%sbefore\n%s", got, leases)
	}
	l.inside(t, "c1", "udhcpc -i eth0 -n -q -x hostname:c1")
	if got := l.address(t, "c1"); got != first {
		t.Errorf("c1 has %s now, before %s", got, first)
	}
}

func (l *lxcLab) testReload(t *testing.T) {
	l.must(t, "lxc_bridge", lxcbr0With(nil))
	pid := l.host.MustRun(t, "systemctl show -P MainPID hostnet-dnsmasq@lxcbr0")
	result := l.must(t, "lxc_bridge",
		lxcbr0With(map[string]any{"host_records": []any{map[string]any{"name": "db", "addresses": []any{"192.0.2.7"}}}}))
	if now := l.host.MustRun(t, "systemctl show -P MainPID hostnet-dnsmasq@lxcbr0"); now != pid {
		t.Errorf("it was restarted: %+v", result.Actions)
	}
	if fills := l.host.MustRun(t, "tc filter show dev lxcbr0 egress"); !strings.Contains(fills, "csum") {
		t.Errorf("checksums are not filled: %s", fills)
	}
	l.must(t, "lxc_bridge",
		lxcbr0With(map[string]any{"checksum_fix": false,
			"host_records": []any{map[string]any{"name": "db", "addresses": []any{"192.0.2.7"}}}}))
	if fills := l.host.MustRun(t, "tc filter show dev lxcbr0 egress"); strings.Contains(fills, "csum") {
		t.Errorf("checksums are still filled: %s", fills)
	}
	if got := l.inside(t, "c1", "nslookup -type=a db 10.0.3.1"); !strings.Contains(got, "192.0.2.7") {
		t.Errorf("db resolves to %s", got)
	}
	if exposure := l.host.MustRun(t,
		"systemd-analyze verify --man=no /etc/systemd/system/hostnet-dnsmasq@.service 2>&1; true"); strings.Contains(exposure,
		"hostnet") {
		t.Errorf("systemd complains: %s", exposure)
	}
}

func (l *lxcLab) testReboot(t *testing.T) {
	rules := l.host.MustRun(t, "nft -s list table inet hostnet_lxcbr0")
	l.host.MustRun(t, "systemctl enable lxc")
	if err := l.host.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := l.address(t, "c1")
	if got := l.host.MustRun(t, "nft -s list table inet hostnet_lxcbr0"); got != rules {
		t.Errorf("rules\n%sbefore\n%s", got, rules)
	}
	if got := l.host.MustRun(t, "cat /proc/sys/net/ipv4/ip_forward; ip -br -4 address show lxcbr0"); !strings.HasPrefix(
		got, "1\n") || !strings.Contains(got, "10.0.3.1/24") {
		t.Errorf("forwarding and address: %s", got)
	}
	order := strings.Fields(l.host.MustRun(t, "systemctl show -P ActiveEnterTimestampMonotonic hostnet-dnsmasq@lxcbr0 "+
		"hostnet; systemctl show -P ExecMainStartTimestampMonotonic lxc"))
	var times []int
	for _, one := range order {
		n, err := strconv.Atoi(one)
		if err != nil || n == 0 {
			t.Fatalf("not all of them ran at boot: %q", order)
		}
		times = append(times, n)
	}
	if len(times) != 3 || times[0] > times[2] || times[1] > times[2] {
		t.Errorf("the containers started before the network: %v", times)
	}
	if got := l.inside(t, "c2", "nslookup -type=a c1.lxc.example 10.0.3.1"); !strings.Contains(got, first) {
		t.Errorf("c1 resolves to %s, want %s", got, first)
	}
	if got := l.seen(t, "c1", "192.0.2.254"); got != "192.0.2.1" {
		t.Errorf("the outside saw %s", got)
	}
}

func (l *lxcLab) testAbsent(t *testing.T, clean string) {
	if result := module(t, l.host, "lxc_bridge", map[string]any{"state": "absent"}); !result.Failed ||
		!strings.Contains(result.Msg, "is still attached to lxcbr0") {
		t.Errorf("with containers: %+v", result)
	}
	l.host.MustRun(t, "lxc-stop -k -n c1; lxc-stop -k -n c2; systemctl disable -q lxc")
	l.must(t, "lxc_bridge", map[string]any{"state": "absent"})
	// What the takeover found is back: lxc-net serves its bridge.
	if got := l.host.MustRun(t, "systemctl is-active lxc-net; pgrep -a dnsmasq"); !strings.HasPrefix(got, "active\n") ||
		!strings.Contains(got, "--interface=lxcbr0") {
		t.Errorf("lxc-net: %s", got)
	}
	l.host.MustRun(t, "systemctl stop lxc-net; systemctl disable -q lxc-net; echo 0 >/proc/sys/net/ipv4/ip_forward")
	if after := l.state(t); after != clean {
		t.Errorf("after absent:\n%s\nbefore the first run:\n%s", after, clean)
	}
}
