package task

import (
	"time"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/lldp"
	"hostnet.linux/internal/topology"
)

// heard is a switch at the other end of a link.
type heard struct {
	Link string `json:"link"`
	*lldp.Neighbour
}

// neighbours listens for what switches tell, and notes it in the wiring as well, where paths look for it.
func neighbours(settings *host.Declaration, wired *topology.Host) ([]heard, error) {
	links := map[int]*topology.Link{}
	var indexes []int
	for _, link := range wired.Root().Links {
		if (link.Kind == "" || link.Kind == "veth") && !link.Loopback && link.State == topology.Up {
			links[link.Index] = link
			indexes = append(indexes, link.Index)
		}
	}
	found, err := lldp.Listen(linux.NamespacePath(settings.Namespace()), indexes,
		time.Duration(settings.LLDPWait())*time.Second)
	if err != nil {
		return nil, err
	}
	out := []heard{}
	for _, index := range indexes {
		one := found[index]
		if one == nil {
			continue
		}
		out = append(out, heard{links[index].Name, one})
		const overhead = 18 // Ethernet's header and checksum
		told := &topology.Neighbour{System: one.System, Port: one.Port, VLANs: one.VLANs, PVID: one.PVID}
		if told.System == "" {
			told.System = one.Chassis
		}
		if one.MaxFrame > overhead {
			told.MTU = uint32(one.MaxFrame) - overhead
		}
		links[index].Neighbour = told
	}
	return out, nil
}

// NeighboursReturn documents what network_info tells of switches.
func NeighboursReturn() ansible.Return {
	text := func(name, when, what string, sample any) ansible.Return {
		return ansible.Return{Name: name, Returned: when, Type: "str", Text: what, Sample: sample}
	}
	return ansible.Return{
		Name: "neighbours", Returned: "with O(lldp=true)", Type: "list", Elements: "dict",
		Text:   "The switches that were heard of (LLDP), by the link that they are at the other end of.",
		Sample: []any{map[string]any{"link": "eth0", "system_name": "sw-1", "port_id": "eth1/1", "vlans": []any{10, 20}}},
		Contains: []ansible.Return{
			text("link", "always", "The link of this host.", "eth0"),
			text("chassis_id", "always", "The device, by an address or a name.", "00:11:22:33:44:55"),
			text("port_id", "always", "Its port.", "eth1/1"),
			{Name: "ttl", Returned: "always", Type: "int", Text: "For how many seconds that holds.", Sample: 120},
			text("port_description", "when the device tells it", "What the port is for.", "uplink1"),
			text("system_name", "when the device tells it", "Its name.", "sw-1"),
			text("system_description", "when the device tells it", "What it is.", "NoS 4.2"),
			{
				Name: "management_addresses", Returned: "when the device tells it", Type: "list", Elements: "str",
				Text:   "Where it is managed.",
				Sample: []any{"192.0.2.1"},
			},
			{Name: "pvid", Returned: "when the device tells it", Type: "int", Text: "The VLAN of untagged frames.", Sample: 1},
			{
				Name: "vlans", Returned: "when the device tells them", Type: "list", Elements: "int",
				Text:   "The VLANs on the port.",
				Sample: []any{10, 20},
			},
			{Name: "max_frame_size", Returned: "when the device tells it", Type: "int", Text: "The largest frame in bytes.",
				Sample: 9216},
			{Name: "aggregated", Returned: "when it is", Type: "bool", Text: "Whether the port is part of an aggregation.",
				Sample: true},
		},
	}
}
