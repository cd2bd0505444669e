package dnsmasq

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hostnet.linux/internal/schema"
)

// dhcpOptionNames are the names of dnsmasq (`dnsmasq --help dhcp`), with underscores, and those that operators use
// besides, with the numbers of RFC 2132 and later ones.
var dhcpOptionNames = map[string]int{
	"time_offset": 2, "router": 3, "dns_server": 6, "log_server": 7, "lpr_server": 9, "boot_file_size": 13, "domain": 15,
	"domain_name": 15,
	"swap_server": 16, "root_path": 17, "extension_path": 18, "ip_forward_enable": 19, "non_local_source_routing": 20,
	"policy_filter":           21,
	"max_datagram_reassembly": 22, "default_ttl": 23, "mtu": 26, "all_subnets_local": 27, "broadcast": 28,
	"router_discovery":    31,
	"router_solicitation": 32, "static_route": 33, "trailer_encapsulation": 34, "arp_timeout": 35, "ethernet_encap": 36,
	"tcp_ttl":       37,
	"tcp_keepalive": 38, "nis_domain": 40, "nis_server": 41, "ntp_server": 42, "netbios_ns": 44, "netbios_dd": 45,
	"netbios_nodetype": 46,
	"netbios_scope":    47, "x_windows_fs": 48, "x_windows_dm": 49, "vendor_class": 60, "nis+_domain": 64,
	"nis+_server": 65, "tftp_server": 66,
	"bootfile": 67, "bootfile_name": 67, "mobile_ip_home": 68, "smtp_server": 69, "pop3_server": 70, "nntp_server": 71,
	"irc_server": 74,
	"user_class": 77, "rapid_commit": 80, "client_arch": 93, "client_interface_id": 94, "client_machine_id": 97,
	"posix_timezone": 100,
	"tzdb_timezone":  101, "ipv6_only": 108, "domain_search": 119, "sip_server": 120, "classless_static_route": 121,
	"vendor_id_encap":     125,
	"tftp_server_address": 150, "wpad": 252,
}

// refusedOptions are those that dnsmasq makes itself, for each client.
var refusedOptions = []int{0, 1, 50, 51, 53, 54, 55, 57, 58, 59, 61, 255}

// numberBytes are the sizes of options whose value is one number (RFC 2132; RFC 8925 for 108). dnsmasq itself would
// send a text that is given to them as it is, and cut off a number that is too large.
var numberBytes = map[int]int{13: 2, 19: 1, 20: 1, 22: 2, 23: 1, 26: 2, 27: 1, 31: 1, 34: 1, 35: 4, 36: 1, 37: 1, 38: 4,
	39: 1, 46: 1, 108: 4}

func dhcpOptionNumber(name string) (int, error) {
	number, known := dhcpOptionNames[strings.ReplaceAll(strings.ToLower(name), "-", "_")]
	if !known {
		n, err := strconv.Atoi(name)
		if err != nil || n < 0 || n > 255 {
			return 0, unknownOption(name)
		}
		number = n
	}
	if slices.Contains(refusedOptions, number) {
		return 0, fmt.Errorf("DHCP option %d is dnsmasq's own business", number)
	}
	return number, nil
}

func unknownOption(name string) error {
	names := slices.Sorted(maps.Keys(dhcpOptionNames))
	if near := schema.Nearest(name, names); near != "" {
		return fmt.Errorf("unknown DHCP option %q: did you mean %s? Its number from 1 to 254 does as well", name, near)
	}
	return fmt.Errorf("unknown DHCP option %q: give its number from 1 to 254, or one of %s", name,
		strings.Join(names, ", "))
}

// checkNumber notes a value that the option has no room for.
func checkNumber(option int, values []string, at schema.Place) bool {
	bytes, isNumber := numberBytes[option]
	if !isNumber || len(values) == 0 {
		return true
	}
	const bitsPerByte = 8
	if _, err := strconv.ParseUint(values[0], 10, bytes*bitsPerByte); err != nil || len(values) > 1 {
		at.Problem("must be one number from 0 to %d, not %q", uint64(1)<<(bytes*bitsPerByte)-1, strings.Join(values, ","))
		return false
	}
	return true
}
