//go:build netns

package task_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/netnstest"
)

// TestOpenStackVariables: OSA's own variables make the host's network, and a second run finds nothing to do.
func TestOpenStackVariables(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const variables = `
"networkd_devices": [
  {"NetDev": {"Name": "br-mgmt", "Kind": "bridge"}, "Bridge": {"ForwardDelaySec": 0, "STP": false}, "filename": "11-br-mgmt"},
  {"NetDev": {"Name": "br-vlan-veth", "Kind": "veth"}, "Peer": {"Name": "eth12"}},
  {"NetDev": {"Name": "tunnel7", "Kind": "vxlan"}, "VXLAN": {"VNI": 7, "Remote": "10.0.0.9", "DestinationPort": 4789}}],
"networkd_networks": [
  {"interface": "eth1", "bridge": "br-mgmt", "mtu": 1600},
  {"interface": "br-vlan-veth", "bridge": "br-mgmt", "mtu": 1600},
  {"interface": "br-mgmt", "address": "172.29.236.11", "netmask": "255.255.252.0", "mtu": "1600",
   "static_routes": [{"cidr": "10.5.0.0/16", "gateway": "172.29.236.1"}, {"Destination": "10.6.0.0/16", "Gateway": "172.29.236.2", "Table": 100}],
   "routing_rules": [{"From": "172.29.236.0/22", "Table": 100, "Priority": 500}]},
  {"interface": "tunnel7", "config_overrides": {"Network": {"Address": {"172.29.240.11/22": null, "172.29.240.12/22": null}}}}]`
	const needed = `
"needed": {"management_address": {"bridge": "br-mgmt", "address": "172.29.236.11", "netmask": "255.255.252.0", "type": "veth", "mtu": 1600},
           "eth11_address": {"bridge": "br-vlan", "netmask": null, "type": "veth"}},
"provider_networks": [{"network": {"container_bridge": "br-vlan", "type": "vlan", "network_interface": "eth12"}}]`
	m.declare("network", "{"+variables+","+needed+"}")
	var links []struct {
		Name   string `json:"ifname"`
		Master string `json:"master"`
		MTU    int    `json:"mtu"`
	}
	m.ns.JSON(t, &links, "-d", "link")
	for name, master := range map[string]string{"eth1": "br-mgmt", "br-vlan-veth": "br-mgmt", "eth12": "", "tunnel7": ""} {
		if !slices.ContainsFunc(links, func(one struct {
			Name   string `json:"ifname"`
			Master string `json:"master"`
			MTU    int    `json:"mtu"`
		}) bool {
			return one.Name == name && one.Master == master && (master == "" || one.MTU == 1600)
		}) {
			t.Errorf("%s is no port of %q: %+v", name, master, links)
		}
	}
	routes := m.ns.IP(t, "route", "show", "table", "all")
	for _, want := range []string{"10.5.0.0/16 via 172.29.236.1 dev br-mgmt", "metric 21",
		"10.6.0.0/16 via 172.29.236.2 dev br-mgmt table 100", "metric 22"} {
		if !strings.Contains(routes, want) {
			t.Errorf("%q is not in:\n%s", want, routes)
		}
	}
	if addresses := m.ns.IP(t, "address", "show", "tunnel7"); !strings.Contains(addresses, "172.29.240.12/22") {
		t.Errorf("addresses: %s", addresses)
	}
	if rules := m.ns.IP(t, "rule"); !strings.Contains(rules, "500:\tfrom 172.29.236.0/22 lookup 100") {
		t.Errorf("rules: %s", rules)
	}
	m.refuse("network", "{"+variables+
		`, "needed": {"storage_address": {"bridge": "br-storage", "interface": "eth2", "mtu": 9000},
		"management_address": {"bridge": "br-mgmt", "interface": "eth1", "mtu": 9000}, "x_address": {"bridge": "eth2", "interface": "eth3"}}}`,
		"needed.storage_address.bridge: there is no br-storage on this host, and nothing declares it; add\nnetworkd_devices:",
		"needed.management_address.mtu: 9000 does not pass br-mgmt (1600) > eth1 (1600) and br-mgmt (1600) > br-vlan-veth "+
			"(1600): give br-mgmt, eth1, br-vlan-veth an mtu of 9000",
		"needed.x_address.bridge: eth2 is no bridge but a veth")
	m.refuse("network", strings.Replace("{"+variables+"}", `"STP": false`, `"STP": "sometimes"`, 1),
		"networkd_devices[0].Bridge.STP: ")
	m.refuse("network", strings.Replace("{"+variables+"}", `"mtu": 1600}`, `"mtu": 5}`, 1), "networkd_networks[0].mtu: ")
	// The host's own links count as well as what is declared.
	m.declare("network", `{"needed": {"a_address": {"bridge": "br-mgmt", "interface": "eth1"}}}`)
	m.refuse("network",
		`{"bridges": [{"name": "br-mgmt", "state": "absent"}], "needed": {"a_address": {"bridge": "br-mgmt", "interface": "eth1"}}}`,
		"needed.a_address.bridge: there is no br-mgmt")
}

// TestOpenStackAdopted: a host that OSA's roles have set up is found right, with nothing to do, until it is taken over,
// which touches no link.
func TestOpenStackAdopted(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for path, text := range map[string]string{
		"/etc/systemd/network/0-openstack-net-br-mgmt.netdev":  "[NetDev]\nName=br-mgmt\nKind=bridge\n",
		"/etc/systemd/network/1-openstack-net-br-mgmt.network": "[Match]\nName=br-mgmt\n[Network]\nAddress=172.29.236.11/22\n",
		"/etc/systemd/network/1-openstack-net-eth1.network":    "[Match]\nName=eth1\n[Network]\nBridge=br-mgmt\n",
	} {
		path = filepath.Join(m.root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wants := filepath.Join(m.root, "/etc/systemd/system/multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/usr/lib/systemd/system/systemd-networkd.service",
		filepath.Join(wants, "systemd-networkd.service")); err != nil {
		t.Fatal(err)
	}
	m.ns.IP(t, "link", "add", "br-mgmt", "up", "type", "bridge")
	m.ns.IP(t, "link", "set", "eth1", "master", "br-mgmt")
	container, _ := m.container("br-mgmt", "172.29.236.101/22"), m.container("br-mgmt", "172.29.236.102/22")
	m.ns.IP(t, "address", "add", "172.29.236.11/22", "brd", "+", "dev", "br-mgmt")
	m.ns.IP(t, "route", "add", "10.5.0.0/16", "via", "172.29.236.1", "metric", "21", "proto", "static")
	const variables = `{"watch": false, %s
"networkd_devices": [{"NetDev": {"Name": "br-mgmt", "Kind": "bridge"}}],
"networkd_networks": [{"interface": "eth1", "bridge": "br-mgmt"}, {"interface": "br-mgmt", "address": "172.29.236.11", "netmask": "255.255.252.0",
  "static_routes": [{"cidr": "10.5.0.0/16", "gateway": "172.29.236.1"}]}],
"needed": {"management_address": {"bridge": "br-mgmt", "address": "172.29.236.11", "netmask": "255.255.252.0", "type": "veth"}}}`
	before := snapshot(m.T, m.ns, m.root)
	result := m.module("network", fmt.Sprintf(variables, ""))
	if result.Err != nil || result.Changed || actionsOf(result) != "[]" || snapshot(m.T, m.ns, m.root) != before {
		t.Errorf("changed %t, %v: %s", result.Changed, result.Err, actionsOf(result))
	}
	if text := fmt.Sprint(result.Warnings); !strings.Contains(text, "systemd-networkd sets it up so") {
		t.Errorf("warnings: %s", text)
	}
	links := m.ns.Snapshot(t)
	through, own := ping(t, container, "172.29.236.102"), ping(t, m.ns, "172.29.236.101")
	taken := m.module("network", fmt.Sprintf(variables, `"manager": "takeover",`))
	if taken.Err != nil || !taken.Changed || m.ns.Snapshot(t) != links {
		t.Errorf("takeover: changed %t, %v: %s\nbefore\n%s\nafter\n%s", taken.Changed, taken.Err, actionsOf(taken), links,
			m.ns.Snapshot(t))
	}
	through()
	own()
	if again := m.module("network", fmt.Sprintf(variables, "")); again.Err != nil || again.Changed {
		t.Errorf("after it: changed %t, %v: %s", again.Changed, again.Err, actionsOf(again))
	}
}

// container is a namespace with an address on a bridge.
func (m *machine) container(bridge, address string) *netnstest.Namespace {
	m.Helper()
	ns := netnstest.New(m.T)
	m.ns.IP(m.T, "link", "add", "to-"+ns.Name[len(ns.Name)-8:], "master", bridge, "up", "type", "veth", "peer", "name",
		"eth1", "netns", ns.Name)
	ns.IP(m.T, "address", "add", address, "dev", "eth1")
	ns.IP(m.T, "link", "set", "eth1", "up")
	return ns
}

// ping sends a packet every 10 ms until it is called back, which is an error if one was lost.
func ping(t *testing.T, from *netnstest.Namespace, address string) (stop func()) {
	t.Helper()
	from.Exec(t, "ping", "-q", "-c", "1", "-W", "5", address)
	return netnstest.Pinging(t, address, "ip", "netns", "exec", from.Name)
}
