package topology

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
)

// FromInfo is the host that a result of the module network_info tells of. Where that has no topology, as what a task
// declares has none, the links are taken from its key network. A key containers, as the module container_info returns
// it, adds containers that are not in it, such as those that are stopped.
func FromInfo(info map[string]any) (*Host, error) {
	var result struct {
		Name       string                     `json:"name"`
		Topology   *Host                      `json:"topology"`
		Network    map[string]json.RawMessage `json:"network"`
		Containers []containerInfo            `json:"containers"`
	}
	text, err := json.Marshal(info)
	if err != nil {
		return nil, fmt.Errorf("cannot read it: %w", err)
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return nil, fmt.Errorf("this is no result of network_info or container_info: %w", err)
	}
	host := result.Topology
	switch {
	case host != nil:
		if err := host.check(); err != nil {
			return nil, err
		}
	case result.Network != nil:
		host = fromNetwork(result.Network)
	default:
		return nil, fmt.Errorf("there is neither a key topology nor network: register a result of hostnet.linux.network_info")
	}
	if result.Name != "" {
		host.rename(result.Name)
	}
	for _, one := range result.Containers {
		one.addTo(host)
	}
	return host, nil
}

// check refuses what no host can be like.
func (h *Host) check() error {
	h.Namespaces = slices.DeleteFunc(h.Namespaces, func(n *Namespace) bool { return n == nil })
	if len(h.Namespaces) == 0 {
		return fmt.Errorf("topology.namespaces: the list is empty: the host's own comes first")
	}
	for i, one := range h.Namespaces {
		one.Links = slices.DeleteFunc(one.Links, func(l *Link) bool { return l == nil || l.Name == "" })
		if i == 0 {
			one.Kind, one.Within = Machine, ""
		} else if one.Kind != Container || one.Within != "" {
			one.Kind = Named
		}
	}
	return nil
}

// rename gives the host the name by which the inventory knows it.
func (h *Host) rename(name string) {
	old := h.Root().Name
	h.Name, h.Root().Name = name, name
	for _, n := range h.Namespaces {
		for _, link := range n.Links {
			if link.Peer != nil && link.Peer.Namespace == old && link.Peer.Within == "" {
				link.Peer.Namespace = name
			}
		}
	}
}

// declared is what a link is like in the arguments of the module network.
type declared struct {
	Name      string            `json:"name"`
	Up        *bool             `json:"up"`
	MTU       uint32            `json:"mtu"`
	MAC       string            `json:"mac_address"`
	Parent    string            `json:"parent"`
	ID        uint32            `json:"id"`
	Mode      string            `json:"mode"`
	Peer      string            `json:"peer"`
	Ports     []json.RawMessage `json:"ports"`
	Addresses []json.RawMessage `json:"addresses"`
}

// fromNetwork reads what a host is declared to be like.
func fromNetwork(network map[string]json.RawMessage) *Host {
	root := &Namespace{Name: "host", Kind: Machine}
	for _, group := range host.LinkGroups() {
		var list []declared
		if json.Unmarshal(network[group.Key], &list) != nil {
			continue
		}
		for _, one := range list {
			if one.Name != "" && one.Name != "lo" {
				root.Links = append(root.Links, one.link(group.Kind))
			}
		}
		for _, one := range list {
			if other := root.Link(one.Peer); one.Peer != "" && other == nil {
				root.Links = append(root.Links,
					&Link{Name: one.Peer, Kind: "veth", State: Up, Peer: &End{Namespace: root.Name, Link: one.Name}})
			}
		}
	}
	for _, group := range host.LinkGroups() {
		var list []declared
		_ = json.Unmarshal(network[group.Key], &list)
		for _, one := range list {
			for _, port := range one.Ports {
				if link := root.Link(nameIn(port, "name")); link != nil {
					link.Controller = one.Name
				}
			}
		}
	}
	return &Host{Name: root.Name, Namespaces: []*Namespace{root}}
}

func (d declared) link(kind string) *Link {
	link := &Link{Name: d.Name, Kind: kind, State: Up, MTU: d.MTU, MAC: d.MAC, Parent: d.Parent}
	if d.Up != nil && !*d.Up {
		link.State = Down
	}
	switch kind {
	case "vlan":
		link.VLAN = uint16(d.ID)
	case "vxlan":
		link.VNI = d.ID
	case "bond":
		link.BondMode = d.Mode
	case "veth":
		if d.Peer != "" {
			link.Peer = &End{Namespace: "host", Link: d.Peer}
		}
	}
	for _, one := range d.Addresses {
		if address := nameIn(one, "address"); address != "" {
			link.Addresses = append(link.Addresses, address)
		}
	}
	return link
}

// nameIn is a value that is written alone, or in a dictionary under that key.
func nameIn(raw json.RawMessage, key string) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) == nil {
		_ = json.Unmarshal(fields[key], &text)
	}
	return text
}

// containerInfo is a container as container_info returns it.
type containerInfo struct {
	Name       string `json:"container"`
	State      string `json:"state"`
	Interfaces []struct {
		Name       string    `json:"name"`
		Configured interior  `json:"configured"`
		Running    *liveInfo `json:"running"`
	} `json:"interfaces"`
}

type interior struct {
	Bridge    string   `json:"bridge"`
	HostName  string   `json:"host_name"`
	MTU       uint32   `json:"mtu"`
	MAC       string   `json:"mac_address"`
	Addresses []string `json:"addresses"`
	Dynamic   []string `json:"dynamic_addresses"`
	Kind      string   `json:"kind"`
	Up        bool     `json:"up"`
	Carrier   bool     `json:"carrier"`
}

type liveInfo struct {
	Inside  interior `json:"inside"`
	Outside struct {
		Name    string `json:"name"`
		Bridge  string `json:"bridge"`
		Parent  string `json:"parent"`
		Up      bool   `json:"up"`
		Carrier bool   `json:"carrier"`
	} `json:"outside"`
}

// addTo adds the container to a host, unless its namespace has been read there.
func (c containerInfo) addTo(host *Host) {
	if c.Name == "" || host.Find(c.Name, "") != nil {
		return
	}
	root := host.Root()
	inner := &Namespace{Name: c.Name, Kind: Container, Stopped: !strings.EqualFold(c.State, "running")}
	for _, one := range c.Interfaces {
		if one.Name == "" {
			continue
		}
		link := one.Configured.link(one.Name, "veth")
		end, bridge := one.Configured.HostName, one.Configured.Bridge
		state := Down
		if one.Running != nil {
			link = one.Running.Inside.link(one.Name, one.Running.Inside.Kind)
			link.State = stateOf(one.Running.Inside.Up, one.Running.Inside.Carrier)
			end, bridge = one.Running.Outside.Name, one.Running.Outside.Bridge
			state = stateOf(one.Running.Outside.Up, one.Running.Outside.Carrier)
			if end == "" {
				end = one.Running.Outside.Parent
			}
		}
		if end == "" && bridge != "" {
			end = c.Name + "/" + one.Name
		}
		if end != "" {
			outside := root.Link(end)
			if outside == nil {
				outside = &Link{Name: end, Kind: "veth", State: state, Controller: bridge}
				root.Links = append(root.Links, outside)
			}
			link.Peer = &End{Namespace: root.Name, Link: end}
			if outside.Kind == "veth" || outside.Kind == "" && link.Kind == "veth" {
				outside.Kind, outside.Peer = "veth", &End{Namespace: c.Name, Link: one.Name}
			}
		}
		inner.Links = append(inner.Links, link)
	}
	host.Namespaces = append(host.Namespaces, inner)
}

func (i interior) link(name, kind string) *Link {
	if kind == "hardware" {
		kind = ""
	}
	return &Link{Name: name, Kind: kind, State: Down, MTU: i.MTU, MAC: i.MAC,
		Addresses: slices.Concat(i.Addresses, i.Dynamic)}
}

func stateOf(up, carrier bool) string {
	switch {
	case !up:
		return Down
	case !carrier:
		return NoCarrier
	}
	return Up
}

// InfoForm is a result of network_info among a module's arguments. It has no options of its own: what else a registered
// result holds is of no account.
func InfoForm() schema.Form[*Host] {
	return schema.Form[*Host]{
		Type: "dict",
		Parse: func(raw any, at schema.Place) (*Host, bool) {
			fields, isDict := raw.(map[string]any)
			if !isDict {
				at.Problem("must be a result of hostnet.linux.network_info, which is a dictionary")
				return nil, false
			}
			host, err := FromInfo(fields)
			if err != nil {
				at.Problem("%v", err)
			}
			return host, err == nil
		},
		Format: func(host *Host) any { return host },
		Equal:  func(a, b *Host) bool { return a == b },
	}
}
