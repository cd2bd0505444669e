package link

import "strings"

// lower are the links that a link stands on, as it will be.
func (p *planner) lower(name string) []string {
	link := p.becomes(name)
	if link == nil {
		return nil
	}
	var names []string
	if link.Parent != nil {
		names = append(names, *link.Parent)
	}
	if !isController(link.Kind) {
		return names
	}
	if have := p.current.Find(name); have != nil && have.Ports != nil {
		for _, port := range *have.Ports {
			if target, moved := p.controller[port.Name]; !moved || target == name {
				names = append(names, port.Name)
			}
		}
	}
	if link.Ports != nil {
		for _, port := range *link.Ports {
			names = append(names, port.Name)
		}
	}
	return names
}

// inProgress marks a link whose depth is being found: meeting it again is a loop.
const inProgress = -2

// depth is how many links are below, -1 in a loop.
func (p *planner) depth(name string) int {
	if depth, known := p.depths[name]; known {
		return max(depth, -1)
	}
	p.depths[name] = inProgress
	depth := 0
	for _, lower := range p.lower(name) {
		below := p.depth(lower)
		if below < 0 {
			depth = -1
			break
		}
		depth = max(depth, below+1)
	}
	p.depths[name] = depth
	return depth
}

// loop shows the way round, such as "br0 > vlan10 > br0".
func (p *planner) loop(start string) string {
	way, seen := []string{start}, map[string]bool{start: true}
	for name := start; ; {
		next := ""
		for _, lower := range p.lower(name) {
			if p.depth(lower) < 0 {
				next = lower
				break
			}
		}
		if next == "" {
			return strings.Join(way, " > ")
		}
		way = append(way, next)
		if seen[next] {
			return strings.Join(way, " > ")
		}
		seen[next], name = true, next
	}
}

// uppers are the observed links that stand directly on a link and go when it goes.
func (p *planner) uppers(name string) []*Link {
	if p.upperIndex == nil {
		p.upperIndex = map[string][]*Link{}
		for _, link := range p.current.Links {
			if link.Parent != nil {
				p.upperIndex[*link.Parent] = append(p.upperIndex[*link.Parent], link)
			}
		}
	}
	return p.upperIndex[name]
}
