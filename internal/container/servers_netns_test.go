//go:build netns

package container

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hostnet.linux/internal/lxc/lxctest"
	"hostnet.linux/internal/netnstest"
)

// running starts a server of the machine's, and returns the file that it logs to.
func running(t *testing.T, folder, program string, arguments ...string) (log string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		netnstest.Skip(t, "%s is not installed: Debian has it in isc-dhcp-server or kea-dhcp4-server", program)
	}
	log = filepath.Join(folder, "log")
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, arguments...)
	server.Stdout, server.Stderr = file, file
	server.Env = append(os.Environ(), "KEA_PIDFILE_DIR="+folder, "KEA_LOCKFILE_DIR="+folder)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		_ = file.Close()
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("%s: %s", program, text)
		}
	})
	return log
}

func isc(t *testing.T, bridge, version, config string) (log string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"dhcpd.conf": config, "leases": ""} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log = running(t, folder, "dhcpd", version, "-f", "-d", "-cf", filepath.Join(folder, "dhcpd.conf"), "-lf",
		filepath.Join(folder, "leases"), "--no-pid", bridge)
	says(t, log, "Server starting service")
	return log
}

const iscOptions = `authoritative; default-lease-time 120; max-lease-time 120; option dhcp-renewal-time 3; option dhcp-rebinding-time 60;
option routers 10.37.0.1; option domain-name-servers 10.37.0.1, 10.37.0.2; option domain-name "isc.example"; option interface-mtu 1400;
option ntp-servers 10.37.0.3; option host-name "given"; subnet 10.37.0.0 netmask 255.255.255.0 { range 10.37.0.10 10.37.0.50; }
`

const keaConfig = `{"Dhcp4": {"interfaces-config": {"interfaces": ["br-k"], "dhcp-socket-type": "raw"}, "lease-database": {"type": "memfile", "persist": false},
"valid-lifetime": 120, "renew-timer": 3, "rebind-timer": 60, "authoritative": true,
"subnet4": [{"subnet": "10.37.0.0/24", "pools": [{"pool": "10.37.0.10 - 10.37.0.50"}], "option-data": [
{"name": "routers", "data": "10.37.0.1"}, {"name": "domain-name-servers", "data": "10.37.0.1, 10.37.0.2"}, {"name": "domain-name", "data": "kea.example"},
{"name": "interface-mtu", "data": "1400"}, {"name": "ntp-servers", "data": "10.37.0.3"}]}],
"loggers": [{"name": "kea-dhcp4", "severity": "DEBUG", "debuglevel": 50, "output_options": [{"output": "stdout", "flush": true}]}]}}
`

// TestOtherServers: ISC's and Kea's servers are understood as dnsmasq is: address, router, names, MTU, time servers,
// the container's own name, renewal and release.
func TestOtherServers(t *testing.T) {
	lxctest.Need(t)
	for name, one := range map[string]struct {
		serve                     func(t *testing.T) (log string)
		domain, renewed, released string
	}{
		"isc": {func(t *testing.T) string { return isc(t, "br-k", "-4", iscOptions) }, "isc.example", "DHCPACK on 10.37.0.",
			"DHCPRELEASE of 10.37.0."},
		"kea": {func(t *testing.T) string {
			folder := t.TempDir()
			file := filepath.Join(folder, "kea.json")
			if err := os.WriteFile(file, []byte(keaConfig), 0o600); err != nil {
				t.Fatal(err)
			}
			log := running(t, folder, "kea-dhcp4", "-c", file)
			says(t, log, "DHCP4_STARTED")
			return log
		}, "kea.example", "DHCP4_LEASE_ALLOC", "address 10.37.0.10 was released properly"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			bridgeWith(t, "br-k", "10.37.0.1/24")
			log := one.serve(t)
			c := lxctest.New(t, folder, "client")
			apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-k", "dhcp": true,
				"dhcp_use_hostname": true})
			sees(t, c, "ip a; ip r", "inet 10.37.0.", "mtu 1400", "default via 10.37.0.1 dev eth1")
			says(t, filepath.Join(folder, c.Name, "rootfs/etc/resolv.conf"),
				fmt.Sprintf("search %s\nnameserver 10.37.0.1\nnameserver 10.37.0.2\n", one.domain))
			if host := lxctest.Must(t, "lxc-attach", "-P", folder, "-n", c.Name, "--", "hostname"); name == "isc" &&
				strings.TrimSpace(host) != "given" {
				t.Errorf("the container calls itself %s", host)
			}
			info, err := testMachine().Info(folder, []string{c.Name})
			if err != nil || !strings.Contains(fmt.Sprint(info), "10.37.0.3") {
				t.Errorf("no time server in %v, %v", info, err)
			}
			until(t, "a renewal", func() bool {
				text, _ := os.ReadFile(log)
				return strings.Count(string(text), one.renewed) >= 2
			})
			apply(t, folder, args{"container": c.Name, "name": "eth1", "dhcp": false})
			says(t, log, one.released)
			sees(t, c, "ip a; ip r", "!10.37.0.", "mtu 1500")
		})
	}
}

// TestISCByDHCPv6: an IPv6 lease is renewed in time and given back; an address that another has is declined.
func TestISCByDHCPv6(t *testing.T) {
	lxctest.Need(t)
	folder := t.TempDir()
	bridgeWith(t, "br-k6", "fd00:38::1/64")
	log := isc(t, "br-k6", "-6",
		`authoritative; default-lease-time 8; preferred-lifetime 6; option dhcp6.name-servers fd00:38::1; option dhcp6.domain-search "six.example";
subnet6 fd00:38::/64 { range6 fd00:38::100 fd00:38::100; }
`)
	c := lxctest.New(t, folder, "client")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "bridge": "br-k6", "dhcp6": true})
	sees(t, c, "ip -6 a", "inet6 fd00:38::100/128")
	says(t, filepath.Join(folder, c.Name, "rootfs/etc/resolv.conf"), "search six.example\nnameserver fd00:38::1\n")
	says(t, log, "Renew message from")
	apply(t, folder, args{"container": c.Name, "name": "eth1", "dhcp6": false})
	says(t, log, "Release message from")
	sees(t, c, "ip -6 a", "!fd00:38::100")
	squatter := lxctest.New(t, folder, "squatter")
	apply(t, folder, args{"container": squatter.Name, "name": "eth1", "bridge": "br-k6",
		"addresses": []any{"fd00:38::100/64"}})
	if _, err := task(t, folder, args{"container": c.Name, "name": "eth1", "dhcp6": true}, false); err == nil {
		t.Error("it took an address that another has")
	}
	says(t, log, "Decline message from")
	sees(t, c, "ip -6 a", "!fd00:38::100")
}
