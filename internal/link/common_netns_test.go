//go:build netns

package link_test

import (
	"strings"
	"testing"

	"hostnet.linux/internal/link"
)

var commonOptions = []option{
	{name: "mtu", place: "mtu", values: [][2]string{{"1400", "1400"}, {"9000", "9000"}, {"1500", "1500"}}},
	{name: "mac_address", place: "address",
		values: [][2]string{{`"02:00:00:00:00:aa"`, `"02:00:00:00:00:aa"`}, {`"02-00-00-00-00-BB"`, `"02:00:00:00:00:bb"`}}},
	{name: "accept_ra", place: "proc:ipv6/conf/x0/accept_ra", values: [][2]string{{"2", "2"}, {"0", "0"}, {"1", "1"}}},
	{name: "proxy_arp", place: "proc:ipv4/conf/x0/proxy_arp", values: [][2]string{{"true", "1"}, {"false", "0"}}},
	{name: "rp_filter", place: "proc:ipv4/conf/x0/rp_filter", values: [][2]string{{"1", "1"}, {"2", "2"}, {"0", "0"}}},
	{name: "forwarding", place: "proc:ipv4/conf/x0/forwarding", values: [][2]string{{"true", "1"}, {"false", "0"}}},
	{name: "forwarding", place: "proc:ipv6/conf/x0/forwarding", values: [][2]string{{"true", "1"}, {"false", "0"}}},
}

// bases are what a link of each kind needs to be made.
var bases = map[string]string{
	link.Bond: "", link.Bridge: "", link.Dummy: "", link.VXLAN: `"id": 7, "dst_port": 4789`, link.Veth: `"peer": "y0"`,
	link.VLAN: `"parent": "a0", "id": 7`, link.Macvlan: `"parent": "a0"`, link.VRF: `"table": 7`,
}

// TestCommonOptions tries what every kind has on every kind.
func TestCommonOptions(t *testing.T) {
	for kind, base := range bases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			need(t, kind)
			options := commonOptions
			if kind == link.VLAN || kind == link.Macvlan {
				// The parent has room for no more than 1500 bytes.
				options = append([]option{{name: "mtu", place: "mtu", values: [][2]string{{"1400", "1400"}, {"1500", "1500"}}}},
					commonOptions[1:]...)
			}
			try(t, kind, joined(`"name": "x0"`, base), "x0", options)
			t.Run("up", func(t *testing.T) { tryUp(t, kind, base) })
			t.Run("state", func(t *testing.T) { tryState(t, kind, base) })
		})
	}
}

func tryUp(t *testing.T, kind, base string) {
	t.Parallel()
	l := newLab(t)
	for _, up := range []string{"false", "true", "false", "true"} {
		l.must(t, kind, "{"+joined(`"name": "x0"`, base, `"up": `+up)+"}")
		if flags := l.told(t, "x0", "flags"); strings.Contains(flags, `"UP"`) != (up == "true") {
			t.Errorf("up %s: flags %s", up, flags)
		}
	}
	// Left out, it is up.
	l.must(t, kind, "{"+joined(`"name": "x0"`, base, `"up": false`)+"}")
	l.must(t, kind, "{"+joined(`"name": "x0"`, base)+"}")
	if flags := l.told(t, "x0", "flags"); !strings.Contains(flags, `"UP"`) {
		t.Errorf("left out: flags %s", flags)
	}
}

func tryState(t *testing.T, kind, base string) {
	t.Parallel()
	l := newLab(t)
	before := l.Snapshot(t)
	l.must(t, kind, "{"+joined(`"name": "x0"`, base)+"}")
	l.must(t, kind, `{"name": "x0", "state": "absent"}`)
	if after := l.Snapshot(t); after != before {
		t.Errorf("after state absent the host differs:\n%s\nwas\n%s", after, before)
	}
}

// TestInterfaceOptions tries what every kind has on a link that nobody makes.
func TestInterfaceOptions(t *testing.T) {
	var options []option
	for _, one := range commonOptions {
		one.place = strings.Replace(one.place, "/x0/", "/a0/", 1)
		options = append(options, one)
	}
	// Its name, state and up are TestInterface's, the rest takes hardware.
	complete(t, link.Hardware, options, "name", "state", "up", "match_mac_address", "match_pci_address")
	t.Parallel()
	try(t, link.Hardware, `"name": "a0"`, "a0", options)
}

// TestInterface is about links that are there already.
func TestInterface(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.must(t, link.Hardware, `{"name": "a0", "mtu": 1400, "mac_address": "02:00:00:00:00:aa"}`)
	if mtu, mac := l.told(t, "a0", "mtu"), l.told(t, "a0", "address"); mtu != "1400" || mac != `"02:00:00:00:00:aa"` {
		t.Errorf("mtu %s, address %s", mtu, mac)
	}
	l.must(t, link.Hardware, `{"name": "a0", "mtu": 1500, "up": false}`)
	if flags := l.told(t, "a0", "flags"); strings.Contains(flags, `"UP"`) {
		t.Errorf("flags %s", flags)
	}
	l.must(t, link.Bridge, `{"name": "x0", "ports": ["a0"]}`)
	l.must(t, link.Hardware, `{"name": "a0"}`)
	if flags, master := l.told(t, "a0", "flags"), l.told(t, "a0", "master"); !strings.Contains(flags, `"UP"`) ||
		master != `"x0"` {
		t.Errorf("flags %s, controller %s", flags, master)
	}
	l.must(t, link.Hardware, `{"name": "a0", "state": "absent"}`)
	if flags, master := l.told(t, "a0", "flags"), l.told(t, "a0", "master"); strings.Contains(flags, `"UP"`) ||
		master != "null" {
		t.Errorf("absent: flags %s, controller %s", flags, master)
	}
	before := l.Snapshot(t)
	if _, err := l.declare(t, link.Hardware, `{"name": "eth7"}`); err == nil ||
		!strings.Contains(err.Error(), "name: there is no interface eth7") {
		t.Errorf("a card that is not there: %v", err)
	}
	if l.Snapshot(t) != before {
		t.Error("a refused task changed the host")
	}
}
