package hosttest

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// link is what iproute2 says of one.
type link struct {
	Name      string `json:"ifname"`
	Parent    string `json:"link"`
	Master    string
	MTU       int
	Addresses []struct {
		Local  string
		Length int `json:"prefixlen"`
	} `json:"addr_info"`
	Info struct {
		Kind string         `json:"info_kind"`
		Data map[string]any `json:"info_data"`
		Port map[string]any `json:"info_slave_data"`
	} `json:"linkinfo"`
}

// dataKeys are iproute2's names of the options, by the key of the objects.
var dataKeys = map[string]map[string]string{
	"bonds":   {"mode": "mode", "miimon": "miimon", "xmit_hash_policy": "xmit_hash_policy", "lacp_rate": "ad_lacp_rate"},
	"vlans":   {"id": "id"},
	"vxlans":  {"id": "id", "dst_port": "port", "learning": "learning"},
	"bridges": {"vlan_filtering": "vlan_filtering"},
}

// Missing are the parts of the network that a snapshot by iproute2 (netnstest.Snapshot) does not show.
func Missing(network map[string]any, snapshot string) []string {
	links, routes := map[string]link{}, ""
	for line := range strings.Lines(snapshot) {
		question, text, _ := strings.Cut(line, ": ")
		switch {
		case question == "address":
			var one link
			if err := json.Unmarshal([]byte(text), &one); err != nil {
				return []string{err.Error()}
			}
			links[one.Name] = one
		case strings.Contains(question, "route"):
			routes += line
		}
	}
	var out []string
	for group, objects := range network {
		list, _ := objects.([]any)
		for _, element := range list {
			object, _ := element.(map[string]any)
			for _, missing := range missingOf(group, object, links, routes) {
				out = append(out, fmt.Sprintf("%s of %s", missing, object["name"]))
			}
		}
	}
	slices.Sort(out)
	return out
}

func missingOf(group string, object map[string]any, links map[string]link, routes string) []string {
	seen, found := links[fmt.Sprint(object["name"])]
	if !found {
		return []string{"anything"}
	}
	var out []string
	need := func(holds bool, what string, value any) {
		if !holds {
			out = append(out, fmt.Sprintf("%s %v", what, value))
		}
	}
	for option, key := range dataKeys[group] {
		if value, declared := object[option]; declared {
			need(said(seen.Info.Data[key]) == said(value), option, value)
		}
	}
	if mtu, declared := object["mtu"]; declared {
		need(seen.MTU == mtu, "mtu", mtu)
	}
	if parent, declared := object["parent"]; declared {
		need(seen.Parent == parent, "parent", parent)
	}
	for _, one := range list(object["addresses"]) {
		prefix := netip.MustParsePrefix(fmt.Sprint(one))
		holds := false
		for _, address := range seen.Addresses {
			holds = holds || address.Local == prefix.Addr().String() && address.Length == prefix.Bits()
		}
		need(holds, "address", one)
	}
	for _, one := range list(object["routes"]) {
		route, _ := one.(map[string]any)
		to, _ := strings.CutSuffix(fmt.Sprint(route["to"]), "/32")
		need(strings.Contains(routes, fmt.Sprintf(`"dst":"%s"`, to)), "route", to)
	}
	for _, one := range list(object["ports"]) {
		port, isObject := one.(map[string]any)
		if !isObject {
			port = map[string]any{"name": one}
		}
		taken := links[fmt.Sprint(port["name"])]
		need(taken.Master == seen.Name, "port", port["name"])
		for _, option := range []string{"cost", "isolated"} {
			if value, declared := port[option]; declared {
				need(said(taken.Info.Port[option]) == said(value), option, value)
			}
		}
	}
	return out
}

func list(value any) []any {
	elements, _ := value.([]any)
	return elements
}

// said is a value as iproute2 may say it: a switch as 1 or true.
func said(value any) string {
	switch value {
	case true:
		return "1"
	case false:
		return "0"
	}
	return fmt.Sprint(value)
}
