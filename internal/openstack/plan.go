package openstack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/pattern"
)

// Plan is the network of the whole cloud. It is a function of the files alone.
type Plan struct {
	// Hosts and Containers hold the variables of each as OSA's inventory has them.
	Hosts      map[string]map[string]any `json:"hosts"`
	Containers map[string]map[string]any `json:"containers"`
	// Surplus are the hosts and containers that only the memory knows.
	Surplus  []string  `json:"surplus"`
	Warnings []string  `json:"warnings"`
	Problems []Problem `json:"problems"`

	// Groups are for an inventory: the members of each, and the groups in it.
	Groups  map[string]*Group `json:"-"`
	AllVars map[string]any    `json:"-"`

	added  []string
	memory *memory
}

// Group is one group of the inventory.
type Group struct {
	Hosts    []string `json:"hosts"`
	Children []string `json:"children"`
	has      map[string]bool
}

// node is a host on metal or a container.
type node struct {
	name      string
	host      *host
	skeleton  *skeleton // nil for a host
	group     string    // physical_host_group
	component string
	networks  map[string]map[string]any
	by        map[string]*network // key or interface → who made it
	vars      map[string]any
	address   netip.Addr // on the management network
	by2       *network   // the management network
	metalOf   []string   // components on metal
	old       bool
}

func (n *node) metal() bool { return n.skeleton == nil }

type planner struct {
	*config
	report   *report
	memory   *memory
	nodes    map[string]*node
	order    []*node
	groups   map[string]*Group
	ancestor map[string][]string
	pools    map[string]*pool
	reserved map[netip.Addr]bool
	pairs    map[[2]*network]bool
	keys     map[string]bool
	phys     map[[2]string]string
	members  map[string][]*node
	// fixed are the addresses that container_vars gives, with the container that has each, and extras the interfaces.
	fixed  map[netip.Addr]string
	extras []extra
	told   map[*network]bool
	long   map[*host]bool
}

// Make reads the configuration and plans. An error is one of the machine; what is wrong in the files is in Problems.
func Make(source Source) (*Plan, error) {
	read, err := source.read()
	if err != nil {
		return nil, err
	}
	return read.plan(filepath.Base(source.MemoryPath())), nil
}

func (f *files) plan(memoryName string) *Plan {
	r := &report{}
	environment := merged(f.environment, r, silently)
	if f.installed {
		environment = inBuiltInOrder(environment)
	}
	env := readEnvironment(environment, r)
	p := &planner{
		report: r, nodes: map[string]*node{}, groups: map[string]*Group{}, pools: map[string]*pool{},
		reserved: map[netip.Addr]bool{}, pairs: map[[2]*network]bool{}, keys: map[string]bool{}, phys: map[[2]string]string{},
		members: map[string][]*node{}, ancestor: map[string][]string{},
		told: map[*network]bool{}, fixed: map[netip.Addr]string{}, long: map[*host]bool{},
	}
	root := merged(f.config, r, func(a, b *value) {
		if b.kind == list {
			r.warn(b.Place, "", "replaces the list of %s:%d, as for OpenStack-Ansible: write one list", a.File, a.Line)
			return
		}
		r.warn(b.Place, "", "takes away what stands at %s:%d", a.File, a.Line)
	})
	unreadable := len(r.problems) > 0
	p.config = readConfig(root, env, r)
	p.memory = readMemory(memoryName, f.memory, r)
	p.makeHosts()
	p.makeContainers()
	p.makeGroups()
	p.reserve()
	p.bindAll()
	p.checkExtras()
	p.tellExhausted()
	if unreadable {
		// What is missing because a file could not be read is no further problem.
		r.problems = slices.DeleteFunc(r.problems, func(one Problem) bool { return one.Line == 0 })
	}
	return p.result()
}

// hostName is what Ansible's inventory and the host itself can be called.
var hostName = pattern.Of(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

func (p *planner) makeHosts() {
	for _, h := range p.hostOrder {
		if !hostName().MatchString(h.name) {
			p.report.problem(h.Place, h.name, "is no name of a host: letters, digits, and - _ . between them")
		}
		if p.env.groups[h.name] {
			p.report.warn(h.Place, h.name, "is the name of a group, too: Ansible and group_binds may take one for the other")
		}
		n := &node{name: h.name, host: h, vars: map[string]any{}}
		p.addNode(n)
		for _, m := range h.members {
			n.group = m.group.name
			for _, v := range m.settings.get("host_vars").orEmpty().pairs {
				n.vars[v.key] = v.value.plain()
			}
		}
	}
}

func (p *planner) addNode(n *node) {
	n.networks, n.by = map[string]map[string]any{}, map[string]*network{}
	p.nodes[n.name] = n
	p.order = append(p.order, n)
}

// makeContainers goes through the kinds of containers in env.d's order, so that what is last counts as in OSA.
func (p *planner) makeContainers() {
	byPhys := map[string][]*member{}
	for _, group := range p.config.groups {
		byPhys[group.phys] = append(byPhys[group.phys], group.members...)
	}
	made := map[[2]string]int{}
	for _, s := range p.env.skeletons {
		if len(s.contains) == 0 {
			continue
		}
		for _, component := range s.contains {
			for _, phys := range s.phys {
				for _, m := range byPhys[phys] {
					if s.metal || m.metal {
						n := p.nodes[m.host.name]
						n.component, n.group = component, m.group.name
						n.metalOf = append(n.metalOf, component)
						p.join(component, n.name)
					}
				}
			}
		}
		for _, phys := range s.phys {
			for _, m := range byPhys[phys] {
				p.join(phys+"_all", m.host.name)
				if !s.metal && !m.metal {
					p.containersOf(s, m, made)
				}
			}
		}
	}
	on := map[*host][]*node{}
	for _, n := range p.order {
		on[n.host] = append(on[n.host], n)
	}
	for _, h := range p.hostOrder {
		for _, m := range h.members {
			p.containerVars(m, on)
		}
	}
}

func (p *planner) containersOf(s *skeleton, m *member, made map[[2]string]int) {
	base := strings.ReplaceAll(s.name, "_", "-")
	kind := m.host.name + "-" + base
	if len(kind) > 52 {
		if p.long[m.host] {
			return
		}
		p.long[m.host] = true
		p.report.problem(m.host.Place, m.host.name,
			"%s is longer than 52 letters, so its containers' names are too long for a host name: shorten the host's name", kind)
		return
	}
	id := [2]string{m.host.name, s.name}
	remembered := p.memory.byKind[strings.ReplaceAll(kind, "_", "-")]
	for made[id] < m.affinity(s) {
		i := made[id]
		made[id]++
		n := &node{host: m.host, skeleton: s, group: m.group.name, component: s.contains[0], vars: map[string]any{}}
		if i < len(remembered) {
			n.name, n.old = remembered[i], true
		} else {
			n.name = p.freshName(kind, i)
		}
		if p.nodes[n.name] != nil {
			p.report.problem(m.host.Place, m.host.name, "the container %s has the name of another host or container", n.name)
			continue
		}
		p.addNode(n)
		p.join(s.name, n.name)
		p.join(m.host.name+"_host_containers", n.name)
		for _, component := range s.contains {
			p.join(component, n.name)
		}
		for _, phys := range s.phys {
			if slices.ContainsFunc(m.host.members, func(o *member) bool { return o.group.phys == phys && !o.metal }) {
				p.join(phys+"_all", n.name)
			}
		}
	}
}

// freshName ends in 8 digits that depend on nothing but the name, so that a plan is the same every time.
func (p *planner) freshName(kind string, i int) string {
	for try := 0; ; try++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%d", kind, i, try))
		name := kind + "-" + hex.EncodeToString(sum[:4])
		if p.memory.hostvars[name] == nil && p.nodes[name] == nil {
			return name
		}
	}
}

func (p *planner) groupOf(name string) *Group {
	g := p.groups[name]
	if g == nil {
		g = &Group{Hosts: []string{}, Children: []string{}, has: map[string]bool{}}
		p.groups[name] = g
	}
	return g
}

func (p *planner) join(group, name string) {
	g := p.groupOf(group)
	if !g.has[name] {
		g.has[name] = true
		g.Hosts = append(g.Hosts, name)
	}
}

func (p *planner) makeGroups() {
	for group := range p.env.groups {
		p.groupOf(group)
	}
	for parent, children := range p.env.children {
		p.groupOf(parent).Children = append(p.groupOf(parent).Children, children...)
	}
	for _, group := range p.config.groups {
		g := p.groupOf(group.name)
		for _, m := range group.members {
			p.join(group.name, m.host.name)
		}
		// A nest takes every container of its hosts: az1_containers has those of az1_hosts.
		if s := p.env.byName[group.phys+"_containers"]; s != nil && s.nest {
			for _, name := range g.Hosts {
				if nest := p.groupOf(s.name); !slices.Contains(nest.Children, name+"_host_containers") {
					nest.Children = append(nest.Children, name+"_host_containers")
				}
			}
		}
	}
	p.groupOf("lxc_hosts")
	for _, n := range p.order {
		if tech, ok := n.vars["container_tech"]; !n.metal() && (!ok || tech == "lxc") {
			p.join("lxc_hosts", n.host.name)
		} else if ok && tech != "lxc" && !n.metal() {
			p.report.warn(n.host.Place, n.host.name,
				"container_tech %v: %s is no LXC container, hostnet leaves it alone", tech, n.name)
		}
	}
}

// reach are the hosts and containers of a group and of all groups in it.
func (p *planner) reach(group string) []*node {
	if got, ok := p.members[group]; ok {
		return got
	}
	seen, have := map[string]bool{}, map[string]bool{}
	all := []*node{}
	var walk func(string)
	walk = func(name string) {
		g := p.groups[name]
		if g == nil || seen[name] {
			return
		}
		seen[name] = true
		for _, child := range g.Children {
			walk(child)
		}
		for _, member := range g.Hosts {
			if n := p.nodes[member]; n != nil && !have[member] {
				have[member] = true
				all = append(all, n)
			}
		}
	}
	walk(group)
	if n := p.nodes[group]; n != nil && !have[group] {
		all = append(all, n)
	}
	p.members[group] = all
	return all
}
