package nftables

import (
	"bytes"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Translation is what a rule does to the source address of a flow.
type Translation struct {
	Source netip.Prefix
	// Address is what it becomes; the zero Addr is "that of the way out", or with Untranslated the source itself.
	Address      netip.Addr
	Untranslated bool
	// Destination is a subnet that it is about alone; zero is every one.
	Destination netip.Prefix
	// Sometimes tells that it is about some destinations or ways out only.
	Sometimes bool
}

// Translation reads a rule about the sources of one subnet back; false is "it is none".
func (r Rule) Translation() (out Translation, ok bool) {
	var loaded expression // the last one that was loaded, and its mask
	var mask []byte
	verdict := ""
	for _, e := range expressions(r.Expressions) {
		switch e.name {
		case "payload", "meta", "ct":
			loaded, mask = e, nil
		case "bitwise":
			mask = valueIn(e.get(unix.NFTA_BITWISE_MASK))
		case "cmp":
			value, equal := valueIn(e.get(unix.NFTA_CMP_DATA)), e.number(unix.NFTA_CMP_OP) == 0
			switch {
			case isAddress(loaded, len(value), 12, 8):
				out.Source = prefixOf(value, mask)
			case isAddress(loaded, len(value), 16, 24) && equal:
				out.Destination, out.Sometimes = prefixOf(value, mask), true
			case loaded.name == "meta" && e.number(unix.NFTA_CMP_OP) == 0 && len(value) == 1:
				// the IP version
			case equal || loaded.name == "ct":
				out.Sometimes = true
			}
		case "immediate":
			if kind, _ := verdictOf(e.get(unix.NFTA_IMMEDIATE_DATA)); kind != "" {
				verdict = kind
			} else if address, sound := netip.AddrFromSlice(valueIn(e.get(unix.NFTA_IMMEDIATE_DATA))); sound {
				out.Address = address
			}
		case "masq", "nat":
			verdict = e.name
		}
	}
	out.Untranslated = verdict == "accept"
	return out, out.Source.IsValid() && (verdict == "masq" || verdict == "nat" || out.Untranslated)
}

// InputLink is the link that the rule's packets come in by, "" where it is about any.
func (r Rule) InputLink() string {
	var key uint32
	for _, e := range expressions(r.Expressions) {
		switch e.name {
		case "meta":
			key = e.number(unix.NFTA_META_KEY)
		case "cmp":
			if key == unix.NFT_META_IIFNAME && e.number(unix.NFTA_CMP_OP) == unix.NFT_CMP_EQ {
				return unix.ByteSliceToString(valueIn(e.get(unix.NFTA_CMP_DATA)))
			}
			key = 0
		}
	}
	return ""
}

// isAddress tells whether a rule has loaded the address at these places of IP headers.
func isAddress(e expression, length int, at4, at6 uint32) bool {
	offset := e.number(unix.NFTA_PAYLOAD_OFFSET)
	return e.name == "payload" && e.number(unix.NFTA_PAYLOAD_BASE) == unix.NFT_PAYLOAD_NETWORK_HEADER &&
		(length == 4 && offset == at4 || length == 16 && offset == at6)
}

// prefixOf is an address with the mask that it is compared by; no mask is all of it.
func prefixOf(value, mask []byte) netip.Prefix {
	address, _ := netip.AddrFromSlice(value)
	bits := address.BitLen()
	if mask != nil {
		bits = 8 * len(mask)
		for i, one := range mask {
			if one != 0xff {
				bits = 8*i + bytes.IndexByte([]byte{0, 0x80, 0xc0, 0xe0, 0xf0, 0xf8, 0xfc, 0xfe}, one)
				break
			}
		}
	}
	return netip.PrefixFrom(address, bits)
}
