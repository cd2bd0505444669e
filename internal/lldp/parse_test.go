package lldp

import (
	"encoding/hex"
	"reflect"
	"testing"
)

// recorded is what a switch sends: chassis, port, time to live, descriptions, address, VLANs, the largest frame.
const recorded = "0207" + "04" + "001122334455" + // chassis: MAC address
	"0407" + "05" + "657468312f" + "31" + // port: eth1/1
	"0602" + "0078" + // 120 s
	"0807" + "75706c696e6b31" + // port description: uplink1
	"0a04" + "73772d31" + // system: sw-1
	"0c05" + "4e6f53200a" + // system description with a line break
	"100c" + "0501" + "c0000201" + "02" + "00000001" + "00" + // management: 192.0.2.1
	"fe06" + "0080c201" + "0001" + // PVID 1
	"fe0b" + "0080c203" + "000a" + "04" + "6d676d74" + // VLAN 10, mgmt
	"fe09" + "0080c203" + "0014" + "02" + "7374" + // VLAN 20, st
	"fe06" + "00120f04" + "2400" + // 9216 bytes
	"fe09" + "00120f03" + "03" + "00000005" + // aggregated
	"fe04" + "00000001" + // of another organisation
	"0000"

func frame(t testing.TB, text string) []byte {
	t.Helper()
	out, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestParse(t *testing.T) {
	got, err := Parse(append(frame(t, recorded), make([]byte, 20)...)) // short frames are padded
	want := &Neighbour{
		Chassis: "00:11:22:33:44:55", Port: "eth1/1", TTL: 120, PortDescription: "uplink1", System: "sw-1",
		SystemDescription: "NoS  ",
		Addresses:         []string{"192.0.2.1"}, PVID: 1, VLANs: []uint16{10, 20}, MaxFrame: 9216, Aggregated: true,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: %+v, want %+v", err, got, want)
	}
	for name, text := range map[string]string{
		"nothing": "", "cut off": recorded[:20], "no chassis": "04020561" + "0000", "an end too early": "0000",
		"a length beyond the frame": "02ff04",
		"a chassis without a name":  "020104",
	} {
		if _, err := Parse(frame(t, text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzParse: whatever comes over a wire is read without a fault, and nothing that is shown does something to a
// terminal.
func FuzzParse(f *testing.F) {
	f.Add(frame(f, recorded))
	f.Add(frame(f, recorded)[:30])
	f.Add([]byte{2, 2, 4, 1, 4, 2, 5, 'a', 6, 2, 0, 1})
	f.Fuzz(func(t *testing.T, text []byte) {
		one, err := Parse(text)
		if err != nil {
			return
		}
		for _, shown := range []string{one.Chassis, one.Port, one.PortDescription, one.System, one.SystemDescription} {
			for _, r := range shown {
				if r < ' ' || r == 0x7f {
					t.Errorf("%q", shown)
				}
			}
		}
	})
}
