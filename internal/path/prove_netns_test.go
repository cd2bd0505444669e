//go:build netns

package path

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/netnstest"
)

// prove computes a path and sends marked packets along it.
func (l *lab) prove(t *testing.T, from *netnstest.Namespace, question Question) (*Path, *Proof) {
	t.Helper()
	question.Hosts, question.From = l.read(t), from.Name
	found, err := Find(question)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := Prove(question, found)
	if err != nil {
		t.Fatal(err)
	}
	return found, proof
}

func (p *Proof) text() string {
	var out bytes.Buffer
	_ = p.Write(&out)
	return out.String()
}

// on tells whether a packet of that kind was seen there.
func (p *Proof) on(where, link, direction, what string) bool {
	for _, seen := range p.Sightings {
		if seen.Where == where && seen.Link == link && seen.Direction == direction && seen.What == what {
			return true
		}
	}
	return false
}

// TestProve: marked packets are seen on the links that the computation names, and nothing of it is left on the hosts.
func TestProve(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.settle(t)
	before := l.everything(t)
	for _, one := range []struct {
		name     string
		from     *netnstest.Namespace
		question Question
		// seen are links with direction in the host, on which the request is seen.
		seen            []string
		arrived, agrees bool
		says            string
	}{
		{"within a bridge", l.one, Question{To: l.two.Name, Protocol: "icmp"}, []string{"one in", "two out"}, true, true,
			"it arrives, and is answered"},
		{"between bridges", l.one, Question{To: l.three.Name, Protocol: "icmp"},
			[]string{"one in", "br0 in", "br1 out", "three out"}, true, true, "it arrives, and is answered"},
		{"a closed port", l.one, Question{To: l.three.Name, Protocol: "udp", Port: 4242}, []string{"one in", "three out"},
			true, true, "the port is closed"},
		{"a refused connection", l.one, Question{To: l.three.Name, Protocol: "tcp", Port: 4242},
			[]string{"one in", "three out"}, true, true, "it arrives, and is answered"},
		{"a large one", l.one, Question{To: l.three.Name, Protocol: "icmp", Size: 1500}, []string{"one in", "three out"},
			true, true, "it arrives"},
		{"from the host", l.host, Question{To: l.three.Name, Protocol: "icmp"}, []string{"three out"}, true, true,
			"it arrives, and is answered"},
	} {
		found, proof := l.prove(t, one.from, one.question)
		if proof.Arrived != one.arrived || proof.Agrees != one.agrees || !strings.Contains(proof.text(), one.says) {
			t.Errorf("%s: computed %s: %s\n%s", one.name, found.Outcome, found.Why, proof.text())
		}
		for _, text := range one.seen {
			link, direction, _ := strings.Cut(text, " ")
			if !proof.on("host", link, direction, request) {
				t.Errorf("%s: not seen on %s:\n%s", one.name, text, proof.text())
			}
		}
	}
	// A process that another test starts right now holds a closed socket until it has become the command that it runs.
	after := l.everything(t)
	for range 50 {
		if after == before {
			return
		}
		time.Sleep(100 * time.Millisecond)
		after = l.everything(t)
	}
	t.Errorf("before\n%s\nafter\n%s", before, after)
}

// everything is what a proof must not change.
func (l *lab) everything(t *testing.T) string {
	t.Helper()
	return l.host.IP(t, "-o", "-4", "address", "show") + l.host.IP(t, "-4", "route", "show", "table", "all") +
		l.host.Exec(t, "sh", "-c", "ip -d link show | grep -o 'promiscuity [0-9]*'") +
		l.host.Exec(t, "nft", "list", "ruleset") + l.host.Exec(t, "sh", "-c", "cat /proc/net/packet | wc -l")
}

// settle waits until the links of the lab forward.
func (l *lab) settle(t *testing.T) {
	t.Helper()
	for range 50 {
		if _, err := l.one.Try("ping", "-c", "1", "-W", "1", "-n", "10.2.0.2"); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the lab does not forward")
}

// TestProveFindsDifferences: what the computation cannot know is found by the packets, and where it happens is named.
func TestProveFindsDifferences(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.settle(t)
	t.Run("a loss that no table shows", func(t *testing.T) {
		// A queueing discipline that drops everything on the way out of the host.
		if output, err := l.host.Try("tc", "qdisc", "add", "dev", "br1", "root", "tbf", "rate", "8bit", "burst", "1", "limit",
			"1"); err != nil {
			t.Skipf("this kernel has no tbf: %s", output)
		}
		defer l.host.Exec(t, "tc", "qdisc", "delete", "dev", "br1", "root")
		found, proof := l.prove(t, l.one, Question{To: l.three.Name, Protocol: "icmp"})
		if found.Outcome != Reached || proof.Agrees || proof.Arrived ||
			!strings.Contains(proof.Why, "it is said to arrive, and it was last seen going in by br0 of host") {
			t.Errorf("computed %s\n%s", found.Outcome, proof.text())
		}
		if !strings.Contains(proof.Why, "it should have been on ") {
			t.Errorf("the next link is not named:\n%s", proof.text())
		}
	})
	t.Run("a firewall that is known", func(t *testing.T) {
		l.host.Exec(t, "nft", "add table ip f; add chain ip f c { type filter hook forward priority 0; policy drop; }")
		defer l.host.Exec(t, "nft", "delete table ip f")
		found, proof := l.prove(t, l.one, Question{To: l.three.Name, Protocol: "icmp"})
		if found.Outcome != Ends || !proof.Agrees || proof.Arrived || proof.on("host", "br1", "out", request) ||
			!strings.Contains(proof.Why, "dropped by the policy of chain ip f c in host") {
			t.Errorf("computed %s: %s\n%s", found.Outcome, found.Why, proof.text())
		}
	})
	t.Run("a firewall of the receiver", func(t *testing.T) {
		l.host.Exec(t, "nft", "add table ip f; add chain ip f c { type filter hook input priority 0; }; "+
			"add rule ip f c tcp dport 22 drop")
		defer l.host.Exec(t, "nft", "delete table ip f")
		found, proof := l.prove(t, l.one, Question{To: "10.1.0.1", Protocol: "tcp", Port: 22})
		if found.Outcome != Ends || !proof.Agrees ||
			!strings.Contains(proof.Why, "it comes in, and goes no further; dropped by the rule with handle ") {
			t.Errorf("computed %s: %s\n%s", found.Outcome, found.Why, proof.text())
		}
	})
	t.Run("a rule that the computation cannot judge", func(t *testing.T) {
		// Of a random choice, nothing can be said beforehand.
		l.host.Exec(t, "nft", "add table ip f; add chain ip f c { type filter hook forward priority 0; }; add rule ip f c "+
			"numgen random mod 1 0 ip protocol udp drop")
		defer l.host.Exec(t, "nft", "delete table ip f")
		for _, protocol := range []string{"udp", "tcp"} {
			found, proof := l.prove(t, l.one, Question{To: l.three.Name, Protocol: protocol, Port: 4242})
			dropped := strings.Contains(proof.Why, "dropped by the rule with handle ")
			if dropped != (protocol == "udp") || proof.Arrived == dropped {
				t.Errorf("%s: computed %s: %s\n%s", protocol, found.Outcome, found.Why, proof.text())
			}
		}
	})
	t.Run("killed on the way", func(t *testing.T) {
		conn, err := nftables.Open("/run/netns/" + l.host.Name)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		tracer, err := conn.Trace(nftables.Mark{Protocols: []byte{17}, Offset: 8, Bytes: []byte("0123456789abcdef")})
		if err != nil {
			t.Fatal(err)
		}
		if rules := l.host.Exec(t, "nft", "list", "ruleset"); !strings.Contains(rules, "hostnet_trace") ||
			!strings.Contains(rules, "flags owner") {
			t.Errorf("the table is not the socket's: %s", rules)
		}
		tracer.Close() // as the kernel does with the sockets of a process that is killed
		if rules := l.host.Exec(t, "nft", "list", "ruleset"); strings.Contains(rules, "hostnet_trace") {
			t.Errorf("left behind: %s", rules)
		}
	})
	t.Run("a router that says why", func(t *testing.T) {
		l.host.Exec(t, "nft", "add table ip f; add chain ip f c { type filter hook forward priority 0; }; add rule ip f c "+
			"reject with icmp admin-prohibited")
		defer l.host.Exec(t, "nft", "delete table ip f")
		_, proof := l.prove(t, l.one, Question{To: l.three.Name, Protocol: "udp", Port: 53})
		if proof.Arrived || !strings.Contains(proof.Why, "10.1.0.1 says: a firewall rejects it") {
			t.Errorf("%s", proof.text())
		}
	})
	t.Run("no route", func(t *testing.T) {
		found, proof := l.prove(t, l.outside, Question{To: "10.9.9.9", Protocol: "icmp"})
		if found.Outcome != Ends || !proof.Agrees ||
			!strings.Contains(proof.Why, "the kernel refuses to send it: network is unreachable") {
			t.Errorf("computed %s: %s\n%s", found.Outcome, found.Why, proof.text())
		}
	})
}

// TestProveTranslation: a packet whose source is translated on its way is still the same, and its addresses are shown.
func TestProveTranslation(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.settle(t)
	l.host.Exec(t, "nft", "add table ip n; add chain ip n c { type nat hook postrouting priority 100; }; add rule ip n "+
		"c oifname wan masquerade")
	for _, protocol := range []string{"icmp", "udp", "tcp"} {
		question := Question{To: "192.0.2.2", Protocol: protocol}
		if protocol != "icmp" {
			question.Port = 4242
		}
		found, proof := l.prove(t, l.one, question)
		if found.Source.String() != "10.1.0.2" {
			t.Errorf("%s: the packet is said to come from %s", protocol, found.Source)
		}
		text := fmt.Sprintf("host, wan out: request %s -> %s", "192.0.2.1", "192.0.2.2")
		if !proof.Arrived || !proof.Agrees || !strings.Contains(proof.text(), text) {
			t.Errorf("%s: %q is missing:\n%s", protocol, text, proof.text())
		}
	}
}

// TestProveIPv6: IPv6 is proved as IPv4 is, over all three protocols.
func TestProveIPv6(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.host.Exec(t, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
	for _, one := range []struct {
		ns      *netnstest.Namespace
		device  string
		address string
		gateway string
	}{
		{l.host, "br0", "fd01::1/64", ""}, {l.host, "br1", "fd02::1/64", ""}, {l.one, "eth0", "fd01::2/64", "fd01::1"},
		{l.three, "eth0", "fd02::2/64", "fd02::1"},
	} {
		one.ns.IP(t, "address", "add", one.address, "dev", one.device, "nodad")
		if one.gateway != "" {
			one.ns.IP(t, "-6", "route", "add", "default", "via", one.gateway)
		}
	}
	for range 50 {
		if _, err := l.one.Try("ping", "-c", "1", "-W", "1", "-n", "fd02::2"); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, protocol := range []string{"icmp", "udp", "tcp"} {
		question := Question{To: "fd02::2", Protocol: protocol}
		if protocol != "icmp" {
			question.Port = 4242
		}
		found, proof := l.prove(t, l.one, question)
		if found.Outcome != Reached || !proof.Arrived || !proof.Agrees || !proof.on("host", "br0", "in", request) {
			t.Errorf("%s: computed %s: %s\n%s", protocol, found.Outcome, found.Why, proof.text())
		}
		if answered := proof.Answered || strings.Contains(proof.Why, "the port is closed"); !answered {
			t.Errorf("%s: no answer:\n%s", protocol, proof.text())
		}
	}
}
