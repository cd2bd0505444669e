package diagram

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/topology"
)

// box is a rectangle. Numbers are in pixels of the picture's own size.
type box struct{ x, y, w, h float64 }

func (b box) middle() float64 { return b.x + b.w/2 }
func (b box) bottom() float64 { return b.y + b.h }
func (b box) right() float64  { return b.x + b.w }

// Sizes of the picture.
const (
	nameSize, noteSize, titleSize, hostNameSize = 13.0, 10.5, 13.0, 16.0

	padding     = 10.0 // between a box and its text
	nameHeight  = 18.0
	noteHeight  = 14.0
	narrowest   = 108.0
	widest      = 290.0 // an IPv6 address without zeros
	gap         = 32.0  // between neighbours
	rowGap      = 40.0  // between rows, for the lines
	bandGap     = 46.0  // between containers, for the host's ends
	endHeight   = 17.0
	gutter      = 190.0 // for the names of containers
	innerGutter = 12.0
	busAside    = 20.0 // how far beside a column its line runs
	margin      = 24.0
	headHeight  = 14.0 // above the interfaces in a container
)

// width is about what a text takes in a sans-serif font of that size. Fonts differ: it errs to the wide side.
func width(text string, size float64) float64 {
	total := 0.0
	for _, r := range text {
		switch {
		case strings.ContainsRune("iljI.,:;|!'()[]/ ", r):
			total += 0.36
		case strings.ContainsRune("mwMW%@—…≠", r):
			total += 0.95
		case r >= 'A' && r <= 'Z':
			total += 0.70
		default:
			total += 0.61
		}
	}
	return total * size
}

// shorten cuts a text to a width.
func shorten(text string, size, most float64) string {
	if width(text, size) <= most {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && width(string(runes)+"…", size) > most {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// describe are the lines below a link's name.
func (n *node) describe() []string {
	link := n.link
	var notes []string
	switch {
	case link.Kind == "bond":
		notes = append(notes, cmp.Or(link.BondMode, "bond"))
	case link.Kind == "vlan" && link.VLAN > 0:
		notes = append(notes, fmt.Sprintf("VLAN %d", link.VLAN))
	case link.Kind == "vxlan" && link.VNI > 0:
		notes = append(notes, fmt.Sprintf("VXLAN %d", link.VNI))
	case link.Kind == "bridge" && link.Filtering:
		notes = append(notes, "bridge, VLAN filtering")
	case link.Kind != "" && link.Kind != "veth":
		notes = append(notes, link.Kind)
	}
	if n.card != "" {
		notes = append(notes, n.card)
	}
	notes = append(notes, summary(link.Addresses)...)
	if link.MTU != 0 && link.MTU != 1500 {
		notes = append(notes, fmt.Sprintf("MTU %d", link.MTU))
	}
	if n.end == nil && link.Controller != "" {
		if text := vlanText(link.VLANs); text != "" {
			notes = append(notes, text)
		}
	}
	if state := n.state(); state != "" {
		notes = append(notes, state)
	}
	if len(link.Drift) > 0 {
		notes = append(notes, driftMark+few(link.Drift))
	}
	return notes
}

// state is what is worth a word.
func (n *node) state() string {
	switch {
	case n.link.State == topology.Down || n.link.State == topology.NoCarrier:
		return n.link.State
	case n.link.Role != "":
		return n.link.Role
	}
	return ""
}

// mostAddresses are shown of one link, and mostOptions of its options.
const mostAddresses, mostOptions = 3, 3

// driftMark begins the line about options that are not as declared.
const driftMark = "drift: "

// few are the first of some options, and how many there are beside these.
func few(options []string) string {
	if len(options) <= mostOptions {
		return strings.Join(options, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(options[:mostOptions-1], ", "), len(options)-mostOptions+1)
}

// mostNames are shown of containers that are drawn as one.
const mostNames = 5

// alikeNames are those of the namespaces that are drawn as one, by what they serve where they are named as
// OpenStack-Ansible does: HOST_SERVICE_container-NUMBER.
func (s *space) alikeNames() []string {
	var names []string
	count := map[string]int{}
	for _, one := range append([]*topology.Namespace{s.namespace}, s.alike...) {
		name := one.Name
		if before, _, found := strings.Cut(name, "_container-"); found {
			if _, service, found := strings.Cut(before, "_"); found {
				name = service
			}
		}
		if count[name]++; count[name] == 1 {
			names = append(names, name)
		}
	}
	for i, name := range names {
		if count[name] > 1 {
			names[i] = fmt.Sprintf("%d × %s", count[name], name)
		}
	}
	return names
}

// summary shows few addresses one by one, and many by their networks.
func summary(addresses []string) []string {
	if len(addresses) <= mostAddresses {
		return addresses
	}
	var networks []string
	count, only := map[string]int{}, map[string]string{}
	for _, address := range addresses {
		network := address
		if prefix, err := netip.ParsePrefix(address); err == nil {
			network = prefix.Masked().String()
		}
		if count[network]++; count[network] == 1 {
			networks, only[network] = append(networks, network), address
		}
	}
	for i, network := range networks {
		if count[network] == 1 {
			networks[i] = only[network]
		} else {
			networks[i] = fmt.Sprintf("%d in %s", count[network], network)
		}
	}
	if len(networks) > mostAddresses {
		more := fmt.Sprintf("and %d more", len(networks)-mostAddresses+1)
		networks = append(slices.Clone(networks[:mostAddresses-1]), more)
	}
	return networks
}

// vlanText is what a port of a filtering bridge carries, "" where that is only the usual VLAN 1.
func vlanText(vlans []topology.PortVLAN) string {
	var tagged []string
	untagged := ""
	for i := 0; i < len(vlans); i++ {
		one := vlans[i]
		if one.Untagged {
			untagged = fmt.Sprint(one.ID)
			continue
		}
		last := i
		for last+1 < len(vlans) && !vlans[last+1].Untagged && vlans[last+1].ID == vlans[last].ID+1 {
			last++
		}
		if last > i {
			tagged = append(tagged, fmt.Sprintf("%d-%d", one.ID, vlans[last].ID))
		} else {
			tagged = append(tagged, fmt.Sprint(one.ID))
		}
		i = last
	}
	switch {
	case len(tagged) > 0 && untagged != "" && untagged != "1":
		return "VLAN " + untagged + ", tagged " + strings.Join(tagged, " ")
	case len(tagged) > 0:
		return "tagged " + strings.Join(tagged, " ")
	case untagged != "" && untagged != "1":
		return "VLAN " + untagged
	}
	return ""
}

// measure finds the sizes of all boxes, and the widths that trees need.
func (s *space) measure() {
	for _, inner := range s.within {
		inner.measure()
	}
	for _, inner := range s.within {
		widths := map[*column]float64{}
		for _, root := range inner.roots {
			if column := inner.under[root]; column != nil {
				if widths[column] > 0 {
					widths[column] += gap
				}
				widths[column] += max(root.span, root.endWidth())
				column.width = max(column.width, widths[column])
			}
		}
	}
	for _, root := range s.roots {
		root.measure()
	}
	s.measureTitle()
}

func (s *space) measureTitle() {
	name := s.namespace.Name
	kind := s.namespace.Kind
	if len(s.alike) > 0 {
		s.title = []string{fmt.Sprintf("%d %ss", len(s.alike)+1, kind)}
		names := s.alikeNames()
		for i, one := range names {
			if i == mostNames-1 && len(names) > mostNames {
				s.title = append(s.title, fmt.Sprintf("and %d more", len(names)-i))
				break
			}
			s.title = append(s.title, shorten(one, noteSize, gutter-busAside-2*padding))
		}
		return
	}
	s.title = []string{kind}
	most := gutter - busAside - 2*padding
	if s.namespace.Within != "" {
		most = widest // beneath the interfaces there is room
	}
	s.title = append(s.title, breakName(name, most)...)
	if s.namespace.Stopped {
		s.title = append(s.title, "stopped")
	}
}

// breakName breaks a long name at its signs, and what is longer without one anywhere.
func breakName(name string, most float64) []string {
	var lines []string
	line := ""
	for _, part := range nameParts().FindAllString(name, -1) {
		if line != "" && width(line+part, titleSize) > most {
			lines, line = append(lines, line), ""
		}
		for _, r := range part {
			if line != "" && width(line+string(r), titleSize) > most {
				lines, line = append(lines, line), ""
			}
			line += string(r)
		}
	}
	return append(lines, line)
}

// nameParts are what a name falls into after its signs.
var nameParts = pattern.Of(`[^_.-]*[_.-]|[^_.-]+`)

func (n *node) measure() {
	n.note = n.describe()
	for i := range n.note {
		n.note[i] = shorten(n.note[i], noteSize, widest-2*padding)
	}
	n.w = max(narrowest, width(n.link.Name, nameSize)*1.08+2*padding)
	for _, note := range n.note {
		n.w = max(n.w, width(note, noteSize)+2*padding)
	}
	n.h = nameHeight + noteHeight*float64(len(n.note)) + padding
	if len(n.ports) > 0 {
		inner, highest := padding, 0.0
		for _, port := range n.ports {
			port.measure()
			inner += port.w + padding
			highest = max(highest, port.h)
		}
		n.w = max(n.w, inner)
		n.h += highest + padding
	}
	n.span = max(n.w, n.belowWidth())
}

// belowWidth is what all below a node takes side by side.
func (n *node) belowWidth() float64 {
	total := 0.0
	add := func(width float64) {
		if total > 0 {
			total += gap
		}
		total += width
	}
	for _, one := range n.below {
		one.measure()
		add(one.span)
	}
	if n.column != nil {
		add(n.column.width)
	}
	return total
}

// endWidth is that of the host's end of a pair.
func (n *node) endWidth() float64 {
	if n.end == nil {
		return 0
	}
	return width(n.endText(), noteSize) + padding
}

func (n *node) endText() string {
	if n.alike > 0 {
		return fmt.Sprintf("%d pairs", n.alike+1)
	}
	text := n.end.Name
	if vlans := vlanText(n.end.VLANs); vlans != "" && n.end.Kind == "veth" {
		text += " · " + vlans
	}
	if n.end.State == topology.Down && n.link.State != topology.Down {
		text += " · down"
	}
	return text
}
