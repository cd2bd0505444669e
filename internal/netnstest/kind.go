package netnstest

import (
	"strings"
	"sync"
	"testing"
)

// recipes makes a link of each kind that needs more than its name; probe0 is a veth end.
var recipes = map[string][]string{
	"vlan":    {"link", "add", "link", "probe0", "name", "probe", "type", "vlan", "id", "2"},
	"vxlan":   {"link", "add", "name", "probe", "type", "vxlan", "id", "2", "dstport", "4789"},
	"macvlan": {"link", "add", "link", "probe0", "name", "probe", "type", "macvlan", "mode", "bridge"},
	"ipvlan":  {"link", "add", "link", "probe0", "name", "probe", "type", "ipvlan"},
	// gre0 is there already, and stands for all far ends.
	"gre": {"link", "add", "name", "probe", "type", "gre", "local", "192.0.2.1", "remote", "192.0.2.2"},
	"vrf": {"link", "add", "name", "probe", "type", "vrf", "table", "10"},
}

// quiet loads the modules that would otherwise make a link of their own in the machine's first namespace.
var quiet = map[string][]string{
	"bond":  {"bonding", "max_bonds=0"},
	"dummy": {"dummy", "numdummies=0"},
}

var probes sync.Map // kind → what ip complained about, "" if nothing

// NeedKind skips the test, with the kernel's reason, where the kernel cannot make links of the kind ("bond", "vlan"…).
func NeedKind(t testing.TB, kind string) {
	t.Helper()
	complaint, known := probes.Load(kind)
	if !known {
		complaint = probe(t, kind)
		probes.Store(kind, complaint)
	}
	if complaint != "" {
		Skip(t, "this kernel has no links of kind %s: %s", kind, complaint)
	}
}

func probe(t testing.TB, kind string) string {
	t.Helper()
	if module, needed := quiet[kind]; needed {
		_, _ = run("modprobe", module...)
	}
	namespace := New(t)
	namespace.IP(t, "link", "add", "name", "probe0", "type", "veth", "peer", "name", "probe1")
	recipe, special := recipes[kind]
	if !special {
		recipe = []string{"link", "add", "name", "probe", "type", kind}
	}
	complaint, err := namespace.Try("ip", recipe...)
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(complaint, "\n", " ")
}
