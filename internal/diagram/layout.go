package diagram

import "slices"

// place puts a space at a point. The widths have been measured; the height comes of it. Spaces within another span its
// width where they are containers of a host.
func (s *space) place(x, y float64, outermost bool) {
	s.x, s.y = x, y
	top := y + s.titleHeight(outermost)
	left := x + innerGutter
	if outermost {
		left = x + s.besideName()
	}
	at := left
	for _, root := range s.roots {
		if s.under[root] == nil {
			root.placeAcross(at)
			at += root.span + gap
		}
	}
	s.w = max(s.w, at-gap+innerGutter-x)
	s.placeRows(top, outermost)
}

// besideName is where the first box of a host begins: the lines to the networks pass beside the host's name.
func (s *space) besideName() float64 {
	return max(gutter, 16+width(s.namespace.Name, hostNameSize)*1.08-narrowest/2+2*padding)
}

// titleHeight is what the name takes where it stands above what is in the space.
func (s *space) titleHeight(outermost bool) float64 {
	if outermost {
		return 40
	}
	return 24
}

// placeAcross puts a node and what is below it side by side, from left to right.
func (n *node) placeAcross(left float64) {
	n.x = left + (n.span-n.w)/2
	at := n.x + padding + (n.w-padding-n.portsWidth())/2
	for _, port := range n.ports {
		port.x = at
		at += port.w + padding
	}
	total := -gap
	for _, one := range n.below {
		total += one.span + gap
	}
	if n.column != nil {
		total += n.column.width + gap
	}
	at = left + (n.span-total)/2
	// What is attached from containers goes to the left, where their names are.
	if n.column != nil {
		n.column.x = at
		at += n.column.width + gap
	}
	for _, one := range n.below {
		one.placeAcross(at)
		at += one.span + gap
	}
}

func (n *node) portsWidth() float64 {
	total := padding
	for _, port := range n.ports {
		total += port.w + padding
	}
	return total - padding
}

// placeRoots puts the roots of a space within below the columns that they hang on.
func (s *space) placeRoots(free float64) float64 {
	taken := map[*column]float64{}
	widths := map[*column]float64{}
	for _, root := range s.roots {
		if column := s.under[root]; column != nil {
			widths[column] += max(root.span, root.endWidth()) + gap
		}
	}
	for _, root := range s.roots {
		column := s.under[root]
		wide := max(root.span, root.endWidth())
		if column == nil {
			root.placeAcross(free)
			free += root.span + gap
			continue
		}
		left := column.x + (column.width-(widths[column]-gap))/2 + taken[column]
		root.placeAcross(left + (wide-root.span)/2)
		taken[column] += wide + gap
	}
	return free
}

// placeRows gives the rows their heights and puts the spaces within below them.
func (s *space) placeRows(top float64, outermost bool) {
	heights := make([]float64, s.rows+1)
	for _, one := range s.byName {
		if one.span > 0 {
			heights[one.row] = max(heights[one.row], one.h)
		}
	}
	tops := make([]float64, s.rows+1)
	at := top
	for row := range s.rows {
		tops[row] = at
		at += heights[row] + rowGap
	}
	if s.rows > 0 {
		at -= rowGap
	}
	for _, root := range s.roots {
		root.placeDown(tops)
	}
	right := s.x + s.w - innerGutter
	beside := right + gap // what hangs on nothing of the host's begins there in each container
	for _, inner := range s.within {
		at += bandGap
		left, free := s.x+innerGutter, s.right()-innerGutter+gap
		if outermost {
			free = beside
		}
		free = inner.placeRoots(free)
		right = max(right, free-gap)
		inner.x = left
		if !outermost {
			inner.x = inner.leftmost() - innerGutter
		}
		inner.y = at
		inner.w = max(inner.rightmost()+innerGutter-inner.x, inner.titleWidth())
		inner.placeRows(at+headHeight, false)
		inner.h = max(inner.h, inner.gutterHeight(outermost))
		right = max(right, inner.right())
		at = inner.bottom()
	}
	s.w = max(s.w, right+innerGutter-s.x)
	if outermost {
		for _, inner := range s.within {
			inner.w = s.w - 2*innerGutter
		}
	}
	s.h = at + innerGutter - s.y
}

// gutterHeight is what the name takes where it stands beside.
func (s *space) gutterHeight(beside bool) float64 {
	if !beside {
		return s.h + noteHeight*float64(len(s.title)) + 2
	}
	return 2*padding + noteHeight*float64(len(s.title)) + 4
}

func (s *space) titleWidth() float64 {
	most := 0.0
	for _, line := range s.title {
		most = max(most, width(line, titleSize)+2*padding)
	}
	return most
}

func (s *space) leftmost() float64 {
	left := s.x
	for i, root := range s.roots {
		if x := root.x + root.w/2 - max(root.span, root.endWidth())/2; i == 0 || x < left {
			left = x
		}
	}
	return left
}

func (s *space) rightmost() float64 {
	right := s.x
	for _, root := range s.roots {
		right = max(right, root.x+root.w/2+max(root.span, root.endWidth())/2)
	}
	return right
}

func (n *node) placeDown(tops []float64) {
	n.y = tops[n.row]
	base := n.y + nameHeight + noteHeight*float64(len(n.note)) + padding
	for _, port := range n.ports {
		port.y = base
	}
	for _, one := range n.below {
		one.placeDown(tops)
	}
}

// columns are those of the space, from left to right, with the lowest interface that hangs on each.
func (s *space) columns() []*column {
	var list []*column
	for _, one := range s.byName {
		if one.column != nil {
			list = append(list, one.column)
		}
	}
	slices.SortFunc(list, func(a, b *column) int {
		if a.x < b.x {
			return -1
		}
		return 1
	})
	return list
}
