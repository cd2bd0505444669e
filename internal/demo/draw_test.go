package main

import (
	"strings"
	"testing"
)

// told is what the machine prints of a host with one container, in which there is a namespace with a name.
const told = `host
[{"ifindex":1,"ifname":"lo"},{"ifindex":2,"ifname":"eth0","operstate":"UP"},` +
	`{"ifindex":3,"link":"eth0","ifname":"eth0.10","master":"br-mgmt","operstate":"UP","linkinfo":{"info_kind":"vlan"}},` +
	`{"ifindex":4,"ifname":"br-mgmt","operstate":"UP","linkinfo":{"info_kind":"bridge"},"addr_info":[` +
	`{"local":"172.29.236.11","prefixlen":22,"scope":"global"},{"local":"fe80::1","prefixlen":64,"scope":"link"}]},` +
	`{"ifindex":9,"link_index":2,"ifname":"a_eth1","master":"br-mgmt","operstate":"UP","linkinfo":{"info_kind":"veth"}}]
container plain
[{"ifindex":1,"ifname":"lo"},{"ifindex":2,"link_index":8,"ifname":"eth1","operstate":"UP","linkinfo":{"info_kind":"veth"}}]
container agents
[{"ifindex":1,"ifname":"lo"},{"ifindex":2,"link_index":9,"ifname":"eth1","operstate":"UP","linkinfo":{"info_kind":"veth"},` +
	`"addr_info":[{"local":"172.29.236.21","prefixlen":22,"scope":"global"}]},` +
	`{"ifindex":3,"ifname":"vxlan-1","master":"brq1","operstate":"UNKNOWN","linkinfo":{"info_kind":"vxlan","info_data":{"link":"eth1"}}},` +
	`{"ifindex":4,"link_index":2,"ifname":"tap1","master":"brq1","operstate":"UP","linkinfo":{"info_kind":"veth"}},` +
	`{"ifindex":5,"ifname":"brq1","operstate":"UP","linkinfo":{"info_kind":"bridge"}}]
  namespace qdhcp-1
[{"ifindex":2,"link_index":4,"ifname":"ns-1","operstate":"UP","linkinfo":{"info_kind":"veth"}}]
`

const drawn = `br-mgmt (bridge, up)  172.29.236.11/22
├─ a_eth1 (veth, up)
│  └─ container agents: eth1 (veth, up)  172.29.236.21/22
└─ eth0.10 (vlan, up)
   └─ eth0 (card, up)

Inside container agents:
brq1 (bridge, up)
├─ tap1 (veth, up)
│  └─ namespace qdhcp-1: ns-1 (veth, up)
└─ vxlan-1 (vxlan, unknown)
   └─ eth1 (veth, up)  172.29.236.21/22
`

// TestDraw: each pair leads into the right container, although indexes repeat from one namespace to the next.
func TestDraw(t *testing.T) {
	seen, err := read(told)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	seen.draw(&out)
	if out.String() != drawn {
		t.Errorf("drawn:\n%s\nwant:\n%s", out.String(), drawn)
	}
}

func TestReadRefusesNoise(t *testing.T) {
	if _, err := read("host\nnot JSON\n"); err == nil || !strings.Contains(err.Error(), "cannot read what ip shows of host") {
		t.Errorf("error: %v", err)
	}
	if _, err := read(""); err == nil {
		t.Error("nothing was told, and there is no error")
	}
}
