package diagram

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hostnet.linux/internal/topology"
)

// Kinds of lines, as in the legend.
const (
	physicalLine = "physical"
	subLine      = "sub"
	bridgeLine   = "bridge"
	tunnelLine   = "tunnel"
	pairLine     = "pair"
)

// lineTitles are what the legend calls the lines, in its order.
var lineTitles = []struct{ line, title string }{
	{physicalLine, "physical link"}, {subLine, "subinterface"}, {tunnelLine, "tunnel"},
	{bridgeLine, "bridge port"}, {pairLine, "veth pair"},
}

// node is a link in the picture.
type node struct {
	link    *topology.Link
	traffic string
	// line leads to the node that it hangs on, above.
	line string
	// row counts from the top of its space.
	row int
	// ports are drawn within their bond.
	ports []*node
	below []*node
	// column is where what is attached from spaces within is placed, nil if nothing is.
	column *column
	// end is the host's end of the pair whose other end this is.
	end *topology.Link
	// alike are how many further links this one stands for.
	alike int
	box
	// span is the width that it takes with everything below it.
	span float64
	note []string
	card string
}

// column is the place below a node for the interfaces of spaces within.
type column struct {
	owner *node
	x     float64
	width float64
}

// space is a namespace in the picture.
type space struct {
	namespace *topology.Namespace
	// alike are further namespaces that this one stands for.
	alike  []*topology.Namespace
	roots  []*node
	byName map[string]*node
	// across are lines beside those of the tree.
	across []crossing
	// under is the column of the space around for each root, nil where it hangs on nothing.
	under  map[*node]*column
	within []*space
	box
	rows  int
	title []string
}

// crossing is a connection that the tree has no place for, such as a bridge's second way out.
type crossing struct {
	from, to *node
	line     string
}

// builder makes the spaces of one host.
type builder struct {
	host    *topology.Host
	options Options
	cards   map[string]string
}

// build is the host's space with everything within.
func build(host *topology.Host, options Options) *space {
	b := &builder{host: host, options: options, cards: map[string]string{}}
	root := b.space(host.Root(), nil)
	b.nameCards(root)
	b.joinPairs(root)
	return root
}

// space makes the tree of a namespace and of those within it.
func (b *builder) space(namespace *topology.Namespace, around *space) *space {
	s := &space{namespace: namespace, byName: map[string]*node{}, under: map[*node]*column{}}
	for _, link := range namespace.Links {
		if !link.Loopback {
			s.byName[link.Name] = &node{link: link, traffic: b.options.trafficOf(link.Name, link.Kind)}
		}
	}
	b.grow(s, b.starts(s, around))
	s.colourUp()
	s.colourDown()
	for _, inner := range b.inside(namespace) {
		s.within = append(s.within, b.space(inner, s))
	}
	s.fold(b.options.Fold)
	return s
}

// inside are the namespaces directly within another.
func (b *builder) inside(namespace *topology.Namespace) []*topology.Namespace {
	var list []*topology.Namespace
	for _, one := range b.host.Namespaces {
		outer := namespace.Kind == topology.Machine && one.Within == "" || namespace.Kind == topology.Container &&
			one.Within == namespace.Name
		if one != namespace && outer {
			list = append(list, one)
		}
	}
	return list
}

// starts are what the tree grows from: the interfaces that hang on the space around, or the cards and bonds.
func (b *builder) starts(s, around *space) []*node {
	var starts []*node
	for _, link := range s.namespace.Links {
		one := s.byName[link.Name]
		if one == nil {
			continue
		}
		if around != nil {
			if end := around.endOf(b.host, link); end != nil {
				one.end = end.link
				one.traffic = cmp.Or(one.traffic, end.traffic)
				one.line = pairLine
				s.under[one] = around.columnFor(end)
				starts = append(starts, one)
			}
		}
		if link.Kind == "bond" || link.Kind == "" && b.bondOf(s, link) == nil {
			starts = append(starts, one)
		}
	}
	return starts
}

// endOf is the end, in this space, of a pair that leads to a link of a namespace within.
func (s *space) endOf(host *topology.Host, link *topology.Link) *node {
	if outer, end := host.Other(link); outer == s.namespace && end != nil {
		return s.byName[end.Name]
	}
	return nil
}

// columnFor is the column of what a host end is a port of, or of the end itself where it is nobody's port.
func (s *space) columnFor(end *node) *column {
	owner := end
	if controller := s.byName[end.link.Controller]; controller != nil && end.link.Kind == "veth" {
		owner = controller
	}
	if owner.column == nil {
		owner.column = &column{owner: owner}
	}
	return owner.column
}

func (b *builder) bondOf(s *space, link *topology.Link) *node {
	if controller := s.byName[link.Controller]; controller != nil && controller.link.Kind == "bond" {
		return controller
	}
	return nil
}

// grow hangs every link on one that is nearer to the wire, breadth first.
func (b *builder) grow(s *space, starts []*node) {
	near := b.neighbours(s)
	placed := map[*node]bool{}
	for _, link := range s.namespace.Links {
		one := s.byName[link.Name]
		if one == nil {
			continue
		}
		if bond := b.bondOf(s, link); bond != nil {
			bond.ports = append(bond.ports, one)
			placed[one] = true
		} else if b.isEnd(s, one) {
			placed[one] = true
		}
	}
	spread := func(queue []*node) {
		s.roots = append(s.roots, queue...)
		for _, one := range queue {
			placed[one] = true
		}
		for len(queue) > 0 {
			one := queue[0]
			queue = queue[1:]
			s.rows = max(s.rows, one.row+1)
			for _, edge := range near[one] {
				if placed[edge.to] {
					continue
				}
				placed[edge.to] = true
				edge.to.line, edge.to.row = edge.line, one.row+1
				one.below = append(one.below, edge.to)
				queue = append(queue, edge.to)
			}
		}
	}
	spread(starts)
	// What hangs on no wire starts trees of its own: bridges first, since other links hang on these.
	rest := slices.Clone(s.namespace.Links)
	slices.SortStableFunc(rest, func(a, c *topology.Link) int { return cmp.Compare(rankOf(a), rankOf(c)) })
	for _, link := range rest {
		if one := s.byName[link.Name]; one != nil && !placed[one] {
			spread([]*node{one})
		}
	}
	b.addAcross(s, near)
	s.alignBridges()
}

func rankOf(link *topology.Link) int {
	switch {
	case link.Kind == "bridge":
		return 0
	case link.Kind == "veth" || link.Controller != "" || link.Parent != "":
		return 2
	}
	return 1
}

// isEnd tells whether a link is only the host's end of an interface in a namespace within, which is drawn there.
func (b *builder) isEnd(s *space, one *node) bool {
	if one.link.Kind != "veth" || one.link.Peer == nil || one.link.Controller == "" ||
		s.byName[one.link.Controller] == nil {
		return false
	}
	for _, inner := range b.inside(s.namespace) {
		if one.link.Peer.Namespace == inner.Name && one.link.Peer.Within == inner.Within {
			return true
		}
	}
	return false
}

type edge struct {
	to   *node
	line string
}

// neighbours are the connections within a namespace, both ways.
func (b *builder) neighbours(s *space) map[*node][]edge {
	near := map[*node][]edge{}
	join := func(one, other *node, line string) {
		if one != nil && other != nil && one != other {
			near[one] = append(near[one], edge{other, line})
			near[other] = append(near[other], edge{one, line})
		}
	}
	for _, link := range s.namespace.Links {
		one := s.byName[link.Name]
		if one == nil {
			continue
		}
		if b.bondOf(s, link) == nil && !b.isEnd(s, one) {
			join(one, s.byName[link.Controller], bridgeLine)
		}
		line := subLine
		if link.Kind == "vxlan" {
			line = tunnelLine
		}
		join(one, s.parent(link), line)
		if link.Peer != nil && s.isSame(link.Peer) && link.Name < link.Peer.Link {
			join(one, s.byName[link.Peer.Link], pairLine)
		}
	}
	return near
}

// parent is what a link stands on. A tunnel that is bound to no link stands on the one with its address.
func (s *space) parent(link *topology.Link) *node {
	if link.Parent != "" || link.Local == "" {
		return s.byName[link.Parent]
	}
	for _, one := range s.namespace.Links {
		for _, address := range one.Addresses {
			if bare, _, _ := strings.Cut(address, "/"); bare == link.Local {
				return s.byName[one.Name]
			}
		}
	}
	return nil
}

func (s *space) isSame(end *topology.End) bool {
	return end.Namespace == s.namespace.Name && end.Within == s.namespace.Within
}

// addAcross finds the connections that are not in the tree.
func (b *builder) addAcross(s *space, near map[*node][]edge) {
	inTree := map[[2]*node]bool{}
	for _, one := range s.byName {
		for _, child := range one.below {
			inTree[[2]*node{one, child}] = true
		}
	}
	for _, link := range s.namespace.Links {
		one := s.byName[link.Name]
		for _, edge := range near[one] {
			if one.link.Name < edge.to.link.Name && !inTree[[2]*node{one, edge.to}] && !inTree[[2]*node{edge.to, one}] {
				s.across = append(s.across, crossing{one, edge.to, edge.line})
			}
		}
	}
}

// alignBridges puts all bridges that nothing stands on into one row, as people draw them.
func (s *space) alignBridges() {
	row := 0
	last := func(one *node) bool { return one.link.Kind == "bridge" && len(one.below) == 0 }
	for _, one := range s.byName {
		if last(one) {
			row = max(row, one.row)
		}
	}
	for _, one := range s.byName {
		if last(one) {
			one.row = row
		}
	}
}

// colourUp gives what has no traffic of its own that of what is first below it.
func (s *space) colourUp() {
	for _, root := range s.roots {
		root.colourUp()
	}
}

func (n *node) colourUp() {
	if n.traffic != "" {
		for _, one := range n.below {
			one.colourUp()
		}
		return
	}
	for _, one := range n.below {
		one.colourUp()
		if one.traffic != "" && (n.traffic == "" || slices.Index(Traffics, one.traffic) < slices.Index(Traffics, n.traffic)) {
			n.traffic = one.traffic
		}
	}
}

func (s *space) colourDown() {
	for _, root := range s.roots {
		root.colourDown(other)
	}
	// The ends of pairs are those of what they are ports of.
	for _, one := range s.byName {
		if controller := s.byName[one.link.Controller]; controller != nil && one.traffic == "" {
			one.traffic = controller.traffic
		}
		one.traffic = cmp.Or(one.traffic, other)
	}
}

func (n *node) colourDown(traffic string) {
	n.traffic = cmp.Or(n.traffic, traffic)
	for _, one := range append(slices.Clone(n.below), n.ports...) {
		one.colourDown(n.traffic)
	}
}

// nameCards numbers the physical cards of the host in the order of their addresses, so that one sees which ports break
// together.
func (b *builder) nameCards(s *space) {
	var cards []string
	for _, link := range s.namespace.Links {
		if card, _, isPort := strings.Cut(link.Bus, "."); isPort && !slices.Contains(cards, card) {
			cards = append(cards, card)
		}
	}
	slices.Sort(cards)
	for _, one := range s.byName {
		card, port, _ := strings.Cut(one.link.Bus, ".")
		if at := slices.Index(cards, card); at >= 0 {
			one.card = fmt.Sprintf("card %d, port %s", at+1, port)
		}
	}
}
