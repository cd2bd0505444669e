package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/testhost"
)

// node is a link as iproute2 shows it.
type node struct {
	Name       string `json:"ifname"`
	Controller string `json:"master"`
	Parent     string `json:"link"`
	State      string `json:"operstate"`
	Info       struct {
		Kind string `json:"info_kind"`
	} `json:"linkinfo"`
	Addresses []struct {
		Local  string `json:"local"`
		Length int    `json:"prefixlen"`
		Scope  string `json:"scope"`
	} `json:"addr_info"`
}

// draw shows every link under the one that it is attached to, from the bridges down to the cards.
func draw(ctx context.Context, host *testhost.Host) (string, error) {
	output, err := host.Run(ctx, "ip -json -details address")
	if err != nil {
		return "", err
	}
	var nodes []node
	if err := json.Unmarshal([]byte(output), &nodes); err != nil {
		return "", fmt.Errorf("cannot read what ip shows: %w", err)
	}
	below := map[string][]node{}
	used := map[string]bool{"lo": true}
	for _, one := range nodes {
		if one.Controller != "" {
			below[one.Controller] = append(below[one.Controller], one)
			used[one.Name] = true
		}
	}
	for _, one := range nodes {
		for _, parent := range nodes {
			if one.Info.Kind == "vlan" && parent.Name == one.Parent {
				below[one.Name] = append(below[one.Name], parent)
				used[parent.Name] = true
			}
		}
	}
	var out strings.Builder
	for _, one := range nodes {
		if !used[one.Name] {
			drawOne(&out, one, below, "", "")
		}
	}
	return out.String(), nil
}

func drawOne(out *strings.Builder, one node, below map[string][]node, first, rest string) {
	fmt.Fprintf(out, "%s%s\n", first, describe(one))
	children := below[one.Name]
	slices.SortFunc(children, func(a, b node) int { return strings.Compare(a.Name, b.Name) })
	for i, child := range children {
		if i == len(children)-1 {
			drawOne(out, child, below, rest+"└─ ", rest+"   ")
		} else {
			drawOne(out, child, below, rest+"├─ ", rest+"│  ")
		}
	}
}

func describe(one node) string {
	kind := one.Info.Kind
	if kind == "" {
		kind = "card"
	}
	text := fmt.Sprintf("%s (%s, %s)", one.Name, kind, strings.ToLower(one.State))
	for _, address := range one.Addresses {
		if address.Scope == "global" {
			text += fmt.Sprintf("  %s/%d", address.Local, address.Length)
		}
	}
	return text
}
