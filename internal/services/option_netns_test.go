//go:build netns

package services_test

import (
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/netnstest"
)

// optionCase is an option that is set, changed, and left out again; each time the witness must show the text, and not
// those of the other two. With "" the witness must show neither.
type optionCase struct {
	option           string
	set, change      any
	first, second    string
	left             string // what it shows once the option is left out
	with             map[string]any
	missing, present any // further texts that must be missing or present while it is set, or nil
}

var optionCases = []optionCase{
	{option: "address", set: "10.0.7.1/24", change: "10.0.8.1/25", first: "inet 10.0.7.1/24", second: "inet 10.0.8.1/25",
		left:    "inet 10.0.3.1/24",
		present: "dhcp-range=10.0.7.2,10.0.7.253,255.255.255.0,1h"},
	{option: "address6", set: "fd05::1/64", change: "fd06::1/64", first: "inet6 fd05::1/64", second: "inet6 fd06::1/64",
		present: "dhcp-range=fd05::,ra-only,ra-names,64,1h"},
	// Left out, the bridge's MTU is not managed, and clients are told none.
	{option: "mtu", set: 1400, change: 1300, first: "mtu 1400 ", second: "mtu 1300 ", left: "mtu 1300 ",
		present: "\n26,1400\n"},
	{option: "mac_address", set: "02:00:00:00:00:01", change: "02:00:00:00:00:02", first: "link/ether 02:00:00:00:00:01",
		second: "link/ether 02:00:00:00:00:02",
		left:   "link/ether 00:16:3e:00:00:00"},
	{option: "dhcp", set: false, change: true, first: "", second: "\ndhcp-range=10.0.3.2", left: "\ndhcp-range=10.0.3.2",
		missing: "udp dport 67"},
	{option: "dhcp_range", set: "10.0.3.10,10.0.3.20", change: "10.0.3.30-10.0.3.40",
		first:  "dhcp-range=10.0.3.10,10.0.3.20,255.255.255.0,1h",
		second: "dhcp-range=10.0.3.30,10.0.3.40,", left: "dhcp-range=10.0.3.2,10.0.3.253,"},
	{option: "dhcp_range6", set: "fd05::10,fd05::20", change: "fd05::30,fd05::40",
		first: "dhcp-range=fd05::10,fd05::20,64,1h", second: "dhcp-range=fd05::30,fd05::40,64,1h",
		left: "", with: map[string]any{"address6": "fd05::1/64", "ipv6_mode": "stateful"}, present: "udp dport 547 accept"},
	{option: "ipv6_mode", set: "stateless", change: "none", first: "ra-stateless", second: "", left: "ra-only",
		with:    map[string]any{"address6": "fd05::1/64"},
		present: "nd-router-solicit"},
	{option: "lease_time", set: "2h", change: "infinite", first: ",255.255.255.0,2h", second: ",255.255.255.0,infinite",
		left: ",255.255.255.0,1h"},
	{option: "lease_limit", set: 300, change: 400, first: "dhcp-lease-max=300", second: "dhcp-lease-max=400",
		left: "dhcp-lease-max=253"},
	{option: "dns", set: false, change: true, first: "\nport=0\n", second: "\nstrict-order\n", left: "\nstrict-order\n",
		missing: "dport 53"},
	{option: "domain", set: "a.example", change: "b.example", first: "\ndomain=a.example\nlocal=/a.example/",
		second: "\ndomain=b.example\n", left: ""},
	{option: "upstream_servers", set: []any{"192.0.2.53#5353"}, change: []any{"/corp.example/192.0.2.54"},
		first:  "server=192.0.2.53#5353",
		second: "server=/corp.example/192.0.2.54", left: ""},
	{option: "dhcp_options", set: map[string]any{"ntp_server": "10.0.3.1"},
		change: map[string]any{"6": []any{"192.0.2.1", "192.0.2.2"}}, first: "\n42,10.0.3.1\n",
		second: "\n6,192.0.2.1,192.0.2.2\n", left: ""},
	{option: "static_leases", set: []any{map[string]any{"mac": "00:16:3e:00:00:05", "address": "10.0.3.50"}},
		change: []any{map[string]any{"name": "five", "address": "10.0.3.51"}},
		first:  "00:16:3e:00:00:05,10.0.3.50", second: "five,10.0.3.51", left: ""},
	{option: "host_records", set: []any{map[string]any{"name": "db", "addresses": []any{"192.0.2.7"}}},
		change: []any{map[string]any{"name": "db", "addresses": []any{"192.0.2.8"}}},
		first:  "192.0.2.7 db", second: "192.0.2.8 db", left: ""},
	{option: "gateway", set: "10.0.3.254", change: "10.0.3.253", first: "\n3,10.0.3.254\n", second: "\n3,10.0.3.253\n",
		left: "",
		with: map[string]any{"nat": false, "dhcp_range": "10.0.3.2,10.0.3.99"}},
	{option: "extra_lines", set: []any{"no-ping", "log-dhcp"}, change: []any{"no-ping", "log-queries"},
		first: "\nlog-dhcp\n", second: "\nlog-queries\n", left: ""},
	{option: "user", set: "root", change: "nobody", first: "\nuser=root\n", second: "\nuser=nobody\n", left: "\nuser="},
	{option: "nat", set: false, change: true, first: "", second: "masquerade", left: "masquerade"},
	{option: "nat6", set: true, change: false, first: "ip6 saddr fd05::/64 ip6 daddr != fd05::/64", second: "", left: "",
		with: map[string]any{"address6": "fd05::1/64"}},
	{option: "nat_address", set: "192.0.2.1", change: "192.0.2.2", first: "snat ip to 192.0.2.1",
		second: "snat ip to 192.0.2.2", left: "masquerade"},
	{option: "nat6_address", set: "2001:db8::1", change: "2001:db8::2", first: "snat ip6 to 2001:db8::1 ",
		second: "snat ip6 to 2001:db8::2 ", left: "",
		with: map[string]any{"address6": "fd05::1/64", "nat6": true}},
	{option: "out_interface", set: "wan", change: "wan2", first: `oifname "wan" masquerade`,
		second: `oifname "wan2" masquerade`, left: `oifname != "lxcbr0" masquerade`},
	{option: "nat_exclude", set: []any{"10.0.4.0/24"}, change: []any{"lxcbr9"}, first: "ip daddr 10.0.4.0/24 accept",
		second: `oifname "lxcbr9" accept`, left: ""},
	{option: "port_forwards", set: []any{map[string]any{"port": 80, "to": "10.0.3.7"}},
		change: []any{map[string]any{"port": 80, "to": "10.0.3.8", "protocol": "udp"}},
		first:  "tcp dport 80 dnat ip to 10.0.3.7", second: "udp dport 80 dnat ip to 10.0.3.8", left: ""},
	{option: "isolated", set: true, change: false, first: `oifkind "bridge"`, second: "", left: ""},
	{option: "mss_clamp", set: "pmtu", change: "1300", first: "tcp option maxseg size set rt mtu",
		second: "tcp option maxseg size set 1300", left: ""},
}

// provedElsewhere are options that no file or rule shows.
var provedElsewhere = map[string]string{
	"name":         "TestTwoBridgesShareForwarding",
	"state":        "TestDefaultsAreProvedAndGoAwayWithoutATrace",
	"verify":       "TestAFirewallInTheWayFailsTheProofAndIsNamed",
	"force":        "TestAbsentRefusesWhileContainersAreAttached",
	"firewall":     "nft: TestDockerIsHandled and TestFirewallsInTheWay",
	"checksum_fix": "vmtest: TestLXCBridge, since it takes a kernel with act_csum",
	"install":      "vmtest: TestLXCBridge",
	"takeover":     "vmtest: TestLXCBridge",
}

func TestEveryOptionHasACase(t *testing.T) {
	t.Parallel()
	for _, option := range lxcbridge.Options() {
		has := slices.ContainsFunc(optionCases, func(c optionCase) bool { return c.option == option.Name })
		if _, elsewhere := provedElsewhere[option.Name]; has == elsewhere {
			t.Errorf("%s: has a case %v, is proved elsewhere %v", option.Name, has, elsewhere)
		}
	}
}

// witness is what iproute2, nft and dnsmasq's files show of lxcbr0.
func (m *machine) witness(t *testing.T) string {
	t.Helper()
	out := []string{
		m.host.Exec(t, "ip", "-d", "address", "show", "dev", "lxcbr0"),
		m.host.Exec(t, "nft", "-s", "list", "table", "inet", "hostnet_lxcbr0"),
	}
	for _, name := range []string{"dnsmasq.conf", "static_leases", "dhcp_options", "host_records", "upstream_servers"} {
		file, err := m.files.File("/etc/hostnet/dnsmasq/lxcbr0/" + name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(file.Content))
	}
	return strings.Join(out, "\n")
}

func TestEveryOption(t *testing.T) {
	t.Parallel()
	for _, c := range optionCases {
		t.Run(c.option, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.host.IP(t, "address", "add", "192.0.2.2/24", "dev", "wan")
			m.runCase(t, c)
		})
	}
}

func (m *machine) runCase(t *testing.T, c optionCase) {
	if c.option == "user" && m.files.Find("getent") == "" {
		netnstest.Skip(t, "getent is not installed")
	}
	texts := []string{c.first, c.second, c.left}
	for i, value := range []any{c.set, c.change, nil} {
		arguments := map[string]any{"verify": false}
		for key, other := range c.with {
			arguments[key] = other
		}
		if c.option == "dhcp_range6" && value == nil {
			// Without the range there can be no stateful mode.
			delete(arguments, "ipv6_mode")
		}
		arguments[c.option] = value
		m.apply(t, arguments)
		seen := m.witness(t)
		for j, text := range texts {
			if text != "" && strings.Contains(seen, text) != (j == i || text == texts[i]) && !strings.HasPrefix(texts[i], text) {
				t.Errorf("%s %v: %q must be there: %v\n%s", c.option, value, text, j == i, seen)
			}
		}
		if text, given := c.present.(string); i == 0 && given && !strings.Contains(seen, text) {
			t.Errorf("%s %v: without %q\n%s", c.option, value, text, seen)
		}
		if text, given := c.missing.(string); i == 0 && given && strings.Contains(seen, text) {
			t.Errorf("%s %v: with %q\n%s", c.option, value, text, seen)
		}
	}
}
