package link

import "slices"

// leaveOptional takes optional ports out that are neither there nor declared.
func leaveOptional(current *State, wanted []*Link) {
	declared := map[string]bool{}
	for _, want := range wanted {
		declared[want.Name] = !want.Absent()
	}
	for _, want := range wanted {
		if want.Ports == nil {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(*want.Ports), func(port Port) bool {
			return deref(port.Optional) && current.Find(port.Name) == nil && !declared[port.Name]
		})
		want.Ports = &left
	}
}

// assignPorts gathers from the lists of ports who becomes whose port, and who is released.
func (p *planner) assignPorts() {
	for _, want := range p.wanted {
		if want.Absent() || want.Ports == nil {
			continue
		}
		for i := range *want.Ports {
			port := &(*want.Ports)[i]
			p.controller[port.Name] = want.Name
			p.ports[port.Name] = p.fullPort(want, port)
		}
	}
	for _, want := range p.wanted {
		p.releaseOthers(want)
		if want.Controller != nil && p.final[want.Name] != nil {
			p.controller[want.Name] = *want.Controller
		}
	}
	for name := range p.flapping {
		p.keepPorts(name)
	}
	for name := range p.fresh {
		if have := p.current.Find(name); p.gone[name] && have.Ports != nil && have.Kind == p.final[name].Kind {
			p.keepPorts(name)
		}
	}
}

// fullPort adds what is observed of a port that will be attached again.
func (p *planner) fullPort(want *Link, port *Port) *Port {
	have := p.current.Find(want.Name)
	if have == nil || have.Kind != want.Kind || have.portNamed(port.Name) == nil {
		return port
	}
	if !p.flapping[want.Name] && !p.fresh[port.Name] {
		return port
	}
	full := *have.portNamed(port.Name)
	portTable(want.Kind).Overlay(&full, port)
	return &full
}

// releaseOthers lets go of ports that are not listed: all of a bond's or VRF's, those of a bridge that wants its list
// to be exact, never a container's or a virtual machine's.
func (p *planner) releaseOthers(want *Link) {
	have := p.current.Find(want.Name)
	if have == nil || have.Ports == nil || have.Kind != want.Kind || want.Kind == Bridge &&
		(want.Absent() || !deref(want.ExclusivePorts)) {
		return
	}
	if want.Ports == nil && !want.Absent() {
		return
	}
	for _, port := range *have.Ports {
		if _, assigned := p.controller[port.Name]; assigned || p.gone[port.Name] {
			continue
		}
		if want.Kind == Bridge && p.isForeign(port.Name) {
			continue
		}
		p.controller[port.Name] = ""
	}
}

// controllerOf says whose port a link will be, "" nobody's.
func (p *planner) controllerOf(name string) string {
	if controller, assigned := p.controller[name]; assigned {
		return controller
	}
	if have := p.current.Find(name); have != nil && !p.gone[name] {
		return have.Observed.Controller
	}
	return ""
}

// keepPorts attaches the ports of a flapping controller again.
func (p *planner) keepPorts(name string) {
	have := p.current.Find(name)
	for i := range *have.Ports {
		port := &(*have.Ports)[i]
		if _, assigned := p.controller[port.Name]; !assigned && !p.gone[port.Name] {
			p.controller[port.Name] = name
			p.ports[port.Name] = port
		}
	}
}
