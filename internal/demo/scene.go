package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/backend"
	"hostnet.linux/internal/testhost"
)

// scene is one demo: machines, and a Molecule scenario's playbooks that run on them.
type scene struct {
	// folder has the playbooks.
	folder string
	boots  string
	// machines is called once the flags are read.
	machines func() []testhost.Machine
	// cloud is the folder below with the configuration of a cloud, of which a copy is the inventory.
	cloud string
	parts []part
	views []view
}

// part is a playbook. A silent one is to change nothing.
type part struct {
	title, playbook string
	arguments       []string
	silent          bool
}

// view is a command on one of the machines, which has no part in the work.
type view struct{ machine, command string }

var scenes = map[string]scene{"containers": containers, "openstack": openstack}

func sceneNamed(name string) (scene, error) {
	one, found := scenes[name]
	if !found {
		return one, fmt.Errorf("no scenario %s: there are %s", name, strings.Join(slices.Sorted(maps.Keys(scenes)), " and "))
	}
	return one, nil
}

// containers is a host with four cards, and the machine on the other end of their wires: the physical network and a
// compute host.
var containers = scene{
	folder: "molecule/containers",
	boots:  "Starting a Debian host with two cards of two ports, and a machine on the other end of their wires",
	machines: func() []testhost.Machine {
		left, right := testhost.NewSegment("left"), testhost.NewSegment("right")
		return []testhost.Machine{
			{Name: "infra1", NICs: twoCards(left, right)},
			{Name: "outside", NICs: []testhost.NIC{{Segment: left}, {Segment: right}}},
		}
	},
	parts: []part{
		{"What a run would do to the host (check mode)", "host.yml", []string{"--check", "--diff"}, false},
		{"The run", "converge.yml", []string{"--diff"}, false},
		{"The second run: nothing to do", "converge.yml", nil, true},
		{"What ping, a DHCP client, iproute2 and the other end of the wires say", "verify.yml", nil, true},
	},
	views: []view{
		{"infra1", "ip -brief link"}, {"infra1", "ip -brief address"}, {"infra1", "bridge link"}, {"infra1", "ip route"},
		{"infra1", "grep -E 'Mode|Primary|Active|Slave Interface|MII Status' /proc/net/bonding/bond0"},
		{"infra1", "lxc-ls --fancy"},
		{"outside", "grep -h 'ICMP echo request' /run/eth0.log /run/eth1.log"},
		{"infra1", backend.Program + " draw"}, {"outside", backend.Program + " draw"},
	},
}

// openstack is a cloud of six hosts with 54 containers.
var openstack = scene{
	folder: "molecule/openstack",
	cloud:  "cloud",
	boots:  "Starting six Debian hosts with two cards of two ports each, on the same two wires",
	machines: func() []testhost.Machine {
		const memory = 320
		left, right := testhost.NewSegment("left"), testhost.NewSegment("right")
		var all []testhost.Machine
		for _, name := range []string{"infra1", "infra2", "infra3", "compute1", "compute2", "storage1"} {
			all = append(all, testhost.Machine{Name: name, Memory: memory, NICs: twoCards(left, right)})
		}
		return all
	},
	parts: []part{
		{"From openstack_user_config.yml to the network of the cloud", "converge.yml", nil, false},
		{"The second run: nothing to do", "converge.yml", nil, true},
		{"Every container pings every other of its networks; what is on the wires", "verify.yml", nil, true},
		{"The operator changes it: jumbo frames, a route, a network less; applied as the containers run", "side_effect.yml",
			nil, false},
		{"And once more: nothing to do", "networks.yml", nil, true},
	},
	views: []view{
		{"compute1", "for tag in 10 20 30 40; do grep -hm 2 \"vlan $tag, .* ICMP echo\" /run/eth0.log /run/eth1.log; done"},
		{"infra1", "lxc-attach $(lxc-ls -1 | grep -m 1 glance) -- /bin/ip address"},
		{"infra1", "lxc-attach $(lxc-ls -1 | grep -m 1 glance) -- /bin/ip route"},
		{"compute1", backend.Program + " draw"},
	},
}

// twoCards are eth0 and eth1 on one card, eth2 and eth3 on the other.
func twoCards(left, right *testhost.Segment) []testhost.NIC {
	return []testhost.NIC{{Segment: left, Card: 1}, {Segment: right, Card: 1}, {Segment: left, Card: 2},
		{Segment: right, Card: 2}}
}

// inventoryOf is Ansible's arguments for the machines of this file and, ahead of it, the cloud that they are the hosts
// of.
func (s scene) inventoryOf(folder, machines string) []string {
	if s.cloud == "" {
		return []string{"-i", machines}
	}
	return []string{"-i", filepath.Join(folder, s.cloud, "cloud.hostnet.yml"), "-i", machines}
}
