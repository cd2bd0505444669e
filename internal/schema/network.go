package schema

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// longestName is IFNAMSIZ less the closing zero (linux/if.h).
const longestName = 15

// LinkName is a name that the kernel takes for a network interface (dev_valid_name in net/core/dev.c).
func LinkName() Form[string] {
	return Text(
		func(s string) (string, error) { return s, CheckLinkName(s) },
		func(s string) string { return s })
}

// CheckLinkName tells why the kernel would refuse the name.
func CheckLinkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("an interface needs a name")
	case len(name) > longestName:
		return fmt.Errorf("interface name %s is %d bytes long: the kernel takes at most %d", describe(name), len(name),
			longestName)
	// the last two are folders in /proc/sys/net/ipv4/conf
	case name == "." || name == "..", name == "all" || name == "default":
		return fmt.Errorf("interface name %q is not allowed", name)
	case strings.ContainsAny(name, "/: \t\n\v\f\r\x00%"), strings.IndexByte(name, 0xa0) >= 0:
		return fmt.Errorf("interface name %q must not contain a slash, a colon, a percent sign or white space", name)
	}
	return nil
}

// MAC is an Ethernet address, written lower case with colons.
func MAC() Form[string] {
	return Text(ParseMAC, func(s string) string { return s })
}

// LinkMAC is a MAC address that a link can have: not a multicast address.
func LinkMAC() Form[string] {
	return Text(func(text string) (string, error) {
		address, err := ParseMAC(text)
		if hardware, _ := net.ParseMAC(address); err == nil && hardware[0]&1 != 0 {
			return "", fmt.Errorf("%s is a multicast MAC: use a unicast address, whose first byte is even", address)
		}
		return address, err
	}, func(s string) string { return s })
}

// ParseMAC reads an Ethernet address of six bytes into its usual spelling.
func ParseMAC(text string) (string, error) {
	address, err := net.ParseMAC(text)
	if err != nil || len(address) != 6 {
		return "", fmt.Errorf("must be a MAC address such as 00:16:3e:12:34:56, not %q", text)
	}
	return address.String(), nil
}

// Address is an IPv4 or IPv6 address without a prefix length.
func Address() Form[netip.Addr] {
	return Text(
		func(s string) (netip.Addr, error) {
			address, err := netip.ParseAddr(s)
			if err != nil || address.Zone() != "" {
				return netip.Addr{}, fmt.Errorf("must be an IPv4 or IPv6 address, not %q", s)
			}
			return address.Unmap(), nil
		},
		netip.Addr.String)
}

// CIDR is an interface's address and prefix length in one, such as 172.29.236.11/22.
func CIDR() Form[netip.Prefix] {
	return Text(
		func(s string) (netip.Prefix, error) {
			prefix, err := netip.ParsePrefix(s)
			if err != nil || prefix.Addr().Is4In6() {
				return netip.Prefix{}, fmt.Errorf("must be an address with a prefix length such as 172.29.236.11/22, not %q", s)
			}
			return prefix, nil
		},
		netip.Prefix.String)
}

// Subnet is a network such as 10.0.3.0/24; bits beyond the prefix length are a mistake that is named.
func Subnet() Form[netip.Prefix] {
	form := CIDR()
	return Text(
		func(s string) (netip.Prefix, error) {
			var problems Problems
			prefix, ok := form.Parse(s, At("", &problems))
			if !ok {
				return prefix, problems.Err()
			}
			if prefix != prefix.Masked() {
				return prefix, fmt.Errorf("%q has bits set beyond its prefix length: the network is %s", s, prefix.Masked())
			}
			return prefix, nil
		},
		netip.Prefix.String)
}
