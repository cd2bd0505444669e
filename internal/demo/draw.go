package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/testhost"
)

// node is a link as iproute2 shows it.
type node struct {
	Index      int    `json:"ifindex"`
	PeerIndex  int    `json:"link_index"`
	Name       string `json:"ifname"`
	Controller string `json:"master"`
	Parent     string `json:"link"`
	State      string `json:"operstate"`
	Info       struct {
		Kind string `json:"info_kind"`
		Data struct {
			Link string `json:"link"`
		} `json:"info_data"`
	} `json:"linkinfo"`
	Addresses []struct {
		Local  string `json:"local"`
		Length int    `json:"prefixlen"`
		Scope  string `json:"scope"`
	} `json:"addr_info"`
}

// parent is the link that a VLAN or VXLAN stands on.
func (n node) parent() string {
	switch n.Info.Kind {
	case "vlan":
		return n.Parent
	case "vxlan":
		return n.Info.Data.Link
	}
	return ""
}

// space is a network namespace: the host's, or one of a container, an agent or a virtual machine within another.
type space struct {
	title  string
	nodes  []node
	within []*space
}

// tell prints the links of every namespace behind a line that says which one it is. An agent's namespaces have names in its
// container only.
const tell = `tell() { echo "$1"; nsenter --net="$2" ip -json -details address; }
tell host /proc/1/ns/net
for file in /run/netns/*; do [ ! -e "$file" ] || tell "namespace ${file##*/}" "$file"; done
for name in $(lxc-ls --running); do
	process=$(lxc-info --name "$name" --pid --no-humanize)
	tell "container $name" "/proc/$process/ns/net"
	for file in /proc/$process/root/run/netns/*; do [ ! -e "$file" ] || tell "  namespace ${file##*/}" "$file"; done
done`

// look reads all namespaces of the machine.
func look(ctx context.Context, host *testhost.Host) (*space, error) {
	output, err := host.Run(ctx, tell)
	if err != nil {
		return nil, err
	}
	return read(output)
}

// read takes what tell prints.
func read(output string) (*space, error) {
	var root *space
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for ; len(lines) >= 2; lines = lines[2:] {
		title, inner := strings.CutPrefix(lines[0], "  ")
		one := &space{title: title}
		if err := json.Unmarshal([]byte(lines[1]), &one.nodes); err != nil {
			return nil, fmt.Errorf("cannot read what ip shows of %s: %w", title, err)
		}
		switch {
		case root == nil:
			root = one
		case inner:
			container := root.within[len(root.within)-1]
			container.within = append(container.within, one)
		default:
			root.within = append(root.within, one)
		}
	}
	if root == nil {
		return nil, errors.New("the machine tells of no links")
	}
	return root, nil
}

// draw shows every link under the one that it is attached to, from the bridges down to the cards, and at the end of each
// pair what it leads into. What is within a namespace follows.
func (s *space) draw(out *strings.Builder) {
	below, used := map[string][]node{}, map[string]bool{"lo": true}
	for _, one := range s.nodes {
		if one.Controller != "" {
			below[one.Controller] = append(below[one.Controller], one)
			used[one.Name] = true
		}
		for _, parent := range s.nodes {
			if parent.Name == one.parent() {
				below[one.Name] = append(below[one.Name], parent)
				used[parent.Name] = true
			}
		}
	}
	for _, one := range s.nodes {
		if !used[one.Name] {
			s.drawOne(out, one, below, "", "")
		}
	}
	for _, inner := range s.within {
		if inner.isMore() {
			fmt.Fprintf(out, "\nInside %s:\n", inner.title)
			inner.draw(out)
		}
	}
}

// isMore tells whether there is more within than the ends of pairs, which are drawn at the other end.
func (s *space) isMore() bool {
	return slices.ContainsFunc(s.nodes, func(one node) bool { return one.Name != "lo" && one.Info.Kind != "veth" })
}

func (s *space) drawOne(out *strings.Builder, one node, below map[string][]node, first, rest string) {
	fmt.Fprintf(out, "%s%s\n", first, describe(one))
	children := below[one.Name]
	slices.SortFunc(children, func(a, b node) int { return strings.Compare(a.Name, b.Name) })
	if owner, end, found := s.peer(one); found {
		fmt.Fprintf(out, "%s└─ %s: %s\n", rest, owner.title, describe(end))
	}
	for i, child := range children {
		if i == len(children)-1 {
			s.drawOne(out, child, below, rest+"└─ ", rest+"   ")
		} else {
			s.drawOne(out, child, below, rest+"├─ ", rest+"│  ")
		}
	}
}

// peer is the other end of a pair that leads into a namespace within this one.
func (s *space) peer(one node) (*space, node, bool) {
	if one.Info.Kind != "veth" {
		return nil, node{}, false
	}
	for _, inner := range s.within {
		for _, other := range inner.nodes {
			if other.Info.Kind == "veth" && other.Index == one.PeerIndex && other.PeerIndex == one.Index {
				return inner, other, true
			}
		}
	}
	return nil, node{}, false
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
