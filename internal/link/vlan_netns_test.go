//go:build netns

package link_test

import (
	"strings"
	"testing"

	"hostnet.linux/internal/link"
)

var vlanOptions = []option{
	{name: "parent", with: `"id": 7`, place: "link", values: [][2]string{{`"a0"`, `"a0"`}, {`"a1"`, `"a1"`}}},
	{name: "id", with: `"parent": "a0"`, place: data + "id",
		values: [][2]string{{"10", "10"}, {"4094", "4094"}, {"0", "0"}}},
	{name: "protocol", with: `"parent": "a0", "id": 7`, place: data + "protocol",
		values: [][2]string{{`"802.1ad"`, `"802.1ad"`}, {`"802.1q"`, `"802.1Q"`}}},
	vlanFlag("reorder_hdr", "REORDER_HDR", "false"), vlanFlag("gvrp", "GVRP", "true"), vlanFlag("mvrp", "MVRP", "true"),
	vlanFlag("loose_binding", "LOOSE_BINDING", "true"), vlanFlag("bridge_binding", "BRIDGE_BINDING", "true"),
	{name: "ingress_qos_map", with: `"parent": "a0", "id": 7`, place: data + "ingress_qos", values: [][2]string{
		{`{"1": 2, "3": 4}`, `[{"from":1,"to":2},{"from":3,"to":4}]`}, {`{"3": 5}`, `[{"from":3,"to":5}]`}, {`{}`, "null"},
	}},
	{name: "egress_qos_map", with: `"parent": "a0", "id": 7`, place: data + "egress_qos", values: [][2]string{
		{`{"1": 2, "3": 4}`, `[{"from":1,"to":2},{"from":3,"to":4}]`}, {`{"3": 5}`, `[{"from":3,"to":5}]`}, {`{}`, "null"},
	}},
}

// vlanFlag is set and reset; reorder_hdr is on by default.
func vlanFlag(name, flag, first string) option {
	with, without := `["REORDER_HDR","`+flag+`"]`, `["REORDER_HDR"]`
	if flag == "REORDER_HDR" {
		with, without = `["REORDER_HDR"]`, "null"
	}
	tells := map[string]string{"true": with, "false": without}
	second := map[string]string{"true": "false", "false": "true"}[first]
	return option{name: name, with: `"parent": "a0", "id": 7`, place: data + "flags",
		values: [][2]string{{first, tells[first]}, {second, tells[second]}}}
}

func TestVLANOptions(t *testing.T) {
	complete(t, link.VLAN, vlanOptions, everywhere...)
	need(t, link.VLAN)
	t.Parallel()
	try(t, link.VLAN, `"name": "x0"`, "x0", vlanOptions)
}

// TestVLANIsMadeAgain: the kernel cannot renumber a VLAN, so what hangs on it comes back with the new one.
func TestVLANIsMadeAgain(t *testing.T) {
	need(t, link.VLAN)
	t.Parallel()
	l := newLab(t)
	l.mustNetwork(t, `{
		"vlans": [{"name": "v10", "parent": "a0", "id": 10}, {"name": "v10.7", "parent": "v10", "id": 7, "addresses": ["198.51.100.1/24"],
			"routes": [{"to": "203.0.113.0/24", "via": "198.51.100.2"}]}],
		"bridges": [{"name": "br0", "ports": [{"name": "v10", "cost": 7}], "addresses": ["192.0.2.1/24"], "routes": [{"to": "default", "via": "192.0.2.254"}]}]}`)
	index := l.told(t, "br0", "ifindex")
	found := l.mustNetwork(t, `{"vlans": [{"name": "v10", "parent": "a0", "id": 11}]}`)
	if !strings.Contains(steps(found), "create vlan v10.7") {
		t.Errorf("steps:\n%s", steps(found))
	}
	for place, want := range map[string]string{data + "id": "11", "master": `"br0"`, slave + "cost": "7"} {
		if got := l.told(t, "v10", place); got != want {
			t.Errorf("v10 has %s %s, want %s", place, got, want)
		}
	}
	if parent := l.told(t, "v10.7", "link"); parent != `"v10"` || l.told(t, "br0", "ifindex") != index {
		t.Errorf("v10.7 is on %s", parent)
	}
	if routes := l.IP(t, "route"); !strings.Contains(routes, "203.0.113.0/24 via 198.51.100.2 dev v10.7") ||
		!strings.Contains(routes, "default via 192.0.2.254 dev br0") {
		t.Errorf("routes:\n%s", routes)
	}
}
