package schema

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type port struct {
	name string
	cost *uint16
}

type bridge struct {
	name  string
	stp   *bool
	ports *[]port
}

var portTable = Table[port]{
	Value("name", LinkName(), func(p *port) *string { return &p.name }, "The name.").Require(),
	Field("cost", Int[uint16](1, 65535), func(p *port) **uint16 { return &p.cost }, "The cost."),
}

var bridgeTable = Table[bridge]{
	Value("name", LinkName(), func(b *bridge) *string { return &b.name }, "The name.").Require(),
	Field("stp", Bool(), func(b *bridge) **bool { return &b.stp }, "Spanning tree."),
	Field("ports", List(Dict(portTable, "name")), func(b *bridge) **[]port { return &b.ports }, "The ports."),
}

func parseBridge(t *testing.T, text string) (*bridge, Problems) {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	var parsed bridge
	var problems Problems
	bridgeTable.Parse(&parsed, fields, At("", &problems))
	return &parsed, problems
}

func TestEveryProblemIsNamedWithItsPlace(t *testing.T) {
	_, problems := parseBridge(t,
		`{"stp": "perhaps", "ports": ["eth0", {"name": "eth/1", "cost": 0}, {"cosst": 1}], "prots": []}`)
	want := []string{
		`option "name" is required`,
		`stp: must be a boolean (true or false), not "perhaps"`,
		`ports[1].name: interface name "eth/1" must not contain a slash, a colon, a percent sign or white space`,
		`ports[1].cost: must be from 1 to 65535, not "0"`,
		`ports[2]: option "name" is required`,
		`ports[2].cosst: unknown option "cosst": did you mean "cost"? (one of: name, cost)`,
		`prots: unknown option "prots": did you mean "ports"? (one of: name, stp, ports)`,
	}
	var got []string
	for _, problem := range problems {
		got = append(got, problem.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestNullIsLeftOut(t *testing.T) {
	parsed, problems := parseBridge(t, `{"name": "br0", "stp": null}`)
	if len(problems) > 0 || parsed.stp != nil {
		t.Errorf("stp %v, problems %v", parsed.stp, problems)
	}
}

func TestExportReadsBack(t *testing.T) {
	parsed, problems := parseBridge(t, `{"name": "br0", "stp": false, "ports": ["eth0", {"name": "eth1", "cost": 7}]}`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	text, err := json.Marshal(bridgeTable.Export(parsed))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"br0","stp":false,"ports":["eth0",{"name":"eth1","cost":7}]}`; string(text) != want {
		t.Errorf("export %s, want %s", text, want)
	}
	again, problems := parseBridge(t, string(text))
	if len(problems) > 0 || !bridgeTable.Equal(parsed, again) {
		t.Errorf("the export reads as another object: %v", problems)
	}
}

func TestDiffLooksOnlyAtWhatIsDeclared(t *testing.T) {
	have, _ := parseBridge(t, `{"name": "br0", "stp": true, "ports": ["eth0"]}`)
	want, _ := parseBridge(t, `{"name": "br0", "stp": false}`)
	if diff := cmp.Diff([]Change{{Option: "stp", Old: true, New: false}}, bridgeTable.Diff(want, have)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	bridgeTable.Overlay(have, want)
	if changes := bridgeTable.Diff(want, have); len(changes) > 0 || have.ports == nil {
		t.Errorf("after the overlay: %v, ports %v", changes, have.ports)
	}
}

func TestLiftedOptionsWorkOnTheWhole(t *testing.T) {
	type host struct{ bridge bridge }
	table := Lift(bridgeTable, func(h *host) *bridge { return &h.bridge })
	var whole host
	var problems Problems
	table.Parse(&whole, map[string]any{"name": "br0", "stp": "on"}, At("", &problems))
	if len(problems) > 0 || whole.bridge.name != "br0" || !*whole.bridge.stp {
		t.Errorf("%+v, problems %v", whole.bridge, problems)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"miimon", "mode", "min_links"}
	for name, want := range map[string]string{"mimon": "miimon", "mod": "mode", "minlinks": "min_links", "x": "",
		"completely": ""} {
		if got := Nearest(name, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
}
