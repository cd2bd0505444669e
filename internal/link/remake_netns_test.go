//go:build netns

package link_test

import (
	"fmt"
	"strings"
	"testing"

	"hostnet.linux/internal/link"
)

// remade are links that the kernel cannot change into what is declared next.
var remade = map[string]struct {
	kind, group, before string
	kindAfter, after    string
	place, want         string
}{
	"another VLAN identifier":  {link.VLAN, "vlans", `"parent": "a0", "id": 10`, link.VLAN, `"id": 11`, data + "id", "11"},
	"another VXLAN identifier": {link.VXLAN, "vxlans", tunnel, link.VXLAN, `"id": 8`, data + "id", "8"},
	"another peer":             {link.Veth, "veths", `"peer": "y0"`, link.Veth, `"peer": "z0"`, "link", `"z0"`},
	"another kind": {link.Macvlan, "macvlans", `"parent": "a0"`, link.Veth, `"peer": "y0"`,
		"linkinfo.info_kind", `"veth"`},
}

// TestWhatHungOnALinkComesBack makes links again, of which nothing is declared but what changes: their addresses and
// routes, and the VLANs on them with theirs, are there as before, or their place and options in a bridge.
func TestWhatHungOnALinkComesBack(t *testing.T) {
	for name, one := range remade {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need(t, one.kind)
			need(t, link.VLAN)
			l := newLab(t)
			// In two tasks, as both may be VLANs.
			l.mustNetwork(t,
				fmt.Sprintf(
					`{%q: [{"name": "x0", %s, "addresses": ["198.51.100.1/24", "2001:db8::1/64"], "routes": [{"to": "203.0.113.0/24", "via": "198.51.100.2"}]}]}`, one.group, one.before))
			l.must(t, link.VLAN,
				`{"name": "top", "parent": "x0", "id": 7, "addresses": ["192.0.2.1/24"], "routes": [{"to": "default", "via": "192.0.2.2"}]}`)
			l.must(t, one.kindAfter, `{"name": "x0", `+one.after+`}`)
			if got := l.told(t, "x0", one.place); got != one.want {
				t.Errorf("%s is %s, want %s", one.place, got, one.want)
			}
			for command, wanted := range map[string][]string{
				"address show dev x0":  {"198.51.100.1/24", "2001:db8::1/64"},
				"address show dev top": {"192.0.2.1/24", "top@x0"},
				"route":                {"203.0.113.0/24 via 198.51.100.2 dev x0", "default via 192.0.2.2 dev top"},
			} {
				said := l.IP(t, strings.Fields(command)...)
				for _, want := range wanted {
					if !strings.Contains(said, want) {
						t.Errorf("ip %s lacks %q:\n%s", command, want, said)
					}
				}
			}
		})
		t.Run(name+" of a port", func(t *testing.T) {
			t.Parallel()
			need(t, one.kind)
			l := newLab(t)
			l.mustNetwork(t,
				fmt.Sprintf(
					`{%q: [{"name": "x0", %s}], "bridges": [{"name": "br0", "ports": [{"name": "x0", "cost": 9, "isolated": true}], "addresses": ["192.0.2.1/24"]}]}`, one.group, one.before))
			bridge := l.told(t, "br0", "ifindex")
			l.must(t, one.kindAfter, `{"name": "x0", `+one.after+`}`)
			for place, want := range map[string]string{one.place: one.want, "master": `"br0"`, slave + "cost": "9",
				slave + "isolated": "true"} {
				if got := l.told(t, "x0", place); got != want {
					t.Errorf("%s is %s, want %s", place, got, want)
				}
			}
			if l.told(t, "br0", "ifindex") != bridge {
				t.Error("the bridge was made again as well")
			}
		})
	}
}

// TestRestoredWithoutWhatItLacked: what a link did not have before a change, it does not have after the way back.
func TestRestoredWithoutWhatItLacked(t *testing.T) {
	for name, one := range map[string]struct{ kind, before, change string }{
		"remote":  {link.VXLAN, tunnel, `"remote": "192.0.2.1", "local": "192.0.2.2"`},
		"IPv6":    {link.VXLAN, tunnel + `, "remote": "192.0.2.1"`, `"remote": "2001:db8::1"`},
		"group":   {link.VXLAN, tunnel, `"group": "239.0.0.1", "parent": "a0"`},
		"primary": {link.Bond, activeBackup + `, "miimon": 100, "ports": ["a0", "a1"]`, `"primary": "a1"`},
	} {
		t.Run(name, func(t *testing.T) {
			need(t, one.kind)
			t.Parallel()
			l := newLab(t)
			l.must(t, one.kind, `{"name": "x0", `+one.before+`}`)
			before, err := l.host.Observe()
			if err != nil {
				t.Fatal(err)
			}
			was := l.Snapshot(t)
			l.must(t, one.kind, `{"name": "x0", `+one.change+`}`)
			if left, err := l.host.Restore(before, map[string]bool{"x0": true}); err != nil || len(left) > 0 {
				t.Fatal(err, left)
			}
			if is := l.Snapshot(t); is != was {
				t.Errorf("the host differs:\n%s\n%s", was, is)
			}
		})
	}
}
