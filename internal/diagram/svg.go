package diagram

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"hostnet.linux/internal/topology"
)

// canvas collects a picture. What is drawn later is above.
type canvas struct {
	out strings.Builder
	// traffics, lines and states are what the legend explains.
	traffics, lines map[string]bool
	states          map[string]bool
	cards           bool // whether ports of one card are framed
}

// writeSVG draws all hosts side by side below the networks that they share.
func writeSVG(out io.Writer, hosts []*topology.Host, options Options) error {
	c := &canvas{traffics: map[string]bool{}, lines: map[string]bool{}, states: map[string]bool{}}
	var spaces []*space
	right := margin
	for _, host := range hosts {
		s := build(host, options)
		s.measure()
		s.place(right, 0, true)
		right += s.w + margin
		spaces = append(spaces, s)
	}
	networks := clouds(spaces)
	top := margin
	if options.Title != "" {
		top += 34
	}
	top += placeClouds(networks, top, right-margin)
	if len(networks) > 0 {
		top += 34
	}
	height := 0.0
	for _, s := range spaces {
		s.move(top)
		height = max(height, s.h)
	}
	c.hosts(spaces, networks)
	if options.Title != "" {
		c.text("title", margin, margin+20, "start", options.Title)
	}
	bottom := c.legend(max(right, 640), top+height+margin)
	return c.write(out, max(right, 640), bottom, describeAll(hosts, options))
}

// describeAll is what a screen reader says.
func describeAll(hosts []*topology.Host, options Options) string {
	names := make([]string, len(hosts))
	for i, one := range hosts {
		names[i] = one.Name
	}
	return cmp.Or(options.Title, "The network of "+strings.Join(names, ", "))
}

func (c *canvas) write(out io.Writer, width, height float64, title string) error {
	_, err := fmt.Fprintf(out,
		`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s" role="img">
<title>%[3]s</title>
<style>%[4]s</style>
<rect class="page" width="%[1]s" height="%[2]s"/>
%[5]s</svg>
`, number(width), number(height), escape(title), style, c.out.String())
	return err
}

// number is a length without needless digits.
func number(n float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}

// escape is text in XML. Characters that XML does not allow become U+FFFD.
func escape(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < ' ' && !strings.ContainsRune("\t\n\r", r) || r == 0xFFFE || r == 0xFFFF {
			return utf8.RuneError
		}
		return r
	}, text))
}

func (c *canvas) print(format string, values ...any) {
	for i, value := range values {
		if n, isNumber := value.(float64); isNumber {
			values[i] = number(n)
		}
	}
	fmt.Fprintf(&c.out, format+"\n", values...)
}

func (c *canvas) text(class string, x, y float64, anchor, text string) {
	c.print(`<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`, class, x, y, anchor, escape(text))
}

func (c *canvas) rect(class string, b box, radius float64) {
	c.print(`<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, class, b.x, b.y, b.w, b.h, radius)
}

func (c *canvas) line(traffic, line, path string) {
	c.lines[line] = true
	c.print(`<path class="line %s-line dash-%s" d="%s"/>`, traffic, line, path)
}

// hosts draws frames first, then lines, then boxes.
func (c *canvas) hosts(spaces []*space, networks []*cloud) {
	for _, s := range spaces {
		c.rect("host", s.box, 14)
		c.text("host-name", s.x+16, s.y+26, "start", s.namespace.Name)
		c.frames(s)
	}
	for _, one := range networks {
		for _, card := range one.cards {
			c.physical(one, card)
		}
	}
	for _, s := range spaces {
		c.bonds(s)
		c.cardFrames(s)
		c.connections(s)
		c.boxes(s)
	}
	for _, one := range networks {
		c.cloud(one)
	}
}

// frames are those of the spaces within.
func (c *canvas) frames(s *space) {
	for _, inner := range s.within {
		for i := min(len(inner.alike), 2); i > 0; i-- {
			behind := inner.box
			behind.x, behind.y = behind.x+float64(4*i), behind.y+float64(4*i)
			c.rect("band behind", behind, 10)
		}
		class := "band"
		if s.namespace.Kind != topology.Machine {
			class = "band inner"
		}
		c.rect(class, inner.box, 10)
		c.frames(inner)
	}
}

func (c *canvas) bonds(s *space) {
	for _, one := range s.ordered() {
		if one.link.Kind == "bond" {
			c.rect("bond", one.box, 10)
		}
	}
}

// ordered are the nodes of a space, by name, so that the same host is the same file.
func (s *space) ordered() []*node {
	var list []*node
	for _, link := range s.namespace.Links {
		if one := s.byName[link.Name]; one != nil && one.w > 0 {
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(a, b *node) int { return cmp.Compare(a.y, b.y) })
	return list
}

func (c *canvas) physical(network *cloud, card *node) {
	from := network.bottom() - 8 // behind the arcs
	middle := min(max(card.middle(), network.x+24), network.right()-24)
	// The line goes straight down where it can, and bends beside the host's name.
	path := curve(middle, from, card.middle(), card.y)
	c.line(card.traffic, physicalLine, path)
}

func curve(x1, y1, x2, y2 float64) string {
	if x1 == x2 {
		return fmt.Sprintf("M%s %sV%s", number(x1), number(y1), number(y2))
	}
	half := (y1 + y2) / 2
	return fmt.Sprintf("M%s %sC%s %s %s %s %s %s", number(x1), number(y1), number(x1), number(half),
		number(x2), number(half), number(x2), number(y2))
}

// connections are the lines of a space, and those into the spaces within.
func (c *canvas) connections(s *space) {
	for _, one := range s.ordered() {
		slots := one.below
		for _, child := range slots {
			x := min(max(child.middle(), one.x+14), one.right()-14)
			c.line(child.traffic, child.line, curve(x, one.bottom(), child.middle(), child.y))
		}
	}
	for _, one := range s.across {
		from, to := one.from, one.to
		if from.y > to.y {
			from, to = to, from
		}
		c.line(to.traffic, one.line, curve(from.middle(), from.bottom(), to.middle(), to.y))
	}
	for _, column := range s.columns() {
		c.bus(s, column)
	}
	for _, inner := range s.within {
		c.connections(inner)
	}
}

// end is where a pair goes into a space within.
type end struct {
	inner *space
	root  *node
}

// bus is the line that goes down beside the interfaces in a column, with a branch to each.
func (c *canvas) bus(s *space, column *column) {
	var ends []end
	for _, inner := range s.within {
		for _, root := range inner.roots {
			if inner.under[root] == column {
				ends = append(ends, end{inner, root})
			}
		}
	}
	if len(ends) == 0 {
		return
	}
	owner := column.owner
	traffic := owner.traffic
	x := column.x - busAside
	first, last := ends[0], ends[len(ends)-1]
	start := owner.middle()
	if owner.middle() < column.x || owner.middle() > column.x+column.width || len(owner.below) > 0 {
		start = min(max(column.x+column.width/2, owner.x+14), owner.right()-14)
	}
	turn := owner.bottom() + 12
	if first == last || first.inner == last.inner && len(ends) == 1 {
		// At right angles between the rows: a curve would run behind what stands beside the column.
		c.line(traffic, pairLine, fmt.Sprintf("M%s %sV%sH%sV%s", number(start), number(owner.bottom()), number(turn),
			number(first.root.middle()), number(first.inner.endTop())))
	} else {
		c.line(traffic, pairLine, fmt.Sprintf("M%s %sV%sH%sV%s", number(start), number(owner.bottom()), number(turn),
			number(x),
			number(last.inner.endTop()+endHeight/2)))
		for _, one := range ends {
			y := number(one.inner.endTop() + endHeight/2)
			c.line(traffic, pairLine, fmt.Sprintf("M%s %sH%s", number(x), y, number(one.root.endBox(one.inner).x)))
		}
	}
	for _, one := range ends {
		c.line(traffic, pairLine, fmt.Sprintf("M%s %sV%s", number(one.root.middle()), number(one.inner.endTop()+endHeight),
			number(one.root.y)))
	}
}

// endTop is where the host's ends are: above the frame.
func (s *space) endTop() float64 { return s.y - endHeight - 7 }

func (n *node) endBox(inner *space) box {
	w := max(n.endWidth(), 0)
	return box{n.middle() - w/2, inner.endTop(), w, endHeight}
}

// boxes are the links themselves and the names.
func (c *canvas) boxes(s *space) {
	for _, one := range s.ordered() {
		if !s.isPort(one) {
			c.node(one)
		}
	}
	for _, inner := range s.within {
		c.spaceTitle(s, inner)
		for _, root := range inner.roots {
			if root.end == nil || inner.under[root] == nil {
				continue
			}
			end := root.endBox(inner)
			class := "end"
			if root.end.State != topology.Up {
				class = "end broken"
			}
			c.rect(class, end, endHeight/2)
			c.text("end-name", end.middle(), end.y+12.5, "middle", root.endText())
		}
		c.boxes(inner)
	}
}

func (c *canvas) spaceTitle(s, inner *space) {
	y := inner.y + padding + 10
	if s.namespace.Kind != topology.Machine {
		// Lines come in from above.
		y = inner.bottom() - padding - noteHeight*float64(len(inner.title)-1)
	}
	for i, line := range inner.title {
		class := "space-note"
		if i > 0 && len(inner.alike) == 0 && line != "stopped" {
			class = "space-name"
		}
		if i == 0 && len(inner.alike) > 0 {
			class = "space-name"
		}
		c.text(class, inner.x+padding, y, "start", line)
		y += noteHeight
	}
}

func (c *canvas) node(n *node) {
	class := "node " + n.traffic
	state := n.state()
	switch {
	case n.link.Kind == "bond":
		class = "on-bond"
	case state == topology.Down, state == topology.NoCarrier:
		class += " broken"
		c.states[state] = true
	case state == "backup":
		class += " backup"
		c.states[state] = true
	}
	if n.link.Kind != "bond" {
		c.traffics[n.traffic] = true
	}
	c.print(`<g class="%s"><title>%s</title>`, class, escape(n.hint()))
	if n.link.Kind != "bond" {
		c.rect("box", n.box, 7)
	}
	y := n.y + nameHeight - 1
	c.text("name", n.middle(), y, "middle", n.link.Name)
	for _, note := range n.note {
		y += noteHeight
		class := "note"
		if strings.HasPrefix(note, driftMark) {
			class = "note drift-text"
			c.states["drift"] = true
			w := width(note, noteSize) + 8
			c.rect("drift", box{n.middle() - w/2, y - noteHeight + 3.5, w, noteHeight - 0.5}, 4)
		}
		c.text(class, n.middle(), y, "middle", note)
	}
	c.print("</g>")
	for _, port := range n.ports {
		c.node(port)
	}
}

// hint is shown while the pointer is on a link: what there is no room for.
func (n *node) hint() string {
	parts := []string{n.link.Name, cmp.Or(n.link.Kind, "hardware"), n.link.State}
	if n.link.MAC != "" {
		parts = append(parts, n.link.MAC)
	}
	if n.link.MTU > 0 {
		parts = append(parts, fmt.Sprintf("MTU %d", n.link.MTU))
	}
	if n.link.Bus != "" {
		parts = append(parts, "at "+n.link.Bus)
	}
	parts = append(parts, n.link.Addresses...)
	if len(n.link.Drift) > 0 {
		parts = append(parts, driftMark+strings.Join(n.link.Drift, ", "))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// move shifts a placed space down.
func (s *space) move(dy float64) {
	s.y += dy
	for _, one := range s.byName {
		one.y += dy
	}
	for _, inner := range s.within {
		inner.move(dy)
	}
}
