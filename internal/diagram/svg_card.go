package diagram

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// cardMargin is how far the frame of a physical card is from its ports. Ports of a bond are eight apart.
const cardMargin = 3

// run are ports of one physical card that stand side by side, in one bond or in none.
type run struct {
	first, last int // in their row
}

// cardFrames draw a frame around ports of one physical card. Where bonds draw them apart, as bonds over two cards do, each
// part has a frame, and a line leads from part to part.
func (c *canvas) cardFrames(s *space) {
	var ports []*node
	for _, one := range s.ordered() {
		if _, isPort := cardOf(one); isPort {
			ports = append(ports, one)
		}
	}
	// What stands between the ports is in the way of a line. Bonds are around them, and not always of the same height.
	row := slices.DeleteFunc(s.ordered(), func(one *node) bool {
		beside := func(port *node) bool { return one.y < port.bottom() && port.y < one.bottom() }
		return one.link.Kind == "bond" || !slices.ContainsFunc(ports, beside)
	})
	slices.SortStableFunc(row, func(a, b *node) int { return cmp.Compare(a.x, b.x) })
	c.cardRow(row)
}

func (c *canvas) cardRow(row []*node) {
	parts := map[string][]run{}
	var apart []string // cards in more than one part, from left to right
	for first := 0; first < len(row); {
		last := first
		card, isPort := cardOf(row[first])
		for isPort && last+1 < len(row) && sameCard(row[first], row[last+1]) {
			last++
		}
		if isPort {
			parts[card] = append(parts[card], run{first, last})
			if len(parts[card]) == 2 {
				apart = append(apart, card)
			}
		}
		first = last + 1
	}
	for lane, card := range apart {
		runs := parts[card]
		for i := 1; i < len(runs); i++ {
			c.cardLine(row[runs[i-1].last:runs[i].first+1], float64(lane+1)/float64(len(apart)+1))
		}
	}
	for _, card := range slices.Sorted(maps.Keys(parts)) {
		runs := parts[card]
		for _, one := range runs {
			if from, to := row[one.first].box, row[one.last].box; len(runs) > 1 || one.last > one.first {
				c.cards = true
				c.rect("card", box{from.x - cardMargin, from.y - cardMargin, to.right() - from.x + 2*cardMargin,
					max(from.h, to.h) + 2*cardMargin}, 8)
			}
		}
	}
}

// cardLine leads from the first of these ports to the last, behind those between them, at a part of their height.
func (c *canvas) cardLine(ports []*node, part float64) {
	var path strings.Builder
	first, last := ports[0], ports[len(ports)-1]
	top, bottom := max(first.y, last.y), min(first.bottom(), last.bottom())
	if bottom-top < cardMargin {
		return
	}
	y := top + (bottom-top)*part
	for i := 1; i < len(ports); i++ {
		from, to := ports[i-1].right(), ports[i].x
		if i == 1 {
			from += cardMargin
		}
		if i == len(ports)-1 {
			to -= cardMargin
		}
		path.WriteString("M" + number(from) + " " + number(y) + "H" + number(to))
	}
	c.print(`<path class="card" d="%s"/>`, path.String())
}

// cardOf is the name of the physical card that a port is on, among several.
func cardOf(one *node) (string, bool) {
	card, _, isPort := strings.Cut(one.card, ",")
	return card, isPort
}

// sameCard tells whether two ports sit on one physical card and are in one bond, or in none.
func sameCard(a, b *node) bool {
	card, isPort := cardOf(a)
	other, _ := cardOf(b)
	return isPort && card == other && a.link.Controller == b.link.Controller
}
