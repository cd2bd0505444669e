package schema

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// HostOrNetwork is a network such as 10.0.3.0/24, or an address, which stands for the network of it alone.
func HostOrNetwork() Form[netip.Prefix] {
	return Text(parseHostOrNetwork, netip.Prefix.String)
}

func parseHostOrNetwork(s string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(s); err == nil && address.Zone() == "" && !address.Is4In6() {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil || prefix.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("must be a network such as 10.0.3.0/24 or an address, not %q", s)
	}
	if prefix != prefix.Masked() {
		return netip.Prefix{}, fmt.Errorf("%q has bits set beyond its prefix length: the network is %s", s, prefix.Masked())
	}
	return prefix, nil
}

// AddressOrNone is an address, or `none` for the zero Addr.
func AddressOrNone() Form[netip.Addr] {
	parse := Address().Parse
	return Text(
		func(s string) (netip.Addr, error) {
			if s == "none" {
				return netip.Addr{}, nil
			}
			var problems Problems
			address, _ := parse(s, At("", &problems))
			return address, problems.Err()
		},
		func(address netip.Addr) string {
			if !address.IsValid() {
				return "none"
			}
			return address.String()
		})
}

// Named is a number from 0 to highest that may be written by one of its names.
func Named[V Integer](names map[string]V, highest V) Form[V] {
	form := Text(
		func(s string) (V, error) {
			if number, known := names[s]; known {
				return number, nil
			}
			number, err := strconv.ParseUint(s, 0, 32)
			if err != nil || number > uint64(highest) {
				return 0, unknownName("name", s, sortedNames(names))
			}
			return V(number), nil
		},
		func(number V) string {
			for _, name := range sortedNames(names) {
				if names[name] == number {
					return name
				}
			}
			return strconv.FormatUint(uint64(number), 10)
		})
	form.Note = fmt.Sprintf("One of V(%s), or a number to %d.", strings.Join(sortedNames(names), "), V("), highest)
	return form
}

func sortedNames[V Integer](names map[string]V) []string {
	out := make([]string, 0, len(names))
	for name := range names {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Scope is how far an address or a route reaches, by iproute2's names (linux/rtnetlink.h).
func Scope() Form[uint8] {
	return Named(map[string]uint8{"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}, 255)
}

// The routing tables that every kernel has (linux/rtnetlink.h).
const (
	TableDefault = 253
	TableMain    = 254
	TableLocal   = 255
)

var kernelTables = map[string]uint32{"default": TableDefault, "main": TableMain, "local": TableLocal}

// RoutingTable is a routing table by number, or by a name of the kernel's or of the host's rt_tables files.
func RoutingTable() Form[uint32] {
	form := Text(
		func(s string) (uint32, error) { return parseTable(s, hostTables) },
		func(number uint32) string {
			for name, known := range kernelTables {
				if known == number {
					return name
				}
			}
			return strconv.FormatUint(uint64(number), 10)
		})
	form.Note = "V(main), V(default), V(local), a name from the host's C(/etc/iproute2/rt_tables), or a number from 1 " +
		"to 4294967295."
	return form
}

func parseTable(s string, others func() map[string]uint32) (uint32, error) {
	if number, err := strconv.ParseUint(s, 0, 32); err == nil {
		if number == 0 {
			return 0, fmt.Errorf("must be a routing table from 1 to 4294967295, not 0")
		}
		return uint32(number), nil
	}
	if number, known := kernelTables[s]; known {
		return number, nil
	}
	named := others()
	if number, known := named[s]; known {
		return number, nil
	}
	known := append(sortedNames(kernelTables), sortedNames(named)...)
	return 0, fmt.Errorf("must be a number from 1 to 4294967295 or a routing table's name: %w",
		unknownName("table", s, known))
}

// tableFiles is where iproute2 looks; the later ones count more (rtnl_rttable_initialize in lib/rt_names.c).
var tableFiles = []string{
	"/usr/lib/iproute2/rt_tables", "/usr/lib/iproute2/rt_tables.d/*.conf",
	"/usr/share/iproute2/rt_tables", "/usr/share/iproute2/rt_tables.d/*.conf",
	"/etc/iproute2/rt_tables", "/etc/iproute2/rt_tables.d/*.conf",
}

// hostTables are the names of routing tables on this host. Files that cannot be read name nothing.
var hostTables = sync.OnceValue(func() map[string]uint32 { return readTables(tableFiles) })

func readTables(patterns []string) map[string]uint32 {
	tables := map[string]uint32{}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		for _, file := range files {
			readTableFile(file, tables)
		}
	}
	return tables
}

// readTableFile reads lines such as "100 uplink # comment".
func readTableFile(path string, tables map[string]uint32) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) != 2 {
			continue
		}
		if number, err := strconv.ParseUint(fields[0], 0, 32); err == nil && number > 0 {
			tables[fields[1]] = uint32(number)
		}
	}
}
