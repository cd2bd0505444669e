package probe

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var somebody = net.HardwareAddr{2, 0, 0, 0, 0, 7}

// TestMessage: what is sent can be read, and is padded for old relays.
func TestMessage(t *testing.T) {
	t.Parallel()
	sent := message{
		transaction: 0x12345678, hardware: somebody, clientAddress: netip.MustParseAddr("192.0.2.7"),
		options: map[byte][]byte{optionType: {request}, optionHostName: []byte("web"), optionServer: {192, 0, 2, 1}},
	}
	data := sent.encode()
	got, err := decode(data)
	if err != nil || len(data) < 300 || got.reply || got.transaction != sent.transaction || got.kind() != request ||
		got.hardware.String() != somebody.String() {
		t.Errorf("%d bytes, %+v, %v", len(data), got, err)
	}
	if got.address(optionServer) != netip.MustParseAddr("192.0.2.1") || string(got.options[optionHostName]) != "web" ||
		got.address(optionRouter).IsValid() {
		t.Errorf("%+v", got)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options string // in hexadecimal
		want    string
	}{
		"padding and an end":     {"00 00 35 01 05 ff 35 01 01", "type 5, 0 bits, MTU 0"},
		"an option in two parts": {"1a 01 05 1a 01 dc 35 01 05 ff", "type 5, 0 bits, MTU 1500"},
		"a mask":                 {"01 04 ff ff fc 00 35 01 05", "type 5, 22 bits, MTU 0"},
		"a mask with a hole":     {"01 04 ff 00 ff 00", "type 0, 0 bits, MTU 0"},
		"a mask that is short":   {"01 01 ff", "type 0, 8 bits, MTU 0"},
		"a type of two bytes":    {"35 02 05 05", "type 0, 0 bits, MTU 0"},
		"cut off":                {"35 04 05", "DHCP option 53 is cut off"},
		"a number alone":         {"35", "DHCP option 53 is cut off"},
	} {
		options, err := hex.DecodeString(strings.ReplaceAll(test.options, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		data := append(append(make([]byte, 236), cookie...), options...)
		got, err := decode(data)
		said := fmt.Sprintf("type %d, %d bits, MTU %d", got.kind(), got.prefixLength(), got.number(optionMTU))
		if err != nil {
			said = err.Error()
		}
		if said != test.want {
			t.Errorf("%s: want %q, got %q", name, test.want, said)
		}
	}
	if _, err := decode(make([]byte, 300)); err == nil {
		t.Error("a message without the cookie is one of BOOTP, not of DHCP")
	}
}

// TestDecodeRoutes has the examples of RFC 3442.
func TestDecodeRoutes(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"00 0a000001":                         "0.0.0.0/0 via 10.0.0.1",
		"08 0a 0a000001 18 0a1100 0a000002":   "10.0.0.0/8 via 10.0.0.1, 10.17.0.0/24 via 10.0.0.2",
		"19 0a811b80 0a000001 20 c0000201 00": "10.129.27.128/25 via 10.0.0.1",
		"20 0a000001 00000000 00 0a000001":    "10.0.0.1/32, 0.0.0.0/0 via 10.0.0.1",
		"21 0a00000100 0a000001":              "",
		"18 0a11":                             "",
		"":                                    "",
	} {
		raw, err := hex.DecodeString(strings.ReplaceAll(data, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, route := range decodeRoutes(raw) {
			text := route.To.String()
			if route.Via.IsValid() {
				text += " via " + route.Via.String()
			}
			said = append(said, text)
		}
		if diff := cmp.Diff(want, strings.Join(said, ", ")); diff != "" {
			t.Errorf("%s: %s", data, diff)
		}
	}
}

// TestUnpack: datagrams to a client are read, and a wrong checksum is noticed.
func TestUnpack(t *testing.T) {
	t.Parallel()
	answer := func(change func(data []byte)) []byte {
		data := packet(netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.7"), []byte("hello"))
		// The other way round: from the server's port to the client's, which leaves the sum as it is.
		data[ipHeader], data[ipHeader+1], data[ipHeader+2], data[ipHeader+3] = 0, serverPort, 0, clientPort
		if change != nil {
			change(data)
		}
		return data
	}
	for name, test := range map[string]struct {
		data      []byte
		sound, ok bool
	}{
		"as sent":               {answer(nil), true, true},
		"with padding":          {append(answer(nil), 0, 0, 0), true, true},
		"without a checksum":    {answer(func(data []byte) { data[ipHeader+6], data[ipHeader+7] = 0, 0 }), true, true},
		"with a wrong one":      {answer(func(data []byte) { data[ipHeader+7]++ }), false, true},
		"to another port":       {answer(func(data []byte) { data[ipHeader+3]++ }), false, false},
		"of another protocol":   {answer(func(data []byte) { data[9] = 6 }), false, false},
		"of IPv6":               {answer(func(data []byte) { data[0] = 0x65 }), false, false},
		"shorter than it says":  {answer(nil)[:ipHeader+udpHeader], false, false},
		"with a header too big": {answer(func(data []byte) { data[0] = 0x4f }), false, false},
		"nothing":               {nil, false, false},
	} {
		payload, sound, ok := unpack(test.data)
		if ok != test.ok || ok && (sound != test.sound || string(payload) != "hello") {
			t.Errorf("%s: %q, sound %t, %t", name, payload, sound, ok)
		}
	}
}

func TestRemaining(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[uint32]string{3600: "1h0m0s", 0: "8760h0m0s", 1<<32 - 1: "8760h0m0s"} {
		lease := (&Client{}).lease(message{
			options: map[byte][]byte{
				optionLeaseTime: {byte(seconds >> 24), byte(seconds >> 16), byte(seconds >> 8), byte(seconds)}}})
		if got := lease.Remaining().String(); got != want {
			t.Errorf("%d seconds: want %s, got %s", seconds, want, got)
		}
	}
}

// FuzzAnswer: whatever stands in a packet, it is read to its end or refused.
func FuzzAnswer(f *testing.F) {
	offered := message{hardware: somebody, options: map[byte][]byte{
		optionType: {offer}, optionMask: {255, 255, 255, 0}, optionRoutes: {24, 10, 17, 0, 10, 0, 0, 1}}}
	f.Add(packet(netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.7"), offered.encode()))
	f.Add(packet(netip.IPv4Unspecified(), netip.IPv4Unspecified(),
		append(make([]byte, 236), 99, 130, 83, 99, 121, 3, 33, 1, 2)))
	f.Fuzz(func(t *testing.T, data []byte) {
		payload, _, ok := unpack(data)
		if !ok {
			payload = data
		}
		got, err := decode(payload)
		if err != nil {
			return
		}
		lease := (&Client{}).lease(got)
		if lease.Remaining() <= 0 || lease.Address.Bits() < 0 || lease.Address.Bits() > 32 {
			t.Errorf("%+v", lease)
		}
		for _, route := range lease.Routes {
			if !route.To.IsValid() || route.To != route.To.Masked() {
				t.Errorf("%+v", route)
			}
		}
	})
}
