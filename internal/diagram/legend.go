package diagram

// legend explains the colours, lines and signs that are used, from a point down to the bottom of the picture.
func (c *canvas) legend(right, top float64) float64 {
	x, y := margin, top+6
	next := func(w float64) {
		x += w + 22
	}
	wrap := func(w float64) {
		if x > margin && x+w > right-margin {
			x, y = margin, y+26
		}
	}
	for _, traffic := range append(append([]string{}, Traffics...), other) {
		if !c.traffics[traffic] {
			continue
		}
		title := titles[traffic]
		w := 22 + width(title, 11.5)
		wrap(w)
		c.print(`<g class="node %s"><circle class="box" cx="%s" cy="%s" r="7"/></g>`, traffic, x+7, y)
		c.text("legend", x+21, y+4, "start", title)
		next(w)
	}
	x, y = margin, y+26
	for _, one := range lineTitles {
		if !c.lines[one.line] {
			continue
		}
		w := 50 + width(one.title, 11.5)
		wrap(w)
		c.print(`<path class="line legend-line dash-%s" d="M%s %sh40"/>`, one.line, x, y)
		c.text("legend", x+48, y+4, "start", one.title)
		next(w)
	}
	if c.cards {
		const title = "one physical card"
		w := 50 + width(title, 11.5)
		wrap(w)
		c.print(`<path class="card" d="M%s %sh40"/>`, x, y)
		c.text("legend", x+48, y+4, "start", title)
		next(w)
	}
	signs := []struct{ state, class, title string }{
		{"backup", "backup", "backup port"}, {"down", "broken", "down"}, {"no carrier", "broken", "no carrier"},
	}
	shown := map[string]bool{}
	for _, one := range signs {
		if !c.states[one.state] || shown[one.class] {
			continue
		}
		shown[one.class] = true
		title := one.title
		if one.class == "broken" {
			title = "down or without carrier"
		}
		w := 36 + width(title, 11.5)
		wrap(w)
		c.print(`<g class="node other %s"><rect class="box" x="%s" y="%s" width="26" height="16" rx="5"/></g>`, one.class, x,
			y-8)
		c.text("legend", x+34, y+4, "start", title)
		next(w)
	}
	return y + 26
}
