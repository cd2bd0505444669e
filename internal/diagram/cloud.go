package diagram

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/topology"
)

// cloud is a physical network: what cards of one or many hosts are plugged into.
type cloud struct {
	cards   []*node
	keys    map[string]bool
	traffic string
	// labels are subnets with their VLANs, systems the switches that told their names.
	labels, systems []string
	box
	row int
}

// clouds finds which uplinks share a network: those whose switches say the same name, or below which the same subnet is
// used with the same tag.
func clouds(hosts []*space) []*cloud {
	var list []*cloud
	for _, host := range hosts {
		for _, root := range host.roots {
			one := host.cloudOf(root)
			if one == nil {
				continue
			}
			var apart []*cloud
			for _, old := range list {
				if old.shares(one) {
					one = old.merge(one)
				} else {
					apart = append(apart, old)
				}
			}
			apart = append(apart, one)
			list = apart
		}
	}
	return list
}

// cloudOf is the network that a bond or card is plugged into. Without a carrier, and with nothing on top, there is
// none.
func (s *space) cloudOf(root *node) *cloud {
	if root.link.Kind != "bond" && root.link.Kind != "" {
		return nil
	}
	one := &cloud{keys: map[string]bool{}, traffic: root.traffic, cards: root.ports}
	if root.link.Kind == "" {
		one.cards = []*node{root}
	}
	one.collect(s, root, 0)
	for _, card := range one.cards {
		if told := card.link.Neighbour; told != nil && told.System != "" {
			one.keys["switch "+told.System] = true
			one.systems = add(one.systems, told.System)
		}
	}
	idle := len(one.keys) == 0 && len(root.below) == 0
	if len(one.cards) == 0 || idle && root.link.State != topology.Up {
		return nil
	}
	return one
}

// collect notes the subnets of a tree, down to the bridges.
func (c *cloud) collect(s *space, n *node, vlan uint16) {
	if n.link.VLAN > 0 {
		vlan = n.link.VLAN
	}
	if n.link.Kind == "vxlan" {
		return
	}
	tag := ""
	if vlan > 0 {
		tag = fmt.Sprintf("VLAN %d", vlan)
	}
	found := false
	for _, address := range n.link.Addresses {
		prefix, err := netip.ParsePrefix(address)
		if err != nil || prefix.IsSingleIP() || prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		found = true
		label := strings.TrimSpace(tag + " " + prefix.Masked().String())
		c.keys[label] = true
		c.labels = add(c.labels, label)
	}
	if tag != "" && !found && len(n.below) == 0 {
		c.labels = add(c.labels, tag)
	}
	for _, one := range n.below {
		c.collect(s, one, vlan)
	}
}

func add(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

func (c *cloud) shares(o *cloud) bool {
	for key := range c.keys {
		if o.keys[key] {
			return true
		}
	}
	return false
}

func (c *cloud) merge(o *cloud) *cloud {
	c.cards = append(slices.Clone(c.cards), o.cards...)
	for key := range o.keys {
		c.keys[key] = true
	}
	for _, label := range o.labels {
		c.labels = add(c.labels, label)
	}
	for _, system := range o.systems {
		c.systems = add(c.systems, system)
	}
	c.traffic = cmp.Or(c.traffic, o.traffic)
	return c
}

// wide networks are drawn as a bar over all their hosts.
func (c *cloud) wide() bool { return c.w > 420 }

// middles are where the name of a wide network stands: above each group of cards.
func (c *cloud) middles() []float64 {
	var out []float64
	const near = 320
	for i := 0; i < len(c.cards); {
		last := i
		for last+1 < len(c.cards) && c.cards[last+1].middle()-c.cards[last].middle() < near {
			last++
		}
		out = append(out, (c.cards[i].middle()+c.cards[last].middle())/2)
		i = last + 1
	}
	return out
}

// text are the lines within a cloud.
func (c *cloud) text() []string {
	lines := []string{"physical network"}
	if len(c.systems) > 0 {
		lines[0] = strings.Join(c.systems, ", ")
	}
	const most = 4
	for i, label := range c.labels {
		if i == most-1 && len(c.labels) > most {
			return append(lines, fmt.Sprintf("and %d more", len(c.labels)-i))
		}
		lines = append(lines, label)
	}
	return lines
}

// placeClouds puts every cloud above its cards. Those that would overlap go into rows; the height comes back.
func placeClouds(list []*cloud, top, right float64) float64 {
	for _, one := range list {
		slices.SortFunc(one.cards, func(a, b *node) int { return cmp.Compare(a.x, b.x) })
		left, end := one.cards[0].middle(), one.cards[0].middle()
		for _, card := range one.cards {
			left, end = min(left, card.middle()), max(end, card.middle())
		}
		one.w = 150
		for i, line := range one.text() {
			size := noteSize
			if i == 0 {
				size = nameSize
			}
			one.w = max(one.w, width(line, size)+56)
		}
		one.w = max(one.w, end-left+40)
		one.x = min(max((left+end)/2-one.w/2, margin), right-one.w)
		one.h = 40 + noteHeight*float64(len(one.text())-1) + 12
		if one.wide() {
			// As long as the name needs above the outermost cards.
			half := width(strings.Join(one.text(), " · "), noteSize)/2 + 20
			middles := one.middles()
			left, end = min(left-20, middles[0]-half), max(end+20, middles[len(middles)-1]+half)
			one.x = max(left, margin/2)
			one.w, one.h = end-one.x, 30
		}
	}
	slices.SortFunc(list, func(a, b *cloud) int { return cmp.Compare(a.x, b.x) })
	var ends []float64
	var heights []float64
	for _, one := range list {
		one.row = 0
		for one.row < len(ends) && ends[one.row] > one.x {
			one.row++
		}
		if one.row == len(ends) {
			ends, heights = append(ends, 0), append(heights, 0)
		}
		ends[one.row] = one.right() + gap
		heights[one.row] = max(heights[one.row], one.h)
	}
	for _, one := range list {
		one.y = top
		for row := range one.row {
			one.y += heights[row] + 16
		}
	}
	total := 0.0
	for _, height := range heights {
		total += height + 16
	}
	return total
}
