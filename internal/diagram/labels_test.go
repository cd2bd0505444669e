package diagram

import (
	"fmt"
	"strings"
	"testing"

	"hostnet.linux/internal/topology"
)

// hostOf is a host with those links and containers.
func hostOf(name string, links []*topology.Link, within ...*topology.Namespace) []*topology.Host {
	root := &topology.Namespace{Name: name, Kind: topology.Machine, Links: links}
	return []*topology.Host{{Name: name, Namespaces: append([]*topology.Namespace{root}, within...)}}
}

func inside(name string, links ...*topology.Link) *topology.Namespace {
	return &topology.Namespace{Name: name, Kind: topology.Container, Links: links}
}

// TestNothingIsCutOff: long names and addresses are whole, and what is left out is counted.
func TestNothingIsCutOff(t *testing.T) {
	t.Parallel()
	address := "2001:db8:1234:5678:9abc:def0:1234:5678/128"
	router := &topology.Namespace{Name: "qrouter-0af2c3a4-1234-5678-9abc-def012345678", Kind: topology.Named, Within: "c1",
		Links: []*topology.Link{{Name: "qr-0af2c3a4-12", Kind: "tun", State: topology.Up}}}
	long := strings.Repeat("x", 64)
	picture := render(t, "svg", hostOf("compute-017.region-one.example.org", []*topology.Link{
		{Name: "enp1s0f0np0.4094", State: topology.Up, Addresses: []string{address}},
		{Name: "br-a", Kind: "bridge", Drift: []string{"addresses", "mtu", "stp_state", "up"},
			Addresses: []string{"10.1.2.1/24", "10.1.3.1/24", "10.1.4.1/24", "10.1.4.2/24"}},
	}, inside("c1"), inside(long), router), Options{})
	for _, want := range []string{
		">" + address + "<", ">qrouter-0af2c3a4-1234-5678-9abc-<", ">def012345678<", ">10.1.2.1/24<", ">2 in 10.1.4.0/24<",
		">drift: addresses, mtu and 2 more<", "drift: addresses, mtu, stp_state, up</title>",
	} {
		if !strings.Contains(picture, want) {
			t.Errorf("the picture lacks %q", want)
		}
	}
	if strings.Contains(picture, "…") {
		t.Error("something is cut off")
	}
	if got := strings.Join(breakName(long, gutter-busAside-2*padding), ""); got != long {
		t.Errorf("the name became %q", got)
	}
}

// TestLinesPassBesideName: the lines to the networks do not run through the host's name.
func TestLinesPassBesideName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "compute-017.region-one.example.org", strings.Repeat("w", 63)} {
		host := hostOf(name, []*topology.Link{{Name: "e", State: topology.Up, Addresses: []string{"10.0.0.1/8"}}})[0]
		s := build(host, Options{})
		s.measure()
		s.place(margin, margin, true)
		if line, end := s.byName["e"].middle(), s.x+16+width(name, hostNameSize); line < end {
			t.Errorf("%s ends at %.0f, and a line is at %.0f", name, end, line)
		}
	}
}

// TestPairsBetweenContainers: a pair whose ends are in two containers is one line in every format.
func TestPairsBetweenContainers(t *testing.T) {
	t.Parallel()
	pair := func(name, container, far string) *topology.Link {
		return &topology.Link{Name: name, Kind: "veth", State: topology.Up,
			Peer: &topology.End{Namespace: container, Link: far}}
	}
	hosts := hostOf("h", nil, inside("one", pair("to-two", "two", "to-one")), inside("two", pair("to-one", "one", "to-two")))
	for format, want := range map[string]string{
		"svg": "dash-pair", "dot": "n1 -> n2 [style=dotted", "mermaid": "n1 -.- n2", "text": "container two: to-one",
	} {
		// Folded, they would be one container with a pair to nowhere.
		for _, fold := range []int{0, 1} {
			picture := render(t, format, hosts, Options{Fold: fold})
			drawn := picture
			if format == "svg" {
				_, drawn, _ = strings.Cut(picture, "</style>")
				drawn, _, _ = strings.Cut(drawn, "legend")
			}
			if got := strings.Count(drawn, want); got != 1 {
				t.Errorf("%s, folded from %d on: the pair is drawn %d times:\n%s", format, fold, got, picture)
			}
		}
	}
}

// TestPairsWithinText: the text names the other end of a pair that is in the same namespace.
func TestPairsWithinText(t *testing.T) {
	t.Parallel()
	pair := func(name, far string) *topology.Link {
		return &topology.Link{Name: name, Kind: "veth", State: topology.Up, Peer: &topology.End{Namespace: "h", Link: far}}
	}
	want := "a (veth, up, peer b)\nb (veth, up, peer a)\n"
	if got := render(t, "text", hostOf("h", []*topology.Link{pair("a", "b"), pair("b", "a")}), Options{}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestManyThatHangOnNothing: containers whose interfaces lead nowhere, such as stopped ones, stand below each other.
func TestManyThatHangOnNothing(t *testing.T) {
	t.Parallel()
	of := func(count int) float64 {
		var within []*topology.Namespace
		for i := range count {
			within = append(within, inside(fmt.Sprintf("c%d", i), &topology.Link{Name: "eth0", State: topology.Down}))
		}
		s := build(hostOf("h", nil, within...)[0], Options{})
		s.measure()
		s.place(0, 0, true)
		return s.w
	}
	if one, forty := of(1), of(40); one != forty {
		t.Errorf("one is %.0f wide, forty are %.0f", one, forty)
	}
}

// TestColumnsBesideChildren: the line into a container runs behind nothing that stands on the same link.
func TestColumnsBesideChildren(t *testing.T) {
	t.Parallel()
	hosts := hostOf("h", []*topology.Link{
		{Name: "eth0", State: topology.Up}, {Name: "a", Kind: "vlan", Parent: "eth0"}, {Name: "b", Kind: "vlan", Parent: "eth0"},
		{Name: "c", Kind: "vlan", Parent: "a"},
	}, inside("one", &topology.Link{Name: "mv", Kind: "macvlan", State: topology.Up, Peer: &topology.End{Namespace: "h", Link: "eth0"}}))
	s := build(hosts[0], Options{})
	s.measure()
	s.place(0, 0, true)
	line := s.within[0].byName["mv"].middle()
	for _, name := range []string{"a", "b", "c"} {
		if one := s.byName[name]; line > one.x && line < one.right() {
			t.Errorf("the line at %.0f is behind %s: %v", line, name, one.box)
		}
	}
	picture := render(t, "svg", hosts, Options{})
	if want := fmt.Sprintf("H%sV", number(line+margin)); !strings.Contains(picture, want) {
		t.Errorf("no line turns to %s:\n%s", want, picture)
	}
}
