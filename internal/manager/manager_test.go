package manager

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// host is a folder with these files; the services in active run.
func host(t *testing.T, active []string, texts map[string]string) *system.System {
	t.Helper()
	s := &system.System{Root: t.TempDir()}
	for path, text := range texts {
		if err := s.Put(system.Text(path, text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, service := range active {
		if err := s.Put(system.Text("/run/systemd/units/invocation:"+service, "")); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestNetworkdClaims(t *testing.T) {
	t.Parallel()
	s := host(t, []string{Networkd}, map[string]string{
		"/etc/systemd/network/10-a.network":             "[Match]\nName=eth0 ens*\n\n[Network]\nDHCP=yes\n",
		"/etc/systemd/network/20-b.network":             "# all but one\n[Match]\nName=!lo dm0\nType=ether\n",
		"/usr/lib/systemd/network/20-b.network":         "[Match]\nName=*\n",
		"/usr/lib/systemd/network/30-c.network":         "[Network]\nDHCP=yes\n",
		"/run/systemd/network/10-netplan-br0.network":   "[Match]\nName=br0\n",
		"/etc/systemd/network/40-d.network":             "[Match]\nKind=bond\n",
		"/etc/systemd/network/40-d.network.d/more.conf": "[Link]\nUnmanaged=yes\n",
		"/etc/systemd/network/50-e.network":             "[Match]\nMACAddress=02-00-00-00-00-0A\n",
	})
	links := []Link{{Name: "eth0"}, {Name: "ens3"}, {Name: "dm0", Kind: "dummy"}, {Name: "v0", Kind: "veth"},
		{Name: "br0", Kind: "bridge"},
		{Name: "bond0", Kind: "bond"}, {Name: "bond0.5", Kind: "vlan", MAC: "02:00:00:00:00:0a"}}
	claims, err := Claims(s, links)
	if err != nil {
		t.Fatal(err)
	}
	want := []Claim{
		{"eth0", networkd, "/etc/systemd/network/10-a.network"}, {"ens3", networkd, "/etc/systemd/network/10-a.network"},
		{"v0", networkd, "/etc/systemd/network/20-b.network"},
		{"br0", networkd, "/run/systemd/network/10-netplan-br0.network"},
		{"bond0.5", networkd, "/etc/systemd/network/50-e.network"},
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if text := claims[3].Describe(); text != "netplan, which uses systemd-networkd" {
		t.Error(text)
	}
	if claims, err := Claims(host(t, nil, map[string]string{"/etc/systemd/network/10-a.network": "[Match]\nName=*\n"}),
		links); err != nil || claims != nil {
		t.Errorf("networkd does not run: %v, %v", claims, err)
	}
}

func TestNetworkManagerClaims(t *testing.T) {
	t.Parallel()
	s := host(t, []string{networkManagerService}, map[string]string{
		"/etc/NetworkManager/system-connections/bond.nmconnection":  "[connection]\ntype=bond\ninterface-name=bond0\n",
		"/etc/NetworkManager/system-connections/mac.nmconnection":   "[connection]\ntype=ethernet\n\n[ethernet]\nmac-address=02:00:00:00:00:0A\n",
		"/run/NetworkManager/system-connections/Wired.nmconnection": "[connection]\ninterface-name=bond0\n",
		"/run/NetworkManager/devices/3":                             "[device]\nmanaged=true\n",
		"/run/NetworkManager/devices/4":                             "[device]\nmanaged=false\n",
	})
	claims, err := Claims(s, []Link{{Name: "bond0"}, {Name: "eth0", Index: 3},
		{Name: "eth1", Index: 4, MAC: "02:00:00:00:00:0a"},
		{Name: "eth2", Index: 5, MAC: "02:00:00:00:00:0a"}, {Name: "eth3", Index: 6}})
	want := []Claim{
		{"bond0", networkManager, "/etc/NetworkManager/system-connections/bond.nmconnection"},
		{"eth0", networkManager, "/run/NetworkManager/devices/3"},
		{"eth2", networkManager, "/etc/NetworkManager/system-connections/mac.nmconnection"},
	}
	if diff := cmp.Diff(want, claims); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

const interfaces = `# The loopback network interface
auto lo eth0
iface lo inet loopback

source interfaces.d/*
allow-hotplug eth1
iface eth0 inet static
    # the old address
    address 192.0.2.1/24 \
      192.0.2.2/24
    gateway 192.0.2.254

iface eth0:1 inet static
    address 198.51.100.1/24

auto br0
iface br0 inet dhcp
    bridge_ports eth1 eth2`

func TestIfupdown(t *testing.T) {
	t.Parallel()
	s := host(t, nil, map[string]string{
		"/usr/sbin/ifup": "", interfacesFile: interfaces,
		"/etc/network/interfaces.d/more": "iface dm0 inet manual\n",
	})
	links := []Link{{Name: "eth0"}, {Name: "eth1"}, {Name: "dm0"}, {Name: "br1"}}
	claims, err := Claims(s, links)
	want := []Claim{{"eth0", ifupdown, interfacesFile}, {"eth1", ifupdown, interfacesFile},
		{"dm0", ifupdown, "/etc/network/interfaces.d/more"}}
	if diff := cmp.Diff(want, claims); diff != "" || err != nil {
		t.Fatalf("%v, -want +got:\n%s", err, diff)
	}
	carryOut(t, s, Request{Links: links, Takeover: true})
	file, err := s.File(interfacesFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"#hostnet(eth0)# auto lo eth0\n", "\nauto lo\n",
		"\n#hostnet(eth0)# iface eth0 inet static\n    # the old address\n#hostnet(eth0)#     address",
		"\n#hostnet(eth0)# iface eth0:1 inet", "\n#hostnet(eth1)# allow-hotplug eth1\n",
		"\nauto br0\n#hostnet(eth1)# iface br0 inet dhcp\n#hostnet(eth1)#     bridge_ports",
	} {
		if !strings.Contains(string(file.Content), line) {
			t.Errorf("without %q:\n%s", line, file.Content)
		}
	}
	if claims, err := Claims(s, links); err != nil || claims != nil {
		t.Errorf("still claimed: %v, %v", claims, err)
	}
	taken, _, err := Taken(s)
	if err != nil || !slices.Equal(taken, []string{"dm0", "eth0", "eth1"}) {
		t.Errorf("taken: %v, %v", taken, err)
	}
	carryOut(t, s, Request{Release: []string{"eth0", "dm0"}})
	if claims, err := Claims(s, links); err != nil || len(claims) != 2 || claims[0].Link != "eth0" {
		t.Errorf("eth0 was not given back: %v, %v", claims, err)
	}
	carryOut(t, s, Request{Release: []string{"eth1"}})
	if file, err = s.File(interfacesFile); err != nil || string(file.Content) != interfaces {
		t.Errorf("%v, not as it was:\n%s", err, file.Content)
	}
}

// TestTakeover goes through all files of ours, there and back, and a second plan has no steps.
func TestTakeover(t *testing.T) {
	t.Parallel()
	s := host(t, nil, map[string]string{
		"/etc/systemd/system/multi-user.target.wants/" + Networkd:              "",
		"/etc/systemd/system/multi-user.target.wants/" + networkManagerService: "",
		"/etc/systemd/network/10-a.network":                                    "[Match]\nName=eth0\n",
		"/etc/NetworkManager/system-connections/b.nmconnection":                "[connection]\ninterface-name=eth1\n",
		"/usr/sbin/ifup": "", interfacesFile: "iface eth2 inet dhcp\n",
	})
	links := []Link{{Name: "eth0"}, {Name: "eth1"}, {Name: "eth2"}, {Name: "eth3"}}
	before := Request{Links: links, Foreign: true}
	if found := mustPlan(t, s, before); len(found.Steps) > 0 || len(found.Warnings) != 4 {
		t.Errorf("by default: %v, %q", plan.Describe(found.Steps), found.Warnings)
	}
	takeover := Request{Links: links, Foreign: true, Takeover: true}
	carryOut(t, s, takeover)
	for _, path := range []string{networkdFile("eth0"), networkManagerFile("eth1"), networkManagerFile("eth2"),
		networkdConfig} {
		if !s.Exists(path) {
			t.Errorf("no %s", path)
		}
	}
	if found := mustPlan(t, s, before); len(found.Warnings) > 0 {
		t.Errorf("warnings %q", found.Warnings)
	}
	carryOut(t, s, Request{Release: []string{"eth0", "eth1", "eth2", "eth3"}, ForeignGone: true})
	if taken, foreign, err := Taken(s); err != nil || len(taken) > 0 || foreign {
		t.Errorf("still taken: %v, %v, %v", taken, foreign, err)
	}
}

func mustPlan(t *testing.T, s *system.System, request Request) *Result {
	t.Helper()
	found, err := Plan(s, request)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func carryOut(t *testing.T, s *system.System, request Request) {
	t.Helper()
	found := mustPlan(t, s, request)
	if len(found.Steps) == 0 || len(found.Files) == 0 {
		t.Errorf("nothing to do for %+v", request)
	}
	if err := plan.Run(found.Steps, nil); err != nil {
		t.Fatal(err)
	}
	if again := mustPlan(t, s, request); len(again.Steps) > 0 {
		t.Errorf("a second time: %v", plan.Describe(again.Steps))
	}
}
