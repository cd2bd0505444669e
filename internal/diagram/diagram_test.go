package diagram

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"hostnet.linux/internal/topology"
)

var update = flag.Bool("update", false, "write the pictures that are compared with")

func load(t testing.TB, file string) []*topology.Host {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var hosts []*topology.Host
	if err := json.Unmarshal(text, &hosts); err != nil {
		t.Fatal(err)
	}
	return hosts
}

// hundred is a host with a hundred containers as OpenStack-Ansible names them; every fourth has a third interface.
func hundred(t testing.TB) []*topology.Host {
	t.Helper()
	host := load(t, "three.json")[0]
	host.Namespaces = host.Namespaces[:1]
	root := host.Root()
	kept := root.Links[:0]
	for _, one := range root.Links {
		if one.Kind != "veth" {
			kept = append(kept, one)
		}
	}
	root.Links = kept
	services := []string{"galera", "keystone", "glance", "nova_api", "cinder"}
	for i := range 100 {
		inner := &topology.Namespace{Name: fmt.Sprintf("infra1_%s_container-%08x", services[i%len(services)], i),
			Kind: topology.Container}
		attach := func(name, bridge, address string) {
			end := fmt.Sprintf("c%d_%s", i, name)
			root.Links = append(root.Links, &topology.Link{
				Name: end, Kind: "veth", State: topology.Up, Controller: bridge, MTU: 1500,
				Peer: &topology.End{Namespace: inner.Name, Link: name},
			})
			inner.Links = append(inner.Links, &topology.Link{
				Name: name, Kind: "veth", State: topology.Up, MTU: 1500, Addresses: []string{address},
				Peer: &topology.End{Namespace: root.Name, Link: end},
			})
		}
		attach("eth0", "lxcbr0", fmt.Sprintf("10.0.3.%d/24", i+2))
		attach("eth1", "br-mgmt", fmt.Sprintf("172.29.237.%d/22", i+2))
		if i%4 == 0 {
			attach("eth2", "br-storage", fmt.Sprintf("172.29.245.%d/22", i+2))
		}
		if i == 57 {
			inner.Links[0].State = topology.NoCarrier
		}
		host.Namespaces = append(host.Namespaces, inner)
	}
	return []*topology.Host{host}
}

func render(t testing.TB, format string, hosts []*topology.Host, options Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := Draw(&out, format, hosts, options); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var extensions = map[string]string{"svg": "svg", "dot": "dot", "mermaid": "mmd", "text": "txt"}

func TestGoldens(t *testing.T) {
	for name, hosts := range map[string][]*topology.Host{
		"three": load(t, "three.json"), "cloud": load(t, "cloud.json"), "hundred": hundred(t),
	} {
		for _, format := range Formats {
			file := "testdata/" + name + "." + extensions[format]
			got := render(t, format, hosts, Options{Fold: DefaultFold})
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s has changed: look at it, then run the test with -update", file)
			}
		}
	}
}

// valid reads the whole of an SVG and refuses what reaches outside of it.
func valid(t testing.TB, picture string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(picture))
	decoder.Strict = true
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v in\n%s", err, picture)
		}
		if start, isStart := token.(xml.StartElement); isStart {
			if start.Name.Local == "script" || start.Name.Local == "image" || start.Name.Local == "use" {
				t.Errorf("the picture has an element %s", start.Name.Local)
			}
			for _, attribute := range start.Attr {
				if strings.HasPrefix(attribute.Name.Local, "on") || attribute.Name.Local == "href" {
					t.Errorf("the picture has an attribute %s", attribute.Name.Local)
				}
			}
		}
	}
	if regexp.MustCompile(`@import|@font-face|url\(`).MatchString(picture) {
		t.Error("the picture needs something from outside")
	}
	if !strings.Contains(picture, "prefers-color-scheme:dark") {
		t.Error("the picture has no dark colours")
	}
	if strings.Contains(picture, "NaN") || strings.Contains(picture, "Inf ") {
		t.Error("the picture has lengths that are no numbers")
	}
}

// TestSVGIsValid: also with names that would end an attribute.
func TestSVGIsValid(t *testing.T) {
	hosts := load(t, "three.json")
	hosts[0].Root().Links[1].Name = `<&">'` + "\x01\x1b"
	valid(t, render(t, "svg", hosts, Options{Title: "</title><script>"}))
	valid(t, render(t, "svg", load(t, "cloud.json"), Options{}))
	valid(t, render(t, "svg", hundred(t), Options{Fold: 1}))
}

// TestRenderedPicture asks a renderer what the picture looks like: its size, and that each traffic's colour is in it.
func TestRenderedPicture(t *testing.T) {
	if _, err := exec.LookPath("rsvg-convert"); err != nil {
		if os.Getenv("HOSTNET_NO_SKIP") == "1" {
			t.Fatal(err)
		}
		t.Skip("rsvg-convert is not installed: librsvg2-bin in Debian")
	}
	command := exec.Command("rsvg-convert", "--format", "png")
	command.Stdin = strings.NewReader(render(t, "svg", load(t, "three.json"), Options{}))
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds(); size.Dx() < 600 || size.Dy() < 600 {
		t.Errorf("the picture is %v", size)
	}
	count := map[[3]uint32]int{}
	for x := range picture.Bounds().Dx() {
		for y := range picture.Bounds().Dy() {
			r, g, b, _ := picture.At(x, y).RGBA()
			count[[3]uint32{r >> 8, g >> 8, b >> 8}]++
		}
	}
	for name, colour := range map[string][3]uint32{
		"management": {0x8e, 0x1b, 0x10}, "storage": {0xd1, 0x30, 0x3c}, "tunnel": {0x1c, 0x78, 0xc8},
		"provider": {0xa3, 0xd0, 0xf5},
		"lxc":      {0xc9, 0xcd, 0xd4}, "host": {0xe3, 0xe6, 0xeb}, "container": {0xf7, 0xf8, 0xfa},
		"page": {0xff, 0xff, 0xff}, "no carrier": {0xff, 0xf4, 0xe0},
	} {
		if count[colour] < 1000 {
			t.Errorf("%d pixels have the colour of %s", count[colour], name)
		}
	}
}

// TestFolding: a hundred containers fit on a page, and the one in trouble is drawn by itself.
func TestFolding(t *testing.T) {
	hosts := hundred(t)
	text := render(t, "svg", hosts, Options{Fold: DefaultFold})
	for _, want := range []string{"25 containers", "74 containers", "no carrier", "container-00000039"} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	if all := render(t, "svg", hosts, Options{}); strings.Count(all, `class="end"`) != 225 {
		t.Errorf("without folding, %d ends of pairs are drawn, not 225", strings.Count(all, `class="end"`))
	}
}

// TestNothingOverlaps lays out hosts of many shapes: no box lies on another, every box is within its namespace.
func TestNothingOverlaps(t *testing.T) {
	check := func(name string, hosts []*topology.Host, options Options) {
		for _, host := range hosts {
			s := build(host, options)
			s.measure()
			s.place(margin, margin, true)
			for _, problem := range misplaced(s) {
				t.Errorf("%s: %s", name, problem)
			}
		}
	}
	check("three", load(t, "three.json"), Options{})
	check("cloud", load(t, "cloud.json"), Options{})
	check("hundred", hundred(t), Options{})
	check("hundred, folded", hundred(t), Options{Fold: DefaultFold})
	for seed := range uint64(300) {
		check(fmt.Sprintf("seed %d", seed), []*topology.Host{random(seed)}, Options{Fold: int(seed % 4)})
	}
}

// misplaced are the boxes of a space that lie on each other or stick out.
func misplaced(s *space) []string {
	var problems []string
	boxes := map[string]box{}
	for _, one := range s.nodes() {
		boxes[one.link.Name] = one.box
	}
	for _, inner := range s.within {
		boxes["frame of "+inner.namespace.Name] = inner.box
		problems = append(problems, misplaced(inner)...)
	}
	for name, one := range boxes {
		if one.x < s.x || one.right() > s.right()+0.01 || one.y < s.y || one.bottom() > s.bottom()+0.01 {
			problems = append(problems, fmt.Sprintf("%s is not within %s: %v in %v", name, s.namespace.Name, one, s.box))
		}
		for other, two := range boxes {
			if name < other && one.x < two.right()-0.01 && two.x < one.right()-0.01 && one.y < two.bottom()-0.01 &&
				two.y < one.bottom()-0.01 {
				problems = append(problems, fmt.Sprintf("%s lies on %s in %s", name, other, s.namespace.Name))
			}
		}
	}
	return problems
}

// random is a host of bonds, VLANs, bridges and containers, wired at random, also in circles.
func random(seed uint64) *topology.Host {
	r := rand.New(rand.NewPCG(seed, 1))
	root := &topology.Namespace{Name: "host", Kind: topology.Machine}
	host := &topology.Host{Name: "host", Namespaces: []*topology.Namespace{root}}
	fill(r, host, root, 2+r.IntN(10))
	for i := range r.IntN(6) {
		inner := &topology.Namespace{Name: fmt.Sprintf("c%d", i), Kind: topology.Container}
		host.Namespaces = append(host.Namespaces, inner)
		attach(r, root, inner)
		fill(r, host, inner, r.IntN(4))
		for j := range r.IntN(3) {
			innermost := &topology.Namespace{Name: fmt.Sprintf("q%d", j), Kind: topology.Named, Within: inner.Name}
			host.Namespaces = append(host.Namespaces, innermost)
			attach(r, inner, innermost)
		}
	}
	return host
}

func fill(r *rand.Rand, _ *topology.Host, n *topology.Namespace, count int) {
	kinds := []string{"", "bond", "vlan", "vxlan", "bridge", "dummy", "veth"}
	states := []string{topology.Up, topology.Down, topology.NoCarrier}
	for i := range count {
		link := &topology.Link{Name: fmt.Sprintf("l%d-%s", i, strings.Repeat("x", r.IntN(8))),
			Kind: kinds[r.IntN(len(kinds))], State: states[r.IntN(3)], MTU: 1500}
		for range r.IntN(3) {
			link.Addresses = append(link.Addresses, fmt.Sprintf("2001:db8::%x/64", r.IntN(1<<16)))
		}
		n.Links = append(n.Links, link)
	}
	for _, link := range n.Links {
		other := n.Links[r.IntN(len(n.Links))]
		if other.Kind == "bond" && link.Kind == "" || other.Kind == "bridge" && link != other {
			link.Controller = other.Name
		} else if (link.Kind == "vlan" || link.Kind == "vxlan") && link != other {
			link.Parent = other.Name
		}
	}
}

func attach(r *rand.Rand, outer, inner *topology.Namespace) {
	for i := range r.IntN(4) {
		name, end := fmt.Sprintf("eth%d", i), fmt.Sprintf("%s_eth%d", inner.Name, i)
		link := &topology.Link{Name: end, Kind: "veth", State: topology.Up,
			Peer: &topology.End{Namespace: inner.Name, Within: inner.Within, Link: name}}
		if len(outer.Links) > 0 {
			if owner := outer.Links[r.IntN(len(outer.Links))]; owner.Kind == "bridge" {
				link.Controller = owner.Name
			}
		}
		outer.Links = append(outer.Links, link)
		inner.Links = append(inner.Links, &topology.Link{
			Name: name, Kind: "veth", State: topology.Up, Addresses: []string{fmt.Sprintf("10.0.0.%d/24", r.IntN(250))},
			Peer: &topology.End{Namespace: outer.Name, Within: outer.Within, Link: end},
		})
	}
}

// FuzzInfo draws whatever JSON a task may hand over, in every format.
func FuzzInfo(f *testing.F) {
	for _, file := range []string{"three.json", "cloud.json"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		var hosts []json.RawMessage
		if err := json.Unmarshal(text, &hosts); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(`{"topology":` + string(hosts[0]) + `}`))
	}
	f.Add(
		[]byte(
			`{"network":{"bonds":[{"name":"bond0","ports":["eth0",{"name":"eth1"}]}],"vlans":[{"name":"v","id":7,"parent":"bond0"}]},
		"containers":[{"container":"c","state":"stopped","interfaces":[{"name":"eth0","configured":{"bridge":"br0"}}]}]}`))
	f.Add(
		[]byte(
			`{"topology":{"namespaces":[null,{"links":[null,{"name":"a","parent":"a","controller":"a","peer":{"namespace":"","link":"a"}}]}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var fields map[string]any
		if json.Unmarshal(text, &fields) != nil {
			return
		}
		host, err := topology.FromInfo(fields)
		if err != nil {
			return
		}
		for _, format := range Formats {
			picture := render(t, format, []*topology.Host{host, host}, Options{Fold: 2})
			if format == "svg" {
				valid(t, picture)
			}
		}
	})
}
