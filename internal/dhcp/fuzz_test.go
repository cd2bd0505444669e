package dhcp

import (
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"
)

// FuzzLease: whatever a server sends is a lease that can be taken, or an error.
func FuzzLease(f *testing.F) {
	ack, err := dhcpv4.New(dhcpv4.WithYourIP([]byte{10, 20, 0, 9}), dhcpv4.WithServerIP([]byte{10, 20, 0, 1}),
		dhcpv4.WithNetmask([]byte{255, 255, 255, 0}), dhcpv4.WithRouter([]byte{10, 20, 0, 1}), dhcpv4.WithLeaseTime(120),
		dhcpv4.WithDNS([]byte{10, 20, 0, 1}), dhcpv4.WithOption(dhcpv4.OptDomainName("test.example")),
		dhcpv4.WithGeneric(dhcpv4.OptionInterfaceMTU, []byte{5, 120}),
		dhcpv4.WithGeneric(dhcpv4.OptionStaticRoutingTable, []byte{10, 0, 0, 0, 10, 20, 0, 2}),
		dhcpv4.WithGeneric(dhcpv4.OptionClasslessStaticRoute, []byte{0, 10, 20, 0, 1, 32, 169, 254, 1, 1, 0, 0, 0, 0}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ack.ToBytes())
	f.Add([]byte{2, 1, 6, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		message, err := dhcpv4.FromBytes(data)
		if err != nil {
			return
		}
		got, err := readLease(message)
		if err != nil {
			return
		}
		if !got.address.IsValid() || !got.address.Addr().Is4() {
			t.Errorf("the address is %v", got.address)
		}
		for _, one := range got.routes {
			if !one.to.IsValid() || one.to != one.to.Masked() || one.via.IsValid() && !one.via.Is4() {
				t.Errorf("a route to %v by %v", one.to, one.via)
			}
		}
		if got.renew.After(got.rebind) || got.rebind.After(got.expires) || got.expires.After(time.Now().Add(2*forever)) {
			t.Errorf("times %v, %v, %v", got.renew, got.rebind, got.expires)
		}
		sound(t, State{DNS4: got.dns, Search4: got.search})
	})
}

// FuzzLease6 is the same for DHCPv6.
func FuzzLease6(f *testing.F) {
	message, err := dhcpv6.NewMessage()
	if err != nil {
		f.Fatal(err)
	}
	message.MessageType = dhcpv6.MessageTypeReply
	message.AddOption(dhcpv6.OptServerID(&dhcpv6.DUIDLL{HWType: 1, LinkLayerAddr: []byte{0, 22, 62, 0, 0, 1}}))
	message.AddOption(&dhcpv6.OptIANA{Options: dhcpv6.IdentityOptions{Options: dhcpv6.Options{&dhcpv6.OptIAAddress{
		IPv6Addr: []byte{0xfd, 5, 15: 9}, PreferredLifetime: time.Minute, ValidLifetime: time.Hour,
	}}}})
	message.AddOption(dhcpv6.OptDNS([]byte{0xfd, 5, 15: 1}))
	f.Add(message.ToBytes())
	f.Add([]byte{7, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		message, err := dhcpv6.MessageFromBytes(data)
		if err != nil {
			return
		}
		got, err := read6(message)
		if err != nil {
			return
		}
		if !got.address.IsValid() || !got.address.Addr().Is6() || got.expires.After(time.Now().Add(2*forever)) {
			t.Errorf("the address is %v until %v", got.address, got.expires)
		}
	})
}

// sound looks that a server's texts make no lines of their own in a resolver's file.
func sound(t *testing.T, state State) {
	t.Helper()
	for line := range strings.Lines(resolver([]State{state})) {
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "search ") &&
			!strings.HasPrefix(line, "nameserver ") {
			t.Errorf("a line %q", line)
		}
	}
}

// FuzzJob: a client that is started with anything else than a job says so.
func FuzzJob(f *testing.F) {
	f.Add(Job{Container: "c", Init: 7, Index: 2, V4: true, ClientID: "mac"}.arguments()[1], "01:00:16:3e:00:00:01")
	f.Add("{", "duid")
	f.Fuzz(func(t *testing.T, text, id string) {
		if job, err := parseJob([]string{text}); err == nil && job.path() == "" {
			t.Error("a job without a file")
		}
		// One byte of the message says how long it is.
		if sent := clientID(id, []byte{0, 22, 62, 0, 0, 1}); len(id) <= LongestClientID && len(sent) > 255 {
			t.Errorf("an identifier of %d bytes", len(sent))
		}
	})
}
