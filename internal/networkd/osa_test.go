package networkd

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"hostnet.linux/internal/schema"
)

func decoded(t *testing.T, text string) any {
	t.Helper()
	var out any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

const hostDevices = `
- NetDev: {Name: bond0, Kind: bond}
  Bond: {Mode: 802.3ad, TransmitHashPolicy: layer3+4, LACPTransmitRate: fast, MIIMonitorSec: 100ms, ARPIPTargets: "192.0.2.1 192.0.2.2"}
  filename: 05-bond0
- NetDev: {Name: vlan-mgmt, Kind: vlan, MTUBytes: 9000}
  VLAN: {Id: 10, ReorderHeader: false, EgressQOSMaps: 1-2 3-4}
- NetDev: {Name: vlan-unused, Kind: vlan}
  VLAN: {Id: 13}
- NetDev: {Name: br-mgmt, Kind: bridge}
  Bridge: {ForwardDelaySec: 0, HelloTimeSec: 2, STP: false}
- NetDev: {Name: tunnel7, Kind: vxlan}
  VXLAN: {VNI: 7, Remote: 192.0.2.7, DestinationPort: 4789, IPDoNotFragment: true}
- NetDev: {Name: veth-a, Kind: veth}
  Peer: {Name: eth12}
- NetDev: {Name: dummy0, Kind: dummy}
`

const hostNetworks = `
- interface: eno1
  filename: 05-eno1
  bond: bond0
  link_config_overrides: {Match: {MACAddress: "52:54:00:00:00:01"}}
- interface: eno2
  match: {name: eno2}
  bond: bond0
  mtu: 9000
- interface: bond0
  vlan: [vlan-mgmt]
  vxlan: tunnel7
- interface: vlan-mgmt
  bridge: br-mgmt
  config_overrides: {Bridge: {Cost: 5, AllowPortToBeRoot: no}}
- interface: br-mgmt
  address: 172.29.236.11
  netmask: 255.255.252.0
  gateway: 172.29.236.1
  static_routes:
    - {cidr: 10.0.0.0/8, gateway: 172.29.236.2}
    - {Destination: 10.1.0.0/16, Gateway: 172.29.236.3, Metric: 7, Table: 100}
  routing_rules:
    - {From: 10.9.0.0/16, Priority: 500, Table: 100}
  dns: [192.0.2.53]
- interface: veth-a
  config_overrides:
    Network:
      Address: {198.51.100.1/24: null, 198.51.100.2/24: null}
      Gateway: [198.51.100.254]
      IPv6AcceptRA: false
      LLDP: true
    Link: {MTUBytes: 1400, RequiredForOnline: false}
- interface: dummy0
  address:
    - 203.0.113.1/24
    - {address: 203.0.113.2, netmask: 24}
- interface: eno3
  address: dhcp
`

// TestReadOSA: OSA's variables become the objects that they say.
func TestReadOSA(t *testing.T) {
	var problems schema.Problems
	before := map[string]any{"bridges": []any{map[string]any{"name": "br-own"}}}
	got := ReadOSA(decoded(t, hostDevices), decoded(t, hostNetworks), before, &problems)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := decoded(t, `
bonds:
  - {name: bond0, mode: 802.3ad, xmit_hash_policy: layer3+4, lacp_rate: fast, miimon: "100", arp_ip_target: [192.0.2.1, 192.0.2.2],
     ports: [{name: eno1}, {name: eno2}]}
vlans:
  - {name: vlan-mgmt, parent: bond0, id: "10", mtu: "9000", reorder_hdr: "no", egress_qos_map: {"1": "2", "3": "4"}}
bridges:
  - {name: br-own}
  - name: br-mgmt
    forward_delay: "0"
    hello_time: "2"
    stp: "no"
    ports: [{name: vlan-mgmt, cost: "5", root_block: true}]
    addresses: [172.29.236.11/22]
    routes:
      - {to: default, via: 172.29.236.1}
      - {to: 10.0.0.0/8, via: 172.29.236.2, metric: 21}
      - {to: 10.1.0.0/16, via: 172.29.236.3, metric: "7", table: "100"}
vxlans:
  - {name: tunnel7, parent: bond0, id: "7", remote: 192.0.2.7, dst_port: "4789", df: set}
veths:
  - name: veth-a
    peer: eth12
    mtu: "1400"
    required: "no"
    accept_ra: "0"
    addresses: [198.51.100.1/24, 198.51.100.2/24]
    routes: [{to: default, via: 198.51.100.254}]
dummies:
  - {name: dummy0, addresses: [203.0.113.1/24, 203.0.113.2/24]}
interfaces:
  - {name: eno2, mtu: 9000}
rules:
  - {from: 10.9.0.0/16, priority: "500", table: "100"}
`)
	content, err := json.Marshal(got.Arguments)
	if err != nil {
		t.Fatal(err)
	}
	var arguments any
	if err := json.Unmarshal(content, &arguments); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, arguments); diff != "" {
		t.Error(diff)
	}
	text := strings.Join(got.Warnings, "\n")
	for _, warning := range []string{"networkd_devices[2]: no entry of networkd_networks has vlan: vlan-unused",
		"networkd_networks[4].dns: is left",
		"networkd_networks[7].address: eno3 is left to the host's DHCP client"} {
		if !strings.Contains(text, warning) {
			t.Errorf("%q is not in:\n%s", warning, text)
		}
	}
	for place, at := range map[string]string{
		"bonds[0].mode": "networkd_devices[0].Bond.Mode", "bonds[0].ports[1].name": "networkd_networks[1].bond",
		"bridges[1].routes[1].via": "networkd_networks[4].static_routes[0].gateway", "bridges[0].name": "",
		"veths[0].addresses[1]": "networkd_networks[5].config_overrides.Network.Address",
		"vlans[0].parent":       "networkd_networks[2].vlan",
		"rules[0].table":        "networkd_networks[4].routing_rules[0].Table", "vlans[0]": "networkd_devices[1]",
	} {
		if got := got.Place(place); got != at {
			t.Errorf("%s is from %q, want %q", place, got, at)
		}
	}
}

// TestReadOSAProblems: what cannot be said is told under the name that it was written by.
func TestReadOSAProblems(t *testing.T) {
	for _, test := range []struct{ devices, networks, want string }{
		{"- NetDev: {Name: bond0, Kind: bond}\n  Bond: {Modus: 1}", "",
			"networkd_devices[0].Bond.Modus: unknown key of [Bond]: did you mean Mode?"},
		{"- NetDev: {Name: bond0, Kind: bond}\n  Bnd: {Mode: 1}", "",
			"networkd_devices[0].Bnd: unknown section of a bond: it takes NetDev and Bond"},
		{"- NetDev: {Name: bond0, Kind: bnd}", "", "networkd_devices[0].NetDev.Kind: must be one of bond, bridge,"},
		{"- NetDev: {Kind: bond}", "", "networkd_devices[0].NetDev: needs Name"},
		{"- NetDev: {Name: x, Kind: bond}\n- NetDev: {Name: x, Kind: vlan}", "",
			"networkd_devices[1].NetDev.Name: x is the name of networkd_devices[0], too"},
		{"- NetDev: {Name: bond0, Kind: bond}\n  Bond: {MIIMonitorSec: soon}", "",
			"networkd_devices[0].Bond.MIIMonitorSec: must be a time"},
		{"- 5", "", "networkd_devices[0]: must be a dictionary"},
		{`"{{ x }}"`, "", "networkd_devices: must be a list of dictionaries"},
		{"", "- {interface: eth0, brigde: br-x}", "networkd_networks[0].brigde: unknown key: did you mean bridge?"},
		{"", "- {bridge: br-x}", "networkd_networks[0]: needs interface"},
		{"", "- {interface: eth0, address: 10.0.0.1}", "networkd_networks[0].address: 10.0.0.1 needs a netmask"},
		{"", "- {interface: eth0, address: 10.0.0.1, netmask: 255.0.255.0}",
			"networkd_networks[0].address: 255.0.255.0 is no netmask"},
		{"", "- {interface: eth0, address: [10.0.0.1/33]}", "networkd_networks[0].address[0]: must be an address such as"},
		{"", "- {interface: eth0, gateway: router}", "networkd_networks[0].gateway: must be an address"},
		{"", "- {interface: bond0, vlan: bond0.10}",
			"networkd_networks[0].vlan: networkd_devices has no vlan bond0.10: add - NetDev: {Name: bond0.10, Kind: vlan}"},
		{"- NetDev: {Name: br-x, Kind: bridge}", "- {interface: eth0, bond: br-x}",
			"networkd_networks[0].bond: br-x is no bond (networkd_devices[0])"},
		{"", "- {interface: eth0, config_overrides: {Netwrk: {A: 1}}}",
			"networkd_networks[0].config_overrides.Netwrk: unknown section"},
		{"", "- {interface: eth0, config_overrides: {Network: {IPv6AccptRA: 1}}}",
			"config_overrides.Network.IPv6AccptRA: unknown key of [Network]: did you mean IPv6AcceptRA?"},
		{"", "- {interface: eth0, mtu: 1500, config_overrides: {Link: {MTUBytes: 9000}}}",
			"mtu of eth0 is said at networkd_networks[0].mtu as well"},
		{"", "- {interface: eth0, static_routes: [{cidr: 10.0.0.0/8, gatway: 10.0.0.1}]}",
			"static_routes[0].gatway: unknown key of [Route]: did you mean Gateway?"},
		{"", "- {interface: eth0, config_overrides: {Bridge: {Cost: 5}}}",
			"config_overrides.Bridge: eth0 is no port of a bridge"},
	} {
		var problems schema.Problems
		ReadOSA(decoded(t, test.devices), decoded(t, test.networks), nil, &problems)
		if !strings.Contains(problems.Error(), test.want) {
			t.Errorf("%q is not in:\n%v", test.want, problems)
		}
	}
}

// TestSeconds: a number that is meant in milliseconds, as in published examples, is told.
func TestSeconds(t *testing.T) {
	var problems schema.Problems
	got := ReadOSA(decoded(t, "- NetDev: {Name: bond0, Kind: bond}\n  Bond: {MIIMonitorSec: 100}"), nil, nil, &problems)
	const want = "networkd_devices[0].Bond.MIIMonitorSec: 100 is 100000 ms to systemd-networkd, for which a number " +
		"alone is in seconds: write 100ms"
	if len(problems) > 0 || len(got.Warnings) != 1 || got.Warnings[0] != want {
		t.Errorf("%v %q", problems, got.Warnings)
	}
}

// FuzzReadOSA: nothing that YAML can hold makes it fail otherwise than by problems.
func FuzzReadOSA(f *testing.F) {
	f.Add(hostDevices, hostNetworks)
	f.Add("- NetDev: 5", "- {interface: [1], address: {a: 1}, config_overrides: {Network: [1], Route: [{Gateway: {}}]}}")
	f.Fuzz(func(t *testing.T, devices, networks string) {
		var a, b any
		if yaml.Unmarshal([]byte(devices), &a) != nil || yaml.Unmarshal([]byte(networks), &b) != nil {
			return
		}
		var problems schema.Problems
		read := ReadOSA(a, b, nil, &problems)
		read.Place("bonds[0].ports[3].name")
	})
}
