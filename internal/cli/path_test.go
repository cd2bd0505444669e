package cli

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/topology"
)

// connected is the route that the kernel makes of the address.
var connected = kernel.Route{
	To: netip.MustParsePrefix("192.0.2.0/24"), Table: 254, Type: 1, NextHops: []kernel.NextHop{{Link: "eth0", Weight: 1}},
}

// TestPathOfFiles follows packets through hosts whose info is in files: two containers on a bridge, without root.
func TestPathOfFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	end := func(name string) *topology.End { return &topology.End{Namespace: "h", Link: name} }
	inner := func(name, address, host string) *topology.Namespace {
		return &topology.Namespace{Name: name, Kind: topology.Container, Links: []*topology.Link{{
			Name: "eth0", Index: 2, Kind: "veth", State: topology.Up, MTU: 1500, Addresses: []string{address}, Peer: end(host),
		}}, Routing: &topology.Routing{
			Routes: []kernel.Route{connected},
			Rules:  []kernel.Rule{{Family: 2, Priority: 32766, Action: 1, Table: 254, SuppressPrefixLength: -1}},
		}}
	}
	port := func(name, inner string) *topology.Link {
		return &topology.Link{Name: name, Kind: "veth", State: topology.Up, MTU: 1500, Controller: "br0",
			Peer: &topology.End{Namespace: inner, Link: "eth0"}}
	}
	host := &topology.Host{Name: "h", Namespaces: []*topology.Namespace{
		{Name: "h", Kind: topology.Machine, Links: []*topology.Link{
			{Name: "br0", Kind: "bridge", State: topology.Up, MTU: 1500}, port("a0", "a"), port("b0", "b"),
		}, Routing: &topology.Routing{}},
		inner("a", "192.0.2.1/24", "a0"), inner("b", "192.0.2.2/24", "b0"),
	}}
	text, err := json.Marshal(map[string]any{"topology": host})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "info.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		arguments []string
		code      int
		want      string
	}{
		{[]string{"path", "a", "b", "--host", file}, 0, "reached: b of h has 192.0.2.2"},
		{[]string{"path", "--host", file, "a", "192.0.2.2", "--json"}, 0, `"outcome": "reached"`},
		{[]string{"path", "--host", file, "a", "192.0.2.9"}, 1, "nobody on the network of eth0 on a of h has 192.0.2.9"},
		{[]string{"path", "--host", file, "a", "198.51.100.1"}, 1, "a of h has no route to 198.51.100.1 in table main"},
		{[]string{"path", "--host", file, "--size", "1600", "a", "b"}, 1, "a packet of 1600 bytes"},
		{[]string{"path", "--host", file, "c", "b"}, 2, `there is no container, namespace or host "c"`},
		{[]string{"path", "--host", file, "--port", "80", "a", "b"}, 2, "icmp has no ports"},
		{[]string{"path", "--host", file, "--protocol", "sctpp", "a", "b"}, 2, "protocol"},
		{[]string{"path", "a"}, 2, "path takes two names or addresses"},
	} {
		output, err := os.Create(filepath.Join(t.TempDir(), "output"))
		if err != nil {
			t.Fatal(err)
		}
		var complaints strings.Builder
		code := Run(test.arguments, output, &complaints)
		text, err := os.ReadFile(output.Name())
		_ = output.Close()
		if err != nil {
			t.Fatal(err)
		}
		if all := string(text) + complaints.String(); code != test.code || !strings.Contains(all, test.want) {
			t.Errorf("%v: exit code %d, not %d, with %q in\n%s", test.arguments, code, test.code, test.want, all)
		}
	}
}
