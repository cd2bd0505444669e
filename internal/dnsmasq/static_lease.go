package dnsmasq

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/schema"
)

// StaticLease is what is kept for one client: an IPv4 address, an IPv6 address or both.
type StaticLease struct {
	MAC       string
	OtherMACs *[]string
	ClientID  string
	Name      string
	Address   netip.Addr
	Address6  netip.Addr
	Release   *bool
}

func staticLeaseTable() schema.Table[StaticLease] {
	return schema.Table[StaticLease]{
		schema.Value("mac", schema.MAC(), func(l *StaticLease) *string { return &l.MAC },
			"The client's MAC address. One of O(static_leases[].mac), O(static_leases[].client_id) and "+
				"O(static_leases[].name) is required."),
		schema.Field("other_macs", schema.List(schema.MAC()), func(l *StaticLease) **[]string { return &l.OtherMACs },
			"Further MAC addresses of the same client, of which only one is in use at a time, such as those of a "+
				"laptop's cards."),
		schema.Value("client_id", clientID(), func(l *StaticLease) *string { return &l.ClientID },
			"The client's identifier: bytes as in 01:00:16:3e:00:00:05, which for IPv6 are its DUID, or a text. "+
				"With V(*) the client is known by its MAC address alone, whatever identifier it gives."),
		schema.Value("name", hostName(), func(l *StaticLease) *string { return &l.Name },
			"The name that the client gives, or with O(static_leases[].mac) or O(static_leases[].client_id) that it is given."),
		schema.Value("address", schema.Address(), func(l *StaticLease) *netip.Addr { return &l.Address },
			"The address, within the subnet; it may be outside of O(dhcp_range)."),
		schema.Value("address6", schema.Address(), func(l *StaticLease) *netip.Addr { return &l.Address6 },
			"The IPv6 address of a client that has an IPv4 address as well. It takes O(ipv6_mode=stateful)."),
		schema.Field("release", schema.Bool(), func(l *StaticLease) **bool { return &l.Release },
			"Whether the address is taken back if it is leased to another client. Otherwise the task warns of it, and says "+
				"until when.").Assume(false),
	}
}

var (
	idBytes = pattern.Of(`^[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2})+$`)
	// looksLikeBytes is what somebody writes who means bytes.
	looksLikeBytes = pattern.Of(`^[^:]{1,2}(:[^:]{1,2})+$`)

	idText = pattern.Of(`^[!-~]+$`)
	// otherWord is what dhcp-host takes for something else than a name: a lease time, or to leave the client alone
	// (dhcp-host in dnsmasq's option.c).
	otherWord = pattern.Of(`^([0-9]+[wdhmsWDHMS]?|infinite|ignore)$`)
)

// clientID is what stands behind id: in dnsmasq's dhcp-host.
func clientID() schema.Form[string] {
	return schema.Text(
		func(text string) (string, error) {
			const longest = 255 // RFC 2132, 9.14: the length is one byte
			if !idText().MatchString(text) || strings.ContainsAny(text, `,"\#`) || len(text) > longest {
				return "",
					fmt.Errorf("must be bytes such as 01:00:16:3e:00:00:05, or a text without blanks, commas, quotes, backslashes "+
						"and #, not %q", text)
			}
			return text, nil
		},
		func(text string) string { return text })
}

// anyID is the client identifier that says to look at the MAC address alone.
const anyID = "*"

// macs are all MAC addresses of the client.
func (l *StaticLease) macs() []string {
	if l.MAC == "" {
		return list(l.OtherMACs)
	}
	return append([]string{l.MAC}, list(l.OtherMACs)...)
}

// kept are the addresses, with the options that they stand in.
func (l *StaticLease) kept() map[string]netip.Addr {
	out := map[string]netip.Addr{}
	for option, address := range map[string]netip.Addr{"address": l.Address, "address6": l.Address6} {
		if address.IsValid() {
			out[option] = address
		}
	}
	return out
}

// line has the form of dhcp-host. A name in front of the address is one that the client gives.
func (l *StaticLease) line() string {
	parts := l.macs()
	if l.ClientID != "" {
		parts = append(parts, "id:"+l.ClientID)
	}
	named := len(parts) > 0
	if !named {
		parts = append(parts, l.Name)
	}
	for _, address := range []netip.Addr{l.Address, l.Address6} {
		switch {
		case address.Is4():
			parts = append(parts, address.String())
		case address.IsValid():
			parts = append(parts, "["+address.String()+"]")
		}
	}
	if named && l.Name != "" {
		parts = append(parts, l.Name)
	}
	return strings.Join(parts, ",")
}

// staticLeases has the form of dhcp-host.
func (i *Instance) staticLeases() string {
	var out strings.Builder
	out.WriteString(head)
	for _, lease := range list(i.StaticLeases) {
		out.WriteString(lease.line() + "\n")
	}
	return out.String()
}

func (i *Instance) checkLeases(at schema.Place) {
	taken := map[string]int{}
	for n, lease := range list(i.StaticLeases) {
		place := at.Index(n)
		lease.checkClient(place)
		if !lease.Address.IsValid() && !lease.Address6.IsValid() {
			place.Key("address").Problem("is required")
		}
		if lease.Address6.Is4() {
			place.Key("address6").Problem("%s is no IPv6 address", lease.Address6)
		} else if lease.Address.Is6() && lease.Address6.IsValid() {
			place.Key("address").Problem("%s is a second IPv6 address: a client is given one", lease.Address)
		}
		for option, address := range lease.kept() {
			i.checkKept(place.Key(option), address)
		}
		for _, one := range lease.claims() {
			first, twice := taken[one.key]
			switch {
			case !twice:
				taken[one.key] = n
			case first == n:
				place.Key(one.option).Problem("%s is listed twice", one.text)
			case one.address:
				place.Key(one.option).Problem("%s is kept already by static_leases[%d]", one.text, first)
			default:
				place.Key(one.option).Problem("%s has an address already by static_leases[%d]", one.text, first)
			}
		}
	}
}

func (l *StaticLease) checkClient(place schema.Place) {
	switch {
	case len(l.macs()) == 0 && l.ClientID == "" && l.Name == "":
		place.Problem("one of mac and name is required, or client_id")
	case len(l.macs()) == 0 && l.ClientID == anyID:
		place.Key("client_id").Problem("%s says that the MAC address tells who it is, and none is given", anyID)
	case l.MAC == "" && l.OtherMACs != nil:
		place.Key("other_macs").Problem("need mac, which is the first of them")
	}
	if looksLikeBytes().MatchString(l.ClientID) && !idBytes().MatchString(l.ClientID) {
		place.Key("client_id").Problem("must be bytes such as 01:00:16:3e:00:00:05, or a text, not %q", l.ClientID)
	}
	for n, text := range l.macs() {
		mac, err := net.ParseMAC(text)
		const group = 1
		if err == nil && (mac[0]&group != 0 || strings.Trim(text, "0:") == "") {
			place.Key(l.macOption(n)).Problem("%s is no client's own address: it is one of a group, or none", text)
		}
	}
	if _, err := netip.ParseAddr(l.Name); err == nil || otherWord().MatchString(l.Name) {
		place.Key("name").Problem("dnsmasq takes %s for an address, a lease time or a word of its own: choose another name",
			l.Name)
	}
}

// macOption is the option that the n-th of all MAC addresses stands in.
func (l *StaticLease) macOption(n int) string {
	if n == 0 && l.MAC != "" {
		return "mac"
	}
	return "other_macs"
}

// claim is what only one static lease can have.
type claim struct {
	option, text, key string
	address           bool
}

// claims are the lease's own: a client may have one address of each version of IP, by two leases as well as by one.
func (l *StaticLease) claims() []claim {
	var out []claim
	for option, address := range l.kept() {
		out = append(out, claim{option, address.String(), address.String(), true})
		version := fmt.Sprint(address.Is4(), " ")
		for n, mac := range l.macs() {
			out = append(out, claim{l.macOption(n), mac, version + mac, false})
		}
		if l.ClientID != "" && l.ClientID != anyID {
			id := l.ClientID
			if idBytes().MatchString(id) {
				id = fmt.Sprintf("% x", bytesOf(id)) // 1:0 is 01:00
			}
			out = append(out, claim{"client_id", l.ClientID, version + id, false})
		}
		if l.Name != "" {
			out = append(out, claim{"name", l.Name, version + strings.ToLower(l.Name), false})
		}
	}
	slices.SortFunc(out, func(a, b claim) int { return strings.Compare(a.option+a.key, b.option+b.key) })
	return out
}

// checkKept notes an address that dnsmasq would never give: dnsmasq(8) has it that it must be in the subnet of a
// dhcp-range, not that it is within the range.
func (i *Instance) checkKept(at schema.Place, address netip.Addr) {
	var subnet *netip.Prefix
	switch {
	case address.Is4() && i.WantsDHCP() && i.Address != nil:
		subnet = i.Address
	case address.Is6() && i.Mode() == "stateful" && i.Range6 != nil:
		subnet = i.Address6
	}
	switch {
	case subnet == nil:
		at.Problem("%s: no addresses of its IP version are handed out here", address)
	case !subnet.Contains(address):
		at.Problem("%s is outside the subnet %s", address, subnet.Masked())
	case subnet.Addr() == address:
		at.Problem("%s is the host's own address", address)
	case address == subnet.Masked().Addr():
		at.Problem("%s is the address of the network itself", address)
	case address.Is4() && address == broadcast(*subnet):
		at.Problem("%s is the broadcast address", address)
	case address == i.Gateway:
		at.Problem("%s is the router's", address)
	}
}

// identifies tells whether these bytes of a client identifier are the lease's. A text comes with a zero byte in front
// from some clients (RFC 2132, 9.14: a type of hardware that is none).
func (l *StaticLease) identifies(id []byte) bool {
	var own []byte
	switch {
	case l.ClientID == "" || l.ClientID == anyID || len(id) == 0:
		return false
	case idBytes().MatchString(l.ClientID):
		own = bytesOf(l.ClientID)
	default:
		own = []byte(l.ClientID)
	}
	return slices.Equal(own, id) || id[0] == 0 && slices.Equal(own, id[1:])
}

// bytesOf reads bytes with colons between them; nil if it is none.
func bytesOf(text string) []byte {
	var out []byte
	for part := range strings.SplitSeq(text, ":") {
		if len(part) == 1 {
			part = "0" + part
		}
		one, err := hex.DecodeString(part)
		if err != nil || len(one) != 1 {
			return nil
		}
		out = append(out, one[0])
	}
	return out
}
