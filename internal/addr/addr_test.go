package addr

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
)

func parse(raw any) ([]Address, schema.Problems) {
	var problems schema.Problems
	addresses, _ := List().Parse(raw, schema.At("addresses", &problems))
	return addresses, problems
}

func TestProblemsAreFoundBeforeTheKernelIsAsked(t *testing.T) {
	for text, want := range map[string]string{
		`["10.0.0.1"]`:                                              `addresses[0].address: must be an address with a prefix length such as 172.29.236.11/22, not "10.0.0.1"`,
		`["10.0.0.1/33"]`:                                           `addresses[0].address: must be an address with a prefix length such as 172.29.236.11/22, not "10.0.0.1/33"`,
		`["10.0.0.1/8", "::/128"]`:                                  `addresses[1].address: :: is not an address that a host can have`,
		`["10.0.0.1/24", "fd00::1/64", "fd00::1/48"]`:               `addresses[2]: fd00::1/48 is declared twice: it is also addresses[1]`,
		`["10.0.0.1/24", "10.0.0.1/24"]`:                            `addresses[1]: 10.0.0.1/24 is declared twice: it is also addresses[0]`,
		`[{"address": "10.0.0.1/24", "peer": "fd00::1"}]`:           `addresses[0].peer: fd00::1 is not of the same family as 10.0.0.1`,
		`[{"address": "10.0.0.1/24", "broadcast": "fd00::1"}]`:      `addresses[0].broadcast: must be an IPv4 address or none, not fd00::1`,
		`[{"address": "fd00::1/64", "label": "eth0:1"}]`:            `addresses[0].label: is of IPv4 addresses only`,
		`[{"address": "10.0.0.1/24", "label": "sixteen-letters!"}]`: `addresses[0].label: must be from 1 to 15 bytes long, not 16`,
		`[{"address": "10.0.0.1/24", "nodad": true}]`:               `addresses[0].nodad: is of IPv6 addresses only`,
		`[{"address": "fd00::1/48", "mngtmpaddr": true}]`:           `addresses[0].mngtmpaddr: needs a prefix of 64 bits, not 48`,
		`[{"address": "fd00::1/48", "autojoin": true}]`:             `addresses[0].autojoin: needs a multicast address, and fd00::1 is none`,
		`[{"address": "10.0.0.1/24", "scope": "gobal"}]`:            `addresses[0].scope: unknown name "gobal": did you mean "global"? (one of: global, host, link, nowhere, site)`,
		`[{"address": "10.0.0.1/24", "preferred_lifetime": 5}]`:     `addresses[0].preferred_lifetime: must be 0 or forever, not "5"`,
		`[{"adress": "10.0.0.1/24"}]`:                               `addresses[0]: option "address" is required`,
	} {
		var raw any
		if err := json.Unmarshal([]byte(text), &raw); err != nil {
			t.Fatal(err)
		}
		if _, problems := parse(raw); len(problems) == 0 || problems[0].String() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, problems, want)
		}
	}
}

func TestExportIsWhatParseTakes(t *testing.T) {
	raw := []any{
		"10.0.0.1/24",
		map[string]any{"address": "10.0.0.2/32", "peer": "10.0.1.1", "broadcast": "none", "label": "x", "scope": "link",
			"metric": 5., "noprefixroute": true},
		map[string]any{"address": "fd00::1/64", "preferred_lifetime": "0", "nodad": true, "home": true, "mngtmpaddr": true},
	}
	addresses, problems := parse(raw)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	exported, err := json.Marshal(List().Format(addresses))
	if err != nil {
		t.Fatal(err)
	}
	var again any
	if err := json.Unmarshal(exported, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(raw), again); diff != "" {
		t.Error(diff)
	}
}

func TestCheckpointSurvivesJSON(t *testing.T) {
	state := &State{Time: time.Unix(1, 0).UTC(), Addresses: []kernel.Address{
		{Link: "l0", Prefix: netip.MustParsePrefix("10.0.0.1/24"), Peer: netip.MustParseAddr("10.0.1.1"), Label: "l0:x",
			Flags: 0x80, ValidLifetime: 9},
		{Link: "l1", Prefix: netip.MustParsePrefix("fd00::1/64"), Metric: 7, Protocol: 18, ValidLifetime: kernel.Forever},
	}}
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	var again State
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(state, &again, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
}

// TestWhatRoutesAreTold checks what the plan of the routes learns of that of the addresses.
func TestWhatRoutesAreTold(t *testing.T) {
	four := func(link, prefix string) kernel.Address {
		return kernel.Address{Link: link, Prefix: netip.MustParsePrefix(prefix), ValidLifetime: kernel.Forever,
			PreferredLifetime: kernel.Forever}
	}
	labelled := four("only", "10.1.0.1/24")
	labelled.Label = "old"
	state := &State{Time: time.Now(), Addresses: []kernel.Address{
		labelled, four("two", "10.2.0.1/24"), four("two", "10.2.0.2/24"), four("bare", "10.3.0.1/24"),
		four("gone", "10.4.0.1/24"),
		four("port", "10.5.0.1/24"), four("port", "fd05::1/64"), four("up", "fd06::1/64"),
	}}
	label := "new"
	set := func(prefix string, label *string) []Address {
		one := netip.MustParsePrefix(prefix)
		return []Address{{Prefix: &one, Label: label}}
	}
	declared := map[string][]Address{
		"only": set("10.1.0.1/24", &label), "two": set("10.2.0.2/24", nil), "bare": {}, "taker": set("10.4.0.1/24", nil),
		"controller": append(set("10.5.0.1/24", nil), set("fd05::1/64", nil)...),
	}
	ground := plan.LinkEffects{
		Deleted: map[string]bool{"gone": true}, Joins: map[string]string{"port": "controller"},
		Impacts: map[string]plan.Impact{"port": plan.Flapped, "up": plan.Flapped},
	}
	told := Plan(nil, state, declared, ground).Addressing
	same(t, "emptied", told.Emptied, "bare only")
	same(t, "filled", told.Filled, "controller taker")
	// 10.5.0.1 is on the port until its controller has it; the port's IPv6 address is lost when it goes down.
	same(t, "interrupted", told.Interrupted, "10.1.0.1 10.4.0.1 fd05::1 fd06::1")
	same(t, "own", told.Own, "10.1.0.1 10.2.0.2 10.4.0.1 10.5.0.1 fd05::1 fd06::1")
	same(t, "removed", told.Removed, "10.2.0.1 10.3.0.1")
	var moves []string
	for _, move := range told.Moves {
		moves = append(moves, move.Address.String()+" "+move.Network.String()+" "+move.From+">"+move.To)
	}
	want := []string{"10.4.0.1 10.4.0.0/24 gone>taker", "10.5.0.1 10.5.0.0/24 port>controller",
		"fd05::1 fd05::/64 port>controller"}
	if diff := cmp.Diff(want, moves); diff != "" {
		t.Errorf("moves: %s", diff)
	}
}

func same[K comparable](t *testing.T, what string, got map[K]bool, want string) {
	t.Helper()
	var keys []string
	for key, is := range got {
		if is {
			keys = append(keys, fmt.Sprint(key))
		}
	}
	slices.Sort(keys)
	if strings.Join(keys, " ") != want {
		t.Errorf("%s: %v, want %s", what, keys, want)
	}
}

func TestOrigin(t *testing.T) {
	six, four := netip.MustParsePrefix("fd00::1/64"), netip.MustParsePrefix("10.0.0.1/24")
	for _, c := range []struct {
		address kernel.Address
		want    maker
	}{
		{kernel.Address{Prefix: four, ValidLifetime: kernel.Forever, PreferredLifetime: kernel.Forever}, static},
		{kernel.Address{Prefix: four, ValidLifetime: kernel.Forever, PreferredLifetime: 0}, static},
		{kernel.Address{Prefix: four, ValidLifetime: kernel.Forever, PreferredLifetime: kernel.Forever,
			Flags: unix.IFA_F_SECONDARY}, static},
		{kernel.Address{Prefix: four, ValidLifetime: 600, PreferredLifetime: 600}, foreign},
		{kernel.Address{Prefix: six, ValidLifetime: kernel.Forever, PreferredLifetime: 9}, foreign},
		{kernel.Address{Prefix: six, ValidLifetime: kernel.Forever, PreferredLifetime: kernel.Forever,
			Protocol: protoRouterAdvertisement}, foreign},
		{kernel.Address{Prefix: six, ValidLifetime: 600, Flags: unix.IFA_F_TEMPORARY}, automatic},
		{kernel.Address{Prefix: six, ValidLifetime: kernel.Forever, PreferredLifetime: kernel.Forever,
			Protocol: protoLinkLocal}, automatic},
	} {
		if got := origin(c.address); got != c.want {
			t.Errorf("%+v: %v, want %v", c.address, got, c.want)
		}
	}
}

func FuzzList(f *testing.F) {
	for _, seed := range []string{
		`["10.0.0.1/24", "fd00::1/64"]`, `"10.0.0.1/24, 10.0.0.2/24"`,
		`[{"address": "10.0.0.1/24", "scope": 253, "label": "a"}]`,
		`[{"address": 5, "peer": []}]`, `{"address": "::1/128"}`, `[null]`, `[["10.0.0.1/24"]]`, `["fe80::1%eth0/64"]`,
		`["::ffff:10.0.0.1/120"]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw any
		if json.Unmarshal([]byte(text), &raw) != nil {
			return
		}
		addresses, problems := parse(raw)
		if len(problems) > 0 {
			return
		}
		exported, err := json.Marshal(List().Format(addresses))
		if err != nil {
			t.Fatal(err)
		}
		var back any
		if err := json.Unmarshal(exported, &back); err != nil {
			t.Fatal(err)
		}
		again, problems := parse(back)
		if len(problems) > 0 || !List().Equal(addresses, again) {
			t.Errorf("%s: exported as %s, which gives %v", text, exported, problems)
		}
	})
}
