package diagram

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hostnet.linux/internal/topology"
)

// writeText shows every link below the one that it is attached to, from the bridges down to the cards, and at the end
// of each pair what it leads into. What is within a namespace follows.
func writeText(out io.Writer, hosts []*topology.Host, options Options) error {
	var text strings.Builder
	if options.Title != "" {
		fmt.Fprintf(&text, "%s\n\n", options.Title)
	}
	for i, host := range hosts {
		if len(hosts) > 1 {
			if i > 0 {
				text.WriteString("\n")
			}
			fmt.Fprintf(&text, "%s:\n", host.Name)
		}
		for _, namespace := range host.Namespaces {
			w := &textWriter{out: &text, host: host, namespace: namespace}
			if namespace.Kind == topology.Machine {
				w.write()
			} else if w.isMore() {
				fmt.Fprintf(&text, "\nInside %s:\n", title(namespace.Kind, namespace.Name, namespace.Within))
				w.write()
			}
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func title(kind, name, within string) string {
	if within != "" {
		return fmt.Sprintf("%s %s of %s", kind, name, within)
	}
	return kind + " " + name
}

type textWriter struct {
	out       *strings.Builder
	host      *topology.Host
	namespace *topology.Namespace
	below     map[string][]*topology.Link
}

func (w *textWriter) write() {
	w.below = map[string][]*topology.Link{}
	used := map[string]bool{}
	add := func(above string, link *topology.Link) {
		if above != "" && link != nil {
			w.below[above] = append(w.below[above], link)
			used[link.Name] = true
		}
	}
	for _, one := range w.namespace.Links {
		add(one.Controller, one)
		add(one.Name, w.namespace.Link(one.Parent))
	}
	for _, one := range w.namespace.Links {
		if !used[one.Name] && !one.Loopback {
			w.one(one, "", "", nil)
		}
	}
}

// isMore tells whether there is more within than the ends of pairs, which are drawn at the other end.
func (w *textWriter) isMore() bool {
	return slices.ContainsFunc(w.namespace.Links, func(one *topology.Link) bool {
		return !one.Loopback && (one.Peer == nil || one.Controller != "" || w.leadsOn(one))
	})
}

// leadsOn tells whether a pair leads to a namespace that is within this one, or beside it and shown later.
func (w *textWriter) leadsOn(one *topology.Link) bool {
	owner, _ := w.host.Other(one)
	if owner == nil || owner.Kind == topology.Machine {
		return false
	}
	isWithin := w.namespace.Kind == topology.Container && owner.Within == w.namespace.Name
	return isWithin || owner.Within == w.namespace.Within &&
		slices.Index(w.host.Namespaces, owner) > slices.Index(w.host.Namespaces, w.namespace)
}

func (w *textWriter) one(one *topology.Link, first, rest string, above []string) {
	fmt.Fprintf(w.out, "%s%s\n", first, w.describe(one))
	if slices.Contains(above, one.Name) {
		return
	}
	children := slices.Clone(w.below[one.Name])
	slices.SortFunc(children, func(a, b *topology.Link) int { return strings.Compare(a.Name, b.Name) })
	if owner, end := w.host.Other(one); end != nil && owner != w.namespace && owner.Kind != topology.Machine {
		branch := "└─ "
		if len(children) > 0 {
			branch = "├─ "
		}
		fmt.Fprintf(w.out, "%s%s%s: %s\n", rest, branch, title(owner.Kind, owner.Name, ""), w.describe(end))
	}
	for i, child := range children {
		if i == len(children)-1 {
			w.one(child, rest+"└─ ", rest+"   ", append(above, one.Name))
		} else {
			w.one(child, rest+"├─ ", rest+"│  ", append(above, one.Name))
		}
	}
}

// describe is a link on one line.
func (w *textWriter) describe(link *topology.Link) string {
	words := []string{cmp.Or(link.Kind, "card")}
	switch {
	case link.VLAN > 0:
		words[0] = fmt.Sprintf("vlan %d", link.VLAN)
	case link.VNI > 0:
		words[0] = fmt.Sprintf("vxlan %d", link.VNI)
	case link.BondMode != "":
		words[0] = "bond " + link.BondMode
	}
	for _, word := range []string{link.State, link.Role} {
		if word != "" && word != words[len(words)-1] {
			words = append(words, word)
		}
	}
	if link.MTU != 0 && link.MTU != 1500 {
		words = append(words, fmt.Sprintf("mtu %d", link.MTU))
	}
	if text := vlanText(link.VLANs); text != "" {
		words = append(words, text)
	}
	if peer := link.Peer; peer != nil && w.namespace.Link(link.Name) == link && peer.Namespace == w.namespace.Name &&
		peer.Within == w.namespace.Within {
		words = append(words, "peer "+peer.Link)
	}
	if len(link.Drift) > 0 {
		words = append(words, driftMark+strings.Join(link.Drift, ", "))
	}
	line := fmt.Sprintf("%s (%s)", link.Name, strings.Join(words, ", "))
	for _, address := range link.Addresses {
		line += "  " + address
	}
	return line
}
