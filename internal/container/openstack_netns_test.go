//go:build netns

package container

import (
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
)

// TestOpenStackNetworks takes a dictionary as OpenStack-Ansible's inventory has it.
func TestOpenStackNetworks(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	for _, bridge := range []string{"lxcbr0", "br-mgmt", "br-vxlan", "br-vlan"} {
		lxctest.Bridge(t, bridge)
	}
	c := lxctest.Stopped(t, folder, "infra1_neutron_agents_container-0f1e2d3c",
		"lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n")
	c.Start(t)
	networks := args{
		"container_address": args{"address": "172.29.238.24", "bridge": "br-mgmt", "interface": "eth1",
			"netmask": "255.255.252.0", "type": "veth",
			"static_routes": []any{args{"cidr": "10.176.0.0/12", "gateway": "172.29.236.1"}}},
		"tunnel_address": args{"address": "172.29.240.24", "bridge": "br-vxlan", "interface": "eth10",
			"netmask": "255.255.252.0", "type": "veth", "mtu": 1450},
		"vlan_address": args{"address": nil, "bridge": "br-vlan", "interface": "eth11", "netmask": nil, "type": "veth"},
	}
	apply(t, folder, args{"container": c.Name, "container_networks": networks})
	links, ends := c.Links(t), (*lxctest.Container)(nil).Links(t)
	for name, bridge := range map[string]string{"eth1": "br-mgmt", "eth10": "br-vxlan", "eth11": "br-vlan"} {
		if end := ends["0f1e2d3c_"+name]; links[name].Name == "" || end.Master != bridge {
			t.Errorf("%s: inside %+v, outside %+v", name, links[name], end)
		}
	}
	if links["eth0"].Name == "" {
		t.Error("LXC's own network is gone")
	}
	if routes := c.Enter(t, "ip", "route"); !strings.Contains(routes, "10.176.0.0/12 via 172.29.236.1 dev eth1") {
		t.Errorf("routes: %s", routes)
	}
	delete(networks, "tunnel_address")
	apply(t, folder, args{"container": c.Name, "container_networks": networks})
	if links := c.Links(t); links["eth10"].Name != "" || links["eth0"].Name == "" || links["eth1"].Name == "" {
		t.Errorf("links are %v, want all but eth10", links)
	}
	wantProblem(t, folder,
		args{"container": c.Name, "container_networks": args{"x": args{"bridge": "br-mgmt", "adress": "1.2.3.4"}}},
		`option "interface" is required`, `container_networks.x.adress: unknown option "adress": did you mean "address"?`)
}

// TestOpenStackEntries: entries as OSA's inventory really has them are set, followed when they change, and taken back
// when they go, without the container starting anew.
func TestOpenStackEntries(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	for _, bridge := range []string{"lxcbr0", "br-mgmt", "br-six", "br-other"} {
		lxctest.Bridge(t, bridge)
	}
	for _, bridge := range []string{"br-six", "br-mgmt"} {
		lxctest.Must(t, "ip", "link", "set", bridge, "mtu", "9000")
	}
	c := lxctest.Stopped(t, folder, "infra1-designate-container-0f1e2d3c",
		"lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n")
	c.Start(t)
	first := c.PID(t)
	management := args{
		"address": "172.29.238.24", "bridge": "br-mgmt", "interface": "eth1", "netmask": "255.255.252.0", "type": "veth",
		"mtu":     "9000",
		"gateway": "172.29.236.1",
		"static_routes": []any{
			args{"cidr": "10.176.0.0/12", "gateway": "172.29.236.1"},
			args{"Destination": "10.8.0.0/16", "Gateway": "172.29.236.2", "Metric": 7, "MTUBytes": "1400",
				"PreferredSource": "172.29.238.24"},
			args{"cidr": "0.0.0.0/0", "gateway": "172.29.236.3"},
			args{"cidr": "10.9.0.0/16", "gateway": "172.29.236.4", "Table": 100, "Scope": "global", "QuickAck": true},
		},
	}
	networks := args{
		"management_address": management,
		"six_address": args{"address": "fd00:6::24", "netmask": "64", "bridge": "br-six", "interface": "eth2",
			"static_routes": []any{args{"cidr": "fd00:7::/64", "gateway": "fd00:6::1"}}},
		"vlan_address": args{"address": nil, "bridge": "br-other", "interface": "eth11", "netmask": nil,
			"type": "veth"},
		"ovn_address": args{"address": nil, "bridge": "br-provider", "bridge_type": "openvswitch",
			"interface": "eth12", "type": "veth"},
		"limit_container_types": "designate",
	}
	arguments := args{"container": c.Name, "container_networks": networks}
	done := apply(t, folder, arguments)
	if len(done.Warnings) != 1 || !strings.Contains(done.Warnings[0], "container_networks.ovn_address: interface eth12") ||
		!strings.Contains(done.Warnings[0], "Open vSwitch bridge br-provider: it is left to its owner") {
		t.Errorf("warnings: %q", done.Warnings)
	}
	routes := c.Enter(t, "ip", "route", "show", "table", "all")
	for _, want := range []string{
		"default via 172.29.236.1 dev eth1 proto", "10.176.0.0/12 via 172.29.236.1 dev eth1 proto static metric 21",
		"10.8.0.0/16 via 172.29.236.2 dev eth1 proto static src 172.29.238.24 metric 7 mtu 1400",
		"default via 172.29.236.3 dev eth1 proto static metric 23",
		"10.9.0.0/16 via 172.29.236.4 dev eth1 table 100 proto static metric 24 quickack 1",
	} {
		if !strings.Contains(routes, want) {
			t.Errorf("%q is not in:\n%s", want, routes)
		}
	}
	if six := c.Enter(t, "ip", "-6", "route"); !strings.Contains(six,
		"fd00:7::/64 via fd00:6::1 dev eth2 proto static metric 21") {
		t.Errorf("routes: %s", six)
	}
	links := c.Links(t)
	if links["eth12"].Name != "" || links["eth11"].Name == "" || links["eth1"].MTU != 9000 {
		t.Errorf("links: %+v", links)
	}
	// What the owner of the Open vSwitch bridge has put there stays.
	c.Enter(t, "ip", "link", "add", "name", "eth12", "type", "veth", "peer", "name", "foreign")
	management["static_routes"] = []any{args{"cidr": "10.9.0.0/16", "gateway": "172.29.236.5", "Table": 100}}
	management["gateway"], management["bridge"] = nil, "br-other"
	delete(management, "mtu")
	delete(networks, "six_address")
	apply(t, folder, arguments)
	routes = c.Enter(t, "ip", "route", "show", "table", "all")
	for _, gone := range []string{"10.176.0.0/12", "10.8.0.0/16", "default", "172.29.236.4", "quickack", "172.29.236.1"} {
		if strings.Contains(routes, gone) {
			t.Errorf("%q is still in:\n%s", gone, routes)
		}
	}
	links = c.Links(t)
	if !strings.Contains(routes, "10.9.0.0/16 via 172.29.236.5 dev eth1 table 100") || links["eth1"].MTU != 1500 ||
		links["eth2"].Name != "" ||
		links["eth12"].Name == "" {
		t.Errorf("routes %s\nlinks %+v", routes, links)
	}
	if end := (*lxctest.Container)(nil).Links(t)["0f1e2d3c_eth1"]; end.Master != "br-other" || c.PID(t) != first {
		t.Errorf("the bridge is %s; %d was started anew as %d", end.Master, first, c.PID(t))
	}
	lxctest.Must(t, "lxc-stop", "-k", "-P", folder, "-n", c.Name)
	c.Start(t)
	if again := c.Enter(t, "ip", "route", "show", "table", "all"); !strings.Contains(again,
		"10.9.0.0/16 via 172.29.236.5 dev eth1 table 100") {
		t.Errorf("after a restart: %s", again)
	}
	if again, err := task(t, folder, arguments, false); err != nil || len(again.Steps) > 0 {
		t.Errorf("after a restart: %v %v", err, steps(again))
	}
}

// TestForeignTable: routes that somebody else made in a table of his own stay, also when the link comes up anew.
func TestForeignTable(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-f")
	c := lxctest.Stopped(t, folder, "foreign", "")
	c.Start(t)
	declared := args{"container": c.Name, "name": "eth1", "bridge": "br-f", "addresses": []any{"10.1.0.2/24"},
		"routes": []any{}}
	apply(t, folder, declared)
	c.Enter(t, "ip", "route", "add", "10.5.0.0/16", "via", "10.1.0.1", "table", "55")
	if again, err := task(t, folder, declared, false); err != nil || len(again.Steps) > 0 {
		t.Errorf("%v %v", err, steps(again))
	}
	declared["routes"] = []any{args{"to": "10.6.0.0/16", "via": "10.1.0.1", "table": "55"}}
	apply(t, folder, declared)
	if routes := c.Enter(t, "ip", "route", "show", "table", "55"); strings.Contains(routes, "10.5.0.0") ||
		!strings.Contains(routes, "10.6.0.0/16") {
		t.Errorf("the table that is declared now: %s", routes)
	}
}

// TestOpenStackRefused: what is wrong is told under the names that it was written by.
func TestOpenStackRefused(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-mgmt")
	c := lxctest.Stopped(t, folder, "refused", "")
	entry := func(more args) args {
		all := args{"address": "172.29.238.24", "bridge": "br-mgmt", "interface": "eth1", "netmask": "255.255.252.0"}
		for key, value := range more {
			all[key] = value
		}
		return args{"container": c.Name, "container_networks": args{"x": all}}
	}
	route := func(more args) args {
		all := args{"cidr": "10.0.0.0/8", "gateway": "172.29.236.1"}
		for key, value := range more {
			all[key] = value
		}
		return entry(args{"static_routes": []any{all}})
	}
	at := "container_networks.x.static_routes[0]"
	for _, test := range []struct {
		arguments args
		want      string
	}{
		{route(args{"cidr": "10.0.0.1/8"}), at + ".cidr: "},
		{route(args{"Destination": "10.0.0.0/8"}), at + ".cidr: stands for Destination, as does Destination"},
		{route(args{"metric": 5}), at + ".metric: unknown key of [Route]: did you mean Metric?"},
		{route(args{"Metrics": 5}), at + ".Metrics: unknown key of [Route]: did you mean Metric?"},
		{route(args{"Metric": "low"}), at + ".Metric: "},
		{route(args{"cidr": nil}), at + ": needs cidr (or Destination)"},
		{entry(args{"netmask": "255.255.0.255"}), "container_networks.x.netmask: must be a netmask such as 255.255.252.0"},
		{entry(args{"netmask": "65"}), "container_networks.x.netmask: must be a netmask such as 255.255.252.0"},
		{entry(args{"netmask": nil}), "container_networks.x.netmask: must be a netmask such as 255.255.252.0"},
		{entry(args{"bridge_type": "openvswitch", "type": "macvlan"}), "container_networks.x.type: must be veth"},
		{entry(args{"bridge_type": "ovs"}), "container_networks.x.bridge_type: "},
	} {
		wantProblem(t, folder, test.arguments, test.want)
	}
}

// TestOpenStackLease: eth0 has its routes by DHCP with the metric of OSA's roles, and static ones beside.
func TestOpenStackLease(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	lxctest.Bridge(t, "br-d")
	serve(t, "br-d")
	c := lxctest.Stopped(t, folder, "leased", "lxc.net.0.type = empty\n")
	withoutClient(t, c)
	c.Start(t)
	entry := args{"bridge": "br-d", "interface": "eth0", "type": "veth", "mtu": 1500,
		"static_routes": []any{args{"cidr": "10.30.0.0/16", "gateway": "10.20.0.1"}}}
	networks := args{"lxcbr0_address": entry}
	apply(t, folder, args{"container": c.Name, "container_networks": networks})
	routes := c.Enter(t, "ip", "route")
	if !strings.Contains(routes, "default via 10.20.0.1 dev eth0 proto dhcp metric 20 ") ||
		!strings.Contains(routes, "10.30.0.0/16 via 10.20.0.1 dev eth0 proto static metric 21") {
		t.Errorf("routes: %s", routes)
	}
	// Without its routes, the default route is another's.
	entry["dhcp_use_routes"] = false
	apply(t, folder, args{"container": c.Name, "container_networks": networks})
	if routes := c.Enter(t, "ip", "route"); strings.Contains(routes, "default") ||
		!strings.Contains(routes, "10.30.0.0/16") {
		t.Errorf("routes: %s", routes)
	}
}
