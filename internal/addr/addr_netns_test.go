//go:build netns

package addr

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/plan"
)

func TestEveryOption(t *testing.T) {
	// Each row is set, changed and reset; the values are what iproute2 must show under the key, nil for nothing.
	rows := []struct {
		key                 string
		set, changed, reset string
		want                [3]any
	}{
		{"address", `{"address": "10.0.0.1/24", "peer": "10.0.1.9"}`, `{"address": "10.0.0.1/24", "peer": "10.0.2.9"}`,
			`"10.0.0.1/24"`,
			[3]any{"10.0.1.9", "10.0.2.9", nil}},
		{"address", `{"address": "fd00::1/64", "peer": "fd00:1::9"}`, `{"address": "fd00::1/64", "peer": "fd00:2::9"}`,
			`"fd00::1/64"`,
			[3]any{"fd00:1::9", "fd00:2::9", "fd00:2::9"}}, // an IPv6 peer that is left out is not managed
		{"broadcast", `{"address": "10.0.0.1/24", "broadcast": "10.0.0.255"}`,
			`{"address": "10.0.0.1/24", "broadcast": "10.0.0.127"}`,
			`{"address": "10.0.0.1/24", "broadcast": "none"}`, [3]any{"10.0.0.255", "10.0.0.127", nil}},
		{"label", `{"address": "10.0.0.1/24", "label": "l0:1"}`, `{"address": "10.0.0.1/24", "label": "l0:2"}`,
			`{"address": "10.0.0.1/24", "label": "l0"}`, [3]any{"l0:1", "l0:2", "l0"}},
		{"scope", `{"address": "10.0.0.1/24", "scope": "link"}`, `{"address": "10.0.0.1/24", "scope": "host"}`,
			`{"address": "10.0.0.1/24", "scope": "global"}`, [3]any{"link", "host", "global"}},
		{"metric", `{"address": "10.0.0.1/24", "metric": 7}`, `{"address": "10.0.0.1/24", "metric": 8}`,
			`{"address": "10.0.0.1/24", "metric": 0}`, [3]any{7., 8., nil}},
		{"metric", `{"address": "fd00::1/64", "metric": 7}`, `{"address": "fd00::1/64", "metric": 8}`,
			`{"address": "fd00::1/64", "metric": 0}`, [3]any{7., 8., nil}},
		{"deprecated", `{"address": "fd00::1/64", "preferred_lifetime": 0}`, `"fd00::1/64"`,
			`{"address": "fd00::1/64", "preferred_lifetime": "forever"}`, [3]any{true, true, nil}},
		{"deprecated", `{"address": "10.0.0.1/24", "preferred_lifetime": 0}`, `"10.0.0.1/24"`,
			`{"address": "10.0.0.1/24", "preferred_lifetime": "forever"}`, [3]any{true, true, nil}},
		{"noprefixroute", `{"address": "10.0.0.1/24", "noprefixroute": true}`, `{"address": "10.0.0.1/24"}`,
			`{"address": "10.0.0.1/24", "noprefixroute": false}`, [3]any{true, true, nil}},
		{"noprefixroute", `{"address": "fd00::1/64", "noprefixroute": "yes"}`, `{"address": "fd00::1/64"}`,
			`{"address": "fd00::1/64", "noprefixroute": "no"}`, [3]any{true, true, nil}},
		{"nodad", `{"address": "fd00::1/64", "nodad": true}`, `{"address": "fd00::1/64"}`,
			`{"address": "fd00::1/64", "nodad": false}`,
			[3]any{true, true, nil}},
		{"home", `{"address": "fd00::1/64", "home": true}`, `{"address": "fd00::1/64"}`,
			`{"address": "fd00::1/64", "home": false}`,
			[3]any{true, true, nil}},
		{"mngtmpaddr", `{"address": "fd00::1/64", "mngtmpaddr": true}`, `{"address": "fd00::1/64"}`,
			`{"address": "fd00::1/64", "mngtmpaddr": false}`,
			[3]any{true, true, nil}},
		{"autojoin", `{"address": "ff05::77/128", "autojoin": true}`, `{"address": "ff05::77/128", "autojoin": true}`,
			`"fd00::1/64"`,
			[3]any{true, true, nil}},
		{"autojoin", `{"address": "239.1.2.3/32", "autojoin": true}`, `{"address": "239.1.2.3/32", "autojoin": true}`,
			`"10.0.0.1/24"`,
			[3]any{true, true, nil}},
		{"prefixlen", `"fd00::1/64"`, `"fd00::1/48"`, `"fd00::1/64"`, [3]any{64., 48., 64.}},
		{"prefixlen", `"10.0.0.1/24"`, `"10.0.0.1/16"`, `"10.0.0.1/24"`, [3]any{24., 16., 24.}},
	}
	for _, row := range rows {
		t.Run(row.key, func(t *testing.T) {
			l := newLab(t)
			l.IP(t, "link", "set", "l1", "down") // without a carrier nothing waits for duplicate address detection
			for i, value := range []string{row.set, row.changed, row.reset} {
				l.apply(t, `{"l0": [`+value+`]}`, plan.LinkEffects{})
				addresses := l.witness(t, "l0")
				found := false
				for _, address := range addresses {
					if !strings.HasPrefix(address["local"].(string), "fe80") {
						found = found || cmp.Equal(address[row.key], row.want[i])
					}
				}
				if !found {
					t.Errorf("after %s: %v, want %s %v", value, addresses, row.key, row.want[i])
				}
			}
		})
	}
}

func TestOnlyStaticAddressesAreManaged(t *testing.T) {
	l := newLab(t)
	l.IP(t, "address", "add", "10.0.0.9/24", "dev", "l0", "valid_lft", "600", "preferred_lft", "600")
	l.add(t, kernel.Address{Link: "l0", Prefix: netip.MustParsePrefix("10.0.1.9/24"), Protocol: 18}) // keepalived's
	l.IP(t, "address", "add", "fd00::9/64", "dev", "l0", "valid_lft", "600", "preferred_lft", "300")
	l.IP(t, "address", "add", "10.0.0.8/24", "dev", "l0")
	steps := l.apply(t, `{"l0": ["10.0.0.1/24", "fd00::1/64"]}`, plan.LinkEffects{})
	if want := "10.0.0.9 10.0.1.9 10.0.0.1 fd00::1 fd00::9"; l.locals(t, "l0") != want {
		t.Errorf("addresses %s, want %s, after\n%s", l.locals(t, "l0"), want, steps)
	}
	l.apply(t, `{"l0": []}`, plan.LinkEffects{})
	if want := "10.0.0.9 10.0.1.9 fd00::9"; l.locals(t, "l0") != want {
		t.Errorf("addresses %s, want %s", l.locals(t, "l0"), want)
	}
	var linkLocal int
	for _, address := range l.witness(t, "l0") {
		if strings.HasPrefix(address["local"].(string), "fe80") {
			linkLocal++
		}
	}
	if linkLocal != 1 {
		t.Errorf("%d link-local addresses by the kernel, want 1", linkLocal)
	}
	l.apply(t, `{"l0": ["10.0.0.9/24"]}`, plan.LinkEffects{})
	if lifetime := l.witness(t, "l0")[0]["valid_life_time"]; lifetime != float64(1<<32-1) {
		t.Errorf("a DHCP address that is declared has a lifetime of %v seconds, want for ever", lifetime)
	}
}

func TestSecondaryAddressesOutliveThePrimaryOne(t *testing.T) {
	l := newLab(t)
	for _, address := range []string{"10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24"} {
		l.IP(t, "address", "add", address, "dev", "l0")
	}
	l.IP(t, "route", "add", "10.9.0.0/16", "via", "10.0.0.254")
	steps := l.apply(t, `{"l0": ["10.0.0.2/24", "10.0.0.4/24"]}`, plan.LinkEffects{})
	if want := "10.0.0.2 10.0.0.4"; l.locals(t, "l0") != want {
		t.Errorf("addresses %s, want %s, after\n%s", l.locals(t, "l0"), want, steps)
	}
	if route := l.IP(t, "route", "show", "10.9.0.0/16"); route == "" {
		t.Error("the route through the network is gone")
	}
	l.apply(t, `{"l0": ["10.0.0.5/24"]}`, plan.LinkEffects{})
	if want := "10.0.0.5"; l.locals(t, "l0") != want {
		t.Errorf("addresses %s, want %s", l.locals(t, "l0"), want)
	}
	if setting := l.Exec(t, "cat", "/proc/sys/net/ipv4/conf/l0/promote_secondaries"); strings.TrimSpace(setting) != "0" {
		t.Errorf("promote_secondaries is left at %s", setting)
	}
}

func TestAddressesArePutBack(t *testing.T) {
	for _, loss := range []plan.Impact{plan.Flapped, plan.Recreated} {
		t.Run([]string{"kept", "bounced", "recreated"}[loss], func(t *testing.T) {
			l := newLab(t)
			l.IP(t, "address", "add", "10.0.0.9/24", "dev", "l0", "valid_lft", "600", "preferred_lft", "600", "noprefixroute")
			l.IP(t, "address", "add", "10.0.0.1/24", "broadcast", "+", "label", "l0:x", "dev", "l0")
			l.IP(t, "address", "add", "10.0.0.2", "peer", "10.3.0.2/24", "metric", "5", "dev", "l0")
			l.IP(t, "address", "add", "fd00::9/64", "dev", "l0", "valid_lft", "600", "preferred_lft", "300")
			l.IP(t, "address", "add", "fd00::1/64", "dev", "l0", "nodad")
			l.IP(t, "address", "add", "fd00::2/128", "dev", "l0", "preferred_lft", "0")
			l.add(t, kernel.Address{Link: "l0", Prefix: netip.MustParsePrefix("fd00::3/64"), Protocol: 99})
			time.Sleep(2500 * time.Millisecond) // until no address is tentative
			before, state := l.still(t, "l0"), l.observe(t)
			if loss == plan.Flapped {
				l.IP(t, "link", "set", "l0", "down")
			} else {
				l.IP(t, "link", "delete", "l0")
				l.IP(t, "link", "add", "name", "l0", "type", "veth", "peer", "name", "l1")
				l.IP(t, "link", "set", "l1", "up")
			}
			l.IP(t, "link", "set", "l0", "up")
			fresh, err := linux.Open(l.Name)
			if err != nil {
				t.Fatal(err)
			}
			defer fresh.Close()
			l.handle = fresh
			result := Plan(fresh, state, nil, plan.LinkEffects{Impacts: map[string]plan.Impact{"l0": loss}})
			run(t, result)
			if diff := cmp.Diff(before, l.still(t, "l0")); diff != "" {
				t.Errorf("not as before:\n%s%s", diff, show(result.Steps))
			}
			for _, address := range l.witness(t, "l0") {
				if seconds := address["valid_life_time"].(float64); seconds > 598 && seconds <= 600 {
					t.Errorf("%v has got its time back: %v seconds", address["local"], seconds)
				}
			}
		})
	}
}

func TestAddressesMoveToTheController(t *testing.T) {
	l := newLab(t)
	l.IP(t, "link", "add", "name", "br0", "type", "bridge")
	l.IP(t, "link", "set", "br0", "up")
	l.IP(t, "address", "add", "10.0.0.1/24", "dev", "l0")
	l.IP(t, "address", "add", "10.0.0.2/24", "dev", "l0", "valid_lft", "600", "preferred_lft", "600")
	l.IP(t, "address", "add", "10.0.7.1/24", "dev", "l0")
	l.IP(t, "address", "add", "fd00::1/64", "dev", "l0", "nodad")
	l.IP(t, "link", "set", "l0", "master", "br0")
	text := `{"br0": ["10.0.0.1/24", "10.0.0.2/24", {"address": "fd00::1/64", "nodad": true}]}`
	result := Plan(l.handle, l.observe(t), declare(t, text), plan.LinkEffects{Joins: map[string]string{"l0": "br0"}})
	run(t, result)
	if got, want := l.locals(t, "br0")+" | "+l.locals(t, "l0"), "10.0.0.1 10.0.0.2 fd00::1 | 10.0.7.1"; got != want {
		t.Errorf("addresses %s, want %s, after\n%s", got, want, show(result.Steps))
	}
	if len(result.Warnings) != 1 || !strings.Contains(result.Warnings[0], "10.0.7.1/24 on l0 is of no use") {
		t.Errorf("warnings %q, want one about 10.0.7.1", result.Warnings)
	}
	if len(result.Addressing.Moves) != 3 {
		t.Errorf("moves %v, want three", result.Addressing.Moves)
	}
	if len(result.Addressing.Interrupted) != 0 {
		t.Errorf("interrupted %v, want none: each address is on one of the links all the time", result.Addressing.Interrupted)
	}
}

func TestDuplicateAddress(t *testing.T) {
	l := newLab(t)
	other := netnstest.New(t)
	l.IP(t, "link", "set", "l1", "netns", other.Name)
	other.IP(t, "link", "set", "l1", "up")
	other.IP(t, "address", "add", "fd00::1/64", "dev", "l1", "nodad")
	declared := declare(t, `{"l0": ["fd00::1/64"]}`)
	result := Plan(l.handle, l.observe(t), declared, plan.LinkEffects{})
	err := plan.Run(result.Steps, nil)
	if err == nil || !strings.Contains(err.Error(), "another host on the link has address fd00::1/64 on l0") {
		t.Fatalf("error %v, want one about the duplicate", err)
	}
	again := Plan(l.handle, l.observe(t), declared, plan.LinkEffects{})
	if !strings.Contains(show(again.Steps), "replace address fd00::1/64 on l0 dadfailed=true→false") {
		t.Errorf("a duplicate address passes for a good one:\n%s", show(again.Steps))
	}
	other.IP(t, "address", "del", "fd00::1/64", "dev", "l1")
	if err := plan.Run(again.Steps, nil); err != nil {
		t.Error(err)
	}
	if left := Plan(l.handle, l.observe(t), declared, plan.LinkEffects{}); len(left.Steps) > 0 {
		t.Errorf("left to do:\n%s", show(left.Steps))
	}
}

func TestNobodyWaitsWithoutCarrier(t *testing.T) {
	l := newLab(t)
	l.IP(t, "link", "set", "l1", "down")
	started := time.Now()
	l.apply(t, `{"l0": ["fd00::1/64"]}`, plan.LinkEffects{})
	if elapsed := time.Since(started); elapsed > 2*time.Second {
		t.Errorf("waited %v for a link that has no carrier", elapsed)
	}
}

// TestRestoreBringsBackEverything changes addresses at random and puts them back.
func TestRestoreBringsBackEverything(t *testing.T) {
	l := newLab(t)
	l.IP(t, "link", "set", "l1", "down")
	random := rand.New(rand.NewPCG(1, 2))
	pool := []string{"10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24", "10.0.0.1/16", "10.1.0.1/24", "10.1.0.2/32",
		"fd00::1/64", "fd00::2/64", "fd01::1/64"}
	scramble := func() {
		l.IP(t, "address", "flush", "dev", "l0", "scope", "global")
		for _, i := range random.Perm(len(pool))[:random.IntN(len(pool)+1)] {
			l.IP(t, "address", "add", pool[i], "dev", "l0")
		}
	}
	for range 40 {
		scramble()
		before, checkpoint := l.still(t, "l0"), l.observe(t)
		if random.IntN(2) == 0 {
			scramble()
		} else if addresses := l.witness(t, "l0"); len(addresses) > 1 {
			victim := addresses[random.IntN(len(addresses)-1)]
			l.IP(t, "address", "del", victim["local"].(string)+"/"+strings.TrimSuffix(jsonNumber(victim["prefixlen"]), ".0"),
				"dev", "l0")
		}
		result := Restore(l.handle, l.observe(t), checkpoint, plan.LinkEffects{Down: map[string]bool{"l0": true}})
		run(t, result)
		if diff := cmp.Diff(before, l.still(t, "l0")); diff != "" {
			t.Fatalf("not as before:\n%s%s", diff, show(result.Steps))
		}
	}
}

// TestTheFirstDeclaredIsThePrimary: of the addresses of one network, the kernel sends from the one that came first.
func TestTheFirstDeclaredIsThePrimary(t *testing.T) {
	for name, one := range map[string]struct {
		before   []string
		declared string
		want     []string
	}{
		"none yet": {nil, `["10.3.0.2/24", "10.3.0.1/24"]`, []string{"10.3.0.2", "10.3.0.1"}},
		"the other order": {[]string{"10.3.0.1/24", "10.3.0.2/24"}, `["10.3.0.2/24", "10.3.0.1/24"]`,
			[]string{"10.3.0.2", "10.3.0.1"}},
		"the last of three": {[]string{"10.3.0.1/24", "10.3.0.2/24", "10.3.0.3/24"},
			`["10.3.0.3/24", "10.3.0.1/24", "10.3.0.2/24"]`, []string{"10.3.0.3", "10.3.0.1", "10.3.0.2"}},
		"a new first one": {[]string{"10.3.0.1/24"}, `["10.3.0.9/24", "10.3.0.1/24"]`, []string{"10.3.0.9", "10.3.0.1"}},
		"two networks": {[]string{"10.4.0.1/24", "10.3.0.1/24", "10.3.0.2/24"},
			`["10.3.0.2/24", "10.3.0.1/24", "10.4.0.1/24"]`, []string{"10.4.0.1", "10.3.0.2", "10.3.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			for _, address := range one.before {
				l.IP(t, "address", "add", address, "dev", "l0")
			}
			l.apply(t, `{"l0": `+one.declared+`}`, plan.LinkEffects{})
			var got []string
			for _, address := range l.witness(t, "l0") {
				if address["family"] == "inet" {
					got = append(got, address["local"].(string))
				}
			}
			if diff := cmp.Diff(one.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			first := strings.Trim(strings.SplitN(one.declared, "/", 2)[0], `["`)
			if route := l.IP(t, "route", "get", "10.3.0.77"); !strings.Contains(route, "src "+first+" ") {
				t.Errorf("the source: %s", route)
			}
		})
	}
}
