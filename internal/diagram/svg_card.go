package diagram

import (
	"cmp"
	"slices"
	"strings"
)

// cardMargin is how far the frame of a physical card is from its ports.
const cardMargin = 4

// cardFrames draw a frame around ports of one physical card that stand side by side. Ports that a bond has drawn apart,
// as bonds over two cards do, tell their card in words alone.
func (c *canvas) cardFrames(s *space) {
	rows := map[float64][]*node{}
	for _, one := range s.ordered() {
		rows[one.y] = append(rows[one.y], one)
	}
	for _, one := range s.ordered() {
		row := rows[one.y]
		if len(row) == 0 || row[0] != one {
			continue
		}
		sorted := slices.Clone(row)
		slices.SortStableFunc(sorted, func(a, b *node) int { return cmp.Compare(a.x, b.x) })
		for first := 0; first < len(sorted); {
			last := first
			for last+1 < len(sorted) && sameCard(sorted[first], sorted[last+1]) {
				last++
			}
			if last > first {
				from, to := sorted[first].box, sorted[last].box
				c.rect("card", box{
					from.x - cardMargin, from.y - cardMargin, to.right() - from.x + 2*cardMargin, max(from.h, to.h) + 2*cardMargin,
				}, 8)
			}
			first = last + 1
		}
	}
}

// sameCard tells whether two ports sit on one physical card and are in one bond, or in none.
func sameCard(a, b *node) bool {
	card, _, isPort := strings.Cut(a.card, ",")
	other, _, _ := strings.Cut(b.card, ",")
	return isPort && card == other && a.link.Controller == b.link.Controller
}
