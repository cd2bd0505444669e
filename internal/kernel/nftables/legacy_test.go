package nftables

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// blob writes entries as the kernel hands them out.
type blob struct {
	layout legacyLayout
	bytes  []byte
}

// entry adds one with a target of a name, or of iptables' own with a verdict.
func (b *blob) entry(fill func(head []byte), matches []byte, name string, data []byte) int {
	at := len(b.bytes)
	head := make([]byte, b.layout.size)
	if fill != nil {
		fill(head)
	}
	target := make([]byte, 32)
	copy(target[2:], name)
	binary.NativeEndian.PutUint16(head[b.layout.target:], uint16(len(head)+len(matches)))
	size := len(head) + len(matches) + len(target) + (len(data)+7)&^7
	binary.NativeEndian.PutUint16(head[b.layout.next:], uint16(size))
	b.bytes = append(append(append(append(b.bytes, head...), matches...), target...), data...)
	b.bytes = append(b.bytes, make([]byte, at+size-len(b.bytes))...)
	return at
}

func verdictData(value int) []byte {
	return binary.NativeEndian.AppendUint32(nil, uint32(int32(value)))
}

// port is a match of tcp for a destination port.
func portMatch(port uint16) []byte {
	out := make([]byte, 48)
	binary.NativeEndian.PutUint16(out, 48)
	copy(out[2:], "tcp")
	info := out[32:]
	binary.NativeEndian.PutUint16(info[2:], 65535)
	binary.NativeEndian.PutUint16(info[4:], port)
	binary.NativeEndian.PutUint16(info[6:], port)
	return out
}

// legacyTable has a base chain that jumps to "mine" for what goes out by lxcbr0, which accepts port 80 of one address
// and rejects the rest, and a policy.
func legacyTable(t testing.TB, layout legacyLayout, target netip.Addr, policy int) ([]byte, map[uint32]string) {
	t.Helper()
	b := &blob{layout: layout}
	out := func(head []byte) {
		copy(head[layout.links+16:], "lxcbr0")
		for i := range len("lxcbr0") + 1 {
			head[layout.links+48+i] = 0xff
		}
	}
	jump := b.entry(out, nil, "", verdictData(0))
	b.entry(nil, nil, "", verdictData(policy))
	b.entry(nil, nil, "ERROR", []byte("mine\x00"))
	first := b.entry(func(head []byte) {
		copy(head[layout.address:], target.AsSlice())
		for i := range layout.address {
			head[layout.address*3+i] = 0xff
		}
		binary.NativeEndian.PutUint16(head[layout.protocol:], 6)
	}, portMatch(80), "", verdictData(-2))
	b.entry(nil, nil, "REJECT", make([]byte, 8))
	b.entry(nil, nil, "", verdictData(-5))
	b.entry(nil, nil, "ERROR", []byte("ERROR\x00"))
	binary.NativeEndian.PutUint32(b.bytes[jump+layout.size+32:], uint32(first))
	return b.bytes, map[uint32]string{0: "forward"}
}

func TestLegacyTablesAreFollowedLikeOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		layout legacyLayout
		family Family
		target netip.Addr
	}{
		"iptables":  {layout4, IPv4, netip.MustParseAddr("10.0.3.7")},
		"ip6tables": {layout6, IPv6, netip.MustParseAddr("fd05::7")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bytes, hooks := legacyTable(t, c.layout, c.target, -1)
			table, err := c.layout.table(c.family, bytes, hooks)
			if err != nil || len(table.Chains) != 2 || table.Chains[0].Name != "FORWARD" || !table.Chains[0].Drop ||
				len(table.Chains[0].Rules) != 1 {
				t.Fatalf("table: %+v, %v", table, err)
			}
			packet := Packet{Hook: "forward", From: Link{Name: "eth0"}, To: Link{Name: "lxcbr0"}, Destination: c.target,
				Protocol: "tcp", Port: 80}
			if blocked, _ := Blocked([]*Table{table}, packet); len(blocked) != 0 {
				t.Errorf("port 80: %v", blocked)
			}
			packet.Port = 81
			blocked, _ := Blocked([]*Table{table}, packet)
			if len(blocked) != 1 || blocked[0].String() != "a rule in chain "+name+"-legacy filter mine (rule 2: -j REJECT)" ||
				blocked[0].Base != "FORWARD" {
				t.Errorf("port 81: %v", blocked)
			}
			packet.To = Link{Name: "lxcbr01"}
			if blocked, _ := Blocked([]*Table{table}, packet); len(blocked) != 1 || !blocked[0].Policy {
				t.Errorf("another bridge: %v", blocked)
			}
		})
	}
}

func FuzzLegacyTable(f *testing.F) {
	for _, layout := range []legacyLayout{layout4, layout6} {
		target := netip.MustParseAddr("10.0.3.7")
		if layout.address != net4 {
			target = netip.MustParseAddr("fd05::7")
		}
		bytes, _ := legacyTable(f, layout, target, -2)
		f.Add(bytes, uint32(0))
	}
	f.Fuzz(func(t *testing.T, bytes []byte, hook uint32) {
		for family, layout := range map[Family]legacyLayout{IPv4: layout4, IPv6: layout6} {
			table, err := layout.table(family, bytes, map[uint32]string{hook: "forward"})
			if err != nil {
				continue
			}
			target := netip.MustParseAddr("10.0.3.7")
			if family == IPv6 {
				target = netip.MustParseAddr("fd05::7")
			}
			Blocked([]*Table{table}, Packet{Hook: "forward", Destination: target, Protocol: "tcp", Port: 80})
		}
	})
}
