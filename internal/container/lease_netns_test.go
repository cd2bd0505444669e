//go:build netns

package container

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/addr"
	hosts "hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/link"
	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
)

// dnsmasqOn runs a DHCP server on a bridge; it gives the path of its log and how to stop it.
func dnsmasqOn(t *testing.T, bridge string, arguments ...string) (log string, stop func()) {
	t.Helper()
	folder := t.TempDir()
	log = filepath.Join(folder, "log")
	server := exec.Command("dnsmasq", append([]string{
		"--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=" + bridge, "--bind-dynamic",
		"--except-interface=lo", "--no-ping",
		"--user=root", "--dhcp-leasefile=" + filepath.Join(folder, "leases"), "--pid-file=", "--log-dhcp",
		"--log-facility=" + log,
	}, arguments...)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() { _ = server.Process.Kill(); _ = server.Wait() }
	t.Cleanup(stop)
	return log, stop
}

func bridgeWith(t *testing.T, name string, addresses ...string) {
	t.Helper()
	lxctest.Bridge(t, name)
	for _, address := range addresses {
		lxctest.Must(t, "ip", "address", "add", address, "dev", name, "nodad")
	}
}

func says(t *testing.T, file, what string) {
	t.Helper()
	until(t, what, func() bool {
		text, _ := os.ReadFile(file)
		return strings.Contains(string(text), what)
	})
}

// sees waits until a command inside shows all of these and none of those with "!" in front.
func sees(t *testing.T, c *lxctest.Container, command string, wants ...string) {
	t.Helper()
	seen := ""
	defer func() {
		if t.Failed() {
			t.Logf("%s: %s", command, seen)
		}
	}()
	until(t, fmt.Sprint(command, " shows ", wants), func() bool {
		seen = c.Enter(t, "sh", "-c", command)
		for _, want := range wants {
			name, unwanted := strings.CutPrefix(want, "!")
			if strings.Contains(seen, name) == unwanted {
				return false
			}
		}
		return true
	})
}

// TestLeaseFollowsTheWire: another bridge, other networks of the bridge or another MAC address bring another lease at
// once, and nothing stays of the one before.
func TestLeaseFollowsTheWire(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-l1", "10.31.0.1/24", "fd00:31::1/64")
	bridgeWith(t, "br-l2", "10.32.0.1/24", "fd00:32::1/64")
	log, stop := dnsmasqOn(t, "br-l1", "--dhcp-range=10.31.0.10,10.31.0.50,1h", "--dhcp-option=6,10.31.0.1",
		"--enable-ra", "--dhcp-range=fd00:31::,ra-only")
	dnsmasqOn(t, "br-l2", "--dhcp-range=10.32.0.10,10.32.0.50,1h", "--dhcp-option=6,10.32.0.1",
		"--enable-ra", "--dhcp-range=fd00:32::,ra-only")
	c := lxctest.New(t, folder, "wired")
	resolver := filepath.Join(folder, c.Name, "rootfs/etc/resolv.conf")
	if err := os.WriteFile(resolver, []byte("nameserver 192.0.2.53\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-l1", "dhcp": true})
	sees(t, c, "ip -4 a; ip r", "inet 10.31.0.", "via 10.31.0.1")
	sees(t, c, "ip -6 a; ip -6 r", "inet6 fd00:31::", "default via fe80:")

	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-l2"})
	sees(t, c, "ip -4 a; ip r", "inet 10.32.0.", "via 10.32.0.1", "!10.31.0.")
	sees(t, c, "ip -6 a; ip -6 r", "inet6 fd00:32::", "default via fe80:", "!fd00:31:")
	says(t, resolver, "nameserver 10.32.0.1\n")
	lxctest.Must(t, "ip", "link", "set", "wired_eth1", "master", "br-l1") // by hand
	sees(t, c, "ip -4 a; ip r", "inet 10.31.0.", "via 10.31.0.1", "!10.32.0.")
	sees(t, c, "ip -6 a; ip -6 r", "inet6 fd00:31::", "default via fe80:", "!fd00:32:")

	stop()
	lxctest.Must(t, "ip", "address", "flush", "dev", "br-l1")
	lxctest.Must(t, "ip", "address", "add", "10.33.0.1/24", "dev", "br-l1")
	log, _ = dnsmasqOn(t, "br-l1", "--dhcp-range=10.33.0.10,10.33.0.50,1h", "--dhcp-option=6,10.33.0.1")
	sees(t, c, "ip -4 a; ip r", "inet 10.33.0.", "via 10.33.0.1", "!10.31.0.")
	says(t, resolver, "nameserver 10.33.0.1\n")

	apply(t, folder, args{"container": c.Name, "name": "eth1", "mac_address": "00:16:3e:31:00:01"})
	says(t, log, "DHCPRELEASE")
	says(t, log, "DHCPACK(br-l1) 10.33.0.") // to whom is the next line's
	until(t, "a lease of the new MAC address", func() bool {
		text, _ := os.ReadFile(log)
		at := strings.LastIndex(string(text), "DHCPACK")
		return at >= 0 && strings.Contains(string(text)[at:], "00:16:3e:31:00:01")
	})
	sees(t, c, "ip -4 a; ip r", "inet 10.33.0.", "via 10.33.0.1")

	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-l1", "dhcp": false,
		"addresses": []any{"10.33.0.5/24"}})
	sees(t, c, "ip -4 a; ip r", "inet 10.33.0.5/24", "!default via")
	if text, err := os.ReadFile(resolver); err != nil || string(text) != "nameserver 192.0.2.53\n" {
		t.Errorf("resolv.conf is %q, %v, and was the container's own", text, err)
	}
}

// TestTwoServers: the first interface gives the default route and the name servers, unless dhcp_metric says another.
func TestTwoServers(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	for i := 1; i <= 2; i++ {
		bridge, network := fmt.Sprintf("br-s%d", i), fmt.Sprintf("10.3%d.0.", 3+i)
		bridgeWith(t, bridge, network+"1/24")
		dnsmasqOn(t, bridge, "--dhcp-range="+network+"10,"+network+"50,1h", "--dhcp-option=6,"+network+"1")
	}
	c := lxctest.New(t, folder, "double")
	resolver := filepath.Join(folder, c.Name, "rootfs/etc/resolv.conf")
	first, second := args{"name": "eth1", "bridge": "br-s1", "dhcp": true},
		args{"name": "eth2", "bridge": "br-s2", "dhcp": true}
	apply(t, folder, args{"container": c.Name, "interfaces": []any{first, second}})
	for range 3 {
		sees(t, c, "ip r", "via 10.34.0.1 dev eth1 proto dhcp metric 1024", "via 10.35.0.1 dev eth2 proto dhcp metric 1025")
		says(t, resolver, "nameserver 10.34.0.1\n")
		if text, _ := os.ReadFile(resolver); strings.Contains(string(text), "10.35.0.1") {
			t.Errorf("the second interface's name server is there too: %s", text)
		}
		c.Restart(t)
	}
	second["dhcp_metric"] = 50
	apply(t, folder, args{"container": c.Name, "interfaces": []any{first, second}})
	sees(t, c, "ip r", "via 10.34.0.1 dev eth1 proto dhcp metric 1024", "via 10.35.0.1 dev eth2 proto dhcp metric 50")
	says(t, resolver, "nameserver 10.35.0.1\n")
	second["dhcp"] = false
	apply(t, folder, args{"container": c.Name, "interfaces": []any{first, second}})
	says(t, resolver, "nameserver 10.34.0.1\n")
	second["dhcp"], second["dhcp_metric"] = true, 0
	apply(t, folder, args{"container": c.Name, "interfaces": []any{first, second}})
	sees(t, c, "ip r", "via 10.35.0.1 dev eth2 proto dhcp metric 1025")
	// The second moves up when the first leaves, and back: neither takes the other's route.
	for range 2 {
		apply(t, folder, args{"container": c.Name, "name": "eth1", "dhcp": false})
		sees(t, c, "ip r", "via 10.35.0.1 dev eth2 proto dhcp metric 1024", "!10.34.0.1")
		apply(t, folder, args{"container": c.Name, "name": "eth1", "dhcp": true})
		sees(t, c, "ip r", "via 10.34.0.1 dev eth1 proto dhcp metric 1024", "via 10.35.0.1 dev eth2 proto dhcp metric 1025")
	}
}

// TestServersOptions: what a server may say, as dhclient and networkd take it.
func TestServersOptions(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-o", "10.36.0.1/24", "169.254.1.1/32")
	c := lxctest.New(t, folder, "choosy")
	resolver := filepath.Join(folder, c.Name, "rootfs/etc/resolv.conf")
	arguments := args{"container": c.Name, "name": "eth1", "bridge": "br-o", "dhcp": true}
	for _, one := range []struct {
		name          string
		server        []string
		with          args
		command       string
		wants         []string
		resolv, inLog string
	}{
		{"router elsewhere", []string{"--dhcp-option=1,255.255.255.255", "--dhcp-option=3,169.254.1.1"}, nil, "ip a; ip r",
			[]string{"/32 ", "169.254.1.1 dev eth1", "default via 169.254.1.1"}, "", ""},
		{"121 over 3", []string{"--dhcp-option=3,10.36.0.1", "--dhcp-option=121,10.99.0.0/16,10.36.0.9"}, nil, "ip r",
			[]string{"10.99.0.0/16 via 10.36.0.9", "!default"}, "", ""},
		{"33", []string{"--dhcp-option=33,10.98.0.7,10.36.0.9"}, nil, "ip r",
			[]string{"10.98.0.7 via 10.36.0.9", "default via 10.36.0.1"}, "", ""},
		{"MTU", []string{"--dhcp-option=26,1400"}, nil, "ip l", []string{"eth1@", "mtu 1400"}, "", ""},
		{"MTU not wanted", []string{"--dhcp-option=26,1400"}, args{"dhcp_use_mtu": false}, "ip l",
			[]string{"eth1@", "!mtu 1400"}, "", ""},
		{"domains", []string{"--dhcp-option=6,10.36.0.1", "--dhcp-option=15,one.example",
			"--dhcp-option=119,two.example,three.example"},
			args{"dhcp_use_mtu": true}, "ip r", []string{"default"}, "search two.example three.example\nnameserver 10.36.0.1\n",
			""},
		{"client id", nil, args{"dhcp_client_id": "mac"}, "ip r", []string{"default"}, "", " 01:00:16:3e"},
		{"client id of bytes", nil, args{"dhcp_client_id": "ff:00:01"}, "ip r", []string{"default"}, "", " ff:00:01"},
		{"client id of text", nil, args{"dhcp_client_id": "shop"}, "ip r", []string{"default"}, "", " 00:73:68:6f:70"},
		{"rapid commit", []string{"--dhcp-rapid-commit"}, args{"dhcp_client_id": "none"}, "ip r", []string{"default"}, "",
			"rapid-commit"},
	} {
		t.Run(one.name, func(t *testing.T) {
			log, stop := dnsmasqOn(t, "br-o", append([]string{"--dhcp-range=10.36.0.10,10.36.0.50,1h"}, one.server...)...)
			defer stop()
			for key, value := range one.with {
				arguments[key] = value
			}
			apply(t, folder, arguments)
			sees(t, c, one.command, one.wants...)
			if one.resolv != "" {
				says(t, resolver, one.resolv)
			}
			if strings.HasPrefix(one.inLog, " ") {
				says(t, filepath.Join(filepath.Dir(log), "leases"), one.inLog)
			} else {
				says(t, log, one.inLog)
			}
			off := args{"container": c.Name, "name": "eth1", "dhcp": false}
			apply(t, folder, off)
			says(t, log, "DHCPRELEASE")
			sees(t, c, "ip a; ip r", "!10.36.0", "mtu 1500")
		})
	}
}

// TestDuplicate: an address that another has is declined, and the next one taken.
func TestDuplicate(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-o", "10.36.0.1/24")
	squatter, c := lxctest.New(t, folder, "squatter"), lxctest.New(t, folder, "polite")
	apply(t, folder, args{"container": squatter.Name, "name": "eth1", "bridge": "br-o",
		"addresses": []any{"10.36.0.10/24"}})
	log, _ := dnsmasqOn(t, "br-o", "--dhcp-range=10.36.0.10,10.36.0.11,1h", "--dhcp-sequential-ip")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-o", "dhcp": true})
	says(t, log, "DHCPDECLINE")
	sees(t, c, "ip a", "10.36.0.11/24", "!10.36.0.10/")
}

// TestTimes: a lease is renewed at its server when that says, and taken back when the server says no.
func TestTimes(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-o", "10.36.0.1/24")
	c := lxctest.New(t, folder, "timely")
	log, stop := dnsmasqOn(t, "br-o", "--dhcp-range=10.36.0.10,10.36.0.50,2m", "--dhcp-option=58,2", "--dhcp-option=59,4")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-o", "dhcp": true})
	until(t, "a renewal", func() bool {
		text, _ := os.ReadFile(log)
		// nothing was offered ahead of it
		return strings.Count(string(text), "DHCPACK") > strings.Count(string(text), "DHCPOFFER")
	})
	stop()
	// Another server says no to an address that is not of its own.
	dnsmasqOn(t, "br-o", "--dhcp-authoritative", "--dhcp-range=10.36.0.100,10.36.0.150,1h")
	until(t, "a lease of the second server", func() bool { return leaseIn(c, t, 100, 150) })
}

func leaseIn(c *lxctest.Container, t *testing.T, first, last int) bool {
	text := c.Enter(t, "ip", "-4", "-o", "address", "show", "eth1")
	_, rest, _ := strings.Cut(text, "inet 10.36.0.")
	host := 0
	_, err := fmt.Sscanf(rest, "%d/", &host)
	return err == nil && host >= first && host <= last
}

// TestDHCPv6: an address, name servers and domains by DHCPv6, given back at the end.
func TestDHCPv6(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-6", "fd00:36::1/64")
	log, _ := dnsmasqOn(t, "br-6", "--dhcp-range=fd00:36::100,fd00:36::1ff,64,1h", "--enable-ra",
		"--dhcp-range=fd00:37::100,fd00:37::1ff,64,1h",
		"--dhcp-option=option6:dns-server,[fd00:36::1]",
		"--dhcp-option=option6:domain-search,six.example")
	c := lxctest.New(t, folder, "sixth")
	resolver := filepath.Join(folder, c.Name, "rootfs/etc/resolv.conf")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-6", "dhcp6": true})
	sees(t, c, "ip -6 a", "inet6 fd00:36::1", "/128")
	says(t, resolver, "search six.example\nnameserver fd00:36::1\n")
	sees(t, c, "ip -6 r", "fd00:36::/64") // by the router's advertisement
	c.Ping(t, "fd00:36::1")
	c.Restart(t)
	sees(t, c, "ip -6 a", "inet6 fd00:36::1", "/128")
	silent(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-6", "dhcp6": true})
	lxctest.Must(t, "ip", "address", "add", "fd00:37::1/64", "dev", "br-6", "nodad")
	lxctest.Must(t, "ip", "address", "delete", "fd00:36::1/64", "dev", "br-6")
	sees(t, c, "ip -6 a; ip -6 r", "inet6 fd00:37::1", "!inet6 fd00:36::1", "!fd00:36::1")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "dhcp6": false})
	says(t, log, "DHCPRELEASE")
	sees(t, c, "ip -6 a", "!/128 scope global")
}

// renumber gives a bridge other networks by a task.
func renumber(t *testing.T, bridge, address string) (found []string) {
	t.Helper()
	handle, err := linux.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	prefix := netip.MustParsePrefix(address)
	site := &services.Site{
		Host: &hosts.Host{Kernel: handle}, Kernel: handle,
		Services: &services.Host{Kernel: handle, System: &system.System{Root: t.TempDir()}},
	}
	declared := &services.Declaration{Host: &hosts.State{Interfaces: []*hosts.Interface{{
		Link: link.Link{Name: bridge, Kind: link.Bridge}, Addresses: &[]addr.Address{{Prefix: &prefix}},
	}}}}
	todo, err := site.Plan(declared)
	if err == nil {
		_, err = site.Run(todo, declared, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return todo.Found
}

// TestTaskEndsWithTheLease: a task that changes what the lease hangs on, or that renumbers the bridge, ends with the
// next one, and nothing of the last is left; from a static address to DHCP the server's default route stays, although the static one is taken away by the
// same router.
func TestTaskEndsWithTheLease(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-t1", "10.37.0.1/24")
	bridgeWith(t, "br-t2", "10.38.0.1/24")
	log, _ := dnsmasqOn(t, "br-t1", "--dhcp-range=10.37.0.10,10.37.0.50,1h", "--dhcp-range=10.39.0.10,10.39.0.50,1h")
	dnsmasqOn(t, "br-t2", "--dhcp-range=10.38.0.10,10.38.0.50,1h")
	c := lxctest.New(t, folder, "ending")
	now := func(wants ...string) {
		t.Helper()
		seen := c.Enter(t, "sh", "-c", "ip -4 a show eth1; ip r")
		for _, want := range wants {
			name, unwanted := strings.CutPrefix(want, "!")
			if strings.Contains(seen, name) == unwanted {
				t.Errorf("not %s: %s", want, seen)
			}
		}
	}
	on := func(more args) {
		t.Helper()
		arguments := args{"container": c.Name, "name": "eth1"}
		for key, value := range more {
			arguments[key] = value
		}
		apply(t, folder, arguments)
	}
	on(args{"bridge": "br-t1", "dhcp": true})
	now("inet 10.37.0.", "default via 10.37.0.1")
	on(args{"bridge": "br-t2"})
	now("inet 10.38.0.", "default via 10.38.0.1", "!10.37.0.")
	says(t, log, "DHCPRELEASE")
	on(args{"bridge": "br-t1"})
	now("inet 10.37.0.", "default via 10.37.0.1", "!10.38.0.")
	on(args{"mac_address": "00:16:3e:37:00:01"})
	if text, _ := os.ReadFile(log); !strings.Contains(string(text), "00:16:3e:37:00:01") {
		t.Error("the new MAC address has asked for no lease")
	}
	now("inet 10.37.0.", "default via 10.37.0.1")
	for range 2 {
		on(args{"dhcp": false, "addresses": []any{"10.37.0.5/24"}, "gateway": "10.37.0.1"})
		now("inet 10.37.0.5/24", "default via 10.37.0.1", "!proto dhcp")
		on(args{"dhcp": true, "addresses": []any{}, "gateway": "none"})
		now("inet 10.37.0.", "!10.37.0.5/24", "default via 10.37.0.1 dev eth1 proto dhcp")
	}
	if found := renumber(t, "br-t1", "10.39.0.1/24"); len(found) > 0 {
		t.Error(found)
	}
	now("inet 10.39.0.", "default via 10.39.0.1", "!10.37.0.")
}
