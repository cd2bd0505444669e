//go:build netns

package services_test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/probe"
)

// client6 is a client on lxcbr0 that speaks DHCPv6.
type client6 struct {
	*netnstest.Namespace
	folder string
}

// newClient6 is attached to a bridge whose host takes in nothing but what our table has opened.
func (m *machine) newClient6(t *testing.T) *client6 {
	t.Helper()
	installed, err := exec.LookPath("dhclient")
	if err != nil {
		netnstest.Skip(t, "dhclient is not installed")
	}
	// An accept in our table does not overrule a drop in another one: the openings decide where the drop is our own.
	m.host.Exec(t, "nft", "add chain inet hostnet_lxcbr0 input { policy drop; }")
	c := &client6{netnstest.New(t), t.TempDir()}
	// Where it is installed, AppArmor keeps it to its usual files.
	program, err := os.ReadFile(installed)
	if err == nil {
		err = os.WriteFile(c.program(), program, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.host.IP(t, "link", "add", "c1", "up", "type", "veth", "peer", "name", "eth0", "address", "00:16:3e:00:00:05",
		"netns", c.Name)
	// A namespace that goes takes its links with it some time later, when the bridge is being removed.
	t.Cleanup(func() { m.host.IP(t, "link", "delete", "c1") })
	m.host.IP(t, "link", "set", "c1", "master", "lxcbr0")
	c.IP(t, "link", "set", "eth0", "up")
	c.await(t, "a link-local address", func() bool {
		seen := c.IP(t, "-6", "address", "show", "dev", "eth0", "scope", "link")
		return strings.Contains(seen, "fe80:") && !strings.Contains(seen, "tentative")
	})
	return c
}

func (c *client6) program() string { return filepath.Join(c.folder, "dhclient") }

func (c *client6) await(t *testing.T, what string, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !there(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the client has not got %s: %s%s", what, c.IP(t, "-6", "address"), c.IP(t, "-6", "route"))
		}
	}
}

// awaitRouter waits for what a router advertisement brings to every client.
func (c *client6) awaitRouter(t *testing.T, mtu string) {
	t.Helper()
	c.await(t, "a default route and the MTU "+mtu, func() bool {
		return strings.Contains(c.IP(t, "-6", "route"), "default via fe80::") &&
			strings.TrimSpace(c.Exec(t, "cat", "/proc/sys/net/ipv6/conf/eth0/mtu")) == mtu
	})
}

// global are the client's addresses that are not of the link alone.
func (c *client6) global(t *testing.T) string {
	t.Helper()
	return c.IP(t, "-6", "address", "show", "dev", "eth0", "scope", "global")
}

// dhclient runs it in one of its ways. Its files are in a folder of its own, and its script only notes what it is told.
func (c *client6) dhclient(t *testing.T, how ...string) (map[string]string, error) {
	t.Helper()
	file := func(name string) string { return filepath.Join(c.folder, name) }
	for name, text := range map[string]string{
		"told":   "",
		"conf":   "timeout 4;\nrequest dhcp6.name-servers, dhcp6.domain-search, dhcp6.sntp-servers;\n",
		"script": "#!/bin/sh\nenv >>" + file("told") + "\n",
	} {
		if err := os.WriteFile(file(name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	arguments := append([]string{"-6", "-1", "-v", "-cf", file("conf"), "-sf", file("script"), "-lf", file("leases"),
		"-pf", file("pid")}, how...)
	if output, err := c.Try(c.program(), append(arguments, "eth0")...); err != nil {
		return nil, fmt.Errorf("%w: %s", err, output)
	}
	if ends := slices.Contains(how, "-r") || slices.Contains(how, "-x"); !ends {
		// The one that stays notes its PID after the first one has ended.
		c.await(t, "a file with dhclient's PID", func() bool { _, err := os.Stat(file("pid")); return err == nil })
	}
	text, err := os.ReadFile(file("told"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		told[key] = value
	}
	return told, nil
}

// toldBy compares what dhclient is told.
func (c *client6) toldBy(t *testing.T, how string, want map[string]string) map[string]string {
	t.Helper()
	told, err := c.dhclient(t, strings.Fields(how)...)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range want {
		if told[key] != value {
			t.Errorf("%s is %q, want %q: %v", key, told[key], value, told)
		}
	}
	return told
}

// ends stops the dhclient that runs, which with -r gives its lease back.
func (c *client6) ends(t *testing.T, how string) {
	t.Helper()
	if _, err := c.dhclient(t, how); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(filepath.Join(c.folder, "pid")); err != nil {
		t.Error(err)
	}
}

// asks has the client ask for a name over IPv6.
func (c *client6) asks(t *testing.T) {
	t.Helper()
	c.Do(t, func() {
		if got, err := probe.Resolve(netip.MustParseAddr("fd05::1"), "db", true); err != nil ||
			fmt.Sprint(got) != "[fd05::53]" {
			t.Errorf("db is answered with %v, %v", got, err)
		}
	})
}

// ipv6 are arguments for one mode.
func ipv6(mode string, more map[string]any) map[string]any {
	arguments := quick(map[string]any{
		"address6": "fd05::1/64", "ipv6_mode": mode, "mtu": 1400, "verify": false,
		"host_records": []any{map[string]any{"name": "db", "addresses": []any{"fd05::53"}}},
	})
	for key, value := range more {
		arguments[key] = value
	}
	return arguments
}

func TestStatefulDHCPv6(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	arguments := ipv6("stateful", map[string]any{"dhcp_range6": "fd05::100,fd05::1ff", "domain": "lxc.example",
		"lease_time": "2h"})
	m.apply(t, arguments)
	c := m.newClient6(t)
	told := c.toldBy(t, "", map[string]string{
		"reason": "BOUND6", "new_dhcp6_name_servers": "fd05::1", "new_dhcp6_domain_search": "lxc.example.",
		"new_max_life": "7200",
	})
	address, err := netip.ParseAddr(told["new_ip6_address"])
	if err != nil || address.Less(netip.MustParseAddr("fd05::100")) || netip.MustParseAddr("fd05::1ff").Less(address) {
		t.Errorf("the address is outside the range: %v", told)
	}
	c.awaitRouter(t, "1400")
	if seen := c.global(t); seen != "" {
		t.Errorf("the client made itself an address: %s", seen)
	}
	c.IP(t, "address", "add", address.String()+"/64", "dev", "eth0", "nodad")
	c.asks(t)
	c.ends(t, "-r")
	// A kept address, and servers of the operator's.
	arguments["static_leases"] = []any{map[string]any{"mac": "00:16:3e:00:00:05", "address": "fd05::150"}}
	arguments["dhcp_options"] = map[string]any{
		"dns_server": []any{"192.0.2.53", "2001:db8::53", "2001:db8::54"}, "ntp_server": "2001:db8::123",
		"domain_search": []any{"a.example", "b.example"},
	}
	m.apply(t, arguments)
	c.toldBy(t, "", map[string]string{
		"new_ip6_address": "fd05::150", "new_dhcp6_name_servers": "2001:db8::53 2001:db8::54",
		"new_dhcp6_sntp_servers":  "2001:db8::123",
		"new_dhcp6_domain_search": "a.example. b.example.",
	})
	c.ends(t, "-r")
	// It is the openings that let the client through.
	m.host.Exec(t, "nft", "flush chain inet hostnet_lxcbr0 input; add chain inet hostnet_lxcbr0 input { policy drop; }")
	if told, err := c.dhclient(t); err == nil {
		t.Errorf("without openings the client was told %v", told)
	}
}

func TestStatelessDHCPv6(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.apply(t, ipv6("stateless", map[string]any{"domain": "lxc.example"}))
	c := m.newClient6(t)
	c.await(t, "an address of its own", func() bool { return strings.Contains(c.global(t), "fd05::216:3eff:fe00:5/64") })
	c.awaitRouter(t, "1400")
	told := c.toldBy(t, "-S", map[string]string{"new_dhcp6_name_servers": "fd05::1",
		"new_dhcp6_domain_search": "lxc.example."})
	if address, given := told["new_ip6_address"]; given {
		t.Errorf("the client was given the address %s", address)
	}
	c.asks(t)
	c.ends(t, "-x")
}

func TestSLAAC(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.apply(t, ipv6("slaac", nil))
	c := m.newClient6(t)
	c.await(t, "an address of its own", func() bool { return strings.Contains(c.global(t), "fd05::216:3eff:fe00:5/64") })
	c.awaitRouter(t, "1400")
	c.asks(t)
	if told, err := c.dhclient(t, "-S"); err == nil {
		t.Errorf("DHCPv6 answers as well: %v", told)
	}
}
