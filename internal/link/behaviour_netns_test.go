//go:build netns

package link_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/netnstest"
)

// bonded is two namespaces with two wires between them, and a bond over both wires in each.
func bonded(t *testing.T, options string) (near, far lab) {
	t.Helper()
	near = lab{Namespace: netnstest.New(t)}
	far = lab{Namespace: netnstest.New(t)}
	for _, wire := range []string{"w0", "w1"} {
		near.IP(t, "link", "add", wire, "type", "veth", "peer", "name", wire, "netns", far.Name)
	}
	for i, l := range []*lab{&near, &far} {
		handle, err := linux.Open(l.Name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(handle.Close)
		l.host = &host.Host{Kernel: handle}
		l.must(t, link.Bond, fmt.Sprintf(`{"name": "bond0", %s, "ports": ["w0", "w1"], "addresses": ["192.0.2.%d/24"]}`,
			options, i+1))
	}
	return near, far
}

// TestMiimonIsChangedWithoutLoss: what the kernel takes while traffic flows costs no packet.
func TestMiimonIsChangedWithoutLoss(t *testing.T) {
	need(t, link.Bond)
	t.Parallel()
	near, _ := bonded(t, `"mode": "balance-xor", "miimon": 100`)
	near.Exec(t, "ping", "-c", "1", "-w", "10", "192.0.2.2")
	ping := exec.Command("ip", "netns", "exec", near.Name, "ping", "-f", "-q", "192.0.2.2")
	var output bytes.Buffer
	ping.Stdout, ping.Stderr = &output, &output
	if err := ping.Start(); err != nil {
		t.Fatal(err)
	}
	// The changes are in the midst of the flood, however long they take.
	time.Sleep(time.Second)
	found := near.must(t, link.Bond, `{"name": "bond0", "miimon": 50, "xmit_hash_policy": "layer3+4"}`)
	for _, step := range found.Steps {
		if step.Disruption.String() != "none" {
			t.Errorf("%s %s is disruptive: %s", step.Action, step.Object, step.Disruption)
		}
	}
	time.Sleep(time.Second)
	if err := errors.Join(ping.Process.Signal(os.Interrupt), ping.Wait()); err != nil {
		t.Fatalf("%v: %s", err, output.String())
	}
	counts := regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`).FindStringSubmatch(output.String())
	if counts == nil {
		t.Fatal(output.String())
	}
	sent, _ := strconv.Atoi(counts[1])
	received, _ := strconv.Atoi(counts[2])
	// The last one may be on its way when ping ends.
	if sent < 100 || sent-received > 1 {
		t.Errorf("%d of %d packets were lost", sent-received, sent)
	}
}

// TestLACPNegotiates: both ends agree on one aggregator with both ports.
func TestLACPNegotiates(t *testing.T) {
	need(t, link.Bond)
	t.Parallel()
	near, far := bonded(t, `"mode": "802.3ad", "miimon": 50, "lacp_rate": "fast"`)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		ports := near.Exec(t, "cat", "/sys/class/net/bond0/bonding/ad_num_ports")
		partner := strings.TrimSpace(near.Exec(t, "cat", "/sys/class/net/bond0/bonding/ad_partner_mac"))
		if strings.TrimSpace(ports) == "2" && fmt.Sprintf("%q", partner) == far.told(t, "bond0", "address") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s ports with partner %s", strings.TrimSpace(ports), partner)
		}
	}
	near.Exec(t, "ping", "-c", "1", "-w", "10", "192.0.2.2")
}

// TestBondModeIsChangedWithPorts: the ports leave for it and come back, and so does all that was on the bond.
func TestBondModeIsChangedWithPorts(t *testing.T) {
	need(t, link.Bond)
	t.Parallel()
	near, far := bonded(t, `"mode": "active-backup", "miimon": 100`)
	mac := near.told(t, "bond0", "address")
	near.IP(t, "route", "add", "203.0.113.0/24", "via", "192.0.2.2")
	near.must(t, link.Bond, `{"name": "bond0", "mode": "balance-xor"}`)
	for _, port := range []string{"w0", "w1"} {
		if master := near.told(t, port, "master"); master != `"bond0"` {
			t.Errorf("%s has controller %s", port, master)
		}
	}
	if mode, now := near.told(t, "bond0", data+"mode"), near.told(t, "bond0", "address"); mode != `"balance-xor"` ||
		now != mac {
		t.Errorf("mode %s, address %s (was %s)", mode, now, mac)
	}
	if routes := near.IP(t, "route"); !strings.Contains(routes, "203.0.113.0/24 via 192.0.2.2 dev bond0") {
		t.Errorf("routes:\n%s", routes)
	}
	far.must(t, link.Bond, `{"name": "bond0", "mode": "balance-xor"}`)
	near.Exec(t, "ping", "-c", "1", "-w", "10", "192.0.2.2")
}

// TestBondPortsAreExact: who is not listed leaves, and a bond's port in another bond's list moves.
func TestBondPortsAreExact(t *testing.T) {
	need(t, link.Bond)
	t.Parallel()
	l := newLab(t)
	l.must(t, link.Bond, `{"name": "x0", "mode": "active-backup", "ports": ["a0", "a1"]}`)
	l.mustNetwork(t,
		`{"bonds": [{"name": "x0", "ports": ["a1"]}, {"name": "x1", "mode": "active-backup", "ports": ["a0"]}]}`)
	if a0, a1 := l.told(t, "a0", "master"), l.told(t, "a1", "master"); a0 != `"x1"` || a1 != `"x0"` {
		t.Errorf("a0 of %s, a1 of %s", a0, a1)
	}
	l.must(t, link.Bond, `{"name": "x0", "ports": []}`)
	if master := l.told(t, "a1", "master"); master != "null" {
		t.Errorf("a1 of %s", master)
	}
}

// TestVethPeers: the other end may be in a namespace given by name, path or process.
func TestVethPeers(t *testing.T) {
	t.Parallel()
	l, other := newLab(t), netnstest.New(t)
	for i, peer := range other.Names(t) {
		name := fmt.Sprintf("v%d", i)
		l.must(t, link.Veth, fmt.Sprintf(`{"name": %q, "peer": "p%d", "peer_netns": %q}`, name, i, peer))
		if told := other.IP(t, "-brief", "link", "show", fmt.Sprintf("p%d", i)); !strings.Contains(told, "UP") {
			t.Errorf("%s: the other end: %s", peer, told)
		}
	}
	// Another name makes the pair again.
	l.must(t, link.Veth, fmt.Sprintf(`{"name": "v0", "peer": "other", "peer_netns": %q}`, other.Name))
	if _, err := other.Try("ip", "link", "show", "p0"); err == nil {
		t.Error("the former end is still there")
	}
	before := l.Snapshot(t)
	if _, err := l.declare(t, link.Veth, `{"name": "v9", "peer": "p9", "peer_netns": "nowhere"}`); err == nil ||
		!strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a namespace that is not there: %v", err)
	}
	if l.Snapshot(t) != before {
		t.Error("a refused task changed the host")
	}
}

// TestVXLANIdentifierIsChanged: the tunnel is made again and stays where it was.
func TestVXLANIdentifierIsChanged(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.mustNetwork(t,
		`{"vxlans": [{"name": "vx0", "id": 7, "dst_port": 4789, "learning": false}], "bridges": [{"name": "br0", "ports": [{"name": "vx0", "cost": 9}]}]}`)
	l.must(t, link.VXLAN, `{"name": "vx0", "id": 8}`)
	for place, want := range map[string]string{data + "id": "8", data + "learning": "null", "master": `"br0"`,
		slave + "cost": "9"} {
		if got := l.told(t, "vx0", place); got != want {
			t.Errorf("%s is %s, want %s", place, got, want)
		}
	}
}

// TestLocalTrafficOfADummy needs no card.
func TestLocalTrafficOfADummy(t *testing.T) {
	need(t, link.Dummy)
	t.Parallel()
	l := newLab(t)
	l.must(t, link.Dummy, `{"name": "d0", "addresses": ["192.0.2.1/32"]}`)
	l.IP(t, "link", "set", "lo", "up")
	l.Exec(t, "ping", "-c", "1", "-w", "5", "192.0.2.1")
}
