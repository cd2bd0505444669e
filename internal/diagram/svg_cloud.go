package diagram

import (
	"fmt"
	"strings"
)

// cloud is drawn as in the figures of OpenStack-Ansible: a row of arcs around the text.
func (c *canvas) cloud(n *cloud) {
	c.traffics[n.traffic] = true
	lines := n.text()
	if n.wide() {
		c.print(`<g class="cloud %s">`, n.traffic)
		c.rect("box", n.box, n.h/2)
		for _, middle := range n.middles() {
			c.text("note", middle, n.y+n.h/2+4, "middle", strings.Join(lines, " · "))
		}
		c.print("</g>")
		return
	}
	c.print(`<g class="cloud %s"><path class="box" d="%s"/>`, n.traffic, cloudPath(n.box))
	y := n.y + n.h/2 - noteHeight*float64(len(lines)-1)/2 + 4
	for i, line := range lines {
		class := "note"
		if i == 0 {
			class = "name"
		}
		c.text(class, n.middle(), y, "middle", line)
		y += noteHeight
	}
	c.print("</g>")
}

// cloudPath is a closed line of arcs around a box.
func cloudPath(b box) string {
	var out strings.Builder
	arcs := max(3, int(b.w/52))
	step := (b.w - 36) / float64(arcs)
	left, top, bottom := b.x+18, b.y+10, b.bottom()-10
	fmt.Fprintf(&out, "M%s %s", number(left), number(top))
	arc := func(dx, dy, r float64) {
		fmt.Fprintf(&out, "a%s %s 0 0 1 %s %s", number(r), number(r), number(dx), number(dy))
	}
	for range arcs {
		arc(step, 0, step*0.62)
	}
	arc(0, bottom-top, (bottom-top)*0.56)
	for range arcs {
		arc(-step, 0, step*0.62)
	}
	arc(0, top-bottom, (bottom-top)*0.56)
	out.WriteString("z")
	return out.String()
}
