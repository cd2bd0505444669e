//go:build netns

package services_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

// machine is a host with a card towards an outside, no systemd, and files of its own.
type machine struct {
	host, outside *netnstest.Namespace
	files         *system.System
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{netnstest.New(t), netnstest.New(t), &system.System{Root: t.TempDir()}}
	if m.files.Find("dnsmasq") == "" {
		netnstest.Skip(t, "dnsmasq is not installed")
	}
	users, err := os.ReadFile("/etc/passwd")
	// The user that dnsmasq becomes reads its files again on SIGHUP.
	err = errors.Join(err, os.Chmod(filepath.Dir(m.files.Root), 0o755),
		m.files.Put(system.Text("/etc/passwd", string(users))),
		m.files.Put(system.Text("/var/lib/misc/keep", "")))
	if err != nil {
		t.Fatal(err)
	}
	m.host.IP(t, "link", "add", "wan", "up", "type", "veth", "peer", "name", "eth0", "netns", m.outside.Name)
	m.host.IP(t, "address", "add", "192.0.2.1/24", "dev", "wan")
	m.outside.IP(t, "link", "set", "eth0", "up")
	m.outside.IP(t, "address", "add", "192.0.2.254/24", "dev", "eth0")
	m.host.IP(t, "route", "add", "default", "via", "192.0.2.254")
	t.Cleanup(func() {
		for _, bridge := range []string{"lxcbr0", "lxcbr1"} {
			if result := m.try(t, map[string]any{"name": bridge, "state": "absent", "force": true}, false); result.Err != nil {
				t.Errorf("%s stays: %v", bridge, result.Err)
			}
		}
	})
	return m
}

// try runs the module lxc_bridge.
func (m *machine) try(t *testing.T, arguments map[string]any, check bool) ansible.Result {
	t.Helper()
	return m.run(t, services.ParseBridge, arguments, check)
}

// run runs the module that reads its arguments so.
func (m *machine) run(t *testing.T, parse task.ParseServices, arguments map[string]any, check bool) ansible.Result {
	t.Helper()
	_, declaration, err := parse(arguments)
	if err != nil {
		return ansible.Fail(err)
	}
	var result ansible.Result
	m.host.Do(t, func() {
		site, done, err := task.OpenSite("", m.files)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		off := host.PersistNot
		one := &task.Task{Call: ansible.Call{Module: "lxc_bridge", CheckMode: check}, Settings: &host.Settings{Persist: &off}}
		result = one.Apply(site, declaration)
	})
	return result
}

// apply must succeed; a check before predicts its actions, and a second run has none.
func (m *machine) apply(t *testing.T, arguments map[string]any) ansible.Result {
	t.Helper()
	return m.applyWith(t, services.ParseBridge, arguments)
}

func (m *machine) applyWith(t *testing.T, parse task.ParseServices, arguments map[string]any) ansible.Result {
	t.Helper()
	would := m.run(t, parse, arguments, true)
	result := m.run(t, parse, arguments, false)
	if result.Err != nil {
		t.Fatalf("%v (warnings: %q)", result.Err, result.Warnings)
	}
	if a, b := actionsOf(t, would), actionsOf(t, result); a != b {
		t.Errorf("a check says\n%s\na run does\n%s", a, b)
	}
	if again := m.run(t, parse, arguments, false); again.Err != nil || again.Changed {
		t.Errorf("the second run: %v, %s", again.Err, actionsOf(t, again))
	}
	return result
}

func actionsOf(t *testing.T, result ansible.Result) string {
	t.Helper()
	text, err := json.MarshalIndent(result.Values.Get("actions"), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// quick keeps dnsmasq from pinging an address for three seconds before it offers it.
func quick(more map[string]any) map[string]any {
	arguments := map[string]any{"extra_lines": []any{"no-ping"}, "upstream_servers": []any{}}
	for key, value := range more {
		arguments[key] = value
	}
	return arguments
}

func (m *machine) snapshot(t *testing.T) string {
	t.Helper()
	out := []string{m.host.Snapshot(t)}
	for _, command := range [][]string{
		{"nft", "-s", "list", "ruleset"},
		{"cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"},
	} {
		out = append(out, m.host.Exec(t, command[0], command[1:]...))
	}
	_ = filepath.WalkDir(m.files.Root, func(path string, entry os.DirEntry, err error) error {
		history := strings.Contains(path, "/var/lib/hostnet/generations/") ||
			strings.HasSuffix(path, "/var/lib/hostnet/previous.json") ||
			strings.HasSuffix(path, "/var/lib/hostnet/undone.json")
		if err == nil && !entry.IsDir() && !history && !strings.Contains(path, "/run/") &&
			!strings.HasSuffix(path, ".leases") {
			content, _ := os.ReadFile(path)
			out = append(out, strings.TrimPrefix(path, m.files.Root), string(content))
		}
		return nil
	})
	return strings.Join(out, "\n")
}

func TestDefaultsAreProvedAndGoAwayWithoutATrace(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := m.snapshot(t)
	// Not quick: that dnsmasq pings an address before it offers it costs a proof nothing.
	defaults := map[string]any{"upstream_servers": []any{}}
	proved := func(result ansible.Result, address string) {
		t.Helper()
		checks, err := json.Marshal(result.Values.Get("checks"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`"lease":"` + address + `/24"`, `"released":true`, `"gateway":"192.0.2.254"`,
			`"gateway_reached":true`, `"resolved":"[` + address + `]`} {
			if !strings.Contains(string(checks), part) {
				t.Errorf("checks without %s: %s", part, checks)
			}
		}
	}
	proved(m.apply(t, defaults), "10.0.3.253")
	// An address that somebody has without a lease is not used.
	static := netnstest.New(t)
	m.host.IP(t, "link", "add", "static", "up", "master", "lxcbr0", "type", "veth", "peer", "name", "eth0", "netns",
		static.Name)
	static.IP(t, "address", "add", "10.0.3.253/24", "dev", "eth0")
	static.IP(t, "link", "set", "eth0", "up")
	proved(m.try(t, defaults, false), "10.0.3.252")
	m.host.IP(t, "link", "delete", "static")
	config, err := m.files.File("/etc/hostnet/dnsmasq/lxcbr0/dnsmasq.conf")
	if err != nil || !strings.Contains(string(config.Content), "\ndhcp-range=10.0.3.2,10.0.3.253,255.255.255.0,1h\n") ||
		!strings.Contains(string(config.Content), "\ndhcp-lease-max=253\n") {
		t.Errorf("config: %s, %v", config.Content, err)
	}
	if address := m.host.Exec(t, "ip", "-br", "-4", "address", "show", "lxcbr0"); !strings.Contains(address,
		"10.0.3.1/24") {
		t.Errorf("address: %s", address)
	}
	if links := m.host.Exec(t, "ip", "-br", "link"); strings.Contains(links, "hn") {
		t.Errorf("the proof left something: %s", links)
	}
	m.apply(t, map[string]any{"state": "absent"})
	if after := m.snapshot(t); after != before {
		t.Errorf("after absent:\n%s\nbefore:\n%s", after, before)
	}
}

func TestAbsentKeepsABridgeThatWasThere(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.host.IP(t, "link", "add", "lxcbr0", "address", "02:00:00:00:00:07", "mtu", "1450", "up", "type", "bridge")
	m.host.IP(t, "address", "add", "10.9.9.1/24", "dev", "lxcbr0")
	before := m.snapshot(t)
	m.apply(t, quick(map[string]any{"mtu": 1400}))
	m.apply(t, map[string]any{"state": "absent"})
	if after := m.snapshot(t); after != before {
		t.Errorf("after absent:\n%s\nbefore:\n%s", after, before)
	}
}

func TestAbsentRefusesWhileContainersAreAttached(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.apply(t, quick(nil))
	m.host.IP(t, "link", "add", "vethC1", "type", "veth", "peer", "name", "eth0", "netns", netnstest.New(t).Name)
	m.host.IP(t, "link", "set", "vethC1", "master", "lxcbr0")
	before := m.snapshot(t)
	result := m.try(t, map[string]any{"state": "absent"}, false)
	if result.Err == nil || !strings.Contains(result.Err.Error(), "vethC1 is still attached to lxcbr0") {
		t.Errorf("error: %v", result.Err)
	}
	if after := m.snapshot(t); after != before {
		t.Errorf("it was touched:\n%s\nbefore:\n%s", after, before)
	}
	m.apply(t, map[string]any{"state": "absent", "force": true})
}

func TestAFirewallInTheWayFailsTheProofAndIsNamed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.host.Exec(t, "nft", "add table inet f; add chain inet f c { type filter hook forward priority 0; policy drop; }")
	before := m.snapshot(t)
	result := m.try(t, quick(nil), false)
	if result.Err == nil ||
		!strings.Contains(result.Err.Error(), "reaches its gateway 192.0.2.254 and a container does not") ||
		!strings.HasSuffix(result.Err.Error(), "; the host is as it was") {
		t.Errorf("error: %v", result.Err)
	}
	if len(result.Warnings) < 1 || !strings.Contains(result.Warnings[0], "the policy of chain inet f c") {
		t.Errorf("warnings: %q", result.Warnings)
	}
	if after := m.snapshot(t); after != before {
		t.Errorf("after the failure:\n%s\nbefore:\n%s", after, before)
	}
	m.apply(t, quick(map[string]any{"verify": false}))
	// At boot, the bridge comes all the same.
	_, declared, err := services.ParseBridge(quick(nil))
	if err != nil {
		t.Fatal(err)
	}
	declared.WithoutProof()
	if booted := m.run(t, func(map[string]any) (*host.Declaration, *services.Declaration, error) {
		return nil, declared, nil
	}, nil, false); booted.Err != nil {
		t.Errorf("at boot: %v", booted.Err)
	}
}

func TestEveryFailingStepIsUndone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := m.snapshot(t)
	_, declaration, err := services.ParseBridge(
		quick(map[string]any{"address6": "fd05::1/64", "nat6": true, "verify": false}))
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken on purpose")
	steps := 1
	for fail := 0; fail < steps; fail++ {
		m.host.Do(t, func() {
			site, done, err := task.OpenSite("", m.files)
			if err != nil {
				t.Fatal(err)
			}
			defer done()
			todo, err := site.Plan(declaration)
			if err != nil {
				t.Fatal(err)
			}
			steps = len(todo.Steps)
			site.Host.BeforeStep = func(number int) error {
				if number == fail {
					return broken
				}
				return nil
			}
			if _, err := site.Run(todo, declaration, nil); !errors.Is(err, broken) ||
				!strings.HasSuffix(err.Error(), "the host is as it was") {
				t.Fatalf("step %d: %v", fail, err)
			}
		})
		if after := m.snapshot(t); after != before {
			t.Fatalf("after step %d failed:\n%s\nbefore:\n%s", fail, after, before)
		}
	}
	if steps < 10 {
		t.Errorf("only %d steps", steps)
	}
}

func TestBadInputListsEveryProblem(t *testing.T) {
	t.Parallel()
	result := (&machine{}).try(t, map[string]any{
		"address": "10.0.3.1/24", "dhcp_range": "10.0.4.2,10.0.4.9", "lease_limit": 5, "gateway": "10.0.3.9", "mtu": "x",
	}, false)
	if result.Err == nil || !strings.Contains(result.Err.Error(), "mtu: must be a whole number") {
		t.Errorf("error: %v", result.Err)
	}
	result = (&machine{}).try(t, map[string]any{
		"dhcp_range": "10.0.3.2,10.0.3.99", "lease_limit": 5, "gateway": "10.0.3.9",
		"static_leases": []any{
			map[string]any{"mac": "00:16:3e:00:00:01", "address": "10.0.4.200"},
			map[string]any{"mac": "00:16:3e:00:00:01", "address": "10.0.3.50"},
			map[string]any{"mac": "00:16:3e:00:00:02", "address": "10.0.3.50"},
		},
		"port_forwards": []any{map[string]any{"port": 80, "to": "172.16.0.1"}},
		"address6":      "10.0.0.1/8",
	}, false)
	if result.Err == nil {
		t.Fatal("it was taken")
	}
	for _, part := range []string{
		"lease_limit: 5 leases are fewer than the 98 addresses of the range", "gateway: another router needs nat: false",
		"static_leases[0].address: 10.0.4.200 is outside the subnet 10.0.3.0/24",
		"static_leases[1].mac: 00:16:3e:00:00:01 has an address already by static_leases[0]",
		"static_leases[2].address: 10.0.3.50 is kept already", "port_forwards[0].to: 172.16.0.1 is in none",
		"address6: 10.0.0.1/8 is no IPv6 address",
	} {
		if !strings.Contains(result.Err.Error(), part) {
			t.Errorf("%q is not told in: %v", part, result.Err)
		}
	}
	if malformed := (&machine{}).try(t,
		map[string]any{"static_leases": []any{map[string]any{"mac": "00:16", "address": "10.0.3.5"}}},
		false); malformed.Err == nil ||
		!strings.Contains(malformed.Err.Error(), "static_leases[0].mac: must be a MAC address") {
		t.Errorf("error: %v", malformed.Err)
	}
	if misplaced := (&machine{}).try(t, map[string]any{"dhcp_options": map[string]any{"dns_server": "2001:db8::53"}},
		false); misplaced.Err == nil ||
		!strings.Contains(misplaced.Err.Error(),
			"dhcp_options.6: 2001:db8::53 is for IPv6 clients, and there are none: set address6") {
		t.Errorf("error: %v", misplaced.Err)
	}
}

func TestOverlapsWithTheHostsNetworks(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.host.IP(t, "route", "add", "10.0.3.128/25", "via", "192.0.2.254")
	m.host.IP(t, "route", "add", "10.0.0.0/8", "via", "192.0.2.254")
	before := m.snapshot(t)
	for address, want := range map[string]string{
		"10.0.3.1/24":  "address: 10.0.3.1/24 overlaps the host's route to 10.0.3.128/25 via 192.0.2.254 dev wan",
		"192.0.2.1/28": "address: 192.0.2.1/28 overlaps the host's route to 192.0.2.0/24 dev wan",
	} {
		if result := m.try(t, quick(map[string]any{"address": address}), false); result.Err == nil ||
			!strings.Contains(result.Err.Error(), want) {
			t.Errorf("error %v, want %s", result.Err, want)
		}
	}
	if after := m.snapshot(t); after != before {
		t.Errorf("it was touched:\n%s", after)
	}
	// A wider route elsewhere, such as that of a VPN, is no obstacle.
	m.apply(t, quick(map[string]any{"address": "10.0.9.1/24"}))
}

func TestTwoBridgesShareForwarding(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before := m.snapshot(t)
	m.apply(t, quick(nil))
	m.apply(t,
		quick(map[string]any{"name": "lxcbr1", "address": "10.0.4.1/24", "nat_exclude": []any{"lxcbr0"}, "isolated": true}))
	m.apply(t, map[string]any{"state": "absent"})
	if on := m.host.Exec(t, "cat", "/proc/sys/net/ipv4/ip_forward"); strings.TrimSpace(on) != "1" {
		t.Error("forwarding ended with the first bridge")
	}
	m.apply(t, map[string]any{"name": "lxcbr1", "state": "absent"})
	if after := m.snapshot(t); after != before {
		t.Errorf("after both are gone:\n%s\nbefore:\n%s", after, before)
	}
}
