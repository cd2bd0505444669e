package dnsmasq

import (
	"strings"
	"testing"

	"hostnet.linux/internal/schema"
)

func TestStaticLeaseProblems(t *testing.T) {
	t.Parallel()
	fields := map[string]any{
		"interface": "lxcbr0", "address": "10.0.3.1/24", "address6": "fd05::1/64", "ipv6_mode": "stateful",
		"dhcp_range6": "fd05::10,fd05::20",
		"gateway":     "10.0.3.254", "dhcp_range": "10.0.3.100,10.0.3.199",
		"static_leases": []any{
			map[string]any{"mac": "00:16:3e:00:00:01", "address": "10.0.3.1"},
			map[string]any{"mac": "00:16:3e:00:00:02", "address": "10.0.3.255"},
			map[string]any{"mac": "00:16:3e:00:00:03", "address": "10.0.3.254"},
			map[string]any{"mac": "00:16:3e:00:00:04", "address": "fd06::1"},
			map[string]any{"mac": "00:16:3e:00:00:05", "address": "10.0.3.5", "address6": "10.0.3.6"},
			map[string]any{"mac": "00:16:3e:00:00:06", "address": "fd05::6", "address6": "fd05::7"},
			map[string]any{"mac": "00:16:3e:00:00:07"},
			map[string]any{"client_id": "*", "address": "10.0.3.8"},
			map[string]any{"other_macs": []any{"00:16:3e:00:00:05"}, "address": "10.0.3.9"},
			map[string]any{"address": "10.0.3.10"},
			map[string]any{"name": "45m", "address": "10.0.3.11"},
			map[string]any{"name": "ignore", "mac": "01:00:5e:00:00:01", "address": "10.0.3.12"},
			map[string]any{"name": "10.0.3.77", "mac": "00:00:00:00:00:00", "address": "10.0.3.13"},
			map[string]any{"mac": "00:16:3e:00:00:14", "other_macs": []any{"00:16:3E:00:00:14", "ff:ff:ff:ff:ff:ff"},
				"address": "10.0.3.14"},
			map[string]any{"client_id": "01:0a:03", "address": "10.0.3.15"},
			map[string]any{"client_id": "1:A:3", "address": "10.0.3.16"},
			map[string]any{"client_id": "ab:cd:zz", "address": "10.0.3.17"},
			map[string]any{"name": "infinite", "address": "10.0.3.18"},
			map[string]any{"name": "7", "address": "10.0.3.19"},
			map[string]any{"name": "m", "address": "10.0.3.20"},
		},
	}
	var instance Instance
	var problems schema.Problems
	Options().Parse(&instance, fields, schema.At("", &problems))
	instance.Check(schema.At("", &problems))
	said := problems.Error()
	for _, want := range []string{
		"static_leases[0].address: 10.0.3.1 is the host's own address",
		"static_leases[1].address: 10.0.3.255 is the broadcast address",
		"static_leases[2].address: 10.0.3.254 is the router's",
		"static_leases[3].address: fd06::1 is outside the subnet fd05::/64",
		"static_leases[4].address6: 10.0.3.6 is no IPv6 address",
		"static_leases[5].address: fd05::6 is a second IPv6 address",
		"static_leases[6].address: is required", "static_leases[7].client_id: * says that the MAC address tells who it is",
		"static_leases[8].other_macs: 00:16:3e:00:00:05 has an address already by static_leases[4]",
		"static_leases[8].other_macs: need mac",
		"static_leases[9]: one of mac and name is required, or client_id",
		"static_leases[10].name: dnsmasq takes 45m for an address, a lease time",
		"static_leases[11].name: dnsmasq takes ignore for", "static_leases[11].mac: 01:00:5e:00:00:01 is no client's",
		"static_leases[12].name: dnsmasq takes 10.0.3.77 for", "static_leases[12].mac: 00:00:00:00:00:00 is no client's",
		"static_leases[13].other_macs: 00:16:3e:00:00:14 is listed twice",
		"static_leases[13].other_macs: ff:ff:ff:ff:ff:ff is no client's",
		"static_leases[15].client_id: 1:A:3 has an address already by static_leases[14]",
		`static_leases[16].client_id: must be bytes such as 01:00:16:3e:00:00:05, or a text, not "ab:cd:zz"`,
		"static_leases[17].name: dnsmasq takes infinite", "static_leases[18].name: dnsmasq takes 7",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not told in:\n%s", want, said)
		}
	}
	if strings.Contains(said, "static_leases[19]") {
		t.Errorf("m is a name: %s", said)
	}
}

func TestOptionNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ntp-server": "", "NIS-Domain": "", "time_offset": "", "141": "", "ntp_servr": "did you mean ntp_server?",
		"51":  "dnsmasq's own business",
		"300": "unknown DHCP option",
	} {
		if _, err := dhcpOptionNumber(name); (err == nil) != (want == "") || err != nil &&
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var problems schema.Problems
	dhcpOptionsForm().Parse(map[string]any{"mtu": "70000", "default_ttl": []any{"1", "2"}, "boot-file-size": "12"},
		schema.At("dhcp_options", &problems))
	if said := problems.Error(); len(problems) != 2 ||
		!strings.Contains(said, `dhcp_options.mtu: must be one number from 0 to 65535, not "70000"`) ||
		!strings.Contains(said, "dhcp_options.default_ttl: must be one number from 0 to 255") {
		t.Errorf("problems: %s", said)
	}
}
