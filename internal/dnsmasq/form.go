package dnsmasq

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/schema"
)

// Range is the first and last address to hand out.
type Range struct{ First, Last netip.Addr }

func (r Range) String() string { return r.First.String() + "," + r.Last.String() }

// Contains tells whether the address is one of the range.
func (r Range) Contains(address netip.Addr) bool {
	return r.First.Compare(address) <= 0 && address.Compare(r.Last) <= 0
}

// Size is the number of addresses, or the largest number there is if that is smaller.
func (r Range) Size() uint64 {
	first, last := new(big.Int).SetBytes(r.First.AsSlice()), new(big.Int).SetBytes(r.Last.AsSlice())
	size := last.Sub(last, first)
	if size.Add(size, big.NewInt(1)); !size.IsUint64() {
		return 1<<64 - 1
	}
	return size.Uint64()
}

// rangeForm is two addresses with a comma, as dnsmasq and lxc-net write them, or with a dash.
func rangeForm() schema.Form[Range] {
	return schema.Text(parseRange, Range.String)
}

func parseRange(text string) (Range, error) {
	first, last, found := strings.Cut(text, ",")
	if !found {
		first, last, found = strings.Cut(text, "-")
	}
	a, errA := netip.ParseAddr(strings.TrimSpace(first))
	b, errB := netip.ParseAddr(strings.TrimSpace(last))
	switch {
	case !found || errA != nil || errB != nil || a.Zone() != "" || b.Zone() != "" || a.Is4() != b.Is4():
		return Range{}, fmt.Errorf("must be the first and last address of a range such as 10.0.3.2,10.0.3.253, not %q", text)
	case b.Less(a):
		return Range{}, fmt.Errorf("the range %q ends before it begins", text)
	}
	return Range{a, b}, nil
}

var leaseTimePattern = pattern.Of(`^([0-9]{1,9})([mhdw]?)$`)

func leaseTimeForm() schema.Form[string] {
	return schema.Text(parseLeaseTime, func(text string) string { return text })
}

func parseLeaseTime(text string) (string, error) {
	if text == "infinite" {
		return text, nil
	}
	parts := leaseTimePattern().FindStringSubmatch(text)
	if parts == nil {
		return "", fmt.Errorf("must be a time such as 3600, 45m, 12h or infinite, not %q", text)
	}
	number, err := strconv.ParseUint(parts[1], 10, 32)
	seconds := number * map[string]uint64{"": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[parts[2]]
	// dnsmasq silently takes two minutes for less (dnsmasq(8), --dhcp-range); a lease is a 32-bit number of seconds.
	const shortest, longest = 120, 1<<32 - 2
	if err != nil || seconds < shortest || seconds > longest {
		return "", fmt.Errorf("must be at least two minutes (and at most 136 years), not %q", text)
	}
	return text, nil
}

var hostNamePattern = pattern.Of(
	`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$`)

func hostName() schema.Form[string] {
	return schema.Text(
		func(text string) (string, error) {
			const longest = 253 // RFC 1035, 2.3.4
			if len(text) > longest || !hostNamePattern().MatchString(text) {
				return "", fmt.Errorf("must be a name of letters, digits and dashes, with dots between its parts, not %q", text)
			}
			return text, nil
		},
		func(text string) string { return text })
}

// serverForm is what stands behind server= in dnsmasq's configuration, without its rarer forms.
func serverForm() schema.Form[string] {
	return schema.Text(
		func(text string) (string, error) {
			rest := text
			if strings.HasPrefix(rest, "/") {
				end := strings.LastIndexByte(rest, '/')
				for domain := range strings.SplitSeq(strings.Trim(rest[:end+1], "/"), "/") {
					if !hostNamePattern().MatchString(domain) {
						return "", fmt.Errorf("%q: %q is not a domain", text, domain)
					}
				}
				rest = rest[end+1:]
			}
			address, port, hasPort := strings.Cut(rest, "#")
			parsed, err := netip.ParseAddr(address)
			_, portErr := strconv.ParseUint(port, 10, 16)
			// A zone may be any text for netip; here it is the link of a link-local address.
			zoned := parsed.Zone() == "" || parsed.IsLinkLocalUnicast() && plainName().MatchString(parsed.Zone())
			if err != nil || !zoned || hasPort && portErr != nil {
				return "", fmt.Errorf("must be an address such as 192.0.2.1, 192.0.2.1#5353 or /example.com/192.0.2.1, not %q",
					text)
			}
			return text, nil
		},
		func(text string) string { return text })
}

// lineForm is one line of configuration: a second one in it could not be told from it.
func lineForm() schema.Form[string] {
	return schema.Text(
		func(text string) (string, error) {
			if strings.ContainsAny(text, "\n\r\x00") || strings.TrimSpace(text) == "" {
				return "", fmt.Errorf("must be one line that is not empty, not %q", text)
			}
			return text, nil
		},
		func(text string) string { return text })
}

// dhcpOptionsForm is a dictionary of options, kept by number.
func dhcpOptionsForm() schema.Form[map[string][]string] {
	values := schema.List(lineForm())
	return schema.Form[map[string][]string]{
		Type: "dict",
		Parse: func(raw any, at schema.Place) (map[string][]string, bool) {
			fields, ok := raw.(map[string]any)
			if !ok {
				at.Problem("must be a dictionary of DHCP options, such as ntp_server: 10.0.3.1")
				return nil, false
			}
			out, sound := map[string][]string{}, true
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				number, err := dhcpOptionNumber(name)
				if err != nil {
					at.Key(name).Problem("%v", err)
					sound = false
					continue
				}
				key := strconv.Itoa(number)
				if _, twice := out[key]; twice {
					at.Key(name).Problem("option %s is given twice", key)
					sound = false
				}
				value, ok := values.Parse(fields[name], at.Key(name))
				ok = ok && checkNumber(number, value, at.Key(name))
				out[key], sound = value, sound && ok
			}
			return out, sound
		},
		Format: func(options map[string][]string) any {
			out := schema.Object{}
			for _, key := range optionKeys(options) {
				out.Set(key, values.Format(options[key]))
			}
			return out
		},
		Equal: func(a, b map[string][]string) bool { return maps.EqualFunc(a, b, slices.Equal) },
	}
}

// optionKeys are the numbers in their order.
func optionKeys(options map[string][]string) []string {
	return slices.SortedFunc(maps.Keys(options), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Compare(x, y)
	})
}
