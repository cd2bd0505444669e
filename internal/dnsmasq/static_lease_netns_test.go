//go:build netns

package dnsmasq

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hostnet.linux/internal/netnstest"
	"hostnet.linux/internal/plan"
)

func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		netnstest.Skip(t, "%s is not installed", name)
	}
}

// udhcpc asks as busybox's client does, from a MAC address, and returns the address that it gets.
func (s *site) udhcpc(t *testing.T, mac string, arguments ...string) string {
	t.Helper()
	needProgram(t, "busybox")
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n[ \"$1\" = bound ] && echo \"LEASED $ip\"\nexit 0\n"),
		0o755); err != nil {
		t.Fatal(err)
	}
	s.client.IP(t, "link", "set", "eth0", "down", "address", mac)
	s.client.IP(t, "link", "set", "eth0", "up")
	command := []string{"udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "5", "-T", "1", "-s", script}
	said := s.client.Exec(t, "busybox", append(command, arguments...)...)
	_, address, found := strings.Cut(said, "LEASED ")
	if !found {
		t.Fatalf("no lease: %s", said)
	}
	return strings.Fields(address)[0]
}

// dhclient6 asks by DHCPv6 with a DUID made of the MAC address.
func (s *site) dhclient6(t *testing.T, mac string) string {
	t.Helper()
	needProgram(t, "dhclient")
	folder := t.TempDir()
	s.client.IP(t, "link", "set", "eth0", "down", "address", mac)
	s.client.IP(t, "link", "set", "eth0", "up")
	deadline := time.Now().Add(10 * time.Second)
	for strings.Contains(s.client.Exec(t, "ip", "-6", "address", "show", "dev", "eth0"), "tentative") &&
		time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	leases := folder + "/leases"
	s.client.Exec(t, "dhclient", "-6", "-1", "-D", "LL", "-sf", "/bin/true", "-lf", leases, "-pf", folder+"/pid", "-cf",
		"/dev/null", "eth0")
	// It answers before the one that it stops has ended.
	s.client.Exec(t, "sh", "-c", "pid=$(cat "+folder+"/pid); dhclient -6 -x -sf /bin/true -lf "+leases+" -pf "+folder+
		"/pid eth0; for i in $(seq 100); do [ -e /proc/$pid ] || break; sleep 0.1; done")
	text, err := os.ReadFile(leases)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "iaaddr ")
	if !found {
		t.Fatalf("no address: %s", text)
	}
	return strings.Fields(rest)[0]
}

func lease(fields ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(fields); i += 2 {
		out[fields[i].(string)] = fields[i+1]
	}
	return out
}

func TestStaticLeasesAreGiven(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, map[string]any{
		"dhcp_range": "10.0.3.100,10.0.3.199", "address6": "fd05::1/64", "ipv6_mode": "stateful",
		"dhcp_range6": "fd05::100,fd05::1ff",
		"static_leases": []any{
			lease("mac", "00:16:3e:11:11:11", "name", "mail", "address", "10.0.3.10", "address6", "fd05::10"),
			lease("mac", "00:16:3e:11:11:12", "name", "db", "address", "10.0.3.11"),
			lease("mac", "00:16:3e:11:11:12", "name", "db", "address", "fd05::111"),
			lease("mac", "00:16:3e:11:11:13", "other_macs", []any{"00:16:3e:11:11:14", "00:16:3e:11:11:15"}, "name", "laptop",
				"address", "10.0.3.12"),
			lease("client_id", "ff:00:01:02:03", "address", "10.0.3.13"),
			lease("client_id", "printer", "name", "paper", "address", "10.0.3.14"),
			lease("name", "shop", "address", "10.0.3.15"),
			lease("mac", "00:16:3e:11:11:16", "client_id", "*", "address", "10.0.3.150"),
		},
	}))
	for _, c := range []struct {
		mac, want string
		arguments []string
	}{
		{"00:16:3e:11:11:11", "10.0.3.10", nil},
		{"00:16:3e:11:11:12", "10.0.3.11", nil},
		{"00:16:3e:11:11:13", "10.0.3.12", nil},
		{"00:16:3e:11:11:15", "10.0.3.12", nil},
		{"00:16:3e:11:11:21", "10.0.3.13", []string{"-C", "-x", "0x3d:ff00010203"}},
		{"00:16:3e:11:11:22", "10.0.3.14", []string{"-C", "-x", "0x3d:007072696e746572"}},
		{"00:16:3e:11:11:23", "10.0.3.15", []string{"-x", "hostname:shop"}},
		{"00:16:3e:11:11:16", "10.0.3.150", []string{"-C", "-x", "0x3d:ff99"}},
		{"00:16:3e:11:11:16", "10.0.3.150", []string{"-C", "-x", "0x3d:ff98"}},
	} {
		if got := s.udhcpc(t, c.mac, c.arguments...); got != c.want {
			t.Errorf("%s %q gets %s, want %s", c.mac, c.arguments, got, c.want)
		}
	}
	for mac, want := range map[string]string{"00:16:3e:11:11:11": "fd05::10", "00:16:3e:11:11:12": "fd05::111"} {
		if got := s.dhclient6(t, mac); got != want {
			t.Errorf("%s gets %s, want %s", mac, got, want)
		}
	}
	s.useAddress(t)
	if got := s.resolve(t, "mail"); got != "[10.0.3.10]" {
		t.Errorf("mail resolves to %s", got)
	}
}

// planned is what a task says of the instance.
func (s *site) planned(t *testing.T, wanted *Instance) *Result {
	t.Helper()
	var result *Result
	s.host.Do(t, func() {
		current, err := Observe(s.system, []string{wanted.Interface})
		if err != nil {
			t.Fatal(err)
		}
		if result, err = Plan(s.system, current, []*Instance{wanted}); err != nil {
			t.Fatal(err)
		}
	})
	return result
}

func TestAReservedAddressIsLeasedToAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.apply(t, lxcbr0(t, nil))
	if got := s.udhcpc(t, "00:16:3e:aa:00:03", "-r", "10.0.3.50", "-x", "hostname:tmp1"); got != "10.0.3.50" {
		t.Fatalf("the stranger has %s", got)
	}
	told := func(release bool) *Instance {
		return lxcbr0(t,
			map[string]any{
				"static_leases": []any{
					lease("mac", "00:16:3e:aa:00:04", "name", "db", "address", "10.0.3.50", "release", release)}})
	}
	s.apply(t, told(false))
	until := time.Now().Add(time.Hour).UTC().Format("2006-01-02 15:")
	warnings := strings.Join(s.planned(t, told(false)).Warnings, "\n")
	for _, part := range []string{"static_leases[0].address: 10.0.3.50 is leased to tmp1 (00:16:3e:aa:00:03) until " +
		until, "release: true"} {
		if !strings.Contains(warnings, part) {
			t.Errorf("%q is not told in %q", part, warnings)
		}
	}
	if got := s.udhcpc(t, "00:16:3e:aa:00:04"); got == "10.0.3.50" {
		t.Error("dnsmasq gives the address to both: there is nothing to take back")
	}
	before, err := s.system.File(LeaseFile("lxcbr0"))
	if err != nil {
		t.Fatal(err)
	}
	s.host.Do(t, func() {
		current, err := Observe(s.system, []string{"lxcbr0"})
		if err == nil {
			err = current.Keep(s.system, []*Instance{told(true)})
		}
		if err == nil {
			err = plan.Run(s.plan(t, told(true)), nil)
		}
		if err == nil {
			err = Restore(s.system, current)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if after, err := s.system.File(LeaseFile("lxcbr0")); err != nil ||
		sortedLines(after.Content) != sortedLines(before.Content) {
		t.Errorf("an undo leaves %s of %s, %v", after.Content, before.Content, err)
	}
	done := s.apply(t, told(true))
	if strings.Join(done, "; ") != "release 10.0.3.50 on lxcbr0; restart dnsmasq on lxcbr0" {
		t.Errorf("done: %q", done)
	}
	if got := s.udhcpc(t, "00:16:3e:aa:00:04"); got != "10.0.3.50" {
		t.Errorf("db gets %s", got)
	}
	if warnings := s.planned(t, told(true)).Warnings; len(warnings) > 0 {
		t.Errorf("warnings: %q", warnings)
	}
}

func sortedLines(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, line := range lines {
		// dnsmasq counts the time that is left anew when it starts.
		if fields := strings.Fields(line); len(fields) > 1 {
			lines[i] = strings.Join(fields[1:], " ")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestANameWithANewMACAddress: the container behind a name was made again.
func TestANameWithANewMACAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	told := func(release bool) *Instance {
		return lxcbr0(t,
			map[string]any{"static_leases": []any{lease("name", "shop", "address", "10.0.3.70", "release", release)}})
	}
	s.apply(t, told(false))
	if got := s.udhcpc(t, "00:16:3e:cc:00:01", "-x", "hostname:shop"); got != "10.0.3.70" {
		t.Fatalf("shop gets %s", got)
	}
	if warnings := s.planned(t, told(false)).Warnings; len(warnings) > 0 {
		t.Errorf("it has its address: %q", warnings)
	}
	s.udhcpc(t, "00:16:3e:cc:00:02", "-x", "hostname:shop")
	if warnings := s.planned(t, told(false)).Warnings; len(warnings) != 1 ||
		!strings.Contains(warnings[0], "10.0.3.70 is leased to 00:16:3e:cc:00:01 until") {
		t.Errorf("warnings: %q", warnings)
	}
	s.apply(t, told(true))
	if got := s.udhcpc(t, "00:16:3e:cc:00:02", "-x", "hostname:shop"); got != "10.0.3.70" {
		t.Errorf("shop, made again, gets %s", got)
	}
}

func TestDnsmasqJudgesEveryLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	wanted := lxcbr0(t, map[string]any{
		"dhcp_options": map[string]any{"ntp_server": "192.0.2.999", "log-server": []any{"192.0.2.1", "x"},
			"netbios_ns": "192.0.2.3"},
		"static_leases": []any{lease("client_id", "node:web", "address", "10.0.3.9")},
		"extra_lines":   []any{"no-ping", "dhcp-lease-maximum=3"},
	})
	s.host.Do(t, func() {
		current, err := Observe(s.system, []string{"lxcbr0"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Plan(s.system, current, []*Instance{wanted})
		if err == nil {
			t.Fatal("it was taken")
		}
		for _, part := range []string{"dhcp_options.42: dnsmasq refuses", "dhcp_options.7: dnsmasq refuses",
			"extra_lines[1]: dnsmasq refuses \"dhcp-lease-maximum=3\": bad option"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q is not told in: %v", part, err)
			}
		}
		if strings.Contains(err.Error(), "netbios") || strings.Contains(err.Error(), "dhcp_options.44") {
			t.Errorf("a sound option is told: %v", err)
		}
		if s.system.Exists(configFolder) {
			t.Error("something was written")
		}
	})
}
