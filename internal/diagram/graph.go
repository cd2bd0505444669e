package diagram

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hostnet.linux/internal/topology"
)

// graphWriter writes what the picture holds in a language that another program lays out.
type graphWriter struct {
	out     strings.Builder
	numbers map[*node]string
	hosts   int
}

func (g *graphWriter) name(n *node) string {
	if g.numbers[n] == "" {
		g.numbers[n] = fmt.Sprintf("n%d", len(g.numbers)+1)
	}
	return g.numbers[n]
}

func (g *graphWriter) printf(format string, values ...any) {
	fmt.Fprintf(&g.out, format+"\n", values...)
}

// language is one of these.
type language struct {
	open, close func(g *graphWriter, indent, id, title string)
	node        func(g *graphWriter, indent string, n *node)
	edge        func(g *graphWriter, from, to, line, traffic, label string)
	network     func(g *graphWriter, id string, one *cloud)
}

// colours of the traffic, with that of the text on it.
var colours = map[string][2]string{
	Management: {"#8e1b10", "#ffffff"}, Storage: {"#d1303c", "#ffffff"}, Tunnel: {"#1c78c8", "#ffffff"},
	Provider: {"#a3d0f5", "#1f2430"}, External: {"#2b7a3f", "#ffffff"}, LXC: {"#c9cdd4", "#1f2430"},
	other: {"#596273", "#ffffff"},
}

func (g *graphWriter) draw(hosts []*topology.Host, options Options, with language) {
	var spaces []*space
	for _, host := range hosts {
		s := build(host, options)
		s.measure()
		spaces = append(spaces, s)
	}
	networks := clouds(spaces)
	for i, one := range networks {
		with.network(g, fmt.Sprintf("p%d", i+1), one)
	}
	for _, s := range spaces {
		g.space(s, with, "  ")
	}
	for i, one := range networks {
		for _, card := range one.cards {
			with.edge(g, fmt.Sprintf("p%d", i+1), g.name(card), physicalLine, card.traffic, "")
		}
	}
	for _, s := range spaces {
		g.edges(s, with)
	}
}

// space writes the boxes of a namespace with those of the spaces within.
func (g *graphWriter) space(s *space, with language, indent string) {
	g.hosts++
	id := fmt.Sprintf("s%d", g.hosts)
	title := s.namespace.Name
	if s.namespace.Kind != topology.Machine {
		title = strings.Join(s.title, " ")
	}
	with.open(g, indent, id, title)
	for _, one := range s.nodes() {
		if len(one.ports) == 0 {
			with.node(g, indent+"  ", one)
			continue
		}
		g.hosts++
		group := fmt.Sprintf("s%d", g.hosts)
		with.open(g, indent+"  ", group, "")
		with.node(g, indent+"    ", one)
		for _, port := range one.ports {
			with.node(g, indent+"    ", port)
		}
		with.close(g, indent+"  ", group, "")
	}
	for _, inner := range s.within {
		g.space(inner, with, indent+"  ")
	}
	with.close(g, indent, id, title)
}

// nodes are those of the tree, as the kernel lists them, without the ports of bonds.
func (s *space) nodes() []*node {
	var list []*node
	for _, link := range s.namespace.Links {
		if one := s.byName[link.Name]; one != nil && one.span > 0 && !s.isPort(one) {
			list = append(list, one)
		}
	}
	return list
}

func (s *space) isPort(one *node) bool {
	controller := s.byName[one.link.Controller]
	return controller != nil && slices.Contains(controller.ports, one)
}

func (g *graphWriter) edges(s *space, with language) {
	for _, one := range s.nodes() {
		for _, port := range one.ports {
			with.edge(g, g.name(port), g.name(one), bridgeLine, one.traffic, "")
		}
		for _, child := range one.below {
			with.edge(g, g.name(one), g.name(child), child.line, child.traffic, "")
		}
	}
	for _, one := range s.across {
		with.edge(g, g.name(one.from), g.name(one.to), one.line, one.to.traffic, "")
	}
	for _, inner := range s.within {
		for _, root := range inner.roots {
			if column := inner.under[root]; column != nil {
				with.edge(g, g.name(column.owner), g.name(root), pairLine, column.owner.traffic, root.endText())
			}
		}
		g.edges(inner, with)
	}
}

func writeDOT(out io.Writer, hosts []*topology.Host, options Options) error {
	g := &graphWriter{numbers: map[*node]string{}}
	g.printf("digraph network {")
	g.printf(`  graph [rankdir=TB fontname="sans-serif" label=%s labelloc=t nodesep=0.3 ranksep=0.5 compound=true]`,
		quote(options.Title))
	g.printf(`  node [shape=box style="filled,rounded" fontname="sans-serif" fontsize=11 color="#00000030"]`)
	g.printf(`  edge [dir=none fontname="sans-serif" fontsize=9]`)
	g.draw(hosts, options, language{
		open: func(g *graphWriter, indent, id, title string) {
			g.printf("%ssubgraph cluster_%s {", indent, id)
			g.printf(`%s  graph [label=%s style=rounded color="#7d8594"]`, indent, quote(title))
		},
		close: func(g *graphWriter, indent, _, _ string) { g.printf("%s}", indent) },
		node: func(g *graphWriter, indent string, n *node) {
			colour := colours[n.traffic]
			style := ""
			if n.isBroken() {
				colour, style = [2]string{"#fff4e0", "#8a2c06"}, ` style="filled,rounded,dashed" color="#d9480f"`
			}
			label := quote(strings.Join(append([]string{n.link.Name}, n.note...), "\n"))
			g.printf(`%s%s [label=%s fillcolor="%s" fontcolor="%s"%s]`, indent, g.name(n), label, colour[0], colour[1], style)
		},
		edge: func(g *graphWriter, from, to, line, traffic, label string) {
			style := map[string]string{subLine: "dashed", bridgeLine: "dashed", tunnelLine: "dashed", pairLine: "dotted"}[line]
			g.printf(`  %s -> %s [style=%s color="%s" label=%s]`, from, to, cmp.Or(style, "solid"), colours[traffic][0],
				quote(label))
		},
		network: func(g *graphWriter, id string, one *cloud) {
			colour := colours[one.traffic]
			g.printf(`  %s [shape=ellipse label=%s fillcolor="%s" fontcolor="%s"]`, id, quote(strings.Join(one.text(), "\n")),
				colour[0], colour[1])
		},
	})
	g.printf("}")
	_, err := io.WriteString(out, g.out.String())
	return err
}

func (n *node) isBroken() bool {
	return n.link.State == topology.Down || n.link.State == topology.NoCarrier || n.link.Role == topology.Down
}

// quote is a text as Graphviz reads it.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

func writeMermaid(out io.Writer, hosts []*topology.Host, options Options) error {
	g := &graphWriter{numbers: map[*node]string{}}
	if options.Title != "" {
		g.printf("---\ntitle: %s\n---", mermaidText(options.Title))
	}
	g.printf("flowchart TB")
	g.draw(hosts, options, language{
		open: func(g *graphWriter, indent, id, title string) {
			g.printf(`%ssubgraph %s[%s]`, indent, id, mermaidText(cmp.Or(title, " ")))
		},
		close: func(g *graphWriter, indent, _, _ string) { g.printf("%send", indent) },
		node: func(g *graphWriter, indent string, n *node) {
			class := n.traffic
			if n.isBroken() {
				class = "broken"
			}
			text := mermaidText(append([]string{n.link.Name}, n.note...)...)
			g.printf(`%s%s(%s):::%s`, indent, g.name(n), text, class)
		},
		edge: func(g *graphWriter, from, to, line, _, label string) {
			arrow := map[string]string{physicalLine: "===", pairLine: "-.-"}[line]
			if label != "" {
				label = "|" + mermaidText(label) + "|"
			}
			g.printf("  %s %s%s %s", from, cmp.Or(arrow, "---"), label, to)
		},
		network: func(g *graphWriter, id string, one *cloud) {
			g.printf(`  %s([%s]):::%s`, id, mermaidText(one.text()...), one.traffic)
		},
	})
	for _, traffic := range append(slices.Clone(Traffics), other) {
		g.printf("  classDef %s fill:%s,color:%s", traffic, colours[traffic][0], colours[traffic][1])
	}
	g.printf("  classDef broken fill:#fff4e0,color:#8a2c06,stroke:#d9480f,stroke-dasharray:5 3")
	_, err := io.WriteString(out, g.out.String())
	return err
}

// mermaidText is quoted as Mermaid reads it: entities for what would end the quotation.
func mermaidText(lines ...string) string {
	replace := strings.NewReplacer("&", "#amp;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "#", "#35;")
	for i := range lines {
		lines[i] = replace.Replace(lines[i])
	}
	return `"` + strings.Join(lines, "<br>") + `"`
}
