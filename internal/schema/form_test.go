package schema

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reading is one value as a playbook has it, and what a form makes of it: the value as it is written again, or a part
// of the problem.
type reading struct {
	raw     any
	written any
	problem string
}

// check parses each value and writes it again; what was written must parse to the same.
func check[V any](t *testing.T, form Form[V], readings []reading) {
	t.Helper()
	for _, one := range readings {
		var problems Problems
		value, ok := form.Parse(one.raw, At("here", &problems))
		if one.problem != "" {
			if ok || len(problems) == 0 || !strings.Contains(problems.Error(), one.problem) {
				t.Errorf("%v: accepted %t, problems %q, want one with %q", one.raw, ok, problems, one.problem)
			}
			continue
		}
		if !ok || len(problems) > 0 {
			t.Errorf("%v: refused: %v", one.raw, problems)
			continue
		}
		written := form.Format(value)
		if diff := cmp.Diff(one.written, written); diff != "" {
			t.Errorf("%v is written (-want +got):\n%s", one.raw, diff)
		}
		again, ok := form.Parse(written, At("here", &problems))
		if !ok || !form.Equal(value, again) {
			t.Errorf("%v: what it is written as does not read back: %v", one.raw, problems)
		}
	}
}

func TestBool(t *testing.T) {
	check(t, Bool(), []reading{
		{raw: true, written: true}, {raw: "yes", written: true}, {raw: "Off", written: false}, {raw: "0", written: false},
		{raw: json.Number("1"), written: true},
		{raw: "maybe", problem: `must be a boolean (true or false), not "maybe"`},
		{raw: []any{}, problem: "not a list"}, {raw: nil, problem: "not nothing"},
	})
}

func TestInt(t *testing.T) {
	check(t, Int[uint16](1, 4094), []reading{
		{raw: 10, written: int64(10)}, {raw: "10", written: int64(10)}, {raw: json.Number("4094"), written: int64(4094)},
		{raw: 10.0, written: int64(10)}, {raw: "0x10", written: int64(16)},
		{raw: 0, problem: `must be from 1 to 4094, not "0"`}, {raw: 4095, problem: "from 1 to 4094"},
		{raw: -1, problem: "from 1 to 4094"},
		{raw: 1.5, problem: "must be a whole number"}, {raw: "ten", problem: "must be a whole number"},
		{raw: true, problem: "not true"},
		{raw: "1e99", problem: "must be a whole number"}, {raw: "NaN", problem: "must be a whole number"},
		{raw: map[string]any{}, problem: "not a dictionary"},
	})
}

func TestTicks(t *testing.T) {
	check(t, Ticks[uint32](100, 100, 1000),
		[]reading{{raw: 1, written: int64(1)}, {raw: 0.99, problem: "from 1 to 10 seconds"}})
	check(t, Ticks[uint32](100, 0, 3000), []reading{
		{raw: 15, written: int64(15)}, {raw: "1.5", written: 1.5}, {raw: 0, written: int64(0)},
		{raw: 31, problem: "from 0 to 30 seconds"}, {raw: -0.5, problem: "from 0 to 30 seconds"},
		{raw: "soon", problem: "must be a number"},
	})
}

func TestChoiceNamesTheNearest(t *testing.T) {
	check(t, Choice("balance-rr", "active-backup", "802.3ad"), []reading{
		{raw: "802.3ad", written: "802.3ad"},
		{raw: "active-backpu", problem: `did you mean "active-backup"?`},
		{raw: "802.3ae", written: "", problem: `did you mean "802.3ad"? (one of: balance-rr`},
		{raw: "zzz", problem: "(one of: balance-rr, active-backup, 802.3ad)"},
	})
}

func TestLinkName(t *testing.T) {
	check(t, LinkName(), []reading{
		{raw: "br-mgmt", written: "br-mgmt"}, {raw: 10, written: "10"},
		{raw: strings.Repeat("x", 15), written: strings.Repeat("x", 15)},
		{raw: strings.Repeat("x", 16), problem: "is 16 bytes long: the kernel takes at most 15"},
		{raw: "a/b", problem: "must not contain a slash"}, {raw: "a b", problem: "white space"},
		{raw: "..", problem: "is not allowed"}, {raw: "all", problem: "is not allowed"},
		{raw: "", problem: "needs a name"}, {raw: "eth%d", problem: "percent sign"},
	})
}

func TestAddresses(t *testing.T) {
	check(t, MAC(), []reading{
		{raw: "00-16-3E-12-34-56", written: "00:16:3e:12:34:56"},
		{raw: "00:16:3e:12:34", problem: "must be a MAC address"},
		{raw: "02:00:5e:10:00:00:00:01", problem: "must be a MAC address"},
	})
	check(t, Address(), []reading{
		{raw: "2001:DB8::1", written: "2001:db8::1"}, {raw: "::ffff:192.0.2.1", written: "192.0.2.1"},
		{raw: "fe80::1%eth0", problem: "must be an IPv4 or IPv6 address"},
		{raw: "10.0.0.256", problem: "must be an IPv4 or IPv6 address"},
	})
	check(t, CIDR(), []reading{
		{raw: "172.29.236.11/22", written: "172.29.236.11/22"},
		{raw: "172.29.236.11", problem: "with a prefix length"}, {raw: "172.29.236.11/33", problem: "with a prefix length"},
	})
	check(t, Subnet(), []reading{
		{raw: "10.0.3.0/24", written: "10.0.3.0/24"}, {raw: "10.0.3.1/24", problem: "the network is 10.0.3.0/24"},
	})
	check(t, HostOrNetwork(), []reading{
		{raw: "10.0.3.7", written: "10.0.3.7/32"}, {raw: "2001:db8::/32", written: "2001:db8::/32"},
		{raw: "all", problem: "must be a network"},
	})
	check(t, AddressOrNone(), []reading{{raw: "none", written: "none"}, {raw: "::1", written: "::1"},
		{raw: "no", problem: "must be"}})
}

func TestList(t *testing.T) {
	check(t, List(Int[int](0, 9)), []reading{
		{raw: []any{1, "2"}, written: []any{int64(1), int64(2)}}, {raw: "3, 4", written: []any{int64(3), int64(4)}},
		{raw: 5, written: []any{int64(5)}}, {raw: "", written: []any{}},
		{raw: []any{1, 10}, problem: "here[1]: must be from 0 to 9"},
	})
	check(t, Set(Int[int](0, 9), func(a, b int) int { return a - b }), []reading{
		{raw: []any{3, 1, 3}, written: []any{int64(1), int64(3)}},
	})
}

func TestNumberMap(t *testing.T) {
	form := NumberMap(Int[uint32](0, 7), Int[uint32](0, 9))
	check(t, form, []reading{
		{raw: map[string]any{"8": 2}, problem: "here.8: must be from 0 to 7"},
		{raw: map[string]any{"1": 10}, problem: "here.1: must be from 0 to 9"},
		{raw: []any{}, problem: "must be a dictionary"},
	})
	var problems Problems
	value, _ := form.Parse(map[string]any{"5": 2, "1": "3"}, At("", &problems))
	want := Object{{Key: "1", Value: int64(3)}, {Key: "5", Value: int64(2)}}
	if diff := cmp.Diff(any(want), form.Format(value)); diff != "" || len(problems) > 0 {
		t.Errorf("problems %v, written (-want +got):\n%s", problems, diff)
	}
}

// TestProblemsAreBounded: a list of nothing but mistakes costs no more than those that are told.
func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	var problems Problems
	values, ok := List(LinkName()).Parse(make([]any, 50_000), At("ports", &problems))
	if ok || len(values) > mostProblems || len(problems) != mostProblems+1 ||
		!strings.Contains(problems.Error(), "are not looked at") {
		t.Errorf("%d values, %d problems", len(values), len(problems))
	}
}

func TestManyNamesDoNotHideTheNearest(t *testing.T) {
	var known []string
	for i := range 2 * mostListed {
		known = append(known, fmt.Sprintf("option_number_%d", i))
	}
	if got := unknownName("option", "optoin_number_7", known).Error(); got !=
		`unknown option "optoin_number_7": did you mean "option_number_7"?` {
		t.Error(got)
	}
	if got := unknownName("option", "other", known).Error(); !strings.Contains(got, "(one of: option_number_0, ") {
		t.Error(got)
	}
}
